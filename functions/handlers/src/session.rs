//! A session as lists of sessions show it.

use serde::Serialize;
use shared::sessions::Listed;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    id: String,
    device: Device,
    /// The network, not the address: `203.0.113.0/24`.
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    created_at: String,
    last_active_at: String,
    auth_time: String,
    amr: Vec<String>,
    expires_at: String,
}

#[derive(Serialize)]
struct Device {
    name: String,
    browser: Option<&'static str>,
    os: Option<&'static str>,
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
