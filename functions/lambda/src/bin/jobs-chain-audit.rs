fn main() -> lambda::Served {
    lambda::serve_stream(&handlers::jobs::chain_audit::CONSUMER)
}
