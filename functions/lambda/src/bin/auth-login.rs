fn main() -> lambda::Served {
    lambda::serve(&handlers::auth::login::ENDPOINT)
}
