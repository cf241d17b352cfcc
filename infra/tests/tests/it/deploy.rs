//! What ops deploy by: samconfig.toml, the rules of the template, the stacks beside it. That each file is sound by itself is the
//! step `template` of `cargo verify`; here they are held against each other and against the code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use regex_lite::Regex;
use serde_json::Value;
use template::Template;

use crate::scripts::in_repository;

fn text(path: &str) -> String {
    fs::read_to_string(in_repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn read(parameters: &BTreeMap<String, String>) -> Template {
    Template::read(&text("template.yaml"), parameters, &|id, attribute| Some(format!("{id}.{attribute}")))
        .unwrap_or_else(|faults| panic!("{faults}"))
}

fn template() -> Template {
    read(&BTreeMap::new())
}

/// The parameters that an environment of samconfig.toml deploys with.
fn overrides(config: &Value, environment: &str) -> BTreeMap<String, String> {
    let list = config[environment]["deploy"]["parameters"]["parameter_overrides"].as_array().unwrap();
    let pairs = list.iter().map(|pair| pair.as_str().unwrap().split_once('=').unwrap());
    // SAM takes quotes of a value off.
    pairs.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned())).collect()
}

#[test]
fn deploy_2_each_environment_sets_parameters_that_exist_to_values_that_are_allowed() {
    let config: Value = basic_toml::from_str(&text("samconfig.toml")).unwrap();
    for environment in ["production", "preview", "development"] {
        let deploy = &config[environment]["deploy"]["parameters"];
        let parameters = overrides(&config, environment);
        assert_eq!(parameters["Stage"], environment);
        // Reading refuses names and values that the template does not know.
        let template = read(&parameters);
        let capabilities: BTreeSet<_> =
            deploy["capabilities"].as_array().unwrap().iter().map(Value::to_string).collect();
        assert_eq!(capabilities.len(), 2, "{environment}");
        for name in ["stack_name", "region", "s3_prefix"] {
            assert!(deploy[name].is_string(), "{environment}: {name}");
        }
        // Functions are known by how their names begin; CloudFormation cuts longer ones.
        assert!(
            deploy["stack_name"].as_str().unwrap().len() <= 20,
            "{environment}: stack_name has more than 20 letters"
        );
        // Whoever forgets to edit the examples deploys nothing; all else is fine.
        let edited = parameters.iter().map(|(name, value)| (name.clone(), value.replace("invalid", "net"))).collect();
        assert!(!template.broken_rules.is_empty() && read(&edited).broken_rules.is_empty(), "{environment}");
    }
    let names: BTreeSet<_> = ["production", "preview", "development"]
        .map(|environment| config[environment]["deploy"]["parameters"]["stack_name"].to_string())
        .into();
    assert_eq!(names.len(), 3, "two environments would be one stack");
    assert_eq!(config["default"]["deploy"], Value::Null, "`sam deploy` alone deploys to nothing");
}

#[test]
fn deploy_2_settings_that_contradict_each_other_are_refused_before_anything_is_made() {
    let own = [
        ("PublicUrl", "https://auth.example.net"),
        ("AppUrl", "https://app.example.net"),
        ("FrontendOrigins", "https://app.example.net"),
        ("MailFrom", "no-reply@example.net"),
    ];
    let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    for (changes, broken) in [
        (vec![], ""),
        (vec![("MailFrom", "no-reply@example.invalid")], "Set MailFrom"),
        (vec![("Edge", "cloudfront")], "Edge needs EdgeSecretHashes"),
        (vec![("EdgeSecretHashes", hash)], "means nothing without Edge"),
        (vec![("Edge", "cloudfront"), ("EdgeSecretHashes", hash)], ""),
        (vec![("CaptchaProvider", "turnstile")], "CaptchaProvider needs CaptchaSecret"),
    ] {
        let parameters = own.iter().chain(&changes).map(|(name, value)| (name.to_string(), value.to_string()));
        let told = read(&parameters.collect()).broken_rules;
        assert_eq!(told.len(), usize::from(!broken.is_empty()), "{changes:?}: {told:?}");
        assert!(told.iter().all(|rule| rule.contains(broken)), "{changes:?}: {told:?}");
    }
}

/// What a value may be is said twice, for CloudFormation and for the functions; here they are held together.
#[test]
fn deploy_2_numbers_that_the_functions_would_refuse_are_refused_by_the_template() {
    let settings = text("shared/src/settings/mod.rs") + &text("shared/src/attempts/rules.rs");
    let template = text("template.yaml");
    let range = Regex::new(r#"number\(\s*"([A-Z_]+)",\s*[^,]+,\s*([0-9_]+)\.\.=([0-9_]+)"#).unwrap();
    let mut seen = 0;
    for found in range.captures_iter(&settings) {
        let camel: String = found[1].split('_').map(|word| word[..1].to_owned() + &word[1..].to_lowercase()).collect();
        let (_, parameter) = template.split_once(&format!("\n  {camel}:\n")).unwrap_or_else(|| panic!("no {camel}"));
        let parameter = parameter.split("Description").next().unwrap();
        let [least, most] = [&found[2], &found[3]].map(|number| number.replace('_', ""));
        assert!(parameter.contains(&format!("MinValue: {least}\n")), "{camel} from {least}");
        assert!(parameter.contains(&format!("MaxValue: {most}\n")), "{camel} to {most}");
        seen += 1;
    }
    assert!(seen >= 10, "{seen}");
}

#[test]
fn deploy_4_routes_that_hash_passwords_have_a_throttle_of_their_own() {
    let template = template();
    let hashing = template.functions.iter().filter(|function| function.memory_mb > 256).flat_map(|it| &it.routes);
    let throttled: BTreeSet<&str> = template.throttled.iter().map(String::as_str).collect();
    let takes_a_password = |path: &str| {
        ["login", "signup", "reset", "reset-password", "change"].iter().any(|end| path.ends_with(&format!("/{end}")))
            || path == "/account/password"
    };
    let wanted: BTreeSet<String> = hashing
        .filter(|route| route.method == "POST" && takes_a_password(&route.path))
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    let wanted: BTreeSet<&str> = wanted.iter().map(String::as_str).collect();
    assert_eq!(throttled, wanted);
}

#[test]
fn deploy_4_the_firewall_counts_every_route_that_takes_a_secret_or_sends_mail() {
    let edge = text("infra/edge.yaml");
    let (_, pattern) = edge.split_once("RegexString: ").expect("a rule with a pattern");
    let pattern = Regex::new(pattern.lines().next().unwrap()).unwrap();
    let limited = handlers::ENDPOINTS.iter().filter(|endpoint| endpoint.limited).flat_map(|endpoint| endpoint.routes);
    let mut limited: Vec<&str> = limited.filter_map(|route| route.strip_prefix("POST ")).collect();
    assert!(limited.len() >= 8, "{limited:?}");
    // The forms of the hosted pages, which reach the same rules.
    let forms = ["/signup", "/login", "/unlock", "/verify-email", "/verify-email/resend"];
    limited.extend(forms.iter().chain(&["/forgot-password", "/reset-password", "/account/password"]));
    for path in limited {
        assert!(pattern.is_match(path), "{path} is not counted");
    }
    for path in ["/auth/refresh", "/auth/logout", "/auth/verify-token", "/admin/unlock-account"] {
        assert!(!pattern.is_match(path), "{path} is counted");
    }
}

/// The two files have no other way to know of each other.
#[test]
fn deploy_4_the_edge_and_the_api_speak_of_the_same_headers() {
    let (edge, code) = (text("infra/edge.yaml"), text("shared/src/http/edge.rs"));
    for header in ["x-origin-verify", "x-viewer-address", "cloudfront-viewer-country", "cloudfront-viewer-city"] {
        assert!(edge.to_lowercase().contains(header), "infra/edge.yaml has no {header}");
        assert!(code.contains(&format!("\"{header}\"")), "shared/src/http/edge.rs has no {header}");
    }
}

#[test]
fn ops_7_what_cannot_be_made_again_is_backed_up_and_survives_its_stack() {
    let template = template();
    let backups = template.nested.iter().find(|nested| nested.logical_id == "Backups").expect("a nested stack Backups");
    let copied = |parameter: &str| -> BTreeSet<&str> {
        backups.parameters[parameter].split(',').map(|arn| arn.rsplit('/').next().unwrap()).collect()
    };
    let (daily, weekly) = (copied("Tables"), copied("Trail"));
    // A trail and the chain that vouches for it are of no use from different moments.
    assert_eq!(weekly, BTreeSet::from(["postern-audit-chain", "postern-audit-events"]));
    assert!(daily.is_disjoint(&weekly));
    let saved: BTreeSet<&str> = daily.union(&weekly).copied().collect();
    let durable = template.tables.iter().filter(|table| table.point_in_time_recovery);
    let durable: BTreeSet<&str> = durable.inspect(|table| assert!(table.retained)).map(|table| &*table.name).collect();
    assert_eq!(saved, durable);
    assert!(template.keys.iter().all(|key| key.retained), "what is encrypted under a key is lost with it");
    let preview = read(&BTreeMap::from([("Stage".to_owned(), "preview".to_owned())]));
    assert!(preview.nested.iter().all(|nested| nested.logical_id != "Backups"));
}

#[test]
fn deploy_1_nested_stacks_are_given_what_they_ask_for_and_nothing_else() {
    for nested in template().nested {
        let inner: yaml_serde::Value = yaml_serde::from_str(&text(&nested.location)).unwrap();
        let asked: BTreeSet<&str> =
            inner["Parameters"].as_mapping().unwrap().keys().filter_map(|name| name.as_str()).collect();
        let given: BTreeSet<&str> = nested.parameters.keys().map(String::as_str).collect();
        assert_eq!(given, asked, "{}", nested.location);
    }
}

/// Somebody who is woken at three must not find that a name is wrong.
#[test]
fn deploy_1_runbooks_name_resources_and_outputs_that_exist() {
    let templates = [text("template.yaml"), text("infra/monitoring.yaml"), text("infra/edge.yaml")].concat();
    let named =
        Regex::new(r"(?:id_of |logical-resource-id |logs |OutputKey=='|output `)([A-Z][A-Za-z]+)(?:$|[^A-Za-z$…])")
            .unwrap();
    let mut seen = 0;
    for entry in fs::read_dir(in_repository("docs/runbooks")).unwrap() {
        let path = entry.unwrap().path();
        for found in named.captures_iter(&fs::read_to_string(&path).unwrap()) {
            assert!(
                templates.contains(&format!("\n  {}:\n", &found[1])),
                "{}: there is no {}",
                path.display(),
                &found[1]
            );
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}

/// A behaviour that somebody adds and forgets one of these at would answer 500, or give one person's answer to another.
#[test]
fn deploy_4_every_path_tells_the_caller_and_only_public_files_are_kept() {
    let edge: yaml_serde::Value = yaml_serde::from_str(&text("infra/edge.yaml")).unwrap();
    let distribution = &edge["Resources"]["Distribution"]["Properties"]["DistributionConfig"];
    let behaviors = distribution["CacheBehaviors"].as_sequence().unwrap();
    for behavior in behaviors.iter().chain([&distribution["DefaultCacheBehavior"]]) {
        let path = behavior["PathPattern"].as_str().unwrap_or("*");
        let is_public = ["/.well-known/*", "/assets/*"].contains(&path);
        let written = yaml_serde::to_string(behavior).unwrap();
        assert!(written.contains("viewer-request") && written.contains("!GetAtt Viewer."), "{path}: {written}");
        assert!(written.contains(if is_public { "!Ref Keep" } else { "!Ref PassOn" }), "{path}: {written}");
        assert_eq!(behavior["Compress"].as_bool(), Some(is_public), "{path}");
        let policy = behavior["ViewerProtocolPolicy"].as_str();
        assert_eq!(policy, Some(if path == "*" { "redirect-to-https" } else { "https-only" }), "{path}");
    }
    let kept = distribution["CustomErrorResponses"].as_sequence().unwrap();
    assert!(kept.len() > 10 && kept.iter().all(|error| error["ErrorCachingMinTTL"].as_u64() == Some(0)));
}
