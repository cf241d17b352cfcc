//! KMS: what it signs is verified outside it, what was tampered with is refused, states are honoured.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA512,
    VerificationAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use embedded_aws::Options;
use serde_json::{Value, json};

use crate::client::Client;

async fn create(client: &Client, spec: &str, usage: &str) -> String {
    let created = client.kms("CreateKey", json!({"KeySpec": spec, "KeyUsage": usage})).await.unwrap();
    created["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned()
}

fn bytes(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn signatures_are_valid_outside() {
    let client = Client::start().await;
    let cases: [(&str, &str, &'static dyn VerificationAlgorithm, _); 3] = [
        ("ECC_NIST_P256", "ECDSA_SHA_256", &ECDSA_P256_SHA256_ASN1, &SHA256),
        ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256", &RSA_PKCS1_2048_8192_SHA256, &SHA256),
        ("RSA_2048", "RSASSA_PSS_SHA_512", &RSA_PSS_2048_8192_SHA512, &SHA512),
    ];
    for (spec, algorithm, verification, hash) in cases {
        let key = create(&client, spec, "SIGN_VERIFY").await;
        let public = client.kms("GetPublicKey", json!({"KeyId": key})).await.unwrap();
        let public = ParsedPublicKey::new(verification, bytes(&public["PublicKey"])).unwrap();
        let hashed = digest(hash, b"message");
        for (kind, message) in [("RAW", b"message".as_slice()), ("DIGEST", hashed.as_ref())] {
            let mut request = json!({"KeyId": key, "MessageType": kind, "SigningAlgorithm": algorithm});
            request["Message"] = json!(STANDARD.encode(message));
            let signed = client.kms("Sign", request.clone()).await.unwrap();
            public.verify_sig(b"message", &bytes(&signed["Signature"])).expect(algorithm);
            request["Signature"] = signed["Signature"].clone();
            assert_eq!(client.kms("Verify", request.clone()).await.unwrap()["SignatureValid"], true);
            // Another message, hashed where a digest is expected.
            let other = if kind == "RAW" { b"other".to_vec() } else { digest(hash, b"other").as_ref().to_vec() };
            request["Message"] = json!(STANDARD.encode(other));
            assert_eq!(client.kms_refused("Verify", request).await, "KMSInvalidSignatureException");
        }
    }
}

#[tokio::test]
async fn what_does_not_fit_a_key_is_refused() {
    let client = Client::start().await;
    let p256 = create(&client, "ECC_NIST_P256", "SIGN_VERIFY").await;
    let sign = |algorithm: &str, kind: &str| {
        let (key, message) = (&p256, "YQ==");
        json!({"KeyId": key, "Message": message, "MessageType": kind, "SigningAlgorithm": algorithm})
    };
    assert_eq!(client.kms_refused("Sign", sign("RSASSA_PSS_SHA_256", "RAW")).await, "InvalidKeyUsageException");
    assert_eq!(client.kms_refused("Sign", sign("ECDSA_SHA_256", "DIGEST")).await, "ValidationException");
    assert_eq!(client.kms_refused("Sign", sign("ROT13", "RAW")).await, "ValidationException");
    assert_eq!(client.kms_refused("DescribeKey", json!({"KeyId": "nothing"})).await, "NotFoundException");
}

#[tokio::test]
async fn an_operation_that_is_none_is_unknown() {
    let client = Client::start().await;
    assert_eq!(client.kms_refused("Juggle", json!({})).await, "UnknownOperationException");
}

#[tokio::test]
async fn a_key_has_to_be_named() {
    let client = Client::start().await;
    assert_eq!(client.kms_refused("DescribeKey", json!({})).await, "ValidationException");
}

#[tokio::test]
async fn a_symmetric_key_has_no_public_half() {
    let client = Client::start().await;
    let symmetric = create(&client, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT").await;
    assert_eq!(client.kms_refused("GetPublicKey", json!({"KeyId": symmetric})).await, "UnsupportedOperationException");
}

#[tokio::test]
async fn a_key_of_a_curve_is_not_made_for_encryption() {
    let client = Client::start().await;
    let mismatch = json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "ENCRYPT_DECRYPT"});
    assert_eq!(client.kms_refused("CreateKey", mismatch).await, "ValidationException");
}

#[tokio::test]
async fn a_signing_key_encrypts_nothing() {
    let client = Client::start().await;
    let p256 = create(&client, "ECC_NIST_P256", "SIGN_VERIFY").await;
    let encrypt = json!({"KeyId": p256, "Plaintext": "YQ=="});
    assert_eq!(client.kms_refused("Encrypt", encrypt).await, "InvalidKeyUsageException");
}

#[tokio::test]
async fn a_ciphertext_opens_in_its_context() {
    let client = Client::start().await;
    let key = create(&client, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT").await;
    let context = json!({"purpose": "totp", "user": "a"});
    let sealed = client
        .kms("Encrypt", json!({"KeyId": key, "Plaintext": "c2VjcmV0", "EncryptionContext": context}))
        .await
        .unwrap();
    let ciphertext = &sealed["CiphertextBlob"];
    let opened =
        client.kms("Decrypt", json!({"CiphertextBlob": ciphertext, "EncryptionContext": context})).await.unwrap();
    assert_eq!(bytes(&opened["Plaintext"]), b"secret");
}

#[tokio::test]
async fn a_ciphertext_does_not_open_by_another_key() {
    let client = Client::start().await;
    let key = create(&client, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT").await;
    let sealed = client.kms("Encrypt", json!({"KeyId": key, "Plaintext": "c2VjcmV0"})).await.unwrap();
    let other = create(&client, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT").await;
    let request = json!({"KeyId": other, "CiphertextBlob": sealed["CiphertextBlob"]});
    assert_eq!(client.kms_refused("Decrypt", request).await, "IncorrectKeyException");
}

#[tokio::test]
async fn a_ciphertext_does_not_open_in_another_context() {
    let client = Client::start().await;
    let key = create(&client, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT").await;
    let context = json!({"purpose": "totp", "user": "a"});
    let encrypt = json!({"KeyId": key, "Plaintext": "c2VjcmV0", "EncryptionContext": context});
    let sealed = client.kms("Encrypt", encrypt).await.unwrap();
    for other in [json!({}), json!({"purpose": "totp", "user": "b"})] {
        let request = json!({"CiphertextBlob": sealed["CiphertextBlob"], "EncryptionContext": other});
        assert_eq!(client.kms_refused("Decrypt", request).await, "InvalidCiphertextException");
    }
}

#[tokio::test]
async fn a_ciphertext_that_was_tampered_with_does_not_open() {
    let client = Client::start().await;
    let key = create(&client, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT").await;
    let sealed = client.kms("Encrypt", json!({"KeyId": key, "Plaintext": "c2VjcmV0"})).await.unwrap();
    let whole = bytes(&sealed["CiphertextBlob"]);
    for position in 0..whole.len() {
        let mut tampered = whole.clone();
        tampered[position] ^= 1;
        let request = json!({"CiphertextBlob": STANDARD.encode(tampered)});
        assert_eq!(client.kms_refused("Decrypt", request).await, "InvalidCiphertextException", "byte {position}");
    }
}

#[tokio::test]
async fn data_keys_and_macs_and_random_bytes() {
    let client = Client::start().await;
    let key = create(&client, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT").await;
    let data_key = client.kms("GenerateDataKey", json!({"KeyId": key, "KeySpec": "AES_256"})).await.unwrap();
    let opened = client.kms("Decrypt", json!({"CiphertextBlob": data_key["CiphertextBlob"]})).await.unwrap();
    assert_eq!((&opened["Plaintext"], bytes(&opened["Plaintext"]).len()), (&data_key["Plaintext"], 32));
    let hidden =
        client.kms("GenerateDataKeyWithoutPlaintext", json!({"KeyId": key, "NumberOfBytes": 64})).await.unwrap();
    assert!(hidden.get("Plaintext").is_none());

    let key = create(&client, "HMAC_256", "GENERATE_VERIFY_MAC").await;
    let mut request = json!({"KeyId": key, "Message": "YQ==", "MacAlgorithm": "HMAC_SHA_256"});
    request["Mac"] = client.kms("GenerateMac", request.clone()).await.unwrap()["Mac"].clone();
    client.kms("VerifyMac", request.clone()).await.unwrap();
    request["Message"] = json!("Yg==");
    assert_eq!(client.kms_refused("VerifyMac", request).await, "KMSInvalidMacException");
    let random = client.kms("GenerateRandom", json!({"NumberOfBytes": 24})).await.unwrap();
    assert_eq!(bytes(&random["Plaintext"]).len(), 24);
}

#[tokio::test]
async fn a_data_key_needs_a_size() {
    let client = Client::start().await;
    let key = create(&client, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT").await;
    assert_eq!(client.kms_refused("GenerateDataKey", json!({"KeyId": key})).await, "ValidationException");
}

#[tokio::test]
async fn only_a_key_that_waits_for_its_end_can_be_spared() {
    let client = Client::start().await;
    let named = json!({"KeyId": create(&client, "ECC_NIST_P256", "SIGN_VERIFY").await});
    assert_eq!(client.kms_refused("CancelKeyDeletion", named).await, "KMSInvalidStateException");
}

#[tokio::test]
async fn a_key_is_of_use_only_while_it_is_enabled() {
    let client = Client::start().await;
    let key = create(&client, "ECC_NIST_P256", "SIGN_VERIFY").await;
    let named = json!({"KeyId": key});
    let sign = json!({"KeyId": "alias/access", "Message": "YQ==", "SigningAlgorithm": "ECDSA_SHA_256"});
    client.kms("CreateAlias", json!({"AliasName": "alias/access", "TargetKeyId": key})).await.unwrap();
    client.kms("Sign", sign.clone()).await.unwrap();

    client.kms("DisableKey", named.clone()).await.unwrap();
    assert_eq!(client.kms_refused("Sign", sign.clone()).await, "DisabledException");
    client.kms("EnableKey", named.clone()).await.unwrap();
    let early = json!({"KeyId": key, "PendingWindowInDays": 6});
    assert_eq!(client.kms_refused("ScheduleKeyDeletion", early).await, "ValidationException");

    let schedule = json!({"KeyId": key, "PendingWindowInDays": 7});
    client.kms("ScheduleKeyDeletion", schedule).await.unwrap();
    assert_eq!(client.kms_refused("Sign", sign.clone()).await, "KMSInvalidStateException");
    client.kms("CancelKeyDeletion", named.clone()).await.unwrap();
    let state = client.kms("DescribeKey", named.clone()).await.unwrap();
    assert_eq!(state["KeyMetadata"]["KeyState"], "Disabled");
    client.kms("EnableKey", named).await.unwrap();
    client.kms("Sign", sign).await.unwrap();
}

#[tokio::test]
async fn a_key_that_waits_for_its_end_is_neither_enabled_nor_ended_again() {
    let client = Client::start().await;
    let named = json!({"KeyId": create(&client, "ECC_NIST_P256", "SIGN_VERIFY").await});
    client.kms("ScheduleKeyDeletion", named.clone()).await.unwrap();
    for operation in ["EnableKey", "ScheduleKeyDeletion"] {
        assert_eq!(client.kms_refused(operation, named.clone()).await, "KMSInvalidStateException", "{operation}");
    }
}

#[tokio::test]
async fn a_symmetric_key_opens_nothing_while_it_is_disabled() {
    let client = Client::start().await;
    let key = create(&client, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT").await;
    let named = json!({"KeyId": key});
    let data_key = json!({"KeyId": key, "KeySpec": "AES_256"});
    let wrapped = client.kms("GenerateDataKeyWithoutPlaintext", data_key.clone()).await.unwrap();
    let decrypt = json!({"CiphertextBlob": wrapped["CiphertextBlob"]});
    client.kms("DisableKey", named.clone()).await.unwrap();
    for (operation, input) in [("Decrypt", &decrypt), ("GenerateDataKey", &data_key)] {
        assert_eq!(client.kms_refused(operation, input.clone()).await, "DisabledException", "{operation}");
    }
    client.kms("EnableKey", named).await.unwrap();
    client.kms("Decrypt", decrypt).await.unwrap();
}

#[tokio::test]
async fn the_public_half_is_given_only_while_the_key_is_enabled() {
    let client = Client::start().await;
    let named = json!({"KeyId": create(&client, "ECC_NIST_P256", "SIGN_VERIFY").await});
    client.kms("DisableKey", named.clone()).await.unwrap();
    assert_eq!(client.kms_refused("GetPublicKey", named.clone()).await, "DisabledException");
    client.kms("ScheduleKeyDeletion", named.clone()).await.unwrap();
    assert_eq!(client.kms_refused("GetPublicKey", named).await, "KMSInvalidStateException");
}

#[tokio::test]
async fn a_key_goes_away_when_its_time_has_come() {
    let now = Arc::new(AtomicI64::new(1_793_491_200_000));
    let clock = Arc::clone(&now);
    let client =
        Client::start_with(Options { clock: Arc::new(move || clock.load(Ordering::Relaxed)), ..Options::default() })
            .await;
    let named = json!({"KeyId": create(&client, "ECC_NIST_P256", "SIGN_VERIFY").await});
    let state = client.kms("DescribeKey", named.clone()).await.unwrap();
    assert_eq!(state["KeyMetadata"]["CreationDate"], 1_793_491_200.0);
    let mut schedule = named.clone();
    schedule["PendingWindowInDays"] = json!(7);
    let scheduled = client.kms("ScheduleKeyDeletion", schedule).await.unwrap();
    assert_eq!(scheduled["DeletionDate"], 1_794_096_000.0);
    now.fetch_add(7 * 24 * 60 * 60 * 1000, Ordering::Relaxed);
    for operation in ["DescribeKey", "GetPublicKey"] {
        assert_eq!(client.kms_refused(operation, named.clone()).await, "NotFoundException");
    }
}

#[tokio::test]
async fn a_policy_is_a_document() {
    let client = Client::start().await;
    let key = create(&client, "HMAC_256", "GENERATE_VERIFY_MAC").await;
    let wrong = json!({"KeyId": key, "Policy": "no"});
    assert_eq!(client.kms_refused("PutKeyPolicy", wrong).await, "MalformedPolicyDocumentException");
}

#[tokio::test]
async fn aliases_tags_and_policies() {
    let client = Client::start().await;
    let (old, new) = (
        create(&client, "HMAC_256", "GENERATE_VERIFY_MAC").await,
        create(&client, "HMAC_256", "GENERATE_VERIFY_MAC").await,
    );
    let alias = |key: &str| json!({"AliasName": "alias/codes", "TargetKeyId": key});
    client.kms("CreateAlias", alias(&old)).await.unwrap();
    assert_eq!(client.kms_refused("CreateAlias", alias(&new)).await, "AlreadyExistsException");
    client.kms("UpdateAlias", alias(&new)).await.unwrap();
    let arn = client.kms("DescribeKey", json!({"KeyId": new})).await.unwrap()["KeyMetadata"]["Arn"].clone();
    let arn = arn.as_str().unwrap().replace(&format!("key/{new}"), "alias/codes");
    let described = client.kms("DescribeKey", json!({"KeyId": arn})).await.unwrap();
    assert_eq!(described["KeyMetadata"]["KeyId"], json!(new));
    let listed = client.kms("ListAliases", json!({"KeyId": new})).await.unwrap();
    assert_eq!(listed["Aliases"][0]["AliasName"], "alias/codes");
    client.kms("DeleteAlias", json!({"AliasName": "alias/codes"})).await.unwrap();
    assert_eq!(client.kms_refused("DescribeKey", json!({"KeyId": "alias/codes"})).await, "NotFoundException");

    client.kms("TagResource", json!({"KeyId": old, "Tags": [{"TagKey": "app", "TagValue": "auth"}]})).await.unwrap();
    let tags = client.kms("ListResourceTags", json!({"KeyId": old})).await.unwrap();
    assert_eq!(tags["Tags"], json!([{"TagKey": "app", "TagValue": "auth"}]));
    client.kms("PutKeyPolicy", json!({"KeyId": old, "Policy": "{\"Version\":\"x\"}"})).await.unwrap();
    assert_eq!(client.kms("GetKeyPolicy", json!({"KeyId": old})).await.unwrap()["Policy"], "{\"Version\":\"x\"}");
}

#[tokio::test]
async fn keys_are_listed_by_pages() {
    let client = Client::start().await;
    for _ in 0..2 {
        create(&client, "HMAC_256", "GENERATE_VERIFY_MAC").await;
    }
    let first = client.kms("ListKeys", json!({"Limit": 1})).await.unwrap();
    let rest = client.kms("ListKeys", json!({"Limit": 1, "Marker": first["NextMarker"]})).await.unwrap();
    assert_eq!((&first["Truncated"], &rest["Truncated"]), (&json!(true), &json!(false)));
    assert_ne!(first["Keys"][0]["KeyId"], rest["Keys"][0]["KeyId"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_all_sizes_are_made_and_each_is_another() {
    let client = Client::start().await;
    let mut seen = Vec::new();
    for spec in ["RSA_2048", "RSA_2048", "RSA_2048", "RSA_3072"] {
        let key = create(&client, spec, "SIGN_VERIFY").await;
        let public = client.kms("GetPublicKey", json!({"KeyId": key})).await.unwrap()["PublicKey"].clone();
        assert!(!seen.contains(&public));
        seen.push(public);
    }
}
