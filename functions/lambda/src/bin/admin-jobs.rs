fn main() -> lambda::Served {
    lambda::serve(&handlers::admin::jobs::ENDPOINT)
}
