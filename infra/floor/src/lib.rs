//! What no function of ours can be below: Lambda functions that do nothing, and functions that only talk to AWS once.
//!
//! `cargo bench-functions` measures them beside the real ones. Never deployed, and no copy of anything that is.

use std::future::Future;

use lambda_http::{Body, Error, Request, Response, run, service_fn};

/// Serves events with one thread, as our functions do.
///
/// # Errors
/// When the runtime's loop ends.
pub fn serve<F: Future<Output = Result<(), Error>> + Send>(answer: impl Fn(Request) -> F) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(service_fn(|request: Request| {
        let answered = answer(request);
        async move {
            answered.await?;
            Ok::<_, Error>(Response::new(Body::Empty))
        }
    })))
}
