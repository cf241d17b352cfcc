//! Profiles: levels of assurance, and what follows from them (D6).

use std::str::FromStr;
use std::time::Duration;

use super::Algorithm;
use crate::password::Policy;

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
    /// The longest that a session lasts under any profile.
    pub const LONGEST: Duration = Duration::from_secs(30 * 86_400);

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

/// Those of the profile `consumer`.
impl Default for SessionRules {
    fn default() -> Self {
        Profile::Consumer.sessions()
    }
}

const HOUR: Duration = Duration::from_secs(3600);

/// `PROFILE`: a level of assurance, which sets what is not set by itself. `docs/profiles.md` has the reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Profile {
    /// What people expect of an everyday service.
    Consumer,
    /// NIST SP 800-63B-4, AAL2.
    Aal2,
    /// The same, AAL3.
    Aal3,
    /// OWASP ASVS 5.0: no composition rules and no PKCS#1 v1.5 (D1, D2), sessions as AAL2.
    Asvs,
}

impl Profile {
    /// A session's idle and absolute ends (D6).
    pub(super) const fn sessions(self) -> SessionRules {
        match self {
            Self::Consumer => SessionRules::with_ends(Duration::from_secs(7 * 86_400), SessionRules::LONGEST),
            Self::Aal2 | Self::Asvs => SessionRules::with_ends(HOUR, Duration::from_secs(86_400)),
            Self::Aal3 => SessionRules::with_ends(Duration::from_secs(900), Duration::from_secs(43_200)),
        }
    }

    pub(super) fn password_policy(self) -> Policy {
        match self {
            Self::Consumer | Self::Aal2 | Self::Aal3 => Policy::default(),
            Self::Asvs => Policy::Passphrase,
        }
    }

    pub(super) const fn algorithm(self) -> Algorithm {
        match self {
            Self::Consumer | Self::Aal2 | Self::Aal3 => Algorithm::RS256,
            Self::Asvs => Algorithm::ES256,
        }
    }
}

impl FromStr for Profile {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "consumer" => Ok(Self::Consumer),
            "aal2" => Ok(Self::Aal2),
            "aal3" => Ok(Self::Aal3),
            "asvs" => Ok(Self::Asvs),
            _ => Err("must be consumer, aal2, aal3 or asvs".to_owned()),
        }
    }
}
