//! Sign-up, slugs, and the verification of addresses (SIGN-1…5).

mod account;
mod verification;

use serde_json::{Value, json};
use tests::PASSWORD;

fn form(email: &str) -> Value {
    json!({ "email": email, "password": PASSWORD, "name": "Ada Lovelace" })
}
