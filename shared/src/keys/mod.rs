//! Keys: the signing ring that the world sees, the secrets that it does not, and how both are kept at hand.

pub mod cache;
pub mod jwk;
pub mod not_before;
pub mod ring;
pub mod rotate;
mod rotate_secrets;
pub mod secrets;
pub mod versions;
