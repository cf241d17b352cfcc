//! What surrounds every handler: errors, headers, CORS, CSRF, cookies, correlation ids, odd requests (WEB-1…6, B7, B19).

mod answers;
mod foreign_pages;
mod odd_requests;

use tests::TestApp;

const APP: &str = "http://localhost:3000";

/// A request for each route of the template.
fn every_route(app: &TestApp) -> Vec<(String, String)> {
    let routes = app.stack.template().functions.iter().flat_map(|function| &function.routes);
    routes
        .filter(|route| route.method != template::ANY)
        .map(|route| {
            let path =
                ["{slug}", "{id}", "{file}"].iter().fold(route.path.clone(), |path, it| path.replace(it, "none"));
            (route.method.clone(), path)
        })
        .collect()
}

/// Whether a path is one of the hosted pages, which are for people.
fn is_page(path: &str) -> bool {
    handlers::pages::ENDPOINT.routes.iter().any(|route| route.split_once(' ').is_some_and(|(_, page)| page == path))
}
