fn main() -> lambda::Served {
    lambda::serve(&handlers::fallback::ENDPOINT)
}
