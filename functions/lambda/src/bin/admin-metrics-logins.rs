fn main() -> lambda::Served {
    lambda::serve(&handlers::admin::metrics_logins::ENDPOINT)
}
