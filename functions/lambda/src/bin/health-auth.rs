fn main() -> lambda::Served {
    lambda::serve(&handlers::health::ENDPOINT)
}
