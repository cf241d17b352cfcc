//! Faults on demand: what AWS does now and then, and an emulator never does by itself.
//!
//! This file decides which fault hits which call; `replies.rs` knows what each looks like on the wire.

mod replies;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::request::{Identified, Service};

pub(crate) use replies::reply;

/// A fault to inject into matching calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// The service it hits.
    pub service: Service,
    /// The operation it hits, such as `GetItem`; all of them if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Only calls that name this DynamoDB table, alone or among others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// What happens.
    pub kind: FaultKind,
    /// How many calls it hits; until cleared if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// For [`FaultKind::Delay`]: how long the call waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// How many matching calls pass before the first is hit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip: Option<u32>,
    /// For [`FaultKind::CancelItem`]: which item of the transaction, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<usize>,
    /// For [`FaultKind::CancelItem`]: the reason's code, such as `TransactionConflict`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The kinds of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The service's own throttling error; nothing is done.
    Throttle,
    /// The service's own internal error, status 500; nothing is done.
    Error,
    /// The call is done, but later. Delays add up, and go with one fault of another kind.
    Delay,
    /// The call is done, and the connection closed without an answer.
    DropAfterCommit,
    /// A DynamoDB transaction is cancelled because of one of its items; nothing is done. Transactions that
    /// have no such item pass, uncounted.
    CancelItem,
}

impl FaultKind {
    /// The name that stands in JSON and in the call log.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Throttle => "throttle",
            Self::Error => "error",
            Self::Delay => "delay",
            Self::DropAfterCommit => "drop_after_commit",
            Self::CancelItem => "cancel_item",
        }
    }
}

/// A fault that says two things, or too little.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidFault(&'static str);

impl Fault {
    /// A fault that hits every call to `service`, until cleared.
    pub fn new(service: Service, kind: FaultKind) -> Self {
        Self {
            service,
            operation: None,
            table: None,
            kind,
            times: None,
            delay_ms: None,
            skip: None,
            item: None,
            reason: None,
        }
    }

    /// A typing error in a fault would make a test pass that tests nothing, so what cannot work is refused.
    fn check(&self) -> Result<(), InvalidFault> {
        let is_cancel = self.kind == FaultKind::CancelItem;
        let complaints = [
            (
                (self.kind == FaultKind::Delay) != self.delay_ms.is_some(),
                "delayMs goes with kind delay, and only with it",
            ),
            (is_cancel != self.item.is_some(), "item goes with kind cancel_item, and only with it"),
            (is_cancel != self.reason.is_some(), "reason goes with kind cancel_item, and only with it"),
            (self.service != Service::Dynamodb && is_cancel, "only DynamoDB has transactions to cancel"),
            (self.service != Service::Dynamodb && self.table.is_some(), "only DynamoDB has tables"),
            (self.times == Some(0), "times is at least 1"),
        ];
        match complaints.into_iter().find(|(is_wrong, _)| *is_wrong) {
            Some((_, complaint)) => Err(InvalidFault(complaint)),
            None => Ok(()),
        }
    }

    fn matches(&self, call: &Identified) -> bool {
        self.service == call.service
            && self.operation.as_ref().is_none_or(|operation| *operation == call.operation)
            && self.table.as_ref().is_none_or(|table| call.tables.contains(table))
            && self.item.is_none_or(|item| item < call.transaction_items)
    }
}

/// What a call has to suffer.
#[derive(Debug, Default)]
pub(crate) struct Injected {
    pub(crate) delay: Duration,
    /// The first fault that hits and is not a delay.
    pub(crate) fault: Option<Fault>,
}

impl Injected {
    /// The fault's name for the call log.
    pub(crate) fn name(&self) -> Option<&'static str> {
        match &self.fault {
            Some(fault) => Some(fault.kind.name()),
            None if !self.delay.is_zero() => Some(FaultKind::Delay.name()),
            None => None,
        }
    }
}

/// The faults in force.
#[derive(Debug, Default)]
pub struct Faults {
    armed: Mutex<Vec<Fault>>,
    hits: AtomicU64,
}

impl Faults {
    /// Puts a fault in force, after those already there.
    ///
    /// # Errors
    /// [`InvalidFault`] if the fault contradicts itself.
    pub fn add(&self, fault: Fault) -> Result<(), InvalidFault> {
        fault.check()?;
        self.armed().push(fault);
        Ok(())
    }

    /// Ends all faults, and begins to count anew.
    pub fn clear(&self) {
        self.armed().clear();
        self.hits.store(0, Ordering::SeqCst);
    }

    /// How many calls have been hit.
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::SeqCst)
    }

    /// Finds what hits this call, and counts it. A fault that is used up is forgotten.
    pub(crate) fn take(&self, call: &Identified) -> Injected {
        let mut injected = Injected::default();
        self.armed().retain_mut(|fault| {
            let is_taken = fault.kind != FaultKind::Delay && injected.fault.is_some();
            if is_taken || !fault.matches(call) {
                return true;
            }
            if let Some(skip) = fault.skip.as_mut().filter(|skip| **skip > 0) {
                *skip -= 1;
                return true;
            }
            match fault.delay_ms {
                Some(ms) => injected.delay += Duration::from_millis(ms),
                None => injected.fault = Some(fault.clone()),
            }
            match &mut fault.times {
                Some(times) => {
                    *times -= 1;
                    *times > 0
                }
                None => true,
            }
        });
        if injected.fault.is_some() || !injected.delay.is_zero() {
            self.hits.fetch_add(1, Ordering::SeqCst);
        }
        injected
    }

    fn armed(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Input;
    use serde_json::{Value, json};

    fn call(operation: &str, tables: &[&str]) -> Identified {
        Identified {
            service: Service::Dynamodb,
            operation: operation.to_owned(),
            tables: tables.iter().map(|&table| table.to_owned()).collect(),
            function: None,
            transaction_items: 2,
            input: Input::Json(Value::Null),
        }
    }

    #[test]
    fn a_fault_skips_then_hits_then_is_over() {
        let faults = Faults::default();
        let fault = Fault { skip: Some(1), times: Some(2), ..Fault::new(Service::Dynamodb, FaultKind::Error) };
        faults.add(fault).unwrap();
        let hits: Vec<bool> = (0..5).map(|_| faults.take(&call("GetItem", &[])).fault.is_some()).collect();
        assert_eq!(hits, [false, true, true, false, false]);
        assert_eq!(faults.hits(), 2);
    }

    #[test]
    fn delays_add_up_and_go_with_one_other_fault() {
        let faults = Faults::default();
        let delay = Fault { delay_ms: Some(5), ..Fault::new(Service::Dynamodb, FaultKind::Delay) };
        faults.add(delay.clone()).unwrap();
        faults.add(Fault { times: Some(1), ..Fault::new(Service::Dynamodb, FaultKind::Throttle) }).unwrap();
        faults.add(Fault { times: Some(1), ..Fault::new(Service::Dynamodb, FaultKind::Error) }).unwrap();
        faults.add(delay).unwrap();
        let kinds: Vec<_> =
            (0..3).map(|_| faults.take(&call("GetItem", &[]))).map(|hit| (hit.delay.as_millis(), hit.name())).collect();
        assert_eq!(kinds, [(10, Some("throttle")), (10, Some("error")), (10, Some("delay"))]);
    }

    #[test]
    fn a_fault_matches_any_table_of_the_call() {
        let faults = Faults::default();
        let fault = Fault { table: Some("b".into()), ..Fault::new(Service::Dynamodb, FaultKind::Error) };
        faults.add(fault).unwrap();
        assert!(faults.take(&call("BatchGetItem", &["a", "b"])).fault.is_some());
        assert!(faults.take(&call("BatchGetItem", &["a"])).fault.is_none());
    }

    #[test]
    fn what_cannot_work_is_refused() {
        let read = |value: Value| serde_json::from_value::<Fault>(value);
        assert!(read(json!({"service": "dynamodb", "kind": "throttle", "tmes": 1})).is_err());
        assert!(read(json!({"service": "s3", "kind": "throttle"})).is_err());
        let faults = Faults::default();
        for wrong in [
            json!({"service": "dynamodb", "kind": "delay"}),
            json!({"service": "dynamodb", "kind": "throttle", "delayMs": 1}),
            json!({"service": "kms", "kind": "throttle", "table": "a"}),
            json!({"service": "dynamodb", "kind": "cancel_item", "item": 0}),
            json!({"service": "ses", "kind": "error", "times": 0}),
        ] {
            assert!(faults.add(read(wrong.clone()).unwrap()).is_err(), "{wrong}");
        }
        let right =
            json!({"service": "dynamodb", "kind": "cancel_item", "item": 0, "reason": "ConditionalCheckFailed"});
        assert_eq!(faults.add(read(right).unwrap()), Ok(()));
    }
}
