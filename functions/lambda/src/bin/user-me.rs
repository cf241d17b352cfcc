fn main() -> lambda::Served {
    lambda::serve(&handlers::user::me::ENDPOINT)
}
