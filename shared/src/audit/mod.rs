//! The audit trail: what happened, to whom, from where (AUDIT-1). Events are written in the transaction of the change
//! they tell of, so the trail cannot differ from the state.

pub mod chain;
mod cursor;
pub mod erase;
pub mod export;
mod filters;
mod glance;
pub mod purge;
mod read;
mod shown;
mod walk;

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::de::IntoDeserializer;
use serde::de::value::Error as Unreadable;
use serde::{Deserialize, Serialize};

pub(crate) use self::cursor::LIFE as CURSOR_LIFE;
pub use self::filters::Filters;
pub(crate) use self::glance::{newest, oldest};
pub use self::read::{Page, read};
pub use self::shown::Shown;
use crate::email::Email;
use crate::id::{OrganizationId, SessionId, UserId};

/// What happened. Names are stable: exports, alerts and webhooks refer to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    UserCreated,
    OrganizationCreated,
    UserRoleCreated,
    OrganizationSignupCompleted,
    SignupRepeated,
    EmailVerificationRequested,
    EmailVerified,
    PasswordResetRequested,
    PasswordChanged,
    UserLoggedIn,
    UserLoginFailed,
    AuthSessionCreated,
    TokenRefreshed,
    RefreshTokenReplayed,
    RefreshTokenRevoked,
    SessionExpired,
    UserLogout,
    KeyRotated,
    MailUndeliverable,
    SuspiciousActivityDetected,
    UserAccountLocked,
    UserAccountUnlocked,
    AccessDenied,
    CaptchaSkipped,
    JobSwitched,
    CheckFailed,
    CheckRecovered,
    /// Somebody looked into the trail, or took a copy of a part of it.
    AuditRead,
    /// A person was removed from the trail.
    AuditErased,
    /// Events that were too old were removed.
    AuditPurged,
    WebhookCreated,
    WebhookDeleted,
    WebhookSecretRotated,
    WebhookRedelivered,
    WebhookDisabled,
    WebhookUndeliverable,
    AlertChannelSet,
    AlertChannelRemoved,
    AlertUndeliverable,
    AlertOpened,
    AlertClosed,
}

impl FromStr for Kind {
    type Err = Unreadable;
    fn from_str(name: &str) -> Result<Self, Unreadable> {
        Self::deserialize(name.into_deserializer())
    }
}

/// Who did it, as far as is known.
#[derive(Clone)]
pub enum Actor {
    User(UserId),
    /// Somebody who gave this address and has not shown that an account is theirs.
    Email(Email),
    /// A job or a stream consumer, by name.
    System(&'static str),
}

impl Actor {
    /// The partition that holds this actor's events.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::User(id) => format!("user#{id}"),
            Self::Email(email) => format!("email#{}", email.as_str()),
            Self::System(name) => format!("system#{name}"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Success,
    Failure,
}

impl FromStr for Outcome {
    type Err = Unreadable;
    fn from_str(name: &str) -> Result<Self, Unreadable> {
        Self::deserialize(name.into_deserializer())
    }
}

/// An event as it stands in the trail.
#[derive(Clone, Debug, Deserialize)]
pub struct Recorded {
    /// See [`Actor`].
    pub actor: String,
    /// Instant and id: the place of the event in the order of all.
    pub at: String,
    pub id: String,
    /// The name of a [`Kind`], perhaps of one that this version does not know.
    pub kind: String,
    pub outcome: Outcome,
    #[serde(default)]
    pub target: Option<String>,
    /// The person whom it concerns besides the actor.
    #[serde(default)]
    pub subject: Option<String>,
    #[serde(default)]
    pub ip: Option<String>,
    #[serde(default)]
    pub user_agent: String,
    pub request_id: String,
    #[serde(default)]
    pub detail: BTreeMap<String, String>,
}

/// One thing that happened. When and from where is added from the request's context when it is written.
#[derive(Clone)]
pub struct Event {
    pub(crate) kind: Kind,
    pub(crate) actor: Actor,
    pub(crate) outcome: Outcome,
    pub(crate) target: Option<String>,
    pub(crate) subject: Option<UserId>,
    pub(crate) detail: BTreeMap<&'static str, String>,
}

impl Event {
    pub fn new(kind: Kind, actor: Actor) -> Self {
        Self { kind, actor, outcome: Outcome::Success, target: None, subject: None, detail: BTreeMap::new() }
    }

    pub fn by_user(kind: Kind, user: UserId) -> Self {
        Self::new(kind, Actor::User(user))
    }

    pub fn failed(self, reason: &str) -> Self {
        Self { outcome: Outcome::Failure, ..self }.with("reason", reason)
    }

    pub fn on_session(self, session: SessionId) -> Self {
        Self { target: Some(format!("session#{session}")), ..self }
    }

    pub fn on_user(self, user: UserId) -> Self {
        Self { target: Some(format!("user#{user}")), ..self }.about(user)
    }

    /// Whom it concerns, should that be somebody else than the actor: it is found when one asks for either of them.
    pub fn about(self, user: UserId) -> Self {
        Self { subject: Some(user), ..self }
    }

    pub fn on_organization(self, organization: OrganizationId) -> Self {
        Self { target: Some(format!("organization#{organization}")), ..self }
    }

    pub fn on_key(self, kid: &str) -> Self {
        Self { target: Some(format!("key#{kid}")), ..self }
    }

    pub fn on_job(self, job: &str) -> Self {
        Self { target: Some(format!("job#{job}")), ..self }
    }

    /// A check that the service makes of itself.
    pub fn on_check(self, check: &str) -> Self {
        Self { target: Some(format!("check#{check}")), ..self }
    }

    pub fn on_webhook(self, id: &str) -> Self {
        Self { target: Some(format!("webhook#{id}")), ..self }
    }

    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.detail.insert(name, value.to_string());
        self
    }
}
