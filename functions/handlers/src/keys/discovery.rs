//! `GET /.well-known/openid-configuration`: where our keys are, for verifiers that start from the issuer (TOKEN-7).
//!
//! Only what API Gateway's JWT authorizer and JWT libraries read. Postern is no OpenID provider yet, so no endpoint of
//! one is named.

use schemars::JsonSchema;
use serde::Serialize;
use shared::app::App;
use shared::error::Result;
use shared::http::{Call, Endpoint, Reply};

use crate::openapi::{Operation, Tag};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "keys-discovery",
    routes: &["GET /.well-known/openid-configuration"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// Where verifiers find what they need.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Discovery")]
struct Response<'a> {
    issuer: &'a str,
    jwks_uri: String,
    id_token_signing_alg_values_supported: Vec<&'static str>,
    subject_types_supported: [&'static str; 1],
    response_types_supported: [&'static str; 0],
    claims_supported: &'static [&'static str],
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    // Of every published key: after a change of the setting, tokens of both algorithms live side by side.
    let ring = app.ring(call.ctx.now).await?;
    let mut algorithms: Vec<_> = ring.published().iter().map(|key| key.algorithm.name()).collect();
    algorithms.sort_unstable();
    algorithms.dedup();
    let issuer = &app.settings.public_url;
    let response = Response {
        issuer,
        jwks_uri: format!("{issuer}/.well-known/jwks.json"),
        id_token_signing_alg_values_supported: algorithms,
        subject_types_supported: ["public"],
        response_types_supported: [],
        claims_supported: &[
            "iss",
            "aud",
            "client_id",
            "sub",
            "sid",
            "jti",
            "iat",
            "exp",
            "auth_time",
            "amr",
            "acr",
            "org",
            "roles",
            "ver",
        ],
    };
    Ok(Reply::ok(&response)?.cached_for(super::CACHE_SECONDS))
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            &ENDPOINT,
            "GET /.well-known/openid-configuration",
            "discovery",
            Tag::Keys,
            "Get what verifiers start from",
        )
        .about("As much of OpenID Connect Discovery as JWT libraries read. Postern is no OpenID provider.")
        .answers::<Response<'_>>(200, "Issuer, keys, algorithms.")
        .with_header("Cache-Control"),
    ]
}
