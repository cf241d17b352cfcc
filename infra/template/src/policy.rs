//! What a function may do: the statements of its policies. Statements that allow, with exact resources; no denials, no SAM
//! policy templates, no policies of AWS. What SAM adds by itself (logs, streams, dead letters) is not listed.

use serde_json::Value;

use crate::evaluate::Evaluator;
use crate::object::Object;
use crate::resource::Resources;
use crate::yaml::below;

/// Something a function may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Such as `dynamodb:GetItem`.
    pub actions: Vec<String>,
    /// ARNs, with `*` for what cannot be told beforehand.
    pub resources: Vec<String>,
    /// IAM's condition block.
    pub condition: Option<Value>,
}

/// Reads a function's `Policies`, as they are written: references to managed policies are replaced by what those say.
pub(crate) fn read(
    policies: Option<&Value>,
    place: &str,
    evaluator: Evaluator,
    resources: &Resources,
) -> Vec<Statement> {
    let policies = match policies {
        None => return Vec::new(),
        Some(Value::Array(policies)) => policies,
        Some(_) => {
            evaluator.report.fault(place, "must be a list");
            return Vec::new();
        }
    };
    let mut statements = Vec::new();
    for (index, policy) in policies.iter().enumerate() {
        let place = below(place, index);
        let managed = policy.get("Ref").and_then(Value::as_str).and_then(|id| resources.policy(id));
        let (policy, place) = match managed {
            Some(managed) => match managed.properties.get("PolicyDocument") {
                Some(document) => (document, format!("{}.Properties.PolicyDocument", managed.place)),
                None => {
                    evaluator.report.fault(&managed.place, "has no PolicyDocument");
                    continue;
                }
            },
            None => (policy, place),
        };
        if policy.get("Statement").is_none() {
            evaluator.report.fault(place, "must be statements, or refer to a managed policy of this template");
        } else if let Some(policy) = evaluator.value(policy, &place) {
            statements.extend(document(Object::new(policy, place, evaluator.report)));
        }
    }
    statements
}

fn document(document: Option<Object>) -> Vec<Statement> {
    let Some(mut document) = document else {
        return Vec::new();
    };
    document.choice("Version", &["2012-10-17"]);
    let statements = document.objects("Statement").into_iter().map(statement).collect();
    document.finish();
    statements
}

fn statement(mut statement: Object) -> Statement {
    statement.ignore(&["Sid"]);
    statement.require("Effect");
    statement.choice("Effect", &["Allow"]);
    let actions = statement.texts("Action");
    for action in &actions {
        if !action.split_once(':').is_some_and(|(service, name)| !service.is_empty() && !name.is_empty()) {
            statement.fault("Action", format!("`{action}` is not of the form service:Action"));
        }
    }
    let read = Statement { actions, resources: statement.texts("Resource"), condition: statement.take("Condition") };
    statement.finish();
    read
}
