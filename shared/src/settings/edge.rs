//! What stands before the API, and what proves that a request came through it. The proof's secret is not here: only its hash.

use ring::digest;

use super::Reader;
use crate::secret::constant_time_eq;

/// What stands before the API and may be believed about callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edge {
    /// Callers reach API Gateway themselves.
    None,
    /// They come through a distribution that knows a secret with one of these hashes: one, or two while it changes.
    CloudFront(Vec<ProofHash>),
}

/// SHA-256 of the secret that the edge sends along. The secret has 256 random bits, so its hash may be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofHash([u8; 32]);

impl ProofHash {
    /// 64 hexadecimal digits, as `sha256sum` prints them.
    fn parse(text: &str) -> Result<Self, String> {
        let mut hash = [0; 32];
        let digits = text.as_bytes();
        let pairs = digits.chunks(2).map(|pair| std::str::from_utf8(pair).ok().and_then(byte));
        let bytes: Option<Vec<u8>> = pairs.collect();
        let bytes = bytes.filter(|bytes| bytes.len() == hash.len() && digits.len() == 64);
        hash.copy_from_slice(&bytes.ok_or("must be SHA-256 in 64 hexadecimal digits")?);
        Ok(Self(hash))
    }

    fn is_of(&self, secret: &[u8]) -> bool {
        constant_time_eq(digest::digest(&digest::SHA256, secret).as_ref(), &self.0)
    }
}

fn byte(pair: &str) -> Option<u8> {
    pair.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u8::from_str_radix(pair, 16).ok())?
}

impl Edge {
    /// `EDGE` and `EDGE_SECRET_HASHES`, which only make sense together: without a hash, nobody could be let in.
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let hashes = reader.list("EDGE_SECRET_HASHES", ProofHash::parse);
        let is_named = reader.or("EDGE", false, |text| match text {
            "cloudfront" => Ok(true),
            _ => Err("must be empty or cloudfront".to_owned()),
        });
        match (is_named, hashes.is_empty(), reader.has("EDGE_SECRET_HASHES")) {
            (true, true, false) => reader.fault("EDGE_SECRET_HASHES", "is missing: EDGE needs it"),
            (false, false, _) if !reader.has("EDGE") => {
                reader.fault("EDGE_SECRET_HASHES", "means nothing without EDGE")
            }
            _ => {}
        }
        if is_named { Self::CloudFront(hashes) } else { Self::None }
    }

    /// Whether this is what the edge sends along. Nothing is, where no edge is declared.
    pub fn is_proved_by(&self, secret: &[u8]) -> bool {
        match self {
            Self::None => false,
            // All are compared, whichever fits.
            Self::CloudFront(hashes) => hashes.iter().fold(false, |proved, hash| proved | hash.is_of(secret)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Edge;
    use crate::settings::tests::read_with;

    /// SHA-256 of `abc` (FIPS 180-2, appendix B.1), and of nothing.
    const OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn edge(hashes: &'static str) -> Edge {
        read_with(&[("EDGE", "cloudfront"), ("EDGE_SECRET_HASHES", hashes)]).unwrap().edge
    }

    #[test]
    fn deploy_4_a_secret_proves_the_edge_if_its_hash_is_listed() {
        let both = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855, \
                    ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        for (hashes, secret, proves) in
            [(OF_ABC, "abc", true), (OF_ABC, "abd", false), (OF_ABC, "", false), (both, "abc", true), (both, "", true)]
        {
            assert_eq!(edge(hashes).is_proved_by(secret.as_bytes()), proves, "{hashes} {secret}");
        }
        assert!(edge(OF_NOTHING).is_proved_by(b""));
        assert!(!read_with(&[]).unwrap().edge.is_proved_by(b""));
    }

    #[test]
    fn deploy_4_an_edge_without_a_hash_is_no_configuration() {
        for (edge, hashes, fault) in [
            ("cloudfront", "", "EDGE_SECRET_HASHES: is missing"),
            ("", OF_ABC, "EDGE_SECRET_HASHES: means nothing"),
            ("cloudfront", "abc", "must be SHA-256 in 64"),
            ("cloudfront", "+a7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "must be SHA-256 in 64"),
            ("cloudfront", "ü", "must be SHA-256 in 64"),
        ] {
            let faults = read_with(&[("EDGE", edge), ("EDGE_SECRET_HASHES", hashes)]).unwrap_err().to_string();
            assert!(faults.contains(fault), "{faults}");
        }
    }
}
