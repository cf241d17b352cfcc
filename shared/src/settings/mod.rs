//! Settings: read from the environment once per cold start, all faults named at once (OPS-2).

mod edge;
mod profile;
mod reader;
mod values;

use std::str::FromStr;
use std::time::Duration;

pub use self::edge::{Edge, ProofHash};
use self::profile::Profile;
pub use self::profile::SessionRules;
pub use self::reader::ConfigurationFaults;
pub(crate) use self::reader::Reader;
pub(crate) use self::values::{ciphertext, host_of, url};
use self::values::{is_within, origin, sender};
use crate::attempts::AttemptRules;
use crate::captcha;
use crate::clock::Timestamp;
use crate::email::Email;
use crate::environment::Environment;
use crate::metrics::access;
use crate::password::Policy;
use crate::webhooks::destination::Listed;

/// The longest retention of the audit trail, in days.
pub const MOST_AUDIT_DAYS: u32 = 3650;

/// Everything that can be configured. Each field names its variable; `template.yaml` sets them all.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `STAGE`: how cookies and headers are set (WEB-2).
    pub stage: Stage,
    /// `PUBLIC_URL`: where this service is reached; the `iss` of every token. An origin, without a trailing slash.
    pub public_url: String,
    /// `EDGE`: `cloudfront` where callers come through a distribution, which says where they are (DEPLOY-4, SESS-1).
    /// `EDGE_SECRET_HASHES`: by what it is known, comma-separated.
    pub edge: Edge,
    /// `AUDIENCE`: the `aud` of every access token.
    pub audience: String,
    /// `FRONTEND_ORIGINS`: the origins that browsers may call from, comma-separated.
    pub frontend_origins: Vec<String>,
    /// `APP_URL`: where links in mails lead.
    pub app_url: String,
    /// `COOKIE_DOMAIN`: shares cookies below a domain; without it they are host-only.
    pub cookie_domain: Option<String>,
    /// `MAIL_FROM`: the sender; its domain must be verified in SES.
    pub mail_from: String,
    /// `PRODUCT_NAME`: what mails call the service.
    pub product_name: String,
    /// `ADMIN_EMAILS`: addresses that get the `admin` role when they verify, comma-separated.
    pub admin_emails: Vec<Email>,
    /// `PASSWORD_POLICY`: `balanced`, `classic` or `passphrase` (SIGN-5); by default the profile's.
    pub password_policy: Policy,
    /// `SIGNING_ALGORITHM`: `RS256` or `ES256` (D1); by default the profile's.
    pub signing_algorithm: Algorithm,
    /// By `PROFILE` (D6).
    pub sessions: SessionRules,
    /// How many attempts are allowed.
    pub attempts: AttemptRules,
    /// `ROTATION_DAYS`: how long a key signs before the next one takes over (KEYS-2); 1 to 365.
    pub key_rotation: Duration,
    /// `SECRET_ROTATION_DAYS`: how old the newest version of the secrets gets (KEYS-4); 1 to 365.
    pub secret_rotation: Duration,
    /// `AUDIT_RETENTION_DAYS`: how long events of the audit trail are kept (AUDIT-5); 30 to 3650.
    pub audit_kept: Duration,
    /// `LOG_SAMPLE_HOT`: of the hot routes' successes one in so many is logged (OPS-5); 1 to 1,000.
    pub log_sample_hot: u32,
    /// `STACK_NAME`: tags the keys of this deployment.
    pub stack_name: String,
    /// `SECRETS_KEY_ID`: the KMS key that wraps data keys (KEYS-4).
    pub secrets_key_id: String,
    /// `AUDIT_KEY_ID`: the KMS key that signs what the audit trail must be held against.
    pub audit_key_id: String,
    /// `CAPTCHA_*`; `None` where no CAPTCHA is asked for (SIGN-7).
    pub captcha: Option<captcha::Settings>,
    /// `WEBHOOK_ALLOWED_HOSTS`: receivers of your own network, each `host:port`, that may be called although they are not public
    /// or speak plain http; comma-separated.
    pub webhook_hosts: Vec<Listed>,
    /// `METRICS_*`: who may read the metrics (OPS-3).
    pub metrics: access::Settings,
    pub tables: Tables,
}

/// Table names, each from `<NAME>_TABLE`.
#[derive(Clone, Debug)]
pub struct Tables {
    pub users: String,
    pub logins: String,
    pub sessions: String,
    pub attempts: String,
    pub challenges: String,
    pub organizations: String,
    pub audit_events: String,
    pub audit_chain: String,
    pub outbox: String,
    pub signing_keys: String,
    pub settings: String,
    pub metrics: String,
    pub deliveries: String,
}

impl Tables {
    /// As the template names them, for programs outside the stack.
    pub fn of_stack(stack: &str) -> Self {
        let named = |table: &str| format!("{stack}-{table}");
        Self {
            users: named("users"),
            logins: named("logins"),
            sessions: named("sessions"),
            attempts: named("attempts"),
            challenges: named("challenges"),
            organizations: named("organizations"),
            audit_events: named("audit-events"),
            audit_chain: named("audit-chain"),
            outbox: named("outbox"),
            signing_keys: named("signing-keys"),
            settings: named("settings"),
            metrics: named("metrics"),
            deliveries: named("deliveries"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Production,
    Preview,
    Development,
}

/// How access tokens are signed (RFC 7518 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Algorithm {
    RS256,
    ES256,
}

impl Algorithm {
    pub const fn name(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::ES256 => "ES256",
        }
    }
}

impl FromStr for Stage {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "production" => Ok(Self::Production),
            "preview" => Ok(Self::Preview),
            "development" => Ok(Self::Development),
            _ => Err("must be production, preview or development".to_owned()),
        }
    }
}

impl FromStr for Algorithm {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "RS256" => Ok(Self::RS256),
            "ES256" => Ok(Self::ES256),
            _ => Err("must be RS256 or ES256".to_owned()),
        }
    }
}

impl Settings {
    /// Reads and checks all of them.
    ///
    /// # Errors
    /// Every fault found, not just the first, so that one deploy mends them all.
    pub fn read(environment: &Environment) -> Result<Self, ConfigurationFaults> {
        let mut reader = Reader { environment, faults: Vec::new() };
        let stage = reader.parse("STAGE", Stage::Production, str::parse);
        let profile = reader.or("PROFILE", Profile::Consumer, str::parse);
        let mut settings = Self {
            stage,
            public_url: reader.parse("PUBLIC_URL", String::new(), |text| origin(text, stage)),
            edge: Edge::read(&mut reader),
            audience: reader.required("AUDIENCE"),
            frontend_origins: reader.list("FRONTEND_ORIGINS", |text| origin(text, stage)),
            app_url: reader.parse("APP_URL", String::new(), |text| url(text, stage)),
            cookie_domain: environment.get("COOKIE_DOMAIN").map(str::to_owned),
            mail_from: reader.parse("MAIL_FROM", String::new(), sender),
            product_name: reader.required("PRODUCT_NAME"),
            admin_emails: reader.list("ADMIN_EMAILS", |text| Email::parse(text).map_err(|invalid| invalid.to_string())),
            password_policy: reader.or("PASSWORD_POLICY", profile.password_policy(), |text| {
                text.parse().map_err(|_| "must be balanced, classic or passphrase".to_owned())
            }),
            signing_algorithm: reader.or("SIGNING_ALGORITHM", profile.algorithm(), str::parse),
            sessions: profile.sessions(),
            attempts: AttemptRules::read(&mut reader),
            key_rotation: Duration::from_secs(86_400) * reader.number("ROTATION_DAYS", 30, 1..=365),
            secret_rotation: Duration::from_secs(86_400) * reader.number("SECRET_ROTATION_DAYS", 90, 1..=365),
            audit_kept: Duration::from_secs(86_400) * reader.number("AUDIT_RETENTION_DAYS", 90, 30..=MOST_AUDIT_DAYS),
            log_sample_hot: reader.number("LOG_SAMPLE_HOT", 10, 1..=1_000),
            stack_name: reader.required("STACK_NAME"),
            secrets_key_id: reader.required("SECRETS_KEY_ID"),
            audit_key_id: reader.required("AUDIT_KEY_ID"),
            captcha: None,
            webhook_hosts: reader.list("WEBHOOK_ALLOWED_HOSTS", Listed::parse),
            metrics: access::Settings::read(&mut reader),
            tables: Tables {
                users: reader.required("USERS_TABLE"),
                logins: reader.required("LOGINS_TABLE"),
                sessions: reader.required("SESSIONS_TABLE"),
                attempts: reader.required("ATTEMPTS_TABLE"),
                challenges: reader.required("CHALLENGES_TABLE"),
                organizations: reader.required("ORGANIZATIONS_TABLE"),
                audit_events: reader.required("AUDIT_EVENTS_TABLE"),
                audit_chain: reader.required("AUDIT_CHAIN_TABLE"),
                outbox: reader.required("OUTBOX_TABLE"),
                signing_keys: reader.required("SIGNING_KEYS_TABLE"),
                settings: reader.required("SETTINGS_TABLE"),
                metrics: reader.required("METRICS_TABLE"),
                deliveries: reader.required("DELIVERIES_TABLE"),
            },
        };
        settings.captcha = captcha::Settings::read(&mut reader, &settings);
        settings.check_cookie_domain(&mut reader.faults);
        if reader.faults.is_empty() { Ok(settings) } else { Err(ConfigurationFaults(reader.faults)) }
    }

    /// Events of the audit trail that are older than this are gone, whether they have been purged or not.
    pub fn kept_since(&self, now: Timestamp) -> Timestamp {
        now - self.audit_kept
    }

    /// The host part of `PUBLIC_URL`, without the port.
    pub fn host(&self) -> &str {
        host_of(&self.public_url)
    }

    /// True where every front end shares the service's site, so that `SameSite=Lax` cookies reach it (D7).
    pub fn is_same_site(&self) -> bool {
        let site = self.cookie_domain.as_deref().unwrap_or(self.host());
        self.frontend_origins.iter().all(|origin| is_within(host_of(origin), site))
    }

    fn check_cookie_domain(&self, faults: &mut Vec<String>) {
        if let Some(domain) = &self.cookie_domain
            && !is_within(self.host(), domain)
        {
            faults.push(format!(
                "COOKIE_DOMAIN: {domain} does not contain the host of PUBLIC_URL, so browsers would refuse the cookies"
            ));
        }
    }
}

#[cfg(test)]
#[path = "mod_tests.rs"]
pub(crate) mod tests;
