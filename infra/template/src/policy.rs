//! What a function may do: the statements of its policies, and what they deny whatever else allows it. No SAM policy templates,
//! no policies of AWS. What SAM adds by itself (logs, streams, dead letters) is not listed.

use serde_json::Value;

use crate::evaluate::Evaluator;
use crate::object::Object;
use crate::resource::Resources;
use crate::yaml::below;

/// Something a function may do, or may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Such as `dynamodb:GetItem`.
    pub actions: Vec<String>,
    /// ARNs, with `*` for what cannot be told beforehand.
    pub resources: Vec<String>,
    /// IAM's condition block.
    pub condition: Option<Value>,
}

/// What a function's policies say.
#[derive(Default)]
pub(crate) struct Policies {
    pub(crate) allowed: Vec<Statement>,
    pub(crate) denied: Vec<Statement>,
}

/// Reads a function's `Policies`, as they are written: references to managed policies are replaced by what those say.
pub(crate) fn read(policies: Option<&Value>, place: &str, evaluator: Evaluator, resources: &Resources) -> Policies {
    let policies = match policies {
        None => return Policies::default(),
        Some(Value::Array(policies)) => policies,
        Some(_) => {
            evaluator.report.fault(place, "must be a list");
            return Policies::default();
        }
    };
    let mut read = Policies::default();
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
            document(Object::new(policy, place, evaluator.report), &mut read);
        }
    }
    read
}

fn document(document: Option<Object>, read: &mut Policies) {
    let Some(mut document) = document else { return };
    document.choice("Version", &["2012-10-17"]);
    document.objects("Statement").into_iter().for_each(|it| statement(it, read));
    document.finish();
}

fn statement(mut statement: Object, all: &mut Policies) {
    statement.ignore(&["Sid"]);
    statement.require("Effect");
    let is_denial = statement.choice("Effect", &["Allow", "Deny"]).is_some_and(|effect| effect == "Deny");
    let actions = statement.texts("Action");
    for action in &actions {
        if !action.split_once(':').is_some_and(|(service, name)| !service.is_empty() && !name.is_empty()) {
            statement.fault("Action", format!("`{action}` is not of the form service:Action"));
        }
    }
    let read = Statement { actions, resources: statement.texts("Resource"), condition: statement.take("Condition") };
    statement.finish();
    if is_denial { all.denied.push(read) } else { all.allowed.push(read) }
}
