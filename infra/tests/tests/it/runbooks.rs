//! The runbooks' commands, run as they are printed, with the AWS CLI. Those that restore tables need an emulator that
//! does so, which the embedded one is not: `cargo verify --only second-opinion` brings one, and the CLI.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use tests::{Answer, Native, PASSWORD, TestApp};

use crate::scripts::in_repository;

const ADA: &str = "ada@example.com";

const RESTORED: [&str; 3] = ["users", "logins", "organizations"];

/// The blocks of shell commands of a page, in their order.
fn blocks(page: &str) -> Vec<String> {
    let text = fs::read_to_string(in_repository(&format!("docs/{page}.md"))).unwrap();
    let mut blocks = Vec::new();
    let mut block: Option<Vec<&str>> = None;
    for line in text.lines() {
        match (line.trim(), &mut block) {
            ("```sh", None) => block = Some(Vec::new()),
            ("```", Some(lines)) => {
                blocks.push(lines.join("\n"));
                block = None;
            }
            (_, Some(lines)) => lines.push(line),
            (_, None) => {}
        }
    }
    blocks
}

/// The block that says this.
fn block(page: &str, part: &str) -> String {
    let found = blocks(page).into_iter().find(|block| block.contains(part));
    found.unwrap_or_else(|| panic!("{page} has no command with {part:?}"))
}

/// The commands of a page that ask DynamoDB, each whole.
fn questions(page: &str) -> Vec<String> {
    let whole = blocks(page).join("\n").replace("\\\n", " ");
    let is_question = |line: &&str| {
        ["aws dynamodb query", "aws dynamodb get-item", "aws dynamodb scan", "USER_ID=$(aws dynamodb"]
            .iter()
            .any(|start| line.trim().starts_with(start))
    };
    whole.lines().filter(is_question).map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// Runs commands in a shell that has what a runbook asks for, and gives what they print.
async fn run(app: &TestApp, commands: &str) -> String {
    let prepared = format!("PATH=$PWD/.tools/ministack/bin:$PATH\n. infra/runbooks.sh\n{commands}");
    let mut shell = Command::new("bash");
    shell.args(["-ec", &prepared]).current_dir(in_repository("."));
    for (name, value) in [
        ("STACK", "postern-local"),
        ("URL", app.stack.url()),
        ("EMAIL", ADA),
        ("AWS_ENDPOINT_URL", app.stack.aws().endpoint()),
        ("AWS_REGION", "us-east-1"),
        // The first version of the CLI knows only this name.
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ] {
        shell.env(name, value);
    }
    let commands = commands.to_owned();
    let ended = tokio::task::spawn_blocking(move || shell.output()).await.unwrap().unwrap();
    let printed = String::from_utf8(ended.stdout).unwrap();
    assert!(ended.status.success(), "{commands}\n{printed}\n{}", String::from_utf8_lossy(&ended.stderr));
    printed
}

/// The input that a runbook gives to a job by `aws lambda invoke`.
fn payload(block: &str) -> Value {
    let after = block.split("--payload '").nth(1).unwrap();
    serde_json::from_str(after.split('\'').next().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs cargo verify --only second-opinion"]
async fn d10_the_runbook_restores_accounts_and_nothing_that_was_ended() {
    const PAGE: &str = "runbooks/restore-from-backup";
    let app = TestApp::start().await;
    for table in RESTORED {
        app.keep_backups_of(table, true).await;
    }
    // As it was at that moment: somebody has stolen Ada's password, and signed in.
    let thief = app.native(ADA).await;
    let kept = run(&app, &block(PAGE, "describe-continuous-backups").replace("postern AT", "postern-local AT")).await;
    assert!(kept.contains("ENABLED"), "{kept}");
    // The emulator restores what there is, not what there was: so the restore comes before the damage.
    run(&app, &format!("AT=2026-11-21T09:30:00Z\n{}", block(PAGE, "restore-table-to-point-in-time"))).await;

    let ada = Native::sign_in(&app, ADA).await;
    let new = json!({ "currentPassword": PASSWORD, "newPassword": "Nine quiet rivers, 2 old maps" });
    let change = app.request("POST", "/auth/password/change").bearer_auth(&ada.access).json(&new);
    Answer::to(change).await.expect(200);
    thief.verify(&thief.access).await.refused(401, "session_revoked");
    app.take("users", "email", ADA).await;
    app.take("logins", "login", &format!("email#{ADA}")).await;

    let raised = app.job("rotate-keys", payload(&block(PAGE, "raise-not-before"))).await;
    assert!(raised["report"]["steps"][0].as_str().unwrap().starts_with("raised the not-before"), "{raised}");
    app.advance(61);
    for step in ["--backup-name damaged", "restore-table-from-backup", "--deletion-protection-enabled\n"] {
        run(&app, &block(PAGE, step)).await;
    }

    // Her account is back, with the password of that moment; the thief's session is of the restored version, and dead.
    let again = Native::sign_in(&app, ADA).await;
    again.verify(&again.access).await.expect(200);
    let user = app.table("users").await.into_iter().find(|user| user["email"] == ADA).unwrap();
    let session = app.item("sessions", "session_id", thief.session["id"].as_str().unwrap()).await;
    assert_eq!(session["token_version"].as_n().unwrap(), &user["token_version"].to_string().replace(".0", ""));
    thief.verify(&thief.access).await.refused(401, "session_revoked");
    thief.present(&thief.refresh).await.refused(401, "session_revoked");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs cargo verify --only second-opinion"]
async fn a_trail_that_lost_events_gets_them_back_from_a_copy() {
    const PAGE: &str = "runbooks/restore-from-backup";
    let app = TestApp::start().await;
    app.native(ADA).await;
    app.keep_backups_of("audit-events", true).await;
    app.is_quiet().await;
    let restore = "aws dynamodb restore-table-to-point-in-time --source-table-name $STACK-audit-events \
                   --target-table-name $STACK-audit-events-restored --use-latest-restorable-time";
    run(&app, restore).await;
    let before = app.events().await;
    for kind in ["EmailVerified", "UserLoggedIn"] {
        app.take("audit-events", "kind", kind).await;
    }
    let command = block(PAGE, "copy_missing").lines().next().unwrap().to_owned();
    assert_eq!(run(&app, &command).await.lines().count(), 2);
    assert_eq!(app.events().await, before);
    assert_eq!(run(&app, &command).await, "", "nothing is missing any more");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs cargo verify --only second-opinion"]
async fn every_question_that_a_runbook_asks_of_a_table_has_an_answer() {
    let app = TestApp::start().await;
    let mut native = app.native(ADA).await;
    let old = native.refresh.clone();
    app.advance(61);
    native.refresh().await;
    app.advance(61);
    native.present(&old).await.refused(401, "refresh_reused");
    for _ in 0..2 {
        app.log_in(ADA, "wrong").await.expect(401);
    }
    app.job("monitor-jwks", json!({})).await;
    app.job("rotate-keys", json!({})).await;

    let mut asked = 0;
    for page in ["runbooks/rotate-keys", "runbooks/replay-incident", "runbooks/locked-out-admin", "jobs"] {
        let questions = questions(page);
        assert!(!questions.is_empty(), "{page}");
        // One after the other, in one shell: a question may use the answer to the one before.
        for n in 0..questions.len() {
            let before: String = questions[..n].iter().map(|question| format!("{question} >/dev/null\n")).collect();
            let printed = run(&app, &format!("{before}{}", questions[n])).await;
            let is_assignment = questions[n].starts_with("USER_ID=");
            assert!(
                is_assignment || (!printed.trim().is_empty() && printed.trim() != "None"),
                "{page}: {}",
                questions[n]
            );
            asked += 1;
        }
    }
    assert!(asked >= 9, "{asked}");
    let counted = run(&app, &block("runbooks/locked-out-admin", "delete-item")).await;
    assert!(counted.is_empty(), "{counted}");
    assert!(app.table("attempts").await.iter().all(|counter| !counter["key"].as_str().unwrap().starts_with("login#")));
}
