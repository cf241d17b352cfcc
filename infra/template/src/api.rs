//! `AWS::Serverless::HttpApi`: nothing is read from it, but what would change the answers and is not played locally is refused.

use crate::object::Object;
use crate::report::Report;
use crate::resource::Resource;

/// Throttling and logging are AWS's; CORS, authorizers and a prefix of paths would have to be played, so they are faults.
pub(crate) fn check(api: &Resource, report: &Report) {
    let place = format!("{}.Properties", api.place);
    if let Some(mut properties) = Object::new(api.properties.clone(), place, report) {
        properties.ignore(&["AccessLogSettings", "DefaultRouteSettings", "Description", "DisableExecuteApiEndpoint"]);
        properties.ignore(&["Domain", "FailOnWarnings", "RouteSettings", "Tags"]);
        properties.choice("StageName", &["$default"]);
        properties.finish();
    }
}
