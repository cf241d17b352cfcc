//! The newest requests, and what each asked of AWS: the embedded AWS's call log, put together by request.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use embedded_aws::{Call, CallLog};
use serde::Serialize;

use crate::pages::{CallRow, RequestRow};

/// So many requests are remembered.
const KEPT: usize = 2_000;

/// One request that the gateway has answered.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub(crate) request_id: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) duration_ms: f64,
}

#[derive(Default)]
pub(crate) struct RequestLog(Mutex<VecDeque<Answered>>);

/// A request with its calls, as `/_local/calls` tells it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Traced {
    pub(crate) request_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    /// Sequential round trips to AWS: calls under way together count once.
    pub(crate) round_trips: u32,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
    pub(crate) price_usd: f64,
    #[serde(skip)]
    duration_ms: f64,
    pub(crate) calls: Vec<Call>,
}

impl RequestLog {
    pub(crate) fn add(&self, answered: Answered) {
        if let Ok(mut log) = self.0.lock() {
            log.push_back(answered);
            if log.len() > KEPT {
                log.pop_front();
            }
        }
    }

    pub(crate) fn clear(&self) {
        if let Ok(mut log) = self.0.lock() {
            log.clear();
        }
    }

    fn newest_first(&self) -> Vec<Answered> {
        self.0.lock().map(|log| log.iter().rev().cloned().collect()).unwrap_or_default()
    }

    /// One request, by its id; also one that the gateway has not answered yet, or a job's run.
    pub(crate) fn traced(&self, calls: &CallLog, request_id: &str) -> Traced {
        let answered = self.newest_first().into_iter().find(|answered| answered.request_id == request_id);
        trace(request_id, answered.as_ref(), calls.list(Some(request_id)))
    }

    /// The newest requests, newest first.
    pub(crate) fn recent(&self, calls: &CallLog, limit: usize) -> Vec<Traced> {
        let mut by_request: HashMap<String, Vec<Call>> = HashMap::new();
        for call in calls.list(None) {
            if let Some(id) = call.request_id.clone() {
                by_request.entry(id).or_default().push(call);
            }
        }
        let newest = self.newest_first().into_iter().take(limit);
        newest
            .map(|answered| {
                trace(
                    &answered.request_id,
                    Some(&answered),
                    by_request.remove(&answered.request_id).unwrap_or_default(),
                )
            })
            .collect()
    }
}

fn trace(request_id: &str, answered: Option<&Answered>, calls: Vec<Call>) -> Traced {
    Traced {
        request_id: request_id.to_owned(),
        method: answered.map(|answered| answered.method.clone()),
        path: answered.map(|answered| answered.path.clone()),
        status: answered.map(|answered| answered.status),
        round_trips: calls.iter().filter_map(|call| call.wave).max().unwrap_or(0),
        read_units: calls.iter().map(|call| call.read_units).sum(),
        write_units: calls.iter().map(|call| call.write_units).sum(),
        price_usd: calls.iter().map(|call| call.price_usd).sum(),
        duration_ms: answered.map_or(0.0, |answered| answered.duration_ms),
        calls,
    }
}

impl From<Traced> for RequestRow {
    fn from(traced: Traced) -> Self {
        let start = traced.calls.first().map_or(0.0, |call| call.start_ms);
        Self {
            request_id: traced.request_id,
            method: traced.method.unwrap_or_default(),
            path: traced.path.unwrap_or_default(),
            status: traced.status.unwrap_or_default(),
            round_trips: traced.round_trips,
            read_units: traced.read_units,
            write_units: traced.write_units,
            price_per_million: traced.price_usd * 1e6,
            duration_ms: traced.duration_ms,
            calls: traced.calls.into_iter().map(|call| row(call, start)).collect(),
        }
    }
}

fn row(call: Call, start: f64) -> CallRow {
    CallRow {
        service: call.service.to_string(),
        operation: call.operation,
        tables: call.tables,
        wave: call.wave.unwrap_or_default(),
        start_ms: call.start_ms - start,
        duration_ms: call.duration_ms,
        status: call.status,
        fault: call.fault,
    }
}
