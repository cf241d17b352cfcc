//! What makes the trail tamper-evident: every event that the table's stream has told of stands in a chain of hashes, and
//! KMS signs where the chain ends.
//!
//! - A **segment** holds what one batch of the stream told (instant, id and fingerprint of each event, never its content) and
//!   the hash of the segment before. Whoever changes or removes an event must change its segment and all that follow.
//! - A **checkpoint** is the hash of a segment, signed by a key that can only sign, and names the checkpoint before. There is
//!   one every two hours at least. Whoever changes the chain must sign, or leave a gap among the signatures.
//!   It also says since when events are kept: what is older may be purged, and nothing else may.
//!
//! The stream cannot be written to. So an event that is removed a moment after it was written is missed all the same.

mod checkpoint;
mod segment;
mod sign;
mod standing;
mod verify;

pub(super) use self::checkpoint::newest_signed;
pub use self::checkpoint::{Checkpoint, Logged, Witness};
pub use self::segment::{Change, Segment, follow};
pub use self::sign::{Signing, sign};
pub use self::standing::{Standing, State, standing, unsigned_since};
pub(super) use self::verify::CUT_MARGIN;
pub use self::verify::{Fault, Verification, verify};
use serde::de::{Deserialize, Deserializer, Error as _};

use crate::error::Error;

/// The number of a link is its key in the table: whoever reads on from the last one must not be led in a circle.
fn number<'de, D: Deserializer<'de>>(key: D) -> Result<u64, D::Error> {
    let key = String::deserialize(key)?;
    let is_whole = key.len() == 12 && key.bytes().all(|digit| digit.is_ascii_digit());
    key.parse().ok().filter(|_| is_whole).ok_or_else(|| D::Error::custom("a link of the audit chain has no number"))
}

fn broken(what: &str) -> Error {
    Error::internal(format!("the audit chain is broken: {what}"))
}
