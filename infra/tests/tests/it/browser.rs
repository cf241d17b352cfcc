//! Pages in a real browser: the local stack's (sample accounts, the mailbox, the link in a mail), the hosted ones, the API
//! reference, and the example app.

use std::collections::BTreeMap;
use std::net::TcpListener;

use local::{Options, Stack};

use crate::scripts;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs cargo verify --only browser"]
async fn people_use_the_hosted_pages_with_script_and_without() {
    run("browser/pages.mjs", &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs cargo verify --only browser, or cargo xtask screenshots"]
async fn every_page_is_sound_in_light_and_dark_wide_and_narrow() {
    let pictures = concat!(env!("CARGO_TARGET_TMPDIR"), "/../screenshots");
    run("browser/every-page.mjs", &["--screenshots", pictures]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs cargo verify --only browser"]
async fn sign_7_people_solve_the_captcha_of_a_page() {
    for provider in ["turnstile", "hcaptcha", "recaptcha"] {
        let parameters = [("CaptchaProvider", provider), ("CaptchaSiteKey", "local")];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        run_with(parameters, "browser/captcha.mjs", &[provider]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs cargo verify --only browser"]
async fn a_developer_reads_the_reference_and_tries_an_operation() {
    run("browser/reference.mjs", &["--screenshots", concat!(env!("CARGO_TARGET_TMPDIR"), "/screenshots")]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs cargo verify --only browser"]
async fn a_person_finds_the_sample_accounts_and_the_mail() {
    run("browser/mailbox.mjs", &["--screenshots", concat!(env!("CARGO_TARGET_TMPDIR"), "/screenshots")]).await;
}

/// Runs a script against a stack with sample accounts.
async fn run(script: &str, more: &[&str]) {
    run_with(BTreeMap::new(), script, more).await;
}

async fn run_with(parameters: BTreeMap<String, String>, script: &str, more: &[&str]) {
    let template = include_str!("../../../../template.yaml").to_owned();
    let options =
        Options { template, parameters, port: 0, data_dir: None, elsewhere: None, schedules: false, samples: true };
    let stack = Stack::start(options).await.unwrap();
    let arguments = [&[script, stack.url()], more].concat();
    scripts::run("node", &arguments, String::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs cargo verify --only browser"]
async fn a_person_uses_the_example_app() {
    // Mails lead to the app, so its address must be known before the stack starts.
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).unwrap().port().to_string();
    let origin = format!("http://localhost:{port}");
    let parameters = [("AppUrl", origin.clone()), ("FrontendOrigins", origin)];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value)).into();
    let template = include_str!("../../../../template.yaml").to_owned();
    let options =
        Options { template, parameters, port: 0, data_dir: None, elsewhere: None, schedules: false, samples: false };
    let stack = Stack::start(options).await.unwrap();
    scripts::run("node", &["browser/notes.mjs", stack.url(), &port], String::new()).await;
}
