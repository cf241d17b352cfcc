fn main() -> lambda::Served {
    lambda::serve(&handlers::auth::refresh::ENDPOINT)
}
