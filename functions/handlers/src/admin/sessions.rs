//! `GET /admin/sessions`: who is signed in, where (SESS-5).

use schemars::JsonSchema;
use serde::Serialize;
use shared::app::App;
use shared::context::network_of;
use shared::error::Result;
use shared::http::{Call, Endpoint, Reply, credentials};
use shared::sessions::{self, Cursor, Filter, Found};

use super::query;
use crate::openapi::{Operation, Tag, values};
use crate::session::Shown;

pub const ENDPOINT: Endpoint = Endpoint {
    name: "admin-sessions",
    routes: &["GET /admin/sessions"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// A page of sessions.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FoundSessions")]
#[serde(rename_all = "camelCase")]
struct Response {
    sessions: Vec<Somebodys>,
    /// For the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    next_cursor: Option<String>,
}

/// Somebody's session.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FoundSession")]
#[serde(rename_all = "camelCase")]
struct Somebodys {
    #[schemars(schema_with = "values::id")]
    user_id: String,
    email: String,
    #[serde(flatten)]
    session: Shown,
}

impl From<Found> for Somebodys {
    fn from(found: Found) -> Self {
        Self { user_id: found.user.to_string(), email: found.email.as_str().to_owned(), session: found.session.into() }
    }
}

const MAX_DEVICE: usize = 100;

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    credentials::admin_reader(app, call).await?;
    let device = |text: &str| (text.chars().count() <= MAX_DEVICE).then(|| text.to_lowercase());
    let filter = Filter {
        user: query::user(call)?,
        email: query::email(call)?,
        network: query::ip(call)?.map(network_of),
        device: call.query("device", "must be a part of a device's name", device)?,
    };
    let cursor = call.query("cursor", "must be the nextCursor of an answer", Cursor::parse)?;
    let page = sessions::find(app, &call.ctx, &filter, cursor, query::limit(call)?).await?;
    let next_cursor = page.next.map(|cursor| cursor.encode());
    Reply::ok(&Response { sessions: page.sessions.into_iter().map(Somebodys::from).collect(), next_cursor })
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            &ENDPOINT,
            "GET /admin/sessions",
            "findSessions",
            Tag::Administration,
            "Find out who is signed in",
        )
        .for_reading_admins()
        .query("userId", values::id, "Of this person")
        .query("email", values::email, "Of the person with this address")
        .query("ip", values::text, "From this address's network")
        .query("device", values::text, "On devices with this in their name")
        .query("cursor", values::text, "The `nextCursor` of an answer")
        .query("limit", values::limit, "How many at most")
        .answers::<Response>(200, "Live sessions."),
    ]
}
