//! SES, version 1: every mail that is accepted lands in the mailbox.
//!
//! Left out: delivery, bounces and complaints, templates, sending limits, and version 2 of the API.

mod form;
mod mailbox;
mod mime;

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::StatusCode;

use crate::clock::{Clock, rfc3339};
use crate::reply::{Reply, escape};
use crate::request::Service;
use form::Form;
use mailbox::address;

pub use mailbox::{Mail, Mailbox};

/// The emulated mail service. Identities are not kept over a restart, mails are.
pub(crate) struct Ses {
    mailbox: Mailbox,
    clock: Clock,
    identities: Mutex<BTreeSet<String>>,
    /// Whether a sender must be an identity.
    is_strict: bool,
}

/// An error answer of SES.
struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message: message.into() }
    }
}

impl Ses {
    /// With `verified_senders`, only they may send, and what is verified later.
    pub(crate) fn new(mailbox: Mailbox, clock: Clock, verified_senders: Option<Vec<String>>) -> Self {
        let is_strict = verified_senders.is_some();
        let identities =
            verified_senders.unwrap_or_default().into_iter().map(|identity| identity.to_lowercase()).collect();
        Self { mailbox, clock, identities: Mutex::new(identities), is_strict }
    }

    /// The mails that were sent.
    pub(crate) fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// Does one operation, and tells how many recipients were sent mail.
    pub(crate) fn serve(&self, action: &str, form: &[(String, String)]) -> (Reply, u32) {
        match self.call(action, &Form::new(form)) {
            Ok((result, recipients)) => (Reply::xml(Service::Ses, action, &result), recipients),
            Err(Refusal { status, code, message }) => (Reply::error(Service::Ses, status, code, &message), 0),
        }
    }

    fn call(&self, action: &str, form: &Form<'_>) -> Result<(String, u32), Refusal> {
        let result = match action {
            "SendEmail" => return self.accept(composed(form)),
            "SendRawEmail" => return self.accept(raw(form)?),
            "VerifyEmailIdentity" => {
                self.identities().insert(form.get("EmailAddress").to_lowercase());
                String::new()
            }
            "VerifyDomainIdentity" => {
                self.identities().insert(form.get("Domain").to_lowercase());
                "<VerificationToken>local</VerificationToken>".to_owned()
            }
            "DeleteIdentity" => {
                self.identities().remove(&form.get("Identity").to_lowercase());
                String::new()
            }
            "ListIdentities" => {
                let members: String =
                    self.identities().iter().map(|identity| format!("<member>{}</member>", escape(identity))).collect();
                format!("<Identities>{members}</Identities>")
            }
            "GetIdentityVerificationAttributes" => self.verification(&form.list("Identities")),
            "GetSendQuota" => self.quota(),
            other => return Err(Refusal::new("InvalidAction", format!("the embedded SES does not do {other}"))),
        };
        Ok((result, 0))
    }

    fn accept(&self, mail: Mail) -> Result<(String, u32), Refusal> {
        self.check_sender(&mail.from)?;
        if mail.to.is_empty() {
            return Err(Refusal::new("InvalidParameterValue", "There are no recipients."));
        }
        if let Some(wrong) = mail.to.iter().find(|to| !address(to).contains('@')) {
            return Err(Refusal::new("InvalidParameterValue", format!("Missing final '@domain': {wrong}")));
        }
        let id = format!("local-{}", uuid::Uuid::new_v4());
        let recipients = u32::try_from(mail.to.len()).unwrap_or(u32::MAX);
        let mail = Mail { id: id.clone(), at: rfc3339((self.clock)()), ..mail };
        self.mailbox.put(mail).map_err(|error| Refusal {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            ..Refusal::new("InternalFailure", error.to_string())
        })?;
        Ok((format!("<MessageId>{id}</MessageId>"), recipients))
    }

    fn check_sender(&self, from: &str) -> Result<(), Refusal> {
        let from = address(from).to_lowercase();
        let Some((_, domain)) = from.split_once('@') else {
            return Err(Refusal::new("InvalidParameterValue", format!("Missing final '@domain': {from}")));
        };
        let identities = self.identities();
        if !self.is_strict || identities.contains(&from) || identities.contains(domain) {
            return Ok(());
        }
        let text = format!(
            "Email address is not verified. \
             The following identities failed the check in region US-EAST-1: {from}"
        );
        Err(Refusal::new("MessageRejected", text))
    }

    fn verification(&self, asked: &[&str]) -> String {
        let identities = self.identities();
        let entries: String = asked
            .iter()
            .filter(|identity| !self.is_strict || identities.contains(&identity.to_lowercase()))
            .map(|identity| {
                let state = "<VerificationStatus>Success</VerificationStatus>";
                format!("<entry><key>{}</key><value>{state}</value></entry>", escape(identity))
            })
            .collect();
        format!("<VerificationAttributes>{entries}</VerificationAttributes>")
    }

    /// The figures of an account out of the sandbox; mails older than a day are not told apart.
    fn quota(&self) -> String {
        let sent = self.mailbox.list(None).len();
        format!(
            "<Max24HourSend>50000.0</Max24HourSend><MaxSendRate>14.0</MaxSendRate>\
             <SentLast24Hours>{sent}.0</SentLast24Hours>"
        )
    }

    fn identities(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.identities.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The mail of a `SendEmail`. Copies count as recipients.
fn composed(form: &Form<'_>) -> Mail {
    let recipients = ["Destination.ToAddresses", "Destination.CcAddresses", "Destination.BccAddresses"]
        .into_iter()
        .flat_map(|list| form.list(list))
        .map(str::to_owned)
        .collect();
    Mail {
        id: String::new(),
        to: recipients,
        from: form.get("Source").to_owned(),
        subject: form.get("Message.Subject.Data").to_owned(),
        text: form.get("Message.Body.Text.Data").to_owned(),
        html: form.get("Message.Body.Html.Data").to_owned(),
        at: String::new(),
    }
}

/// The mail of a `SendRawEmail`: the request's addresses go before those of the message's header.
fn raw(form: &Form<'_>) -> Result<Mail, Refusal> {
    let bytes = STANDARD
        .decode(form.get("RawMessage.Data"))
        .map_err(|_| Refusal::new("InvalidParameterValue", "RawMessage.Data is not base64"))?;
    let message = mime::read(&bytes);
    let given: Vec<String> = form.list("Destinations").into_iter().map(str::to_owned).collect();
    let source = form.get("Source");
    Ok(Mail {
        id: String::new(),
        to: if given.is_empty() { message.to } else { given },
        from: if source.is_empty() { message.from } else { source.to_owned() },
        subject: message.subject,
        text: message.text,
        html: message.html,
        at: String::new(),
    })
}
