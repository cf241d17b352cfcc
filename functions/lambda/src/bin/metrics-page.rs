fn main() -> lambda::Served {
    lambda::serve(&handlers::metrics::ENDPOINT)
}
