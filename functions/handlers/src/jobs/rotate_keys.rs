//! `jobs-rotate-keys`: keeps the key rings and the secrets in order (KEYS-1, KEYS-2, KEYS-4).
//!
//! Input, optional: `{"action": "rotate"}` promotes the next key as soon as that is safe; `{"action":
//! "rotate-secrets"}` makes another version of the secrets; `{"action": "retire-now", "kid": …}` withdraws that key at
//! once; `{"action": "raise-not-before", "to": …}` ends whatever was issued before that instant, or before now (see the
//! runbooks). Without an action, whatever is due is done.

use std::time::Duration;

use serde_json::Value;
use shared::app::App;
use shared::context::RequestContext;
use shared::error::{FieldError, Refusal, Result};
use shared::keys::rotate::{self, Action};

use super::{Job, report};

pub const JOB: Job = Job {
    name: "jobs-rotate-keys",
    every: Duration::from_secs(900),
    lease: Duration::from_secs(60),
    run: |app, ctx, input| Box::pin(run(app, ctx, input)),
};

async fn run(app: &App, ctx: &RequestContext, input: Value) -> Result<Value> {
    report(rotate::run(app, ctx, action_in(input)?).await?)
}

/// A schedule's own payload names no action. One that is there must be understood: a mistyped emergency that does
/// something else and says "done" would be the worst answer.
fn action_in(input: Value) -> Result<Action> {
    if input.is_object() && input.get("action").is_none() {
        return Ok(Action::default());
    }
    let input = serde_json::from_value(input);
    input.map_err(|error| Refusal::Invalid(vec![FieldError::new("action", "invalid", error.to_string())]).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::clock::Timestamp;

    #[test]
    fn keys_2_a_mistyped_action_is_an_error_and_never_something_else() {
        assert_eq!(action_in(json!({ "version": "0", "detail": "{}" })).unwrap(), Action::Settle);
        assert_eq!(action_in(json!({ "action": "rotate" })).unwrap(), Action::Rotate);
        assert_eq!(action_in(json!({ "action": "rotate-secrets" })).unwrap(), Action::RotateSecrets);
        let retire = Action::RetireNow { kid: "k".to_owned() };
        assert_eq!(action_in(json!({ "action": "retire-now", "kid": "k" })).unwrap(), retire);
        let raise = json!({ "action": "raise-not-before", "to": "2026-11-21T01:50:00.007Z" });
        let to = Some(Timestamp::from_millis(1_795_225_800_007));
        assert_eq!(action_in(raise).unwrap(), Action::RaiseNotBefore { to });
        let raise = json!({ "action": "raise-not-before" });
        assert_eq!(action_in(raise).unwrap(), Action::RaiseNotBefore { to: None });
        for bad in [
            json!({ "action": "raise-not-before", "at": "2026-11-21T01:50:00Z" }),
            json!({ "action": "raise-not-before", "to": "yesterday" }),
            json!({ "action": "raise-not-before", "to": 1_795_225_800 }),
            json!({ "action": "raise-not-before", "to": null }),
            json!({ "action": "retire_now", "kid": "k" }),
            json!({ "action": "retire-now" }),
            json!({ "action": "rotate-secret" }),
            json!({ "action": 1 }),
            json!([1]),
        ] {
            assert!(action_in(bad.clone()).is_err(), "{bad}");
        }
    }
}
