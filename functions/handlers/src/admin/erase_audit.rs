//! `POST /admin/users/{id}/erase-audit`: removes a person from the audit trail (AUDIT-5). What remains says that they were.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::audit::erase;
use shared::error::{Refusal, Result};
use shared::http::{Call, Endpoint, Reply, credentials};
use shared::id::UserId;

use super::reason;
use crate::openapi::{Operation, Tag, values};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "admin-erase-audit",
    routes: &["POST /admin/users/{id}/erase-audit"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "EraseAudit")]
#[serde(deny_unknown_fields)]
struct Request {
    /// Why, in a few words: for the trail.
    #[schemars(schema_with = "values::reason")]
    reason: String,
}

/// What became of somebody's events.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ErasedAudit")]
struct Response {
    /// `erased`, or `partial`: the same call goes on.
    status: &'static str,
    removed: u32,
    rewritten: u32,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let admin = credentials::admin(app, call).await?.user.user_id;
    let user: UserId = call.path_parameter("id")?.parse().map_err(|_| Refusal::NotFound)?;
    let Request { reason } = call.json()?;
    let reason = reason::check(&reason)?;
    let erased = erase::erase(app, &call.ctx, admin, user, reason).await?;
    Reply::ok(&Response {
        status: if erased.is_complete { "erased" } else { "partial" },
        removed: erased.removed,
        rewritten: erased.rewritten,
    })
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            &ENDPOINT,
            "POST /admin/users/{id}/erase-audit",
            "eraseAudit",
            Tag::Administration,
            "Remove a person from the audit trail",
        )
        .for_admins()
        .path("id", values::id, "Of the person")
        .takes::<Request>()
        .answers::<Response>(200, "Done, or as much as one call can do."),
    ]
}
