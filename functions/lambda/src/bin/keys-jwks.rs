fn main() -> lambda::Served {
    lambda::serve(&handlers::keys::jwks::ENDPOINT)
}
