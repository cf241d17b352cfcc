//! Sessions from a country that is not their person's usual one (OPS-9): worth a question, and no more than that. People
//! travel, and networks are where their owners say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{SessionId, UserId};
use crate::store::SessionRecord;

/// So many are named, the newest.
const NAMED: usize = 20;

/// What was found among all live sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unusual {
    pub count: u64,
    /// The newest of them, newest first.
    pub newest: Vec<UnusualSession>,
}

/// A session that is elsewhere than most of its person's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnusualSession {
    pub user_id: UserId,
    pub session_id: SessionId,
    /// ISO 3166 codes.
    pub country: String,
    pub usual: String,
}

/// Looks at sessions, each person's one after the other.
#[derive(Default)]
pub(super) struct Places {
    person: Option<UserId>,
    /// Of the person at hand.
    sessions: Vec<(String, SessionId)>,
    found: Unusual,
}

impl Places {
    pub(super) fn add(&mut self, session: &SessionRecord) {
        if self.person != Some(session.user_id) {
            self.settle();
            self.person = Some(session.user_id);
        }
        if let Some(country) = session.place.as_deref().and_then(|place| place.rsplit(", ").next()) {
            self.sessions.push((country.to_owned(), session.session_id));
        }
    }

    pub(super) fn found(mut self) -> Unusual {
        self.settle();
        self.found
    }

    /// Judges the person at hand. Usual is where most of the sessions are; of two places with as many, where the older are.
    fn settle(&mut self) {
        let Some(user_id) = self.person.take() else { return };
        let sessions = std::mem::take(&mut self.sessions);
        let mut places: BTreeMap<&str, (usize, i64)> = BTreeMap::new();
        for (country, session) in &sessions {
            let made_at = session.made_at().millis();
            let (count, first) = places.entry(country).or_insert((0, made_at));
            (*count, *first) = (*count + 1, made_at.min(*first));
        }
        let usual =
            places.iter().max_by_key(|(_, (count, first))| (*count, -first)).map(|(country, _)| (*country).to_owned());
        let Some(usual) = usual.filter(|_| places.len() > 1) else { return };
        let unusual = sessions.into_iter().filter(|(country, _)| *country != usual);
        let unusual: Vec<UnusualSession> = unusual
            .map(|(country, session_id)| UnusualSession { user_id, session_id, country, usual: usual.clone() })
            .collect();
        self.found.count += u64::try_from(unusual.len()).unwrap_or_default();
        self.found.newest.extend(unusual);
        self.found.newest.sort_by_key(|session| std::cmp::Reverse(session.session_id.made_at()));
        self.found.newest.truncate(NAMED);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::Timestamp;
    use crate::secret::TokenHash;
    use crate::tokens::rotation::Family;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000) + Duration::from_secs(seconds)
    }

    fn session(user_id: UserId, made: u64, place: Option<&str>) -> SessionRecord {
        let rules = crate::settings::tests::read_with(&[]).unwrap().sessions;
        SessionRecord {
            user_id,
            session_id: SessionId::new(at(made)),
            family: Family::begin(TokenHash::of(b"token"), at(made), &rules),
            secret_version: 1,
            token_version: 1,
            auth_time: at(made),
            amr: Vec::new(),
            user_agent: String::new(),
            network: None,
            place: place.map(str::to_owned),
            seen_at: None,
        }
    }

    /// The countries of what is found, for people with these sessions: when each was made, and where.
    fn countries(people: &[&[(u64, Option<&str>)]]) -> Vec<(String, String)> {
        let mut places = Places::default();
        for sessions in people {
            let user = UserId::new(at(0));
            sessions.iter().for_each(|(made, place)| places.add(&session(user, *made, *place)));
        }
        let found = places.found();
        assert!(found.count >= u64::try_from(found.newest.len()).unwrap());
        found.newest.into_iter().map(|session| (session.country, session.usual)).collect()
    }

    #[test]
    fn ops_9_a_session_elsewhere_than_most_of_its_persons_is_unusual() {
        let of = |sessions: &[(u64, Option<&str>)]| countries(&[sessions]);
        let pair = |country: &str, usual: &str| (country.to_owned(), usual.to_owned());
        assert_eq!(of(&[(1, Some("Berlin, DE")), (2, Some("DE")), (3, Some("Lagos, NG"))]), [pair("NG", "DE")]);
        assert_eq!(of(&[(2, Some("FR")), (1, Some("DE"))]), [pair("FR", "DE")], "as many: the older place is usual");
        assert_eq!(of(&[(1, Some("DE")), (2, None), (3, Some("Bonn, DE"))]), [], "an unknown place is no other place");
        assert_eq!(of(&[(1, Some("NG"))]), [], "there is nothing to compare it with");
        assert_eq!(countries(&[&[(1, Some("DE"))], &[(2, Some("NG"))]]), [], "other people may be anywhere");
    }

    #[test]
    fn ops_9_the_newest_are_named_and_all_are_counted() {
        let mut places = Places::default();
        let user = UserId::new(at(0));
        (0..40).for_each(|n| places.add(&session(user, n, Some("DE"))));
        (0..30).for_each(|n| places.add(&session(user, 100 + n, Some("NG"))));
        let found = places.found();
        assert_eq!((found.count, found.newest.len()), (30, NAMED));
        assert_eq!(found.newest[0].session_id.made_at(), at(129));
    }
}
