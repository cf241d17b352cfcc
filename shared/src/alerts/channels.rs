//! Channels that people are told of alerts by: Slack, PagerDuty, Telegram (NOTE-2).
//!
//! What a channel needs is a secret as a whole and stored as one; what is said is made when it is sent.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::app::App;
use crate::audit::{Event, Kind as EventKind};
use crate::context::RequestContext;
use crate::error::{Error, FieldError, Refusal, Result};
use crate::id::UserId;
use crate::outbound::Message;
use crate::secret::SecretText;
use crate::store::{ChannelRecord, Committed};
use crate::webhooks::CHANNEL_PURPOSE;
use crate::webhooks::destination::Destination;

/// Events that channels tell people of.
const TOLD: [&str; 4] = ["AlertOpened", "AlertClosed", "CheckFailed", "CheckRecovered"];

const PREFIX: &str = "channel#";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelKind {
    Slack,
    Pagerduty,
    Telegram,
}

impl ChannelKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Pagerduty => "pagerduty",
            Self::Telegram => "telegram",
        }
    }
}

impl FromStr for ChannelKind {
    type Err = Error;
    fn from_str(name: &str) -> Result<Self> {
        [Self::Slack, Self::Pagerduty, Self::Telegram]
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or(Refusal::NotFound.into())
    }
}

/// What an administrator gives. No `Debug`: most of it is secret.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "AlertChannelRequest")]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Order {
    /// Slack's incoming webhook; of the others another server that speaks their API, such as PagerDuty's in Europe.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    routing_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bot_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chat_id: Option<String>,
}

/// Whether people are told of events of this kind.
pub fn tells(kind: &str) -> bool {
    TOLD.contains(&kind)
}

/// Where deliveries for a channel go.
pub fn destination(kind: &str) -> String {
    format!("{PREFIX}{kind}")
}

/// The channel that a destination is.
pub fn kind_of(destination: &str) -> Option<ChannelKind> {
    destination.strip_prefix(PREFIX)?.parse().ok()
}

/// Sets a channel up, in place of what it was.
///
/// # Errors
/// [`Refusal::Invalid`] for what is missing, does not belong, or may not be called.
pub async fn set(
    app: &App,
    ctx: &RequestContext,
    admin: UserId,
    kind: ChannelKind,
    order: Order,
) -> Result<ChannelRecord> {
    check(kind, &order)?;
    let plain = SecretText::new(serde_json::to_string(&order).map_err(Error::internal)?);
    let host = {
        let url = url_of(kind, &order);
        let destination = Destination::parse(&url, &app.settings.webhook_hosts).map_err(|why| invalid("url", why))?;
        if kind == ChannelKind::Slack && !destination.is_listed() && destination.host() != "hooks.slack.com" {
            return Err(invalid("url", "must be at hooks.slack.com"));
        }
        destination.host().to_owned()
    };
    let wrapped = app.kms.wrap_setting(CHANNEL_PURPOSE, &plain).await?;
    let channel = ChannelRecord {
        kind: kind.name().to_owned(),
        wrapped: STANDARD.encode(wrapped),
        host,
        set_at: ctx.now,
        set_by: admin.to_string(),
    };
    let event = Event::by_user(EventKind::AlertChannelSet, admin).with("channel", kind.name());
    app.store.set_channel(ctx, &channel, event.with("host", &channel.host)).await?;
    Ok(channel)
}

/// Takes a channel away.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn remove(app: &App, ctx: &RequestContext, admin: UserId, kind: ChannelKind) -> Result<()> {
    let event = Event::by_user(EventKind::AlertChannelRemoved, admin).with("channel", kind.name());
    match app.store.delete_channel(ctx, kind.name(), event).await? {
        Committed::Done => Ok(()),
        Committed::Refused(_) => Err(Refusal::NotFound.into()),
    }
}

/// Each kind needs its own fields, and takes no others: one that is ignored would be thought to work.
fn check(kind: ChannelKind, order: &Order) -> Result<()> {
    let given = [
        ("url", order.url.as_deref()),
        ("routingKey", order.routing_key.as_deref()),
        ("botToken", order.bot_token.as_deref()),
        ("chatId", order.chat_id.as_deref()),
    ];
    let (needed, possible): (&[&str], &[&str]) = match kind {
        ChannelKind::Slack => (&["url"], &[]),
        ChannelKind::Pagerduty => (&["routingKey"], &["url"]),
        ChannelKind::Telegram => (&["botToken", "chatId"], &["url"]),
    };
    for (field, value) in given {
        match value {
            None if needed.contains(&field) => return Err(invalid(field, "is needed")),
            Some(_) if !needed.contains(&field) && !possible.contains(&field) => {
                return Err(invalid(field, "does not belong to this channel"));
            }
            // The token stands in a path: nothing in it may begin another part.
            Some(value) if field != "url" && !is_token(value) => {
                return Err(invalid(field, "must have 1 to 200 letters, digits, `:`, `_`, `@` or `-`"));
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_token(text: &str) -> bool {
    (1..=200).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b":_@-".contains(&b))
}

fn url_of(kind: ChannelKind, order: &Order) -> String {
    let base = |default: &str| order.url.clone().unwrap_or_else(|| default.to_owned());
    match kind {
        ChannelKind::Slack => base(""),
        ChannelKind::Pagerduty => base("https://events.pagerduty.com/v2/enqueue"),
        ChannelKind::Telegram => {
            let base = base("https://api.telegram.org");
            let token = order.bot_token.as_deref().unwrap_or_default();
            format!("{}/bot{token}/sendMessage", base.trim_end_matches('/'))
        }
    }
}

/// A channel, ready to speak.
pub struct Channel {
    kind: ChannelKind,
    order: Order,
}

/// The channel as it is set up now.
///
/// # Errors
/// When the table or KMS does not answer.
pub async fn read(app: &App, kind: ChannelKind) -> Result<Option<Channel>> {
    let Some(record) = app.store.channel(kind.name()).await? else { return Ok(None) };
    let plain = app.vault().open(app, CHANNEL_PURPOSE, &record.wrapped).await?;
    let order = serde_json::from_str(plain.expose()).map_err(|_| Error::internal("a channel cannot be read"))?;
    Ok(Some(Channel { kind, order }))
}

/// An alert's payload, as the feed wrote it.
#[derive(Deserialize)]
struct Told {
    id: String,
    r#type: String,
    timestamp: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    alert: String,
    #[serde(default)]
    check: String,
    #[serde(default)]
    value: String,
    #[serde(default)]
    threshold: String,
}

/// Whether what a payload tells is still so. Deliveries are tried again for days and come in any order; but people are
/// told how it stands, and an incident that nobody will resolve must not be opened again.
pub(crate) async fn is_still_so(app: &App, payload: &str) -> Result<bool> {
    let told: Told = serde_json::from_str(payload).map_err(Error::internal)?;
    let is_open = if told.data.alert.is_empty() {
        app.store.watch(&told.data.check).await?.told
    } else {
        app.store.alert(&told.data.alert).await?.is_some_and(|alert| alert.is_open)
    };
    Ok(is_open != told.is_over())
}

impl Told {
    fn is_over(&self) -> bool {
        matches!(self.r#type.as_str(), "AlertClosed" | "CheckRecovered")
    }
}

impl Channel {
    /// What is sent; `None` when the address may not be called any more.
    pub(crate) fn message(&self, app: &App, payload: &str) -> Result<Option<Message>> {
        let told: Told = serde_json::from_str(payload).map_err(Error::internal)?;
        let url = url_of(self.kind, &self.order);
        let Ok(destination) = Destination::parse(&url, &app.settings.webhook_hosts) else { return Ok(None) };
        let body = self.body(&told, &app.settings.product_name, &app.settings.stack_name);
        let body = serde_json::to_vec(&body).map_err(Error::internal)?;
        Ok(Some(Message::to(&destination, Vec::new(), body)))
    }

    fn body(&self, told: &Told, product: &str, stack: &str) -> Value {
        let is_over = told.is_over();
        let what = if told.data.alert.is_empty() { &told.data.check } else { &told.data.alert };
        let numbers = if told.data.value.is_empty() {
            String::new()
        } else {
            format!(" ({}, threshold {})", told.data.value, told.data.threshold)
        };
        let state = if is_over { "is over" } else { "is open" };
        let text = format!("{product} [{stack}]: {what} {state}{numbers}, {}", told.timestamp);
        match self.kind {
            // Slack reads <, > and & as its own marks.
            ChannelKind::Slack => {
                json!({ "text": text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;") })
            }
            ChannelKind::Pagerduty => json!({
                "routing_key": self.order.routing_key,
                "event_action": if is_over { "resolve" } else { "trigger" },
                "dedup_key": format!("{stack}/{what}"),
                "payload": { "summary": text, "source": stack, "severity": "error", "timestamp": told.timestamp,
                    "custom_details": { "event": told.id } },
            }),
            ChannelKind::Telegram => json!({ "chat_id": self.order.chat_id, "text": text }),
        }
    }
}

fn invalid(field: &str, message: &str) -> Error {
    Refusal::Invalid(vec![FieldError::new(field, "invalid", message)]).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLD: &str = r#"{"id":"e1","type":"AlertOpened","timestamp":"2026-11-21T01:50:00.007Z",
        "data":{"outcome":"success","alert":"login_failures","value":"61","threshold":"50"}}"#;

    fn body(kind: ChannelKind, order: Value, told: &str) -> Value {
        let order: Order = serde_json::from_value(order).unwrap();
        check(kind, &order).unwrap();
        Channel { kind, order }.body(&serde_json::from_str(told).unwrap(), "A<B", "mine")
    }

    #[test]
    fn note_2_each_channel_is_told_in_its_own_form() {
        let slack = body(ChannelKind::Slack, json!({ "url": "https://hooks.slack.com/services/T/B/x" }), TOLD);
        let text = "A&lt;B [mine]: login_failures is open (61, threshold 50), 2026-11-21T01:50:00.007Z";
        assert_eq!(slack, json!({ "text": text }));
        let duty = body(ChannelKind::Pagerduty, json!({ "routingKey": "k" }), TOLD);
        assert_eq!((&duty["event_action"], &duty["dedup_key"]), (&json!("trigger"), &json!("mine/login_failures")));
        let closed = body(ChannelKind::Pagerduty, json!({ "routingKey": "k" }), &TOLD.replace("Opened", "Closed"));
        assert_eq!((&closed["event_action"], &closed["dedup_key"]), (&json!("resolve"), &duty["dedup_key"]));
        let telegram = body(ChannelKind::Telegram, json!({ "botToken": "1:a", "chatId": "-7" }), TOLD);
        assert_eq!(telegram["chat_id"], "-7");
    }

    #[test]
    fn note_2_a_channel_takes_its_own_fields_and_no_others() {
        let refused = |kind, order: Value| check(kind, &serde_json::from_value(order).unwrap()).is_err();
        assert!(refused(ChannelKind::Slack, json!({})));
        assert!(refused(ChannelKind::Slack, json!({ "url": "https://hooks.slack.com/", "botToken": "x" })));
        assert!(refused(ChannelKind::Telegram, json!({ "botToken": "1:a" })));
        for bad in ["a/../b", "a b", "a?b", "a#b", "", "a\r\nb"] {
            assert!(refused(ChannelKind::Telegram, json!({ "botToken": bad, "chatId": "1" })), "{bad:?}");
        }
    }
}
