//! Attacks on the audit trail by somebody who may write to its two tables, and to nothing else: neither sign nor log.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{Context, SHA256, digest};
use serde_json::{Value, json};
use shared::audit::chain::Logged;
use tests::{Answer, TestApp};

use super::chain::{app, chained, faults, named, sign, signed_for, verified, verified_by};

/// The links of a part of the chain, in their order.
async fn links(app: &TestApp, part: &str) -> Vec<Value> {
    let mut links = app.table("audit-chain").await;
    links.retain(|link| link["part"] == part);
    links.sort_by_key(|link| link["seq"].as_str().unwrap().to_owned());
    links
}

fn number(value: &Value) -> i64 {
    value.as_f64().unwrap() as i64
}

/// The number of a link.
fn place(link: &Value) -> i64 {
    link["seq"].as_str().unwrap().parse().unwrap()
}

/// What the log says of every checkpoint that there is. Made the long way, from what is documented.
async fn logged(app: &TestApp) -> Vec<Logged> {
    let time = |millis: &Value| shared::clock::Timestamp::from_millis(number(millis));
    let checkpoints = links(app, "checkpoint").await;
    let digest_of = |it: &Value| {
        let message = format!(
            "postern audit checkpoint v2\n{}\n{}\n{}\n{}\n{}\n{}\n{}",
            app.stack.app().settings.stack_name,
            place(it),
            it["previous"].as_str().unwrap(),
            time(&it["at"]),
            number(&it["number"]),
            it["hash"].as_str().unwrap(),
            time(&it["kept_since"]),
        );
        digest(&SHA256, message.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let all = checkpoints.iter().map(|it| Logged { ordinal: u64::try_from(place(it)).unwrap(), digest: digest_of(it) });
    all.collect()
}

/// Changes the newest sign-in, as if it had been written so: the event, every segment that tells of it and all that
/// follow, and away with the signatures over them.
async fn rewrite_history(app: &TestApp) {
    let mut events = app.table("audit-events").await;
    events.retain(|event| event["kind"] == "UserLoggedIn");
    let (id, at) = (events[0]["id"].as_str().unwrap().to_owned(), events[0]["at"].as_str().unwrap().to_owned());
    app.set("audit-events", "id", &id, "ip", "198.51.100.66").await;
    let entries = |links: &[Value]| -> Vec<String> {
        let entries = links.iter().flat_map(|link| link["entries"].as_array().unwrap().clone());
        entries.filter_map(|entry| Some(entry.as_str()?.to_owned())).filter(|entry| entry.contains(&at)).collect()
    };
    let mut told = Vec::new();
    while told.len() < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        told = entries(&links(app, "segment").await);
    }
    let [first, second] = &told[..] else { panic!("{told:?}") };
    let [mut forged, changed] = [first, second].map(|entry| serde_json::from_str::<Vec<Value>>(entry).unwrap());
    forged[2] = changed[2].clone();
    let forged = json!(forged).to_string();
    let (mut previous, mut from) = (None, None);
    for link in links(app, "segment").await {
        let is_touched = link["entries"].as_array().unwrap().iter().any(|entry| entry == first || entry == second);
        if from.is_none() && !is_touched {
            previous = Some(link["hash"].as_str().unwrap().to_owned());
            continue;
        }
        let from = *from.get_or_insert(place(&link));
        assert!(place(&link) >= from);
        let entries = link["entries"].as_array().unwrap().iter().map(|entry| entry.as_str().unwrap().to_owned());
        let entries = entries.filter(|entry| entry != second);
        let entries: Vec<String> = entries.map(|entry| if entry == *first { forged.clone() } else { entry }).collect();
        previous = Some(forge(app, &link, &previous.unwrap_or_default(), &entries).await);
    }
    for checkpoint in links(app, "checkpoint").await {
        if number(&checkpoint["number"]) >= from.unwrap() {
            app.take_by("audit-chain", &named(&checkpoint)).await;
        }
    }
}

/// The hash of a segment, which anybody can compute.
fn hash(number: i64, at: i64, previous: &str, entries: &[String]) -> String {
    let mut context = Context::new(&SHA256);
    let head = ["postern audit segment v1".to_owned(), number.to_string(), at.to_string(), previous.to_owned()];
    for part in head.iter().chain(entries) {
        context.update(&u64::try_from(part.len()).unwrap().to_be_bytes());
        context.update(part.as_bytes());
    }
    URL_SAFE_NO_PAD.encode(context.finish())
}

/// Puts another segment in the place of one, and gives its hash.
async fn forge(app: &TestApp, link: &Value, previous: &str, entries: &[String]) -> String {
    let hash = hash(place(link), number(&link["at"]), previous, entries);
    let item = app.item_by("audit-chain", &named(link)).await;
    let item = tests::changed(item, &[("previous", previous), ("hash", &hash)]);
    app.put("audit-chain", tests::with_texts(item, "entries", entries)).await;
    hash
}

#[tokio::test(flavor = "multi_thread")]
async fn history_that_is_rewritten_leaves_a_gap_among_the_signatures() {
    let app = app().await;
    chained(&app).await;
    signed_for(&app, 4 * 3600).await;
    assert_eq!(faults(&verified(&app).await), Vec::<String>::new());
    let logged = logged(&app).await;
    rewrite_history(&app).await;
    // The job finds a chain that fits, and signs it. It says so in the log, but cannot know.
    assert_eq!(sign(&app).await["outcome"], "done");
    let found = faults(&verified(&app).await);
    assert!(found.iter().all(|fault| fault.contains("nothing was signed from")) && !found.is_empty(), "{found:?}");
    let found = faults(&verified_by(&app, &logged).await);
    assert!(found.iter().any(|fault| fault.contains("is not the one of the log")), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn history_of_the_last_two_hours_that_is_rewritten_shows_by_what_was_logged() {
    let app = app().await;
    sign(&app).await;
    chained(&app).await;
    let logged = logged(&app).await;
    assert_eq!(faults(&verified_by(&app, &logged).await), Vec::<String>::new());
    let lines = std::fs::read_to_string(&tests::logs::keep().deployed).unwrap();
    let of_log = Logged::read(&lines);
    assert!(logged.iter().all(|it| of_log.contains(it)), "the job logs what it signs");
    rewrite_history(&app).await;
    sign(&app).await;
    let found = faults(&verified_by(&app, &logged).await);
    assert!(found.iter().any(|fault| fault.contains("the log")), "{found:?}");
    // What docs/audit.md says of the tables alone.
    assert_eq!(faults(&verified(&app).await), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_is_begun_anew_is_younger_than_its_key() {
    let app = app().await;
    chained(&app).await;
    signed_for(&app, 3 * 3600).await;
    for link in app.table("audit-chain").await {
        app.take_by("audit-chain", &named(&link)).await;
    }
    let found = faults(&verified(&app).await);
    assert!(found.iter().any(|fault| fault.contains("nothing was signed from")), "{found:?}");
    let id = app.table("audit-events").await[0]["id"].as_str().unwrap().to_owned();
    app.set("audit-events", "id", &id, "ip", "198.51.100.66").await;
    app.log_in("nobody@example.com", "wrong").await.expect(401);
    while links(&app, "segment").await.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(sign(&app).await["outcome"], "done");
    let found = faults(&verified(&app).await);
    assert!(found.iter().any(|fault| fault.contains("nothing was signed from")), "{found:?}");
    assert!(found.iter().any(|fault| fault.contains("behind the chain's back")), "{found:?}");
    // Not even an empty trail is as good as a new one.
    for event in app.table("audit-events").await {
        app.take("audit-events", "id", event["id"].as_str().unwrap()).await;
    }
    app.is_quiet().await;
    for link in app.table("audit-chain").await {
        app.take_by("audit-chain", &named(&link)).await;
    }
    sign(&app).await;
    let found = faults(&verified(&app).await);
    assert!(found.iter().any(|fault| fault.contains("nothing was signed from")), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_signature_can_be_taken_out_or_put_in() {
    let app = app().await;
    chained(&app).await;
    signed_for(&app, 3 * 3600).await;
    let checkpoints = links(&app, "checkpoint").await;
    assert!(checkpoints.len() > 3);
    for checkpoint in &checkpoints[..checkpoints.len() - 1] {
        let kept = app.take_by("audit-chain", &named(checkpoint)).await;
        let found = faults(&verified(&app).await);
        assert!(found.iter().any(|fault| fault.contains("are gone")), "{found:?}");
        app.put("audit-chain", kept).await;
    }
    assert_eq!(faults(&verified(&app).await), Vec::<String>::new());
    // One that lets everything go, at the end: nothing follows from it.
    let forged = app.item_by("audit-chain", &named(&checkpoints[0])).await;
    app.put("audit-chain", tests::changed(forged, &[("seq", "999999999999")])).await;
    let far = app.stack.clock().now() + std::time::Duration::from_secs(400 * 86_400);
    app.set_number("audit-chain", "seq", "999999999999", "kept_since", far.millis()).await;
    let found = faults(&verified(&app).await);
    assert!(found.iter().any(|fault| fault.contains("not signed by the key")), "{found:?}");
    Answer::to(app.request("POST", "/_local/jobs/sign-audit-checkpoint").json(&json!({}))).await.expect(503);
    let before = app.table("audit-events").await.len();
    Answer::to(app.request("POST", "/_local/jobs/purge-audit").json(&json!({}))).await.expect(503);
    assert_eq!(app.table("audit-events").await.len(), before, "the trail is not purged by a forged signature");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_added_with_a_time_of_the_past_is_named() {
    let app = app().await;
    chained(&app).await;
    signed_for(&app, 3 * 3600).await;
    let event = app.item("audit-events", "kind", "UserLoggedIn").await;
    let at = event["at"].as_s().unwrap().split_once('#').unwrap().0;
    let id = "01a1fc34-ef94-7ec0-8000-00000000000a";
    let place = format!("{at}#{id}");
    app.put("audit-events", tests::changed(event.clone(), &[("at", &place), ("id", id)])).await;
    app.trail_is_chained().await;
    sign(&app).await;
    let found = faults(&verified(&app).await);
    assert!(found.len() == 1 && found[0].starts_with(&format!("{id} was added later")), "{found:?}");
}
