//! Copies of the trail: whole, in pieces, for a spreadsheet or a program (AUDIT-3).

use serde_json::{Value, json};
use shared::audit::{Actor, Event, Kind};
use shared::email::Email;
use tests::{Answer, Native};

use super::{ROOT, app, get, life, seed};

/// All pieces of a copy.
async fn copy(admin: &Native<'_>, mut path: String) -> Vec<Answer> {
    let mut pieces = Vec::new();
    loop {
        let piece = get(admin, &path, &[]).await.expect(200);
        let link = piece.header("link").to_owned();
        pieces.push(piece);
        if link.is_empty() {
            return pieces;
        }
        path = link.trim_start_matches('<').split('>').next().unwrap().to_owned();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_3_a_copy_that_begins_slowly_is_cut_off_nowhere() {
    let app = app().await;
    let admin = life(&app).await;
    let before = app.table("audit-events").await;
    // Twice a second, each within the SDK's patience: who asks, and the telling of it.
    for (operation, table) in [("GetItem", "sessions"), ("PutItem", "audit-events")] {
        app.fault(json!({ "service": "dynamodb", "operation": operation, "table": format!("postern-local-{table}"), "kind": "delay", "delayMs": 1_050, "times": 1 }))
            .await;
    }
    let pieces = copy(&admin, "/admin/audit-logs/export?format=ndjson".to_owned()).await;
    assert!(pieces.len() > 1, "there was no time for all of it");
    let text: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
    for event in before {
        assert_eq!(text.matches(&format!("\"id\":{}", event["id"])).count(), 1, "{event}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_3_a_copy_comes_in_pieces_and_holds_everything_once() {
    let app = app().await;
    let admin = app.native(ROOT).await;
    let end = app.stack.clock().now();
    // More than one answer holds.
    seed(&app, 2_000, end, |i| {
        Event::new(Kind::UserLoginFailed, Actor::Email(Email::parse("+x@example.com").unwrap()))
            .with("number", i)
            .with("text", "=1+1,\"\r\n".repeat(300))
    })
    .await;
    for (format, kind) in [("csv", "text/csv"), ("ndjson", "application/x-ndjson")] {
        let path = format!("/admin/audit-logs/export?format={format}&action=UserLoginFailed");
        let pieces = copy(&admin, path).await;
        for piece in &pieces {
            assert!(piece.header("content-type").starts_with(kind) && piece.text.len() < 4_000_000);
            assert!(piece.header("content-disposition").starts_with("attachment"));
        }
        let text: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
        assert!(pieces.len() > 1, "{format}");
        for i in 0..2_000 {
            let number =
                if format == "csv" { format!("\"\"number\"\":\"\"{i}\"\"") } else { format!("\"number\":\"{i}\"") };
            assert_eq!(text.matches(&number).count(), 1, "{number}");
        }
        if format == "csv" {
            assert_eq!(text.matches("id,at,action").count(), 1, "one line of names");
            assert_eq!(text.matches("\"'+x@example.com\"").count(), 2_000);
        } else {
            let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert_eq!(lines.len(), 2_000);
            assert!(lines.iter().all(|line| line["actor"]["email"] == "+x@example.com"));
        }
    }
    assert_eq!(app.count("AuditRead").await, 2, "a copy is one reading");
}
