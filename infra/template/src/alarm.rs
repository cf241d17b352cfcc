//! `AWS::CloudWatch::Alarm`. Nothing here raises one: it is read so that tests can tell a dead alarm from one that watches
//! something.

use std::collections::BTreeMap;

use crate::object::Object;

/// An alarm, on one metric or on an expression over several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Its name inside the template.
    pub logical_id: String,
    /// Its name in the account.
    pub name: String,
    /// What whoever is called reads first.
    pub description: String,
    /// What it watches.
    pub metrics: Vec<Metric>,
    /// The metric math that is compared with the threshold; none for an alarm on one metric.
    pub expression: Option<String>,
    /// How a value compares with the threshold when it is bad.
    pub comparison: String,
    /// The threshold, as it is written.
    pub threshold: String,
    /// How many periods it looks at, and how many of them must be bad.
    pub evaluation_periods: u32,
    pub datapoints_to_alarm: u32,
    /// What a period without a value counts as.
    pub missing_data: String,
    /// Whom it tells, both when it is raised and when it is over.
    pub actions: Vec<String>,
}

/// A metric with the statistic that is taken of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    pub namespace: String,
    pub name: String,
    pub dimensions: BTreeMap<String, String>,
    pub statistic: String,
    pub period_seconds: u32,
}

const COMPARISONS: [&str; 4] =
    ["GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold"];
const MISSING: [&str; 4] = ["breaching", "notBreaching", "ignore", "missing"];

/// Reads the evaluated properties of an alarm.
pub(crate) fn read(logical_id: &str, mut alarm: Object) -> Option<Alarm> {
    let name = alarm.required_text("AlarmName");
    let description = alarm.required_text("AlarmDescription");
    let (metrics, expression) =
        if alarm.has("Metrics") { queries(&mut alarm) } else { (metric(&mut alarm).into_iter().collect(), None) };
    alarm.require("ComparisonOperator");
    let comparison = alarm.choice("ComparisonOperator", &COMPARISONS);
    let threshold = alarm.required_text("Threshold");
    alarm.require("EvaluationPeriods");
    let evaluation_periods = alarm.number("EvaluationPeriods", 1..=1440);
    let datapoints_to_alarm = alarm.number("DatapointsToAlarm", 1..=1440).or(evaluation_periods);
    // Without it, silence would be a third state that nobody is told of.
    alarm.require("TreatMissingData");
    let missing_data = alarm.choice("TreatMissingData", &MISSING);
    let actions = alarm.texts("AlarmActions");
    if alarm.texts("OKActions") != actions {
        alarm.fault("OKActions", "must be the same as AlarmActions: whoever is called is also told when it is over");
    }
    alarm.finish();
    Some(Alarm {
        logical_id: logical_id.to_owned(),
        name: name?,
        description: description?,
        metrics,
        expression,
        comparison: comparison?,
        threshold: threshold?,
        evaluation_periods: evaluation_periods?,
        datapoints_to_alarm: datapoints_to_alarm?,
        missing_data: missing_data?,
        actions,
    })
}

/// `Metrics`: metrics by their ids, and the one expression that counts.
fn queries(alarm: &mut Object) -> (Vec<Metric>, Option<String>) {
    let (mut metrics, mut expressions) = (Vec::new(), Vec::new());
    for mut query in alarm.objects("Metrics") {
        query.require("Id");
        let id = query.text("Id").unwrap_or_default();
        query.ignore(&["Label"]);
        if let Some(expression) = query.text("Expression") {
            query.ignore(&["ReturnData"]);
            expressions.push(expression);
        } else if let Some(mut stat) = query.object("MetricStat") {
            if query.flag("ReturnData") != Some(false) {
                query.fault("ReturnData", "must be false: only the expression counts");
            }
            metrics.extend(metric_stat(&mut stat).map(|metric| (id, metric)));
            stat.finish();
        } else {
            query.fault("MetricStat", "is missing");
        }
        query.finish();
    }
    if expressions.len() != 1 {
        alarm.fault("Metrics", "must have exactly one expression");
    }
    let expression = expressions.pop();
    for (id, _) in &metrics {
        let words = |text: &String| text.split(|it: char| !it.is_alphanumeric() && it != '_').any(|word| word == id);
        if !expression.as_ref().is_some_and(words) {
            alarm.fault("Metrics", format!("`{id}` is not used by the expression"));
        }
    }
    (metrics.into_iter().map(|(_, metric)| metric).collect(), expression)
}

fn metric_stat(stat: &mut Object) -> Option<Metric> {
    let mut metric = stat.object("Metric")?;
    let named = named(&mut metric);
    metric.finish();
    let statistic = stat.required_text("Stat");
    let period_seconds = period(stat);
    let (namespace, name, dimensions) = named?;
    Some(Metric { namespace, name, dimensions, statistic: statistic?, period_seconds: period_seconds? })
}

/// An alarm on one metric has it among its own properties.
fn metric(alarm: &mut Object) -> Option<Metric> {
    let named = named(alarm);
    let extended = alarm.text("ExtendedStatistic");
    let statistic = if extended.is_some() { extended } else { alarm.required_text("Statistic") };
    let period_seconds = period(alarm);
    let (namespace, name, dimensions) = named?;
    Some(Metric { namespace, name, dimensions, statistic: statistic?, period_seconds: period_seconds? })
}

fn named(from: &mut Object) -> Option<(String, String, BTreeMap<String, String>)> {
    let (namespace, name) = (from.required_text("Namespace"), from.required_text("MetricName"));
    let mut dimensions = BTreeMap::new();
    for mut dimension in from.objects("Dimensions") {
        if let (Some(name), Some(value)) = (dimension.required_text("Name"), dimension.required_text("Value")) {
            dimensions.insert(name, value);
        }
        dimension.finish();
    }
    Some((namespace?, name?, dimensions))
}

/// CloudWatch keeps minutes, so a period is some of them.
fn period(from: &mut Object) -> Option<u32> {
    from.require("Period");
    let period = from.number("Period", 60..=86_400)?;
    if period % 60 != 0 {
        from.fault("Period", "must be a multiple of 60");
    }
    Some(period)
}
