//! An account and its organization come into being (SIGN-1, SIGN-2, SIGN-4, SIGN-5).

use serde_json::{Value, json};
use tests::{Answer, Native, TestApp, at_once, token_in};

use super::form;

#[tokio::test(flavor = "multi_thread")]
async fn sign_1_a_person_gets_an_organization_and_owns_it() {
    let app = TestApp::start().await;
    let mut body = form("ada@example.com");
    body["organization"] = json!({ "name": "Analytical Engines", "slug": "engines" });
    app.post("/auth/signup", body).await.expect(202);
    app.post("/auth/signup", form("bob@example.com")).await.expect(202);
    app.post("/auth/signup", form("cyd@example.com")).await.expect(202);

    let organizations = app.table("organizations").await;
    let slugs: Vec<&str> = organizations
        .iter()
        .filter(|item| item["item"] == "organization")
        .filter_map(|item| item["slug"].as_str())
        .collect();
    assert!(slugs.contains(&"engines") && slugs.contains(&"ada-lovelace"), "{slugs:?}");
    // The third has the second's name: its slug got an ending.
    assert!(slugs.iter().any(|slug| slug.starts_with("ada-lovelace-")), "{slugs:?}");
    assert_eq!(organizations.iter().filter(|item| item["role"] == "owner").count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_2_a_slug_is_free_until_somebody_takes_it() {
    let app = TestApp::start().await;
    let ask = |slug: &str| format!("/auth/organizations/slug-available/{slug}");
    let free = app.get(&ask("engines")).await.expect(200);
    assert_eq!((&free.body["available"], &free.body["suggestions"]), (&json!(true), &json!([])));

    let mut body = form("ada@example.com");
    body["organization"] = json!({ "name": "Engines", "slug": "engines" });
    app.post("/auth/signup", body.clone()).await.expect(202);
    let taken = app.get(&ask("engines")).await.expect(200);
    assert_eq!(taken.body["reason"], "taken");
    for suggestion in taken.body["suggestions"].as_array().unwrap() {
        assert_eq!(app.get(&ask(suggestion.as_str().unwrap())).await.body["available"], true);
    }
    body["email"] = json!("bob@example.com");
    app.post("/auth/signup", body).await.refused(409, "slug_taken");
    assert!(app.mails("bob@example.com").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn case_018_both_routes_refuse_the_same_slugs() {
    let app = TestApp::start().await;
    for slug in ["admin", "API", "a--b", "-ab", "xn--x", "ab", &"a".repeat(49), "%D0%B0dmin"] {
        app.get(&format!("/auth/organizations/slug-available/{slug}")).await.refused(422, "slug_invalid");
    }
    for slug in ["admin", "API", "a--b", "аdmin"] {
        let mut body = form("ada@example.com");
        body["organization"] = json!({ "name": "Engines", "slug": slug });
        let refused = app.post("/auth/signup", body).await.refused(422, "validation");
        assert_eq!(refused.body["errors"][0]["field"], "organization.slug");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_4_a_taken_address_gets_the_same_answer_and_its_owner_a_mail() {
    let app = TestApp::start().await;
    app.account("ada@example.com").await;
    let known = app.post("/auth/signup", form("ada@example.com")).await.expect(202);
    let unknown = app.post("/auth/signup", form("bob@example.com")).await.expect(202);
    assert_eq!(known.text, unknown.text);
    assert_eq!(names(&known), names(&unknown));
    assert!(app.mail("ada@example.com", 3).await.starts_with("Postern: you already have an account"));

    // One such mail an hour, whoever asks and however often.
    for _ in 0..5 {
        app.post("/auth/signup", form("ada@example.com")).await.expect(202);
    }
    app.outbox_is_empty().await;
    assert_eq!(app.mails("ada@example.com").len(), 3);
    // The password did not change.
    Native::sign_in(&app, "ada@example.com").await;
}

fn names(answer: &Answer) -> Vec<String> {
    answer.headers.keys().map(|name| name.as_str().to_owned()).collect()
}

/// All were told the same; but for those, on a slow machine, whose turn to be hashed did not come within the deadline.
fn all_alike(answers: &[Answer]) {
    let (done, late): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 202);
    assert!(!done.is_empty() && done.iter().all(|answer| answer.text == r#"{"status":"verification_required"}"#));
    assert!(late.iter().all(|answer| (answer.status, answer.code()) == (503, "unavailable")), "{late:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_019_fifty_sign_ups_at_once_make_one_account() {
    let app = TestApp::start().await;
    let answers = at_once(50, |i| {
        let mut body = form("ada@example.com");
        body["name"] = json!(format!("Ada {i}"));
        Answer::to(app.request("POST", "/auth/signup").json(&body))
    })
    .await;
    all_alike(&answers);
    assert_eq!(app.table("users").await.len(), 1);
    assert_eq!(app.table("logins").await.len(), 1);
    // The one that won, and one of those that came after: each link stands for its own sign-up.
    assert!((1..=2).contains(&app.table("challenges").await.len()));
    assert_eq!(app.table("organizations").await.len(), 3, "the organization, its slug and its one member");
    app.outbox_is_empty().await;
    assert!(app.mails("ada@example.com").len() <= 2, "a link each");
}

#[tokio::test(flavor = "multi_thread")]
async fn v2_3_3_a_sign_up_that_fails_at_any_item_leaves_nothing() {
    let app = TestApp::start().await;
    // Login, user, organization, membership, slug, challenge, mail, four events.
    for item in 0..11 {
        for reason in ["ThrottlingError", "TransactionConflict", "ProvisionedThroughputExceeded"] {
            app.fault(json!({ "service": "dynamodb", "operation": "TransactWriteItems", "kind": "cancel_item", "item": item, "reason": reason })).await;
            app.post("/auth/signup", form("ada@example.com")).await.refused(503, "unavailable");
            app.no_faults();
        }
    }
    for table in ["users", "logins", "organizations", "challenges", "outbox"] {
        assert_eq!(app.table(table).await, Vec::<Value>::new(), "{table}");
    }
    assert_eq!(app.count("UserCreated").await, 0);
    assert!(app.mails("ada@example.com").is_empty());
    // And nothing is in the way of the next try.
    app.account("ada@example.com").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f2_an_answer_lost_after_the_commit_makes_one_account_and_one_mail() {
    let app = TestApp::start().await;
    app.fault(json!({ "service": "dynamodb", "operation": "TransactWriteItems", "table": "postern-local-users", "kind": "drop_after_commit", "times": 2 })).await;
    app.post("/auth/signup", form("ada@example.com")).await.expect(202);
    app.outbox_is_empty().await;
    assert_eq!((app.table("users").await.len(), app.mails("ada@example.com").len()), (1, 1));
    assert_eq!(app.count("UserCreated").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn f14_a_mail_that_was_not_committed_is_never_sent() {
    let app = TestApp::start().await;
    app.fault(json!({ "service": "dynamodb", "operation": "TransactWriteItems", "kind": "error" })).await;
    app.post("/auth/signup", form("ada@example.com")).await.refused(503, "unavailable");
    app.no_faults();
    app.job("retry-mail", json!({})).await;
    assert!(app.stack.aws().mailbox().list(None).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_5_every_unmet_rule_is_named() {
    let app = TestApp::start().await;
    let codes = |answer: Answer| -> Vec<String> {
        let answer = answer.refused(422, "password_rejected");
        answer.body["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| format!("{}:{}", error["field"].as_str().unwrap(), error["code"].as_str().unwrap()))
            .collect()
    };
    let mut body = form("ada@example.com");
    for (password, expected) in
        [("Ab1!", "password:min_length"), ("abcdefgx", "password:upper"), ("Password1!", "password:password_common")]
    {
        body["password"] = json!(password);
        let codes = codes(app.post("/auth/signup", body.clone()).await);
        assert!(codes.iter().any(|code| code == expected), "{password}: {codes:?}");
    }
    body["password"] = json!("I am Ada Lovelace, you know");
    assert_eq!(codes(app.post("/auth/signup", body).await), ["password:contains_personal"]);
    assert!(app.table("users").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn case_013_and_017_odd_input_is_refused_by_name_and_writes_nothing() {
    let app = TestApp::start().await;
    let refused = |patch: Value, field: &'static str| {
        let mut body = form("ada@example.com");
        body.as_object_mut().unwrap().extend(patch.as_object().unwrap().clone());
        let request = app.request("POST", "/auth/signup").json(&body);
        async move {
            let answer = Answer::to(request).await.refused(422, "validation");
            assert_eq!(answer.body["errors"][0]["field"], field, "{}", answer.text);
        }
    };
    for field in ["role", "emailVerified", "tokenVersion", "orgId", "id", "createdAt"] {
        refused(json!({ field: "admin" }), field).await;
    }
    for email in [
        json!("ada"),
        json!("a\r\nBcc: x@example.com"),
        json!(["ada@example.com"]),
        json!({ "$ne": "" }),
        json!(7),
        json!("a@localhost"),
        Value::Null,
    ] {
        refused(json!({ "email": email }), "email").await;
    }
    for name in ["", "  ", "a\nb", &"n".repeat(101)] {
        refused(json!({ "name": name }), "name").await;
    }
    refused(json!({ "password": ["x"] }), "password").await;
    for table in ["users", "logins", "organizations", "outbox", "audit-events"] {
        let events =
            if table == "audit-events" { app.count("UserCreated").await } else { app.table(table).await.len() };
        assert_eq!(events, 0, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f34_a_sign_up_sent_again_is_the_same_sign_up() {
    let app = TestApp::start().await;
    let mut body = form("ada@example.com");
    body["organization"] = json!({ "name": "Engines", "slug": "engines" });
    app.fault(json!({ "service": "dynamodb", "operation": "TransactWriteItems", "kind": "drop_after_commit" })).await;
    app.post("/auth/signup", body.clone()).await.refused(503, "unavailable");
    app.no_faults();
    let first = token_in(&app.mail("ada@example.com", 1).await);
    for _ in 0..3 {
        app.post("/auth/signup", body.clone()).await.expect(202);
    }
    assert_eq!((app.table("users").await.len(), app.table("organizations").await.len()), (1, 3));
    // Nothing is contested: the first link works as if nothing had happened.
    app.post("/auth/verify-email", json!({ "token": first })).await.expect(200);
    Native::sign_in(&app, "ada@example.com").await;
    app.post("/auth/signup", body).await.refused(409, "slug_taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_019_fifty_sign_ups_at_once_with_a_slug_answer_alike_too() {
    let app = TestApp::start().await;
    // All have looked for the slug before the first of them takes it, also on a slow machine.
    app.fault(json!({ "service": "dynamodb", "operation": "TransactWriteItems", "kind": "delay", "delayMs": 500 }))
        .await;
    let answers = at_once(50, |_| {
        let mut body = form("ada@example.com");
        body["organization"] = json!({ "name": "Engines", "slug": "engines" });
        Answer::to(app.request("POST", "/auth/signup").json(&body))
    })
    .await;
    app.no_faults();
    all_alike(&answers);
    app.outbox_is_empty().await;
    let mails = app.mails("ada@example.com");
    assert!(mails.iter().all(|mail| mail.starts_with("Postern: confirm your e-mail address")), "{mails:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_016_a_name_cannot_put_a_link_into_a_mail() {
    let app = TestApp::start().await;
    let mut body = form("ada@example.com");
    body["name"] = json!("<a href=\"http://evil.example\">x</a> www.evil.example [y](http://evil.example)");
    app.post("/auth/signup", body).await.expect(202);
    app.mail("ada@example.com", 1).await;
    let mail = app.stack.aws().mailbox().list(Some("ada@example.com")).remove(0);
    for text in [&mail.html, &mail.text] {
        assert!(!text.contains("evil.example") && !text.contains("http://evil"), "{text}");
    }
}
