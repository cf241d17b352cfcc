//! Whether what cannot be made again can be restored (OPS-6): what `jobs-check-backups` does.
//!
//! It looks at the continuous backups of every table that outlives the stack. Only production keeps them, so only there
//! their absence is trouble. That a restore works is shown by restoring, not here.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::{Standing, Trouble, note};
use crate::app::App;
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::error::Result;
use crate::settings::Stage;
use crate::store::Backup;

pub(crate) const CHECK: &str = "backups";

/// DynamoDB promises five minutes. A table whose newest restorable moment is older than this is not being backed up.
const OLD: Duration = Duration::from_secs(3600);

/// What a run saw.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub standing: Standing,
    /// By table: the newest moment it can be restored to; `null` where nothing is kept.
    pub restorable_until: BTreeMap<String, Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// Looks at every table once, and tells if there is news.
pub async fn check(app: &App, ctx: &RequestContext) -> Result<Report> {
    let backups = app.store.backups().await?;
    let trouble = if app.settings.stage == Stage::Production { trouble_of(&backups, ctx.now) } else { None };
    let standing = note(app, ctx, CHECK, trouble.as_ref()).await?;
    let restorable_until =
        backups.into_iter().map(|backup| (backup.table, backup.restorable_until.map(|at| at.to_string())));
    Ok(Report { standing, restorable_until: restorable_until.collect(), trouble: trouble.map(|trouble| trouble.what) })
}

fn trouble_of(backups: &[Backup], now: Timestamp) -> Option<Trouble> {
    let of = |what: &str, tables: Vec<&str>| {
        let what = format!("{what}: {}", tables.join(", "));
        (!tables.is_empty()).then_some(Trouble { what, patience: Duration::ZERO })
    };
    let off = backups.iter().filter(|backup| backup.restorable_until.is_none());
    let old = backups.iter().filter(|backup| backup.restorable_until.is_some_and(|at| now.since(at) >= OLD));
    of("point-in-time recovery is off", off.map(|backup| backup.table.as_str()).collect())
        .or_else(|| of("no recent recovery point", old.map(|backup| backup.table.as_str()).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_7_a_table_without_a_recent_recovery_point_is_named() {
        let now = Timestamp::from_seconds(1_000_000);
        let backup = |table: &str, age: Option<u64>| Backup {
            table: table.to_owned(),
            restorable_until: age.map(|age| now - Duration::from_secs(age)),
        };
        assert_eq!(trouble_of(&[backup("users", Some(300)), backup("logins", Some(3_599))], now), None);
        let off = trouble_of(&[backup("users", None), backup("logins", Some(9_999))], now).unwrap();
        assert_eq!(off.what, "point-in-time recovery is off: users");
        let old = trouble_of(&[backup("users", Some(300)), backup("logins", Some(3_600))], now).unwrap();
        assert_eq!(old.what, "no recent recovery point: logins");
    }
}
