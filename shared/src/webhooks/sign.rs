//! Signatures of Standard Webhooks: `v1,` and HMAC-SHA256 over `id.timestamp.body`, in base64 (H1, case 258).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

use crate::clock::Timestamp;
use crate::random;
use crate::secret::SecretText;

/// How secrets begin, so that they are recognized where they leak.
const PREFIX: &str = "whsec_";

/// A new secret: 256 random bits.
pub fn fresh_secret() -> SecretText {
    SecretText::new(format!("{PREFIX}{}", STANDARD.encode(random::bytes::<32>())))
}

/// The signature header: one signature for each secret that is good now. `None` when a secret is none.
pub fn header(secrets: &[&SecretText], id: &str, at: Timestamp, body: &[u8]) -> Option<String> {
    let signatures = secrets.iter().map(|secret| {
        let key = STANDARD.decode(secret.expose().strip_prefix(PREFIX)?).ok()?;
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &key));
        context.update(format!("{id}.{}.", at.seconds()).as_bytes());
        context.update(body);
        Some(format!("v1,{}", STANDARD.encode(context.sign())))
    });
    Some(signatures.collect::<Option<Vec<_>>>()?.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the tests of the official libraries.
    #[test]
    fn case_258_the_public_test_vector_is_met() {
        let secret = SecretText::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let at = Timestamp::from_seconds(1_614_265_330);
        let signed = header(&[&secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#);
        assert_eq!(signed.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    #[test]
    fn case_260_each_secret_signs_and_the_newest_comes_first() {
        let (new, old) = (fresh_secret(), fresh_secret());
        let at = Timestamp::from_seconds(1_800_000_000);
        let alone = |secret| header(&[secret], "id", at, b"{}").unwrap();
        assert_eq!(header(&[&new, &old], "id", at, b"{}").unwrap(), format!("{} {}", alone(&new), alone(&old)));
        assert_ne!(alone(&new), alone(&old));
    }

    #[test]
    fn case_258_secrets_have_32_bytes_and_what_is_none_does_not_sign() {
        let secret = fresh_secret();
        assert_eq!(STANDARD.decode(&secret.expose()[6..]).unwrap().len(), 32);
        assert!(header(&[&SecretText::new("hunter2".to_owned())], "id", Timestamp::from_seconds(0), b"").is_none());
    }
}
