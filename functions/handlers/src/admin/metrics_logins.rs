//! `GET /admin/metrics/logins`: failures by hour, networks with the most, lockouts; the last 24 hours (OPS-8).

use shared::app::App;
use shared::error::Result;
use shared::http::{Call, Endpoint, Reply, credentials};
use shared::metrics::logins::{self, Figures};

use crate::openapi::{Operation, Tag};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "admin-metrics-logins",
    routes: &["GET /admin/metrics/logins"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    credentials::admin_reader(app, call).await?;
    Reply::ok(&logins::figures(app, call.ctx.now).await?)
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            &ENDPOINT,
            "GET /admin/metrics/logins",
            "loginFigures",
            Tag::Administration,
            "See figures of sign-ins",
        )
        .for_reading_admins()
        .answers::<Figures>(200, "Of the last 24 hours."),
    ]
}
