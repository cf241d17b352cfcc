//! Who is told of events: webhooks and alert channels, and the state of each alert.
//!
//! | table | key | item |
//! |---|---|---|
//! | Settings | `kind` = `webhook`, `key` = id | address, kinds of events, secrets (wrapped by KMS) |
//! | | `alert-channel`, `slack`, `pagerduty` or `telegram` | its settings (wrapped by KMS) |
//! | | `alert`, name | whether it is open, and since when |

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::transaction::{Change, Committed, Part};
use super::{DYNAMODB, Store, from_item, key2, number, text, to_item};
use crate::audit::Event;
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::error::{Error, Result};

const WEBHOOK: &str = "webhook";
const CHANNEL: &str = "alert-channel";
const ALERT: &str = "alert";

/// An address that wants to hear of events.
#[derive(Clone, Serialize, Deserialize)]
pub struct WebhookRecord {
    #[serde(rename = "key")]
    pub id: String,
    pub url: String,
    /// Kinds of events; `*` is every kind.
    pub events: Vec<String>,
    pub description: String,
    /// Newest first.
    pub secrets: Vec<WrappedSecret>,
    pub created_at: Timestamp,
    pub created_by: String,
    /// Raised by each change of the secrets.
    pub version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<Timestamp>,
}

/// A signing secret as it is stored.
#[derive(Clone, Serialize, Deserialize)]
pub struct WrappedSecret {
    /// KMS's ciphertext, in base64.
    pub wrapped: String,
    /// When it signs no more; `None` for the current one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// A way to tell people of alerts.
#[derive(Clone, Serialize, Deserialize)]
pub struct ChannelRecord {
    #[serde(rename = "key")]
    pub kind: String,
    /// KMS's ciphertext of its settings, in base64.
    pub wrapped: String,
    /// The host that it talks to, for people.
    pub host: String,
    pub set_at: Timestamp,
    pub set_by: String,
}

/// An alert, as it was left.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AlertRecord {
    #[serde(rename = "key")]
    pub alert: String,
    pub is_open: bool,
    pub since: Timestamp,
}

impl Store {
    pub async fn webhooks(&self) -> Result<Vec<WebhookRecord>> {
        self.settings_of(WEBHOOK).await
    }

    pub async fn webhook(&self, id: &str) -> Result<Option<WebhookRecord>> {
        self.get(&self.tables.settings, key2("kind", WEBHOOK, "key", id)).await
    }

    pub async fn create_webhook(
        &self,
        ctx: &RequestContext,
        webhook: &WebhookRecord,
        event: Event,
    ) -> Result<Committed> {
        let mut item = to_item(webhook)?;
        item.insert("kind".to_owned(), text(WEBHOOK));
        let change = self.transaction().create(Part::Subscriber, &self.tables.settings, item, "kind");
        change.event(ctx, event)?.commit().await
    }

    /// Refused when there is none.
    pub async fn delete_webhook(&self, ctx: &RequestContext, id: &str, event: Event) -> Result<Committed> {
        let change =
            Change { condition: "attribute_exists(#key)", names: &[("#key", "key")], ..self.bare(WEBHOOK, id) };
        self.transaction().delete(Part::Subscriber, change).event(ctx, event)?.commit().await
    }

    /// *Advance*: refused when the secrets have been changed since they were read.
    pub async fn set_webhook_secrets(
        &self,
        ctx: &RequestContext,
        webhook: &WebhookRecord,
        secrets: &[WrappedSecret],
        event: Event,
    ) -> Result<Committed> {
        let change = Change {
            update: "SET secrets = :secrets ADD version :one",
            condition: "version = :version",
            values: vec![
                (":secrets", serde_dynamo::to_attribute_value(secrets).map_err(Error::internal)?),
                (":one", number(1)),
                (":version", number(webhook.version)),
            ],
            ..self.bare(WEBHOOK, &webhook.id)
        };
        self.transaction().update(Part::Subscriber, change).event(ctx, event)?.commit().await
    }

    /// *Advance*: nothing more is sent there. Refused when that was so already.
    pub async fn disable_webhook(&self, ctx: &RequestContext, id: &str, event: Event) -> Result<Committed> {
        let change = Change {
            update: "SET disabled_at = :now",
            condition: "attribute_exists(#key) AND attribute_not_exists(disabled_at)",
            names: &[("#key", "key")],
            values: vec![(":now", number(ctx.now.millis()))],
            ..self.bare(WEBHOOK, id)
        };
        self.transaction().update(Part::Subscriber, change).event(ctx, event)?.commit().await
    }

    pub async fn channels(&self) -> Result<Vec<ChannelRecord>> {
        self.settings_of(CHANNEL).await
    }

    pub async fn channel(&self, kind: &str) -> Result<Option<ChannelRecord>> {
        self.get(&self.tables.settings, key2("kind", CHANNEL, "key", kind)).await
    }

    /// Sets a channel up, in place of what it was.
    pub async fn set_channel(&self, ctx: &RequestContext, channel: &ChannelRecord, event: Event) -> Result<Committed> {
        let change = Change {
            update: "SET #wrapped = :wrapped, host = :host, set_at = :now, set_by = :by",
            values: vec![
                (":wrapped", text(&channel.wrapped)),
                (":host", text(&channel.host)),
                (":now", number(channel.set_at.millis())),
                (":by", text(&channel.set_by)),
            ],
            names: &[("#wrapped", "wrapped")],
            ..self.bare(CHANNEL, &channel.kind)
        };
        self.transaction().update(Part::Subscriber, change).event(ctx, event)?.commit().await
    }

    /// Refused when it is not set up.
    pub async fn delete_channel(&self, ctx: &RequestContext, kind: &str, event: Event) -> Result<Committed> {
        let change =
            Change { condition: "attribute_exists(#key)", names: &[("#key", "key")], ..self.bare(CHANNEL, kind) };
        self.transaction().delete(Part::Subscriber, change).event(ctx, event)?.commit().await
    }

    pub async fn alerts(&self) -> Result<Vec<AlertRecord>> {
        self.settings_of(ALERT).await
    }

    /// *Advance*: opens or closes an alert. Refused when it was so already.
    pub async fn turn_alert(
        &self,
        ctx: &RequestContext,
        alert: &str,
        to_open: bool,
        event: Event,
    ) -> Result<Committed> {
        let change = Change {
            update: "SET is_open = :open, since = :now",
            condition: if to_open {
                "attribute_not_exists(is_open) OR is_open <> :open"
            } else {
                "attribute_exists(is_open) AND is_open <> :open"
            },
            values: vec![
                (":open", aws_sdk_dynamodb::types::AttributeValue::Bool(to_open)),
                (":now", number(ctx.now.millis())),
            ],
            ..self.bare(ALERT, alert)
        };
        self.transaction().update(Part::Subscriber, change).event(ctx, event)?.commit().await
    }

    /// A change that says nothing yet but what it is about.
    fn bare<'a>(&'a self, kind: &str, key: &str) -> Change<'a> {
        let key = key2("kind", kind, "key", key);
        Change { table: &self.tables.settings, key, update: "", condition: "", names: &[], values: Vec::new() }
    }

    /// All settings of a kind: a few.
    pub(super) async fn settings_of<T: DeserializeOwned>(&self, kind: &str) -> Result<Vec<T>> {
        let query = self.client.query().table_name(&self.tables.settings).consistent_read(true);
        let query = query.key_condition_expression("kind = :kind").expression_attribute_values(":kind", text(kind));
        let items = query.send().await.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?.items.unwrap_or_default();
        items.into_iter().map(from_item).collect()
    }
}
