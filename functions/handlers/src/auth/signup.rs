//! `POST /auth/signup`: an account, and the organization that belongs to it (SIGN-1).

use serde::Deserialize;
use shared::accounts::{self, Name, NewOrganization, SignUp};
use shared::app::App;
use shared::email::Email;
use shared::error::Result;
use shared::http::{Call, Endpoint, Reply};
use shared::organizations::Slug;
use shared::password::Password;

use crate::reply;

pub const ENDPOINT: Endpoint = Endpoint {
    name: "auth-signup",
    routes: &["POST /auth/signup"],
    limited: true,
    handle: |app, call| Box::pin(handle(app, call)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Request {
    email: Email,
    password: Password,
    /// Asked for where a CAPTCHA provider is configured (SIGN-7).
    #[serde(default)]
    captcha_token: Option<String>,
    name: Name,
    #[serde(default)]
    organization: Option<Organization>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Organization {
    name: Name,
    #[serde(default)]
    slug: Option<Slug>,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let Request { email, password, name, organization, captcha_token } = call.json()?;
    let organization = organization.map(|Organization { name, slug }| NewOrganization { name, slug });
    accounts::sign_up(app, &call.ctx, SignUp { email, password, name, organization, captcha_token }).await?;
    Reply::accepted(&reply::Status::new("verification_required"))
}
