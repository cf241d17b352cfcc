//! A function that does on demand what a function must not do: what the tests of the real binaries see such a mistake do to a
//! process. It has the shell of every other, and is never deployed, since it is no binary.

use std::future::pending;

use lambda::Served;
use shared::http::{Endpoint, Reply};

const ENDPOINT: Endpoint = Endpoint {
    name: "misbehaving",
    routes: &[],
    limited: false,
    handle: |_, call| {
        Box::pin(async move {
            match call.query_one("do") {
                Some("panic") => panic!("a mistake in the code, told to ada@example.com"),
                Some("exit") => std::process::exit(7),
                Some("hang") => pending().await,
                Some("flood") => Ok(Reply::text("text/plain", "flood ".repeat(2_000_000))),
                _ => Ok(Reply::no_content()),
            }
        })
    },
};

fn main() -> Served {
    lambda::serve(&ENDPOINT)
}
