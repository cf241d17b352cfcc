fn main() -> lambda::Served {
    lambda::serve_stream(&handlers::jobs::follow_events::CONSUMER)
}
