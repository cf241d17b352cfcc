//! Schemathesis against the whole stack, from the document that it serves: no fault of ours, and no answer that the document
//! does not know (case 290).

use local::{Options, Stack};

use crate::scripts;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs cargo verify --only schemathesis"]
async fn case_290_nothing_that_schemathesis_sends_is_answered_otherwise_than_documented() {
    let template = include_str!("../../../../template.yaml").to_owned();
    // Its sign-ins come from few browsers, which may sign in only so often.
    let parameters = ["RoutePerMinute", "RouteBurst"].map(|name| (name.to_owned(), "50".to_owned())).into();
    let options =
        Options { template, parameters, port: 0, data_dir: None, elsewhere: None, schedules: false, samples: true };
    let stack = Stack::start(options).await.unwrap();
    let program = scripts::in_repository(".tools/schemathesis/bin/schemathesis");
    let document = format!("{}/openapi.json", stack.url());
    let arguments = ["--config-file", "schemathesis/schemathesis.toml", "--no-color", "run", &document];
    scripts::run(program, &arguments, String::new()).await;
}
