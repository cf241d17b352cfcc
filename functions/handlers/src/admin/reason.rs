//! Why an administrator does something, as the trail and other people will read it.

use shared::error::{FieldError, Refusal, Result};

const LONGEST: usize = 200;

/// Checks the `reason` of a request. What is around it is cut off.
///
/// # Errors
/// [`Refusal::Invalid`] unless it has 1 to 200 characters and no control character: a line break could play an entry of a log.
pub(super) fn check(reason: &str) -> Result<&str> {
    let reason = reason.trim();
    if (1..=LONGEST).contains(&reason.chars().count()) && !reason.chars().any(char::is_control) {
        return Ok(reason);
    }
    let must = "must have 1 to 200 characters, without line breaks";
    Err(Refusal::Invalid(vec![FieldError::new("reason", "invalid", must)]).into())
}
