//! What surrounds each sign-in: the counters it takes a place on, and what follows upon failures (LOGIN-2…6, LOGIN-9).
//!
//! Strangers to an account share one counter for it, and one for their address of the network. A device that has signed
//! in before has a counter of its own and touches neither, so nobody can lock an owner out of the owner's own browser.
//!
//! An address without an account is counted, warned and locked the same way, with the same writes: its mail is a decoy.

use std::future::Future;
use std::time::Duration;

use crate::app::App;
use crate::attempts::device::DeviceId;
use crate::attempts::{self, Client, Counter, Lock, Turn};
use crate::audit::{Actor, Event, Kind};
use crate::captcha;
use crate::context::RequestContext;
use crate::email::Email;
use crate::error::{Refusal, Result};
use crate::id::UserId;
use crate::keys::secrets::Secrets;
use crate::links::Link;
use crate::mail::{Mail, outbox};
use crate::store::{Attempt, ChallengeKind, Login, Status, Transaction};

/// How long an unlock link works (LOGIN-6).
const UNLOCK_HOURS: u64 = 1;

/// How long the notice of a new device is worth sending.
const NOTICE_LIFE: Duration = Duration::from_secs(7 * 24 * 3600);

/// How long a warning is worth sending.
const WARNING_LIFE: Duration = Duration::from_secs(24 * 3600);

/// One sign-in, as the counters see it.
pub(super) struct Guard<'a> {
    pub(super) app: &'a App,
    pub(super) ctx: &'a RequestContext,
    pub(super) email: &'a Email,
    /// The device, if it has signed in to this address before.
    pub(super) device: Option<DeviceId>,
}

impl Guard<'_> {
    /// Takes a place on every counter that this attempt concerns, the account's first, and reads meanwhile what the
    /// sign-in needs.
    ///
    /// # Errors
    /// [`Refusal::AccountLocked`], [`Refusal::RateLimited`]; no place is kept then.
    pub(super) async fn enter<T>(&self, reading: impl Future<Output = Result<T>>) -> Result<(Turn, T)> {
        let Self { app, ctx, email, device } = self;
        let rules = &app.settings.attempts;
        let account = match device {
            Some(device) => Counter::device(rules, email, device),
            None => Counter::strangers(rules, email),
        };
        let network = device.is_none().then(|| Counter::network(rules, ctx.ip));
        let client = device.map_or(Client::Network(ctx.ip), Client::Device);

        // Whoever is refused anyway takes no place on the account, not even for a moment: with such moments a caller that is
        // stopped already could keep its owner out.
        let is_asked_first = attempts::was_full(app, ctx, &client);
        if is_asked_first {
            attempts::admit(app, ctx, &client).await?;
        }
        if let Some(network) = network.as_ref().filter(|network| app.lines.remembers(network.key()))
            && let Some(tally) = app.lines.join(network.key()).await.look(app, ctx, network).await?
        {
            return Err(network.refusal(&tally, ctx.now).into());
        }
        // In line first: behind a full counter nothing else is asked at all.
        let mut line = app.lines.join(account.key()).await;
        if let Some(tally) = line.look(app, ctx, &account).await? {
            return Err(account.refusal(&tally, ctx.now).into());
        }
        // Not `try_join`: a place that was taken is given back if something else fails.
        let (on_account, on_network, admitted, read) = tokio::join!(
            line.reserve(app, ctx, &account),
            async { Some(attempts::reserve(app, ctx, network.as_ref()?).await) },
            async { if is_asked_first { Ok(()) } else { attempts::admit(app, ctx, &client).await } },
            reading,
        );
        drop(line);
        let mut turn = Turn::default();
        let on_account = on_account.and_then(|reservation| turn.add(ctx, account, reservation));
        let on_network = match network.zip(on_network) {
            Some((network, reservation)) => reservation.and_then(|reservation| turn.add(ctx, network, reservation)),
            None => Ok(()),
        };
        // The account's word first: a lock weighs more than a rate.
        match on_account.and(on_network).and(admitted).and(read) {
            Ok(read) => Ok((turn, read)),
            Err(error) => {
                turn.give_back(app, ctx).await;
                Err(error)
            }
        }
    }

    /// What a right password brings besides the session: the owner is told of a device that is new to the account, unless
    /// it is the account's first (SESS-3).
    pub(super) fn greet(&self, secrets: &Secrets, login: &Login) -> Result<Transaction<'_>> {
        let Self { app, ctx, email, device } = self;
        let change = app.store.transaction();
        if !login.signed_in {
            return Ok(change.note_first_sign_in(email));
        }
        if device.is_some() {
            return Ok(change);
        }
        let mail = Mail::NewDevice {
            name: String::new(),
            at: ctx.now.to_string(),
            ip: ctx.ip_text(),
            place: ctx.place.clone().unwrap_or_default(),
            device: ctx.user_agent.clone(),
            reset_url: format!("{}/forgot-password", app.settings.app_url),
        };
        outbox::enqueue(change, secrets, *email, mail, ctx.now, ctx.now + NOTICE_LIFE)
    }

    /// After some failures a person has to show that they are one, before their password is looked at (LOGIN-5).
    ///
    /// # Errors
    /// Those of [`captcha::check`].
    pub(super) async fn ask_captcha(&self, turn: &Turn, token: Option<&str>) -> Result<()> {
        // This attempt has its place already: the next after the last that was free of it.
        if self.failures(turn) <= self.app.settings.attempts.suspicious_after {
            return Ok(());
        }
        captcha::check(self.app, self.ctx, captcha::Action::Login, token).await
    }

    /// What somebody is told whose password was wrong.
    pub(super) fn invalid(&self, turn: &Turn) -> Refusal {
        let is_asked_for = self.app.settings.captcha.is_some();
        let captcha_required = is_asked_for && self.failures(turn) >= self.app.settings.attempts.suspicious_after;
        Refusal::InvalidCredentials { captcha_required }
    }

    /// How many of the window's places are taken, this attempt's included.
    fn failures(&self, turn: &Turn) -> usize {
        turn.first().map_or(0, |(counter, tally)| counter.used(tally, self.ctx.now))
    }

    /// Tells the trail of a failure, warns the owner of the third and locks upon the last (LOGIN-2, LOGIN-6).
    pub(super) async fn failed(&self, turn: &Turn, secrets: &Secrets, login: Option<&Login>) -> Result<()> {
        let (account, network) = tokio::join!(self.answer_failure(turn, secrets, login), self.lock_network(turn));
        account.and(network)
    }

    async fn answer_failure(&self, turn: &Turn, secrets: &Secrets, login: Option<&Login>) -> Result<()> {
        let Self { app, ctx, .. } = self;
        let failures = self.failures(turn);
        let event = self.event(Kind::UserLoginFailed, login).failed("invalid credentials");
        let lock = turn.first().and_then(|(counter, tally)| Some((counter, counter.lock_after(tally, ctx.now)?)));
        let change = app.store.transaction().event(ctx, event.clone())?;
        let change = match lock {
            Some((counter, lock)) => self.lock(change, secrets, login, counter, lock)?,
            None if failures == app.settings.attempts.suspicious_after => self.warn(change, secrets, login)?,
            None => return app.store.record_event(ctx, event).await,
        };
        match change.try_commit().await? {
            Attempt::Done => return Ok(()),
            // A flood is at this counter. The lock matters more than its mail.
            Attempt::Contended => {
                if let Some((counter, lock)) = lock {
                    app.store.lock_counter(counter, lock, ctx.now).await?;
                }
            }
            // Locked or warned a moment ago, or a place was given back: what is left is that this one failed, too.
            Attempt::Refused(_) => {}
        }
        app.store.record_event(ctx, event).await
    }

    /// Locks the counter and mails the owner a way out.
    fn lock<'t>(
        &self,
        change: Transaction<'t>,
        secrets: &Secrets,
        login: Option<&Login>,
        counter: &Counter,
        lock: Lock,
    ) -> Result<Transaction<'t>> {
        let Self { app, ctx, email, device } = self;
        let user_id = login.map_or_else(|| UserId::new(ctx.now), |login| login.user_id);
        let Link { challenge, url: link } = Link::new(app, ctx, ChallengeKind::Unlock, user_id, email, UNLOCK_HOURS);
        let event = self
            .event(Kind::UserAccountLocked, login)
            .with("until", lock.until)
            .with("step", lock.step)
            .with("scope", if device.is_some() { "device" } else { "strangers" });
        let mut change = change.lock(counter, lock, ctx.now).create_challenge(&challenge)?.event(ctx, event)?;
        if device.is_some() {
            let account = Counter::strangers(&app.settings.attempts, email);
            change = change.note_locked_device(&account, counter, ctx.now);
        }
        let mail = Mail::AccountLocked {
            name: String::new(),
            at: ctx.now.to_string(),
            ip: ctx.ip_text(),
            device: ctx.user_agent.clone(),
            until: lock.until.to_string(),
            link,
            valid_hours: UNLOCK_HOURS,
        };
        self.mail(change, secrets, login, mail, challenge.expires_at)
    }

    /// Warns the owner, once an hour at most.
    fn warn<'t>(&self, change: Transaction<'t>, secrets: &Secrets, login: Option<&Login>) -> Result<Transaction<'t>> {
        let Self { app, ctx, email, .. } = self;
        let failures = app.settings.attempts.suspicious_after;
        let event = self.event(Kind::SuspiciousActivityDetected, login).with("failures", failures);
        let change = change.reserve(&Counter::notice("login-warning", email), ctx.now).event(ctx, event)?;
        let mail = Mail::SuspiciousLogin {
            name: String::new(),
            at: ctx.now.to_string(),
            ip: ctx.ip_text(),
            device: ctx.user_agent.clone(),
            failures: u32::try_from(failures).unwrap_or(u32::MAX),
            reset_url: format!("{}/forgot-password", app.settings.app_url),
        };
        self.mail(change, secrets, login, mail, ctx.now + WARNING_LIFE)
    }

    /// Mails the owner; a decoy where the address has none who has shown that it is theirs.
    fn mail<'t>(
        &self,
        change: Transaction<'t>,
        secrets: &Secrets,
        login: Option<&Login>,
        mail: Mail,
        expires_at: crate::clock::Timestamp,
    ) -> Result<Transaction<'t>> {
        let has_owner = login.is_some_and(|login| login.email_verified && login.status == Status::Active);
        let to = has_owner.then_some(self.email);
        outbox::enqueue(change, secrets, to, mail, self.ctx.now, expires_at)
    }

    /// Stops the address of the network once its window is full (LOGIN-3).
    async fn lock_network(&self, turn: &Turn) -> Result<()> {
        for (counter, tally) in turn.counters().skip(1) {
            if let Some(lock) = counter.lock_after(tally, self.ctx.now) {
                self.app.store.lock_counter(counter, lock, self.ctx.now).await?;
            }
        }
        Ok(())
    }

    fn event(&self, kind: Kind, login: Option<&Login>) -> Event {
        let actor = login.map_or_else(|| Actor::Email(self.email.clone()), |login| Actor::User(login.user_id));
        Event::new(kind, actor)
    }
}
