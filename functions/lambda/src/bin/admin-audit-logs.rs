fn main() -> lambda::Served {
    lambda::serve(&handlers::admin::audit_logs::ENDPOINT)
}
