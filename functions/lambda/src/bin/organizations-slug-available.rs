fn main() -> lambda::Served {
    lambda::serve(&handlers::organizations::slug_available::ENDPOINT)
}
