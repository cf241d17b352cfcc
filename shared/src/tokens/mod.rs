//! Access tokens (signed, short-lived, verified by anyone) and refresh tokens (opaque, rotated, known to us alone).

pub mod access;
pub mod jws;
pub mod refresh;
pub mod rotation;
