//! `DELETE /admin/sessions/{userId}/{sessionId}`: signs one of somebody's devices out (SESS-5).

use shared::app::App;
use shared::error::{Refusal, Result};
use shared::http::{Call, Endpoint, Reply, credentials};
use shared::id::{SessionId, UserId};
use shared::sessions;

use crate::openapi::{Operation, Tag, values};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "admin-session-end",
    routes: &["DELETE /admin/sessions/{userId}/{sessionId}"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let admin = credentials::admin(app, call).await?;
    // What is no id is nobody's session.
    let user: UserId = call.path_parameter("userId")?.parse().map_err(|_| Refusal::NotFound)?;
    let session: SessionId = call.path_parameter("sessionId")?.parse().map_err(|_| Refusal::NotFound)?;
    sessions::end_by_admin(app, &call.ctx, &admin, user, session).await?;
    Ok(Reply::no_content())
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            &ENDPOINT,
            "DELETE /admin/sessions/{userId}/{sessionId}",
            "endSessionOf",
            Tag::Administration,
            "Sign somebody's device out",
        )
        .for_admins()
        .path("userId", values::text, "Whose")
        .path("sessionId", values::text, "Which")
        .answers_nothing("It is signed out."),
    ]
}
