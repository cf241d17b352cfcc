//! What mails say: their kinds, and the two forms each is rendered in (NOTE-1). Sending them is [`outbox`]'s part.
//!
//! Reading order: this file, `render`, `untrusted` (how text that strangers chose is shown), `outbox`.

pub mod outbox;
mod render;
mod untrusted;

use serde::{Deserialize, Serialize};

pub use untrusted::display_name;

use crate::report::Figures;
use crate::report::checklist::Line;

/// What a mail says. It travels encrypted through the outbox, so it carries values and never rendered text: a mail
/// that waited for a day is written by the templates of the day it leaves.
///
/// No `Debug`: a link signs its reader in to something. Names may be empty; then the mail greets nobody in particular.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Mail {
    /// Somebody signed up: the address has to be confirmed by `link` (SIGN-3).
    VerifyEmail { name: String, link: String, valid_hours: u64 },
    /// The address is confirmed.
    Welcome { name: String, sign_in_url: String },
    /// Somebody signed up with an address that has an account. `name` is the account's, never what was typed just now.
    AddressTaken { name: String, sign_in_url: String },
    /// A link was asked for again, but several sign-ups wait with different passwords: only a new one can tell whose.
    SignUpAgain { app_url: String },
    /// A refresh token was used a second time, and its session was ended. `at` is RFC 3339; `device` is a label or a
    /// `User-Agent`; `ip` and `device` may be empty.
    RefreshReplay { name: String, at: String, ip: String, device: String },
    /// A device that is new to the account has signed in (SESS-3). `place` may be empty, too.
    NewDevice { name: String, at: String, ip: String, place: String, device: String, reset_url: String },
    /// Wrong passwords were tried, so many by now (LOGIN-3). `at`, `ip` and `device` are those of the last try.
    SuspiciousLogin { name: String, at: String, ip: String, device: String, failures: u32, reset_url: String },
    /// Browsers that have never signed in are kept out until `until` (RFC 3339); `link` lets them try again at once.
    AccountLocked {
        name: String,
        at: String,
        ip: String,
        device: String,
        until: String,
        link: String,
        valid_hours: u64,
    },
    /// An administrator has opened a locked account.
    AccountUnlocked { name: String, at: String, reset_url: String },
    /// Somebody asked for a new password: `link` leads to the form for it (RECOV-1).
    PasswordReset { name: String, link: String, valid_hours: u64 },
    /// The account has another password (RECOV-2, RECOV-3).
    PasswordChanged { name: String, at: String, ip: String, device: String, by: ChangedBy, reset_url: String },
    /// A day in figures, for administrators (OPS-6). `day` is its first instant (RFC 3339); `checklist` is how things stood when
    /// the mail was made (OPS-9).
    DailyReport {
        day: String,
        figures: Figures,
        #[serde(default)]
        checklist: Vec<Line>,
        app_url: String,
    },
}

/// How a password came to be another one.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangedBy {
    /// By a link from a mail.
    Reset,
    /// By somebody who was signed in and knew the old one.
    Change,
}

impl Mail {
    /// The mail's name in records and logs: the same word as serde's tag.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::VerifyEmail { .. } => "verify_email",
            Self::Welcome { .. } => "welcome",
            Self::AddressTaken { .. } => "address_taken",
            Self::SignUpAgain { .. } => "sign_up_again",
            Self::RefreshReplay { .. } => "refresh_replay",
            Self::NewDevice { .. } => "new_device",
            Self::SuspiciousLogin { .. } => "suspicious_login",
            Self::AccountLocked { .. } => "account_locked",
            Self::AccountUnlocked { .. } => "account_unlocked",
            Self::PasswordReset { .. } => "password_reset",
            Self::PasswordChanged { .. } => "password_changed",
            Self::DailyReport { .. } => "daily_report",
        }
    }
}

/// A mail as it is handed to SES. Both bodies say the same.
pub struct Rendered {
    pub subject: String,
    pub html: String,
    pub text: String,
}

/// Whose mails these are. Set by whoever deploys, so it is trusted to be sensible, though not to be free of `<`.
pub struct Brand {
    /// What the service is called.
    pub product: String,
    /// Where people manage their account.
    pub app_url: String,
}
