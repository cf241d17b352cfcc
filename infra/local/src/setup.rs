//! What a first deployment does: keys, and on a laptop the sample accounts.

use shared::context::RequestContext;
use shared::error::Error;
use shared::keys::rotate;

use crate::samples;
use crate::stack::Inner;

/// How often the first keys are asked for: on a busy machine an RSA key takes longer than a call has. What was made is found again.
const TRIES: u32 = 4;

/// Does all of it, and leaves no trace in the logs of calls and requests.
///
/// # Errors
/// In words, when AWS's stand-in does not do its part.
pub(crate) async fn run(stack: &Inner) -> Result<(), String> {
    make_keys(stack).await?;
    if stack.samples {
        samples::make(stack).await?;
    }
    stack.aws.calls().clear();
    stack.requests.clear();
    Ok(())
}

async fn make_keys(stack: &Inner) -> Result<(), String> {
    let mut tries_left = TRIES;
    loop {
        let now = stack.clock.now();
        let ctx = RequestContext::of_job(now, shared::id::fresh(now));
        tries_left -= 1;
        match rotate::run(&stack.app(), &ctx, rotate::Action::Settle).await {
            Ok(_) => return Ok(()),
            Err(Error::Unavailable { .. }) if tries_left > 0 => {}
            Err(error) => return Err(error.to_string()),
        }
    }
}
