//! A small template with one of everything: each value arrives where it belongs. What is refused is in `faults.rs`.

use std::collections::BTreeMap;

use serde_json::json;
use template::{
    Alarm, Attribute, AttributeKind, Deployment, Index, Metric, MetricFilter, Projection, Statement, StreamSource,
    StreamView, Template,
};

const SMALL: &str = include_str!("small.yaml");

fn read(parameters: &[(&str, &str)]) -> Template {
    let parameters = parameters.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    Template::read(SMALL, &parameters, &|id, attribute| Some(format!("{id}:{attribute}")))
        .unwrap_or_else(|faults| panic!("{faults}"))
}

fn map(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
    entries.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

fn attribute(name: &str, kind: AttributeKind) -> Attribute {
    Attribute { name: name.to_owned(), kind }
}

#[test]
fn a_function_has_the_settings_of_globals_and_its_own_win() {
    let template = read(&[]);
    assert_eq!(template.environment, map(&[("NAME", "Demo"), ("THINGS_TABLE", "postern-things")]));
    let [get, job] = template.functions.as_slice() else { panic!("two functions") };
    let own = map(&[("NAME", "Demo-Suffix:Arn-${Kept}"), ("OWN", "a/b"), ("THINGS_TABLE", "postern-things")]);
    assert_eq!(get.environment, own);
    assert_eq!(
        (get.binary.as_str(), get.timeout_seconds, get.memory_mb, get.asynchronous_retries),
        ("get", 10, 512, 2)
    );
    assert_eq!(job.environment, template.environment);
    assert_eq!(
        (job.binary.as_str(), job.timeout_seconds, job.memory_mb, job.asynchronous_retries),
        ("job", 60, 128, 0)
    );
}

#[test]
fn routes_schedules_and_streams_are_read() {
    let template = read(&[]);
    let [get, job] = template.functions.as_slice() else { panic!("two functions") };
    let routes: Vec<_> = get.routes.iter().map(|route| (route.method.as_str(), route.path.as_str())).collect();
    assert_eq!(routes, [("GET", "/things/{id}"), ("GET", "/files/{path+}")]);

    let schedules: Vec<_> = job.schedules.iter().map(|it| (it.name.as_str(), it.every_seconds, it.enabled)).collect();
    assert_eq!(schedules, [("daily", 86_400, false), ("JobOften", 300, true)]);
    assert_eq!(job.schedules[1].input, Some(json!({ "page": 1 })));

    let source = StreamSource {
        table: "Things".to_owned(),
        batch_size: 10,
        batching_window_seconds: 0,
        maximum_retry_attempts: None,
        bisect: false,
        report_batch_item_failures: false,
        from_the_beginning: true,
        changes: vec!["INSERT".to_owned()],
        on_failure: Some("Suffix:Arn".to_owned()),
    };
    assert_eq!(job.streams, [source]);
}

#[test]
fn a_managed_policy_is_replaced_by_what_it_says() {
    let arn = "arn:aws:dynamodb:us-east-1:000000000000:table/postern-things";
    let expected = [
        Statement {
            actions: vec!["kms:Decrypt".to_owned()],
            resources: vec!["*".to_owned()],
            condition: Some(json!({ "StringEquals": { "aws:x": "Demo" } })),
        },
        Statement {
            actions: vec!["dynamodb:GetItem".to_owned()],
            resources: vec![arn.to_owned(), format!("{arn}/index/due")],
            condition: None,
        },
    ];
    assert_eq!(read(&[]).functions[0].policies, expected);
}

#[test]
fn a_table_has_keys_indexes_expiry_and_a_stream() {
    let template = read(&[("AWS::StackName", "mine")]);
    let [table] = template.tables.as_slice() else { panic!("one table") };
    assert_eq!((table.logical_id.as_str(), table.name.as_str()), ("Things", "mine-things"));
    assert_eq!((&table.hash_key, &table.range_key), (&attribute("id", AttributeKind::S), &None));
    let due = Index {
        name: "due".to_owned(),
        hash_key: attribute("id", AttributeKind::S),
        range_key: Some(attribute("due", AttributeKind::N)),
        projection: Projection::Include(vec!["title".to_owned()]),
    };
    assert_eq!(table.indexes, [due]);
    assert_eq!(table.ttl_attribute.as_deref(), Some("ttl"));
    assert_eq!(table.stream, Some(StreamView::NewImage));
    assert!(!table.point_in_time_recovery && !table.deletion_protection && !table.kms_encryption);
}

#[test]
fn a_given_parameter_changes_conditions_and_what_hangs_on_them() {
    let (development, production) = (read(&[]), read(&[("Stage", "production")]));
    let ids = |template: &Template| template.keys.iter().map(|key| key.logical_id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&development), ["Wrap"]);
    assert_eq!(ids(&production), ["OnlyInProduction", "Wrap"]);
    assert!(production.tables[0].point_in_time_recovery);
    assert!(production.outputs["Kept"] == "OnlyInProduction:Ref" && !development.outputs.contains_key("Kept"));
    assert_eq!(production.parameters, map(&[("Name", "Demo"), ("Size", "3"), ("Stage", "production")]));
}

#[test]
fn rules_say_what_given_values_break() {
    for (stage, name, broken) in [("production", "Nobody", vec!["Set Name"]), ("production", "Demo", vec![])] {
        assert_eq!(read(&[("Stage", stage), ("Name", name)]).broken_rules, broken);
    }
    assert!(read(&[("Name", "Nobody")]).broken_rules.is_empty());
}

#[test]
fn routes_with_a_limit_of_their_own_are_known() {
    assert_eq!(read(&[]).throttled, ["GET /things/{id}"]);
}

#[test]
fn keys_and_outputs_are_read() {
    let template = read(&[("AWS::Region", "eu-west-1")]);
    let [key] = template.keys.as_slice() else { panic!("one key") };
    assert_eq!((key.spec.as_str(), key.usage.as_str()), ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"));
    assert_eq!((key.description.as_str(), key.rotated_by_kms), ("wraps", true));
    let url = "https://Api:Ref.eu-west-1.amazonaws.com";
    assert_eq!(template.outputs, map(&[("Entry", "Get:Alias"), ("Url", url), ("Watched", "Watch:Outputs.Topic")]));
}

#[test]
fn deployments_are_read_and_can_be_turned_off() {
    let deployments = |stage| {
        let template = read(&[("Stage", stage)]);
        assert!(template.functions.iter().all(|function| function.alias.as_deref() == Some("live")));
        template.functions.into_iter().map(|function| function.deployment).collect::<Vec<_>>()
    };
    let deployment = |kind: &str, alarms: &[&str]| Deployment {
        kind: kind.to_owned(),
        alarms: alarms.iter().map(|&alarm| alarm.to_owned()).collect(),
        before: Some("Job:Ref".to_owned()),
        after: None,
    };
    let watched = deployment("Canary10Percent5Minutes", &["postern-loud"]);
    assert_eq!(deployments("production"), [Some(watched), None]);
    assert_eq!(deployments("development"), [Some(deployment("AllAtOnce", &[])), None]);
}

#[test]
fn a_nested_stack_is_known_by_its_file_and_what_it_is_given() {
    let [nested] = read(&[]).nested.try_into().expect("one nested stack");
    assert_eq!((nested.logical_id.as_str(), nested.location.as_str()), ("Watch", "watch.yaml"));
    assert_eq!(nested.parameters, map(&[("Function", "Get:Ref"), ("Table", "postern-things")]));
}

#[test]
fn alarms_are_read_with_what_they_watch() {
    let template = read(&[]);
    let metric = |namespace: &str, name: &str, dimensions: &[(&str, &str)], statistic: &str, period_seconds| Metric {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        dimensions: map(dimensions),
        statistic: statistic.to_owned(),
        period_seconds,
    };
    let loud = Alarm {
        logical_id: "Loud".to_owned(),
        name: "loud".to_owned(),
        description: "Something is wrong".to_owned(),
        metrics: vec![metric("Demo/Demo", "Failures", &[], "Sum", 300)],
        expression: None,
        comparison: "GreaterThanThreshold".to_owned(),
        threshold: "0.5".to_owned(),
        evaluation_periods: 3,
        datapoints_to_alarm: 2,
        missing_data: "notBreaching".to_owned(),
        actions: vec!["Told:Ref".to_owned()],
    };
    let ratio = Alarm {
        logical_id: "Ratio".to_owned(),
        name: "ratio".to_owned(),
        description: "Too many are slow".to_owned(),
        metrics: vec![
            metric("Demo", "Slow", &[], "Sum", 60),
            metric("Demo", "All", &[("Table", "postern-things")], "p95", 120),
        ],
        expression: Some("100 * slow / all_of_them".to_owned()),
        comparison: "LessThanThreshold".to_owned(),
        threshold: "5".to_owned(),
        evaluation_periods: 1,
        datapoints_to_alarm: 1,
        missing_data: "breaching".to_owned(),
        ..loud.clone()
    };
    assert_eq!(template.alarms, [loud, ratio]);
}

#[test]
fn dashboards_and_metric_filters_are_read() {
    let template = read(&[]);
    let [board] = template.dashboards.as_slice() else { panic!("one dashboard") };
    assert_eq!(board.body, json!({ "widgets": [{ "type": "text", "properties": { "markdown": "Demo" } }] }));
    let failures = MetricFilter {
        logical_id: "Failures".to_owned(),
        pattern: r#"{ $.level = "ERROR" }"#.to_owned(),
        namespace: "Demo/Demo".to_owned(),
        name: "Failures".to_owned(),
    };
    assert_eq!(template.metric_filters, [failures]);
}
