fn main() -> lambda::Served {
    lambda::serve(&handlers::admin::sessions::ENDPOINT)
}
