//! Alerts: what was counted in the last minutes, held against thresholds (OPS-4). Each opens once and closes once, and either
//! is an event, which the feed takes to the channels.

pub mod channels;
mod rules;

use serde::Serialize;

use self::rules::RULES;
use crate::app::App;
use crate::audit::{Actor, Event, Kind};
use crate::context::RequestContext;
use crate::error::Result;
use crate::store::Counted;

/// An alert is closed when its value has come down to this part of its threshold: one that stays near it does not flap.
const CLOSED_BELOW: f64 = 0.5;

/// What a run of the detector found.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub opened: Vec<&'static str>,
    pub closed: Vec<&'static str>,
    pub open: usize,
}

/// Looks at every rule, opens and closes alerts. Of several runs at once, one turns an alert.
///
/// # Errors
/// When the table does not answer; what was turned stays turned.
pub async fn detect(app: &App, ctx: &RequestContext) -> Result<Report> {
    let mut report = Report::default();
    let now = ctx.now.seconds().div_euclid(60);
    let longest = RULES.iter().map(|rule| rule.minutes).max().unwrap_or_default();
    let (minutes, alerts) = tokio::try_join!(app.store.counted_in_minutes(now - longest, now), app.store.alerts())?;
    for rule in &RULES {
        // The minute that has begun, and as many whole ones as the rule looks back.
        let mut window = Counted::default();
        minutes.range(now - rule.minutes..).for_each(|(_, counted)| window.merge(counted));
        let value = (rule.value)(&window);
        let is_open = alerts.iter().any(|alert| alert.alert == rule.name && alert.is_open);
        let (kind, turned) = match value {
            Some(value) if !is_open && value > rule.threshold => (Kind::AlertOpened, &mut report.opened),
            // Nothing to look at is nothing to be alarmed by.
            value if is_open && value.is_none_or(|value| value <= rule.threshold * CLOSED_BELOW) => {
                (Kind::AlertClosed, &mut report.closed)
            }
            _ => {
                report.open += usize::from(is_open);
                continue;
            }
        };
        let event = Event::new(kind, Actor::System("spike-detector"))
            .with("alert", rule.name)
            .with("value", rules::shown(value.unwrap_or_default()))
            .with("threshold", rules::shown(rule.threshold));
        if app.store.turn_alert(ctx, rule.name, kind == Kind::AlertOpened, event).await?.is_done() {
            tracing::warn!(alert = rule.name, ?kind, value, "an alert was turned");
            turned.push(rule.name);
        }
        report.open += usize::from(kind == Kind::AlertOpened);
    }
    Ok(report)
}
