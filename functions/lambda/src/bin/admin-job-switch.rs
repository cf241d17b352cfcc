fn main() -> lambda::Served {
    lambda::serve(&handlers::admin::job_switch::ENDPOINT)
}
