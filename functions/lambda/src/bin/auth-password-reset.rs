fn main() -> lambda::Served {
    lambda::serve(&handlers::auth::password_reset::ENDPOINT)
}
