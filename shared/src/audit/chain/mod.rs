//! What makes the trail tamper-evident: every event that the table's stream has told of stands in a chain of hashes, and
//! KMS signs where the chain ends.
//!
//! - A **segment** holds what one batch of the stream told (instant, id and fingerprint of each event, never its content) and
//!   the hash of the segment before. Whoever changes or removes an event must change its segment and all that follow.
//! - A **checkpoint** is the hash of a segment, signed by a key that can only sign. Whoever changes the chain must sign.
//!   It also says since when events are kept: what is older may be purged, and nothing else may.
//!
//! The stream cannot be written to. So an event that is removed a moment after it was written is missed all the same.

mod segment;
mod sign;
mod standing;
mod verify;

pub use self::segment::{Change, Segment, follow};
pub use self::sign::{Checkpoint, Signing, sign};
pub(crate) use self::standing::standing;
pub use self::standing::{Standing, State};
pub(super) use self::verify::CUT_MARGIN;
pub use self::verify::{Fault, Verification, verify};
