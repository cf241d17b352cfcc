fn main() -> lambda::Served {
    lambda::serve_job(&handlers::jobs::check_backups::JOB)
}
