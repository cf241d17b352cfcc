fn main() -> lambda::Served {
    lambda::serve(&handlers::auth::verify_token::ENDPOINT)
}
