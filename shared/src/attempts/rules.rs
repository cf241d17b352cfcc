//! The figures of this part, as settings.

use std::time::Duration;

use super::{Limit, LockRules};
use crate::settings::Reader;

/// How many attempts are allowed. Each field names its variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRules {
    /// `LOCK_AFTER`: so many failures lock an account; 3 to 10 (LOGIN-2).
    pub lock_after: usize,
    /// `LOCK_MINUTES`: within so long, and for so long at first; 5 to 60.
    pub lock_window: Duration,
    /// `LOCK_CAP_HOURS`: the longest that locks grow to, and how long after one they are forgotten; 1 to 168.
    pub lock_cap: Duration,
    /// `SUSPICIOUS_AFTER`: from so many failures on the owner is warned and a CAPTCHA is asked for; 1 to 9, and fewer
    /// than lock (LOGIN-5, LOGIN-6).
    pub suspicious_after: usize,
    /// `NETWORK_FAILURES`: so many failures in an hour stop an address of the network for an hour; 5 to 50 (LOGIN-3).
    pub network_failures: usize,
    /// `ROUTE_PER_MINUTE`: requests a minute to a route that is limited, from one client; 1 to 50 (LOGIN-8).
    pub route_per_minute: usize,
    /// `ROUTE_BURST`: of them, so many at once; 1 to 50.
    pub route_burst: usize,
}

const MINUTE: Duration = Duration::from_secs(60);

impl Default for AttemptRules {
    fn default() -> Self {
        Self {
            lock_after: 5,
            lock_window: MINUTE * 15,
            lock_cap: MINUTE * 60 * 24,
            suspicious_after: 3,
            network_failures: 10,
            route_per_minute: 10,
            route_burst: 5,
        }
    }
}

impl AttemptRules {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        let default = Self::default();
        let rules = Self {
            lock_after: reader.number("LOCK_AFTER", 5, 3..=10),
            lock_window: MINUTE * reader.number("LOCK_MINUTES", 15, 5..=60),
            lock_cap: MINUTE * 60 * reader.number("LOCK_CAP_HOURS", 24, 1..=168),
            suspicious_after: reader.number("SUSPICIOUS_AFTER", default.suspicious_after, 1..=9),
            network_failures: reader.number("NETWORK_FAILURES", default.network_failures, 5..=50),
            route_per_minute: reader.number("ROUTE_PER_MINUTE", default.route_per_minute, 1..=50),
            route_burst: reader.number("ROUTE_BURST", default.route_burst, 1..=50),
        };
        if rules.suspicious_after >= rules.lock_after {
            reader.fault("SUSPICIOUS_AFTER", "must be less than LOCK_AFTER, or nobody is warned before the lock");
        }
        if rules.route_burst > rules.route_per_minute {
            reader.fault("ROUTE_BURST", "must not be more than ROUTE_PER_MINUTE");
        }
        rules
    }

    pub fn account_locks(&self) -> LockRules {
        LockRules { first: self.lock_window, cap: self.lock_cap, calm: self.lock_cap }
    }

    pub fn route_limit(&self) -> Limit {
        Limit::paced(self.route_per_minute, MINUTE, self.route_burst)
    }
}
