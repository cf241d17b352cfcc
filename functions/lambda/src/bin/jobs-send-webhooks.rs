fn main() -> lambda::Served {
    lambda::serve_stream(&handlers::jobs::send_webhooks::CONSUMER)
}
