fn main() -> lambda::Served {
    lambda::serve_deploy_check()
}
