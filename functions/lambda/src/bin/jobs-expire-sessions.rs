fn main() -> lambda::Served {
    lambda::serve_job(&handlers::jobs::expire_sessions::JOB)
}
