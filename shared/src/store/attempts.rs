//! Counters of attempts.
//!
//! | table | key | attributes | ends by TTL |
//! |---|---|---|---|
//! | Attempts | `key` of a [`Counter`] | `m0`, `m1` … the latest attempts, newest first; `locked_until`, `lock_step`; `locked_devices` | when nothing in it can matter |
//!
//! The attempts are a shift register: one conditional update moves each to the next place, puts the new one in front and
//! holds only if those that would be one too many have left their windows. That is an exact sliding window in one write,
//! without reading first.

use std::fmt::Write;

use aws_sdk_dynamodb::types::AttributeValue;

use super::primitives::Advance;
use super::transaction::{Change, Part};
use super::{DYNAMODB, Item, Store, Transaction, from_item, key, number};
use crate::attempts::{Counter, Lock, Tally};
use crate::clock::Timestamp;
use crate::error::{Error, Result};

/// What came of a try to take a place.
#[derive(Debug)]
pub enum Reservation {
    /// Taken; the counter with this attempt on it.
    Taken(Tally),
    /// There was none; the counter as it is.
    Full(Tally),
}

/// So many devices are released with an account, so that the transaction keeps its bound of 100 items. A thief who knew
/// the password may have had more of them noted; those of a new password are strangers anyway.
const RELEASED: usize = 20;

/// Where no attempt was made yet: longer ago than any window.
const NEVER: i64 = 0;

impl Store {
    /// *Reserve*: takes a place on a counter and learns what it holds. An answer that is lost on the way makes the SDK
    /// take a second one: an attempt too many is counted, never one too few.
    pub async fn reserve(&self, counter: &Counter, now: Timestamp) -> Result<Reservation> {
        let expressions = Reserve::of(counter);
        match self.advance(expressions.change(&self.tables.attempts, counter, now)).await? {
            Advance::Won(item) => Ok(Reservation::Taken(tally(item))),
            Advance::Lost(item) => Ok(Reservation::Full(tally(item))),
        }
    }

    /// Gives the place back that was taken at an instant, wherever later attempts have moved it to. One that has left
    /// the window needs nothing.
    pub async fn give_back(&self, counter: &Counter, taken_at: Timestamp) -> Result<()> {
        let slots = counter.limit().slots();
        let mut place = 0;
        // Each round that loses has met somebody else's attempt, or its return.
        for _ in 0..3 * slots {
            let change = Change {
                table: &self.tables.attempts,
                key: key("key", counter.key()),
                update: &closed_up(place, slots),
                condition: &format!("m{place} = :mark"),
                names: &[],
                values: vec![(":mark", number(taken_at.millis())), (":never", number(NEVER))],
            };
            let Advance::Lost(item) = self.advance(change).await? else { return Ok(()) };
            match tally(item).marks.iter().position(|mark| *mark == taken_at) {
                Some(found) => place = found,
                None => return Ok(()),
            }
        }
        Err(Error::Unavailable { dependency: DYNAMODB, cause: "a counter would not stand still".to_owned() })
    }

    /// What a counter holds.
    pub async fn tally(&self, counter: &Counter) -> Result<Tally> {
        self.read_tally(counter, true).await
    }

    /// What a counter held a moment ago, at half the price: for refusing floods.
    pub async fn glance(&self, counter: &Counter) -> Result<Tally> {
        self.read_tally(counter, false).await
    }

    async fn read_tally(&self, counter: &Counter, consistent: bool) -> Result<Tally> {
        let get = self.client.get_item().table_name(&self.tables.attempts).consistent_read(consistent);
        let output = get.set_key(Some(key("key", counter.key()))).send().await;
        let item = output.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?.item;
        Ok(item.map(tally).unwrap_or_default())
    }

    /// *Advance*: locks a counter that no account depends on.
    pub async fn lock_counter(&self, counter: &Counter, lock: Lock, now: Timestamp) -> Result<()> {
        let expressions = LockExpressions::of(counter);
        self.advance(expressions.change(&self.tables.attempts, counter, lock, now)).await.map(drop)
    }
}

impl Transaction<'_> {
    /// *Reserve*, if and only if the rest happens. Refused (`Part::Counter`) when the counter is full.
    pub fn reserve(self, counter: &Counter, now: Timestamp) -> Self {
        let table = self.tables().attempts.as_str();
        let expressions = Reserve::of(counter);
        self.update(Part::Counter, expressions.change(table, counter, now))
    }

    /// Forgets a counter with all that it holds.
    pub fn forget_counter(self, counter: &Counter) -> Self {
        let table = self.tables().attempts.as_str();
        let key = key("key", counter.key());
        self.delete(Part::Counter, Change { table, key, update: "", condition: "", names: &[], values: Vec::new() })
    }

    /// *Advance*: locks a counter. Refused (`Part::Counter`) while another lock holds, and when its window is not full any
    /// more: a place that was given back meanwhile was no failure.
    pub fn lock(self, counter: &Counter, lock: Lock, now: Timestamp) -> Self {
        let table = self.tables().attempts.as_str();
        let expressions = LockExpressions::of(counter);
        self.update(Part::Counter, expressions.change(table, counter, lock, now))
    }

    /// Notes with an account's counter that one of its devices was locked, so that an unlock finds it.
    pub fn note_locked_device(self, account: &Counter, device: &Counter, now: Timestamp) -> Self {
        let table = self.tables().attempts.as_str();
        let devices = AttributeValue::Ss(vec![device.key().to_owned()]);
        let change = Change {
            table,
            key: key("key", account.key()),
            update: "SET #ttl = :ttl ADD locked_devices :devices",
            condition: "",
            names: &[("#ttl", "ttl")],
            values: vec![(":ttl", number((now + account.kept()).seconds())), (":devices", devices)],
        };
        self.update(Part::Counter, change)
    }

    /// Ends the locks of an account and of the devices noted with it, and empties their windows. How long the next lock
    /// will be stays remembered: whoever attacked may still be there.
    pub fn release(self, account: &Counter, tally: &Tally, now: Timestamp) -> Self {
        let table = self.tables().attempts.as_str();
        let mut change = self;
        let marks: Vec<String> = (0..account.limit().slots()).map(|place| format!("m{place}")).collect();
        let update = format!("SET locked_until = :now, #ttl = :ttl REMOVE {}", marks.join(", "));
        let devices: Vec<String> = tally.locked_devices.iter().take(RELEASED).cloned().collect();
        // Only those that are released are forgotten: another may have been noted since the tally was read.
        let of_account = match devices.is_empty() {
            true => update.clone(),
            false => format!("{update} DELETE locked_devices :devices"),
        };
        for (i, counter) in [account.key()].into_iter().chain(devices.iter().map(String::as_str)).enumerate() {
            let is_account = i == 0;
            let mut values = vec![(":now", number(now.millis())), (":ttl", number((now + account.kept()).seconds()))];
            if is_account && !devices.is_empty() {
                values.push((":devices", AttributeValue::Ss(devices.clone())));
            }
            change = change.update(
                Part::Counter,
                Change {
                    table,
                    key: key("key", counter),
                    update: if is_account { &of_account } else { &update },
                    condition: "",
                    names: &[("#ttl", "ttl")],
                    values,
                },
            );
        }
        change
    }
}

/// The expressions of a reservation.
struct Reserve {
    update: String,
    condition: String,
    cuts: Vec<String>,
}

impl Reserve {
    fn of(counter: &Counter) -> Self {
        let mut update = "SET #ttl = :ttl, m0 = :now".to_owned();
        for place in 1..counter.limit().slots() {
            let _ = write!(update, ", m{place} = if_not_exists(m{}, :never)", place - 1);
        }
        let mut condition = "(attribute_not_exists(locked_until) OR locked_until <= :now)".to_owned();
        let mut cuts = Vec::new();
        for (i, rule) in counter.limit().rules().iter().enumerate() {
            let last = rule.count - 1;
            let _ = write!(condition, " AND (attribute_not_exists(m{last}) OR m{last} <= :cut{i})");
            cuts.push(format!(":cut{i}"));
        }
        Self { update, condition, cuts }
    }

    fn change<'a>(&'a self, table: &'a str, counter: &Counter, now: Timestamp) -> Change<'a> {
        let rules = counter.limit().rules();
        let mut values: Vec<(&str, AttributeValue)> = self
            .cuts
            .iter()
            .map(String::as_str)
            .zip(rules.iter().map(|rule| number((now - rule.span).millis())))
            .collect();
        values.extend([(":now", number(now.millis())), (":ttl", number((now + counter.kept()).seconds()))]);
        if counter.limit().slots() > 1 {
            values.push((":never", number(NEVER)));
        }
        Change {
            table,
            key: key("key", counter.key()),
            update: &self.update,
            condition: &self.condition,
            names: &[("#ttl", "ttl")],
            values,
        }
    }
}

/// The register without the attempt at a place: those behind it move up.
fn closed_up(place: usize, slots: usize) -> String {
    let mut update = "SET ".to_owned();
    for place in place..slots - 1 {
        let _ = write!(update, "m{place} = if_not_exists(m{}, :never), ", place + 1);
    }
    let _ = write!(update, "m{} = :never", slots - 1);
    update
}

/// The expressions of a lock.
struct LockExpressions(String);

impl LockExpressions {
    fn of(counter: &Counter) -> Self {
        let last = counter.limit().slots() - 1;
        Self(format!("(attribute_not_exists(locked_until) OR locked_until <= :now) AND m{last} > :cut"))
    }

    fn change<'a>(&'a self, table: &'a str, counter: &Counter, lock: Lock, now: Timestamp) -> Change<'a> {
        Change {
            table,
            key: key("key", counter.key()),
            update: "SET locked_until = :until, lock_step = :step, #ttl = :ttl",
            condition: &self.0,
            names: &[("#ttl", "ttl")],
            values: vec![
                (":until", number(lock.until.millis())),
                (":step", number(lock.step)),
                (":now", number(now.millis())),
                (":cut", number((now - counter.limit().span()).millis())),
                (":ttl", number((now + counter.kept()).seconds())),
            ],
        }
    }
}

fn tally(item: Item) -> Tally {
    let place = |place: usize| item.get(&format!("m{place}"))?.as_n().ok()?.parse().ok().map(Timestamp::from_millis);
    let marks = (0..).map_while(place).collect();
    let devices = item.get("locked_devices").and_then(|devices| devices.as_ss().ok()).cloned();
    Tally { marks, locked_devices: devices.unwrap_or_default(), lock: from_item(item).ok() }
}
