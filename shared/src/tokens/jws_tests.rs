//! The verifier against Wycheproof's signatures, the examples of RFC 7515, and every wrong form of a token we know.
//!
//! Wycheproof's own JWS vectors are in no crate; the tables below have a case for each class of mistake that they name.

use std::collections::BTreeMap;

use proptest::prelude::*;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair,
};
use wycheproof::{TestResult, ecdsa, rsa_pkcs1_verify as rsa};

use super::*;
use crate::keys::jwk::Curve;

/// RFC 7515, appendix A.2: signed with RS256.
const RFC_RS256: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

/// RFC 7515, appendix A.3: the same payload, signed with ES256.
const RFC_ES256: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

const RFC_PAYLOAD: &str = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";

const MODULUS: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn rfc_rsa() -> PublicJwk {
    PublicJwk::Rsa { n: MODULUS.to_owned(), e: "AQAB".to_owned() }
}

fn rfc_ec() -> PublicJwk {
    let (x, y) = ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
    PublicJwk::Ec { crv: Curve::P256, x: x.to_owned(), y: y.to_owned() }
}

fn payload_of(token: &str, key: &PublicJwk) -> Option<Vec<u8>> {
    Unverified::parse(token)?.verify(key.algorithm(), key)
}

/// A key of the test's own, to sign what nobody should.
struct Signer {
    pair: EcdsaKeyPair,
    key: PublicJwk,
}

impl Signer {
    fn new() -> Self {
        Self::making(&ECDSA_P256_SHA256_FIXED_SIGNING)
    }

    fn making(form: &'static EcdsaSigningAlgorithm) -> Self {
        let random = SystemRandom::new();
        let secret = EcdsaKeyPair::generate_pkcs8(form, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(form, secret.as_ref(), &random).unwrap();
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let key = PublicJwk::Ec { crv: Curve::P256, x: encoded(x), y: encoded(y) };
        Self { pair, key }
    }

    /// Signs two segments as they are.
    fn token(&self, header: &str, payload: &str) -> String {
        let input = format!("{header}.{payload}");
        let signature = self.pair.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        format!("{input}.{}", encoded(signature))
    }

    /// Whether a token with this header is taken, when the signature is right.
    fn is_taken(&self, header: impl AsRef<[u8]>) -> bool {
        payload_of(&self.token(&encoded(header), "e30"), &self.key).is_some()
    }
}

/// How many vectors there were of each result. Also checks what holds for every vector.
#[derive(Default)]
struct Tally(BTreeMap<&'static str, usize>);

impl Tally {
    fn check(&mut self, name: &str, key: &PublicJwk, message: &[u8], signature: &[u8], result: TestResult) {
        let is_taken = key.verify(message, signature);
        let kind = match result {
            TestResult::Valid => "valid",
            TestResult::Invalid => "invalid",
            TestResult::Acceptable => "acceptable",
        };
        assert!(result == TestResult::Acceptable || is_taken == (result == TestResult::Valid), "{name}: not {kind}");
        *self.0.entry(kind).or_default() += 1;

        // The same as a token whose signed part this message were: only ever under the key's own algorithm.
        let Ok(signed) = str::from_utf8(message) else { return };
        for named in [Algorithm::RS256, Algorithm::ES256] {
            let header = Header { alg: named.name().to_owned(), kid: None, typ: None };
            let token = Unverified { header, signed, payload: "", signature: signature.to_vec() };
            for asked in [Algorithm::RS256, Algorithm::ES256] {
                let is_expected = is_taken && named == asked && named == key.algorithm();
                assert_eq!(token.verify(asked, key).is_some(), is_expected, "{name}: {named:?} as {asked:?}");
            }
        }
    }

    fn expect_at_least(&self, valid: usize, invalid: usize) {
        assert!(self.0["valid"] >= valid && self.0["invalid"] >= invalid, "{:?}", self.0);
    }
}

#[test]
fn wycheproof_ecdsa_with_p256_and_sha256() {
    let mut tally = Tally::default();
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    for group in set.test_groups {
        let key = PublicJwk::from_der(Algorithm::ES256, &group.der).unwrap();
        for test in group.tests {
            let name = format!("{} {}", test.tc_id, test.comment);
            tally.check(&name, &key, &test.msg, &test.sig, test.result);
        }
    }
    tally.expect_at_least(173, 89);
}

#[test]
fn wycheproof_rsa_pkcs1_with_sha256() {
    let mut tally = Tally::default();
    for set in [rsa::TestName::Rsa2048Sha256, rsa::TestName::Rsa3072Sha256, rsa::TestName::Rsa4096Sha256] {
        for group in rsa::TestSet::load(set).unwrap().test_groups {
            let key = PublicJwk::from_der(Algorithm::RS256, &group.der).unwrap();
            for test in group.tests {
                let name = format!("{set:?} {} {}", test.tc_id, test.comment);
                tally.check(&name, &key, &test.msg, &test.sig, test.result);
            }
        }
    }
    tally.expect_at_least(24, 749);
}

#[test]
fn the_examples_of_rfc_7515_hold_until_they_are_altered() {
    for (token, key, other) in [(RFC_RS256, rfc_rsa(), rfc_ec()), (RFC_ES256, rfc_ec(), rfc_rsa())] {
        assert_eq!(payload_of(token, &key).unwrap(), RFC_PAYLOAD.as_bytes());
        assert!(payload_of(token, &other).is_none());
        assert!(Unverified::parse(token).unwrap().verify(key.algorithm(), &Signer::new().key).is_none());
        // Any one character, also the last with its unused bits, and any one left out or doubled.
        for at in 0..token.len() {
            let (before, character, after) = (&token[..at], &token[at..=at], &token[at + 1..]);
            let another = if character == "A" { "B" } else { "A" };
            for altered in [
                format!("{before}{another}{after}"),
                format!("{before}{after}"),
                format!("{before}{character}{character}{after}"),
            ] {
                assert!(payload_of(&altered, &key).is_none(), "{altered}");
            }
        }
    }
}

#[test]
fn a_token_with_a_part_empty_missing_or_too_many_is_refused() {
    for (token, key) in [(RFC_RS256, rfc_rsa()), (RFC_ES256, rfc_ec())] {
        let [header, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
        for bad in [
            String::new(),
            ".".to_owned(),
            "..".to_owned(),
            "...".to_owned(),
            header.to_owned(),
            payload.to_owned(),
            format!("{header}."),
            format!("{header}.."),
            format!("{header}.{payload}"),
            format!("{header}.{payload}."),
            format!("{header}.{signature}"),
            format!("{header}..{signature}"),
            format!("{payload}.{signature}"),
            format!(".{payload}.{signature}"),
            format!(".{payload}."),
            format!("{token}."),
            format!(".{token}"),
            format!("{token}.{signature}"),
            format!("{header}.{payload}..{signature}"),
            format!("{payload}.{header}.{signature}"),
            // The JSON serializations (RFC 7515 §7.2).
            format!(r#"{{"payload":"{payload}","protected":"{header}","signature":"{signature}"}}"#),
            format!(r#"{{"payload":"{payload}","signatures":[{{"protected":"{header}","signature":"{signature}"}}]}}"#),
        ] {
            assert!(payload_of(&bad, &key).is_none(), "{bad}");
        }
    }
}

#[test]
fn a_right_signature_does_not_help_a_header_that_names_another_algorithm() {
    let signer = Signer::new();
    assert!(signer.is_taken(r#"{"alg":"ES256"}"#));
    for name in [
        "none", "None", "NONE", "nOnE", "", "es256", "ES256 ", "ES256K", "ES384", "ES512", "RS256", "PS256", "HS256",
        "EdDSA",
    ] {
        assert!(!signer.is_taken(format!(r#"{{"alg":"{name}"}}"#)), "{name}");
        let unsigned = format!("{}.e30.", encoded(format!(r#"{{"alg":"{name}"}}"#)));
        for key in [&signer.key, &rfc_rsa(), &rfc_ec()] {
            assert!(payload_of(&unsigned, key).is_none(), "{name}, unsigned");
        }
    }
    for value in ["null", "256", "true", r#"["ES256"]"#, r#"{"alg":"ES256"}"#] {
        assert!(!signer.is_taken(format!(r#"{{"alg":{value}}}"#)), "{value}");
    }
}

#[test]
fn what_is_public_of_a_key_is_no_secret_to_sign_with() {
    let [PublicJwk::Rsa { n, .. }, PublicJwk::Ec { x, y, .. }] = [rfc_rsa(), rfc_ec()] else { panic!() };
    let point = [vec![4], URL_SAFE_NO_PAD.decode(&x).unwrap(), URL_SAFE_NO_PAD.decode(&y).unwrap()].concat();
    for key in [rfc_rsa(), rfc_ec()] {
        let jwk = serde_json::to_vec(&key).unwrap();
        for secret in [jwk, n.clone().into(), URL_SAFE_NO_PAD.decode(&n).unwrap(), point.clone(), Vec::new()] {
            let secret = hmac::Key::new(hmac::HMAC_SHA256, &secret);
            for name in ["HS256", key.algorithm().name()] {
                let input = format!("{}.e30", encoded(format!(r#"{{"alg":"{name}"}}"#)));
                let token = assemble(&input, hmac::sign(&secret, input.as_bytes()).as_ref());
                assert!(payload_of(&token, &key).is_none(), "{token}");
            }
        }
    }
}

#[test]
fn a_header_says_each_thing_once_and_nothing_that_we_do_not_know() {
    let signer = Signer::new();
    for header in [
        r#"{"alg":"ES256","kid":"k","typ":"at+jwt"}"#,
        r#"{"typ":"JWT","alg":"ES256"}"#,
        " {\r\n\t\"alg\" : \"ES256\" } ",
    ] {
        assert!(signer.is_taken(header), "{header}");
    }
    for header in [
        // Twice, also when the name is written in another way.
        r#"{"alg":"ES256","alg":"ES256"}"#,
        r#"{"alg":"none","alg":"ES256"}"#,
        r#"{"alg":"ES256","\u0061lg":"none"}"#,
        r#"{"alg":"ES256","kid":"a","kid":"b"}"#,
        r#"{"alg":"ES256","typ":"JWT","typ":"at+jwt"}"#,
        // Members that choose a key, change what is signed, or must be understood.
        r#"{"alg":"ES256","jwk":{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}}"#,
        r#"{"alg":"ES256","jku":"https://example.com/jwks.json"}"#,
        r#"{"alg":"ES256","x5u":"https://example.com/key.pem"}"#,
        r#"{"alg":"ES256","x5c":["MII"]}"#,
        r#"{"alg":"ES256","x5t":"AA"}"#,
        r#"{"alg":"ES256","x5t#S256":"AA"}"#,
        r#"{"alg":"ES256","crit":[]}"#,
        r#"{"alg":"ES256","crit":["exp"],"exp":1}"#,
        r#"{"alg":"ES256","b64":false,"crit":["b64"]}"#,
        r#"{"alg":"ES256","b64":true}"#,
        r#"{"alg":"ES256","zip":"DEF"}"#,
        r#"{"alg":"ES256","enc":"A128GCM"}"#,
        r#"{"alg":"ES256","cty":"JWT"}"#,
        r#"{"alg":"ES256","":""}"#,
        r#"{"alg":"ES256","Alg":"ES256"}"#,
        // Without what it needs, or with other types.
        "{}",
        r#"{"kid":"k","typ":"at+jwt"}"#,
        r#"{"ALG":"ES256"}"#,
        r#"{"alg":"ES256","kid":1}"#,
        r#"{"alg":"ES256","typ":["at+jwt"]}"#,
        // No JSON object, or not only one.
        "",
        "null",
        r#""ES256""#,
        r#"[{"alg":"ES256"}]"#,
        r#"["ES256"]"#,
        r#"["ES256","k","at+jwt"]"#,
        r#"{"alg":"ES256"}{"alg":"ES256"}"#,
        r#"{"alg":"ES256"}x"#,
        "{\"alg\":\"ES256\"}\0",
        "\u{feff}{\"alg\":\"ES256\"}",
        r#"{"alg":"ES256",}"#,
        r#"{'alg':'ES256'}"#,
        r#"{"alg":"ES256"/**/}"#,
        r#"{"alg":"ES256""#,
        r#"{"alg":"ES256","kid":"\ud800"}"#,
    ] {
        assert!(!signer.is_taken(header), "{header}");
    }
    assert!(!signer.is_taken(b"{\"alg\":\"ES256\",\"kid\":\"\xff\"}"), "not UTF-8");
    assert!(!signer.is_taken("{\"alg\":\"ES256\"}".encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>()));
}

#[test]
fn only_canonical_base64url_is_read_even_when_that_is_what_was_signed() {
    let signer = Signer::new();
    // `?>` and `~~~` make the characters in which the two alphabets differ.
    let header = encoded(r#"{"alg":"ES256","kid":"?>?>"}"#);
    let payload = encoded(r#"["~~~?>"]"#);
    let good = signer.token(&header, &payload);
    assert!(payload_of(&good, &signer.key).is_some());
    let wrong_forms = |part: &str| {
        let (start, end) = part.split_at(part.len() / 2);
        let mut forms: Vec<String> = ["=", "==", " ", "\n", "\0", "A", "%3D", "\u{e9}", "*"]
            .iter()
            .flat_map(|extra| [format!("{part}{extra}"), format!("{extra}{part}"), format!("{start}{extra}{end}")])
            .collect();
        forms.push(part.replace('-', "+").replace('_', "/"));
        forms.retain(|form| form != part && URL_SAFE_NO_PAD.decode(form).is_err());
        forms
    };
    let mut count = 0;
    for form in wrong_forms(&header) {
        assert!(payload_of(&signer.token(&form, &payload), &signer.key).is_none(), "{form}");
        count += 1;
    }
    for form in wrong_forms(&payload) {
        assert!(payload_of(&signer.token(&header, &form), &signer.key).is_none(), "{form}");
        count += 1;
    }
    let (signed, signature) = good.rsplit_once('.').unwrap();
    for form in wrong_forms(signature) {
        assert!(payload_of(&format!("{signed}.{form}"), &signer.key).is_none(), "{form}");
        count += 1;
    }
    assert!(count > 60, "{count}");
    // Unused bits: `e30` is `{}`, and so would `e31` be.
    assert!(payload_of(&signer.token(&header, "e30"), &signer.key).is_some());
    assert!(payload_of(&signer.token(&header, "e31"), &signer.key).is_none());
}

#[test]
fn an_ecdsa_signature_is_two_numbers_of_32_bytes_in_range() {
    let signer = Signer::new();
    let good = signer.token(&encoded(r#"{"alg":"ES256"}"#), "e30");
    let (input, signature) = good.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let (r, s) = signature.split_at(32);
    let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let order: Vec<u8> = (0..64).step_by(2).map(|at| u8::from_str_radix(&order[at..at + 2], 16).unwrap()).collect();
    let mut below = order.clone();
    below[31] -= 1;
    let mut one = vec![0; 32];
    one[31] = 1;

    let numbers = [vec![0; 32], one, below, order, vec![0xff; 32]];
    let mut wrong: Vec<Vec<u8>> = numbers.iter().flat_map(|r| numbers.iter().map(|s| [&r[..], s].concat())).collect();
    for number in &numbers {
        wrong.extend([[r, number].concat(), [number, s].concat()]);
    }
    let padded = |part: &[u8]| [&[0][..], part].concat();
    wrong.extend([
        [s, r].concat(),
        signature[..63].to_vec(),
        signature[1..].to_vec(),
        [&signature[..], &[0]].concat(),
        [padded(r), padded(s)].concat(),
        signature.repeat(2),
    ]);
    for wrong in wrong {
        assert!(payload_of(&assemble(input, &wrong), &signer.key).is_none(), "{wrong:02x?}");
    }

    // What KMS gives: right, but in DER.
    let signer = Signer::making(&ECDSA_P256_SHA256_ASN1_SIGNING);
    assert!(!signer.is_taken(r#"{"alg":"ES256"}"#));
}

#[test]
fn tokens_are_read_up_to_the_documented_length() {
    let signer = Signer::new();
    let header = encoded(r#"{"alg":"ES256"}"#);
    let rest = signer.token(&header, "").len();
    let room = MAX_BYTES - rest;
    // Three bytes are four characters, so the next length that there is.
    let longest = room - usize::from(room % 4 == 1);
    assert!(payload_of(&signer.token(&header, &"A".repeat(longest)), &signer.key).is_some());
    assert!(payload_of(&signer.token(&header, &"A".repeat(longest + 4)), &signer.key).is_none());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[A-Za-z0-9_=.{}\":,-]{0,300}", rest in any::<String>()) {
        for token in [&text, &rest, &format!("{text}.{rest}"), &format!("eyJhbGciOiJFUzI1NiJ9.{text}")] {
            prop_assert!(payload_of(token, &rfc_ec()).is_none());
        }
    }

    #[test]
    fn what_is_put_together_is_taken_apart(
        kid in proptest::option::of(".{0,40}"),
        // Small enough to stay below the length limit.
        claims in proptest::collection::btree_map(".{0,20}", any::<i64>(), 0..8),
    ) {
        let signer = Signer::new();
        let header = Header { alg: "ES256".to_owned(), kid, typ: Some("at+jwt".to_owned()) };
        let input = signing_input(&header, &claims).unwrap();
        let (first, second) = input.split_once('.').unwrap();
        let token = signer.token(first, second);
        let unverified = Unverified::parse(&token).unwrap();
        prop_assert_eq!(&unverified.header, &header);
        let payload = unverified.verify(Algorithm::ES256, &signer.key).unwrap();
        prop_assert_eq!(serde_json::from_slice::<BTreeMap<String, i64>>(&payload).unwrap(), claims);
    }
}
