fn main() -> lambda::Served {
    lambda::serve(&handlers::user::sessions_end_others::ENDPOINT)
}
