fn main() -> lambda::Served {
    lambda::serve(&handlers::admin::metrics_sessions::ENDPOINT)
}
