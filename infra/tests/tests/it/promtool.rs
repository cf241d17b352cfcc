//! Prometheus' own judge over `infra/prometheus` and over what the Grafana dashboard asks. What they name is looked at in
//! `monitoring`, without it.

use std::path::PathBuf;
use std::process::Command;

use crate::monitoring::prometheus::{dashboard_queries, unpacked};
use crate::scripts::in_repository;

/// The one that `cargo verify` unpacked, else the machine's own.
fn promtool() -> Command {
    let own = in_repository(".tools/prometheus/usr/bin/promtool");
    let mut command = Command::new(if own.exists() { own } else { PathBuf::from("promtool") });
    command.current_dir(in_repository("infra/prometheus"));
    command
}

/// What it says, if it is content. Some of its versions end well when a file cannot be read.
fn content(arguments: &[&str]) -> String {
    let output = promtool().args(arguments).output().unwrap_or_else(|error| panic!("promtool does not start: {error}"));
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success() && said.contains("SUCCESS") && !said.contains("FAILED"), "{arguments:?}: {said}");
    said
}

#[test]
#[ignore = "needs cargo verify --only alerts"]
fn ops_4_each_alert_fires_when_it_should_and_only_then() {
    content(&["check", "rules", "rules.yml"]);
    content(&["test", "rules", "rules_test.yml"]);
}

#[test]
#[ignore = "needs cargo verify --only alerts"]
fn the_sample_configuration_is_one() {
    content(&["check", "config", "--syntax-only", "prometheus.yml"]);
}

/// As rules, since promtool reads queries only there.
#[test]
#[ignore = "needs cargo verify --only alerts"]
fn the_queries_of_the_dashboard_can_be_asked() {
    let queries = dashboard_queries();
    let rules = queries.iter().enumerate().map(|(n, query)| {
        let query = serde_json::Value::from(unpacked(query));
        format!("      - {{record: 'query:{n}', expr: {query}}}\n")
    });
    let text = format!("groups:\n  - name: dashboard\n    rules:\n{}", rules.collect::<String>());
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("dashboard-queries.yml");
    std::fs::write(&file, text).unwrap();
    let said = content(&["check", "rules", &file.to_string_lossy()]);
    assert!(said.contains(&format!("{} rules found", queries.len())), "{said}");
}
