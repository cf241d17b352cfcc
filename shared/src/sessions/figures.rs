//! Figures about all live sessions, for administrators (SESS-5). Counting them reads them all, so a job does it now and
//! then, and whoever asks is told when that was.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::is_alive;
use super::unusual::{Places, Unusual};
use crate::app::App;
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::device::Device;
use crate::error::Result;
use crate::id::UserId;
use crate::settings::Edge;
use crate::store::SessionRecord;

const DAY: Duration = Duration::from_secs(86_400);

/// So many devices are named, those with the most sessions.
const TOP: usize = 10;

/// Anybody can name a device anything. Names beyond these, as they come, are counted as one.
const NAMES: usize = 1_000;

const OTHERS: &str = "Others";

const READ: i32 = 1_000;

/// What was counted, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    pub counted_at: Timestamp,
    /// Live sessions.
    pub live: u64,
    /// People who have at least one.
    pub people: u64,
    /// Live sessions that began in the last 24 hours.
    pub started_last_day: u64,
    /// From a live session's sign-in to its last activity, on average.
    pub average_seconds: u64,
    /// Device names with the most live sessions, the most first.
    pub devices: Vec<(String, u64)>,
    /// Live sessions by the device's form: `desktop`, `mobile` …
    pub forms: BTreeMap<String, u64>,
    /// `None` where nobody says where sessions are: `EDGE` is not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unusual: Option<Unusual>,
}

#[derive(Default)]
struct Count {
    live: u64,
    people: u64,
    started_last_day: u64,
    seconds: u64,
    devices: BTreeMap<String, u64>,
    forms: BTreeMap<String, u64>,
    last_person: Option<UserId>,
}

impl Count {
    fn add(&mut self, session: &SessionRecord, now: Timestamp) {
        let device = Device::of(&session.user_agent);
        let started = session.session_id.made_at();
        self.live += 1;
        // A scan gives a person's sessions one after the other.
        self.people += u64::from(self.last_person.replace(session.user_id) != Some(session.user_id));
        self.started_last_day += u64::from(now.since(started) < DAY);
        self.seconds += session.last_active_at().since(started).as_secs();
        let is_known = self.devices.len() < NAMES || self.devices.contains_key(&device.name);
        *self.devices.entry(if is_known { device.name } else { OTHERS.to_owned() }).or_default() += 1;
        *self.forms.entry(device.form.name().to_owned()).or_default() += 1;
    }

    fn figures(self, unusual: Option<Unusual>, counted_at: Timestamp) -> Figures {
        let mut devices: Vec<_> = self.devices.into_iter().collect();
        devices.sort_by(|(a, many), (b, few)| few.cmp(many).then_with(|| a.cmp(b)));
        devices.truncate(TOP);
        Figures {
            counted_at,
            live: self.live,
            people: self.people,
            started_last_day: self.started_last_day,
            average_seconds: self.seconds.checked_div(self.live).unwrap_or(0),
            devices,
            forms: self.forms,
            unusual,
        }
    }
}

/// Counts all live sessions and keeps the figures. Of two counts at once the later write stays; both are true.
pub async fn count(app: &App, ctx: &RequestContext) -> Result<Figures> {
    let (mut count, mut position) = (Count::default(), None);
    let mut places = (app.settings.edge != Edge::None).then(Places::default);
    loop {
        let (sessions, next) = app.store.some_sessions(None, ctx.now, position, READ).await?;
        let people: BTreeSet<UserId> = sessions.iter().map(|session| session.user_id).collect();
        let people = app.store.users(&Vec::from_iter(people)).await?;
        for session in &sessions {
            if people.get(&session.user_id).is_some_and(|owner| is_alive(session, owner)) {
                count.add(session, ctx.now);
                if let Some(places) = &mut places {
                    places.add(session);
                }
            }
        }
        position = next;
        if position.is_none() {
            break;
        }
    }
    let figures = count.figures(places.map(Places::found), ctx.now);
    app.store.keep_session_figures(&figures).await?;
    Ok(figures)
}

/// The figures of the last count; `None` before the first.
pub async fn figures(app: &App) -> Result<Option<Figures>> {
    app.store.session_figures().await
}
