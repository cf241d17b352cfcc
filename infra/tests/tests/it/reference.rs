//! The API reference: the document says what the code says, of every route, and both are served (issue 6).

use std::collections::BTreeSet;

use handlers::openapi;
use serde_json::Value;
use tests::TestApp;

const COMMITTED: &str = include_str!("../../../../docs/openapi.json");

/// What is for people, and what their pages load: no program calls it, so the document is silent about it.
fn is_for_people(route: &str) -> bool {
    let pages = [handlers::pages::ENDPOINT, handlers::pages::assets::ENDPOINT];
    let mut pages = pages.iter().flat_map(|endpoint| endpoint.routes);
    matches!(route, "GET /docs" | "GET /docs/{file}") || pages.any(|page| *page == route)
}

#[test]
fn the_document_in_the_repository_is_what_the_handlers_say() {
    assert!(
        openapi::text() == COMMITTED,
        "docs/openapi.json is out of date: run `cargo openapi` and look at the difference"
    );
}

#[test]
fn every_route_is_described_once() {
    let routes = handlers::ENDPOINTS.iter().flat_map(|endpoint| endpoint.routes).copied();
    let routes: BTreeSet<&str> = routes.filter(|route| !is_for_people(route)).collect();
    let operations = openapi::operations();
    let described: BTreeSet<&str> = operations.iter().map(openapi::Operation::route).collect();
    assert_eq!(described.len(), operations.len(), "a route is described twice");
    assert_eq!(
        described, routes,
        "what handlers describe against their routes: docs/api-reference.md says how to add one"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_served_and_says_where_it_is() {
    let app = TestApp::start().await;
    let answer = app.get("/openapi.json").await.expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.body["servers"][0]["url"], app.stack.url());
    let mut expected: Value = serde_json::from_str(COMMITTED).unwrap();
    expected["servers"] = answer.body["servers"].clone();
    assert_eq!(answer.body, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_every_operation_and_type_under_the_pages_policy() {
    let app = TestApp::start().await;
    let page = app.get("/docs").await.expect(200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let policy = page.header("content-security-policy");
    for part in ["default-src 'none'", "script-src 'self'", "style-src 'self'", "trusted-types 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!page.text.contains("<style") && !page.text.contains(" style=") && !page.text.contains(" onclick="));
    for operation in openapi::operations() {
        assert!(page.text.contains(&format!("<article id=\"{}\"", operation.id())), "{}", operation.id());
    }
    let document: Value = serde_json::from_str(COMMITTED).unwrap();
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(page.text.contains(&format!("id=\"type-{name}\"")), "{name}");
    }
    // What it links to and loads is there.
    for part in page.text.split("href=\"#").skip(1) {
        let target = part.split('"').next().unwrap();
        assert!(page.text.contains(&format!("id=\"{target}\"")), "#{target}");
    }
    for (file, kind) in [
        ("reference.css", "text/css; charset=utf-8"),
        ("reference.js", "text/javascript; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ] {
        assert!(page.text.contains(&format!("\"/docs/{file}\"")));
        assert_eq!(app.get(&format!("/docs/{file}")).await.expect(200).header("content-type"), kind);
    }
    app.get("/docs/other.js").await.refused(404, "not_found");
}
