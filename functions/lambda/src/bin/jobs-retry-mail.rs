fn main() -> lambda::Served {
    lambda::serve_job(&handlers::jobs::retry_mail::JOB)
}
