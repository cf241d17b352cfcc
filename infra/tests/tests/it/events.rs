//! The audit trail's feed: counted once, told once, whatever the stream does (F17); alerts that open once (OPS-4, NOTE-2).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use shared::clock::Timestamp;
use tests::{Browser, TestApp, at_once};

/// Small, seeded, and good enough to shuffle with (xorshift64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n as u64).unwrap()
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

/// An event as the stream tells it.
fn record(at: Timestamp, n: usize, kind: &str, outcome: &str, detail: (&str, &str)) -> Value {
    let id = format!("0199abcd-0000-7000-8000-{n:012}");
    let at = format!("{at}#{id}");
    let (actor, ip) = (format!("user#u{}", n % 7), format!("192.0.2.{}", n % 5));
    json!({ "eventID": id, "eventName": "INSERT", "eventSource": "aws:dynamodb", "awsRegion": "us-east-1", "eventVersion": "1.1",
        "dynamodb": { "Keys": { "actor": { "S": actor }, "at": { "S": at } }, "SequenceNumber": format!("{n:021}"), "SizeBytes": 1,
            "StreamViewType": "NEW_IMAGE", "ApproximateCreationDateTime": 1.0,
            "NewImage": { "actor": { "S": actor }, "at": { "S": at }, "id": { "S": id }, "kind": { "S": kind }, "outcome": { "S": outcome },
                "ip": { "S": ip }, "target": { "S": format!("session#s{n}") }, "request_id": { "S": "r" }, "ttl": { "N": "1" },
                "detail": { "M": { detail.0: { "S": detail.1 } } } } } })
}

/// Events of the last three minutes: enough failures and replays for alerts.
fn history(now: Timestamp) -> Vec<Value> {
    let at = |n: usize| now - std::time::Duration::from_millis(900 * n as u64);
    (0..200)
        .map(|n| match n % 10 {
            0..=3 => record(at(n), n, "UserLoginFailed", "failure", ("reason", "invalid credentials")),
            4 => record(at(n), n, "UserLoginFailed", "failure", ("reason", "email not verified")),
            5..=7 => record(at(n), n, "TokenRefreshed", "success", ("how", "rotated")),
            8 => record(at(n), n, "UserLoggedIn", "success", ("method", "pwd")),
            _ => record(at(n), n, "RefreshTokenReplayed", "failure", ("reason", "refresh_replay")),
        })
        .collect()
}

fn poison(n: usize) -> Value {
    let mut bad = record(Timestamp::from_seconds(0), n, "Broken", "failure", ("reason", "x"));
    match n % 3 {
        0 => bad["dynamodb"]["NewImage"] = json!({}),
        1 => bad["dynamodb"]["NewImage"]["at"] = json!({ "S": "the day before" }),
        _ => bad["dynamodb"]["NewImage"]["detail"] = json!({ "N": "7" }),
    }
    bad
}

async fn give(app: &TestApp, batch: &[Value]) -> BTreeSet<String> {
    let answer = app.stack.invoke("jobs-follow-events", json!({ "Records": batch })).await.unwrap();
    let failures = answer["batchItemFailures"].as_array().unwrap();
    failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned()).collect()
}

/// A stack with an administrator, two webhooks and a channel, all of whose own events have been counted.
async fn subscribed() -> (TestApp, Vec<String>) {
    let app = TestApp::with(&[("AdminEmails", "root@example.com")]).await;
    let mut admin = app.browser("root@example.com").await;
    let mut ids = Vec::new();
    for (name, events) in [("all", json!(["UserLoggedIn", "RefreshTokenReplayed"])), ("alerts", json!(["AlertOpened"]))]
    {
        let order = json!({ "url": app.receiver(name), "events": events });
        ids.push(admin.send("POST", "/admin/webhooks", &order).await.expect(201).text_of("id"));
    }
    let slack = json!({ "url": app.receiver("slack") });
    admin.send("PUT", "/admin/alert-channels/slack", &slack).await.expect(200);
    app.followed().await;
    (app, ids)
}

/// Everything that came of the events: counters, networks, alerts, deliveries and messages, without what is random.
async fn outcome(app: &TestApp, ids: &[String], now: Timestamp) -> Value {
    app.job("spike-detector", json!({})).await;
    app.followed().await;
    app.deliveries_rest().await;
    let store = app.stack.app();
    let (minute, hour) = (now.seconds() / 60, now.seconds() / 3600);
    let totals = store.store.totals().await.unwrap().events;
    let minutes: BTreeMap<i64, Value> = store
        .store
        .counted_in_minutes(minute - 10, minute + 2)
        .await
        .unwrap()
        .into_iter()
        .map(|(minute, counted)| {
            let of = |kind: &str| counted.events.sum(&[kind]);
            (minute, json!([of("UserLoginFailed"), of("TokenRefreshed"), of("RefreshTokenReplayed")]))
        })
        .filter(|(_, counts)| *counts != json!([0, 0, 0]))
        .collect();
    let mut networks = Vec::new();
    for hour in [hour - 1, hour] {
        let mut top = store.store.top_networks(hour, 100).await.unwrap();
        top.sort();
        networks.push(top);
    }
    let place = |destination: &str| {
        ids.iter().position(|id| id == destination).map_or(destination.to_owned(), |i| i.to_string())
    };
    let is_given = |id: &str| id.starts_with("0199abcd");
    let mut deliveries: Vec<Value> = app
        .table("deliveries")
        .await
        .into_iter()
        .map(|it| {
            let id = it["delivery"].as_str().unwrap();
            let (id, body) = if is_given(id) { (json!(id), it["body"].clone()) } else { (json!("own"), json!("")) };
            json!([
                place(it["destination"].as_str().unwrap()),
                id,
                it["kind"],
                body,
                it["attempts"],
                it.get("delivered_at").is_some()
            ])
        })
        .collect();
    deliveries.sort_by_key(Value::to_string);
    let mut messages: Vec<Value> = app
        .received(deliveries.len())
        .await
        .into_iter()
        .map(|it| {
            let id = it["headers"]["webhook-id"].as_str().unwrap_or("none");
            let is_given = is_given(id);
            json!([it["to"], if is_given { id } else { "own" }, if is_given { it["body"].clone() } else { json!("") }])
        })
        .collect();
    messages.sort_by_key(Value::to_string);
    let alerts = ["AlertOpened", "AlertClosed"];
    let alerts = json!([app.count(alerts[0]).await, app.count(alerts[1]).await]);
    json!({ "totals": totals, "minutes": minutes, "networks": networks, "deliveries": deliveries, "messages": messages, "alerts": alerts })
}

#[tokio::test(flavor = "multi_thread")]
async fn f17_duplicated_reordered_poisoned_and_replayed_batches_come_to_the_same_as_a_clean_run() {
    let (clean, clean_ids) = subscribed().await;
    let now = clean.stack.app().clock.now();
    let history = history(now);
    for batch in history.chunks(80) {
        assert!(give(&clean, batch).await.is_empty());
    }
    let expected = outcome(&clean, &clean_ids, now).await;
    assert_eq!(expected["totals"]["UserLoginFailed|failure|invalid_credentials"], 80);
    assert_eq!(expected["alerts"], json!([2, 0]), "failures and replays");
    // Two kinds for the first webhook; two alerts for the second and for the channel.
    assert_eq!(
        (expected["deliveries"].as_array().unwrap().len(), expected["messages"].as_array().unwrap().len()),
        (44, 44)
    );

    for seed in [1, 7, 20_261_121] {
        let mut chance = Chance(seed);
        let (app, ids) = subscribed().await;
        let mut records = history.clone();
        for n in 0..60 {
            let again = history[chance.below(history.len())].clone();
            records.push(if n % 4 == 0 { poison(1000 + n) } else { again });
        }
        chance.shuffle(&mut records);
        let mut rest = records.as_slice();
        while !rest.is_empty() {
            let (batch, after) = rest.split_at((1 + chance.below(80)).min(rest.len()));
            assert!(give(&app, batch).await.is_empty(), "what is no event holds nobody up");
            rest = after;
        }
        // The whole once more, in several calls at once, as two shards' consumers might.
        let app = std::sync::Arc::new(app);
        let (shared_app, replay) = (app.clone(), records.clone());
        at_once(4, move |i| {
            let (app, replay) = (shared_app.clone(), replay.clone());
            async move {
                for batch in replay.chunks(50 + i) {
                    give(&app, batch).await;
                }
            }
        })
        .await;
        assert_eq!(outcome(&app, &ids, now).await, expected, "seed {seed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f17_a_batch_that_cannot_be_written_is_reported_and_comes_again_as_a_whole() {
    let (app, _) = subscribed().await;
    let history = history(app.stack.app().clock.now());
    app.fault(json!({ "service": "dynamodb", "operation": "TransactWriteItems", "table": "postern-local-metrics", "kind": "error" })).await;
    let first = history[0]["dynamodb"]["SequenceNumber"].as_str().unwrap().to_owned();
    assert_eq!(give(&app, &history[..20]).await, BTreeSet::from([first]));
    app.no_faults();
    // Its answer is lost each time, so nobody knows that it was written.
    app.fault(json!({ "service": "dynamodb", "operation": "TransactWriteItems", "table": "postern-local-metrics", "kind": "drop_after_commit", "times": 3 })).await;
    give(&app, &history[..20]).await;
    app.no_faults();
    assert!(give(&app, &history[..20]).await.is_empty());
    let totals = app.stack.app().store.totals().await.unwrap().events;
    assert_eq!(totals.sum(&["UserLoginFailed"]), 10);
    assert_eq!(app.table("deliveries").await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn f17_what_is_too_old_to_be_known_is_passed_over() {
    let (app, _) = subscribed().await;
    let history = history(app.stack.app().clock.now());
    give(&app, &history[..40]).await;
    let before = app.stack.app().store.totals().await.unwrap().events;
    app.advance(3 * 86_400);
    assert!(give(&app, &history).await.is_empty());
    assert_eq!(app.stack.app().store.totals().await.unwrap().events, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_4_an_alert_opens_once_closes_once_and_every_channel_is_told() {
    let app = TestApp::with(&[("AdminEmails", "root@example.com")]).await;
    let mut admin = app.browser("root@example.com").await;
    for (kind, order) in [
        ("slack", json!({ "url": app.receiver("slack") })),
        ("pagerduty", json!({ "url": app.receiver("pagerduty"), "routingKey": "routing:k3y:of:ours" })),
        ("telegram", json!({ "url": app.receiver("telegram"), "botToken": "12:to-ken", "chatId": "-100" })),
    ] {
        admin.send("PUT", &format!("/admin/alert-channels/{kind}"), &order).await.expect(200);
    }
    let listed = admin.get("/admin/alert-channels").await.expect(200);
    assert_eq!(listed.body["channels"].as_array().unwrap().len(), 3);
    let dump = format!("{}{}", app.dump().await, listed.text);
    assert!(
        !dump.contains("routing:k3y:of:ours") && !dump.contains("12:to-ken") && !dump.contains("to/slack"),
        "{dump}"
    );

    let now = app.stack.app().clock.now();
    let failures: Vec<Value> =
        (0..50).map(|n| record(now, n, "UserLoginFailed", "failure", ("reason", "invalid credentials"))).collect();
    give(&app, &failures).await;
    assert_eq!(
        app.job("spike-detector", json!({})).await["report"]["opened"],
        json!([]),
        "fifty are not more than fifty"
    );
    give(&app, &[record(now, 50, "UserLoginFailed", "failure", ("reason", "invalid credentials"))]).await;
    let app = std::sync::Arc::new(app);
    let shared_app = app.clone();
    // Past the lease as well: the detector itself, four times at once.
    at_once(4, move |_| {
        let app = shared_app.stack.app();
        async move {
            let ctx = shared::context::RequestContext::of_job(app.clock.now(), shared::id::fresh(app.clock.now()));
            shared::alerts::detect(&app, &ctx).await.map(drop).unwrap_or_default();
        }
    })
    .await;
    assert_eq!(app.count("AlertOpened").await, 1);
    let received = app.received(3).await;
    let of = |to: &str| {
        received
            .iter()
            .find(|it| it["to"].as_str().unwrap().starts_with(to))
            .map(|it| serde_json::from_str::<Value>(it["body"].as_str().unwrap()).unwrap())
            .unwrap()
    };
    let text = of("slack")["text"].as_str().unwrap().to_owned();
    assert!(text.contains("login_failures is open (51, threshold 50)"), "{text}");
    assert_eq!(
        (&of("pagerduty")["event_action"], &of("pagerduty")["routing_key"]),
        (&json!("trigger"), &json!("routing:k3y:of:ours"))
    );
    assert_eq!(of("telegram/bot12:to-ken/sendMessage")["chat_id"], "-100");

    app.job("spike-detector", json!({})).await;
    assert_eq!(app.count("AlertOpened").await, 1);
    app.advance(420);
    assert_eq!(app.job("spike-detector", json!({})).await["report"]["closed"], json!(["login_failures"]));
    app.job("spike-detector", json!({})).await;
    assert_eq!(app.count("AlertClosed").await, 1);
    let resolved = app.received(6).await;
    assert_eq!(
        resolved.iter().filter(|it| it["body"].as_str().unwrap().contains(r#""event_action":"resolve""#)).count(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn note_2_an_alert_that_is_over_is_not_opened_again_by_a_late_delivery() {
    let app = TestApp::with(&[("AdminEmails", "root@example.com")]).await;
    let mut admin = app.browser("root@example.com").await;
    let duty = json!({ "url": app.receiver("pagerduty"), "routingKey": "routing:k3y:of:ours" });
    admin.send("PUT", "/admin/alert-channels/pagerduty", &duty).await.expect(200);
    let now = app.stack.app().clock.now();
    let failures: Vec<Value> =
        (0..60).map(|n| record(now, n, "UserLoginFailed", "failure", ("reason", "invalid credentials"))).collect();
    give(&app, &failures).await;
    app.post("/_local/webhooks/answer", json!({ "status": 500, "times": 1 })).await.expect(200);
    assert_eq!(app.job("spike-detector", json!({})).await["report"]["opened"], json!(["login_failures"]));
    app.received(1).await;
    app.followed().await;
    app.deliveries_rest().await;
    app.advance(420);
    assert_eq!(app.job("spike-detector", json!({})).await["report"]["closed"], json!(["login_failures"]));
    app.received(2).await;
    app.deliveries_rest().await;
    assert_eq!(app.job("retry-webhooks", json!({})).await["report"]["dead"], 1);
    let actions: Vec<Value> =
        app.received(2).await.iter().map(|it| serde_json::from_str(it["body"].as_str().unwrap()).unwrap()).collect();
    let actions: Vec<&Value> = actions.iter().map(|it: &Value| &it["event_action"]).collect();
    assert_eq!(actions, ["trigger", "resolve"], "the trigger that failed is not tried again");
    let late = app.table("deliveries").await.into_iter().find(|it| it["kind"] == "AlertOpened").unwrap();
    assert_eq!(late["dead_reason"], "superseded");
    assert_eq!(app.count("AlertUndeliverable").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn note_2_only_administrators_set_channels_up_and_only_those_that_may_be_called() {
    let app = TestApp::with(&[("AdminEmails", "root@example.com")]).await;
    let mut user = app.browser("ada@example.com").await;
    let slack = json!({ "url": app.receiver("slack") });
    user.send("PUT", "/admin/alert-channels/slack", &slack).await.refused(403, "forbidden");
    user.get("/admin/alert-channels").await.refused(403, "forbidden");
    let mut admin = app.browser("root@example.com").await;
    for (kind, order) in [
        ("slack", json!({ "url": "https://example.com/services/x" })),
        ("slack", json!({ "url": "https://169.254.169.254/" })),
        ("pagerduty", json!({})),
        ("pagerduty", json!({ "routingKey": "k", "url": "http://events.example.com/" })),
        ("telegram", json!({ "botToken": "a/../b", "chatId": "1" })),
    ] {
        admin.send("PUT", &format!("/admin/alert-channels/{kind}"), &order).await.refused(422, "validation");
    }
    admin.send("PUT", "/admin/alert-channels/irc", &slack).await.refused(404, "not_found");
    admin.send("DELETE", "/admin/alert-channels/slack", &json!(null)).await.refused(404, "not_found");
    admin.send("PUT", "/admin/alert-channels/slack", &slack).await.expect(200);
    admin.send("DELETE", "/admin/alert-channels/slack", &json!(null)).await.expect(204);
    assert_eq!((app.count("AlertChannelSet").await, app.count("AlertChannelRemoved").await), (1, 1));
    app.advance(301);
    admin.send("PUT", "/admin/alert-channels/slack", &slack).await.refused(401, "step_up_required");
    Browser::get(&admin, "/admin/alert-channels").await.expect(200);
}
