//! Password hashes as other frameworks write them, rewritten as what is stored here (PHC strings and bcrypt's own form).
//!
//! Nothing is computed, and nothing is judged: what comes out is checked like any other. Left as it is: whatever is not
//! known. Firebase's scrypt is not rewritten, because it is scrypt and AES, which nothing here verifies.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// The same hash, in the form that is stored.
pub(super) fn rewritten(hash: &str) -> Cow<'_, str> {
    django(hash).or_else(|| passlib(hash)).map_or(Cow::Borrowed(hash), Cow::Owned)
}

/// Django: `<algorithm>$…`, with the salt as text.
fn django(hash: &str) -> Option<String> {
    let (algorithm, rest) = hash.split_once('$').filter(|(algorithm, _)| !algorithm.is_empty())?;
    let parts: Vec<&str> = rest.split('$').collect();
    match (algorithm, &parts[..]) {
        ("pbkdf2_sha256", [rounds, salt, hash]) => {
            Some(pbkdf2("pbkdf2-sha256", rounds, &STANDARD_NO_PAD.encode(salt), unpadded(hash)))
        }
        ("scrypt", [salt, n, r, p, hash]) => {
            let n: u64 = n.parse().ok().filter(|n: &u64| n.is_power_of_two())?;
            let ln = n.trailing_zeros();
            Some(format!("$scrypt$ln={ln},r={r},p={p}${}${}", STANDARD_NO_PAD.encode(salt), unpadded(hash)))
        }
        // `argon2$argon2id$v=19$…` and `bcrypt$$2b$12$…` are their usual form behind a word.
        ("argon2", _) => Some(format!("${rest}")),
        ("bcrypt", _) => Some(rest.to_owned()),
        _ => None,
    }
}

/// A PHC string. Its reader takes a hash of other than 32 bytes only with its length (`l`).
fn pbkdf2(algorithm: &str, rounds: &str, salt: &str, hash: &str) -> String {
    format!("${algorithm}$i={rounds},l={}${salt}${hash}", hash.len() * 3 / 4)
}

/// passlib: `$pbkdf2-sha256$29000$<salt>$<hash>`, in base64 with `.` for `+`; and PHC strings that lack the length.
fn passlib(hash: &str) -> Option<String> {
    let parts: Vec<&str> = hash.split('$').collect();
    match parts[..] {
        ["", algorithm @ ("pbkdf2-sha256" | "pbkdf2-sha512"), rounds, salt, hash] => {
            let rounds = rounds.strip_prefix("i=").unwrap_or(rounds);
            let is_number = !rounds.is_empty() && rounds.bytes().all(|b| b.is_ascii_digit());
            is_number.then(|| pbkdf2(algorithm, rounds, &salt.replace('.', "+"), &hash.replace('.', "+")))
        }
        _ => None,
    }
}

fn unpadded(base64: &str) -> &str {
    base64.trim_end_matches('=')
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::password::{Hasher, Password, check_stored};

    /// What each framework wrote for `password`, made with Python's hashlib after its format.
    const WRITTEN: [&str; 7] = [
        "pbkdf2_sha256$26000$Nh3vX0qT7fQe$QFBW8un07jn2Wc74HbvCmMj/IRYm9lBRrRPpG+l8wgY=",
        "scrypt$b5Yq2kT9LwZx4mRd8PsV0u$16384$8$1$Gj/L6dUhxC3lzjsn0GNknm+i6McrJNZBWsI/VFn2m2Ft+Ix1CxNXXuTaetYUxU+n9NgDHCc37DS4sqNt+xWtRg==",
        "argon2$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$pbkdf2-sha256$29000$yMnKy8zNzs/Q0dLT1NXW1w$SAYOQx8RZsIRdlUgGzV/LHPdslENTdq81ohUwVst8YY",
        "$pbkdf2-sha512$25000$yMnKy8zNzs/Q0dLT1NXW1w$bLdZqRYmyd7dZrL8pBX1uxyIDv3MeoDOIFTwq7mOk7EKNUDCYvFBN.6PyuLjh1chtqM.I9Uhv9gVgBd3m3G08g",
        "$pbkdf2-sha512$i=25000$yMnKy8zNzs/Q0dLT1NXW1w$bLdZqRYmyd7dZrL8pBX1uxyIDv3MeoDOIFTwq7mOk7EKNUDCYvFBN+6PyuLjh1chtqM+I9Uhv9gVgBd3m3G08g",
        "bcrypt$$2b$06$abcdefghijklmnopqrstuuNBpXtlux7FnXJE0fnrtkSXNhdOGmWHu",
    ];

    #[tokio::test]
    async fn sign_6_what_other_frameworks_wrote_verifies() {
        let hasher = Hasher::new(1);
        for hash in WRITTEN {
            let stored = rewritten(hash);
            assert_eq!(check_stored(&stored), Ok(()), "{hash} → {stored}");
            let verdict = hasher.verify(Some(&stored), &Password::new("password".to_owned())).await.unwrap();
            assert!(verdict.matches && verdict.rehash.is_some(), "{hash} → {stored}");
            let verdict = hasher.verify(Some(&stored), &Password::new("passwort".to_owned())).await.unwrap();
            assert!(!verdict.matches, "{hash} → {stored}");
        }
    }

    #[test]
    fn what_is_not_known_stays_as_it_is() {
        for hash in ["", "$", "md5$salt$5f4dcc3b", "$2b$05$abc", "$argon2id$v=19$m=8,t=1,p=1$a$b", "scrypt$s$15$8$1$x"]
        {
            assert_eq!(rewritten(hash), hash);
        }
    }
}
