fn main() -> lambda::Served {
    lambda::serve_job(&handlers::jobs::retry_webhooks::JOB)
}
