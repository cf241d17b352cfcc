//! `GET /auth/organizations/slug-available/{slug}`: can this slug be had, and what else could? (SIGN-2)

use serde::Serialize;
use shared::app::App;
use shared::error::{Refusal, Result};
use shared::http::{Call, Endpoint, Reply};
use shared::organizations::{self, Slug};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "organizations-slug-available",
    routes: &["GET /auth/organizations/slug-available/{slug}"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// Short: somebody may take the slug at any time.
const CACHE_SECONDS: u32 = 10;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    slug: String,
    available: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
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
