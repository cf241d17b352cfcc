fn main() -> lambda::Served {
    lambda::serve(&handlers::admin::unlock_account::ENDPOINT)
}
