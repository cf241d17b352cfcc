fn main() -> lambda::Served {
    lambda::serve_stream()
}
