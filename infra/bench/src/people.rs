//! What people do in a month, on average, and what it asks of everything behind it.

use crate::Fault;
use crate::figures::{Counted, Figures};

/// What one person does in a month.
#[derive(Clone, Copy, Debug)]
pub struct Behaviour {
    /// New accounts, for each person who is there.
    pub sign_ups: f64,
    /// In a browser that has signed in before, and in one that has not: its owner gets a mail.
    pub sign_ins: f64,
    pub new_browsers: f64,
    /// Loads of hosted pages, style and script counted apart.
    pub pages: f64,
    pub refreshes: f64,
    /// Asks whether a session is alive, by `verify-token` or the authorizer.
    pub checks: f64,
    pub sign_outs: f64,
}

/// Twenty days on which somebody is there for a while: three refreshes and five checked requests a day, a sign-in a week, one of
/// them in a browser that is new.
pub const ASSUMED: Behaviour = Behaviour {
    sign_ups: 0.1,
    sign_ins: 3.0,
    new_browsers: 1.0,
    pages: 5.0,
    refreshes: 60.0,
    checks: 100.0,
    sign_outs: 1.0,
};

/// A month, in days and in seconds.
pub const DAYS: f64 = 30.0;
pub const SECONDS: f64 = DAYS * 86_400.0;

impl Behaviour {
    /// What is done by one person, by the rows' names.
    pub fn done(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("auth-signup", self.sign_ups),
            ("auth-verify-email", self.sign_ups),
            ("pages", self.pages),
            ("pages-assets", self.pages),
            ("auth-csrf", self.all_sign_ins()),
            ("auth-login", self.sign_ins),
            ("auth-login new", self.new_browsers),
            ("auth-refresh", self.refreshes),
            ("auth-verify-token", self.checks),
            ("auth-logout", self.sign_outs),
        ]
    }

    pub fn all_sign_ins(&self) -> f64 {
        self.sign_ins + self.new_browsers
    }

    /// Sessions that nobody ends: a job does, with the events of a sign-out in one transaction.
    pub fn expiries(&self) -> f64 {
        (self.all_sign_ins() - self.sign_outs).max(0.0)
    }

    /// All requests of one person.
    pub fn requests(&self) -> f64 {
        self.done().iter().map(|(_, times)| times).sum()
    }

    /// How often one person's requests do this.
    ///
    /// # Errors
    /// When the figures lack a row.
    pub fn asks(&self, figures: &Figures, what: fn(&Counted) -> u32) -> Result<f64, Fault> {
        self.done().into_iter().map(|(name, times)| Ok(f64::from(what(&figures.row(name)?.counted)) * times)).sum()
    }

    /// Events of the trail that follow from what one person does.
    ///
    /// # Errors
    /// When the figures lack a row.
    pub fn events(&self, figures: &Figures) -> Result<f64, Fault> {
        let ended = f64::from(figures.row("auth-logout")?.counted.events) * self.expiries();
        Ok(self.asks(figures, |counted| counted.events)? + ended)
    }
}
