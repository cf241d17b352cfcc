//! An answer, read whole.

use std::collections::BTreeMap;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// The JSON body; `Null` when there is none.
    pub body: Value,
    pub text: String,
}

impl Answer {
    pub async fn to(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap_or_else(|error| panic!("no answer: {error:?}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap_or_default();
        Self { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::Null), text }
    }

    /// What a function hands to API Gateway, read as what a client would get.
    pub fn of_function(answer: &Value) -> Self {
        assert_ne!(answer["isBase64Encoded"], true, "this reads texts only");
        let status = answer["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
        let mut headers = HeaderMap::new();
        let named = answer["headers"].as_object().into_iter().flatten();
        let named = named.map(|(name, value)| (name.as_str(), value));
        let cookies = answer["cookies"].as_array().into_iter().flatten().map(|cookie| ("set-cookie", cookie));
        for (name, value) in named.chain(cookies) {
            let value = value.as_str().and_then(|value| HeaderValue::from_str(value).ok());
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
            headers.append(name, value.unwrap_or_else(|| panic!("{answer}")));
        }
        let text = answer["body"].as_str().unwrap_or_default().to_owned();
        let status = status.unwrap_or_else(|| panic!("no status: {answer}"));
        Self { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::Null), text }
    }

    /// Asserts the status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// Asserts a refusal: its status, its code, and that it is whole (WEB-6, case 136).
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.body["status"], status);
        assert_eq!(self.body["requestId"], self.header("x-request-id"));
        for member in ["type", "title", "detail"] {
            assert!(self.body[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {}", self.text);
        }
        self
    }

    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The cookies it sets: name to value and attributes.
    pub fn cookies(&self) -> BTreeMap<String, (String, String)> {
        let lines = self.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        lines
            .filter_map(|line| {
                let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
                let (name, value) = pair.split_once('=')?;
                Some((name.to_owned(), (value.to_owned(), attributes.trim().to_owned())))
            })
            .collect()
    }

    pub fn text_of(&self, member: &str) -> String {
        self.body[member].as_str().unwrap_or_else(|| panic!("no {member} in {}", self.text)).to_owned()
    }
}
