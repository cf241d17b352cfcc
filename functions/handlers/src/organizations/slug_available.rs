//! `GET /auth/organizations/slug-available/{slug}`: can this slug be had, and what else could? (SIGN-2)

use schemars::JsonSchema;
use serde::Serialize;
use shared::app::App;
use shared::error::{Refusal, Result};
use shared::http::{Call, Endpoint, Reply};
use shared::organizations::{self, Slug};

use crate::openapi::{Operation, Tag, values};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "organizations-slug-available",
    routes: &["GET /auth/organizations/slug-available/{slug}"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// Short: somebody may take the slug at any time.
const CACHE_SECONDS: u32 = 10;

/// Whether a slug can be had.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SlugAvailability")]
#[serde(rename_all = "camelCase")]
struct Response {
    #[schemars(schema_with = "values::slug")]
    slug: String,
    available: bool,
    /// Why it cannot: `taken`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    reason: Option<&'static str>,
    /// Slugs like it that can be had, where it cannot.
    suggestions: Vec<String>,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let slug = Slug::parse(&call.path_parameter("slug")?).map_err(|why| Refusal::SlugInvalid(why.0))?;
    let found = organizations::slug_availability(app, &slug).await?;
    let response = Response {
        slug: slug.to_string(),
        available: found.is_available,
        reason: (!found.is_available).then_some("taken"),
        suggestions: found.suggestions.iter().map(Slug::to_string).collect(),
    };
    Ok(Reply::ok(&response)?.cached_for(CACHE_SECONDS))
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            &ENDPOINT,
            "GET /auth/organizations/slug-available/{slug}",
            "slugAvailable",
            Tag::SignUp,
            "Ask whether an organization's slug can be had",
        )
        .path("slug", values::slug, "3 to 48 lower-case letters, digits and single hyphens in between")
        .answers::<Response>(200, "Whether it can be had, at this moment.")
        .with_header("Cache-Control")
        .refuses([Refusal::SlugInvalid("")]),
    ]
}
