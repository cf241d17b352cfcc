//! `ScheduleV2` events (EventBridge Scheduler): `rate(…)` only. Neither `cron(…)` nor `at(…)`, time zones or windows.

use serde_json::Value;

use crate::object::Object;

/// A time table of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Its name in EventBridge Scheduler, or inside the template where CloudFormation makes one.
    pub name: String,
    /// How long from one run to the next.
    pub every_seconds: u64,
    /// Whether it runs at all.
    pub enabled: bool,
    /// What the function is called with instead of the scheduler's own event.
    pub input: Option<Value>,
}

/// Reads the evaluated properties of an event.
pub(crate) fn read(function: &str, event: &str, mut properties: Object) -> Option<Schedule> {
    properties.ignore(&["Description"]);
    let is_unnamed = properties.flag("OmitName").unwrap_or(false);
    if !is_unnamed && !properties.has("Name") {
        properties.fault("OmitName", "must be true: SAM's own name is the same in every stack of the account");
    }
    let name = properties.text("Name").unwrap_or_else(|| format!("{function}{event}"));
    let expression = properties.required_text("ScheduleExpression");
    let every_seconds = expression.and_then(|expression| match rate(&expression) {
        Ok(seconds) => Some(seconds),
        Err(message) => {
            properties.fault("ScheduleExpression", message);
            None
        }
    });
    let enabled = properties.choice("State", &["ENABLED", "DISABLED"]).is_none_or(|state| state == "ENABLED");
    let input = properties.text("Input").and_then(|text| {
        let value = serde_json::from_str(&text).ok();
        if value.is_none() {
            properties.fault("Input", "must be JSON, as text");
        }
        value
    });
    properties.finish();
    Some(Schedule { name, every_seconds: every_seconds?, enabled, input })
}

/// Seconds between two runs.
fn rate(expression: &str) -> Result<u64, String> {
    if expression.starts_with("cron(") || expression.starts_with("at(") {
        return Err(format!("`{expression}` is not supported, only rate(…)"));
    }
    let inner = expression.strip_prefix("rate(").and_then(|rest| rest.strip_suffix(')'));
    let parts = inner.and_then(|inner| inner.split_once(' '));
    let (count, unit) = parts.ok_or_else(|| format!("`{expression}` is not of the form rate(5 minutes)"))?;
    let count: u32 = count.parse().map_err(|_| format!("`{count}` is not a number of times"))?;
    let seconds = match (count, unit) {
        (1, "minute") | (2.., "minutes") => 60,
        (1, "hour") | (2.., "hours") => 60 * 60,
        (1, "day") | (2.., "days") => 24 * 60 * 60,
        _ => {
            return Err(format!("`{count} {unit}` is not a time: 1 minute, 2 minutes, 1 hour, 2 hours, 1 day, 2 days"));
        }
    };
    Ok(u64::from(count) * seconds)
}
