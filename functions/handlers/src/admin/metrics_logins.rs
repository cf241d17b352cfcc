//! `GET /admin/metrics/logins`: failures by hour, networks with the most, lockouts; the last 24 hours (OPS-8).

use shared::app::App;
use shared::error::Result;
use shared::http::{Call, Endpoint, Reply, credentials};
use shared::metrics::logins;

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
