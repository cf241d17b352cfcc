fn main() -> lambda::Served {
    lambda::serve(&handlers::auth::csrf::ENDPOINT)
}
