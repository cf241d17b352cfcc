//! `POST /auth/signup`: an account, and the organization that belongs to it (SIGN-1).

use schemars::JsonSchema;
use serde::Deserialize;
use shared::accounts::{self, Name, NewOrganization, SignUp};
use shared::app::App;
use shared::email::Email;
use shared::error::{Refusal, Result};
use shared::http::{Call, Endpoint, Reply};
use shared::organizations::Slug;
use shared::password::Password;

use crate::openapi::{Operation, Tag, values};
use crate::reply;

pub const ENDPOINT: Endpoint = Endpoint {
    name: "auth-signup",
    routes: &["POST /auth/signup"],
    limited: true,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// Who wants an account.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "SignUpRequest")]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Request {
    #[schemars(schema_with = "values::email")]
    email: Email,
    /// As the password policy wants it; a refusal names every rule that is not met.
    #[schemars(schema_with = "values::password")]
    password: Password,
    /// Asked for where a CAPTCHA provider is configured.
    #[serde(default)]
    captcha_token: Option<String>,
    #[schemars(schema_with = "values::name")]
    name: Name,
    /// Without it, the person gets an organization of their own.
    #[serde(default)]
    organization: Option<Organization>,
}

/// The organization that belongs to the account.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "NewOrganization")]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Organization {
    #[schemars(schema_with = "values::name")]
    name: Name,
    /// Made from the name if left out.
    #[serde(default)]
    #[schemars(schema_with = "values::optional_slug")]
    slug: Option<Slug>,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let Request { email, password, name, organization, captcha_token } = call.json()?;
    let organization = organization.map(|Organization { name, slug }| NewOrganization { name, slug });
    accounts::sign_up(app, &call.ctx, SignUp { email, password, name, organization, captcha_token }).await?;
    Reply::accepted(&reply::Status::new("verification_required"))
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(&ENDPOINT, "POST /auth/signup", "signUp", Tag::SignUp, "Open an account")
            .about("A mail with a link goes to the address. The answer is the same for an address that has an account already; its owner gets a mail that says so.")
            .takes::<Request>()
            .says(202, "verification_required", "A mail is on its way.")
            .refuses([Refusal::PasswordRejected(Vec::new()), Refusal::SlugTaken])
            .refuses([Refusal::CaptchaRequired, Refusal::CaptchaInvalid]),
    ]
}
