//! EventBridge: runs the scheduled functions when the stack's clock says so. A clock that was moved past several runs
//! causes one, late.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use shared::clock::Timestamp;
use template::Schedule;

use crate::functions;
use crate::stack::Inner;

/// How often the moved clock is looked at.
const TICK: Duration = Duration::from_millis(500);

/// Keeps one schedule, until the stack stops.
pub(crate) async fn keep(stack: Arc<Inner>, function: String, schedule: Schedule) {
    let period = Duration::from_secs(schedule.every_seconds);
    let mut last: Timestamp = stack.clock.now();
    loop {
        tokio::time::sleep(TICK).await;
        let now = stack.clock.now();
        // Set back: the waiting begins anew.
        last = last.min(now);
        if now.since(last) < period {
            continue;
        }
        last = now;
        let input = schedule.input.clone().unwrap_or_else(|| json!({}));
        if let Err(failed) = functions::invoke(stack.app(), &function, input).await {
            tracing::error!(function, %failed, "a scheduled run failed");
        }
    }
}
