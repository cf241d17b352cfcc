//! SES: hands one rendered mail over. Tells a mail that can never be sent from one that may be tried again.

use aws_sdk_ses::Client;
use aws_sdk_ses::error::ProvideErrorMetadata;
use aws_sdk_ses::types::{Body, Content, Destination, IdentityVerificationAttributes, Message, VerificationStatus};
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

/// How an account of SES stands.
#[derive(Clone, Debug)]
pub struct SenderStanding {
    /// The verified identity that vouches for the sender; `None` when none does.
    pub identity: Option<String>,
    /// How many mails a day SES takes; -1 where there is no limit. In the sandbox it is 200.
    pub daily_limit: f64,
    pub sent_today: f64,
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

    /// How this account and the sender stand with SES.
    pub async fn standing(&self) -> Result<SenderStanding> {
        let identities = identities_of(&self.from);
        let verification = self.client.get_identity_verification_attributes().set_identities(Some(identities)).send();
        let (quota, verification) = tokio::join!(self.client.get_send_quota().send(), verification);
        let quota = quota.map_err(|cause| Error::unavailable(SES, &cause))?;
        let attributes = verification.map_err(|cause| Error::unavailable(SES, &cause))?.verification_attributes;
        let is_verified = |it: &IdentityVerificationAttributes| it.verification_status == VerificationStatus::Success;
        Ok(SenderStanding {
            identity: attributes.into_iter().find(|(_, it)| is_verified(it)).map(|(name, _)| name),
            daily_limit: quota.max24_hour_send,
            sent_today: quota.sent_last24_hours,
        })
    }

    /// Whether SES would take mail now. For the health check.
    pub async fn is_sending(&self) -> Result<bool> {
        let quota = self.client.get_send_quota().send().await.map_err(|cause| Error::unavailable(SES, &cause))?;
        // A daily limit of -1 means that there is none.
        Ok(quota.max24_hour_send < 0.0 || quota.sent_last24_hours < quota.max24_hour_send)
    }
}

/// What may vouch for a sender: the address itself, its domain, and every domain above that.
fn identities_of(address: &str) -> Vec<String> {
    let mut identities = vec![address.to_owned()];
    let mut domain = address.rsplit_once('@').map(|(_, domain)| domain);
    while let Some(name) = domain.filter(|name| name.contains('.')) {
        identities.push(name.to_owned());
        domain = name.split_once('.').map(|(_, above)| above);
    }
    identities
}

fn utf8(text: &str) -> Result<Content> {
    Content::builder().data(text).charset("UTF-8").build().map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_vouches_for_every_sender_below_it() {
        assert_eq!(
            identities_of("no-reply@mail.example.com"),
            ["no-reply@mail.example.com", "mail.example.com", "example.com"]
        );
    }
}
