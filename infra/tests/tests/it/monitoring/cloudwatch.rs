//! CloudWatch's side: alarms, dashboard and metric filters of the template are of what is made (OPS-4).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;
use template::{Alarm, Metric, Template};

use super::{documented, is_known_value, quoted, template};
use crate::scripts::in_repository;

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
