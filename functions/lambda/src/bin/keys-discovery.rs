fn main() -> lambda::Served {
    lambda::serve(&handlers::keys::discovery::ENDPOINT)
}
