fn main() -> lambda::Served {
    lambda::serve(&handlers::admin::webhook_secret::ENDPOINT)
}
