fn main() -> lambda::Served {
    lambda::serve(&handlers::auth::logout::ENDPOINT)
}
