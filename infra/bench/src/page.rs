//! The tables of docs/costs.md, made from the figures and the prices, so that they cannot say anything else.

use std::collections::BTreeMap;
use std::fs;

use template::Template;

use crate::cognito::Plan;
use crate::cost::{Dollars, of_call};
use crate::figures::Figures;
use crate::month::{ASSUMED, Bill, bill, done, following, idle, with_following};
use crate::{Fault, root};

/// Operations in the order in which somebody meets them.
const OPERATIONS: [&str; 11] = [
    "pages",
    "auth-signup",
    "auth-verify-email",
    "auth-login",
    "auth-csrf",
    "auth-refresh",
    "auth-verify-token",
    "authorizer",
    "auth-logout",
    "auth-password-change",
    "keys-jwks",
];

const SIZES: [f64; 3] = [10_000.0, 100_000.0, 1_000_000.0];

/// The pages that have tables of ours, and the names of these.
pub const PAGES: [(&str, &[&str]); 1] = [("docs/costs.md", &["operations", "people", "month", "idle"])];

/// The template as it is deployed in production, with the alarms, the dashboard and the metric filters of the stack in it.
///
/// # Errors
/// When it cannot be read.
pub fn template() -> Result<Template, Fault> {
    let outer = read("template.yaml", &BTreeMap::new())?;
    let mut whole = outer.clone();
    for nested in outer.nested.iter().filter(|nested| nested.logical_id == "Monitoring") {
        let Template { alarms, dashboards, metric_filters, .. } = read(&nested.location, &nested.parameters)?;
        whole = Template { alarms, dashboards, metric_filters, ..whole };
    }
    Ok(whole)
}

fn read(path: &str, parameters: &BTreeMap<String, String>) -> Result<Template, Fault> {
    let path = root().join(path);
    let text = fs::read_to_string(&path).map_err(|error| Fault::File(path, error))?;
    Template::read(&text, parameters, &|id, attribute| Some(format!("{id}.{attribute}")))
        .map_err(|faults| Fault::Figures(faults.to_string()))
}

/// A page with its tables made anew.
///
/// # Errors
/// When it has no marks for them, or the figures lack a row.
pub fn renewed(page: &str, tables: &[&str], figures: &Figures) -> Result<String, Fault> {
    let mut page = page.to_owned();
    for name in tables {
        let table = match *name {
            "operations" => operations(figures)?,
            "people" => people(figures)?,
            "month" => months(figures, &template()?)?,
            "idle" => while_idle(figures, &template()?)?,
            _ => return Err(Fault::NoTable((*name).to_owned())),
        };
        let (start, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
        let (Some(from), Some(to)) = (page.find(&start), page.find(&end)) else {
            return Err(Fault::NoTable((*name).to_owned()));
        };
        page.replace_range(from + start.len()..to, &format!("\n{table}\n"));
    }
    Ok(page)
}

/// Makes the tables of all pages anew.
///
/// # Errors
/// As [`renewed`], and when a page cannot be read or written.
pub fn renew(figures: &Figures) -> Result<(), Fault> {
    for (page, tables) in PAGES {
        let path = root().join(page);
        let text = fs::read_to_string(&path).map_err(|error| Fault::File(path.clone(), error))?;
        fs::write(&path, renewed(&text, tables, figures)?).map_err(|error| Fault::File(path, error))?;
    }
    Ok(())
}

/// What each operation costs, per million.
fn operations(figures: &Figures) -> Result<String, Fault> {
    let (alone, in_batches) = (following(figures, 1.0, 1.0)?, following(figures, 80.0, 100.0)?);
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
fn people(figures: &Figures) -> Result<String, Fault> {
    let mut lines = vec!["| of one person, in a month | times |".to_owned(), "|---|---:|".to_owned()];
    for (name, times) in done(&ASSUMED) {
        lines.push(format!("| `{name}`: {} | {times} |", figures.row(name)?.about));
    }
    Ok(lines.join("\n") + "\n")
}

/// The bills of a month beside Cognito's.
fn months(figures: &Figures, template: &Template) -> Result<String, Fault> {
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
fn while_idle(figures: &Figures, template: &Template) -> Result<String, Fault> {
    let items = idle(figures, template)?;
    let mut lines = vec!["| in a month | how many | dollars |".to_owned(), "|---|---:|---:|".to_owned()];
    for (what, (many, dollars)) in &items {
        lines.push(format!("| {what} | {} | {dollars:.2} |", thousands(*many)));
    }
    let sum: f64 = items.values().map(|(_, dollars)| dollars).sum();
    lines.push(format!("| **together** | | **{sum:.2}** |"));
    Ok(lines.join("\n") + "\n")
}

fn dollars(value: f64) -> String {
    if value < 10.0 { format!("{value:.2}") } else { thousands(value) }
}

/// A whole number with commas.
fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let first = digits.len() % 3;
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && place % 3 == first {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        let cases = [(7.0, "7"), (1234.4, "1,234"), (999.9, "1,000"), (1e6, "1,000,000"), (12_345.0, "12,345")];
        for (value, text) in cases {
            assert_eq!(thousands(value), text);
        }
        assert_eq!((dollars(1.234), dollars(1234.5)), ("1.23".to_owned(), "1,234".to_owned()));
    }
}
