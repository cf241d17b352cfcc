//! What a month costs while nobody is there.

use std::collections::BTreeMap;

use embedded_aws::prices;
use template::Template;

use crate::Fault;
use crate::cost::of_call;
use crate::figures::Figures;
use crate::people::SECONDS;

/// Keys besides the template's: that of the backups (`infra/backup.yaml`), and the signing keys, the current one and the next. For a
/// day after each rotation there is the one before, too.
const OTHER_KEYS: f64 = 3.0;

/// How many of each, and dollars.
///
/// # Errors
/// When the figures lack a job.
pub fn idle(figures: &Figures, template: &Template) -> Result<BTreeMap<&'static str, (f64, f64)>, Fault> {
    let count = |n: usize| u32::try_from(n).map_or(f64::MAX, f64::from);
    let keys = count(template.keys.len()) + OTHER_KEYS;
    let alarm_metrics = template.alarms.iter().map(|alarm| count(alarm.metrics.len())).sum::<f64>();
    let dashboards = count(template.dashboards.len());
    let filters = count(template.metric_filters.len());
    let (mut runs, mut jobs) = (0.0, 0.0);
    for function in &template.functions {
        for schedule in function.schedules.iter().filter(|schedule| schedule.enabled) {
            let times = SECONDS / f64::from(u32::try_from(schedule.every_seconds).unwrap_or(u32::MAX));
            runs += times;
            jobs += (of_call(figures.row(&function.binary)?).sum() + prices::SCHEDULED_CALL) * times;
        }
    }
    Ok(BTreeMap::from([
        ("KMS keys", (keys, keys * prices::KMS_KEY_MONTH)),
        ("metrics that alarms watch", (alarm_metrics, alarm_metrics * prices::ALARM_METRIC_MONTH)),
        ("dashboards", (dashboards, dashboards * prices::DASHBOARD_MONTH)),
        ("metrics counted in logs", (filters, filters * prices::METRIC_MONTH)),
        ("runs of scheduled jobs", (runs, jobs)),
    ]))
}
