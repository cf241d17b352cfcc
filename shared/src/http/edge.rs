//! The edge: whether a request came through it, and whom it says the caller is (DEPLOY-4).
//!
//! API Gateway's own address can be reached beside the distribution's, and there is no rate rule and no list of addresses.
//! So the distribution sends a secret along, and without it nobody is let in. What it says of the caller is believed for the
//! same reason, and only then: anybody can send such headers.

use std::net::IpAddr;

use lambda_http::request::RequestContext as Gateway;
use lambda_http::{Request, RequestExt};

use crate::error::{Error, Refusal, Result};
use crate::mail::display_name;
use crate::settings::Edge;

/// The secret. The distribution replaces what a caller sends by this name.
const PROOF: &str = "x-origin-verify";
/// The caller's address, by the distribution's function (`infra/edge.yaml`), which replaces it likewise.
const VIEWER: &str = "x-viewer-address";

/// Who calls, and which way.
pub(super) struct Caller {
    pub(super) ip: Option<IpAddr>,
    /// The city and the country.
    pub(super) place: Option<String>,
    way: Way,
}

#[derive(Clone, Copy)]
enum Way {
    /// The one that the settings want.
    Right,
    /// To API Gateway itself, although there is an edge.
    Around,
    /// Through an edge that does not say for whom.
    Anonymous,
}

impl Caller {
    pub(super) fn of(edge: &Edge, request: &Request) -> Self {
        let seen = source_ip(request);
        if *edge == Edge::None || is_direct(request) {
            return Self { ip: seen, place: None, way: Way::Right };
        }
        let header = |name: &str| request.headers().get(name).map(http::HeaderValue::as_bytes).unwrap_or_default();
        if !edge.is_proved_by(header(PROOF)) {
            return Self { ip: seen, place: None, way: Way::Around };
        }
        let ip = std::str::from_utf8(header(VIEWER)).ok().and_then(address);
        let way = if ip.is_some() { Way::Right } else { Way::Anonymous };
        Self { ip, place: place(request), way }
    }

    /// # Errors
    /// [`Refusal::Forbidden`] for who went around the edge; [`Error::Internal`] when the edge is not set up as it must be: all
    /// callers would share one address, and its limits.
    pub(super) fn check(&self) -> Result<()> {
        match self.way {
            Way::Right => Ok(()),
            Way::Around => Err(Refusal::Forbidden.into()),
            Way::Anonymous => Err(Error::internal(format!("the edge sends no address in {VIEWER}"))),
        }
    }
}

/// Whether the function was called by itself, and not through the API: API Gateway names itself in every event, whatever a
/// caller sends, and calling a function takes a right of this account.
fn is_direct(request: &Request) -> bool {
    matches!(request.request_context_ref(), Some(Gateway::ApiGatewayV2(gateway)) if gateway.apiid.is_none())
}

/// The address the gateway saw. Headers such as `X-Forwarded-For` are never asked (case 046).
fn source_ip(request: &Request) -> Option<IpAddr> {
    let Some(Gateway::ApiGatewayV2(gateway)) = request.request_context_ref() else { return None };
    address(gateway.http.source_ip.as_deref()?)
}

fn address(text: &str) -> Option<IpAddr> {
    let ip: IpAddr = text.parse().ok()?;
    Some(match ip {
        // `::ffff:1.2.3.4` is 1.2.3.4 (case 047).
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), IpAddr::V4),
        IpAddr::V4(_) => ip,
    })
}

/// Where the edge says that the caller is.
fn place(request: &Request) -> Option<String> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let country = header("cloudfront-viewer-country")
        .filter(|code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase()))?;
    // Shown in mails: it is held to the rule of names.
    let city = display_name(header("cloudfront-viewer-city").unwrap_or_default());
    Some(if city.is_empty() { country.to_owned() } else { format!("{city}, {country}") })
}
