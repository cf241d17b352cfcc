//! Nothing that watches Postern is dead: each metric that an alarm, a rule or a dashboard names is one that is made, each
//! alarm has a runbook, and whatever can stand still has an alarm (OPS-4). promtool's part is in `promtool`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;
use template::{Alarm, Metric, Template};

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

/// What AWS itself measures and we look at, with the dimensions that a metric must have to be found.
const OF_AWS: [(&str, &str, &[&str]); 12] = [
    ("AWS/DynamoDB", "ReadThrottleEvents", &["TableName"]),
    ("AWS/DynamoDB", "WriteThrottleEvents", &["TableName"]),
    ("AWS/Lambda", "ConcurrentExecutions", &[]),
    ("AWS/Lambda", "Errors", &["FunctionName"]),
    ("AWS/Lambda", "Invocations", &["FunctionName"]),
    ("AWS/Lambda", "IteratorAge", &["FunctionName"]),
    ("AWS/Lambda", "Throttles", &[]),
    ("AWS/SES", "Reputation.BounceRate", &[]),
    ("AWS/SES", "Reputation.ComplaintRate", &[]),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", &["QueueName"]),
    ("AWS/Usage", "CallCount", &["Class", "Resource", "Service", "Type"]),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage", &["QueueName"]),
];

/// Why CloudWatch would never have a value for this, if so.
fn dead(template: &Template, namespace: &str, name: &str, dimensions: &BTreeMap<String, String>) -> Option<String> {
    let keys: BTreeSet<String> = dimensions.keys().cloned().collect();
    if namespace == "Postern" {
        let rows = documented("CloudWatch");
        let Some(row) = rows.iter().find(|row| row[0] == format!("`{name}`")) else {
            return Some("docs/metrics.md does not list it".to_owned());
        };
        if keys != quoted(&row[2]) {
            return Some(format!("its dimensions are {}", row[2]));
        }
        // Which outcomes there are is told with the counter of the same name.
        let series = documented("The series");
        let counter = match name {
            "CsrfChecks" => "`postern_csrf_checks_total`",
            "Deliveries" => "`postern_webhook_deliveries_total`",
            _ => "",
        };
        let told = series.iter().find(|row| row[0] == counter).map(|row| row[3].clone()).unwrap_or_default();
        let unknown = dimensions.iter().find(|(label, value)| !is_known_value(name, label, value, &told));
        return unknown.map(|(label, value)| format!("{label} is never {value}"));
    }
    if namespace == "Postern/postern" {
        let counted = template.metric_filters.iter().any(|filter| filter.namespace == namespace && filter.name == name);
        return (!counted || !keys.is_empty()).then(|| "no metric filter counts it".to_owned());
    }
    let Some((_, _, wanted)) = OF_AWS.iter().find(|known| (known.0, known.1) == (namespace, name)) else {
        return Some("AWS is not known to measure it".to_owned());
    };
    if !keys.iter().map(String::as_str).eq(wanted.iter().copied()) {
        return Some(format!("its dimensions are {wanted:?}"));
    }
    let owner = |label: &str, value: &str| match label {
        "FunctionName" => template.functions.iter().any(|it| value == format!("{}.Ref", it.logical_id)),
        "TableName" => template.tables.iter().any(|it| value == it.name),
        "QueueName" => value.ends_with("DeadLetters.QueueName"),
        _ => true,
    };
    dimensions.iter().find(|(label, value)| !owner(label, value)).map(|(label, value)| format!("no {label} {value}"))
}

#[test]
fn no_alarm_watches_a_metric_that_nobody_makes() {
    let template = template();
    assert!(template.alarms.len() > 20);
    for alarm in &template.alarms {
        for Metric { namespace, name, dimensions, .. } in &alarm.metrics {
            let dead = dead(&template, namespace, name, dimensions);
            assert_eq!(dead, None, "{}: {namespace} {name} {dimensions:?}", alarm.logical_id);
        }
    }
}

#[test]
fn no_graph_of_the_dashboard_is_of_a_metric_that_nobody_makes() {
    let template = template();
    let [dashboard] = template.dashboards.as_slice() else { panic!("one dashboard") };
    let widgets = dashboard.body["widgets"].as_array().unwrap();
    let mut seen = 0;
    for metric in widgets.iter().filter_map(|widget| widget["properties"]["metrics"].as_array()).flatten() {
        let parts: Vec<&str> = metric.as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let [namespace, name, dimensions @ ..] = parts.as_slice() else {
            let search = metric[0]["expression"].as_str().unwrap();
            let known = ["Events", "Requests", "Duration", "ReadThrottleEvents"];
            assert!(known.iter().any(|name| search.contains(&format!("MetricName=\"{name}\""))), "{search}");
            continue;
        };
        let dimensions = dimensions.chunks(2).map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect();
        assert_eq!(dead(&template, namespace, name, &dimensions), None, "{metric}");
        seen += 1;
    }
    assert!(seen > 20);
    let shown: BTreeSet<&str> = widgets
        .iter()
        .filter_map(|widget| widget["properties"]["alarms"].as_array())
        .flatten()
        .filter_map(|arn| arn.as_str()?.strip_suffix(".Arn"))
        .collect();
    let alarms: BTreeSet<&str> = template.alarms.iter().map(|alarm| alarm.logical_id.as_str()).collect();
    assert_eq!(shown, alarms, "the dashboard shows the state of every alarm");
}

/// All that a function is made of.
fn sources() -> String {
    fn read(folder: &Path, all: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, all);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                all.push_str(&fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut all = String::new();
    ["shared/src", "functions/handlers/src"].iter().for_each(|folder| read(&in_repository(folder), &mut all));
    all
}

/// A pattern that fits no line that we write would never count anything.
#[test]
fn what_is_counted_in_the_logs_is_what_the_code_writes() {
    let template = template();
    let sources = sources();
    let routes: BTreeSet<String> = template
        .functions
        .iter()
        .flat_map(|it| it.routes.iter().map(|route| format!("{} {}", route.method, route.path)))
        .collect();
    for filter in &template.metric_filters {
        let used = template.alarms.iter().flat_map(|alarm| &alarm.metrics).any(|it| it.name == filter.name);
        assert!(used, "{} is counted for nobody", filter.name);
        for part in filter.pattern.trim_matches(['{', '}', ' ']).split(" && ").filter(|part| !part.is_empty()) {
            let (field, value) = part.split_once(" = ").or_else(|| part.split_once(" != ")).unwrap();
            let value = value.trim_matches('"').trim_end_matches('*');
            let known = match field {
                "$.message" => sources.contains(&format!("\"{value}\")")),
                "$.error" => {
                    let (dependency, rest) = value.split_once(' ').unwrap();
                    sources.contains(&format!("&str = \"{dependency}\""))
                        && sources.contains(&format!("{{dependency}} {rest}"))
                }
                "$.route" => routes.contains(value),
                "$.status" => value.parse::<u16>().is_ok(),
                "$.level" => value == "ERROR",
                "$.type" | "$.record.status" => ["platform.report", "success"].contains(&value),
                // A field of ours that a variant of an enum is written into.
                own => sources.contains(&format!("?{},", &own[2..])) && sources.contains(&format!("    {value},\n")),
            };
            assert!(known, "{}: {part}", filter.logical_id);
        }
    }
}

fn alarms_on<'t>(template: &'t Template, name: &str, label: &str, value: &str) -> Vec<&'t Alarm> {
    let watches = |metric: &Metric| metric.name == name && metric.dimensions.get(label).is_some_and(|it| it == value);
    template.alarms.iter().filter(|alarm| alarm.metrics.iter().any(watches)).collect()
}

#[test]
fn ops_6_a_job_that_does_not_run_is_noticed() {
    let template = template();
    for function in template.functions.iter().filter(|function| !function.schedules.is_empty()) {
        let id = &function.logical_id;
        let alarms = alarms_on(&template, "Invocations", "FunctionName", &format!("{id}.Ref"));
        let [alarm] = alarms.as_slice() else {
            panic!(
                "infra/monitoring.yaml needs an alarm for {id} like AlarmRetryMailOverdue, or nobody learns that it stands still"
            );
        };
        let interval = function.schedules.iter().map(|it| it.every_seconds).min().unwrap();
        let window = u64::from(alarm.metrics[0].period_seconds * alarm.evaluation_periods);
        // Late by a fifth is no news; twice the time and an hour is.
        assert!(
            window * 5 >= interval * 6 && window <= 2 * interval + 3600 * 2,
            "{id}: {window} s for every {interval} s"
        );
        assert_eq!((alarm.missing_data.as_str(), alarm.datapoints_to_alarm), ("breaching", alarm.evaluation_periods));
        assert_eq!(alarm.expression.as_deref(), Some("runs - faults"));
        assert_eq!(alarms_on(&template, "Errors", "FunctionName", &format!("{id}.Ref")), alarms);
    }
}

#[test]
fn streams_that_fall_behind_and_records_that_are_given_up_are_noticed() {
    let template = template();
    for function in template.functions.iter().filter(|function| !function.streams.is_empty()) {
        let id = &function.logical_id;
        let alarms = alarms_on(&template, "IteratorAge", "FunctionName", &format!("{id}.Ref"));
        assert_eq!(alarms.len(), 1, "infra/monitoring.yaml needs an alarm for {id} like AlarmSendMailLag");
        for queue in function.streams.iter().filter_map(|stream| stream.on_failure.as_deref()) {
            let queue = queue.trim_end_matches(".Arn");
            let alarms =
                alarms_on(&template, "ApproximateNumberOfMessagesVisible", "QueueName", &format!("{queue}.QueueName"));
            assert_eq!(alarms.len(), 1, "infra/monitoring.yaml needs an alarm for {queue} like AlarmMailDeadLetters");
        }
    }
}

/// A misspelt name would be an alarm that is never raised, and a deployment that nothing takes back.
#[test]
fn deploy_3_a_new_version_is_taken_back_by_alarms_that_exist() {
    let template = template();
    let alarms: BTreeSet<&str> = template.alarms.iter().map(|alarm| alarm.name.as_str()).collect();
    for function in &template.functions {
        assert_eq!(function.alias.as_deref(), Some("live"), "{}", function.binary);
        let is_job = !function.schedules.is_empty() || !function.streams.is_empty();
        assert!(!is_job || function.deployment.is_none(), "{} would be taken over slowly for nothing", function.binary);
        assert!(function.routes.is_empty() || function.deployment.is_some(), "{} is not watched", function.binary);
        let Some(deployment) = &function.deployment else { continue };
        assert!(deployment.kind.starts_with("Canary10Percent"), "{}: {}", function.binary, deployment.kind);
        assert!(deployment.alarms.len() > 5, "{}", function.binary);
        for name in &deployment.alarms {
            assert!(alarms.contains(name.as_str()), "{}: there is no alarm {name}", function.binary);
        }
    }
    for stage in ["preview", "development"] {
        let of_stage = read("template.yaml", &BTreeMap::from([("Stage".to_owned(), stage.to_owned())]));
        let mut kinds = of_stage.functions.iter().filter_map(|function| function.deployment.as_ref());
        assert!(kinds.all(|it| it.kind == "AllAtOnce" && it.alarms.is_empty()), "{stage}");
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

#[test]
fn every_alert_is_played_so_that_it_fires_and_so_that_it_does_not() {
    let played: Value = yaml_serde::from_str(&text("infra/prometheus/rules_test.yml")).unwrap();
    let cases: Vec<&Value> = played["tests"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|test| test["alert_rule_test"].as_array())
        .flatten()
        .collect();
    for Alert { name, .. } in alerts() {
        let [fires, is_silent] = [true, false]
            .map(|fires| cases.iter().any(|it| it["alertname"] == name && it["exp_alerts"].is_array() == fires));
        assert!(fires && is_silent, "{name}");
    }
}

/// What the Grafana dashboard asks, as it is written there.
pub(crate) fn dashboard_queries() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(&text("infra/grafana/postern.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect()
}

/// A query with Grafana's variables replaced by what they may stand for.
pub(crate) fn unpacked(query: &str) -> String {
    ["$__rate_interval", "$__interval", "$__range"]
        .iter()
        .fold(query.replace("$instance", ".*"), |query, variable| query.replace(variable, "5m"))
}

/// The selectors in a query of one of these prefixes: a name, and its labels with what they are compared with.
fn selectors(query: &str, prefix: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut found = Vec::new();
    for (at, _) in query.match_indices(prefix) {
        let rest = &query[at..];
        let end = rest.find(|it: char| !it.is_ascii_alphanumeric() && it != '_').unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        let inside = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).map_or("", |(inside, _)| inside);
        let labels = inside.split(", ").flat_map(|part| part.split(',')).filter_map(|matcher| {
            let (label, value) = matcher.split_once(['=', '!'])?;
            Some((label.trim().to_owned(), value.trim_matches(['=', '~', '"']).to_owned()))
        });
        found.push((name.to_owned(), labels.collect()));
    }
    found
}

#[test]
fn no_query_for_prometheus_asks_for_what_there_is_not() {
    let series = documented("The series");
    let rules = rules();
    let recorded: BTreeSet<&str> = rules.iter().filter_map(|rule| rule["record"].as_str()).collect();
    let asked = rules.iter().map(|rule| rule["expr"].as_str().unwrap().to_owned()).chain(dashboard_queries());
    let mut seen = BTreeSet::new();
    for query in asked {
        for (_, record) in query.match_indices("postern:").map(|(at, _)| (at, &query[at..])) {
            let end = record.find(|it: char| !it.is_ascii_alphanumeric() && !"_:".contains(it)).unwrap_or(record.len());
            assert!(recorded.contains(&record[..end]), "{query}");
        }
        for (name, labels) in selectors(&query, "postern_") {
            let base = ["_bucket", "_count", "_sum"].iter().find_map(|part| name.strip_suffix(part)).unwrap_or(&name);
            let row = series.iter().find(|row| row[0] == format!("`{base}`"));
            let row = row.unwrap_or_else(|| panic!("docs/metrics.md has no {name}: {query}"));
            assert_eq!(row[1] == "histogram", base != name, "{query}");
            seen.insert(base.to_owned());
            for (label, values) in labels.iter().filter(|(label, _)| !["job", "instance"].contains(&label.as_str())) {
                assert!(quoted(&row[2]).contains(label), "{name} has no label {label}: {query}");
                let known = |value: &str| is_known_value(&name, label, value, &row[3]);
                assert!(values.split('|').all(known), "{label} of {name} is never {values}: {query}");
            }
        }
        for (name, _) in selectors(&query, "probe_") {
            assert!(["probe_success", "probe_http_status_code"].contains(&name.as_str()), "{query}");
        }
    }
    let all: BTreeSet<String> = series.iter().map(|row| row[0].trim_matches('`').to_owned()).collect();
    assert_eq!(seen, all, "every series is looked at somewhere");
}

#[test]
fn the_grafana_dashboard_can_be_imported_into_any_grafana() {
    let dashboard: Value = serde_json::from_str(&text("infra/grafana/postern.json")).unwrap();
    assert_eq!((&dashboard["uid"], &dashboard["id"]), (&Value::from("postern"), &Value::Null));
    let variables: Vec<&str> =
        dashboard["templating"]["list"].as_array().unwrap().iter().filter_map(|it| it["type"].as_str()).collect();
    assert_eq!(variables, ["datasource", "query"]);
    let mut ids = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{}", panel["title"]);
        let at = |side: &str| panel["gridPos"][side].as_u64().unwrap();
        for x in at("x")..at("x") + at("w") {
            for y in at("y")..at("y") + at("h") {
                assert!(x < 24 && taken.insert((x, y)), "{} lies on another panel, or beside the page", panel["title"]);
            }
        }
        for target in panel["targets"].as_array().into_iter().flatten() {
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{}", panel["title"]);
        }
    }
}
