//! `GET /.well-known/jwks.json`: the public keys that verify our access tokens (RFC 7517, KEYS-3).

use serde::Serialize;
use shared::app::App;
use shared::error::Result;
use shared::http::{Call, Endpoint, Reply};
use shared::keys::jwk::PublicJwk;

pub const ENDPOINT: Endpoint = Endpoint {
    name: "keys-jwks",
    routes: &["GET /.well-known/jwks.json"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

#[derive(Serialize)]
struct Response<'a> {
    keys: Vec<Jwk<'a>>,
}

#[derive(Serialize)]
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
