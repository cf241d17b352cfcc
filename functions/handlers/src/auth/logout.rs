//! `POST /auth/logout`: ends this session, or with `?all=true` every session of the person (SESS-4). 204 also for those
//! who are signed out already.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::app::App;
use shared::error::{Error, Refusal, Result};
use shared::http::credentials::{self, SessionProof};
use shared::http::{Call, Endpoint, Reply};
use shared::sessions;
use shared::tokens::refresh;

use crate::openapi::{Operation, Tag};
use crate::reply;

pub const ENDPOINT: Endpoint = Endpoint {
    name: "auth-logout",
    routes: &["POST /auth/logout"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// For clients without cookies, whose access token may be past its time.
#[derive(Default, Deserialize, JsonSchema)]
#[schemars(rename = "SignOutRequest")]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Request {
    /// For clients without cookies, whose access token may be past its time.
    #[serde(default)]
    refresh_token: Option<String>,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let everywhere = call.flag("all")?;
    let Request { refresh_token } = call.json_or_default()?;
    let proof = match refresh_token {
        Some(text) => {
            let token = refresh::authentic(app, &text, call.ctx.now).await?;
            token.map(|token| SessionProof::of_refresh_token(&token))
        }
        None => match credentials::session_of(app, call).await {
            // Nothing to sign out of: that is what was asked for.
            Err(Error::Refused(Refusal::AccessTokenInvalid)) => None,
            found => found?,
        },
    };
    if let Some(proof) = proof {
        proof.check_csrf(app, call).await?;
        if everywhere {
            sessions::end_all(app, &call.ctx, proof.user, proof.session).await?;
        } else {
            sessions::end(app, &call.ctx, proof.user, proof.session).await?;
        }
    }
    Ok(reply::without_cookies(app, reply::signed_out()))
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(&ENDPOINT, "POST /auth/logout", "signOut", Tag::SignIn, "Sign out")
            .about("By cookie and CSRF token, by access token, or by a refresh token in the body. Also good for those who are signed out already.")
            .by_body_or_cookie()
            .flag("all", "Whether to end every session of the person")
            .may_take::<Request>()
            .answers_nothing("Signed out.")
            .with_header("Set-Cookie")
            .with_header("Clear-Site-Data"),
    ]
}
