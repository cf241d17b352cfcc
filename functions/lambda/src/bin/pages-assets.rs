fn main() -> lambda::Served {
    lambda::serve(&handlers::pages::assets::ENDPOINT)
}
