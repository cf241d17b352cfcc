//! Pages in a real browser: the local stack's (sample accounts, the mailbox, the link in a mail), and the hosted ones.

use std::collections::BTreeMap;

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
async fn a_person_finds_the_sample_accounts_and_the_mail() {
    run("browser/mailbox.mjs", &["--screenshots", concat!(env!("CARGO_TARGET_TMPDIR"), "/screenshots")]).await;
}

/// Runs a script against a stack with sample accounts.
async fn run(script: &str, more: &[&str]) {
    let template = include_str!("../../../../template.yaml").to_owned();
    let parameters = BTreeMap::new();
    let options = Options { template, parameters, port: 0, data_dir: None, schedules: false, samples: true };
    let stack = Stack::start(options).await.unwrap();
    let arguments = [&[script, stack.url()], more].concat();
    scripts::run("node", &arguments, String::new()).await;
}
