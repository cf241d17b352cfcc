//! What is counted: each counter's key, limit, and what a caller is told when it is full.

use std::net::IpAddr;
use std::time::Duration;

use super::device::DeviceId;
use super::{AttemptRules, Limit, Lock, LockRules};
use crate::clock::Timestamp;
use crate::email::Email;
use crate::error::Refusal;
use crate::id::UserId;
use crate::secret::TokenHash;

/// A counter of the table Attempts.
#[derive(Clone, Debug)]
pub struct Counter {
    key: String,
    limit: Limit,
    /// What a full window of failures brings, beyond waiting for its oldest to leave.
    locks: Option<LockRules>,
    full: Full,
}

/// What a full counter means to the caller.
#[derive(Clone, Copy, Debug)]
enum Full {
    /// 423: this account, for callers like this one.
    Locked,
    /// 429: this caller, or this account's mails.
    RateLimited,
}

/// What a counter holds: the latest attempts, newest first, its last lock, and the keys of devices locked with it.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub marks: Vec<Timestamp>,
    pub lock: Option<Lock>,
    pub locked_devices: Vec<String>,
}

/// One mail a minute and five an hour for an address, whoever asks (case 156).
const MAILS: (usize, Duration, usize, Duration) = (1, Duration::from_secs(60), 5, Duration::from_secs(3600));

const HOUR: Duration = Duration::from_secs(3600);

impl Counter {
    /// Failed sign-ins to an address from devices that have not signed in to it before (LOGIN-2). Whether an account has
    /// the address makes no difference.
    pub fn strangers(rules: &AttemptRules, email: &Email) -> Self {
        Self::of_account(rules, format!("login#{}", hash(email)))
    }

    /// Failed sign-ins to an address from one device that has signed in to it before (LOGIN-9).
    pub fn device(rules: &AttemptRules, email: &Email, device: &DeviceId) -> Self {
        Self::of_account(rules, format!("login#{}#{device}", hash(email)))
    }

    fn of_account(rules: &AttemptRules, key: String) -> Self {
        let limit = Limit::new(rules.lock_after, rules.lock_window);
        Self { key, limit, locks: Some(rules.account_locks()), full: Full::Locked }
    }

    /// Failed sign-ins from an address of the network, to whomever (LOGIN-3).
    pub fn network(rules: &AttemptRules, ip: Option<IpAddr>) -> Self {
        let limit = Limit::new(rules.network_failures, HOUR);
        let locks = Some(LockRules::constant(HOUR));
        Self { key: format!("network#{}", network(ip)), limit, locks, full: Full::RateLimited }
    }

    /// Wrong current passwords of somebody who is signed in (case 044).
    pub fn current_password(rules: &AttemptRules, user: UserId) -> Self {
        let limit = Limit::new(rules.lock_after, rules.lock_window);
        Self { key: format!("current-password#{user}"), limit, locks: None, full: Full::RateLimited }
    }

    /// Requests to a route from an address of the network, or from a device that is known to it (LOGIN-8).
    pub fn route(rules: &AttemptRules, route: &str, client: &Client) -> Self {
        let client = match client {
            Client::Network(ip) => network(*ip),
            Client::Device(device) => device.to_string(),
        };
        let limit = rules.route_limit();
        Self { key: format!("route#{route}#{client}"), limit, locks: None, full: Full::RateLimited }
    }

    /// Mails of one kind to an address.
    pub fn mail(kind: &str, email: &Email) -> Self {
        let (burst, pause, count, span) = MAILS;
        let limit = Limit::new(burst, pause).and(count, span);
        Self { key: format!("mail#{kind}#{}", hash(email)), limit, locks: None, full: Full::RateLimited }
    }

    /// Notices of one kind to an address: one an hour.
    pub fn notice(kind: &str, email: &Email) -> Self {
        let limit = Limit::new(1, HOUR);
        Self { key: format!("mail#{kind}#{}", hash(email)), limit, locks: None, full: Full::RateLimited }
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether it is an account's: what it refuses may be unlocked at any moment.
    pub fn is_account(&self) -> bool {
        matches!(self.full, Full::Locked)
    }

    pub fn limit(&self) -> &Limit {
        &self.limit
    }

    /// How long the counter's item means anything after its last change.
    pub fn kept(&self) -> Duration {
        self.limit.span() + self.locks.map_or(Duration::ZERO, |locks| locks.cap + locks.calm)
    }

    /// When another attempt is allowed; `None` if one is allowed now.
    pub fn frees_at(&self, tally: &Tally, now: Timestamp) -> Option<Timestamp> {
        let lock = tally.lock.map(|lock| lock.until).filter(|until| *until > now);
        lock.max(self.limit.frees_at(&tally.marks, now))
    }

    /// The lock that follows upon a failed attempt, if it was the last that the window holds.
    pub fn lock_after(&self, tally: &Tally, now: Timestamp) -> Option<Lock> {
        let is_full = self.limit.frees_at(&tally.marks, now).is_some();
        self.locks.filter(|_| is_full).map(|locks| locks.next(tally.lock, now))
    }

    /// How many attempts of the window are on the counter.
    pub fn used(&self, tally: &Tally, now: Timestamp) -> usize {
        self.limit.used(&tally.marks, now)
    }

    /// What the caller is told when it is full.
    pub fn refusal(&self, tally: &Tally, now: Timestamp) -> Refusal {
        let wait = self.frees_at(tally, now).map_or(Duration::ZERO, |free| free.since(now));
        match self.full {
            Full::Locked => Refusal::AccountLocked { wait },
            Full::RateLimited => Refusal::RateLimited { wait },
        }
    }
}

/// Who calls a route, as far as its limit is concerned.
#[derive(Clone, Debug)]
pub enum Client {
    Network(Option<IpAddr>),
    /// A device that has shown to have signed in to this account before: nobody else can use its share up.
    Device(DeviceId),
}

/// A hash, so that the counters do not become a list of addresses that somebody once typed.
fn hash(email: &Email) -> String {
    TokenHash::of(email.as_str().as_bytes()).as_str().to_owned()
}

/// An IPv6 customer has a whole /64, so that is one client (case 047). An address that cannot be read is counted with the
/// others of its kind, never let through (case 046).
pub(crate) fn network(ip: Option<IpAddr>) -> String {
    match ip.map(|ip| ip.to_canonical()) {
        Some(IpAddr::V4(ip)) => ip.to_string(),
        Some(IpAddr::V6(ip)) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        None => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_047_a_slash_64_is_one_client_and_a_mapped_address_is_the_address() {
        let of = |text: &str| network(Some(text.parse().unwrap()));
        for host in ["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:0db8:0001:0002:0:0:0:5"] {
            assert_eq!(of(host), "2001:db8:1:2::/64");
        }
        assert_ne!(of("2001:db8:1:3::1"), of("2001:db8:1:2::1"));
        assert_eq!(of("::ffff:1.2.3.4"), "1.2.3.4");
        assert_eq!(network(None), "unknown");
    }

    #[test]
    fn no_two_counters_share_a_key() {
        let (rules, now) = (AttemptRules::default(), Timestamp::from_seconds(1_800_000_000));
        let (ada, bob) = (Email::parse("ada@example.com").unwrap(), Email::parse("bob@example.com").unwrap());
        let ip = Some("192.0.2.1".parse().unwrap());
        let (one, two) = (DeviceId::fresh(), DeviceId::fresh());
        let counters = [
            Counter::strangers(&rules, &ada),
            Counter::strangers(&rules, &bob),
            Counter::device(&rules, &ada, &one),
            Counter::device(&rules, &ada, &two),
            Counter::device(&rules, &bob, &one),
            Counter::network(&rules, ip),
            Counter::network(&rules, None),
            Counter::current_password(&rules, UserId::new(now)),
            Counter::route(&rules, "auth-login", &Client::Network(ip)),
            Counter::route(&rules, "auth-login", &Client::Device(one)),
            Counter::route(&rules, "auth-signup", &Client::Network(ip)),
            Counter::mail("verify-email", &ada),
            Counter::notice("login-alert", &ada),
        ];
        let keys: std::collections::HashSet<&str> = counters.iter().map(Counter::key).collect();
        assert_eq!(keys.len(), counters.len());
        assert!(keys.iter().all(|key| !key.contains("ada") && !key.contains("bob")));
    }
}
