//! Access tokens as others see them: jose, aws-jwt-verify and PyJWT read the discovery document and the JWKS, take every
//! good token and refuse every bad one (KEYS-3). They know the real time, so no test here moves the clock.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::{Value, json};
use shared::aws::kms::Signed;
use shared::keys::jwk::der_to_fixed;
use shared::settings::Algorithm;
use shared::tokens::jws;
use tests::TestApp;

use crate::scripts;

/// A token that everybody accepts, taken apart so that it can be put together wrongly.
struct Forge<'a> {
    app: &'a TestApp,
    algorithm: Algorithm,
    header: Value,
    claims: Value,
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// An object with one member replaced, or left out.
fn with(object: &Value, name: &str, value: Option<Value>) -> Value {
    let mut object = object.as_object().unwrap().clone();
    match value {
        Some(value) => object.insert(name.to_owned(), value),
        None => object.remove(name),
    };
    object.into()
}

impl<'a> Forge<'a> {
    fn of(app: &'a TestApp, algorithm: Algorithm, token: &str) -> Self {
        let parts: Vec<&str> = token.split('.').collect();
        Self { app, algorithm, header: decoded(parts[0]), claims: decoded(parts[1]) }
    }

    /// Signed by the key in KMS, whatever it says.
    async fn signed(&self, header: &Value, claims: &Value) -> String {
        let app = self.app.stack.app();
        let ring = app.ring_read_anew(app.clock.now()).await.unwrap();
        let kms_key_id = &ring.signer().unwrap().kms_key_id;
        let input = format!("{}.{}", encoded(header), encoded(claims));
        let signed = app.kms.sign(kms_key_id, self.algorithm, input.as_bytes()).await.unwrap();
        let Signed::Signature(signature) = signed else { panic!("the key is out of use") };
        match self.algorithm {
            Algorithm::RS256 => jws::assemble(&input, &signature),
            Algorithm::ES256 => jws::assemble(&input, &der_to_fixed(&signature).unwrap()),
        }
    }

    /// Tokens with a right signature and something wrong in what they say.
    async fn signed_by_us(&self) -> Vec<(String, String)> {
        let now = self.app.stack.clock().now().seconds();
        let other = if self.algorithm == Algorithm::RS256 { "ES256" } else { "RS256" };
        let mut bad = Vec::new();
        for (name, value) in [
            ("exp", Some(json!(now - 120))),
            ("exp", Some(json!("tomorrow"))),
            ("exp", None),
            ("nbf", Some(json!(now + 600))),
            ("iss", Some(json!("https://evil.example"))),
            ("iss", Some(json!(format!("{}/", self.app.stack.url())))),
            ("iss", None),
            ("aud", Some(json!("other"))),
            ("aud", Some(json!(["other", "postern2"]))),
            ("aud", None),
            ("sub", None),
        ] {
            let said = value.as_ref().map_or("nothing".to_owned(), Value::to_string);
            bad.push((format!("{name} is {said}"), self.signed(&self.header, &with(&self.claims, name, value)).await));
        }
        for (name, value) in [
            ("typ", Some(json!("JWT"))),
            ("typ", None),
            ("alg", Some(json!("none"))),
            ("alg", Some(json!("HS256"))),
            ("alg", Some(json!("PS256"))),
            ("alg", Some(json!(other))),
            ("alg", None),
            ("kid", Some(json!("unknown"))),
        ] {
            let said = value.as_ref().map_or("nothing".to_owned(), Value::to_string);
            bad.push((format!("{name} is {said}"), self.signed(&with(&self.header, name, value), &self.claims).await));
        }
        bad
    }

    /// Tokens with a signature that is not of our key.
    async fn not_signed_by_us(&self, token: &str, another: &str) -> Vec<(String, String)> {
        let [header, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
        let in_base64 = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let root = in_base64(with(&self.claims, "roles", Some(json!(["root"]))));
        let mut altered = URL_SAFE_NO_PAD.decode(signature).unwrap();
        altered[10] ^= 1;
        let unsigned = encoded(&with(&self.header, "alg", Some(json!("none"))));
        let symmetric = format!("{}.{claims}", encoded(&with(&self.header, "alg", Some(json!("HS256")))));
        let mut bad = vec![
            ("other claims".to_owned(), format!("{header}.{root}.{signature}")),
            (
                "another token's signature".to_owned(),
                format!("{header}.{claims}.{}", another.rsplit_once('.').unwrap().1),
            ),
            ("one bit of the signature".to_owned(), format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(altered))),
            ("no signature".to_owned(), format!("{header}.{claims}.")),
            ("two parts".to_owned(), format!("{header}.{claims}")),
            ("four parts".to_owned(), format!("{token}.{signature}")),
            ("alg is none, unsigned".to_owned(), format!("{unsigned}.{claims}.")),
        ];
        for key in self.app.get("/.well-known/jwks.json").await.body["keys"].as_array().unwrap() {
            let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.to_string().as_bytes()), symmetric.as_bytes());
            bad.push(("HMAC under our public key".to_owned(), jws::assemble(&symmetric, mac.as_ref())));
        }
        bad
    }
}

/// The tokens that a verifier is to judge, in the form that the scripts read.
async fn tokens(app: &TestApp, algorithm: Algorithm) -> Value {
    let mut ada = app.native("ada@example.com").await;
    let withdrawn = ada.access.clone();
    let kid = Forge::of(app, algorithm, &withdrawn).header["kid"].clone();
    app.job("rotate-keys", json!({ "action": "retire-now", "kid": kid })).await;
    ada.refresh().await;
    let mut grace = app.native("grace@example.com").await;
    let mut good = vec![ada.access.clone(), grace.access.clone()];
    grace.refresh().await;
    good.extend([grace.access.clone(), app.native("alan@example.com").await.access]);

    let forge = Forge::of(app, algorithm, &ada.access);
    good.push(forge.signed(&forge.header, &forge.claims).await);
    good.push(forge.signed(&forge.header, &with(&forge.claims, "aud", Some(json!(["other", "postern"])))).await);
    let mut bad = forge.signed_by_us().await;
    bad.extend(forge.not_signed_by_us(&ada.access, &grace.access).await);
    bad.push(("of a key withdrawn in an emergency".to_owned(), withdrawn));
    bad.push(("a refresh token".to_owned(), ada.refresh.clone()));
    let bad: Vec<_> = bad.into_iter().map(|(name, token)| json!({ "name": name, "token": token })).collect();
    json!({ "good": good, "bad": bad })
}

/// Everything, under both algorithms.
async fn judged_by(program: &str, script: &str) {
    for algorithm in [Algorithm::RS256, Algorithm::ES256] {
        let app = TestApp::with(&[("SigningAlgorithm", algorithm.name())]).await;
        let input = tokens(&app, algorithm).await.to_string();
        scripts::run(program, &[script, app.stack.url(), "postern"], input).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs cargo verify --only clients"]
async fn jose_judges_our_tokens_as_we_do() {
    judged_by("node", "verify-jose.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs cargo verify --only clients"]
async fn aws_jwt_verify_judges_our_tokens_as_we_do() {
    judged_by("node", "verify-aws.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs cargo verify --only clients"]
async fn pyjwt_judges_our_tokens_as_we_do() {
    let python = scripts::in_repository(".tools/clients/bin/python");
    judged_by(&python.to_string_lossy(), "verify_pyjwt.py").await;
}

/// Webhooks as they came, with the secret that they are signed by.
async fn webhooks_judged_by(program: &str, script: &str) {
    let app = TestApp::with(&[("AdminEmails", "root@example.com")]).await;
    let mut admin = app.browser("root@example.com").await;
    let order = json!({ "url": app.receiver("crm"), "events": ["*"], "description": "Bücher" });
    let secret = admin.send("POST", "/admin/webhooks", &order).await.expect(201).text_of("secret");
    app.account("ada@example.com").await;
    app.followed().await;
    app.deliveries_rest().await;
    let input = json!({ "secret": secret, "messages": app.received(5).await });
    scripts::run(program, &[script], input.to_string()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs cargo verify --only clients"]
async fn case_258_the_javascript_library_of_standard_webhooks_takes_ours() {
    webhooks_judged_by("node", "verify-webhook.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs cargo verify --only clients"]
async fn case_258_the_python_library_of_standard_webhooks_takes_ours() {
    let python = scripts::in_repository(".tools/clients/bin/python");
    webhooks_judged_by(&python.to_string_lossy(), "verify_webhook.py").await;
}
