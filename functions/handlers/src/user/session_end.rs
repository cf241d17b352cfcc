//! `DELETE /user/sessions/{id}`: signs one of the person's devices out (SESS-2). The one that asks is signed out as by
//! `/auth/logout`.

use shared::app::App;
use shared::error::{Refusal, Result};
use shared::http::{Call, Endpoint, Reply, credentials};
use shared::id::SessionId;
use shared::sessions;

use crate::openapi::{Operation, Tag, values};
use crate::reply;

pub const ENDPOINT: Endpoint = Endpoint {
    name: "user-session-end",
    routes: &["DELETE /user/sessions/{id}"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let caller = credentials::writer(app, call).await?;
    // What is no id is nobody's session.
    let session: SessionId = call.path_parameter("id")?.parse().map_err(|_| Refusal::NotFound)?;
    sessions::end_own(app, &call.ctx, &caller, session).await?;
    Ok(match session == caller.claims.sid {
        true => reply::without_cookies(app, reply::signed_out()),
        false => Reply::no_content(),
    })
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(&ENDPOINT, "DELETE /user/sessions/{id}", "endSession", Tag::Account, "Sign one device out")
            .about("One's own session ends as by `POST /auth/logout`.")
            .signed_in()
            .path("id", values::text, "The session's id")
            .answers_nothing("It is signed out.")
            .with_header("Set-Cookie"),
    ]
}
