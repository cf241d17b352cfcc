fn main() -> lambda::Served {
    lambda::serve(&handlers::admin::webhook_deliveries::ENDPOINT)
}
