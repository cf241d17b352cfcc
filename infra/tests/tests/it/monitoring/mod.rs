//! Nothing that watches Postern is dead: each metric that an alarm, a rule or a dashboard names is one that is made, each
//! alarm has a runbook, and whatever can stand still has an alarm (OPS-4). promtool's part is in `promtool`.

mod cloudwatch;
pub(crate) mod prometheus;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;
use template::Template;

use crate::scripts::in_repository;

fn text(path: &str) -> String {
    fs::read_to_string(in_repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn read(path: &str, parameters: &BTreeMap<String, String>) -> Template {
    Template::read(&text(path), parameters, &|id, attribute| Some(format!("{id}.{attribute}")))
        .unwrap_or_else(|faults| panic!("{path}: {faults}"))
}

/// The template, with the alarms, the dashboard and the metric filters of the stack that is nested in it for them.
fn template() -> Template {
    let outer = read("template.yaml", &BTreeMap::new());
    let nested =
        outer.nested.iter().find(|nested| nested.logical_id == "Monitoring").expect("a nested stack Monitoring");
    let Template { alarms, dashboards, metric_filters, .. } = read(&nested.location, &nested.parameters);
    Template { alarms, dashboards, metric_filters, ..outer }
}

/// The cells of the tables' rows under a heading of docs/metrics.md, without their backticks.
fn documented(heading: &str) -> Vec<Vec<String>> {
    let page = text("docs/metrics.md");
    let (_, section) = page.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no section {heading}"));
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// The words between backticks.
fn quoted(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn kinds() -> BTreeSet<String> {
    let source = text("shared/src/audit/mod.rs");
    let (_, body) = source.split_once("pub enum Kind {").unwrap();
    body.split('}').next().unwrap().lines().map(|line| line.trim().trim_end_matches(',').to_owned()).collect()
}

/// Whether something of this label or dimension can have this value.
fn is_known_value(metric: &str, label: &str, value: &str, row: &str) -> bool {
    match label.to_lowercase().as_str() {
        "kind" => kinds().contains(value),
        "function" => row.contains("`function`") || template().functions.iter().any(|it| it.binary == value),
        "code" => value == "ok" || text("docs/errors.md").contains(&format!("| `{value}` | ")),
        "stack" => value == "postern",
        "outcome" if ["Events", "postern_events_total", "postern_logins_total"].contains(&metric) => {
            ["success", "failure"].contains(&value)
        }
        _ => row.contains(&format!("`{value}`")),
    }
}

/// A misspelt name would be an alarm that is never raised, and a deployment that nothing takes back.
#[test]
fn deploy_3_a_new_version_is_taken_back_by_alarms_that_exist() {
    let template = template();
    let alarms: BTreeSet<&str> = template.alarms.iter().map(|alarm| alarm.name.as_str()).collect();
    // What signs people in and keeps them signed in. CodeDeploy leads all of these at once, so they are few (decision 0036).
    let watched = ["auth-", "authorizer", "health-", "http-", "keys-", "pages", "user-"];
    for function in &template.functions {
        assert_eq!(function.alias.as_deref(), Some("live"), "{}", function.binary);
        let is_watched = watched.iter().any(|start| function.binary.starts_with(start));
        assert_eq!(function.deployment.is_some(), is_watched, "{}", function.binary);
        let Some(deployment) = &function.deployment else { continue };
        assert!(deployment.kind.starts_with("Canary10Percent"), "{}: {}", function.binary, deployment.kind);
        assert!(deployment.alarms.len() > 5, "{}", function.binary);
        for name in &deployment.alarms {
            assert!(alarms.contains(name.as_str()), "{}: there is no alarm {name}", function.binary);
            let from_outside = ["login-failures", "lockouts", "refresh-replays", "csrf-invalid"];
            let is_raised = from_outside.iter().any(|alarm| name.ends_with(alarm));
            assert!(!is_raised, "anybody can raise {name}, and hold up deployments");
        }
    }
    for stage in ["preview", "development"] {
        let of_stage = read("template.yaml", &BTreeMap::from([("Stage".to_owned(), stage.to_owned())]));
        let mut kinds = of_stage.functions.iter().filter_map(|function| function.deployment.as_ref());
        assert!(kinds.all(|it| it.kind == "AllAtOnce" && it.alarms.is_empty()), "{stage}");
    }
}

#[test]
fn deploy_3_a_repair_passes_alarms_that_stand_and_a_check_that_is_broken() {
    let rolled_out = |rollout: &str| {
        let parameters = BTreeMap::from([("Rollout".to_owned(), rollout.to_owned())]);
        let functions = read("template.yaml", &parameters).functions;
        functions.into_iter().filter_map(|function| function.deployment).collect::<Vec<_>>()
    };
    for (rollout, kind, alarms, checked) in [
        ("canary", "Canary10Percent10Minutes", 7, 6),
        ("all-at-once", "AllAtOnce", 0, 6),
        ("unchecked", "AllAtOnce", 0, 0),
    ] {
        let deployments = rolled_out(rollout);
        assert!(deployments.iter().all(|it| it.kind == kind && it.alarms.len() == alarms), "{rollout}");
        assert_eq!(deployments.iter().filter(|it| it.before.is_some()).count(), checked, "{rollout}");
    }
}

/// Its role may lead what is watched, and nothing else.
#[test]
fn deploy_3_codedeploy_may_lead_every_alias_that_it_has_to() {
    let written = text("template.yaml");
    let (_, role) = written.split_once("\n  DeploymentRole:\n").unwrap();
    let role = role.split("lambda:InvokeFunction").next().unwrap();
    let starts: Vec<&str> =
        role.split(":function:${AWS::StackName}-").skip(1).filter_map(|rest| rest.split('*').next()).collect();
    assert!(
        starts.iter().all(|start| !start.is_empty()),
        "all of the stack's, and of stacks whose names begin like it"
    );
    for function in template().functions {
        let may = starts.iter().any(|start| function.logical_id.starts_with(start));
        assert_eq!(may, function.deployment.is_some(), "{}", function.logical_id);
    }
}

/// One alert of `infra/prometheus/rules.yml`.
struct Alert {
    name: String,
    rule: Value,
}

fn rules() -> Vec<Value> {
    let rules: Value = yaml_serde::from_str(&text("infra/prometheus/rules.yml")).unwrap();
    let groups = rules["groups"].as_array().unwrap();
    groups.iter().flat_map(|group| group["rules"].as_array().unwrap().clone()).collect()
}

fn alerts() -> Vec<Alert> {
    let name = |rule: &Value| rule["alert"].as_str().map(str::to_owned);
    rules().into_iter().filter_map(|rule| Some(Alert { name: name(&rule)?, rule })).collect()
}

/// The runbook that an alarm's description or an alert's annotation ends with.
fn runbook(told: &str) -> String {
    let path = told.rsplit(' ').next().unwrap();
    path.strip_prefix("docs/runbooks/").and_then(|path| path.strip_suffix(".md")).unwrap_or_default().to_owned()
}

#[test]
fn every_alarm_has_a_runbook_and_every_runbook_of_an_alarm_an_alarm() {
    let alarms: Vec<String> = template().alarms.iter().map(|alarm| runbook(&alarm.description)).collect();
    let alerts: Vec<String> =
        alerts().iter().map(|alert| runbook(alert.rule["annotations"]["runbook"].as_str().unwrap())).collect();
    let named: BTreeSet<String> = alarms.into_iter().chain(alerts).collect();
    let mut written = BTreeSet::new();
    for entry in fs::read_dir(in_repository("docs/runbooks")).unwrap() {
        let page = fs::read_to_string(entry.as_ref().unwrap().path()).unwrap();
        let name = entry.unwrap().file_name().into_string().unwrap().trim_end_matches(".md").to_owned();
        written.insert(name.clone());
        // Other pages are for other occasions; an alarm may name one of them, too.
        let Some(title) = page.lines().next().unwrap().strip_prefix("# Alarm: ") else { continue };
        assert_eq!(title, name);
        assert!(named.contains(title), "no alarm names {title}");
        for heading in ["**Means**", "**Who notices**", "## Look", "## Do", "## Over"] {
            assert!(page.contains(heading), "{name} lacks {heading}");
        }
    }
    assert!(named.is_subset(&written), "{:?}", named.difference(&written));
}

#[test]
fn alarms_are_named_like_their_runbooks_and_tell_one_topic() {
    for alarm in template().alarms {
        let name = alarm.name.strip_prefix("postern-").unwrap();
        assert!(name.starts_with(&runbook(&alarm.description)), "{name}: {}", alarm.description);
        let [topic] = alarm.actions.as_slice() else { panic!("{name} tells more than one topic") };
        assert!(["PageTopic.Ref", "TicketTopic.Ref"].contains(&topic.as_str()), "{name}");
        let period = alarm.metrics[0].period_seconds;
        assert!(alarm.metrics.iter().all(|metric| metric.period_seconds == period), "{name} mixes periods");
    }
}

/// OPS-4, and the alerts of docs/metrics.md: what whoever is called, by whichever way, is called for.
#[test]
fn ops_4_cloudwatch_and_prometheus_have_the_same_thresholds() {
    let template = template();
    let (alerts, rules) = (alerts(), rules());
    let expected = [
        ("refresh-replays", "PosternRefreshReplays", "0.1", 300, "> 0.1", "delta5m"),
        ("csrf-invalid", "PosternCsrfInvalid", "5", 120, "> 5", "delta2m"),
        ("verify-latency", "PosternVerifyLatency", "200", 300, "> 0.2", "[5m]"),
        ("jwks-unreachable", "PosternJwksUnreachable", "0", 120, "== 0", ""),
        ("login-failures", "PosternLoginFailures", "50", 300, "> 50", "delta5m"),
        ("lockouts", "PosternLockouts", "10", 300, "> 10", "delta5m"),
        ("webhooks-undeliverable", "PosternWebhooksUndeliverable", "0", 300, "> 0", "delta5m"),
        ("server-errors", "PosternServerErrors", "1", 300, "> 1", "delta5m"),
        ("mail-undeliverable", "PosternMailUndeliverable", "5", 900, "> 5", "delta15m"),
    ];
    for (name, alert, threshold, seconds, compares, window) in expected {
        let alarm = template.alarms.iter().find(|alarm| alarm.name == format!("postern-{name}")).unwrap();
        assert_eq!(
            (alarm.threshold.as_str(), alarm.comparison.as_str()),
            (threshold, "GreaterThanThreshold"),
            "{name}"
        );
        assert_eq!(alarm.metrics[0].period_seconds * alarm.datapoints_to_alarm, seconds, "{name}");
        let rule = &alerts.iter().find(|it| it.name == alert).unwrap().rule;
        let expr = rule["expr"].as_str().unwrap();
        assert!(expr.contains(compares) && expr.contains(window), "{alert}: {expr}");
        let topic = if rule["labels"]["severity"] == "page" { "PageTopic.Ref" } else { "TicketTopic.Ref" };
        assert_eq!(alarm.actions, [topic], "{name}");
    }
    let jwks = &alerts.iter().find(|it| it.name == "PosternJwksUnreachable").unwrap().rule;
    assert_eq!(jwks["for"], "2m");
    for minutes in [2, 5, 15] {
        let zero = rules.iter().find(|rule| rule["record"] == format!("postern:zero:offset{minutes}m")).unwrap();
        assert!(zero["expr"].as_str().unwrap().contains(&format!("offset {minutes}m")));
    }
}
