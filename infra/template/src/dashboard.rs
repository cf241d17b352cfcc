//! `AWS::CloudWatch::Dashboard` and `AWS::Logs::MetricFilter`: what is shown, and what is counted in the logs. Read for tests
//! only; the local stack has neither.

use serde_json::Value;

use crate::object::Object;

/// A dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dashboard {
    /// Its name inside the template.
    pub logical_id: String,
    /// What CloudWatch is given, parsed.
    pub body: Value,
}

/// Counts log lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricFilter {
    /// Its name inside the template.
    pub logical_id: String,
    /// Which lines count, in CloudWatch's own language.
    pub pattern: String,
    /// Namespace and name of the metric that counts them.
    pub namespace: String,
    pub name: String,
}

/// Reads the evaluated properties of a dashboard.
pub(crate) fn read(logical_id: &str, mut dashboard: Object) -> Option<Dashboard> {
    dashboard.ignore(&["DashboardName"]);
    let body = dashboard.required_text("DashboardBody").and_then(|text| {
        serde_json::from_str(&text)
            .map_err(|error| dashboard.fault("DashboardBody", format!("is not JSON: {error}")))
            .ok()
    });
    dashboard.finish();
    Some(Dashboard { logical_id: logical_id.to_owned(), body: body? })
}

/// Reads the evaluated properties of a metric filter with one metric.
pub(crate) fn read_filter(logical_id: &str, mut filter: Object) -> Option<MetricFilter> {
    filter.require("LogGroupName");
    filter.ignore(&["LogGroupName"]);
    let pattern = filter.required_text("FilterPattern");
    let mut metrics = filter.objects("MetricTransformations");
    if metrics.len() != 1 {
        filter.fault("MetricTransformations", "must be exactly one");
    }
    filter.finish();
    let mut metric = metrics.pop()?;
    let (namespace, name) = (metric.required_text("MetricNamespace"), metric.required_text("MetricName"));
    metric.require("MetricValue");
    metric.ignore(&["MetricValue", "DefaultValue", "Unit"]);
    metric.finish();
    Some(MetricFilter { logical_id: logical_id.to_owned(), pattern: pattern?, namespace: namespace?, name: name? })
}
