fn main() -> lambda::Served {
    lambda::serve(&handlers::auth::unlock::ENDPOINT)
}
