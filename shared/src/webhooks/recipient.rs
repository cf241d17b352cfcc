//! Who is to get a delivery: a webhook or a channel as it is now, and what is sent there.

use std::sync::Arc;

use futures_util::future::try_join_all;

use super::destination::Destination;
use super::{sign, vault};
use crate::alerts::channels;
use crate::app::App;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::outbound::Message;
use crate::secret::SecretText;
use crate::store::{DeliveryRecord, WebhookRecord, WrappedSecret};

/// Where a delivery goes, and how.
pub(super) enum Target {
    Message(Message),
    /// Removed, disabled, not to be called any more, or overtaken by what has happened since.
    Gone(&'static str),
}

/// Who is to get a delivery, with what is needed to address it.
pub(super) enum Recipient {
    Webhook(Box<WebhookRecord>, Vec<(Arc<SecretText>, Option<Timestamp>)>),
    Channel(channels::Channel),
    Nobody,
}

impl Recipient {
    pub(super) async fn read(app: &App, destination: &str) -> Result<Self> {
        if let Some(kind) = channels::kind_of(destination) {
            return Ok(channels::read(app, kind).await?.map_or(Self::Nobody, Self::Channel));
        }
        let Some(webhook) = app.store.webhook(destination).await? else { return Ok(Self::Nobody) };
        let open = |secret: WrappedSecret| async move {
            Ok::<_, Error>((app.vault().open(app, vault::WEBHOOK, &secret.wrapped).await?, secret.until))
        };
        let secrets = try_join_all(webhook.secrets.iter().cloned().map(open)).await?;
        Ok(Self::Webhook(Box::new(webhook), secrets))
    }

    pub(super) fn is_webhook(&self) -> bool {
        matches!(self, Self::Webhook(..))
    }

    pub(super) async fn target(&self, app: &App, delivery: &DeliveryRecord, now: Timestamp) -> Result<Target> {
        match self {
            Self::Nobody => Ok(Target::Gone("removed")),
            Self::Channel(_) if !channels::is_still_so(app, &delivery.body).await? => Ok(Target::Gone("superseded")),
            Self::Channel(channel) => Ok(match channel.message(app, &delivery.body)? {
                Some(message) => Target::Message(message),
                None => Target::Gone("the channel's address may not be called"),
            }),
            Self::Webhook(webhook, _) if webhook.disabled_at.is_some() => Ok(Target::Gone("disabled")),
            Self::Webhook(webhook, secrets) => {
                // Again, since the settings may have changed; what the name leads to is seen when it is called.
                let Ok(destination) = Destination::parse(&webhook.url, &app.settings.webhook_hosts) else {
                    return Ok(Target::Gone("its address may not be called"));
                };
                let body = delivery.body.as_bytes().to_vec();
                let good = secrets.iter().filter(|(_, until)| until.is_none_or(|until| now < until));
                let good: Vec<_> = good.map(|(secret, _)| &**secret).collect();
                let signature = sign::header(&good, &delivery.delivery, now, &body)
                    .ok_or_else(|| Error::internal("a webhook's secret cannot be read"))?;
                let headers = vec![
                    ("webhook-id", delivery.delivery.clone()),
                    ("webhook-timestamp", now.seconds().to_string()),
                    ("webhook-signature", signature),
                ];
                Ok(Target::Message(Message::to(&destination, headers, body)))
            }
        }
    }
}
