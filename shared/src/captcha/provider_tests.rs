//! The providers' documented answers, and what each comes to.

use serde_json::{Value, json};

use super::Action;
use super::provider::{Expected, Flaw, Judgement, Provider};
use crate::clock::Timestamp;

const ALL: [Provider; 3] = [Provider::Turnstile, Provider::Hcaptcha, Provider::Recaptcha];
const SOLVED: &str = "2022-02-28T15:14:30.096Z";

fn solved_at() -> Timestamp {
    Timestamp::parse(SOLVED).unwrap()
}

/// A good answer, as its provider documents it.
fn good(provider: Provider) -> Value {
    match provider {
        Provider::Turnstile => json!({
            "success": true, "challenge_ts": SOLVED, "hostname": "example.com", "error-codes": [], "action": "signup",
            "cdata": "sessionid-123456789", "metadata": { "ephemeral_id": "x:9f78e0ed210960d7693b167e" }
        }),
        Provider::Hcaptcha => json!({
            "success": true, "challenge_ts": "2022-02-28T15:14:30.096000Z", "hostname": "example.com", "credit": false
        }),
        Provider::Recaptcha => json!({
            "success": true, "challenge_ts": "2022-02-28T15:14:30Z", "hostname": "example.com", "score": 0.9,
            "action": "signup"
        }),
    }
}

fn with(provider: Provider, member: &str, value: Value) -> Value {
    let mut answer = good(provider);
    answer[member] = value;
    answer
}

fn without(provider: Provider, member: &str) -> Value {
    let mut answer = good(provider);
    answer.as_object_mut().unwrap().remove(member);
    answer
}

fn judge_at(provider: Provider, answer: &Value, seconds_later: i64) -> Judgement {
    let hostnames = ["app.example.com".to_owned(), "example.com".to_owned()];
    let expected = Expected { action: Action::SignUp, hostnames: &hostnames, min_score: 0.5 };
    let now = Timestamp::from_millis(solved_at().millis() + seconds_later * 1000);
    provider.judge(200, answer.to_string().as_bytes(), &expected, now)
}

fn judge(provider: Provider, answer: &Value) -> Judgement {
    judge_at(provider, answer, 5)
}

fn codes(codes: &[&str]) -> Judgement {
    Judgement::Refused(Flaw::Codes(codes.iter().map(|&code| code.to_owned()).collect()))
}

#[test]
fn sign_7_a_good_answer_passes() {
    for provider in ALL {
        assert_eq!(judge(provider, &good(provider)), Judgement::Passed, "{provider:?}");
    }
}

#[test]
fn case_021_a_token_of_another_site_is_refused() {
    for provider in ALL {
        for host in [json!("example.org"), json!("notexample.com"), json!("a.example.com"), json!(""), Value::Null] {
            let judgement = judge(provider, &with(provider, "hostname", host));
            assert_eq!(judgement, Judgement::Refused(Flaw::OtherHost), "{provider:?}");
        }
        assert_eq!(judge(provider, &without(provider, "hostname")), Judgement::Refused(Flaw::OtherHost));
        assert_eq!(judge(provider, &with(provider, "hostname", json!("Example.COM"))), Judgement::Passed);
    }
}

#[test]
fn case_021_a_token_for_another_action_is_refused() {
    for provider in [Provider::Turnstile, Provider::Recaptcha] {
        for action in [json!("login"), json!("Signup"), json!(""), Value::Null] {
            let judgement = judge(provider, &with(provider, "action", action));
            assert_eq!(judgement, Judgement::Refused(Flaw::OtherAction), "{provider:?}");
        }
        assert_eq!(judge(provider, &without(provider, "action")), Judgement::Refused(Flaw::OtherAction));
    }
    // hCaptcha knows no actions.
    assert_eq!(judge(Provider::Hcaptcha, &with(Provider::Hcaptcha, "action", json!("login"))), Judgement::Passed);
}

#[test]
fn case_021_a_token_older_than_five_minutes_is_refused() {
    for provider in ALL {
        assert_eq!(judge_at(provider, &good(provider), 299), Judgement::Passed, "{provider:?}");
        assert_eq!(judge_at(provider, &good(provider), 302), Judgement::Refused(Flaw::NotRecent), "{provider:?}");
        // Clocks differ; but a solution from the future would live longer than we remember it.
        assert_eq!(judge_at(provider, &good(provider), -55), Judgement::Passed, "{provider:?}");
        assert_eq!(judge_at(provider, &good(provider), -65), Judgement::Refused(Flaw::NotRecent), "{provider:?}");
        for time in [json!("yesterday"), json!(""), Value::Null] {
            let judgement = judge(provider, &with(provider, "challenge_ts", time));
            assert_eq!(judgement, Judgement::Refused(Flaw::NotRecent), "{provider:?}");
        }
    }
}

#[test]
fn case_021_recaptcha_passes_from_its_least_score_on() {
    let recaptcha = |score: Value| judge(Provider::Recaptcha, &with(Provider::Recaptcha, "score", score));
    assert_eq!(recaptcha(json!(0.5)), Judgement::Passed);
    assert_eq!(recaptcha(json!(1)), Judgement::Passed);
    for score in [json!(0.49), json!(0), json!(-1), Value::Null] {
        assert_eq!(recaptcha(score), Judgement::Refused(Flaw::LowScore));
    }
    // As a v2 key answers: it does not score.
    assert_eq!(judge(Provider::Recaptcha, &without(Provider::Recaptcha, "score")), Judgement::Refused(Flaw::LowScore));
    // hCaptcha's score of its paid plans means the opposite: it is not looked at.
    assert_eq!(judge(Provider::Hcaptcha, &with(Provider::Hcaptcha, "score", json!(0.0))), Judgement::Passed);
}

#[test]
fn case_021_what_the_provider_refuses_is_refused_and_is_no_outage() {
    let documented = [
        (
            Provider::Turnstile,
            ["missing-input-response", "invalid-input-response", "bad-request", "timeout-or-duplicate"],
        ),
        (
            Provider::Hcaptcha,
            ["invalid-input-response", "expired-input-response", "already-seen-response", "bad-request"],
        ),
        (
            Provider::Hcaptcha,
            [
                "invalid-or-already-seen-response",
                "sitekey-secret-mismatch",
                "not-using-dummy-passcode",
                "invalid-remoteip",
            ],
        ),
        (
            Provider::Recaptcha,
            ["missing-input-response", "invalid-input-response", "bad-request", "timeout-or-duplicate"],
        ),
    ];
    for (provider, refusals) in documented {
        for code in refusals {
            let answer = json!({ "success": false, "error-codes": [code] });
            assert_eq!(judge(provider, &answer), codes(&[code]), "{provider:?}");
        }
    }
    assert_eq!(judge(Provider::Turnstile, &json!({ "success": false })), codes(&[]));
    // Also where the answer would be good otherwise, and with a status that says so.
    let answer = with(Provider::Recaptcha, "success", json!(false)).to_string();
    let expected = Expected { action: Action::SignUp, hostnames: &[], min_score: 0.5 };
    assert_eq!(Provider::Recaptcha.judge(400, answer.as_bytes(), &expected, solved_at()), codes(&[]));
}

#[test]
fn f43_a_secret_that_the_provider_does_not_know_is_neither_outage_nor_refusal() {
    for provider in ALL {
        for code in ["missing-input-secret", "invalid-input-secret"] {
            let answer = json!({ "success": false, "error-codes": [code] });
            assert_eq!(judge(provider, &answer), Judgement::SecretRefused, "{provider:?}");
        }
    }
}

#[test]
fn f43_what_is_no_verdict_is_a_failure() {
    let is_failure = |status: u16, body: &str| {
        let hostnames = ["example.com".to_owned()];
        let expected = Expected { action: Action::SignUp, hostnames: &hostnames, min_score: 0.5 };
        ALL.iter().all(|it| matches!(it.judge(status, body.as_bytes(), &expected, solved_at()), Judgement::Failed(_)))
    };
    assert!(is_failure(200, r#"{"success":false,"error-codes":["internal-error"]}"#));
    for body in ["", "<html>", "[]", "null", "{}", r#"{"success":"true"}"#, r#"{"success":1}"#] {
        assert!(is_failure(200, body) && is_failure(403, body), "{body}");
    }
    // No status but the usual ones makes a good answer good.
    for status in [302, 307, 429, 500, 503] {
        assert!(is_failure(status, &good(Provider::Turnstile).to_string()), "{status}");
    }
}

#[test]
fn case_021_what_is_no_token_is_never_sent() {
    for provider in ALL {
        for token in
            ["XXXX.DUMMY.TOKEN.XXXX", "10000000-aaaa-bbbb-cccc-000000000001", "P1_eyJ0eXAi.UV8w", &"a".repeat(2048)]
        {
            assert!(provider.could_have_issued(token), "{token}");
        }
        for token in ["", " ", "a b", "a\nb", "a\0", "<script>", "ä", "a&secret=b", "a%00", &"a".repeat(8193)] {
            assert!(!provider.could_have_issued(token), "{token}");
        }
    }
    assert!(!Provider::Turnstile.could_have_issued(&"a".repeat(2049)));
    assert!(Provider::Hcaptcha.could_have_issued(&"a".repeat(5000)));
}

#[test]
fn sign_7_the_form_names_the_caller_where_it_is_known() {
    let form = Provider::Turnstile.form("s", "t", Some("192.0.2.1"));
    assert_eq!(form, [("secret", "s"), ("response", "t"), ("remoteip", "192.0.2.1")]);
    assert_eq!(Provider::Hcaptcha.form("s", "t", None), [("secret", "s"), ("response", "t")]);
}
