fn main() -> lambda::Served {
    lambda::serve(&handlers::admin::erase_audit::ENDPOINT)
}
