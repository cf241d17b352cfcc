//! Continuous backups: their switch and their dates, as DynamoDB tells them. Nothing can be restored from here.
//!
//! The engine does not know them, so they are kept beside it, in memory: whoever makes tables switches them on again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::reply::Reply;
use crate::request::Service;

/// DynamoDB can restore to what was five minutes ago, and up to 35 days back.
const LATEST_MS: i64 = 5 * 60 * 1000;
const KEPT_MS: i64 = 35 * 24 * 3600 * 1000;

/// Which tables are backed up, and since when.
pub(super) struct Backups {
    clock: Clock,
    since: Mutex<BTreeMap<String, i64>>,
}

/// Whether an operation is about backups.
pub(super) fn is_about(operation: &str) -> bool {
    matches!(operation, "DescribeContinuousBackups" | "UpdateContinuousBackups")
}

impl Backups {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, since: Mutex::default() }
    }

    /// Answers an operation of [`is_about`], for a table that exists or not.
    pub(super) fn serve(&self, operation: &str, table: &str, exists: bool, input: &Value) -> Reply {
        if !exists {
            let message = format!("Table not found: {table}");
            return Reply::error(Service::Dynamodb, StatusCode::BAD_REQUEST, "TableNotFoundException", &message);
        }
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (self.clock)();
        if operation == "UpdateContinuousBackups" {
            let wish = &input["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"];
            match wish.as_bool() {
                Some(true) => {
                    since.entry(table.to_owned()).or_insert(now);
                }
                Some(false) => {
                    since.remove(table);
                }
                None => {
                    let message = "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled must be given";
                    return Reply::error(Service::Dynamodb, StatusCode::BAD_REQUEST, "ValidationException", message);
                }
            }
        }
        let recovery = match since.get(table) {
            Some(&since) => {
                let latest = (now - LATEST_MS).max(since);
                let earliest = since.max(now - KEPT_MS);
                json!({
                    "PointInTimeRecoveryStatus": "ENABLED",
                    "EarliestRestorableDateTime": earliest as f64 / 1000.0,
                    "LatestRestorableDateTime": latest as f64 / 1000.0,
                })
            }
            None => json!({ "PointInTimeRecoveryStatus": "DISABLED" }),
        };
        let description = json!({ "ContinuousBackupsDescription": {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": recovery,
        }});
        Reply::json(Service::Dynamodb, &description)
    }
}
