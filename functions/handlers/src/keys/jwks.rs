//! `GET /.well-known/jwks.json`: the public keys that verify our access tokens (RFC 7517, KEYS-3).

use schemars::JsonSchema;
use serde::Serialize;
use shared::app::App;
use shared::error::Result;
use shared::http::{Call, Endpoint, Reply};
use shared::keys::jwk::PublicJwk;

use crate::openapi::{Operation, Tag};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "keys-jwks",
    routes: &["GET /.well-known/jwks.json"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// A JWK Set (RFC 7517).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "KeySet")]
struct Response<'a> {
    keys: Vec<Jwk<'a>>,
}

/// A public key.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PublicKey")]
struct Jwk<'a> {
    #[serde(flatten)]
    public: &'a PublicJwk,
    kid: &'a str,
    alg: &'static str,
    r#use: &'static str,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let ring = app.ring(call.ctx.now).await?;
    let keys = ring.published().iter();
    let keys = keys.map(|key| Jwk { public: &key.public, kid: &key.kid, alg: key.algorithm.name(), r#use: "sig" });
    Ok(Reply::ok(&Response { keys: keys.collect() })?.cached_for(super::CACHE_SECONDS))
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            &ENDPOINT,
            "GET /.well-known/jwks.json",
            "jwks",
            Tag::Keys,
            "Get the keys that verify access tokens",
        )
        .answers::<Response<'_>>(200, "The public keys: those that sign, signed lately, or will sign.")
        .with_header("Cache-Control"),
    ]
}
