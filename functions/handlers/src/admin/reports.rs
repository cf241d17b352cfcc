//! `GET /admin/reports/compliance` (AUDIT-5) and `GET /admin/reports/security` (OPS-9), as JSON or as CSV.

use http::header;
use serde::Serialize;
use shared::app::App;
use shared::error::Result;
use shared::http::{Call, Endpoint, Reply, credentials};
use shared::report::checklist::{self, Checklist};
use shared::report::{self, Compliance, LONGEST, Row};

use crate::SCHEDULED;
use crate::openapi::{Operation, Tag, values};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "admin-reports",
    routes: &["GET /admin/reports/compliance", "GET /admin/reports/security"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// So many days are told of, unless the caller says how many.
const DAYS: u32 = 30;

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    if call.path().ends_with("/security") {
        Box::pin(security(app, call)).await
    } else {
        Box::pin(compliance(app, call)).await
    }
}

async fn compliance(app: &App, call: &Call) -> Result<Reply> {
    let admin = credentials::admin_reader(app, call).await?.user.user_id;
    call.only(&["days", "format"])?;
    let days = |text: &str| text.parse().ok().filter(|days| (1..=LONGEST).contains(days));
    let days = call.query("days", "must be a number from 1 to 90", days)?.unwrap_or(DAYS);
    let as_csv = wants_csv(call)?;
    let report = report::compliance(app, &call.ctx, admin, days, SCHEDULED).await?;
    reply(&report, as_csv.then(|| report.rows()), "attachment; filename=\"compliance.csv\"")
}

async fn security(app: &App, call: &Call) -> Result<Reply> {
    let admin = credentials::admin_reader(app, call).await?.user.user_id;
    call.only(&["format"])?;
    let as_csv = wants_csv(call)?;
    let list = checklist::checklist(app, &call.ctx, admin).await?;
    reply(&list, as_csv.then(|| list.rows()), "attachment; filename=\"security.csv\"")
}

fn wants_csv(call: &Call) -> Result<bool> {
    let is_csv = call.query("format", "must be json or csv", |text| match text {
        "json" => Some(false),
        "csv" => Some(true),
        _ => None,
    })?;
    Ok(is_csv.unwrap_or(false))
}

fn reply(report: &impl Serialize, rows: Option<Vec<Row>>, disposition: &str) -> Result<Reply> {
    let Some(rows) = rows else { return Reply::ok(report) };
    let csv = Reply::text("text/csv; charset=utf-8; header=present", report::as_csv(&rows));
    Ok(csv.with_header(header::CONTENT_DISPOSITION, disposition))
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            &ENDPOINT,
            "GET /admin/reports/compliance",
            "complianceReport",
            Tag::Administration,
            "See what an auditor asks of the trail, the keys, the backups and the jobs",
        )
        .about("Events are counted by daily reports, so each day is told of when it is over. The trail is told who reads this.")
        .for_reading_admins()
        .query("days", values::days, "Of so many days before today; 30 by default")
        .query("format", values::report_format, "JSON by default")
        .answers::<Compliance>(200, "The report.")
        .or_text(["text/csv"]),
        Operation::new(
            &ENDPOINT,
            "GET /admin/reports/security",
            "securityChecklist",
            Tag::Administration,
            "Go through what may be wrong with accounts and sessions",
        )
        .about("What cannot be known is `not_available`, and says why. The trail is told who reads this.")
        .for_reading_admins()
        .query("format", values::report_format, "JSON by default")
        .answers::<Checklist>(200, "The list.")
        .or_text(["text/csv"]),
    ]
}
