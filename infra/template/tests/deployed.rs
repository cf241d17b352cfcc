//! The template that is deployed: it reads without a fault, and these are its facts. That its routes have handlers is tested
//! where the handlers are.

use std::collections::{BTreeMap, BTreeSet};

use template::{AttributeKind, Function, Projection, Statement, StreamView, Template};

const DEPLOYED: &str = include_str!("../../../template.yaml");

fn read(parameters: &[(&str, &str)]) -> Template {
    let parameters = parameters.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    Template::read(DEPLOYED, &parameters, &|id, attribute| Some(format!("{id}:{attribute}")))
        .unwrap_or_else(|faults| panic!("{faults}"))
}

fn function<'t>(template: &'t Template, binary: &str) -> &'t Function {
    template.functions.iter().find(|function| function.binary == binary).expect("a function of that name")
}

#[test]
fn a_function_is_named_like_its_binary() {
    for function in read(&[]).functions {
        let dashed: String = function.logical_id.chars().enumerate().fold(String::new(), |text, (index, letter)| {
            let dash = if letter.is_uppercase() && index > 0 { "-" } else { "" };
            text + dash + &letter.to_lowercase().to_string()
        });
        assert_eq!(function.binary, dashed);
    }
}

#[test]
fn each_function_runs_for_one_kind_of_reason() {
    for function in read(&[]).functions {
        let kinds = [!function.routes.is_empty(), !function.schedules.is_empty(), !function.streams.is_empty()];
        // Those two are called by their ARNs: by the authorizers of other stacks, and by CodeDeploy.
        let expected = if ["authorizer", "deploy-check"].contains(&function.binary.as_str()) { 0 } else { 1 };
        assert_eq!(kinds.iter().filter(|kind| **kind).count(), expected, "{}", function.binary);
    }
}

#[test]
fn functions_that_hash_passwords_have_a_whole_processor() {
    let template = read(&[]);
    let large: BTreeSet<_> = template
        .functions
        .iter()
        .filter(|it| it.memory_mb > 256)
        .map(|it| (it.binary.as_str(), it.memory_mb))
        .collect();
    assert_eq!(
        large,
        BTreeSet::from([
            ("auth-login", 1769),
            ("auth-password-change", 1769),
            ("auth-password-reset", 1769),
            ("auth-signup", 1769),
            // One hash, for nobody who waits.
            ("deploy-check", 512),
            ("pages", 1769)
        ])
    );
}

#[test]
fn what_no_route_catches_has_a_function() {
    let template = read(&[]);
    let routes = &function(&template, "http-fallback").routes;
    assert_eq!((routes[0].method.as_str(), routes[0].path.as_str()), ("ANY", "$default"));
}

#[test]
fn new_entries_of_the_outbox_are_sent() {
    let template = read(&[]);
    let [source] = function(&template, "jobs-send-mail").streams.as_slice() else { panic!("one stream") };
    assert_eq!((source.table.as_str(), source.batch_size, source.maximum_retry_attempts), ("Outbox", 10, Some(5)));
    assert!(source.bisect && source.report_batch_item_failures && source.from_the_beginning);
    assert_eq!(
        (source.changes.as_slice(), source.on_failure.as_deref()),
        (["INSERT".to_owned()].as_slice(), Some("MailDeadLetters:Arn"))
    );
}

#[test]
fn the_chain_follows_all_that_happens_to_the_trail() {
    let template = read(&[]);
    let [source] = function(&template, "jobs-chain-audit").streams.as_slice() else { panic!("one stream") };
    assert_eq!((source.table.as_str(), source.maximum_retry_attempts), ("AuditEvents", None));
    assert!(source.report_batch_item_failures && source.from_the_beginning && source.changes.len() == 3);
}

#[test]
fn streams_are_followed_from_the_beginning_and_give_up_what_is_bad() {
    let template = read(&[]);
    let of = |binary: &str| {
        let [source] = function(&template, binary).streams.as_slice() else { panic!("one stream") };
        assert!(source.bisect && source.report_batch_item_failures && source.from_the_beginning);
        let of = (source.table.clone(), source.changes.join(" "), source.on_failure.clone().unwrap_or_default());
        (of, source.maximum_retry_attempts)
    };
    let insert = "INSERT".to_owned();
    let event = ("AuditEvents".to_owned(), insert.clone(), "EventDeadLetters:Arn".to_owned());
    // It leaves poison out by itself, so that only the table can hold it up; then no event may be given up.
    assert_eq!(of("jobs-follow-events"), (event, None));
    let delivery = ("Deliveries".to_owned(), insert, "DeliveryDeadLetters:Arn".to_owned());
    let (source, retries) = of("jobs-send-webhooks");
    assert_eq!(source, delivery);
    assert!(retries.is_some(), "a poison record would hold the others up for a day");
}

#[test]
fn jobs_run_in_time() {
    let template = read(&[]);
    for (binary, seconds) in [
        ("jobs-retry-mail", 60),
        ("jobs-monitor-jwks", 300),
        ("jobs-sign-audit-checkpoint", 300),
        ("jobs-rotate-keys", 900),
        ("jobs-expire-sessions", 3600),
        ("jobs-count-sessions", 21_600),
        ("jobs-daily-report", 3600),
        ("jobs-check-backups", 86_400),
        ("jobs-purge-audit", 3600),
        ("jobs-retry-webhooks", 60),
        ("jobs-spike-detector", 60),
    ] {
        let job = function(&template, binary);
        assert_eq!(job.schedules[0].every_seconds, seconds);
        assert_eq!(job.asynchronous_retries, 0);
        assert!(u64::from(job.timeout_seconds) <= seconds, "{binary} would overlap with itself");
    }
}

#[test]
fn pages_name_the_times_of_the_schedules() {
    let (readme, jobs) = (include_str!("../../../README.md"), include_str!("../../../docs/jobs.md"));
    let template = read(&[]);
    for job in template.functions.iter().filter(|function| !function.schedules.is_empty()) {
        let times = match job.schedules[0].every_seconds {
            60 => "every minute",
            300 => "every 5 minutes",
            900 => "every 15 minutes",
            3600 => "every hour",
            21_600 => "every six hours",
            86_400 => "every day",
            seconds => panic!("{}: no page has a word for {seconds} seconds", job.binary),
        };
        assert!(jobs.contains(&format!("| `{}` | {times} |", job.binary)), "docs/jobs.md: {} {times}", job.binary);
        let name = job.binary.strip_prefix("jobs-").unwrap();
        assert!(readme.contains(&format!("| job `{name}`, {times}")), "README.md: {name} {times}");
    }
}

#[test]
fn every_table_and_the_key_are_told_to_the_functions() {
    let template = read(&[("AWS::StackName", "mine")]);
    for table in &template.tables {
        let variable = table.name.strip_prefix("mine-").unwrap().to_uppercase().replace('-', "_") + "_TABLE";
        assert_eq!(template.environment.get(&variable), Some(&table.name), "{variable}");
    }
    assert_eq!(template.environment["SECRETS_KEY_ID"], "SecretsKey:Ref");
    assert_eq!(template.environment["AUDIT_KEY_ID"], "AuditKey:Ref");
    assert_eq!(template.environment["STACK_NAME"], "mine");
}

/// But for those of the template's own: no function is told who is told of alarms, how it was
/// deployed, or how long copies are kept.
#[test]
fn every_parameter_is_a_setting() {
    let template = read(&[]);
    let own = ["AlarmEmail", "BackupDays", "LogRetentionDays", "Rollout", "SigningQuota", "ThrottleRate"];
    for name in template.parameters.keys().filter(|name| !own.contains(&name.as_str())) {
        let variable = name.chars().enumerate().fold(String::new(), |text, (index, letter)| {
            let gap = if letter.is_uppercase() && index > 0 { "_" } else { "" };
            text + gap + &letter.to_uppercase().to_string()
        });
        assert_eq!(template.environment.get(&variable), template.parameters.get(name), "{variable}");
    }
}

#[test]
fn tables_have_the_keys_and_the_expiry_of_the_design() {
    let template = read(&[]);
    let shapes: BTreeMap<_, _> = template
        .tables
        .iter()
        .map(|table| {
            let keys = [Some(&table.hash_key), table.range_key.as_ref()].into_iter().flatten();
            let keys: Vec<_> =
                keys.inspect(|key| assert_eq!(key.kind, AttributeKind::S)).map(|key| key.name.as_str()).collect();
            (table.logical_id.as_str(), (keys.join(" "), table.ttl_attribute.is_some(), table.stream.is_some()))
        })
        .collect();
    let expected = [
        ("Attempts", ("key", true, false)),
        ("AuditChain", ("part seq", false, false)),
        ("AuditEvents", ("actor at", true, true)),
        ("Challenges", ("token_hash", true, false)),
        ("Deliveries", ("destination delivery", true, true)),
        ("Logins", ("login", false, false)),
        ("Metrics", ("series item", true, false)),
        ("Organizations", ("org_id item", false, false)),
        ("Outbox", ("message_id", true, true)),
        ("Sessions", ("user_id session_id", true, false)),
        ("Settings", ("kind key", true, false)),
        ("SigningKeys", ("ring kid", false, false)),
        ("Users", ("user_id item", false, false)),
    ];
    assert_eq!(shapes, expected.map(|(id, (keys, ttl, stream))| (id, (keys.to_owned(), ttl, stream))).into());
}

#[test]
fn the_outbox_is_searched_by_what_is_due() {
    let template = read(&[]);
    let outbox = template.tables.iter().find(|table| table.logical_id == "Outbox").unwrap();
    assert_eq!(outbox.stream, Some(StreamView::NewImage));
    let [due] = outbox.indexes.as_slice() else { panic!("one index") };
    assert_eq!(
        (due.name.as_str(), due.hash_key.name.as_str(), &due.projection),
        ("due", "state", &Projection::KeysOnly)
    );
    let range = due.range_key.as_ref().unwrap();
    assert_eq!((range.name.as_str(), range.kind), ("due_at", AttributeKind::N));
}

#[test]
fn the_trail_is_read_by_indexes_that_hold_whole_events() {
    let template = read(&[]);
    let trail = template.tables.iter().find(|table| table.logical_id == "AuditEvents").unwrap();
    let indexes = trail.indexes.iter().map(|index| {
        assert_eq!((&index.range_key.as_ref().unwrap().name[..], &index.projection), ("at", &Projection::All));
        (index.name.as_str(), index.hash_key.name.as_str())
    });
    let expected = [
        ("all", "shard"),
        ("kind", "kind_shard"),
        ("subject", "subject"),
        ("address", "ip"),
        ("request", "request_id"),
    ];
    assert_eq!(indexes.collect::<Vec<_>>(), expected);
}

#[test]
fn production_keeps_what_cannot_be_made_again() {
    let kept = |stage| {
        let template = read(&[("Stage", stage)]);
        assert!(template.tables.iter().all(|table| table.kms_encryption));
        let kept =
            template.tables.into_iter().filter(|table| table.point_in_time_recovery && table.deletion_protection);
        kept.map(|table| table.logical_id).collect::<BTreeSet<_>>()
    };
    let durable = ["AuditChain", "AuditEvents", "Logins", "Organizations", "Settings", "SigningKeys", "Users"];
    assert_eq!(kept("production"), durable.map(str::to_owned).into());
    assert_eq!(kept("preview"), BTreeSet::new());
}

/// A wildcard would make the list of what a function may do a guess; `*` as a resource is for what has no ARN beforehand.
#[test]
fn policies_name_exact_actions() {
    let template = read(&[]);
    for function in &template.functions {
        for statement in &function.policies {
            assert!(statement.actions.iter().all(|action| !action.contains('*')), "{}", function.binary);
            // Any version of one function is one function.
            let is_anything = |resource: &String| resource.ends_with('*') && !resource.ends_with(":Arn:*");
            let anything = statement.resources.iter().any(is_anything);
            // The last: deployment groups have no ARNs in a template; these are named after the stack.
            const HARMLESS: [[&str; 1]; 3] =
                [["ses:GetSendQuota"], ["kms:GetPublicKey"], ["codedeploy:PutLifecycleEventHookExecutionStatus"]];
            let harmless = HARMLESS.iter().any(|only| statement.actions == *only);
            assert!(!anything || harmless || statement.condition.is_some(), "{}: {statement:?}", function.binary);
        }
    }
}

/// Signing keys are known by their tags, so whoever may tag a key may make it one, and then use and delete it.
#[test]
fn keys_of_the_template_can_be_neither_tagged_nor_deleted() {
    let template = read(&[]);
    let has = |statement: &Statement, action: &str| statement.actions.iter().any(|it| it == action);
    let mut seen = 0;
    for action in ["kms:TagResource", "kms:ScheduleKeyDeletion"] {
        for function in template.functions.iter().filter(|it| it.policies.iter().any(|policy| has(policy, action))) {
            for key in &template.keys {
                let arn = format!("{}:Arn", key.logical_id);
                let is_denied = |denial: &Statement| has(denial, action) && denial.resources.contains(&arn);
                assert!(function.denials.iter().any(is_denied), "{}: {action} {arn}", function.binary);
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 4, "jobs-rotate-keys has both rights, and there are two keys");
}

#[test]
fn only_those_who_issue_tokens_may_sign() {
    let template = read(&[]);
    let signers = |audit: bool| -> BTreeSet<_> {
        let signs = |function: &&Function| {
            let by = |it: &Statement| it.resources.iter().any(|key| key == "AuditKey:Arn") == audit;
            function.policies.iter().any(|it| it.actions.contains(&"kms:Sign".to_owned()) && by(it))
        };
        template.functions.iter().filter(signs).map(|it| it.binary.as_str()).collect()
    };
    let issuers = ["auth-login", "auth-password-change", "auth-refresh", "pages", "user-sessions-end-others"];
    assert_eq!(signers(false), issuers.into());
    assert_eq!(signers(true), BTreeSet::from(["admin-erase-audit", "jobs-sign-audit-checkpoint"]));
}
