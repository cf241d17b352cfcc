//! CAPTCHA, with each provider (SIGN-7), and what an outage does (F43).

mod outage;
mod sign_in;
mod sign_up;

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::{Value, json};
use tests::{Answer, PASSWORD, TestApp};

const PROVIDERS: [&str; 3] = ["turnstile", "hcaptcha", "recaptcha"];

async fn with_provider(provider: &str) -> TestApp {
    TestApp::with(&[("CaptchaProvider", provider)]).await
}

fn form(email: &str, token: &str) -> Value {
    json!({ "email": email, "password": PASSWORD, "name": "Ada Lovelace", "captchaToken": token })
}

async fn sign_up(app: &TestApp, email: &str, token: &str) -> Answer {
    app.post("/auth/signup", form(email, token)).await
}

/// Nobody has an account, and nobody was written to.
async fn nothing_happened(app: &TestApp) {
    for table in ["users", "logins", "organizations", "challenges", "outbox"] {
        assert_eq!(app.table(table).await, Vec::<Value>::new(), "{table}");
    }
}

type Requests = std::sync::Arc<std::sync::Mutex<Vec<String>>>;

/// A provider that answers whatever it is told to, and writes down what it was asked.
fn answers(make: impl Fn() -> (&'static str, String, String) + Send + 'static) -> (String, Requests) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let requests = Requests::default();
    let asked = requests.clone();
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let mut request = Vec::new();
            let mut chunk = [0; 4096];
            // Headers and body, as long as the body says it is.
            while let Ok(n @ 1..) = connection.read(&mut chunk) {
                request.extend_from_slice(&chunk[..n]);
                if is_whole(&request) {
                    break;
                }
            }
            asked.lock().unwrap().push(String::from_utf8_lossy(&request).into_owned());
            let (status, headers, body) = make();
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}connection: close\r\n\r\n", body.len());
            // Whoever reads only a part of it hangs up.
            let _ = connection.write_all(format!("{head}{body}").as_bytes());
        }
    });
    (url, requests)
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok());
    length.is_none_or(|length: usize| body.len() >= length)
}
