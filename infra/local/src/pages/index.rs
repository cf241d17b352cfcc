//! `GET /_local/`: the page a newcomer sees first.

use askama::Template;

use super::RequestRow;

/// What the stack is, and everything needed to try it.
#[derive(Template)]
#[template(path = "index.html")]
pub(crate) struct IndexPage {
    /// Where the stack is reached, without a trailing slash: `http://localhost:4000`.
    pub(crate) url: String,
    pub(crate) accounts: Vec<Account>,
    pub(crate) mail_count: usize,
    /// Method and path of every deployed route.
    pub(crate) routes: Vec<(String, String)>,
    /// The scheduled functions, by the names that `POST /_local/jobs/{name}` takes.
    pub(crate) jobs: Vec<String>,
    /// The stack's clock, as text: it may have been moved.
    pub(crate) now: String,
    /// The newest requests, newest first; the page shows at most eight.
    pub(crate) recent_calls: Vec<RequestRow>,
}

/// A sample account that can sign in.
pub(crate) struct Account {
    /// What the account is good for: "Administrator", "Not yet verified".
    pub(crate) label: String,
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) roles: Vec<String>,
}

/// The routes only this stack has: method, path, what it does.
const LOCAL_ROUTES: [(&str, &str, &str); 11] = [
    ("GET", "/_local/", "This page."),
    ("GET", "/_local/mail", "The mailbox; ?to= shows one address."),
    ("GET", "/_local/mail.json", "The same as JSON, newest first."),
    ("POST", "/_local/clock", r#"Moves the clock: {"advanceSeconds": n} or {"set": time}."#),
    ("POST", "/_local/jobs/{name}", "Runs a scheduled function now and answers with its report."),
    (
        "POST",
        "/_local/faults",
        r#"Makes a service fail: {"service": "dynamodb" | "kms" | "ses", "operation"?, "table"?, "kind": "throttle" | "error" | "delay" | "drop_after_commit", "times"?, "delayMs"?}."#,
    ),
    ("DELETE", "/_local/faults", "Clears every fault."),
    ("GET", "/_local/environment/{function}", "A function's variables, for its own process."),
    ("GET", "/_local/calls", "Every AWS call and its price; ?requestId= shows one request."),
    ("POST", "/_local/reset", "Empties the tables and the mailbox."),
    ("header", "X-Local-Source-Ip", "Sets the caller's address, so that one machine can play many."),
];

impl IndexPage {
    /// Which entry of the navigation this page is.
    fn here(&self) -> &'static str {
        "/_local/"
    }

    fn local_routes(&self) -> &'static [(&'static str, &'static str, &'static str)] {
        &LOCAL_ROUTES
    }

    fn recent(&self) -> &[RequestRow] {
        self.recent_calls.get(..8).unwrap_or(&self.recent_calls)
    }
}

#[cfg(test)]
pub(super) fn sample() -> IndexPage {
    let account = |label: &str, email: &str, roles: &[&str]| Account {
        label: label.to_owned(),
        email: email.to_owned(),
        password: "seven green doors, one brass key".to_owned(),
        roles: roles.iter().map(|&role| role.to_owned()).collect(),
    };
    let routes = [
        ("POST", "/auth/signup"),
        ("GET", "/auth/organizations/slug-available/{slug}"),
        ("POST", "/auth/verify-email"),
        ("POST", "/auth/login"),
        ("POST", "/auth/refresh"),
        ("POST", "/auth/logout"),
        ("HEAD", "/auth/verify-token"),
        ("GET", "/auth/verify-token"),
        ("GET", "/auth/csrf"),
        ("GET", "/.well-known/jwks.json"),
        ("GET", "/.well-known/openid-configuration"),
        ("GET", "/health/auth"),
        ("GET", "/user/me"),
        ("OPTIONS", "/{proxy+}"),
    ];
    IndexPage {
        url: "http://localhost:4000".to_owned(),
        accounts: vec![
            account("Administrator", "admin@example.com", &["owner", "admin"]),
            account("Ordinary user", "ada@example.com", &["owner"]),
            account("Not yet verified", "new@example.com", &[]),
        ],
        mail_count: 3,
        routes: routes.iter().map(|&(method, path)| (method.to_owned(), path.to_owned())).collect(),
        jobs: ["jobs-retry-mail", "jobs-rotate-keys", "jobs-expire-sessions"].map(str::to_owned).to_vec(),
        now: "2026-11-21T01:50:00.007Z".to_owned(),
        recent_calls: super::calls::sample().requests,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_what_there_is_to_try() {
        let html = sample().render().unwrap();
        for part in [
            "admin@example.com",
            "/_local/mail",
            "/.well-known/jwks.json",
            "/health/auth",
            "URL=http://localhost:4000",
            "/_local/jobs/jobs-rotate-keys",
            "seven green doors",
        ] {
            assert!(html.contains(part), "{part}");
        }
        super::super::tests::check(&html);
    }

    #[test]
    fn an_empty_stack_has_a_page_too() {
        let page = IndexPage {
            accounts: Vec::new(),
            routes: Vec::new(),
            jobs: Vec::new(),
            recent_calls: Vec::new(),
            ..sample()
        };
        assert!(page.render().unwrap().contains("No request yet"));
    }
}
