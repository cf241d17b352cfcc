fn main() -> lambda::Served {
    lambda::serve_job(&handlers::jobs::spike_detector::JOB)
}
