fn main() -> lambda::Served {
    lambda::serve(&handlers::admin::reports::ENDPOINT)
}
