//! What keeps the repository in shape: the invariants of docs/architecture.md, as tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use template::Template;
use tests::Sample;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn template() -> Template {
    let text = fs::read_to_string(root().join("template.yaml")).unwrap();
    Template::read(&text, &Default::default(), &|id, attribute| Some(format!("{id}.{attribute}")))
        .unwrap_or_else(|faults| panic!("{faults}"))
}

fn names_in(folder: &str, ending: &str) -> BTreeSet<String> {
    let entries =
        fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    entries.filter_map(|name| name.strip_suffix(ending).map(str::to_owned)).collect()
}

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true if !path.ends_with("target") && !path.ends_with("node_modules") => walk(&path, found),
                false if path.extension().is_some_and(|ending| ending == "rs") => {
                    found.push((path.clone(), fs::read_to_string(&path).unwrap()))
                }
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    for folder in ["shared/src", "functions", "infra"] {
        walk(&root().join(folder), &mut found);
    }
    found
}

#[test]
fn invariant_7_template_code_binaries_and_events_name_the_same_functions() {
    let endpoints = handlers::ENDPOINTS.iter().map(|endpoint| endpoint.name);
    let jobs = handlers::JOBS.iter().map(|job| job.name);
    let consumers = handlers::CONSUMERS.iter().map(|consumer| consumer.name);
    let code: BTreeSet<String> = endpoints
        .chain(jobs)
        .chain(consumers)
        .chain([handlers::AUTHORIZER, handlers::DEPLOY_CHECK])
        .map(str::to_owned)
        .collect();
    let deployed: BTreeSet<String> = template().functions.iter().map(|function| function.binary.clone()).collect();
    assert_eq!(deployed, code, "template.yaml against the tables in functions/handlers/src/lib.rs");
    assert_eq!(names_in("functions/lambda/src/bin", ".rs"), code, "functions/lambda/src/bin against the tables");
    assert_eq!(names_in("events", ".json"), code, "events against the tables");
}

#[test]
fn invariant_7_template_and_code_name_the_same_routes() {
    for function in template().functions {
        let Some(endpoint) = handlers::ENDPOINTS.iter().find(|endpoint| endpoint.name == function.binary) else {
            continue;
        };
        let deployed: BTreeSet<String> = function
            .routes
            .iter()
            .filter(|route| route.path != template::DEFAULT)
            .map(|route| format!("{} {}", route.method, route.path))
            .collect();
        let code: BTreeSet<String> = endpoint.routes.iter().map(|&route| route.to_owned()).collect();
        assert_eq!(deployed, code, "{}", function.binary);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_sample_event_is_one_its_function_understands() {
    let app = tests::TestApp::start().await;
    for name in names_in("events", ".json") {
        let event = Sample::of(&name).event().clone();
        let answer = app.stack.invoke(&name, event).await.unwrap_or_else(|failed| panic!("{name}: {failed}"));
        if let Some(status) = answer.get("statusCode").and_then(Value::as_u64) {
            assert!(status < 500 && status != 404 && status != 405, "{name}: {answer}");
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for (path, text) in sources() {
        let is_three_lines = text.lines().count() <= 3;
        assert!(text.starts_with("//!") || is_three_lines, "{} does not open with //!", path.display());
    }
}

#[test]
fn files_hold_one_idea_each() {
    for (path, text) in sources() {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let is_test = path.components().any(|part| part.as_os_str() == "tests") || name.ends_with("_tests");
        let code = text.split("#[cfg(test)]").next().unwrap().lines().count();
        assert!(is_test || code <= 320, "{} has {code} lines before its tests", path.display());
    }
}

#[test]
fn invariant_1_only_the_store_speaks_dynamodb() {
    for (path, text) in sources() {
        let path = path.to_string_lossy().replace('\\', "/");
        let is_allowed = path.contains("/shared/src/store/") || path.contains("/infra/");
        assert!(is_allowed || !text.contains("aws_sdk_dynamodb"), "{path} speaks DynamoDB");
    }
}

#[test]
fn invariant_2_only_http_knows_statuses() {
    for (path, text) in sources() {
        let path = path.to_string_lossy().replace('\\', "/");
        let is_domain = path.contains("/shared/src/") && !path.contains("/shared/src/http/");
        let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        assert!(!is_domain || !code.contains("StatusCode"), "{path} knows a status");
        assert!(!is_domain || !code.contains("crate::http"), "{path} knows of HTTP");
    }
}

#[test]
fn invariant_3_no_production_code_asks_where_it_runs() {
    for (path, text) in sources() {
        let path = path.to_string_lossy().replace('\\', "/");
        if path.contains("/infra/") || path.ends_with("_tests.rs") {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap().to_lowercase();
        for word in ["127.0.0.1", "//localhost", "is_local", "local_mode", "_local/", "cfg!(test)"] {
            let says = code.lines().filter(|line| !line.trim_start().starts_with("//")).any(|line| line.contains(word));
            assert!(!says, "{path} mentions {word}");
        }
    }
}

/// cargo-lambda, and `sam build` by it, sets what the profile leaves open, `panic = "abort"` among it: a panic would end the
/// sandbox then (decision 0016). And it builds what plain `cargo build` does unless it is told of the package.
#[test]
fn decision_16_nothing_of_the_release_profile_is_left_to_cargo_lambda() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let section = |head: &str| {
        let after = manifest.split(&format!("\n[{head}]\n")).nth(1).unwrap_or_else(|| panic!("no [{head}]"));
        after.split("\n[").next().unwrap().to_owned()
    };
    let profile = section("profile.release");
    for setting in ["opt-level = ", "lto = ", "codegen-units = ", "strip = ", "panic = \"unwind\""] {
        assert!(profile.lines().any(|line| line.starts_with(setting)), "{setting}: {profile}");
    }
    assert!(section("workspace.metadata.lambda.build").contains("packages = [\"lambda\"]"));
}

#[test]
fn documents_of_errors_are_what_the_code_says() {
    let documented = fs::read_to_string(root().join("docs/errors.md")).unwrap();
    for line in shared::http::problem::table() {
        assert!(documented.contains(&line), "docs/errors.md lacks: {line}");
    }
}
