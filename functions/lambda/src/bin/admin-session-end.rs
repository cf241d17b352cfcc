fn main() -> lambda::Served {
    lambda::serve(&handlers::admin::session_end::ENDPOINT)
}
