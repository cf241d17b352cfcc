//! Lines that make no account: each is named, with its reason, and nothing else is harmed.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{PASSWORD, TestApp};

use crate::transfer::{HASHES, lines, sorted};
use crate::{command, file, file_with, postern, postern_with};

#[tokio::test(flavor = "multi_thread")]
async fn client_6_every_line_that_makes_no_account_is_named_with_its_reason() {
    let app = TestApp::start().await;
    app.account("ada@example.com").await;
    let hash = HASHES[3].2;
    let good = |email: &str| json!({ "email": email, "passwordHash": hash });
    let text = [
        good("new@example.com").to_string(),
        good("NEW@example.com").to_string(),
        "{\"email\":".to_owned(),
        good("no address").to_string(),
        json!({ "email": "none@example.com" }).to_string(),
        json!({ "email": "costly@example.com", "passwordHash": "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW" })
            .to_string(),
        json!({ "email": "root@example.com", "passwordHash": hash, "roles": ["admin"] }).to_string(),
        good("ada@example.com").to_string(),
        json!({ "email": "ada@example.com", "id": "01a1fc34-ef94-7ec0-8000-000000000001", "passwordHash": hash }).to_string(),
        json!({ "email": "other@example.com", "passwordHash": hash, "passwort": "x" }).to_string(),
    ]
    .join("\n");
    let path = file_with("users.jsonl", &text);
    let name = path.to_str().unwrap();
    let before = (sorted(&app, "users").await, app.events().await.len());
    let dry = postern(&app, &["users", "import", name, "--dry-run", "--json"]).await.expect(1);
    assert!(dry.err.contains("line 7: role_admin"), "{}", dry.err);
    let dry = dry.json();
    assert_eq!((sorted(&app, "users").await, app.events().await.len()), before);
    assert_eq!(path.parent().unwrap().read_dir().unwrap().count(), 1, "no file of rejects");

    let done = postern(&app, &["users", "import", name, "--json"]).await.expect(1).json();
    for member in ["lines", "made", "alreadyThere", "rejected"] {
        assert_eq!(dry[member], done[member], "{member}: a dry run foresees it");
    }
    assert_eq!((&done["made"], &done["alreadyThere"], &done["rejected"]), (&json!(1), &json!(0), &json!(9)));
    let rejects = std::fs::read_to_string(done["rejects"].as_str().unwrap()).unwrap();
    assert!(!rejects.contains("$2"), "no hash");
    let rejects: Vec<Value> = rejects.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut codes: Vec<(u64, &str)> =
        rejects.iter().map(|it| (it["line"].as_u64().unwrap(), it["code"].as_str().unwrap())).collect();
    codes.sort_unstable();
    let expected = [
        (2, "duplicate"),
        (3, "malformed"),
        (4, "email_invalid"),
        (5, "hash_missing"),
        (6, "hash_too_costly"),
        (7, "role_admin"),
        // Ada signed up herself; this line's hash and all else of it would be dropped.
        (8, "email_taken"),
        (9, "duplicate"),
        (10, "malformed"),
    ];
    assert_eq!(codes, expected);
    // Ada keeps her password.
    app.log_in("ada@example.com", PASSWORD).await.expect(200);
    // What the run before has made is told apart by its hash.
    let again = postern(&app, &["users", "import", name, "--json"]).await.expect(1).json();
    assert_eq!((&again["made"], &again["alreadyThere"], &again["rejected"]), (&json!(0), &json!(1), &json!(9)));
}

#[tokio::test(flavor = "multi_thread")]
async fn client_6_rejects_are_of_this_run_and_written_over_nothing_else() {
    let app = TestApp::start().await;
    let line = |email: &str| json!({ "email": email, "passwordHash": HASHES[3].2 }).to_string();
    let path = file_with("users.jsonl", &format!("{}\n{{\n", line("a@example.com")));
    let (name, rejects) = (path.to_str().unwrap(), path.with_file_name("users.jsonl.rejects.jsonl"));
    // Made by somebody else, for everybody to read: its content is replaced, and its mode.
    std::fs::write(&rejects, "{\"line\":9,\"code\":\"old\"}\n").unwrap();
    postern(&app, &["users", "import", name]).await.expect(1);
    let told = std::fs::read_to_string(&rejects).unwrap();
    assert!(told.contains("\"malformed\"") && !told.contains("old"), "{told}");
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&rejects.metadata().unwrap().permissions()) & 0o777, 0o600);
    // Mended and repeated: nothing is rejected any more, and no old list says otherwise.
    std::fs::write(&path, line("a@example.com")).unwrap();
    postern(&app, &["users", "import", name]).await.expect(0);
    assert!(!rejects.exists());
    // A slip of the hand: the list of accounts itself.
    postern(&app, &["users", "import", name, "--rejects", name]).await.expect(2);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), line("a@example.com"));
}

#[tokio::test(flavor = "multi_thread")]
async fn client_6_a_dry_run_foresees_what_lines_would_take_from_each_other_and_from_others() {
    let app = TestApp::start().await;
    app.account("ada@example.com").await;
    let there = app.table("organizations").await;
    let there = there.iter().find(|it| it["item"] == "organization").unwrap()["org_id"].as_str().unwrap().to_owned();
    let hash = HASHES[3].2;
    let with = |email: &str, organization: Value| json!({ "email": email, "passwordHash": hash, "organization": organization });
    let id = "01a1fc34-ef94-7ec0-8000-000000000001";
    let records = [
        with("a@example.com", json!({ "id": there })),
        with("b@example.com", json!({ "slug": "engines" })),
        with("c@example.com", json!({ "slug": "engines" })),
        with("d@example.com", json!({ "id": id })),
        with("e@example.com", json!({ "id": id })),
        json!({ "id": id, "email": "f@example.com", "passwordHash": hash }),
        json!({ "id": id, "email": "g@example.com", "passwordHash": hash }),
    ];
    let path = file_with("users.jsonl", &lines(&records));
    let import = ["users", "import", path.to_str().unwrap(), "--json", "--dry-run"];
    let dry = postern(&app, &import).await.expect(1).json();
    let done = postern(&app, &import[..4]).await.expect(1).json();
    for member in ["made", "alreadyThere", "rejected"] {
        assert_eq!(dry[member], done[member], "{member}");
    }
    assert_eq!((&done["made"], &done["rejected"]), (&json!(3), &json!(4)));
}

#[tokio::test(flavor = "multi_thread")]
async fn client_6_an_import_that_waits_for_its_input_can_be_interrupted() {
    let app = TestApp::start().await;
    let mut command = command(&app, &["users", "import", "-", "--format", "jsonl"]).await;
    let mut child = command.current_dir(file("x").parent().unwrap()).spawn().unwrap();
    let input = child.stdin.take();
    while app.calls().iter().all(|call| call.operation != "GetCallerIdentity") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let waits = async {
        while child.try_wait().unwrap().is_none() {
            // The first may still come before anybody listens, and two may come as one.
            std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waits).await.unwrap();
    assert!(matches!(child.wait().unwrap().code(), Some(4) | None));
    drop(input);
}

#[tokio::test(flavor = "multi_thread")]
async fn client_6_an_id_or_a_slug_that_is_taken_is_refused_and_csv_is_read() {
    let app = TestApp::start().await;
    let hash = HASHES[3].2;
    let csv = format!(
        "id,email,name,emailVerified,passwordHash,organizationSlug\n\
         01a1fc34-ef94-7ec0-8000-000000000001,a@example.com,\"Lovelace, Ada\",true,{hash},engines\n\
         01a1fc34-ef94-7ec0-8000-000000000001,b@example.com,B,true,{hash},\n\
         ,c@example.com,C,true,{hash},engines\n\
         01a1fc34-ef94-7ec0-8000-000000000002,d@example.com,D,true,{hash},\n"
    );
    let path = file_with("users.csv", &csv);
    let name = path.to_str().unwrap();
    let done = postern(&app, &["users", "import", name, "--at-once", "1", "--json"]).await.expect(1).json();
    assert_eq!((&done["made"], &done["rejected"]), (&json!(2), &json!(2)));
    let rejects = std::fs::read_to_string(done["rejects"].as_str().unwrap()).unwrap();
    assert!(rejects.contains("\"id_taken\"") && rejects.contains("\"slug_taken\""), "{rejects}");
    let session = app.log_in("a@example.com", "U*U").await.expect(200).body["session"].clone();
    assert_eq!(session["userId"], "01a1fc34-ef94-7ec0-8000-000000000001");
    // Another id for an address that is there is another account; from standard input, by its form.
    let other = format!(
        "{{\"id\":\"01a1fc34-ef94-7ec0-8000-000000000009\",\"email\":\"d@example.com\",\"passwordHash\":\"{hash}\"}}"
    );
    let rejects = file("rejects");
    let arguments = ["users", "import", "-", "--format", "jsonl", "--rejects", rejects.to_str().unwrap()];
    postern_with(&app, &arguments, &other).await.expect(1);
    assert!(std::fs::read_to_string(rejects).unwrap().contains("\"email_taken\""));
    // A misspelt column is no import without passwords.
    let misspelt = file_with("users.csv", "email,password\nx@example.com,secret\n");
    let refused = postern(&app, &["users", "import", misspelt.to_str().unwrap()]).await.expect(2);
    assert!(refused.err.contains("\"password\" is not known"), "{}", refused.err);
}
