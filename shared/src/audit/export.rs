//! Exports of the trail: CSV (RFC 4180) and lines of JSON (AUDIT-3).
//!
//! A copy may be larger than one answer can be, so it comes in pieces that are put one after the other.

use std::fmt::Write;
use std::time::Duration;

use super::cursor::{Cursor, Order};
use super::filters::Filters;
use super::read::{context, from_there, tell};
use super::shown::Shown;
use super::walk::{Step, Walk, span_of};
use crate::app::App;
use crate::context::RequestContext;
use crate::csv;
use crate::error::{Error, Result};
use crate::id::UserId;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    NdJson,
}

/// A piece of a copy.
pub struct Piece {
    pub text: String,
    /// For the next piece, should there be one.
    pub next: Option<String>,
}

/// Lambda answers with 6 MB at most, in JSON, where each quotation mark and line break takes two bytes.
const MOST_BYTES: usize = 3 * 1024 * 1024;

/// A function has two seconds and a half more, for the reads that are under way.
const MOST_TIME: Duration = Duration::from_secs(2);

/// How many events are read at a time, of each lane.
const CHUNK: usize = 250;

const COLUMNS: &str =
    "id,at,action,outcome,actorUserId,actorEmail,actorSystem,target,ip,userAgent,requestId,detail\r\n";

/// The next piece of a copy of what the filters ask for, newest first.
///
/// # Errors
/// [`Refusal::Invalid`](crate::error::Refusal::Invalid) for a cursor of another copy.
pub async fn export(
    app: &App,
    ctx: &RequestContext,
    admin: UserId,
    filters: Filters,
    format: Format,
    cursor: Option<&str>,
) -> Result<Piece> {
    let what = match format {
        Format::Csv => "export as CSV",
        Format::NdJson => "export as NDJSON",
    };
    let context = context(what, admin, &filters);
    let cursor = match cursor {
        Some(text) => Some(Cursor::open(app, ctx, &context, text).await?),
        None => None,
    };
    let (secrets, wanted) = tokio::try_join!(app.secrets(ctx.now), filters.resolve(app))?;
    let span = from_there(span_of(&wanted.filters, app.settings.kept_since(ctx.now), ctx.now), cursor.as_ref());
    // Told first: whatever was read has been told, even if the answer is lost on its way.
    let told_at = tell(app, ctx, admin, &wanted, cursor.as_ref(), what).await?;
    let mut walk = Walk::new(&app.store, &wanted, Order::NewestFirst, &span, CHUNK);
    let mut text = String::new();
    if format == Format::Csv && cursor.is_none() {
        text.push_str(COLUMNS);
    }
    let mut position = None;
    let is_time_left = || app.clock.now().since(ctx.now) < MOST_TIME;
    while text.len() < MOST_BYTES && is_time_left() {
        let Step::Event(event) = walk.step().await? else { break };
        position = Some(event.at.clone());
        if wanted.includes(&event) {
            write(&mut text, format, &Shown::from(*event))?;
        }
    }
    let next = position.filter(|_| !walk.is_over());
    let next =
        next.map(|at| Cursor::new(Order::NewestFirst, at, told_at, ctx.now).seal(&secrets, &context)).transpose()?;
    Ok(Piece { text, next })
}

fn write(text: &mut String, format: Format, event: &Shown) -> Result<()> {
    match format {
        Format::NdJson => write_line(text, event),
        Format::Csv => write_row(text, event),
    }
}

fn write_line(text: &mut String, event: &Shown) -> Result<()> {
    let line = serde_json::to_string(event).map_err(Error::internal)?;
    for character in line.chars() {
        match character {
            // Within JSON's rules, but there are readers to whom these end a line. They stand in strings only.
            '\u{85}' | '\u{2028}' | '\u{2029}' => {
                write!(text, "\\u{:04x}", u32::from(character)).map_err(Error::internal)?;
            }
            _ => text.push(character),
        }
    }
    text.push('\n');
    Ok(())
}

fn write_row(text: &mut String, event: &Shown) -> Result<()> {
    let detail = if event.detail.is_empty() {
        String::new()
    } else {
        serde_json::to_string(&event.detail).map_err(Error::internal)?
    };
    let outcome = format!("{:?}", event.outcome).to_lowercase();
    let cells: [Option<&str>; 12] = [
        Some(&event.id),
        Some(&event.at),
        Some(&event.action),
        Some(&outcome),
        event.actor.user_id.as_deref(),
        event.actor.email.as_deref(),
        event.actor.system.as_deref(),
        event.target.as_deref(),
        event.ip.as_deref(),
        Some(&event.user_agent),
        Some(&event.request_id),
        Some(&detail),
    ];
    csv::write_row(text, cells.into_iter().map(Option::unwrap_or_default));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Outcome, Recorded};
    use std::collections::BTreeMap;

    fn event(user_agent: &str) -> Shown {
        Shown::from(Recorded {
            actor: "email#=cmd@example.com".to_owned(),
            at: "2026-11-21T01:50:00.007Z#id".to_owned(),
            id: "id".to_owned(),
            kind: "UserLoginFailed".to_owned(),
            outcome: Outcome::Failure,
            target: None,
            subject: None,
            ip: Some("192.0.2.1".to_owned()),
            user_agent: user_agent.to_owned(),
            request_id: "request".to_owned(),
            detail: BTreeMap::from([("reason".to_owned(), "a \"reason\"".to_owned())]),
        })
    }

    #[test]
    fn case_271_a_row_is_one_event_and_no_cell_a_formula() {
        let mut row = String::new();
        write_row(&mut row, &event("a, \"b\"\r\n=c")).unwrap();
        assert_eq!(
            row,
            "\"id\",\"2026-11-21T01:50:00.007Z\",\"UserLoginFailed\",\"failure\",\"\",\"'=cmd@example.com\",\"\",\"\",\
             \"192.0.2.1\",\"a, \"\"b\"\"\r\n=c\",\"request\",\"{\"\"reason\"\":\"\"a \\\"\"reason\\\"\"\"\"}\"\r\n"
        );
    }

    #[test]
    fn case_269_every_event_is_one_line_whatever_is_in_it() {
        let hostile = "a\r\nb\u{1b}[31m\u{2028}c\u{2029}d\u{85}\"\0";
        let mut text = String::new();
        write_line(&mut text, &event(hostile)).unwrap();
        assert!(text.ends_with('\n'));
        let line = &text[..text.len() - 1];
        assert!(!line.contains(['\r', '\n', '\u{1b}', '\u{2028}', '\u{2029}', '\u{85}', '\0']), "{line:?}");
        let read: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(read["userAgent"], hostile);
    }
}
