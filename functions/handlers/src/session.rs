//! A session as lists of sessions show it.

use schemars::JsonSchema;
use serde::Serialize;
use shared::sessions::Listed;

use crate::openapi::values;

/// A session on some device.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ListedSession")]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    #[schemars(schema_with = "values::id")]
    id: String,
    device: Device,
    /// The network, not the address: `203.0.113.0/24`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    ip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    place: Option<String>,
    #[schemars(schema_with = "values::time")]
    created_at: String,
    #[schemars(schema_with = "values::time")]
    last_active_at: String,
    /// When the person signed in.
    #[schemars(schema_with = "values::time")]
    auth_time: String,
    /// How (RFC 8176).
    amr: Vec<String>,
    /// When it ends at the latest.
    #[schemars(schema_with = "values::time")]
    expires_at: String,
}

/// A browser or app, in our words.
#[derive(Serialize, JsonSchema)]
struct Device {
    /// For people.
    name: String,
    browser: Option<&'static str>,
    os: Option<&'static str>,
    /// `desktop`, `phone` and the like.
    r#type: &'static str,
}

impl From<Listed> for Shown {
    fn from(session: Listed) -> Self {
        let device = session.device;
        Self {
            id: session.id.to_string(),
            device: Device { name: device.name, browser: device.browser, os: device.os, r#type: device.form.name() },
            ip: session.network,
            place: session.place,
            created_at: session.created_at.to_string(),
            last_active_at: session.last_active_at.to_string(),
            auth_time: session.auth_time.to_string(),
            amr: session.amr,
            expires_at: session.expires_at.to_string(),
        }
    }
}
