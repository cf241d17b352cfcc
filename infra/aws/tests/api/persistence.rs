//! What a data directory keeps.

use std::path::PathBuf;

use embedded_aws::Options;
use serde_json::json;

use crate::client::Client;

/// A directory that is removed at the end of the test.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("embedded-aws-{}", uuid::Uuid::new_v4())))
    }

    fn options(&self) -> Options {
        Options { data_dir: Some(self.0.clone()), ..Options::default() }
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn items_keys_and_mails_are_there_after_a_restart() {
    let directory = Directory::new();
    let first = Client::start_with(directory.options()).await;
    first.create_table("users").await;
    first.put("users", "a").await.unwrap();
    let key = first.kms("CreateKey", json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"})).await.unwrap();
    let id = &key["KeyMetadata"]["KeyId"];
    first.kms("CreateAlias", json!({"AliasName": "alias/access", "TargetKeyId": id})).await.unwrap();
    let signing = json!({"KeyId": id, "Message": "YQ==", "SigningAlgorithm": "ECDSA_SHA_256"});
    let signature = first.kms("Sign", signing.clone()).await.unwrap()["Signature"].clone();
    let mail = [
        ("Action", "SendEmail"),
        ("Source", "us@example.com"),
        ("Destination.ToAddresses.member.1", "a@example.com"),
        ("Message.Subject.Data", "Welcome"),
    ];
    first.ses(&mail).await;
    drop(first);

    let second = Client::start_with(directory.options()).await;
    assert_eq!(second.get("users", "a").await["n"], json!({"N": "1"}));
    let mut verifying = signing;
    verifying["KeyId"] = json!("alias/access");
    verifying["Signature"] = signature;
    second.kms("Verify", verifying).await.unwrap();
    assert_eq!(second.aws.mailbox().list(None)[0].subject, "Welcome");
    second.aws.mailbox().clear();
    drop(second);
    let third = Client::start_with(directory.options()).await;
    assert_eq!(third.aws.mailbox().list(None), []);
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_of_keys_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let directory = Directory::new();
    let client = Client::start_with(directory.options()).await;
    client.kms("CreateKey", json!({})).await.unwrap();
    let mode = std::fs::metadata(directory.0.join("kms.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_file_that_is_something_else_stops_the_start() {
    let directory = Directory::new();
    std::fs::create_dir_all(&directory.0).unwrap();
    std::fs::write(directory.0.join("kms.json"), "[]").unwrap();
    let error = embedded_aws::EmbeddedAws::start(directory.options()).await.err().unwrap().to_string();
    assert!(error.contains("kms.json"), "{error}");
}
