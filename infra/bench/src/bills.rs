//! The tables of docs/costs.md.

use template::Template;

use crate::Fault;
use crate::cognito::Plan;
use crate::cost::{Dollars, of_call};
use crate::figures::Figures;
use crate::idle::idle;
use crate::month::{Bill, CHAIN_BATCH, FOLLOW_BATCH, bill, following, with_following};
use crate::page::{dollars, thousands};
use crate::people::ASSUMED;

/// Operations in the order in which somebody meets them.
const OPERATIONS: [&str; 12] = [
    "pages",
    "auth-signup",
    "auth-verify-email",
    "auth-login",
    "auth-login new",
    "auth-csrf",
    "auth-refresh",
    "auth-verify-token",
    "authorizer",
    "auth-logout",
    "auth-password-change",
    "keys-jwks",
];

const SIZES: [f64; 3] = [10_000.0, 100_000.0, 1_000_000.0];

/// What each operation costs, per million.
///
/// # Errors
/// When the figures lack a row.
pub fn operations(figures: &Figures) -> Result<String, Fault> {
    let (alone, in_batches) = (following(figures, 1.0, 1.0)?, following(figures, FOLLOW_BATCH, CHAIN_BATCH)?);
    let mut lines = vec![
        "| a million of | Lambda | gateway | DynamoDB | KMS | logs | the call | with all that follows: quiet | busy |"
            .to_owned(),
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|".to_owned(),
    ];
    for name in OPERATIONS {
        let row = figures.row(name)?;
        let call = of_call(row).times(1e6);
        let Dollars { lambda, gateway, dynamodb, kms, logs, .. } = call;
        let quiet = with_following(figures, row, &alone)?.times(1e6).sum();
        let busy = with_following(figures, row, &in_batches)?.times(1e6).sum();
        lines.push(format!(
            "| `{name}`: {} | {lambda:.2} | {gateway:.2} | {dynamodb:.2} | {kms:.2} | {logs:.2} | **{:.2}** | {quiet:.2} | {busy:.2} |",
            row.about,
            call.sum(),
        ));
    }
    let mail = of_call(figures.row("jobs-send-mail")?).times(1e6);
    lines.push(format!(
        "| `jobs-send-mail`: a mail, {:.0} of it for SES | {:.2} | | {:.2} | {:.2} | {:.2} | **{:.2}** | | |",
        mail.mail,
        mail.lambda,
        mail.dynamodb,
        mail.kms,
        mail.logs,
        mail.sum(),
    ));
    for (what, event) in [("alone", alone), ("in full batches", in_batches)] {
        let event = event.times(1e6);
        lines.push(format!(
            "| an event of the trail, counted and chained {what} | {:.2} | | {:.2} | | {:.2} | **{:.2}** | | |",
            event.lambda,
            event.dynamodb,
            event.logs,
            event.sum(),
        ));
    }
    Ok(lines.join("\n") + "\n")
}

/// What one person does.
///
/// # Errors
/// When the figures lack a row.
pub fn people(figures: &Figures) -> Result<String, Fault> {
    let mut lines = vec!["| of one person, in a month | times |".to_owned(), "|---|---:|".to_owned()];
    for (name, times) in ASSUMED.done() {
        lines.push(format!("| `{name}`: {} | {times} |", figures.row(name)?.about));
    }
    Ok(lines.join("\n") + "\n")
}

/// The bills of a month beside Cognito's.
///
/// # Errors
/// When the figures lack a row.
pub fn months(figures: &Figures, template: &Template) -> Result<String, Fault> {
    let bills: Vec<Bill> =
        SIZES.iter().map(|people| bill(figures, template, *people, &ASSUMED)).collect::<Result<_, _>>()?;
    let mut lines = vec![
        format!("| dollars a month | {} |", SIZES.map(|people| thousands(people) + " people").join(" | ")),
        "|---|---:|---:|---:|".to_owned(),
    ];
    let mut line = |what: &str, value: fn(&Bill) -> f64| {
        let values: Vec<String> = bills.iter().map(|bill| dollars(value(bill))).collect();
        lines.push(format!("| {what} | {} |", values.join(" | ")));
    };
    line("Lambda", |bill| bill.calls.lambda);
    line("API Gateway", |bill| bill.calls.gateway);
    line("DynamoDB, requests", |bill| bill.calls.dynamodb);
    line("DynamoDB, cleaning up", |bill| bill.cleaning);
    line("DynamoDB, kept", |bill| bill.kept);
    line("AWS Backup", |bill| bill.backups);
    line("KMS", |bill| bill.calls.kms);
    line("SES", |bill| bill.calls.mail);
    line("CloudWatch, logs", |bill| bill.calls.logs + bill.logs_kept);
    line("CloudWatch, metrics", |bill| bill.metrics);
    line("data out", |bill| bill.data_out);
    line("what costs while nobody is there", |bill| bill.idle);
    line("**Postern**", Bill::sum);
    let values: Vec<String> =
        bills.iter().zip(SIZES).map(|(bill, people)| format!("{:.4}", bill.sum() / people)).collect();
    lines.push(format!("| a person | {} |", values.join(" | ")));
    for plan in Plan::ALL {
        let values = SIZES.map(|people| dollars(plan.month(people)));
        lines.push(format!("| Cognito {} | {} |", plan.name(), values.join(" | ")));
    }
    Ok(lines.join("\n") + "\n")
}

/// What costs while nobody is there.
///
/// # Errors
/// When the figures lack a row.
pub fn while_idle(figures: &Figures, template: &Template) -> Result<String, Fault> {
    let items = idle(figures, template)?;
    let mut lines = vec!["| in a month | how many | dollars |".to_owned(), "|---|---:|---:|".to_owned()];
    for (what, (many, dollars)) in &items {
        lines.push(format!("| {what} | {} | {dollars:.2} |", thousands(*many)));
    }
    let sum: f64 = items.values().map(|(_, dollars)| dollars).sum();
    lines.push(format!("| **together** | | **{sum:.2}** |"));
    Ok(lines.join("\n") + "\n")
}
