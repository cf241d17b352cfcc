//! What is asked of each function, and what it must answer: each case is a success of its endpoint, job or consumer.

use std::collections::BTreeSet;

use template::Template;

use crate::inputs::Kind;

/// One thing that is asked of one function.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub name: &'static str,
    pub function: &'static str,
    pub about: &'static str,
    pub wanted: Wanted,
    /// What its events are made from.
    pub kind: Kind,
}

/// The answer that tells that it was done. Any other one ends the measuring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Status(u64),
    /// The authorizer lets the caller in.
    Authorized,
    /// A scheduled job ran to its end and found nothing wrong.
    Done,
    /// A stream's consumer took the whole batch.
    Taken,
    /// A deployment passed its check.
    Passed,
}

impl Case {
    /// A function that does nothing of ours.
    pub const fn floor(name: &'static str, about: &'static str) -> Self {
        Self { name, function: name, about, wanted: Wanted::Status(200), kind: Kind::Sample }
    }

    /// Whether sessions have to be older than they can be made: whoever measures waits a minute, or moves the clock.
    pub fn is_late(&self) -> bool {
        self.kind == Kind::Refresh
    }

    /// Whether nobody has to be there for it.
    pub fn is_job(&self) -> bool {
        self.kind == Kind::Run
    }
}

const fn case(name: &'static str, about: &'static str, status: u64, kind: Kind) -> Case {
    Case { name, function: name, about, wanted: Wanted::Status(status), kind }
}

const fn batch(name: &'static str, function: &'static str, about: &'static str, kind: Kind) -> Case {
    Case { name, function, about, wanted: Wanted::Taken, kind }
}

const fn job(name: &'static str, about: &'static str) -> Case {
    Case { name, function: name, about, wanted: Wanted::Done, kind: Kind::Run }
}

/// What is measured unless more is asked for. Sessions are refreshed last: theirs must be a minute old.
pub const CASES: [Case; 21] = [
    case("http-fallback", "a preflight", 204, Kind::Sample),
    case("health-auth", "how the service does", 200, Kind::Sample),
    case("keys-jwks", "the public keys", 200, Kind::Sample),
    case("pages", "the page to sign in", 200, Kind::Sample),
    case("pages-assets", "its style", 200, Kind::Sample),
    case("auth-csrf", "a CSRF token", 200, Kind::Visit),
    case("auth-verify-token", "is this session alive?", 204, Kind::Visit),
    Case { wanted: Wanted::Authorized, ..case("authorizer", "the same, in front of another API", 200, Kind::Token) },
    case("user-me", "who am I?", 200, Kind::Visit),
    case("auth-signup", "a new account", 202, Kind::SignUp),
    case("auth-verify-email", "the link in the first mail", 200, Kind::VerifyEmail),
    case("auth-login", "a sign-in in a browser that is known", 200, Kind::SignInAgain),
    Case { function: "auth-login", ..case("auth-login new", "a sign-in in a browser that is new", 200, Kind::SignIn) },
    case("auth-logout", "a sign-out", 204, Kind::SignOut),
    case("auth-password-change", "another password", 200, Kind::ChangePassword),
    batch("jobs-send-mail", "jobs-send-mail", "one mail, from the outbox's stream", Kind::SendMail),
    batch("jobs-follow-events 1", "jobs-follow-events", "one event of the trail's stream", Kind::Events(1)),
    batch("jobs-follow-events 80", "jobs-follow-events", "a full batch", Kind::Events(80)),
    batch("jobs-chain-audit 1", "jobs-chain-audit", "one event of the trail's stream", Kind::Events(1)),
    batch("jobs-chain-audit 100", "jobs-chain-audit", "a full batch", Kind::Events(100)),
    case("auth-refresh", "a refresh that rotates", 200, Kind::Refresh),
];

/// The scheduled jobs, where nobody is there: what they cost then is paid by everybody.
pub const JOBS: [Case; 11] = [
    job("jobs-retry-mail", "nothing waits"),
    job("jobs-retry-webhooks", "nothing waits"),
    job("jobs-spike-detector", "nothing is wrong"),
    job("jobs-sign-audit-checkpoint", "nothing new to sign"),
    job("jobs-monitor-jwks", "the keys are as they should be"),
    job("jobs-rotate-keys", "no key is old"),
    job("jobs-expire-sessions", "no session to end"),
    job("jobs-count-sessions", "no session to count"),
    job("jobs-purge-audit", "nothing is too old"),
    job("jobs-daily-report", "the day has its report"),
    job("jobs-check-backups", "all tables have theirs"),
];

/// What `--all` adds.
pub const OTHERS: [Case; 28] = [
    case("admin-alert-channels", "where alerts go, set anew", 200, Kind::Visit),
    case("admin-audit-export", "the trail of this run", 200, Kind::Visit),
    case("admin-audit-logs", "a page of the trail", 200, Kind::Visit),
    case("admin-erase-audit", "the few events of a new account", 200, Kind::EraseAudit),
    case("admin-job-switch", "a job off, or on again", 200, Kind::SwitchJob),
    case("admin-jobs", "all jobs with their runs", 200, Kind::Visit),
    case("admin-metrics-logins", "sign-ins of a day", 200, Kind::Visit),
    case("admin-metrics-sessions", "the last count of sessions", 200, Kind::Visit),
    case("admin-reports", "the compliance report", 200, Kind::Visit),
    case("admin-session-end", "somebody's session", 204, Kind::EndSession),
    case("admin-sessions", "a page of sessions", 200, Kind::Visit),
    case("admin-unlock-account", "an account", 200, Kind::UnlockFor),
    case("admin-webhook-deliveries", "a delivery, once more", 202, Kind::Redeliver),
    case("admin-webhook-secret", "another secret", 200, Kind::Webhook),
    case("admin-webhooks", "the list of webhooks", 200, Kind::Webhooks),
    case("auth-password-forgot", "a link is mailed", 202, Kind::Forgot),
    case("auth-password-reset", "a new password by that link", 200, Kind::Reset),
    case("auth-unlock", "the link that was mailed with a lock", 200, Kind::Unlock),
    case("auth-verify-email-resend", "another link is mailed", 202, Kind::Resend),
    Case { wanted: Wanted::Passed, ..case("deploy-check", "an account's life in new versions", 200, Kind::Sample) },
    batch("jobs-send-webhooks", "jobs-send-webhooks", "one delivery, from the deliveries' stream", Kind::Deliveries),
    case("keys-discovery", "the metadata", 200, Kind::Sample),
    case("metrics-page", "the counters", 200, Kind::Scrape),
    case("organizations-slug-available", "is this slug free?", 200, Kind::Sample),
    case("reference", "the API reference", 200, Kind::Sample),
    case("user-session-end", "another of one's sessions", 204, Kind::EndSession),
    case("user-sessions", "the list of one's sessions", 200, Kind::Visit),
    case("user-sessions-end-others", "all but this session", 200, Kind::EndOthers),
];

/// Every case there is, those that wait last.
pub fn all() -> Vec<Case> {
    let (late, early): (Vec<Case>, Vec<Case>) = CASES.into_iter().partition(Case::is_late);
    [early, OTHERS.to_vec(), JOBS.to_vec(), late].concat()
}

/// The functions that no case is of. They have no figures.
pub fn without(template: &Template) -> BTreeSet<&str> {
    let functions = template.functions.iter().map(|function| function.binary.as_str());
    functions.filter(|name| all().iter().all(|case| case.function != *name)).collect()
}
