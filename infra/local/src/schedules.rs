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
        let input = schedule.input.as_ref().map_or_else(|| event(last), |input| filled_in(input, last));
        if let Err(failed) = functions::invoke(stack.app(), &stack.template, &function, input).await {
            tracing::error!(function, %failed, "a scheduled run failed");
        }
    }
}

/// A schedule's own input, with what EventBridge Scheduler fills in.
fn filled_in(input: &Value, at: Timestamp) -> Value {
    let text = input.to_string().replace("<aws.scheduler.scheduled-time>", &at.to_string());
    serde_json::from_str(&text).unwrap_or_default()
}

/// What it sends for a schedule without one.
fn event(at: Timestamp) -> Value {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedules_input_gets_the_time_that_was_planned() {
        let at = Timestamp::from_seconds(1_772_443_800);
        let written = json!({ "source": "aws.scheduler", "time": "<aws.scheduler.scheduled-time>" });
        let expected = json!({ "source": "aws.scheduler", "time": "2026-03-02T09:30:00.000Z" });
        assert_eq!(filled_in(&written, at), expected);
        assert_eq!(event(at)["time"], expected["time"]);
    }
}
