//! STS, which knows everybody by one name.

use crate::client::Client;

#[tokio::test]
async fn callers_are_told_who_they_are() {
    let client = Client::start().await;
    let form = [("Action", "GetCallerIdentity"), ("Version", "2011-06-15")];
    let (status, xml) = client.ses(&form).await;
    assert_eq!(status, 200);
    assert!(xml.contains("<GetCallerIdentityResult><Arn>arn:aws:iam::000000000000:user/local</Arn>"), "{xml}");
    let calls = client.aws.calls().list(None);
    assert_eq!((calls.len(), calls[0].service.to_string()), (1, "sts".to_owned()));
    client.aws.faults().add(serde_json::from_str(r#"{"service":"sts","kind":"error"}"#).unwrap()).unwrap();
    let (status, xml) = client.ses(&form).await;
    assert!(status == 500 && xml.contains("<Code>InternalFailure</Code>"), "{xml}");
}
