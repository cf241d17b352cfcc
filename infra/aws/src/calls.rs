//! The call log: what the product asked of AWS, what it took and what it would have cost.
//!
//! It keeps no bodies: they hold personal data and secrets.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde::Serialize;

use crate::clock::{real_now_ms, rfc3339};
use crate::request::Service;

/// The oldest calls beyond this many are forgotten.
const KEPT: usize = 20_000;

/// One call, written down when it was over.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// Counts from 1, in the order in which calls began.
    pub id: u64,
    /// The service that was called.
    pub service: Service,
    /// Such as `GetItem`, `Sign`, `SendEmail`, `Invoke`.
    pub operation: String,
    /// The DynamoDB tables it named.
    pub tables: Vec<String>,
    /// The Lambda function it named, with the qualifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// The product's request it was made for, from `md/request#` in the user agent.
    pub request_id: Option<String>,
    /// Which round trip of that request it belongs to, from `md/wave#`.
    pub wave: Option<u32>,
    /// DynamoDB read request units.
    pub read_units: f64,
    /// DynamoDB write request units.
    pub write_units: f64,
    /// The HTTP status; what would have been answered, if the answer was dropped.
    pub status: u16,
    /// The error's code.
    pub error: Option<String>,
    /// The fault that was injected.
    pub fault: Option<String>,
    /// When it began, on the machine's clock (RFC 3339, milliseconds).
    pub started_at: String,
    /// When it began, in milliseconds since the stack was started.
    pub start_ms: f64,
    /// How long it took, injected delays included.
    pub duration_ms: f64,
    /// What AWS would have charged.
    pub price_usd: f64,
}

/// The newest 20,000 calls.
#[derive(Debug)]
pub struct CallLog {
    started: Instant,
    last_id: AtomicU64,
    calls: Mutex<VecDeque<Call>>,
}

/// The beginning of a call.
pub(crate) struct Begun {
    id: u64,
    at: Instant,
    started_at: String,
}

/// What became of a call.
pub(crate) struct Ended {
    pub(crate) service: Service,
    pub(crate) operation: String,
    pub(crate) tables: Vec<String>,
    pub(crate) function: Option<String>,
    pub(crate) origin: (Option<String>, Option<u32>),
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
    pub(crate) status: u16,
    pub(crate) error: Option<String>,
    pub(crate) fault: Option<&'static str>,
    pub(crate) price_usd: f64,
}

impl CallLog {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), last_id: AtomicU64::new(0), calls: Mutex::default() }
    }

    /// The calls that were made for one request of the product, or all; oldest first.
    pub fn list(&self, request_id: Option<&str>) -> Vec<Call> {
        let is_wanted = |call: &&Call| request_id.is_none_or(|id| call.request_id.as_deref() == Some(id));
        let mut calls: Vec<Call> = self.calls().iter().filter(is_wanted).cloned().collect();
        // They were written down as they ended.
        calls.sort_by_key(|call| call.id);
        calls
    }

    /// How many calls have begun so far, those included that are not over.
    pub fn begun(&self) -> u64 {
        self.last_id.load(Ordering::Relaxed)
    }

    /// Forgets all calls. Ids go on counting.
    pub fn clear(&self) {
        self.calls().clear();
    }

    pub(crate) fn begin(&self) -> Begun {
        Begun {
            id: self.last_id.fetch_add(1, Ordering::Relaxed) + 1,
            at: Instant::now(),
            started_at: rfc3339(real_now_ms()),
        }
    }

    pub(crate) fn end(&self, begun: Begun, ended: Ended) {
        let (request_id, wave) = ended.origin;
        let call = Call {
            id: begun.id,
            service: ended.service,
            operation: ended.operation,
            tables: ended.tables,
            function: ended.function,
            request_id,
            wave,
            read_units: ended.read_units,
            write_units: ended.write_units,
            status: ended.status,
            error: ended.error,
            fault: ended.fault.map(str::to_owned),
            started_at: begun.started_at,
            start_ms: begun.at.duration_since(self.started).as_secs_f64() * 1e3,
            duration_ms: begun.at.elapsed().as_secs_f64() * 1e3,
            price_usd: ended.price_usd,
        };
        let mut calls = self.calls();
        if calls.len() == KEPT {
            calls.pop_front();
        }
        calls.push_back(call);
    }

    fn calls(&self) -> MutexGuard<'_, VecDeque<Call>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
