//! Access tokens under attack (SECURITY.md B4, cases 060–082). Tokens with altered claims are signed by the real KMS key,
//! so that only the claim in question is wrong.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::{Value, json};
use shared::aws::kms::Signed;
use shared::settings::Algorithm;
use tests::{Answer, Native, TestApp};

/// Makes tokens as an attacker with everything but our key would, or with it.
struct Forge<'a> {
    app: &'a TestApp,
    native: Native<'a>,
    header: Value,
    claims: Value,
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn encoded(value: &str) -> String {
    URL_SAFE_NO_PAD.encode(value)
}

impl<'a> Forge<'a> {
    async fn new(app: &'a TestApp) -> Self {
        let native = app.native("ada@example.com").await;
        let parts: Vec<&str> = native.access.split('.').collect();
        let (header, claims) = (decoded(parts[0]), decoded(parts[1]));
        Self { app, native, header, claims }
    }

    /// Signed by the key in KMS, whatever it says.
    async fn signed(&self, header: &str, claims: &str) -> String {
        let app = self.app.stack.app();
        let ring = app.ring(app.clock.now()).await.unwrap();
        let signer = ring.signer().unwrap();
        let input = format!("{}.{}", encoded(header), encoded(claims));
        let signed = app.kms.sign(&signer.kms_key_id, Algorithm::RS256, input.as_bytes()).await.unwrap();
        let Signed::Signature(signature) = signed else { panic!("the key is out of use") };
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    async fn with_claim(&self, name: &str, value: Value) -> Answer {
        let mut claims = self.claims.clone();
        claims[name] = value;
        self.verify(&self.signed(&self.header.to_string(), &claims.to_string()).await).await
    }

    async fn without_claim(&self, name: &str) -> Answer {
        let mut claims = self.claims.clone();
        claims.as_object_mut().unwrap().remove(name);
        self.verify(&self.signed(&self.header.to_string(), &claims.to_string()).await).await
    }

    async fn with_header(&self, name: &str, value: Value) -> Answer {
        let mut header = self.header.clone();
        header[name] = value;
        self.verify(&self.signed(&header.to_string(), &self.claims.to_string()).await).await
    }

    async fn verify(&self, token: &str) -> Answer {
        self.native.verify(token).await
    }

    async fn refused(&self, token: &str) {
        self.verify(token).await.refused(401, "token_invalid");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_forge_makes_good_tokens_when_nothing_is_wrong() {
    let app = TestApp::start().await;
    let forge = Forge::new(&app).await;
    let token = forge.signed(&forge.header.to_string(), &forge.claims.to_string()).await;
    forge.verify(&token).await.expect(200);
    assert_eq!(forge.header["typ"], "at+jwt");
    for claim in
        ["iss", "aud", "client_id", "sub", "sid", "jti", "iat", "exp", "auth_time", "amr", "acr", "org", "roles", "ver"]
    {
        assert!(forge.claims.get(claim).is_some(), "J7: {claim}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_060_to_062_no_other_algorithm_will_do() {
    let app = TestApp::start().await;
    let forge = Forge::new(&app).await;
    let claims = encoded(&forge.claims.to_string());
    for algorithm in
        ["none", "None", "nOnE", "", "HS256", "HS512", "PS256", "RS384", "RS512", "ES256", "ES384", "EdDSA", "ES256K"]
    {
        forge.with_header("alg", json!(algorithm)).await.refused(401, "token_invalid");
        let mut header = forge.header.clone();
        header["alg"] = json!(algorithm);
        forge.refused(&format!("{}.{claims}.", encoded(&header.to_string()))).await;
    }
    let signed = forge.native.access.rsplit_once('.').unwrap().0;
    forge.refused(signed).await;
    forge.refused(&format!("{signed}.")).await;

    // HMAC under everything that is public of our key.
    let jwk = app.get("/.well-known/jwks.json").await.body["keys"][0].clone();
    let modulus = URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap();
    let mut header = forge.header.clone();
    header["alg"] = json!("HS256");
    let input = format!("{}.{claims}", encoded(&header.to_string()));
    for secret in [jwk.to_string().into_bytes(), modulus, jwk["n"].as_str().unwrap().as_bytes().to_vec(), Vec::new()] {
        let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), input.as_bytes());
        forge.refused(&format!("{input}.{}", URL_SAFE_NO_PAD.encode(mac))).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_063_and_064_a_key_is_never_taken_from_the_token() {
    let app = TestApp::start().await;
    let forge = Forge::new(&app).await;
    let jwk = app.get("/.well-known/jwks.json").await.body["keys"][0].clone();
    for (name, value) in [
        ("jwk", jwk),
        ("jku", json!("http://127.0.0.1:9/jwks")),
        ("x5u", json!("http://127.0.0.1:9/x")),
        ("x5c", json!(["MII"])),
    ] {
        forge.with_header(name, value).await.refused(401, "token_invalid");
    }
    for kid in [
        json!("unknown"),
        json!("../../dev/null"),
        json!("' OR 1=1 --"),
        json!("k".repeat(1500)),
        json!(""),
        json!(["a"]),
        json!(null),
        json!("#head"),
    ] {
        let answer = forge.with_header("kid", kid).await;
        assert!(answer.status == 401 || answer.status == 431, "{}", answer.text);
    }
    let mut header = forge.header.clone();
    header.as_object_mut().unwrap().remove("kid");
    forge.refused(&forge.signed(&header.to_string(), &forge.claims.to_string()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_064_unknown_keys_do_not_make_us_read_the_table_each_time() {
    let app = TestApp::start().await;
    let forge = Forge::new(&app).await;
    app.stack.clock().stop();
    app.is_quiet().await;
    app.stack.aws().calls().clear();
    for n in 0..50 {
        forge.with_header("kid", json!(format!("unknown-{n}"))).await.refused(401, "token_invalid");
    }
    let reads = app.calls().iter().filter(|call| call.operation == "Query").count();
    assert!(reads <= 3, "{reads} reads");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_065_times_hold_with_a_minute_of_leeway() {
    let app = TestApp::start().await;
    let forge = Forge::new(&app).await;
    let now = app.stack.clock().now().seconds();
    forge.with_claim("exp", json!(now - 55)).await.refused(401, "token_invalid");
    let mut claims = forge.claims.clone();
    claims["iat"] = json!(now - 1000);
    let expiring = |exp: i64| {
        let mut claims = claims.clone();
        claims["exp"] = json!(exp);
        claims.to_string()
    };
    let header = forge.header.to_string();
    forge.verify(&forge.signed(&header, &expiring(now - 55)).await).await.expect(200);
    forge.verify(&forge.signed(&header, &expiring(now - 61)).await).await.refused(401, "token_expired");
    for (name, value) in [("nbf", now + 65), ("iat", now + 65)] {
        forge.with_claim(name, json!(value)).await.refused(401, "token_invalid");
    }
    forge.with_claim("nbf", json!(now + 50)).await.expect(200);
    for exp in [json!("soon"), json!(-1), json!(null), json!([]), json!(1.5e300)] {
        forge.with_claim("exp", exp).await.refused(401, "token_invalid");
    }
    forge.without_claim("exp").await.refused(401, "token_invalid");
    let huge = forge.claims.to_string().replacen(&format!("\"exp\":{}", forge.claims["exp"]), "\"exp\":1e400", 1);
    assert!(huge.contains("1e400"));
    forge.refused(&forge.signed(&header, &huge).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_066_issuer_and_audience_are_ours() {
    let app = TestApp::start().await;
    let forge = Forge::new(&app).await;
    let issuer = app.stack.url();
    for iss in [format!("{issuer}/"), "https://evil.example".to_owned(), issuer.to_uppercase(), String::new()] {
        forge.with_claim("iss", json!(iss)).await.refused(401, "token_invalid");
    }
    for aud in [json!("other"), json!(["other"]), json!([]), json!(""), json!(null)] {
        forge.with_claim("aud", aud).await.refused(401, "token_invalid");
    }
    forge.with_claim("aud", json!(["other", "postern"])).await.expect(200);
    for claim in ["iss", "aud", "sub", "sid", "ver", "iat", "jti"] {
        forge.without_claim(claim).await.refused(401, "token_invalid");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_067_other_kinds_of_tokens_are_no_access_tokens() {
    let app = TestApp::start().await;
    let forge = Forge::new(&app).await;
    for typ in [json!("JWT"), json!("jwt"), json!("id+jwt"), json!("AT+JWT"), json!(null), json!("")] {
        forge.with_header("typ", typ).await.refused(401, "token_invalid");
    }
    forge.refused(&forge.native.refresh).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_068_repeated_members_are_refused() {
    let app = TestApp::start().await;
    let forge = Forge::new(&app).await;
    let (header, claims) = (forge.header.to_string(), forge.claims.to_string());
    let twice = |json: &str, member: &str| format!("{{{member},{}", &json[1..]);
    let user = forge.claims["sub"].as_str().unwrap();
    forge.refused(&forge.signed(&header, &twice(&claims, &format!("\"sub\":\"{user}\""))).await).await;
    forge.refused(&forge.signed(&twice(&header, "\"alg\":\"RS256\""), &claims).await).await;
    forge.refused(&forge.signed(&twice(&header, "\"typ\":\"at+jwt\""), &claims).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_069_to_071_only_the_canonical_form_is_read() {
    let app = TestApp::start().await;
    let forge = Forge::new(&app).await;
    let token = forge.native.access.clone();
    let parts: Vec<&str> = token.split('.').collect();
    let json_form = json!({ "payload": parts[1], "protected": parts[0], "signature": parts[2] }).to_string();
    let bits = {
        // The last character of 256 bytes carries two unused bits: set one.
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let last = token.chars().last().unwrap();
        let next = alphabet.chars().nth(alphabet.find(last).unwrap() + 1).unwrap();
        format!("{}{next}", &token[..token.len() - 1])
    };
    let altered: Vec<String> = vec![
        format!("{token}="),
        format!("{token}=="),
        token.replace('-', "+").replace('_', "/") + "+",
        format!("{}.{}", parts[0], parts[1]),
        format!("{token}.{}", parts[2]),
        format!(".{token}"),
        bits,
        json_form.replace(' ', ""),
        parts.join(".."),
    ];
    for bad in &altered {
        forge.refused(bad).await;
    }
    for (name, value) in [
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("cty", json!("JWT")),
    ] {
        forge.with_header(name, value).await.refused(401, "token_invalid");
    }
    // One changed bit anywhere in the signature.
    let signature = URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
    for at in (0..signature.len()).step_by(16) {
        let mut changed = signature.clone();
        changed[at] ^= 1;
        forge.refused(&format!("{}.{}.{}", parts[0], parts[1], URL_SAFE_NO_PAD.encode(changed))).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_072_huge_tokens_are_refused_at_the_door() {
    let app = TestApp::start().await;
    let forge = Forge::new(&app).await;
    for token in
        ["A".repeat(1_000_000), ".".repeat(100_000), ".".repeat(5_000), encoded(&"[".repeat(3_000)) + ".e30.AA"]
    {
        let started = std::time::Instant::now();
        let answer = forge.verify(&token).await;
        assert!((400..500).contains(&answer.status), "{}", answer.status);
        assert!(started.elapsed() < std::time::Duration::from_secs(10), "nothing is read more than once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_073_an_ended_session_ends_its_access_tokens_at_once() {
    let app = TestApp::start().await;
    let native = app.native("ada@example.com").await;
    native.verify(&native.access).await.expect(200);
    native.logout().await.expect(204);
    native.verify(&native.access).await.refused(401, "session_revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_082_authorization_headers_that_make_no_sense_are_401() {
    let app = TestApp::start().await;
    let native = app.native("ada@example.com").await;
    for value in [
        "Bearer",
        "Bearer  ",
        "Basic x",
        "%",
        "Bearer a b",
        &format!("Bearer {},Bearer {}", native.access, native.access),
        native.access.as_str(),
    ] {
        let answer = Answer::to(app.request("GET", "/auth/verify-token").header("authorization", value))
            .await
            .refused(401, "token_invalid");
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
    }
    let twice = app
        .request("GET", "/auth/verify-token")
        .header("authorization", "Bearer a")
        .header("authorization", "Bearer b");
    Answer::to(twice).await.refused(401, "token_invalid");
    let answer = app.get("/auth/verify-token").await.refused(401, "unauthenticated");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    // The scheme's name has no case (RFC 9110 §11.1).
    Answer::to(app.request("GET", "/auth/verify-token").header("authorization", format!("bearer {}", native.access)))
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_144_head_says_the_same_as_get_without_a_body() {
    let app = TestApp::start().await;
    let native = app.native("ada@example.com").await;
    let head = Answer::to(app.request("HEAD", "/auth/verify-token").bearer_auth(&native.access)).await.expect(204);
    let get = native.verify(&native.access).await.expect(200);
    assert!(head.text.is_empty());
    let life = |answer: &Answer| answer.header("postern-expires-in").parse::<i64>().unwrap();
    assert!((life(&head) - life(&get)).abs() <= 1 && life(&get) > 890);
    assert_eq!(get.body["active"], true);
    assert_eq!(Answer::to(app.request("HEAD", "/auth/verify-token")).await.status, 401);
}
