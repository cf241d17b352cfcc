fn main() -> lambda::Served {
    lambda::serve(&handlers::admin::webhooks::ENDPOINT)
}
