fn main() -> lambda::Served {
    lambda::serve(&handlers::user::session_end::ENDPOINT)
}
