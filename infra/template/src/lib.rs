//! Reads the project's SAM template for the local stack, the tests and the tools, so that they play exactly what is deployed.
//!
//! It understands a subset, and whatever lies outside is a [`Fault`], never a guess:
//!
//! * `Parameters` (`String` and `Number`; `Default`, `AllowedValues`, `AllowedPattern`, `MinLength`, `MinValue`,
//!   `MaxValue`), `Rules`, `Conditions`, `Globals.Function`,
//!   `Resources`, `Outputs`; no `Mappings`. A nested stack is known by its file and what it is given: who wants to know what is
//!   in it reads that file with those parameters.
//! * `Ref` (of functions also `.Alias` and `.Version`), `Fn::GetAtt`, `Fn::Sub`, `Fn::Join`, `Fn::If`; in conditions `Fn::Equals`, `Fn::Not`, `Fn::And`, `Fn::Or`,
//!   `Condition`; the pseudo parameters, which the caller sets like parameters (`AWS::StackName`).
//! * Functions built by cargo-lambda, with `HttpApi`, `ScheduleV2` and `DynamoDB` events; tables; KMS keys; one HTTP API;
//!   managed policies; alarms, dashboards and metric filters, for tests to look at. Logs, queues, topics and the like are
//!   known by name and left alone.
//!
//! It deliberately does not check what cfn-lint and SAM's translator check better, and it is never part of a Lambda.
//!
//! Reading order: [`Template::read`], then `resource`, `evaluate`, `function`, and a module per kind of resource and event.

mod alarm;
mod api;
mod dashboard;
mod deployment;
mod evaluate;
mod event;
mod function;
mod key;
mod nested;
mod object;
mod policy;
mod report;
mod resource;
mod route;
mod schedule;
mod scope;
mod stream;
mod table;
mod yaml;

use std::collections::BTreeMap;

use serde_json::Value;

pub use alarm::{Alarm, Metric};
pub use dashboard::{Dashboard, MetricFilter};
pub use deployment::Deployment;
pub use function::Function;
pub use key::Key;
pub use nested::Nested;
pub use policy::Statement;
pub use report::{Fault, Faults};
pub use route::{ANY, DEFAULT, Route};
pub use schedule::Schedule;
pub use stream::StreamSource;
pub use table::{Attribute, AttributeKind, Index, Projection, StreamView, Table};

use evaluate::Evaluator;
use object::{Object, text_of};
use report::Report;
use resource::{Kind, Resource, Resources};
use scope::Parameters;

/// What a template declares, fully evaluated. Resources and events are sorted by their names in the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// `Globals.Function.Environment`: the settings that all functions share.
    pub environment: BTreeMap<String, String>,
    /// The parameters' values: those given, else the defaults.
    pub parameters: BTreeMap<String, String>,
    /// What the assertions of `Rules` say that these values break: CloudFormation would begin nothing with them.
    pub broken_rules: Vec<String>,
    /// The DynamoDB tables.
    pub tables: Vec<Table>,
    /// The KMS keys.
    pub keys: Vec<Key>,
    /// Routes of the API with a limit of their own, as `METHOD /path`.
    pub throttled: Vec<String>,
    /// The functions.
    pub functions: Vec<Function>,
    /// The alarms.
    pub alarms: Vec<Alarm>,
    /// The dashboards.
    pub dashboards: Vec<Dashboard>,
    /// What is counted in the logs.
    pub metric_filters: Vec<MetricFilter>,
    /// The nested stacks.
    pub nested: Vec<Nested>,
    /// The outputs' values.
    pub outputs: BTreeMap<String, String>,
}

impl Template {
    /// Reads the text of a template.
    ///
    /// `parameters` replace the defaults; pseudo parameters may be among them. `resources` says what a reference to a resource
    /// yields, given its logical id and `"Ref"` or the name of an attribute. It is not asked about tables, whose names are in
    /// the template.
    pub fn read(
        text: &str,
        parameters: &BTreeMap<String, String>,
        resources: &dyn Fn(&str, &str) -> Option<String>,
    ) -> Result<Template, Faults> {
        let report = Report::default();
        let template = yaml::read(text, &report)
            .and_then(|value| Object::new(value, String::new(), &report))
            .and_then(|document| read_document(document, parameters, resources, &report));
        report.finish(template)
    }
}

fn read_document(
    mut document: Object,
    given: &BTreeMap<String, String>,
    ask: &dyn Fn(&str, &str) -> Option<String>,
    report: &Report,
) -> Option<Template> {
    document.ignore(&["AWSTemplateFormatVersion", "Description"]);
    let is_transformed = document.has("Transform");
    document.choice("Transform", &["AWS::Serverless-2016-10-31"]);
    document.require("Resources");
    let parameters = Parameters::read(document.object("Parameters"), given, report);
    let conditions = scope::conditions(document.object("Conditions"), &parameters, report);
    let globals = globals(document.object("Globals"));

    let evaluator = Evaluator { parameters: &parameters, conditions: &conditions, resources: None, report };
    let broken_rules = scope::broken_rules(document.object("Rules"), evaluator);
    let inventory = resource::inventory(document.object("Resources"), evaluator, report);
    if !is_transformed && inventory.iter().any(|it| matches!(it.kind, Kind::Function | Kind::Api)) {
        document.fault("Transform", "is missing");
    }
    let resources = Resources::new(&inventory, evaluator, ask);
    let evaluator = Evaluator { resources: Some(&resources), ..evaluator };

    let of_kind = |kind| inventory.iter().filter(move |resource: &&Resource| resource.kind == kind);
    let properties = |resource: &Resource| {
        let place = format!("{}.Properties", resource.place);
        Object::new(evaluator.value(&resource.properties, &place)?, place, report)
    };
    let throttled: Vec<_> = of_kind(Kind::Api).flat_map(|it| api::read(properties(it))).collect();
    let tables: Vec<Table> =
        of_kind(Kind::Table).filter_map(|it| table::read(&it.id, it.retained, properties(it)?)).collect();
    let keys = of_kind(Kind::Key).filter_map(|it| Some(key::read(&it.id, it.retained, properties(it)?))).collect();
    let functions: Vec<Function> =
        of_kind(Kind::Function).filter_map(|it| function::read(it, &globals, evaluator, &resources)).collect();
    let alarms = of_kind(Kind::Alarm).filter_map(|it| alarm::read(&it.id, properties(it)?)).collect();
    let dashboards = of_kind(Kind::Dashboard).filter_map(|it| dashboard::read(&it.id, properties(it)?)).collect();
    let metric_filters =
        of_kind(Kind::MetricFilter).filter_map(|it| dashboard::read_filter(&it.id, properties(it)?)).collect();
    let nested = of_kind(Kind::Nested).filter_map(|it| nested::read(&it.id, properties(it)?)).collect();
    check_together(&tables, &functions, evaluator);
    api::check(&throttled, &functions, report);

    let environment = environment(&globals, evaluator);
    let outputs = outputs(document.object("Outputs"), evaluator);
    document.finish();
    Some(Template {
        environment,
        parameters: parameters.declared,
        broken_rules,
        tables,
        keys,
        throttled: throttled.into_iter().map(|(_, route)| route).collect(),
        functions,
        alarms,
        dashboards,
        metric_filters,
        nested,
        outputs,
    })
}

/// `Globals.Function`, as it is written.
fn globals(section: Option<Object>) -> Value {
    let empty = || Value::Object(serde_json::Map::new());
    let Some(mut section) = section else {
        return empty();
    };
    let function = section.take("Function").unwrap_or_else(empty);
    section.finish();
    function
}

fn environment(globals: &Value, evaluator: Evaluator) -> BTreeMap<String, String> {
    let place = "Globals.Function.Environment";
    let environment = globals.get("Environment").and_then(|environment| evaluator.value(environment, place));
    let environment = environment.and_then(|it| Object::new(it, place.to_owned(), evaluator.report));
    environment.map(function::environment).unwrap_or_default()
}

fn outputs(section: Option<Object>, evaluator: Evaluator) -> BTreeMap<String, String> {
    let mut outputs = BTreeMap::new();
    for (place, name, mut value) in section.map(Object::rest).unwrap_or_default() {
        let condition = value.as_object_mut().and_then(|output| output.remove("Condition"));
        let condition = condition.as_ref().and_then(Value::as_str);
        if condition.is_some_and(|it| evaluator.named(it, &place) != Some(true)) {
            continue;
        }
        let value = evaluator.value(&value, &place).and_then(|it| Object::new(it, place, evaluator.report));
        let Some(mut output) = value else { continue };
        output.ignore(&["Description", "Export"]);
        output.require("Value");
        match output.take("Value").as_ref().map(text_of) {
            Some(Some(text)) => {
                outputs.insert(name, text);
            }
            Some(None) => output.fault("Value", "must be text"),
            None => {}
        }
        output.finish();
    }
    outputs
}

/// What only shows when all resources are seen side by side.
fn check_together(tables: &[Table], functions: &[Function], evaluator: Evaluator) {
    function::check_distinct(functions, evaluator);
    let mut names = BTreeMap::new();
    for table in tables {
        if let Some(other) = names.insert(&table.name, &table.logical_id) {
            let place = format!("Resources.{}.Properties.TableName", table.logical_id);
            evaluator.report.fault(place, format!("`{}` is already the name of {other}", table.name));
        }
    }
    for function in functions {
        for source in &function.streams {
            let table = tables.iter().find(|table| table.logical_id == source.table);
            if table.is_some_and(|table| table.stream.is_none()) {
                let place = format!("Resources.{}.Events", function.logical_id);
                evaluator.report.fault(place, format!("the table {} has no stream", source.table));
            }
        }
    }
}
