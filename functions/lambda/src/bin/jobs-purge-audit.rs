fn main() -> lambda::Served {
    lambda::serve_job(&handlers::jobs::purge_audit::JOB)
}
