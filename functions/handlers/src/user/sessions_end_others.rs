//! `DELETE /user/sessions`: signs every other device of the person out (SESS-2). This one gets a new access token, the way
//! the old one came, and keeps its refresh token.

use schemars::JsonSchema;
use serde::Serialize;
use shared::app::App;
use shared::error::Result;
use shared::http::cookies::Jar;
use shared::http::{Call, Endpoint, Reply, credentials};
use shared::sessions::{self, Others};

use crate::openapi::{Operation, Tag};
use crate::reply::Delivery;

pub const ENDPOINT: Endpoint = Endpoint {
    name: "user-sessions-end-others",
    routes: &["DELETE /user/sessions"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// What has ended, and the new access token.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "EndedSessions")]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    /// How many sessions were live.
    revoked: u32,
    /// The new access token's life, in seconds.
    expires_in: u64,
    /// Unless it is in a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    access_token: Option<&'a str>,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let caller = credentials::writer(app, call).await?;
    let delivery = Delivery::of_access_token(app, call)?;
    let Others { grant, ended } = sessions::end_others(app, &call.ctx, &caller).await?;
    let (token, life) = (grant.access.expose(), grant.access.expires_at.since(call.ctx.now));
    let access_token = (delivery == Delivery::Body).then_some(token);
    let reply = Reply::ok(&Response { revoked: ended, expires_in: life.as_secs(), access_token })?;
    Ok(match delivery {
        Delivery::Cookies => reply.with_cookie(Jar::Access.set(&app.settings, token, life)),
        Delivery::Body => reply,
    })
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            &ENDPOINT,
            "DELETE /user/sessions",
            "endOtherSessions",
            Tag::Account,
            "Sign all other devices out",
        )
        .signed_in()
        .answers::<Response<'_>>(200, "They are signed out. This one has a new access token.")
        .with_header("Set-Cookie"),
    ]
}
