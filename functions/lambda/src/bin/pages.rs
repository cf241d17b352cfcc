fn main() -> lambda::Served {
    lambda::serve(&handlers::pages::ENDPOINT)
}
