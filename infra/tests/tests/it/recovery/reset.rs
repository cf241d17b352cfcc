//! A forgotten password: the link, its one use, and what it ends (RECOV-1, RECOV-2; cases 147 to 156).

use serde_json::{Value, json};
use tests::{Answer, Browser, Native, PASSWORD, TestApp, at_once, token_in};

use super::{ADA, NEW, cancelled, forgot, state, succeeded, with_link};

async fn reset(app: &TestApp, token: &str, password: &str) -> Answer {
    app.post("/auth/password/reset", json!({ "token": token, "password": password })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn recov_1_and_2_a_forgotten_password_is_replaced_and_every_session_ends() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    let (native, browser) = (Native::sign_in(&app, ADA).await, Browser::sign_in(&app, ADA).await);
    assert_eq!(forgot(&app, ADA).await.expect(202).body, json!({ "status": "reset_requested" }));
    let mail = app.mail_about(ADA, "choose a new password").await;
    assert!(mail.starts_with("Postern: choose a new password") && mail.contains("1 hour"), "{mail}");
    let token = token_in(&mail);
    app.get(&format!("/reset-password?token={token}")).await.expect(200);

    assert_eq!(reset(&app, &token, NEW).await.expect(200).body, json!({ "status": "password_reset" }));
    native.verify(&native.access).await.refused(401, "session_revoked");
    native.present(&native.refresh).await.refused(401, "session_revoked");
    browser.get("/user/me").await.refused(401, "session_revoked");
    app.log_in(ADA, PASSWORD).await.refused(401, "invalid_credentials");
    app.log_in(ADA, NEW).await.expect(200);

    let notice = app.mail_about(ADA, "your password was changed").await;
    assert!(notice.starts_with("Postern: your password was changed"), "{notice}");
    assert!(notice.contains("Hello Ada Lovelace,") && notice.contains("With a link from a mail"), "{notice}");
    assert!(notice.contains("/forgot-password") && !notice.contains("token="), "{notice}");
    assert_eq!(succeeded(&app, "PasswordResetRequested").await, 1);
    assert_eq!(succeeded(&app, "PasswordChanged").await, 1);
    assert_eq!(app.count("RefreshTokenRevoked").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_147_a_link_works_once_for_an_hour() {
    let app = TestApp::start().await;
    let token = with_link(&app).await;
    app.advance(3600 - 5);
    // Looking at the link, or a mail scanner's following it, uses nothing up.
    app.get(&format!("/auth/password/reset?token={token}")).await.refused(405, "method_not_allowed");
    reset(&app, &token, NEW).await.expect(200);
    reset(&app, &token, NEW).await.refused(410, "token_used");
    app.log_in(ADA, NEW).await.expect(200);

    forgot(&app, ADA).await.expect(202);
    let late = token_in(&app.mail(ADA, 5).await);
    app.advance(3600);
    reset(&app, &late, PASSWORD).await.refused(410, "token_expired");
    for bad in ["", "x", &"A".repeat(43), &token[1..]] {
        reset(&app, bad, PASSWORD).await.refused(400, "token_invalid");
    }
    app.log_in(ADA, NEW).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_147_a_newer_link_ends_the_older() {
    let app = TestApp::start().await;
    let first = with_link(&app).await;
    app.advance(61);
    forgot(&app, ADA).await.expect(202);
    let second = token_in(&app.mail(ADA, 4).await);
    reset(&app, &first, NEW).await.refused(410, "token_expired");
    reset(&app, &second, NEW).await.expect(200);
    reset(&app, &first, PASSWORD).await.refused(410, "token_expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_147_a_link_that_is_superseded_while_it_is_used_changes_nothing() {
    let app = TestApp::start().await;
    let first = with_link(&app).await;
    app.advance(61);
    // The reset has looked at its link, and is held up on the way to its commit.
    let delay = json!({ "service": "dynamodb", "operation": "TransactWriteItems", "table": "users", "kind": "delay", "delayMs": 60_000 });
    app.fault(delay).await;
    let (used, asked) = tokio::join!(reset(&app, &first, NEW), async {
        app.somebody_is_hit().await;
        let answer = forgot(&app, ADA).await;
        app.no_faults();
        answer
    });
    asked.expect(202);
    used.refused(410, "token_expired");
    app.log_in(ADA, PASSWORD).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_link_resets_nothing_and_a_reset_link_verifies_nothing() {
    let app = TestApp::start().await;
    let verification = app.sign_up("bob@example.com").await;
    reset(&app, &verification, NEW).await.refused(400, "token_invalid");
    let token = with_link(&app).await;
    app.post("/auth/verify-email", json!({ "token": token })).await.refused(400, "token_invalid");
    reset(&app, &token, NEW).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn recov_2_a_password_that_the_policy_refuses_leaves_the_link_good() {
    let app = TestApp::start().await;
    let token = with_link(&app).await;
    for (password, code) in
        [("Ab1!", "min_length"), ("Password1!", "password_common"), ("I am Lovelace, you know", "contains_personal")]
    {
        let refused = reset(&app, &token, password).await.refused(422, "password_rejected");
        let codes: Vec<&str> =
            refused.body["errors"].as_array().unwrap().iter().filter_map(|error| error["code"].as_str()).collect();
        assert!(codes.contains(&code) && refused.body["errors"][0]["field"] == "password", "{}", refused.text);
    }
    reset(&app, &token, NEW).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_149_a_reset_signs_nobody_in() {
    let app = TestApp::start().await;
    let token = with_link(&app).await;
    let answer = reset(&app, &token, NEW).await.expect(200);
    assert!(answer.cookies().is_empty() && answer.body.as_object().unwrap().len() == 1, "{}", answer.text);
    assert!(app.table("sessions").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn case_150_fifty_uses_of_one_link_at_once_count_once() {
    let app = TestApp::start().await;
    let token = with_link(&app).await;
    let password = |i: usize| format!("{NEW} and {i} more");
    let answers = at_once(50, |i| {
        let body = json!({ "token": token, "password": password(i) });
        let request = app.request("POST", "/auth/password/reset").json(&body);
        async move {
            // Fifty hashes on a small machine may take longer than a request may: whoever is told so comes again.
            loop {
                let answer = Answer::to(request.try_clone().unwrap()).await;
                if answer.status != 503 {
                    return (i, answer);
                }
            }
        }
    })
    .await;
    let winners: Vec<usize> = answers.iter().filter(|(_, answer)| answer.status == 200).map(|(i, _)| *i).collect();
    let [winner] = winners.as_slice() else { panic!("{winners:?} won") };
    for (_, answer) in answers.iter().filter(|(i, _)| i != winner) {
        answer.clone().refused(410, "token_used");
    }
    app.log_in(ADA, &password(*winner)).await.expect(200);
    app.log_in(ADA, &password((winner + 1) % 50)).await.refused(401, "invalid_credentials");
    assert_eq!(succeeded(&app, "PasswordChanged").await, 1);
    assert_eq!(app.table("users").await[0]["token_version"], 1.0);
    app.outbox_is_empty().await;
    assert_eq!(app.mails(ADA).len(), 4, "verification, welcome, link, one notice");
}

/// Marks an account as an administrator's switch will: in both of its items.
async fn disable(app: &TestApp, email: &str) {
    app.set("users", "email", email, "status", "disabled").await;
    app.set("logins", "login", &format!("email#{email}"), "status", "disabled").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_152_addresses_without_an_account_to_open_get_the_same_answer_and_no_mail() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    app.sign_up("waiting@example.com").await;
    app.account("disabled@example.com").await;
    disable(&app, "disabled@example.com").await;
    app.outbox_is_empty().await;

    // What was answered, and which calls were made, with as many units.
    let mut seen = Vec::new();
    for email in [ADA, "waiting@example.com", "disabled@example.com", "nobody@example.com"] {
        let rows = async || app.table("outbox").await.len() + app.table("challenges").await.len();
        let before = rows().await;
        let answer = forgot(&app, email).await.expect(202);
        let calls = app.calls_of(&answer).await;
        let name =
            |call: &Value| format!("{} {} {} {}", call["wave"], call["operation"], call["tables"], call["writeUnits"]);
        let mut calls: Vec<String> = calls["calls"].as_array().unwrap().iter().map(name).collect();
        calls.sort();
        assert_eq!(rows().await, before + 3, "{email}: a link, which is the newest, and a mail or a decoy");
        let headers: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        seen.push((answer.text, headers, calls));
    }
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");

    app.outbox_is_empty().await;
    app.advance(3600);
    app.job("retry-mail", json!({})).await;
    assert_eq!(app.mails(ADA).len(), 3);
    assert_eq!((app.mails("waiting@example.com").len(), app.mails("disabled@example.com").len()), (1, 2));
    assert!(app.mails("nobody@example.com").is_empty());
    assert_eq!(succeeded(&app, "PasswordResetRequested").await, 1);
    assert_eq!((app.count("PasswordResetRequested").await, app.count("MailUndeliverable").await), (4, 0));

    // No credential appeared.
    assert_eq!(app.table("logins").await.len(), 3);
    app.log_in("waiting@example.com", PASSWORD).await.refused(403, "email_not_verified");
    app.log_in("disabled@example.com", PASSWORD).await.refused(401, "invalid_credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_152_a_link_does_not_outlive_its_account() {
    let app = TestApp::start().await;
    let token = with_link(&app).await;
    disable(&app, ADA).await;
    reset(&app, &token, NEW).await.refused(400, "token_invalid");
    assert_eq!(succeeded(&app, "PasswordChanged").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_156_however_often_it_is_asked_an_address_gets_one_mail_a_minute_and_five_an_hour() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    let first = forgot(&app, ADA).await.expect(202);
    for email in [ADA, "nobody@example.com"] {
        for answer in
            at_once(50, |_| Answer::to(app.request("POST", "/auth/password/forgot").json(&json!({ "email": email }))))
                .await
        {
            assert_eq!((answer.status, &answer.text), (202, &first.text));
        }
    }
    app.outbox_is_empty().await;
    assert_eq!(app.mails(ADA).len(), 3, "verification, welcome, one link");
    for _ in 0..20 {
        app.advance(61);
        assert_eq!(forgot(&app, ADA).await.expect(202).text, first.text);
    }
    app.outbox_is_empty().await;
    assert_eq!(app.mails(ADA).len(), 7, "five links");
    app.advance(3600);
    forgot(&app, ADA).await.expect(202);
    app.mail(ADA, 8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f1_a_request_that_fails_at_any_item_leaves_nothing_and_uses_up_no_turn() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    app.outbox_is_empty().await;
    let before = state(&app).await;
    // Cool-down, link, newest, event, mail.
    for item in 0..5 {
        cancelled(&app, item, async || forgot(&app, ADA).await).await;
    }
    assert_eq!(state(&app).await, before);
    assert_eq!(app.count("PasswordResetRequested").await, 0);
    forgot(&app, ADA).await.expect(202);
    token_in(&app.mail(ADA, 3).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn f1_a_reset_that_fails_at_any_item_changes_nothing() {
    let app = TestApp::start().await;
    let token = with_link(&app).await;
    let native = Native::sign_in(&app, ADA).await;
    app.outbox_is_empty().await;
    let before = state(&app).await;
    // Link, newest, user, login, two events, mail.
    for item in 0..7 {
        cancelled(&app, item, async || reset(&app, &token, NEW).await).await;
    }
    for operation in ["GetItem", "TransactWriteItems"] {
        app.fault(json!({ "service": "dynamodb", "operation": operation, "kind": "error" })).await;
        reset(&app, &token, NEW).await.refused(503, "unavailable");
        app.no_faults();
    }
    app.job("retry-mail", json!({})).await;
    assert_eq!(state(&app).await, before);
    assert_eq!(app.mails(ADA).len(), 3, "f14: no mail before the commit");
    native.verify(&native.access).await.expect(200);
    reset(&app, &token, NEW).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn f13_a_link_that_is_mailed_twice_still_works_once() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    app.outbox_is_empty().await;
    // SES takes it, but its answer is lost each time.
    app.fault(json!({ "service": "ses", "operation": "SendEmail", "kind": "drop_after_commit" })).await;
    forgot(&app, ADA).await.expect(202);
    app.mail(ADA, 3).await;
    app.no_faults();
    app.advance(600);
    app.job("retry-mail", json!({})).await;
    app.outbox_is_empty().await;
    let tokens: Vec<String> =
        app.mails(ADA).iter().filter(|mail| mail.contains("token=")).map(|m| token_in(m)).collect();
    let links: Vec<&String> = tokens.iter().filter(|token| **token == tokens[0]).collect();
    assert!(links.len() >= 2, "sent twice, with one link: {tokens:?}");
    reset(&app, &tokens[0], NEW).await.expect(200);
    reset(&app, links[1], NEW).await.refused(410, "token_used");
}

#[tokio::test(flavor = "multi_thread")]
async fn f2_a_reset_whose_answer_is_lost_happened_once() {
    let app = TestApp::start().await;
    let token = with_link(&app).await;
    app.fault(json!({ "service": "dynamodb", "operation": "TransactWriteItems", "kind": "drop_after_commit" })).await;
    reset(&app, &token, NEW).await.refused(503, "unavailable");
    app.no_faults();
    // The same request again: the link is used, and the password is the new one.
    reset(&app, &token, NEW).await.refused(410, "token_used");
    app.log_in(ADA, NEW).await.expect(200);
    app.outbox_is_empty().await;
    assert_eq!((succeeded(&app, "PasswordChanged").await, app.mails(ADA).len()), (1, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn recov_2_no_session_survives_whose_sign_in_raced_the_reset() {
    let app = TestApp::start().await;
    let token = with_link(&app).await;
    // The sign-in with the old password has read everything, and is held up on the way to its commit.
    app.fault(json!({ "service": "dynamodb", "operation": "TransactWriteItems", "table": "sessions", "kind": "delay", "delayMs": 60_000 })).await;
    let (login, done) = tokio::join!(app.log_in(ADA, PASSWORD), async {
        app.somebody_is_hit().await;
        let answer = reset(&app, &token, NEW).await;
        app.no_faults();
        answer
    });
    done.expect(200);
    login.refused(503, "unavailable");
    assert!(app.table("sessions").await.is_empty());
    app.log_in(ADA, PASSWORD).await.refused(401, "invalid_credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn recov_2_a_reset_ends_the_locks_that_kept_its_owner_out() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    for _ in 0..5 {
        app.log_in(ADA, "wrong").await.refused(401, "invalid_credentials");
    }
    app.log_in(ADA, PASSWORD).await.refused(423, "account_locked");
    app.post("/auth/password/forgot", json!({ "email": ADA })).await.expect(202);
    let token = app.link(ADA, "reset-password").await;
    let new = "Eight blue windows, 2 open";
    app.post("/auth/password/reset", json!({ "token": token, "password": new })).await.expect(200);
    app.log_in(ADA, new).await.expect(200);
}
