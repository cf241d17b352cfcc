//! Which events are asked for: what an administrator filters by, and whether an event is among them. Knows nothing of
//! how they are looked up.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::{Kind, Outcome, Recorded};
use crate::app::App;
use crate::clock::Timestamp;
use crate::email::Email;
use crate::error::{Error, FieldError, Refusal, Result};
use crate::id::UserId;

/// What is asked for; each that is set must hold.
#[derive(Clone, Default)]
pub struct Filters {
    /// Whose events: those of the person, those about the person, and those of the person's address.
    pub user: Option<UserId>,
    /// The same, by an address, whether it has an account or not.
    pub email: Option<Email>,
    pub action: Option<Kind>,
    /// The first instant.
    pub from: Option<Timestamp>,
    /// The first instant that does not count any more.
    pub to: Option<Timestamp>,
    pub ip: Option<IpAddr>,
    pub request_id: Option<String>,
    pub outcome: Option<Outcome>,
}

/// A person as the trail knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) user: Option<String>,
    pub(crate) email: Option<String>,
}

/// Filters whose people have been looked up.
pub(crate) struct Wanted {
    pub(crate) filters: Filters,
    /// None, one, or two that both must be meant.
    pub(crate) people: Vec<Person>,
}

impl Person {
    pub(crate) fn new(user: Option<UserId>, email: Option<&Email>) -> Self {
        Self { user: user.map(|id| format!("user#{id}")), email: email.map(|it| format!("email#{}", it.as_str())) }
    }

    fn is_in(&self, event: &Recorded) -> bool {
        let is = |key: &Option<String>, name: Option<&str>| key.is_some() && key.as_deref() == name;
        is(&self.user, Some(&event.actor))
            || is(&self.email, Some(&event.actor))
            || is(&self.user, event.subject.as_deref())
    }
}

impl Filters {
    /// What is asked for, in words for the trail and to tell one query from another.
    pub(crate) fn described(&self) -> BTreeMap<&'static str, String> {
        let described = [
            ("userId", self.user.map(|user| user.to_string())),
            ("email", self.email.as_ref().map(|email| email.as_str().to_owned())),
            ("action", self.action.map(|action| format!("{action:?}"))),
            ("from", self.from.map(|from| from.to_string())),
            ("to", self.to.map(|to| to.to_string())),
            ("ip", self.ip.map(|ip| ip.to_string())),
            ("requestId", self.request_id.clone()),
            ("outcome", self.outcome.map(|outcome| format!("{outcome:?}").to_lowercase())),
        ];
        described.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// Looks up the people who are meant.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a span that ends before it begins.
    pub(crate) async fn resolve(self, app: &App) -> Result<Wanted> {
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from > to
        {
            return Err(Refusal::Invalid(vec![FieldError::new("to", "invalid", "must not lie before from")]).into());
        }
        let by_id = async {
            let Some(id) = self.user else { return Ok::<_, Error>(None) };
            let user = app.store.user(id).await?;
            Ok(Some(Person::new(Some(id), user.map(|user| user.email).as_ref())))
        };
        let by_email = async {
            let Some(email) = &self.email else { return Ok(None) };
            let login = app.store.login_by_email(email).await?;
            Ok(Some(Person::new(login.map(|login| login.user_id), Some(email))))
        };
        let (by_id, by_email) = tokio::try_join!(by_id, by_email)?;
        Ok(Wanted { people: by_id.into_iter().chain(by_email).collect(), filters: self })
    }
}

impl Wanted {
    /// Whether an event is asked for. Time is not asked about: only events of the span are looked up.
    pub(crate) fn includes(&self, event: &Recorded) -> bool {
        let Filters { action, ip, request_id, outcome, .. } = &self.filters;
        action.is_none_or(|action| event.kind == format!("{action:?}"))
            && ip.is_none_or(|ip| event.ip.as_deref() == Some(&ip.to_string()))
            && request_id.as_ref().is_none_or(|id| event.request_id == *id)
            && outcome.is_none_or(|outcome| event.outcome == outcome)
            && self.people.iter().all(|person| person.is_in(event))
    }
}
