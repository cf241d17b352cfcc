//! Identifiers: UUIDv7 (RFC 9562), whose text order is the order of their making.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::random;

fn new_v7(now: Timestamp) -> Uuid {
    let millis = u64::try_from(now.millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random::bytes()).into_uuid()
}

/// A fresh id as text, for things that need no type of their own (events, messages, `jti`).
pub fn fresh(now: Timestamp) -> String {
    new_v7(now).to_string()
}

macro_rules! id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            pub fn new(now: Timestamp) -> Self {
                Self(new_v7(now))
            }

            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// When it was made, to the millisecond: a UUIDv7 begins with it (RFC 9562 §5.7).
            pub fn made_at(&self) -> Timestamp {
                let [a, b, c, d, e, f, ..] = *self.as_bytes();
                Timestamp::from_millis(i64::from_be_bytes([0, 0, a, b, c, d, e, f]))
            }

            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            /// Takes the hyphenated lower-case form only, so that one id has one spelling.
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let id = Self(Uuid::try_parse(text).map_err(|_| NotAnId)?);
                if id.to_string() == text { Ok(id) } else { Err(NotAnId) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnId;
            fn try_from(text: String) -> Result<Self, NotAnId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

id!(
    /// A person's account.
    UserId
);
id!(
    /// One sign-in on one device: the refresh family.
    SessionId
);
id!(
    /// An organization, personal ones included.
    OrganizationId
);

impl UserId {
    /// The id of an account that no person has. It is of version 8, which says nothing of what is in it (RFC 9562 §5.8), but
    /// made like the others: who sees only the id can leave the account out of what is about people.
    pub fn synthetic(now: Timestamp) -> Self {
        let mut bytes = new_v7(now).into_bytes();
        bytes[6] = 0x80 | (bytes[6] & 0x0f);
        Self::from_bytes(bytes)
    }

    pub fn is_synthetic(&self) -> bool {
        self.0.get_version_num() == 8
    }
}

/// The text is not an id of ours.
#[derive(Debug, thiserror::Error)]
#[error("not an id")]
pub struct NotAnId;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_when_it_was_made() {
        let now = Timestamp::from_millis(1_795_225_800_007);
        assert_eq!(SessionId::new(now).made_at(), now);
    }

    #[test]
    fn deploy_3_an_id_tells_whether_a_person_has_it() {
        let now = Timestamp::from_millis(1_795_225_800_007);
        let synthetic = UserId::synthetic(now);
        assert_eq!((synthetic.is_synthetic(), synthetic.made_at()), (true, now));
        assert_eq!(synthetic.to_string().parse::<UserId>().unwrap(), synthetic);
        assert!(!UserId::new(now).is_synthetic());
    }
}
