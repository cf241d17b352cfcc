//! `lambda_http` alone: answers 200.

fn main() -> Result<(), lambda_http::Error> {
    floor::serve(|_| async { Ok(()) })
}
