fn main() -> lambda::Served {
    lambda::serve_job(&handlers::jobs::monitor_jwks::JOB)
}
