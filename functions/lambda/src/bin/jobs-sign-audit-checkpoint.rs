fn main() -> lambda::Served {
    lambda::serve_job(&handlers::jobs::sign_audit_checkpoint::JOB)
}
