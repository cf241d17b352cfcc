//! The embedded AWS over the wire, spoken to by a hand-made client: no SDK hides what is answered.

#![expect(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod client;
mod codedeploy;
mod conditions;
mod dynamodb;
mod faults;
mod kms;
mod lambda;
mod log;
mod measure;
mod persistence;
mod reading;
mod ses;
mod streams;
mod sts;
