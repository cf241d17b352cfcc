fn main() -> lambda::Served {
    lambda::serve(&handlers::admin::alert_channels::ENDPOINT)
}
