//! `GET /user/sessions`: the devices on which the person is signed in, the newest first (SESS-2).

use schemars::JsonSchema;
use serde::Serialize;
use shared::app::App;
use shared::error::Result;
use shared::http::{Call, Endpoint, Reply, credentials};
use shared::sessions;

use crate::openapi::{Operation, Tag};
use crate::session::Shown;

pub const ENDPOINT: Endpoint = Endpoint {
    name: "user-sessions",
    routes: &["GET /user/sessions"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// The person's sessions.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OwnSessions")]
struct Response {
    /// The newest first.
    sessions: Vec<Own>,
}

/// One of the person's sessions.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OwnSession")]
struct Own {
    /// Whether this is the session that asks.
    current: bool,
    #[serde(flatten)]
    session: Shown,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let caller = credentials::reader(app, call).await?;
    let sessions = sessions::live_sessions(app, &call.ctx, &caller).await?;
    let own = |session: sessions::Listed| Own { current: session.id == caller.claims.sid, session: session.into() };
    Reply::ok(&Response { sessions: sessions.into_iter().map(own).collect() })
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            &ENDPOINT,
            "GET /user/sessions",
            "sessions",
            Tag::Account,
            "List the devices one is signed in on",
        )
        .signed_in()
        .answers::<Response>(200, "The live sessions."),
    ]
}
