fn main() -> lambda::Served {
    lambda::serve_job(&handlers::jobs::daily_report::JOB)
}
