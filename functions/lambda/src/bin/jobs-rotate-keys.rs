fn main() -> lambda::Served {
    lambda::serve_job(&handlers::jobs::rotate_keys::JOB)
}
