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

/// More than this is told. The header counts whole seconds, and an answer is on its way for a while.
const ALLOWED_MS: i64 = 2_000;
const SECOND_MS: i64 = 1_000;

/// Told at most so often.
const PAUSE_MS: i64 = 60_000;

/// The interceptor of the client that every function uses.
pub struct WatchClock {
    clock: Clock,
    told_at: AtomicI64,
}

impl std::fmt::Debug for WatchClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WatchClock")
    }
}

impl WatchClock {
    pub fn new(clock: Clock) -> Self {
        Self { clock, told_at: AtomicI64::new(i64::MIN) }
    }

    fn look(&self, date: &str) {
        let Some(there) = DateTime::from_str(date, Format::HttpDate).ok().and_then(|at| at.to_millis().ok()) else {
            return;
        };
        let here = self.clock.now();
        let skew = skew(here, there);
        let told_at = self.told_at.load(Ordering::Relaxed);
        if skew.abs() > ALLOWED_MS && here.millis().saturating_sub(told_at) >= PAUSE_MS {
            self.told_at.store(here.millis(), Ordering::Relaxed);
            tracing::error!(skew_millis = skew, "the clock of this instance is off");
        }
    }
}

/// By how many milliseconds we are ahead of a `Date`; zero within the second that it names.
fn skew(here: Timestamp, there: i64) -> i64 {
    match here.millis().saturating_sub(there) {
        behind @ ..=0 => behind,
        ahead => ahead.saturating_sub(SECOND_MS).max(0),
    }
}

impl Intercept for WatchClock {
    fn name(&self) -> &'static str {
        "WatchClock"
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

    #[test]
    fn f19_more_than_two_seconds_either_way_are_told() {
        let told = |millis: i64| skew(Timestamp::from_millis(1_000_000 + millis), 1_000_000).abs() > ALLOWED_MS;
        assert!([-2_000, -1, 0, 999, 1_000, 3_000].into_iter().all(|millis| !told(millis)));
        assert!([-2_001, 3_001, 300_000, -300_000].into_iter().all(told));
    }

    #[test]
    fn f19_it_is_told_once_a_minute_and_a_strange_date_never() {
        let watch = WatchClock::new(Clock::new(|| Timestamp::from_seconds(1_000_000)));
        watch.look("yesterday");
        assert_eq!(watch.told_at.load(Ordering::Relaxed), i64::MIN);
        watch.look("Mon, 12 Jan 1970 13:46:40 GMT");
        assert_eq!(watch.told_at.load(Ordering::Relaxed), i64::MIN, "that is our time");
        watch.look("Mon, 12 Jan 1970 13:51:40 GMT");
        assert_eq!(watch.told_at.load(Ordering::Relaxed), 1_000_000_000);
    }
}
