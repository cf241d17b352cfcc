//! Settings: read from the environment once per cold start, all faults named at once (OPS-2).

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::email::Email;
use crate::environment::Environment;
use crate::password::Policy;

/// Everything that can be configured. Each field names its variable; `template.yaml` sets them all.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `STAGE`: how cookies and headers are set (WEB-2).
    pub stage: Stage,
    /// `PUBLIC_URL`: where this service is reached; the `iss` of every token. An origin, without a trailing slash.
    pub public_url: String,
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
    /// `PASSWORD_POLICY`: `balanced`, `classic` or `passphrase` (SIGN-5).
    pub password_policy: Policy,
    /// `SIGNING_ALGORITHM`: `RS256` or `ES256` (D1).
    pub signing_algorithm: Algorithm,
    /// `SESSION_PROFILE`: `consumer`, `aal2` or `aal3` (D6).
    pub sessions: SessionRules,
    /// `ROTATION_DAYS`: how long a key signs before the next one takes over (KEYS-2); 1 to 365.
    pub key_rotation: Duration,
    /// `STACK_NAME`: tags the keys of this deployment.
    pub stack_name: String,
    /// `SECRETS_KEY_ID`: the KMS key that wraps data keys (KEYS-4).
    pub secrets_key_id: String,
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
    pub outbox: String,
    pub signing_keys: String,
    pub settings: String,
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

/// How long sessions and tokens live (TOKEN-1…4, D6), and what access tokens say of their assurance.
#[derive(Clone, Copy, Debug)]
pub struct SessionRules {
    /// An access token's life.
    pub access_life: Duration,
    /// A session ends when it has not been refreshed for so long.
    pub idle: Duration,
    /// A session ends so long after the sign-in, however much it is used.
    pub absolute: Duration,
    /// How long the immediate predecessor of a refresh token is answered with the same successor.
    pub grace: Duration,
    /// A refresh token younger than this is not rotated. Longer than the grace, always (see `tokens::rotation`).
    pub fresh: Duration,
}

impl SessionRules {
    const fn with_ends(idle: Duration, absolute: Duration) -> Self {
        Self {
            access_life: Duration::from_secs(15 * 60),
            idle,
            absolute,
            grace: Duration::from_secs(30),
            fresh: Duration::from_secs(60),
        }
    }
}

const HOUR: Duration = Duration::from_secs(3600);

impl FromStr for SessionRules {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "consumer" => Ok(Self::with_ends(HOUR * 24 * 7, HOUR * 24 * 30)),
            "aal2" => Ok(Self::with_ends(HOUR, HOUR * 24)),
            "aal3" => Ok(Self::with_ends(HOUR / 4, HOUR * 12)),
            _ => Err("must be consumer, aal2 or aal3".to_owned()),
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

/// Every fault of a configuration, one per line, each with the variable's name.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigurationFaults(Vec<String>);

impl fmt::Display for ConfigurationFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration has {} fault(s):", self.0.len())?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl std::error::Error for ConfigurationFaults {}

impl Settings {
    /// Reads and checks all of them.
    ///
    /// # Errors
    /// Every fault found, not just the first, so that one deploy mends them all.
    pub fn read(environment: &Environment) -> Result<Self, ConfigurationFaults> {
        let mut reader = Reader { environment, faults: Vec::new() };
        let stage = reader.parse("STAGE", Stage::Production, str::parse);
        let settings = Self {
            stage,
            public_url: reader.parse("PUBLIC_URL", String::new(), |text| origin(text, stage)),
            audience: reader.required("AUDIENCE"),
            frontend_origins: reader.list("FRONTEND_ORIGINS", |text| origin(text, stage)),
            app_url: reader.parse("APP_URL", String::new(), |text| url(text, stage)),
            cookie_domain: environment.get("COOKIE_DOMAIN").map(str::to_owned),
            mail_from: reader.parse("MAIL_FROM", String::new(), sender),
            product_name: reader.required("PRODUCT_NAME"),
            admin_emails: reader.list("ADMIN_EMAILS", |text| Email::parse(text).map_err(|invalid| invalid.to_string())),
            password_policy: reader.or("PASSWORD_POLICY", Policy::default(), |text| {
                text.parse().map_err(|_| "must be balanced, classic or passphrase".to_owned())
            }),
            signing_algorithm: reader.or("SIGNING_ALGORITHM", Algorithm::RS256, str::parse),
            sessions: reader.or("SESSION_PROFILE", SessionRules::with_ends(HOUR * 24 * 7, HOUR * 24 * 30), str::parse),
            key_rotation: reader.or("ROTATION_DAYS", HOUR * 24 * 30, days),
            stack_name: reader.required("STACK_NAME"),
            secrets_key_id: reader.required("SECRETS_KEY_ID"),
            tables: Tables {
                users: reader.required("USERS_TABLE"),
                logins: reader.required("LOGINS_TABLE"),
                sessions: reader.required("SESSIONS_TABLE"),
                attempts: reader.required("ATTEMPTS_TABLE"),
                challenges: reader.required("CHALLENGES_TABLE"),
                organizations: reader.required("ORGANIZATIONS_TABLE"),
                audit_events: reader.required("AUDIT_EVENTS_TABLE"),
                outbox: reader.required("OUTBOX_TABLE"),
                signing_keys: reader.required("SIGNING_KEYS_TABLE"),
                settings: reader.required("SETTINGS_TABLE"),
            },
        };
        settings.check_cookie_domain(&mut reader.faults);
        if reader.faults.is_empty() { Ok(settings) } else { Err(ConfigurationFaults(reader.faults)) }
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

fn is_within(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

fn host_of(origin: &str) -> &str {
    let authority = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    authority.split([':', '/']).next().unwrap_or(authority)
}

/// `scheme://host[:port]`, nothing after it. Plain http only in development.
fn origin(text: &str, stage: Stage) -> Result<String, String> {
    let uri: http::Uri = text.parse().map_err(|_| "is not a URL".to_owned())?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err("must be an origin such as https://app.example.com".to_owned());
    };
    if format!("{scheme}://{authority}") != text || text.contains('@') {
        return Err("must be an origin: scheme, host and port, no path and no trailing slash".to_owned());
    }
    match (scheme, stage) {
        ("https", _) | ("http", Stage::Development) => Ok(text.to_owned()),
        _ => Err("must use https".to_owned()),
    }
}

/// An absolute URL that a path can be appended to.
fn url(text: &str, stage: Stage) -> Result<String, String> {
    let text = text.trim_end_matches('/');
    let end_of_origin =
        text.find("://").and_then(|at| text[at + 3..].find('/').map(|slash| at + 3 + slash)).unwrap_or(text.len());
    origin(&text[..end_of_origin], stage)?;
    if text.contains(['?', '#', ' ']) {
        Err("must be a URL without query or fragment".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

fn sender(text: &str) -> Result<String, String> {
    Email::parse(text).map(|_| text.to_owned()).map_err(|_| "must be one plain e-mail address".to_owned())
}

fn days(text: &str) -> Result<Duration, String> {
    match text.parse::<u32>() {
        Ok(n @ 1..=365) => Ok(HOUR * 24 * n),
        _ => Err("must be a number of days from 1 to 365".to_owned()),
    }
}

struct Reader<'a> {
    environment: &'a Environment,
    faults: Vec<String>,
}

impl Reader<'_> {
    /// A variable that must be there and parse. The placeholder stands in until the faults are reported.
    fn parse<T>(&mut self, name: &str, placeholder: T, parse: impl Fn(&str) -> Result<T, String>) -> T {
        if self.environment.get(name).is_none() {
            self.faults.push(format!("{name}: is missing"));
            return placeholder;
        }
        self.or(name, placeholder, parse)
    }

    fn or<T>(&mut self, name: &str, default: T, parse: impl Fn(&str) -> Result<T, String>) -> T {
        match self.environment.get(name).map(parse) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(fault)) => {
                self.faults.push(format!("{name}: {fault}"));
                default
            }
        }
    }

    fn required(&mut self, name: &str) -> String {
        self.parse(name, String::new(), |text| Ok(text.to_owned()))
    }

    fn list<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let text = self.environment.get(name).unwrap_or_default();
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        let (values, faults): (Vec<_>, Vec<_>) =
            items.map(|item| parse(item).map_err(|fault| format!("{name}: {item:?} {fault}"))).partition(Result::is_ok);
        self.faults.extend(faults.into_iter().filter_map(Result::err));
        values.into_iter().filter_map(Result::ok).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Vec<(&'static str, &'static str)> {
        let mut variables = vec![
            ("STAGE", "production"),
            ("PUBLIC_URL", "https://auth.example.com"),
            ("AUDIENCE", "postern"),
            ("FRONTEND_ORIGINS", "https://app.example.com, https://example.com"),
            ("APP_URL", "https://app.example.com/account/"),
            ("COOKIE_DOMAIN", "example.com"),
            ("MAIL_FROM", "no-reply@example.com"),
            ("PRODUCT_NAME", "Example"),
            ("STACK_NAME", "postern"),
            ("SECRETS_KEY_ID", "key"),
        ];
        for table in [
            "USERS",
            "LOGINS",
            "SESSIONS",
            "ATTEMPTS",
            "CHALLENGES",
            "ORGANIZATIONS",
            "AUDIT_EVENTS",
            "OUTBOX",
            "SIGNING_KEYS",
            "SETTINGS",
        ] {
            variables.push((Box::leak(format!("{table}_TABLE").into_boxed_str()), "t"));
        }
        variables
    }

    fn read_with(changes: &[(&'static str, &'static str)]) -> Result<Settings, ConfigurationFaults> {
        Settings::read(&good().into_iter().chain(changes.iter().copied()).collect())
    }

    #[test]
    fn a_good_configuration_is_read() {
        let settings = read_with(&[]).unwrap();
        assert_eq!(settings.app_url, "https://app.example.com/account");
        assert_eq!(settings.frontend_origins, ["https://app.example.com", "https://example.com"]);
        assert!(settings.is_same_site());
        assert!(!read_with(&[("FRONTEND_ORIGINS", "https://other.example.net")]).unwrap().is_same_site());
    }

    #[test]
    fn case_305_every_fault_is_named_at_once() {
        let faults = Settings::read(&Environment::default()).unwrap_err();
        assert_eq!(faults.0.len(), 18, "{faults}");
        let faults = read_with(&[
            ("STAGE", "prod"),
            ("PUBLIC_URL", "https://auth.example.com/"),
            ("FRONTEND_ORIGINS", "http://app.example.com,*,https://a.example/x"),
            ("APP_URL", "ftp://example.com"),
            ("MAIL_FROM", "Example <no-reply@example.com>"),
            ("PASSWORD_POLICY", "lax"),
            ("SIGNING_ALGORITHM", "HS256"),
            ("SESSION_PROFILE", "forever"),
            ("ROTATION_DAYS", "0"),
            ("COOKIE_DOMAIN", "example.org"),
        ])
        .unwrap_err();
        assert_eq!(faults.0.len(), 12, "{faults}");
    }

    #[test]
    fn only_development_may_use_plain_http() {
        assert!(read_with(&[("STAGE", "preview"), ("PUBLIC_URL", "http://localhost:4000")]).is_err());
        assert!(
            read_with(&[("STAGE", "development"), ("PUBLIC_URL", "http://localhost:4000"), ("COOKIE_DOMAIN", "")])
                .is_ok()
        );
    }

    #[test]
    fn the_grace_ends_before_a_successor_can_be_rotated() {
        for profile in ["consumer", "aal2", "aal3"] {
            let rules: SessionRules = profile.parse().unwrap();
            assert!(rules.grace < rules.fresh && rules.fresh < rules.access_life && rules.idle < rules.absolute);
        }
    }
}
