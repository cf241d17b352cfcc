//! People who use the service: with a browser's cookies, or with tokens in their own hands.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{Answer, PASSWORD, TestApp};

/// A client without cookies.
pub struct Native<'a> {
    pub app: &'a TestApp,
    pub access: String,
    pub refresh: String,
    pub session: Value,
}

impl<'a> Native<'a> {
    pub async fn sign_in(app: &'a TestApp, email: &str) -> Self {
        let answer = app
            .post("/auth/login", json!({ "email": email, "password": PASSWORD, "tokenDelivery": "body" }))
            .await
            .expect(200);
        assert!(answer.cookies().is_empty());
        Self {
            app,
            access: answer.text_of("accessToken"),
            refresh: answer.text_of("refreshToken"),
            session: answer.body["session"].clone(),
        }
    }

    /// Presents a refresh token, and keeps nothing of the answer.
    pub async fn present(&self, token: &str) -> Answer {
        self.app.post("/auth/refresh", json!({ "refreshToken": token })).await
    }

    /// Refreshes, and keeps what it gets.
    pub async fn refresh(&mut self) -> Answer {
        let answer = self.present(&self.refresh.clone()).await.expect(200);
        self.access = answer.text_of("accessToken");
        if let Some(token) = answer.body["refreshToken"].as_str() {
            self.refresh = token.to_owned();
        }
        answer
    }

    pub async fn verify(&self, access: &str) -> Answer {
        Answer::to(self.app.request("GET", "/auth/verify-token").bearer_auth(access)).await
    }

    pub async fn logout(&self) -> Answer {
        Answer::to(self.app.request("POST", "/auth/logout").bearer_auth(&self.access)).await
    }
}

/// A browser: keeps cookies by itself, and asks for the CSRF token as a page would.
pub struct Browser<'a> {
    pub app: &'a TestApp,
    pub cookies: BTreeMap<String, String>,
}

impl<'a> Browser<'a> {
    pub async fn sign_in(app: &'a TestApp, email: &str) -> Self {
        let mut browser = Self { app, cookies: BTreeMap::new() };
        let answer = app.post("/auth/login", json!({ "email": email, "password": PASSWORD })).await.expect(200);
        assert!(answer.body.get("accessToken").is_none() && answer.body.get("refreshToken").is_none());
        browser.keep(&answer);
        browser
    }

    /// Tries a password on this browser, from an address.
    pub async fn log_in_from(&mut self, ip: &str, email: &str, password: &str) -> Answer {
        let request =
            self.app.request_from(ip, "POST", "/auth/login").header("cookie", self.cookies_for("/auth/login"));
        let answer = Answer::to(request.json(&json!({ "email": email, "password": password }))).await;
        self.keep(&answer);
        answer
    }

    /// What it would send, with the cookies that belong to the path.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.app.request(method, path).header("cookie", self.cookies_for(path))
    }

    fn cookies_for(&self, path: &str) -> String {
        let is_sent = |name: &str| !name.ends_with("refresh") || path.starts_with("/auth");
        let cookies =
            self.cookies.iter().filter(|(name, _)| is_sent(name)).map(|(name, value)| format!("{name}={value}"));
        cookies.collect::<Vec<_>>().join("; ")
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request("GET", path)).await
    }

    pub async fn csrf(&self) -> String {
        self.get("/auth/csrf").await.expect(200).text_of("csrfToken")
    }

    /// A change, as a page of ours makes it.
    pub async fn post(&mut self, path: &str) -> Answer {
        let csrf = self.csrf().await;
        self.post_with(path, &csrf).await
    }

    /// A change by a page that has had its CSRF token for a while.
    pub async fn post_with(&mut self, path: &str, csrf: &str) -> Answer {
        let answer = Answer::to(self.request("POST", path).header("x-csrf-token", csrf)).await;
        self.keep(&answer);
        answer
    }

    /// A change with a body, as a page of ours makes it.
    pub async fn send(&mut self, method: &str, path: &str, body: &Value) -> Answer {
        let csrf = self.csrf().await;
        let answer = Answer::to(self.request(method, path).header("x-csrf-token", csrf).json(body)).await;
        self.keep(&answer);
        answer
    }

    fn keep(&mut self, answer: &Answer) {
        for (name, (value, attributes)) in answer.cookies() {
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(&name)
            } else {
                self.cookies.insert(name, value)
            };
        }
    }
}
