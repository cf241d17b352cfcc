//! The AWS of a laptop and of the tests: DynamoDB, KMS, SES, Lambda and CodeDeploy behind one loopback port, with a log of
//! every call and faults on demand.
//!
//! The product talks to it with the ordinary SDK (`AWS_ENDPOINT_URL` set to [`EmbeddedAws::endpoint`]), so
//! it is tested over the wire it uses in AWS. DynamoDB is the `dynoxide` engine; the others are
//! written here, KMS with real cryptography. Read `front.rs` first, then a folder or file per service. Another emulator
//! can play DynamoDB and KMS instead ([`Options::elsewhere`]), so that the same tests hear a second opinion.
//!
//! It deliberately does not check signatures or permissions, does not throttle by itself, and does not
//! pretend to be slow or eventually consistent: what a test needs of these it injects with [`Faults`].

mod calls;
mod clock;
mod codedeploy;
mod dynamodb;
mod engine;
mod faults;
mod front;
mod kms;
mod lambda;
pub mod prices;
mod reply;
mod request;
mod server;
mod ses;
mod start;
mod sts;

pub use calls::{Call, CallLog};
pub use clock::{Clock, system_clock};
pub use codedeploy::HookStatus;
pub use dynamodb::{Changes, StreamError};
pub use faults::{Fault, FaultKind, Faults, InvalidFault};
pub use lambda::{DeployedFunction, FunctionError, Invocation, Invoked, LATEST, Run};
pub use request::Service;
pub use ses::{Mail, Mailbox};
pub use start::{EmbeddedAws, Options, StartError};
