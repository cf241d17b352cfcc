fn main() -> lambda::Served {
    lambda::serve_job(&handlers::jobs::count_sessions::JOB)
}
