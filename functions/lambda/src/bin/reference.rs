fn main() -> lambda::Served {
    lambda::serve(&handlers::reference::ENDPOINT)
}
