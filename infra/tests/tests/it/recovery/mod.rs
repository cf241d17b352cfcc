//! A forgotten password and a changed one (RECOV-1…3; SECURITY.md B8).

mod change;
mod reset;

use serde_json::{Value, json};
use tests::{Answer, TestApp, token_in};

const ADA: &str = "ada@example.com";
const NEW: &str = "Nine quiet rivers, 2 old maps";

async fn forgot(app: &TestApp, email: &str) -> Answer {
    app.post("/auth/password/forgot", json!({ "email": email })).await
}

/// A verified account and a fresh reset link's token for it.
async fn with_link(app: &TestApp) -> String {
    app.account(ADA).await;
    app.outbox_is_empty().await;
    forgot(app, ADA).await.expect(202);
    token_in(&app.mail(ADA, 3).await)
}

/// How many events of a kind tell of a success.
async fn succeeded(app: &TestApp, kind: &str) -> usize {
    let events = app.table("audit-events").await;
    events.iter().filter(|event| event["kind"] == kind && event["outcome"] == "success").count()
}

/// The tables as far as passwords and sessions are concerned.
async fn state(app: &TestApp) -> Vec<Vec<Value>> {
    let mut state = Vec::new();
    for table in ["users", "logins", "sessions", "challenges"] {
        state.push(app.table(table).await);
    }
    state.push(vec![json!(app.table("outbox").await.len()), json!(succeeded(app, "PasswordChanged").await)]);
    state
}

/// Has a transaction cancelled for the reasons that pass, at one of its items, and expects to be told to come again.
async fn cancelled(app: &TestApp, item: usize, request: impl AsyncFn() -> Answer) {
    for reason in ["ThrottlingError", "TransactionConflict", "ProvisionedThroughputExceeded"] {
        app.fault(json!({ "service": "dynamodb", "operation": "TransactWriteItems", "kind": "cancel_item", "item": item, "reason": reason })).await;
        request().await.refused(503, "unavailable");
        app.no_faults();
    }
}
