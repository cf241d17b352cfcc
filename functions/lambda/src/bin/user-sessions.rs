fn main() -> lambda::Served {
    lambda::serve(&handlers::user::sessions::ENDPOINT)
}
