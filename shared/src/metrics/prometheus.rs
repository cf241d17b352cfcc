//! The counters as Prometheus reads them: text format 0.0.4. Names and labels are documented in docs/metrics.md.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{BOUNDS, name};
use crate::app::App;
use crate::error::Result;
use crate::store::{AlertRecord, Counted};
use crate::tally::Tally;

/// What the text is served as.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Everything that was ever counted, and which alerts are open.
///
/// # Errors
/// When the table does not answer.
pub async fn page(app: &App) -> Result<String> {
    let (counted, alerts) = tokio::try_join!(app.store.totals(), app.store.alerts())?;
    Ok(text(&counted, &alerts))
}

/// Labels and value of one sample.
type Sample = (Vec<(&'static str, String)>, u64);

fn text(counted: &Counted, alerts: &[AlertRecord]) -> String {
    let Counted { events, processes } = counted;
    let mut page = Page::default();
    page.counters("postern_events_total", "Audit events.", by_kind(events));
    page.counters("postern_logins_total", "Sign-ins that succeeded or failed.", logins(events));
    page.counters("postern_refreshes_total", "Refreshes of sessions.", refreshes(counted));
    let lockouts = events.sum(&["UserAccountLocked"]);
    page.counters("postern_lockouts_total", "Accounts locked after failed sign-ins.", vec![(Vec::new(), lockouts)]);
    let csrf = |outcome: &str| processes.values().map(|tally| tally.get(&[name::CSRF, outcome])).sum();
    let csrf = ["valid", "invalid"].map(|outcome| (vec![("outcome", outcome.to_owned())], csrf(outcome))).to_vec();
    page.counters("postern_csrf_checks_total", "Checks of CSRF tokens.", csrf);
    page.counters("postern_requests_total", "Answers by function and code.", requests(processes));
    page.durations(processes);
    let delivery = |outcome: &str| processes.values().map(|tally| tally.get(&[name::DELIVERY, outcome])).sum();
    let deliveries =
        ["delivered", "failed", "dead"].map(|it| (vec![("outcome", it.to_owned())], delivery(it))).to_vec();
    page.counters("postern_webhook_deliveries_total", "Tries to deliver to webhooks and alert channels.", deliveries);
    let open = alerts.iter().map(|alert| (vec![("alert", alert.alert.clone())], u64::from(alert.is_open)));
    page.family("postern_alert_open", "gauge", "Whether an alert is open.", open.collect());
    let dropped = processes.values().map(|tally| tally.get(&[name::DROPPED])).sum();
    page.counters("postern_metrics_dropped_total", "Observations that were not written.", vec![(Vec::new(), dropped)]);
    page.0
}

fn by_kind(events: &Tally) -> Vec<Sample> {
    let mut counted: BTreeMap<(String, String), u64> = BTreeMap::new();
    for (parts, n) in events.each() {
        if let [kind, outcome, ..] = parts.as_slice() {
            *counted.entry(((*kind).to_owned(), (*outcome).to_owned())).or_default() += n;
        }
    }
    counted.into_iter().map(|((kind, outcome), n)| (vec![("kind", kind), ("outcome", outcome)], n)).collect()
}

fn logins(events: &Tally) -> Vec<Sample> {
    let each = events.each().filter_map(|(parts, n)| {
        let outcome = match parts.first() {
            Some(&"UserLoggedIn") => "success",
            Some(&"UserLoginFailed") => "failure",
            _ => return None,
        };
        let reason = parts.get(2).copied().filter(|reason| !reason.is_empty()).unwrap_or("unknown");
        Some((vec![("outcome", outcome.to_owned()), ("reason", reason.to_owned())], n))
    });
    each.collect()
}

fn refreshes(counted: &Counted) -> Vec<Sample> {
    let done = |how: &str| counted.events.get(&["TokenRefreshed", "success", how]);
    let revoked =
        counted.processes.get("auth-refresh").map_or(0, |tally| tally.get(&[name::ANSWERED, "session_revoked"]));
    let outcomes = [
        ("rotated", done("rotated")),
        ("repeated", done("repeated")),
        ("kept", done("kept")),
        ("replayed", counted.events.sum(&["RefreshTokenReplayed"])),
        ("revoked", revoked),
    ];
    outcomes.into_iter().map(|(outcome, n)| (vec![("outcome", outcome.to_owned())], n)).collect()
}

fn requests(processes: &BTreeMap<String, Tally>) -> Vec<Sample> {
    let mut samples = Vec::new();
    for (function, tally) in processes {
        for (parts, n) in tally.each() {
            if let [name::ANSWERED, code] = parts.as_slice() {
                samples.push((vec![("function", function.clone()), ("code", (*code).to_owned())], n));
            }
        }
    }
    samples
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn counters(&mut self, name: &str, help: &str, samples: Vec<Sample>) {
        self.family(name, "counter", help, samples);
    }

    fn family(&mut self, name: &str, kind: &str, help: &str, samples: Vec<Sample>) {
        self.head(name, kind, help);
        for (labels, value) in samples {
            self.sample(name, &labels, &value.to_string());
        }
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&'static str, String)], value: &str) {
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    /// Buckets are cumulative, in seconds, and end with `+Inf`, which equals the count.
    fn durations(&mut self, processes: &BTreeMap<String, Tally>) {
        const NAME: &str = "postern_request_duration_seconds";
        self.head(NAME, "histogram", "How long functions worked on answers.");
        for (function, tally) in processes.iter().filter(|(_, tally)| tally.sum(&[name::ANSWERED]) > 0) {
            let mut count = 0;
            let of = |le: String| vec![("function", function.clone()), ("le", le)];
            for bound in BOUNDS {
                count += tally.get(&[name::TOOK, &bound.to_string()]);
                self.sample(&format!("{NAME}_bucket"), &of(seconds(bound)), &count.to_string());
            }
            count += tally.get(&[name::TOOK, "more"]);
            self.sample(&format!("{NAME}_bucket"), &of("+Inf".to_owned()), &count.to_string());
            let function = [("function", function.clone())];
            self.sample(&format!("{NAME}_sum"), &function, &seconds(tally.get(&[name::TOOK, "sum"])));
            self.sample(&format!("{NAME}_count"), &function, &count.to_string());
        }
    }
}

/// Milliseconds as seconds, exactly: `5` is `0.005`, `1000` is `1`.
fn seconds(millis: u64) -> String {
    let text = format!("{}.{:03}", millis / 1000, millis % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A label's value as the format wants it.
fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn ops_3_the_page_is_of_the_format() {
        let mut counted = Counted::default();
        counted.events.add(&["UserLoginFailed", "failure", "invalid_credentials"], 3);
        counted.events.add(&["TokenRefreshed", "success", "rotated"], 2);
        let verify = counted.processes.entry("auth-verify-token".to_owned()).or_default();
        verify.add(&[name::ANSWERED, "ok"], 3);
        verify.add(&[name::TOOK, "5"], 1);
        verify.add(&[name::TOOK, "200"], 1);
        verify.add(&[name::TOOK, "more"], 1);
        verify.add(&[name::TOOK, "sum"], 6_250);
        let since = Timestamp::from_seconds(0);
        let alert = AlertRecord { alert: "login_failures".to_owned(), is_open: true, since };
        let page = text(&counted, &[alert]);
        for line in [
            "# TYPE postern_logins_total counter",
            r#"postern_events_total{kind="TokenRefreshed",outcome="success"} 2"#,
            r#"postern_logins_total{outcome="failure",reason="invalid_credentials"} 3"#,
            r#"postern_refreshes_total{outcome="rotated"} 2"#,
            r#"postern_refreshes_total{outcome="revoked"} 0"#,
            "postern_lockouts_total 0",
            r#"postern_request_duration_seconds_bucket{function="auth-verify-token",le="0.005"} 1"#,
            r#"postern_request_duration_seconds_bucket{function="auth-verify-token",le="0.1"} 1"#,
            r#"postern_request_duration_seconds_bucket{function="auth-verify-token",le="0.2"} 2"#,
            r#"postern_request_duration_seconds_bucket{function="auth-verify-token",le="5"} 2"#,
            r#"postern_request_duration_seconds_bucket{function="auth-verify-token",le="+Inf"} 3"#,
            r#"postern_request_duration_seconds_sum{function="auth-verify-token"} 6.25"#,
            r#"postern_request_duration_seconds_count{function="auth-verify-token"} 3"#,
            r#"postern_alert_open{alert="login_failures"} 1"#,
        ] {
            assert!(page.lines().any(|found| found == line), "{line} is not in\n{page}");
        }
        assert!(page.ends_with('\n') && !page.contains("\n\n"));
    }

    #[test]
    fn ops_3_numbers_and_labels_are_written_exactly() {
        assert_eq!([5, 200, 1000, 2500, 10_000, 0].map(seconds), ["0.005", "0.2", "1", "2.5", "10", "0"]);
        assert_eq!(escaped("a\\b\"c\nd"), r#"a\\b\"c\nd"#);
    }
}
