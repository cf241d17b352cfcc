fn main() -> lambda::Served {
    lambda::serve(&handlers::auth::signup::ENDPOINT)
}
