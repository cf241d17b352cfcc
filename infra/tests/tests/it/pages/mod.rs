//! The hosted pages over HTTP, as a browser without script uses them (CLIENT-3; cases 137, 148).

mod account;
mod captcha;
mod dead_ends;
mod defence;
mod life;
mod return_to;
mod weight;

use std::collections::BTreeMap;

use tests::{Answer, PASSWORD, TestApp};

/// A browser without script: keeps cookies by their paths, and sends forms.
struct Visitor<'a> {
    app: &'a TestApp,
    /// Name to value and path.
    cookies: BTreeMap<String, (String, String)>,
    language: &'static str,
}

impl<'a> Visitor<'a> {
    fn new(app: &'a TestApp) -> Self {
        Self { app, cookies: BTreeMap::new(), language: "en" }
    }

    async fn signed_in(app: &'a TestApp, email: &str) -> Self {
        app.account(email).await;
        let mut visitor = Self::new(app);
        visitor.log_in(email, PASSWORD).await.leads_to("/account");
        visitor
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let at = path.split('?').next().unwrap();
        let cookies = self.cookies.iter().filter(|(_, (_, scope))| at.starts_with(scope.as_str()));
        let cookies = cookies.map(|(name, (value, _))| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let request = self.app.request(method, path).header("accept-language", self.language);
        if cookies.is_empty() { request } else { request.header("cookie", cookies) }
    }

    async fn get(&mut self, path: &str) -> Answer {
        let answer = Answer::to(self.request("GET", path)).await;
        self.keep(&answer);
        answer
    }

    async fn send(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self.form(path, fields).header("origin", self.app.stack.url());
        let answer = Answer::to(request).await;
        self.keep(&answer);
        answer
    }

    fn form(&self, path: &str, fields: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.request("POST", path).header("content-type", "application/x-www-form-urlencoded").body(body)
    }

    /// Where a form's answer leads.
    async fn follow(&mut self, answer: &Answer) -> Answer {
        assert_eq!(answer.status, 303, "{}", answer.text);
        let to = answer.header("location").to_owned();
        self.get(&to).await
    }

    async fn log_in(&mut self, email: &str, password: &str) -> Answer {
        let answer = self.send("/login", &[("email", email), ("password", password)]).await;
        self.past_cookie_check(answer).await
    }

    /// Who comes without any cookie is led by a page that sees whether the new ones were kept.
    async fn past_cookie_check(&mut self, answer: Answer) -> Answer {
        match answer.status == 303 && answer.header("location").starts_with("/auth/resume?signed-in=yes") {
            true => self.follow(&answer).await,
            false => answer,
        }
    }

    fn keep(&mut self, answer: &Answer) {
        for (name, (value, attributes)) in answer.cookies() {
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(&name);
            } else {
                let path = attributes.split("; ").find_map(|part| part.strip_prefix("Path=")).unwrap_or("/");
                self.cookies.insert(name, (value, path.to_owned()));
            }
        }
    }
}

trait Page {
    fn leads_to(&self, path: &str) -> &Self;
    fn shows(&self, text: &str) -> &Self;
    /// The value of a hidden field.
    fn hidden(&self, name: &str) -> String;
}

impl Page for Answer {
    #[track_caller]
    fn leads_to(&self, path: &str) -> &Self {
        assert_eq!((self.status, self.header("location")), (303, path), "{}", self.text);
        self
    }

    #[track_caller]
    fn shows(&self, text: &str) -> &Self {
        assert!(self.text.contains(text), "no “{text}” in {}", self.text);
        self
    }

    #[track_caller]
    fn hidden(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let after = self.text.split(&start).nth(1).unwrap_or_else(|| panic!("no {name} in {}", self.text));
        after.split('"').next().unwrap().to_owned()
    }
}
