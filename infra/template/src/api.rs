//! `AWS::Serverless::HttpApi`: the routes that have a limit of their own. What would change the answers and is not played
//! locally is refused.

use crate::function::Function;
use crate::object::Object;
use crate::report::Report;

/// Reads the evaluated properties of an API: routes with a throttle of their own, each with its place.
///
/// How many requests they let through and what is logged is AWS's; CORS, authorizers and a prefix of paths would have to be
/// played, so they are faults.
pub(crate) fn read(api: Option<Object>) -> Vec<(String, String)> {
    let Some(mut api) = api else { return Vec::new() };
    api.ignore(&["AccessLogSettings", "DefaultRouteSettings", "Description", "DisableExecuteApiEndpoint"]);
    api.ignore(&["Domain", "FailOnWarnings", "Tags"]);
    api.choice("StageName", &["$default"]);
    let settings = api.object("RouteSettings").map(Object::rest).unwrap_or_default();
    let report = api.report();
    api.finish();
    let throttled = settings.into_iter().filter_map(|(place, route, settings)| {
        let mut settings = Object::new(settings, place.clone(), report)?;
        for limit in ["ThrottlingBurstLimit", "ThrottlingRateLimit"] {
            settings.require(limit);
            settings.number(limit, 1..=10_000);
        }
        settings.ignore(&["DetailedMetricsEnabled"]);
        settings.finish();
        Some((place, route))
    });
    throttled.collect()
}

/// CloudFormation fails on settings of a route that there is not, in the middle of a deployment.
pub(crate) fn check(throttled: &[(String, String)], functions: &[Function], report: &Report) {
    for (place, route) in throttled {
        let mut routes = functions.iter().flat_map(|function| &function.routes);
        if !routes.any(|it| format!("{} {}", it.method, it.path) == *route) {
            report.fault(place, "is not a route");
        }
    }
}
