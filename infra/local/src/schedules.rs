//! EventBridge: runs the scheduled functions when the stack's clock says so. A clock that was moved past several runs
//! causes one, late.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
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
        // The newest of the times that have come; of several that were jumped over, it stands for all.
        let times = u32::try_from(now.since(last).as_millis() / period.as_millis()).unwrap_or(1);
        last = last + period * times;
        let input = schedule.input.clone().unwrap_or_else(|| event(last));
        if let Err(failed) = functions::invoke(stack.app(), &function, input).await {
            tracing::error!(function, %failed, "a scheduled run failed");
        }
    }
}

/// What EventBridge Scheduler sends at a time of a schedule.
pub(crate) fn event(at: Timestamp) -> Value {
    json!({
        "version": "0",
        "id": shared::id::fresh(at),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": "000000000000",
        "time": at.to_string(),
        "region": "us-east-1",
        "resources": [],
        "detail": "{}",
    })
}
