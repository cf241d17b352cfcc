//! SES: hands one rendered mail over. Tells a mail that can never be sent from one that may be tried again.

use aws_sdk_ses::Client;
use aws_sdk_ses::error::ProvideErrorMetadata;
use aws_sdk_ses::types::{Body, Content, Destination, Message};
use aws_types::SdkConfig;

use super::trips::CountTrips;
use crate::email::Email;
use crate::error::{Error, Result};
use crate::mail::Rendered;

const SES: &str = "SES";

pub struct Ses {
    client: Client,
    from: String,
}

/// What became of a mail handed to SES.
#[derive(Debug, PartialEq, Eq)]
pub enum HandOver {
    Accepted,
    /// SES will never take this mail: the recipient or the sender is not acceptable to it.
    Rejected(String),
}

impl Ses {
    pub fn new(config: &SdkConfig, from: &str) -> Self {
        let config = aws_sdk_ses::config::Builder::from(config).interceptor(CountTrips).build();
        Self { client: Client::from_conf(config), from: from.to_owned() }
    }

    /// # Errors
    /// [`Error::Unavailable`] when SES is throttling, paused or down: worth another try later.
    pub async fn send(&self, to: &Email, mail: &Rendered) -> Result<HandOver> {
        let body = Body::builder().html(utf8(&mail.html)?).text(utf8(&mail.text)?).build();
        let message = Message::builder().subject(utf8(&mail.subject)?).body(body).build();
        let destination = Destination::builder().to_addresses(to.as_str()).build();
        match self.client.send_email().source(&self.from).destination(destination).message(message).send().await {
            Ok(_) => Ok(HandOver::Accepted),
            Err(cause) => match cause.code() {
                Some(code @ ("MessageRejected" | "InvalidParameterValue" | "MailFromDomainNotVerifiedException")) => {
                    Ok(HandOver::Rejected(code.to_owned()))
                }
                _ => Err(Error::unavailable(SES, &cause)),
            },
        }
    }

    /// Whether SES would take mail now. For the health check.
    pub async fn is_sending(&self) -> Result<bool> {
        let quota = self.client.get_send_quota().send().await.map_err(|cause| Error::unavailable(SES, &cause))?;
        // A daily limit of -1 means that there is none.
        Ok(quota.max24_hour_send < 0.0 || quota.sent_last24_hours < quota.max24_hour_send)
    }
}

fn utf8(text: &str) -> Result<Content> {
    Content::builder().data(text).charset("UTF-8").build().map_err(Error::internal)
}
