//! SES and the mailbox.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use embedded_aws::Options;

use crate::client::Client;

fn mail<'a>(from: &'a str, to: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("Action", "SendEmail"),
        ("Source", from),
        ("Destination.ToAddresses.member.1", to),
        ("Message.Subject.Data", "Hello & welcome"),
        ("Message.Body.Text.Data", "text"),
        ("Message.Body.Html.Data", "<p>html</p>"),
    ]
}

#[tokio::test]
async fn a_mail_lands_in_the_mailbox() {
    let options = Options { clock: std::sync::Arc::new(|| 1_793_491_200_000), ..Options::default() };
    let client = Client::start_with(options).await;
    let (status, xml) = client.ses(&mail("Us <us@example.com>", "Ann <Ann@Example.com>")).await;
    assert_eq!(status, 200);
    client.ses(&mail("us@example.com", "bob@example.com")).await;

    let all = client.aws.mailbox().list(None);
    assert_eq!((all.len(), all[0].to[0].as_str()), (2, "bob@example.com"));
    let anns = client.aws.mailbox().list(Some("ann@example.com"));
    let [received] = anns.as_slice() else { panic!("{anns:?}") };
    assert!(xml.contains(&format!("<MessageId>{}</MessageId>", received.id)), "{xml}");
    assert_eq!(
        (received.subject.as_str(), received.text.as_str(), received.html.as_str()),
        ("Hello & welcome", "text", "<p>html</p>")
    );
    assert_eq!(received.at, "2026-11-01T00:00:00.000Z");
    client.aws.mailbox().clear();
    assert_eq!(client.aws.mailbox().list(None), []);
}

#[tokio::test]
async fn a_raw_mail_is_read() {
    let client = Client::start().await;
    let raw = STANDARD.encode("From: us@example.com\r\nTo: a@example.com\r\nSubject: Raw\r\n\r\nbody\r\n");
    assert_eq!(client.ses(&[("Action", "SendRawEmail"), ("RawMessage.Data", &raw)]).await.0, 200);
    let received = client.aws.mailbox().list(Some("a@example.com")).pop().unwrap();
    assert_eq!(
        (received.subject.as_str(), received.text.as_str(), received.from.as_str()),
        ("Raw", "body", "us@example.com")
    );
}

#[tokio::test]
async fn with_a_list_of_senders_others_are_rejected() {
    let options = Options { verified_senders: Some(vec!["example.com".into()]), ..Options::default() };
    let client = Client::start_with(options).await;
    assert_eq!(client.ses(&mail("us@example.com", "a@b.example")).await.0, 200);
    let (status, xml) = client.ses(&mail("us@other.example", "a@b.example")).await;
    assert_eq!((status, xml.contains("<Code>MessageRejected</Code>")), (400, true));
    client.ses(&[("Action", "VerifyEmailIdentity"), ("EmailAddress", "us@other.example")]).await;
    assert_eq!(client.ses(&mail("us@other.example", "a@b.example")).await.0, 200);
    let (_, xml) = client.ses(&[("Action", "ListIdentities")]).await;
    assert!(xml.contains("<member>example.com</member><member>us@other.example</member>"), "{xml}");
    let asked = [
        ("Action", "GetIdentityVerificationAttributes"),
        ("Identities.member.1", "example.com"),
        ("Identities.member.2", "no.example"),
    ];
    let (_, xml) = client.ses(&asked).await;
    assert!(xml.contains("<key>example.com</key>") && !xml.contains("no.example"), "{xml}");
    client.ses(&[("Action", "DeleteIdentity"), ("Identity", "us@other.example")]).await;
    assert_eq!(client.ses(&mail("us@other.example", "a@b.example")).await.0, 400);
}

#[tokio::test]
async fn a_mail_to_nobody_and_an_unknown_action_are_refused() {
    let client = Client::start().await;
    assert_eq!(client.ses(&[("Action", "SendEmail"), ("Source", "us@example.com")]).await.0, 400);
    let (status, xml) = client.ses(&[("Action", "SendPigeon")]).await;
    assert_eq!((status, xml.contains("<Code>InvalidAction</Code>")), (400, true));
}
