//! Accounts that move from one stack to another, or come from elsewhere with the hashes of their passwords (SIGN-6).

use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};
use tests::{PASSWORD, TestApp, changed};

use crate::{OPERATOR, command, file, file_with, postern, start};

/// Kind, password, and what some library has made of it; see `shared/src/password/imported_tests.rs` for their sources.
pub(crate) const HASHES: [(&str, &str, &str); 12] = [
    ("argon2id", "password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"),
    ("argon2i", "password", "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA"),
    ("argon2-v10", "password", "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ"),
    ("bcrypt-2a", "U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    ("bcrypt-2b", "U*U*", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
    ("bcrypt-2y", "U*U*U", "$2y$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
    ("scrypt", "password", "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E"),
    (
        "pbkdf2-sha256",
        "passwordPASSWORDpassword",
        "$pbkdf2-sha256$i=4096,l=40$c2FsdFNBTFRzYWx0U0FMVHNhbHRTQUxUc2FsdFNBTFRzYWx0$NIyJ28vTKy8y2BS4EW6EzysXNH68GAAYHE4qH7jdU+HGNVGMfaxH6Q",
    ),
    (
        "pbkdf2-sha512",
        "passwordPASSWORDpassword",
        "$pbkdf2-sha512$i=4096,l=64$c2FsdFNBTFRzYWx0U0FMVHNhbHRTQUxUc2FsdFNBTFRzYWx0$jAUR9Mbll8asYxXY8DYuIl88UBSVuiO4aMAFF03E7nERW1n55gzZUy+jPg91rv4wIlxYOhhs2CvU2uqXJKPTuA",
    ),
    (
        "django-argon2",
        "password",
        "argon2$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    ),
    ("django-bcrypt", "password", "bcrypt$$2b$06$abcdefghijklmnopqrstuuNBpXtlux7FnXJE0fnrtkSXNhdOGmWHu"),
    ("django-pbkdf2", "password", "pbkdf2_sha256$26000$Nh3vX0qT7fQe$QFBW8un07jn2Wc74HbvCmMj/IRYm9lBRrRPpG+l8wgY="),
];

pub(crate) fn lines(records: &[Value]) -> String {
    records.iter().map(|record| format!("{record}\n")).collect()
}

fn many(count: usize) -> String {
    let hash = HASHES[3].2;
    (0..count).fold(String::new(), |mut text, i| {
        let _ = writeln!(
            text,
            r#"{{"email":"p{i}@example.com","name":"Person","emailVerified":true,"passwordHash":"{hash}"}}"#
        );
        text
    })
}

/// The items of a table, in an order of their own.
pub(crate) async fn sorted(app: &TestApp, table: &str) -> Vec<String> {
    let mut items: Vec<String> = app.table(table).await.iter().map(Value::to_string).collect();
    items.sort();
    items
}

async fn hash_of(app: &TestApp, email: &str) -> String {
    let login = format!("email#{email}");
    let logins = app.table("logins").await;
    let login = logins.iter().find(|item| item["login"] == *login).unwrap_or_else(|| panic!("no {email}"));
    login["password_hash"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_6_an_imported_hash_of_every_kind_signs_in_and_is_replaced() {
    let app = TestApp::start().await;
    let record = |kind: &str, hash: &str| json!({ "email": format!("{kind}@example.com"), "emailVerified": true, "passwordHash": hash });
    let records: Vec<Value> = HASHES.iter().map(|(kind, _, hash)| record(kind, hash)).collect();
    let path = file_with("users.jsonl", &lines(&records));
    let done = postern(&app, &["users", "import", path.to_str().unwrap(), "--json"]).await.expect(0);
    assert_eq!((&done.json()["made"], &done.json()["rejected"]), (&json!(HASHES.len()), &json!(0)));
    for (kind, password, hash) in HASHES {
        let email = format!("{kind}@example.com");
        app.log_in(&email, &format!("{password}x")).await.refused(401, "invalid_credentials");
        app.log_in(&email, password).await.expect(200);
        let replaced = hash_of(&app, &email).await;
        assert!(replaced.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") || kind == "argon2id", "{kind}: {replaced}");
        assert!(!done.out.contains(hash) && !done.err.contains(hash));
        app.log_in(&email, password).await.expect(200);
    }
    let events = app.table("audit-events").await;
    let created = events.iter().filter(|event| event["kind"] == "UserCreated").collect::<Vec<_>>();
    assert_eq!(created.len(), HASHES.len());
    assert!(created.iter().all(|event| event["actor"] == OPERATOR && event["detail"]["by"] == "import"));
}

#[tokio::test(flavor = "multi_thread")]
async fn client_6_what_is_exported_is_the_same_in_an_empty_stack() {
    let (old, new) = (TestApp::start().await, TestApp::start().await);
    let ada = old.native("ada@example.com").await;
    let changed = json!({ "currentPassword": PASSWORD, "newPassword": "nine yellow kayaks, 2 oars" });
    let change = old.request("POST", "/auth/password/change").bearer_auth(&ada.access).json(&changed);
    tests::Answer::to(change).await.expect(200);
    old.sign_up("waiting@example.com").await;
    postern(&old, &["users", "create", "root@example.com", "--name", "Root", "--admin"]).await.expect(0);

    let path = file("users.jsonl");
    let name = path.to_str().unwrap();
    let done = postern(&old, &["users", "export", "--output", name]).await.expect(0);
    assert!(done.err.contains("hash of every password"), "{}", done.err);
    assert!(!path.with_file_name("users.jsonl.state").exists());
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions()) & 0o777, 0o600);
    assert_eq!(old.count("UsersExported").await, 1);
    // Never over a file that is there.
    postern(&old, &["users", "export", "--output", name]).await.expect(1);

    let import = ["users", "import", name, "--allow-admins", "--allow-no-password", "--json"];
    let done = postern(&new, &import).await.expect(0).json();
    assert_eq!((&done["made"], &done["withoutPassword"]), (&json!(3), &json!(1)));
    for table in ["users", "logins", "organizations"] {
        assert_eq!(sorted(&new, table).await, sorted(&old, table).await, "{table}");
    }
    new.log_in("ada@example.com", PASSWORD).await.refused(401, "invalid_credentials");
    let session = new.log_in("ada@example.com", "nine yellow kayaks, 2 oars").await.expect(200).body["session"].clone();
    assert_eq!(
        (&session["userId"], &session["organizationId"]),
        (&ada.session["userId"], &ada.session["organizationId"])
    );
    new.log_in("waiting@example.com", PASSWORD).await.refused(403, "email_not_verified");

    // A token of before the change of the password is of a version that the account has left behind, here as there.
    let before = sorted(&new, "logins").await;
    let again = postern(&new, &import).await.expect(0).json();
    assert_eq!((&again["made"], &again["alreadyThere"]), (&json!(0), &json!(3)));
    assert_eq!(sorted(&new, "logins").await, before);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn client_6_an_import_that_dies_or_is_throttled_goes_on_and_makes_each_account_once() {
    let app = TestApp::start().await;
    let path = file_with("users.jsonl", &many(400));
    let arguments = ["users", "import", path.to_str().unwrap(), "--json"];
    let mut child = start(command(&app, &arguments).await, "");
    while app.table("users").await.len() < 20 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let half = app.table("users").await.len();
    assert!(half < 400, "it was killed half-way");

    // Throttled more often than the SDK tries again, and one answer lost after its write.
    let transactions = |kind: &str, times: u32| json!({ "service": "dynamodb", "operation": "TransactWriteItems", "table": "logins", "kind": kind, "times": times });
    app.fault(transactions("throttle", 60)).await;
    app.fault(transactions("drop_after_commit", 1)).await;
    let done = postern(&app, &arguments).await.expect(0).json();
    assert_eq!(done["made"].as_u64().unwrap() + done["alreadyThere"].as_u64().unwrap(), 400);
    let there = |n: usize| (n, n);
    assert_eq!((app.table("users").await.len(), app.count("UserCreated").await), there(400));
    app.log_in("p399@example.com", "U*U").await.expect(200);

    // While DynamoDB is away nothing is known: exit code 3, and where to go on.
    app.fault(json!({ "service": "dynamodb", "kind": "error" })).await;
    let more = file_with("more.jsonl", &many(402));
    let stopped =
        postern(&app, &["users", "import", more.to_str().unwrap(), "--json", "--from-line", "401", "--patience", "1"])
            .await;
    let stopped = stopped.expect(3).json();
    assert_eq!((&stopped["lines"], &stopped["stoppedAtLine"]), (&json!(2), &json!(401)));
    app.no_faults();
    let done = postern(&app, &["users", "import", more.to_str().unwrap(), "--json", "--from-line", "401"]).await;
    assert_eq!(done.expect(0).json()["made"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn client_6_an_export_that_was_cut_off_goes_on_and_has_each_account_once() {
    let app = TestApp::start().await;
    let users = file_with("users.jsonl", &many(450));
    postern(&app, &["users", "import", users.to_str().unwrap(), "--at-once", "32"]).await.expect(0);
    let path = file("export.jsonl");
    let name = path.to_str().unwrap();
    // Three pages are read, and then none for longer than the command tries.
    app.fault(json!({ "service": "dynamodb", "operation": "Scan", "table": "users", "kind": "error", "skip": 3 }))
        .await;
    let cut =
        postern(&app, &["users", "export", "--output", name, "--segments", "2", "--patience", "1"]).await.expect(3);
    assert!(cut.err.contains("DynamoDB did not answer"), "{}", cut.err);
    let before = std::fs::read_to_string(&path).unwrap();
    assert!(before.lines().count() < 450);
    // A part is not imported as if it were the whole.
    let part = postern(&app, &["users", "import", name, "--json"]).await.expect(1);
    assert!(part.err.contains("\"incomplete\""), "{}", part.err);
    // Nor is it gone on with where it lost its end, or with another stack's accounts.
    let (state, resume) =
        (path.with_file_name("export.jsonl.state"), ["users", "export", "--output", name, "--resume"]);
    let held = std::fs::File::open(&path).unwrap();
    held.lock().unwrap();
    let busy = postern(&app, &resume).await.expect(1);
    assert!(busy.err.contains("another command is writing"), "{}", busy.err);
    drop(held);
    std::fs::write(&path, &before[..before.len() - 1]).unwrap();
    let cut = postern(&app, &resume).await.expect(1);
    assert!(cut.err.contains("it was changed"), "{}", cut.err);
    let noted = std::fs::read_to_string(&state).unwrap();
    std::fs::write(&state, noted.replace("000000000000", "111111111111")).unwrap();
    let other = postern(&app, &resume).await.expect(2);
    assert!(other.err.contains("in account 111111111111"), "{}", other.err);
    std::fs::write(&state, noted).unwrap();
    // As if the last page had been written, but not noted.
    std::fs::write(&path, format!("{before}{{\"half\":")).unwrap();
    app.no_faults();
    postern(&app, &["users", "export", "--output", name, "--resume"]).await.expect(0);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut emails: Vec<String> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["email"].as_str().unwrap().to_owned())
        .collect();
    emails.sort();
    emails.dedup();
    assert_eq!((text.lines().count(), emails.len()), (450, 450));
    // Whoever takes such a copy again has told so again.
    assert_eq!(app.count("UsersExported").await, 2);
    let piped = postern(&app, &["users", "export"]).await.expect(0);
    assert_eq!(piped.out.lines().count(), 450);
}

#[tokio::test(flavor = "multi_thread")]
async fn client_6_an_export_that_lacks_something_says_so_and_a_dry_one_reads_nothing() {
    let app = TestApp::start().await;
    app.account("ada@example.com").await;
    app.account("bob@example.com").await;
    let scans = || app.calls().iter().filter(|call| call.operation == "Scan").count();
    let before = scans();
    let dry = postern(&app, &["users", "export", "--dry-run", "--json"]).await.expect(0).json();
    assert_eq!((&dry["dryRun"], scans()), (&json!(true), before));

    app.take("logins", "login", "email#ada@example.com").await;
    let bob = app.item("users", "email", "bob@example.com").await;
    let organization = bob["organization_id"].as_s().unwrap();
    app.take_by("organizations", &[("org_id", organization), ("item", "organization")]).await;
    let path = file("export.jsonl");
    let lacking = postern(&app, &["users", "export", "--output", path.to_str().unwrap(), "--json"]).await.expect(1);
    let summary = lacking.json();
    assert_eq!(
        (&summary["accounts"], &summary["leftOut"], &summary["withoutOrganization"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert!(lacking.err.contains(bob["user_id"].as_s().unwrap()), "{}", lacking.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn client_6_people_with_other_items_are_exported_once_and_all() {
    let app = TestApp::start().await;
    let users = file_with("users.jsonl", &many(150));
    postern(&app, &["users", "import", users.to_str().unwrap(), "--at-once", "32"]).await.expect(0);
    // What stands before a profile, as identities and passkeys would: a page may end between the two.
    for user in app.table("users").await {
        let profile = app.item("users", "user_id", user["user_id"].as_str().unwrap()).await;
        for item in ["identity#1", "identity#2"] {
            app.put("users", changed(profile.clone(), &[("item", item)])).await;
        }
    }
    let piped = postern(&app, &["users", "export", "--segments", "1"]).await.expect(0);
    assert_eq!(piped.out.lines().count(), 150);
}
