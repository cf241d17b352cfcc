//! Prometheus' and Grafana's side: rules and dashboard ask for what there is (OPS-3, OPS-4).

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Alert, alerts, documented, is_known_value, quoted, rules, text};

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
