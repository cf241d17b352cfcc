//! What the three providers have in common and where they differ: where to ask, what to send, and how an answer is judged.
//!
//! Pure: nothing here calls anybody. Sources: Cloudflare's "Validate the token", hCaptcha's "Verify the user response
//! server side", Google's "reCAPTCHA v3" and "Verifying the user's response".

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;

use super::Action;
use crate::clock::Timestamp;

/// A solution older than this is refused, whatever its provider says. Turnstile's own limit; the others' are shorter.
pub const LONGEST_LIFE: Duration = Duration::from_secs(5 * 60);

/// So far may the provider's clock be ahead of ours.
const SKEW: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Cloudflare Turnstile.
    Turnstile,
    Hcaptcha,
    /// Google reCAPTCHA v3, which scores and never asks.
    Recaptcha,
}

impl FromStr for Provider {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "turnstile" => Ok(Self::Turnstile),
            "hcaptcha" => Ok(Self::Hcaptcha),
            "recaptcha" => Ok(Self::Recaptcha),
            _ => Err("must be none, turnstile, hcaptcha or recaptcha".to_owned()),
        }
    }
}

/// What a good solution says.
pub struct Expected<'a> {
    pub action: Action,
    /// The sites that may show our widget.
    pub hostnames: &'a [String],
    /// The lowest score that passes, for providers that score: 0 is a bot, 1 a person.
    pub min_score: f64,
}

/// What an answer means.
#[derive(Debug, PartialEq)]
pub enum Judgement {
    Passed,
    /// The token is not good for this.
    Refused(Flaw),
    /// The provider does not know our secret: the configuration is wrong.
    SecretRefused,
    /// No answer that says anything about the token.
    Failed(String),
}

/// What is wrong with a token. For the log: callers are told no more than that it is not valid.
#[derive(Debug, PartialEq)]
pub enum Flaw {
    /// The provider's own codes.
    Codes(Vec<String>),
    OtherHost,
    OtherAction,
    NotRecent,
    LowScore,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Codes(codes) => write!(f, "refused by the provider: {}", codes.join(", ")),
            Self::OtherHost => f.write_str("solved on another site"),
            Self::OtherAction => f.write_str("solved for another action"),
            Self::NotRecent => f.write_str("not solved within the last minutes"),
            Self::LowScore => f.write_str("the score is too low"),
        }
    }
}

/// What all three answer. Members that one of them does not know are absent.
#[derive(Deserialize)]
struct Answer {
    success: bool,
    challenge_ts: Option<String>,
    hostname: Option<String>,
    action: Option<String>,
    score: Option<f64>,
    #[serde(rename = "error-codes")]
    error_codes: Option<Vec<String>>,
}

impl Provider {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Turnstile => "turnstile",
            Self::Hcaptcha => "hcaptcha",
            Self::Recaptcha => "recaptcha",
        }
    }

    /// Where tokens are verified.
    pub const fn verify_url(self) -> &'static str {
        match self {
            Self::Turnstile => "https://challenges.cloudflare.com/turnstile/v0/siteverify",
            Self::Hcaptcha => "https://api.hcaptcha.com/siteverify",
            Self::Recaptcha => "https://www.google.com/recaptcha/api/siteverify",
        }
    }

    /// Where browsers get the widget's script.
    pub const fn script_url(self) -> &'static str {
        match self {
            Self::Turnstile => "https://challenges.cloudflare.com/turnstile/v0/api.js",
            Self::Hcaptcha => "https://js.hcaptcha.com/1/api.js",
            Self::Recaptcha => "https://www.google.com/recaptcha/api.js",
        }
    }

    /// What the widget needs of a page's policy: sources for scripts and frames, and for styles and requests. Each as its
    /// provider documents it for a Content-Security-Policy.
    pub(super) const fn widget_sources(self) -> (&'static str, &'static str) {
        match self {
            Self::Turnstile => ("https://challenges.cloudflare.com", ""),
            Self::Hcaptcha => {
                ("https://hcaptcha.com https://*.hcaptcha.com", "https://hcaptcha.com https://*.hcaptcha.com")
            }
            Self::Recaptcha => (
                "https://www.google.com/recaptcha/ https://www.gstatic.com/recaptcha/",
                "https://www.google.com/recaptcha/",
            ),
        }
    }

    /// The class by which the script finds the place for its widget; reCAPTCHA v3 has none to show.
    pub const fn widget_class(self) -> Option<&'static str> {
        match self {
            Self::Turnstile => Some("cf-turnstile"),
            Self::Hcaptcha => Some("h-captcha"),
            Self::Recaptcha => None,
        }
    }

    /// The field of a form in which a widget puts its token.
    pub const fn form_field(self) -> &'static str {
        match self {
            Self::Turnstile => "cf-turnstile-response",
            Self::Hcaptcha => "h-captcha-response",
            Self::Recaptcha => "g-recaptcha-response",
        }
    }

    /// Cloudflare documents 2,048 characters. The others name no limit, and hCaptcha's tokens are seen to pass 4,000.
    const fn longest_token(self) -> usize {
        match self {
            Self::Turnstile => 2048,
            Self::Hcaptcha | Self::Recaptcha => 8192,
        }
    }

    const fn tells_action(self) -> bool {
        match self {
            Self::Turnstile | Self::Recaptcha => true,
            Self::Hcaptcha => false,
        }
    }

    const fn scores(self) -> bool {
        match self {
            Self::Recaptcha => true,
            Self::Turnstile | Self::Hcaptcha => false,
        }
    }

    /// Whether a text has a token's shape. What has not is never sent: a token made to upset the provider must not look
    /// like an outage.
    pub fn could_have_issued(self, token: &str) -> bool {
        let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=:".contains(&byte);
        (1..=self.longest_token()).contains(&token.len()) && token.bytes().all(is_fit)
    }

    /// The form that all three take.
    pub fn form<'a>(self, secret: &'a str, token: &'a str, ip: Option<&'a str>) -> Vec<(&'static str, &'a str)> {
        let fields = [("secret", secret), ("response", token)];
        fields.into_iter().chain(ip.map(|ip| ("remoteip", ip))).collect()
    }

    /// Judges an answer. Everything that could be the caller's doing is a refusal; a failure is only what no token can
    /// cause, because failures open the breaker.
    pub fn judge(self, status: u16, body: &[u8], expected: &Expected<'_>, now: Timestamp) -> Judgement {
        if matches!(status, 300..=399 | 429 | 500..) {
            return Judgement::Failed(format!("it answered {status}"));
        }
        let Ok(answer) = serde_json::from_slice::<Answer>(body) else {
            return Judgement::Failed(format!("its answer cannot be read; its status is {status}"));
        };
        if !answer.success {
            return refused(answer.error_codes.unwrap_or_default());
        }
        match self.flaw(&answer, expected, now) {
            Some(flaw) => Judgement::Refused(flaw),
            None => Judgement::Passed,
        }
    }

    fn flaw(self, answer: &Answer, expected: &Expected<'_>, now: Timestamp) -> Option<Flaw> {
        let host = answer.hostname.as_deref().unwrap_or_default();
        let solved_at = answer.challenge_ts.as_deref().and_then(Timestamp::parse);
        let is_recent = |at: Timestamp| at <= now + SKEW && now.since(at) <= LONGEST_LIFE;
        if !expected.hostnames.iter().any(|allowed| allowed.eq_ignore_ascii_case(host)) {
            Some(Flaw::OtherHost)
        } else if self.tells_action() && answer.action.as_deref() != Some(expected.action.name()) {
            Some(Flaw::OtherAction)
        } else if !solved_at.is_some_and(is_recent) {
            Some(Flaw::NotRecent)
        } else if self.scores() && !answer.score.is_some_and(|score| score >= expected.min_score) {
            Some(Flaw::LowScore)
        } else {
            None
        }
    }
}

fn refused(codes: Vec<String>) -> Judgement {
    let has = |code: &str| codes.iter().any(|given| given == code);
    if has("missing-input-secret") || has("invalid-input-secret") {
        Judgement::SecretRefused
    } else if has("internal-error") {
        Judgement::Failed("it answered internal-error".to_owned())
    } else {
        Judgement::Refused(Flaw::Codes(codes))
    }
}
