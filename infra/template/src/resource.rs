//! The inventory of resources: which kind each is, whether its condition holds, and what `Ref` and `Fn::GetAtt` of it yield.
//! Reading their properties is the business of a module per kind.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::evaluate::Evaluator;
use crate::object::Object;
use crate::report::Report;
use crate::scope::Parameters;

/// The kinds of resources that are known, by CloudFormation's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Table,
    Key,
    Function,
    Api,
    Policy,
    Alarm,
    Dashboard,
    MetricFilter,
    Nested,
    /// Deployed, but neither played locally nor looked into.
    Ignored,
}

/// Types with their kinds and the attributes that `Fn::GetAtt` may ask for.
const TYPES: [(&str, Kind, &[&str]); 18] = [
    ("AWS::DynamoDB::Table", Kind::Table, &["Arn", "StreamArn"]),
    ("AWS::KMS::Key", Kind::Key, &["Arn", "KeyId"]),
    ("AWS::Serverless::Function", Kind::Function, &["Arn"]),
    ("AWS::Serverless::HttpApi", Kind::Api, &[]),
    ("AWS::IAM::ManagedPolicy", Kind::Policy, &[]),
    ("AWS::IAM::Role", Kind::Ignored, &["Arn"]),
    ("AWS::CloudFormation::Stack", Kind::Nested, &[]),
    ("AWS::CloudWatch::Alarm", Kind::Alarm, &["Arn"]),
    ("AWS::CloudWatch::CompositeAlarm", Kind::Ignored, &["Arn"]),
    ("AWS::CloudWatch::Dashboard", Kind::Dashboard, &[]),
    ("AWS::KMS::Alias", Kind::Ignored, &[]),
    ("AWS::Logs::LogGroup", Kind::Ignored, &["Arn"]),
    ("AWS::Logs::MetricFilter", Kind::MetricFilter, &[]),
    ("AWS::SES::ConfigurationSet", Kind::Ignored, &[]),
    ("AWS::SNS::Subscription", Kind::Ignored, &[]),
    ("AWS::SNS::Topic", Kind::Ignored, &["TopicArn", "TopicName"]),
    ("AWS::SQS::Queue", Kind::Ignored, &["Arn", "QueueName", "QueueUrl"]),
    ("AWS::SQS::QueuePolicy", Kind::Ignored, &[]),
];

/// A resource whose type is known and whose condition holds, with its properties as they are written.
pub(crate) struct Resource {
    pub(crate) id: String,
    pub(crate) place: String,
    pub(crate) kind: Kind,
    attributes: &'static [&'static str],
    pub(crate) properties: Value,
    pub(crate) metadata: Option<Value>,
    /// Whether it stays when the stack goes, or when something else takes its place.
    pub(crate) retained: bool,
}

/// Reads the outer shell of every resource; those whose condition does not hold are left out.
pub(crate) fn inventory(section: Option<Object>, evaluator: Evaluator, report: &Report) -> Vec<Resource> {
    let entries = section.map(Object::rest).unwrap_or_default();
    entries
        .into_iter()
        .filter_map(|(place, id, value)| shell(id, Object::new(value, place, report)?, evaluator))
        .collect()
}

fn shell(id: String, mut resource: Object, evaluator: Evaluator) -> Option<Resource> {
    let name = resource.required_text("Type")?;
    let Some((_, kind, attributes)) = TYPES.iter().find(|(known, _, _)| *known == name) else {
        resource.fault("Type", format!("resources of type {name} are not supported"));
        return None;
    };
    let condition_place = resource.at("Condition");
    let holds = match resource.text("Condition") {
        Some(condition) => evaluator.named(&condition, &condition_place)?,
        None => true,
    };
    let properties = resource.take("Properties").unwrap_or_else(|| Value::Object(serde_json::Map::new()));
    let metadata = resource.take("Metadata");
    // Not `Retain`: that keeps what a deployment that failed has just made, and the next one finds the name taken.
    let [deletion, replacement] = [("DeletionPolicy", "RetainExceptOnCreate"), ("UpdateReplacePolicy", "Retain")]
        .map(|(policy, keep)| resource.choice(policy, &["Delete", keep]).is_some_and(|choice| choice == keep));
    if deletion != replacement {
        resource.fault("UpdateReplacePolicy", "must keep what DeletionPolicy keeps");
    }
    let retained = deletion && replacement;
    resource.ignore(&["DependsOn"]);
    let place = resource.place.clone();
    resource.finish();
    holds.then_some(Resource { id, place, kind: *kind, attributes, properties, metadata, retained })
}

/// What references to resources yield. A table's name, ARN and stream come from the template; the caller is asked for all else.
pub(crate) struct Resources<'a> {
    inventory: &'a [Resource],
    table_names: BTreeMap<String, String>,
    parameters: &'a Parameters,
    ask: &'a dyn Fn(&str, &str) -> Option<String>,
}

impl<'a> Resources<'a> {
    /// Tables are named first, since nothing else can be evaluated without.
    pub(crate) fn new(
        inventory: &'a [Resource],
        evaluator: Evaluator<'a>,
        ask: &'a dyn Fn(&str, &str) -> Option<String>,
    ) -> Self {
        let tables = inventory.iter().filter(|resource| resource.kind == Kind::Table);
        let table_names = tables.filter_map(|table| {
            let place = format!("{}.Properties.TableName", table.place);
            match table.properties.get("TableName").map(|name| evaluator.value(name, &place)) {
                Some(Some(Value::String(name))) => Some((table.id.clone(), name)),
                Some(None) => None,
                _ => {
                    evaluator
                        .report
                        .fault(place, "must be set: settings and tests need to know it before there is a table");
                    None
                }
            }
        });
        Resources { inventory, table_names: table_names.collect(), parameters: evaluator.parameters, ask }
    }

    fn find(&self, id: &str) -> Result<&Resource, String> {
        let found = self.inventory.iter().find(|resource| resource.id == id);
        found.ok_or_else(|| format!("`{id}` is neither a parameter nor a resource whose condition holds"))
    }

    pub(crate) fn reference(&self, id: &str) -> Result<String, String> {
        // SAM's own: what it makes for a function beside the function.
        if let Some((function, part @ ("Alias" | "Version"))) = id.split_once('.')
            && self.is(function, Kind::Function)
        {
            return self.ask(function, part);
        }
        let resource = self.find(id)?;
        match resource.kind {
            Kind::Table => Ok(self.table_name(id)?.to_owned()),
            Kind::Key
            | Kind::Function
            | Kind::Api
            | Kind::Policy
            | Kind::Alarm
            | Kind::Dashboard
            | Kind::MetricFilter
            | Kind::Nested
            | Kind::Ignored => self.ask(id, "Ref"),
        }
    }

    pub(crate) fn attribute(&self, id: &str, attribute: &str) -> Result<String, String> {
        let resource = self.find(id)?;
        let is_output = resource.kind == Kind::Nested && attribute.starts_with("Outputs.");
        if !is_output && !resource.attributes.contains(&attribute) {
            return Err(format!("`{id}` has no attribute `{attribute}` that is supported"));
        }
        match (resource.kind, attribute) {
            (Kind::Table, "StreamArn") => self.stream_arn(id),
            (Kind::Table, _) => self.table_arn(id),
            _ => self.ask(id, attribute),
        }
    }

    fn ask(&self, id: &str, attribute: &str) -> Result<String, String> {
        (self.ask)(id, attribute).ok_or_else(|| format!("nothing is known about `{attribute}` of `{id}`"))
    }

    fn table_name(&self, id: &str) -> Result<&str, String> {
        self.table_names.get(id).map(String::as_str).ok_or_else(|| format!("the table `{id}` has no name"))
    }

    fn table_arn(&self, id: &str) -> Result<String, String> {
        let [partition, region, account] = ["Partition", "Region", "AccountId"]
            .map(|name| self.parameters.get(&format!("AWS::{name}")).unwrap_or_default());
        Ok(format!("arn:{partition}:dynamodb:{region}:{account}:table/{}", self.table_name(id)?))
    }

    /// AWS puts a time where this puts `latest`; it serves to recognise the stream, nothing else.
    fn stream_arn(&self, id: &str) -> Result<String, String> {
        Ok(format!("{}/stream/latest", self.table_arn(id)?))
    }

    /// The logical id of the table that has this stream.
    pub(crate) fn table_of_stream(&self, arn: &str) -> Option<&str> {
        let mut ids = self.table_names.keys();
        ids.find(|id| self.stream_arn(id).is_ok_and(|own| own == arn)).map(String::as_str)
    }

    /// Whether this is the logical id of a resource of this kind.
    pub(crate) fn is(&self, id: &str, kind: Kind) -> bool {
        self.find(id).is_ok_and(|resource| resource.kind == kind)
    }

    /// A managed policy of the template, as it is written.
    pub(crate) fn policy(&self, id: &str) -> Option<&'a Resource> {
        self.inventory.iter().find(|resource| resource.id == id && resource.kind == Kind::Policy)
    }
}
