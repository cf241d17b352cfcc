//! The AWS of a laptop and of the tests: DynamoDB, KMS and SES behind one loopback port, with a log of
//! every call and faults on demand.
//!
//! The product talks to it with the ordinary SDK (`AWS_ENDPOINT_URL` set to [`EmbeddedAws::endpoint`]), so
//! it is tested over the wire it uses in AWS. DynamoDB is the `dynoxide` engine; KMS and SES are written
//! here, with real cryptography. Read `front.rs` first, then `dynamodb/`, `kms/` and `ses/`. Another emulator can play
//! DynamoDB and KMS instead ([`Options::elsewhere`]), so that the same tests hear a second opinion.
//!
//! It deliberately does not check signatures or permissions, does not throttle by itself, and does not
//! pretend to be slow or eventually consistent: what a test needs of these it injects with [`Faults`].

mod calls;
mod clock;
mod dynamodb;
mod engine;
mod faults;
mod front;
mod kms;
mod prices;
mod reply;
mod request;
mod server;
mod ses;
mod start;

pub use calls::{Call, CallLog};
pub use clock::{Clock, system_clock};
pub use dynamodb::{Changes, StreamError};
pub use faults::{Fault, FaultKind, Faults, InvalidFault};
pub use request::Service;
pub use ses::{Mail, Mailbox};
pub use start::{EmbeddedAws, Options, StartError};
