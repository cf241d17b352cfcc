//! What no route catches: a preflight, a path that is not there, or a method that is not allowed at one that is.
//!
//! Without it API Gateway would answer by itself, without our headers and our errors.

use http::header;
use shared::app::App;
use shared::error::{Error, Refusal, Result};
use shared::http::{Call, Endpoint, Reply, problem};

use crate::pages;

pub const ENDPOINT: Endpoint =
    Endpoint { name: "http-fallback", routes: &[], limited: false, handle: |app, call| Box::pin(handle(app, call)) };

/// Methods that some route might take; others are refused wherever they are tried (case 296).
const KNOWN: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

// Preflights have been answered by what surrounds every handler.
async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let allowed = methods_at(call.path());
    let method = call.method().as_str();
    // A method that is allowed here did not come by this path: the gateway knows it by another spelling (`%6Cogin`).
    if allowed.contains(&method) || (allowed.is_empty() && KNOWN.contains(&method)) {
        return match pages::is_person(call) {
            true => pages::lost(app, call, Refusal::NotFound),
            false => Err(Refusal::NotFound.into()),
        };
    }
    let reply = match pages::is_person(call) {
        true => pages::lost(app, call, Refusal::MethodNotAllowed)?,
        false => problem::reply(&Error::from(Refusal::MethodNotAllowed), &call.ctx.request_id)?,
    };
    let allowed = if allowed.is_empty() { KNOWN.join(", ") } else { allowed.join(", ") };
    Ok(reply.with_header(header::ALLOW, allowed))
}

/// The routes of each endpoint, taken out while compiling: whoever names `ENDPOINTS` at run time is linked with all of them.
static ROUTES: [&[&str]; crate::ENDPOINTS.len()] = {
    let mut routes: [&[&str]; crate::ENDPOINTS.len()] = [&[]; crate::ENDPOINTS.len()];
    let mut i = 0;
    while i < routes.len() {
        routes[i] = crate::ENDPOINTS[i].routes;
        i += 1;
    }
    routes
};

fn methods_at(path: &str) -> Vec<&'static str> {
    let routes = ROUTES.iter().copied().flatten();
    routes.filter_map(|route| route.split_once(' ')).filter(|(_, route)| is_at(route, path)).map(|(m, _)| m).collect()
}

fn is_at(route: &str, path: &str) -> bool {
    let is_parameter = |part: &str| part.starts_with('{');
    let (mut route, mut path) = (route.split('/'), path.split('/'));
    loop {
        match (route.next(), path.next()) {
            (None, None) => return true,
            (Some(wanted), Some(found)) if wanted == found || (is_parameter(wanted) && !found.is_empty()) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_knows_its_methods() {
        assert_eq!(methods_at("/auth/login"), ["POST"]);
        assert_eq!(methods_at("/auth/verify-token"), ["GET", "HEAD"]);
        assert_eq!(methods_at("/auth/organizations/slug-available/acme"), ["GET"]);
        for path in ["/", "/auth/login/", "//auth/login", "/Auth/login", "/auth/organizations/slug-available/", "/a"] {
            assert!(methods_at(path).is_empty(), "{path}");
        }
    }
}
