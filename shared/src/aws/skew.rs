//! Whether this instance's clock agrees with AWS's (F19): every answer of DynamoDB says what time it is there.
//!
//! Every expiry is judged by the instance's own clock. One that is off by more than two seconds is an operator's matter,
//! so it is said in the log, at most once a minute; nothing is decided by it.

use std::sync::atomic::{AtomicI64, Ordering};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;

use crate::clock::{Clock, Timestamp};

/// More than this is a difference. The header counts whole seconds, and an answer is on its way for a while.
pub const ALLOWED_MS: i64 = 2_000;
const SECOND_MS: i64 = 1_000;

/// Told at most so often.
const PAUSE_MS: i64 = 60_000;

/// An interceptor that hears, by every answer of a client, by how many milliseconds a clock is ahead of AWS's.
pub struct HearSkew<F> {
    clock: Clock,
    heard: F,
}

impl<F> HearSkew<F>
where
    F: Fn(Timestamp, i64) + Send + Sync + 'static,
{
    /// `heard` is given the clock's time of the answer and its skew, which is negative where it is behind.
    pub fn new(clock: Clock, heard: F) -> Self {
        Self { clock, heard }
    }

    fn look(&self, date: &str) {
        let there = DateTime::from_str(date, Format::HttpDate).ok().and_then(|at| at.to_millis().ok());
        if let Some(there) = there {
            let here = self.clock.now();
            (self.heard)(here, skew(here, there));
        }
    }
}

/// The one of the client that every function uses: tells the log.
pub fn watch(clock: Clock) -> impl Intercept {
    let told_at = AtomicI64::new(i64::MIN);
    HearSkew::new(clock, move |here, skew| {
        if is_to_be_told(here, skew, &told_at) {
            tracing::error!(skew_millis = skew, "the clock of this instance is off");
        }
    })
}

fn is_to_be_told(here: Timestamp, skew: i64, told_at: &AtomicI64) -> bool {
    let is_due = here.millis().saturating_sub(told_at.load(Ordering::Relaxed)) >= PAUSE_MS;
    let is_told = skew.abs() > ALLOWED_MS && is_due;
    if is_told {
        told_at.store(here.millis(), Ordering::Relaxed);
    }
    is_told
}

/// By how many milliseconds we are ahead of a `Date`; zero within the second that it names.
fn skew(here: Timestamp, there: i64) -> i64 {
    match here.millis().saturating_sub(there) {
        behind @ ..=0 => behind,
        ahead => ahead.saturating_sub(SECOND_MS).max(0),
    }
}

impl<F> std::fmt::Debug for HearSkew<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HearSkew")
    }
}

impl<F> Intercept for HearSkew<F>
where
    F: Fn(Timestamp, i64) + Send + Sync + 'static,
{
    fn name(&self) -> &'static str {
        "HearSkew"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(date) = context.response().headers().get("date") {
            self.look(date);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[test]
    fn f19_more_than_two_seconds_either_way_are_told() {
        let told = |millis: i64| {
            let here = Timestamp::from_millis(1_000_000 + millis);
            is_to_be_told(here, skew(here, 1_000_000), &AtomicI64::new(i64::MIN))
        };
        assert!([-2_000, -1, 0, 999, 1_000, 3_000].into_iter().all(|millis| !told(millis)));
        assert!([-2_001, 3_001, 300_000, -300_000].into_iter().all(told));
    }

    #[test]
    fn f19_it_is_told_once_a_minute() {
        let told_at = AtomicI64::new(i64::MIN);
        let told = [0, 1, 59, 60, 61].map(|at| is_to_be_told(Timestamp::from_seconds(at), 5_000, &told_at));
        assert_eq!(told, [true, false, false, true, false]);
    }

    #[test]
    fn f19_a_strange_date_is_no_date() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let listening = heard.clone();
        let hear = HearSkew::new(Clock::new(|| Timestamp::from_seconds(1_000_000)), move |_, skew| {
            listening.lock().expect("nobody panics").push(skew);
        });
        for date in ["yesterday", "Mon, 12 Jan 1970 13:46:40 GMT", "Mon, 12 Jan 1970 13:51:40 GMT"] {
            hear.look(date);
        }
        assert_eq!(*heard.lock().expect("nobody panics"), [0, -300_000]);
    }
}
