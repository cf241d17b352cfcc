fn main() -> lambda::Served {
    lambda::serve(&handlers::auth::verify_email::ENDPOINT)
}
