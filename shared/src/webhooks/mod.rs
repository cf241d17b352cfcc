//! Webhooks: addresses that are told of events, as Standard Webhooks says (NOTE-2, <https://www.standardwebhooks.com>).
//!
//! [`crate::feed`] writes a delivery for each event and webhook; [`delivery`] makes it. Here is what administrators do.

pub mod delivery;
pub mod destination;
pub mod payload;
mod recipient;
pub mod sign;
mod vault;

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use self::destination::Destination;
pub(crate) use self::vault::CHANNEL as CHANNEL_PURPOSE;
pub use self::vault::Vault;
use crate::alerts::channels;
use crate::app::App;
use crate::audit::{Event, Kind};
use crate::context::RequestContext;
use crate::error::{FieldError, Refusal, Result};
use crate::feed::Entry;
use crate::id::{self, UserId};
use crate::secret::SecretText;
use crate::store::{ChannelRecord, Committed, DeliveryRecord, WebhookRecord, WrappedSecret};

/// How long the stream has for its first try before the retry job steps in; also how long one try may take.
pub const FIRST_TRY: Duration = Duration::from_secs(60);

/// How long a replaced secret signs beside the new one (case 260).
const OVERLAP: Duration = Duration::from_secs(24 * 3600);

/// So many webhooks at most: each event may need a delivery to each, in one transaction.
const MOST: usize = 20;

/// Events that no webhook is told of: a dead webhook's deaths would never end.
const KEPT_BACK: [&str; 3] = ["WebhookUndeliverable", "AlertUndeliverable", "WebhookDisabled"];

/// Every kind.
const ALL: &str = "*";

/// What an administrator asks for.
pub struct Order {
    pub url: String,
    pub events: Vec<String>,
    pub description: String,
}

/// Sets a webhook up. The secret is shown this once.
///
/// # Errors
/// [`Refusal::Invalid`] for an address that may not be called, a kind of event that there is not, or one webhook too many.
pub async fn create(
    app: &App,
    ctx: &RequestContext,
    admin: UserId,
    order: Order,
) -> Result<(WebhookRecord, SecretText)> {
    let Order { url, events, description } = order;
    let destination = Destination::parse(&url, &app.settings.webhook_hosts).map_err(|why| invalid("url", why))?;
    check_events(&events)?;
    if description.chars().count() > 200 || description.chars().any(char::is_control) {
        return Err(invalid("description", "must have at most 200 characters, without line breaks"));
    }
    if app.store.webhooks().await?.len() >= MOST {
        return Err(invalid("url", "there are 20 webhooks already"));
    }
    let id = id::fresh(ctx.now);
    let secret = sign::fresh_secret();
    let webhook = WebhookRecord {
        id: id.clone(),
        url: destination.url().to_owned(),
        events,
        description,
        secrets: vec![wrap(app, &secret).await?],
        created_at: ctx.now,
        created_by: admin.to_string(),
        version: 1,
        disabled_at: None,
    };
    let event = Event::by_user(Kind::WebhookCreated, admin).on_webhook(&id).with("host", destination.host());
    app.store.create_webhook(ctx, &webhook, event).await?;
    Ok((webhook, secret))
}

fn check_events(events: &[String]) -> Result<()> {
    let is_kind = |name: &String| {
        name == ALL || ((1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric()))
    };
    if events.is_empty() || events.len() > 100 || !events.iter().all(is_kind) {
        return Err(invalid("events", "must name kinds of events, or be [\"*\"]"));
    }
    if events.iter().any(|name| KEPT_BACK.contains(&name.as_str())) {
        return Err(invalid("events", "names a kind that webhooks are not told of"));
    }
    Ok(())
}

/// Removes a webhook. What waits for it is not delivered any more.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn delete(app: &App, ctx: &RequestContext, admin: UserId, id: &str) -> Result<()> {
    let event = Event::by_user(Kind::WebhookDeleted, admin).on_webhook(id);
    match app.store.delete_webhook(ctx, id, event).await? {
        Committed::Done => Ok(()),
        Committed::Refused(_) => Err(Refusal::NotFound.into()),
    }
}

/// Makes another secret; the one before it signs beside it for a day.
///
/// # Errors
/// [`Refusal::NotFound`]; [`Refusal::Conflict`] when somebody else has just done the same.
pub async fn rotate_secret(app: &App, ctx: &RequestContext, admin: UserId, id: &str) -> Result<SecretText> {
    let webhook = app.store.webhook(id).await?.ok_or(Refusal::NotFound)?;
    let secret = sign::fresh_secret();
    let mut secrets = vec![wrap(app, &secret).await?];
    // Of those before, the newest lives on; one that was in its own overlap ends now.
    secrets.extend(webhook.secrets.first().map(|old| WrappedSecret { until: Some(ctx.now + OVERLAP), ..old.clone() }));
    let event = Event::by_user(Kind::WebhookSecretRotated, admin).on_webhook(id);
    match app.store.set_webhook_secrets(ctx, &webhook, &secrets, event).await? {
        Committed::Done => Ok(secret),
        Committed::Refused(_) => Err(Refusal::Conflict.into()),
    }
}

/// Makes a delivery again, under the same id and with the same bytes.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn redeliver(app: &App, ctx: &RequestContext, admin: UserId, id: &str, delivery: &str) -> Result<()> {
    app.store.webhook(id).await?.ok_or(Refusal::NotFound)?;
    let event = Event::by_user(Kind::WebhookRedelivered, admin).on_webhook(id).with("delivery", delivery);
    match app.store.redeliver(ctx, id, delivery, event).await? {
        Committed::Done => Ok(()),
        Committed::Refused(_) => Err(Refusal::NotFound.into()),
    }
}

/// A page of a webhook's deliveries, newest first, and whether there are more.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn deliveries(app: &App, id: &str, before: Option<&str>, limit: i32) -> Result<(Vec<DeliveryRecord>, bool)> {
    let (webhook, page) = tokio::try_join!(app.store.webhook(id), app.store.deliveries(id, before, limit))?;
    webhook.ok_or(Refusal::NotFound)?;
    Ok(page)
}

async fn wrap(app: &App, secret: &SecretText) -> Result<WrappedSecret> {
    let wrapped = app.kms.wrap_setting(vault::WEBHOOK, secret).await?;
    Ok(WrappedSecret { wrapped: STANDARD.encode(wrapped), until: None })
}

fn invalid(field: &str, message: &str) -> crate::error::Error {
    Refusal::Invalid(vec![FieldError::new(field, "invalid", message)]).into()
}

/// Who wants to hear of what, as of now.
pub struct Subscribers {
    webhooks: Vec<WebhookRecord>,
    channels: Vec<ChannelRecord>,
}

impl Subscribers {
    /// # Errors
    /// When the table does not answer.
    pub async fn read(app: &App) -> Result<Self> {
        let (webhooks, channels) = tokio::try_join!(app.store.webhooks(), app.store.channels())?;
        Ok(Self { webhooks, channels })
    }

    /// The destinations of an event.
    pub fn of(&self, entry: &Entry) -> impl Iterator<Item = String> {
        let wants = |webhook: &&WebhookRecord| {
            webhook.disabled_at.is_none()
                && !KEPT_BACK.contains(&entry.kind.as_str())
                && webhook.events.iter().any(|kind| kind == ALL || *kind == entry.kind)
        };
        let channels = self.channels.iter().filter(|_| channels::tells(&entry.kind));
        let webhooks = self.webhooks.iter().filter(wants).map(|webhook| webhook.id.clone());
        webhooks.chain(channels.map(|channel| channels::destination(&channel.kind)))
    }
}
