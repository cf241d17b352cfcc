//! Events as API Gateway and Lambda make them: those of `events/`, with the tokens, addresses and bodies of somebody who is there.

use std::net::Ipv4Addr;

use ::tests::Sample;
use serde_json::{Value, json};

/// A browser of somebody who is signed in.
#[derive(Clone, Debug, Default)]
pub struct Visitor {
    pub cookies: Vec<String>,
    pub csrf: Option<String>,
    /// Whose session it is, and which.
    pub user_id: String,
    pub session_id: String,
}

impl Visitor {
    /// With the cookies that an answer sets.
    pub fn of(answer: &Value) -> Self {
        let cookies = answer["cookies"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let pair = |line: &str| line.split(';').next().unwrap_or_default().to_owned();
        let body: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default();
        let id = |name: &str| body["session"][name].as_str().unwrap_or_default().to_owned();
        Self { cookies: cookies.map(pair).collect(), csrf: None, user_id: id("userId"), session_id: id("id") }
    }

    /// The value of the cookie whose name ends so.
    pub fn cookie(&self, ending: &str) -> Option<&str> {
        let pairs = self.cookies.iter().filter_map(|cookie| cookie.split_once('='));
        pairs.into_iter().find(|(name, _)| name.ends_with(ending)).map(|(_, value)| value)
    }
}

/// From the caller with this number: limits for callers are not what is measured.
pub fn from_caller(event: Sample, number: u32) -> Sample {
    let address = json!(Ipv4Addr::from(0x0a00_0001 + number).to_string());
    let event = put(event, "/requestContext/http/sourceIp", address.clone());
    put(event, "/headers/x-forwarded-for", address)
}

pub fn with_body(event: Sample, body: &Value) -> Sample {
    let body = body.to_string();
    event.with("/headers/content-length", json!(body.len().to_string())).with("/body", json!(body))
}

/// As somebody's browser, if the sample is a browser's.
pub fn of_visitor(event: Sample, visitor: &Visitor) -> Sample {
    let event = put(event, "/cookies", json!(visitor.cookies));
    // Where the sample is of a program, its token is what counts.
    let event = match (event.event()["headers"]["authorization"].is_string(), visitor.cookie("_access")) {
        (true, Some(token)) => put(event, "/headers/authorization", json!(format!("Bearer {token}"))),
        _ => event,
    };
    match &visitor.csrf {
        Some(csrf) => put(event, "/headers/x-csrf-token", json!(csrf)),
        None => event,
    }
}

/// As a program with an access token, where the sample has one.
pub fn with_token(event: Sample, token: &str) -> Sample {
    let bearer = json!(format!("Bearer {token}"));
    put(put(event, "/identitySource", json!([bearer])), "/headers/authorization", bearer)
}

/// With cookies, whether the sample has some or not.
pub fn with_cookies(event: &Sample, cookies: &[&String]) -> Value {
    let mut event = event.event().clone();
    event["cookies"] = json!(cookies);
    event
}

/// At another path of its route.
pub fn at(event: Sample, path: &str, parameters: Value) -> Sample {
    event
        .with("/rawPath", json!(path))
        .with("/requestContext/http/path", json!(path))
        .with("/pathParameters", parameters)
}

/// By another method of its function, without a body.
pub fn to_route(event: Sample, method: &str, path: &str) -> Sample {
    let route = json!(format!("{method} {path}"));
    let event = event.with("/routeKey", route.clone()).with("/requestContext/routeKey", route);
    put(event.with("/requestContext/http/method", json!(method)), "/body", json!(""))
}

pub fn without_query(event: Sample) -> Sample {
    put(put(event, "/rawQueryString", json!("")), "/queryStringParameters", json!({}))
}

/// A batch of a table's stream that tells of new items, each in DynamoDB's own JSON.
pub fn of_stream(event: Sample, items: &[Value], keys: &[&str]) -> Sample {
    let sample = event.event()["Records"][0].clone();
    let record = |(number, item): (usize, &Value)| {
        let mut record = sample.clone();
        record["eventID"] = json!(format!("{number:032x}"));
        record["dynamodb"]["Keys"] = keys.iter().map(|key| ((*key).to_owned(), item[*key].clone())).collect();
        // Where a stream tells of keys alone, there is none.
        if record["dynamodb"]["NewImage"].is_object() {
            record["dynamodb"]["NewImage"] = item.clone();
        }
        record["dynamodb"]["SequenceNumber"] = json!(format!("{:021}", number + 1));
        record
    };
    let records: Vec<Value> = items.iter().enumerate().map(record).collect();
    event.of_records(&records)
}

/// With this value, where the sample has one at all.
fn put(event: Sample, pointer: &str, value: Value) -> Sample {
    if event.event().pointer(pointer).is_some() { event.with(pointer, value) } else { event }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_event_becomes_somebodys() {
        let answer =
            json!({ "cookies": ["__Host-postern_v1_access=abc; Path=/; Secure", "x_refresh=def; Path=/auth"] });
        let visitor = Visitor { csrf: Some("ghi".to_owned()), ..Visitor::of(&answer) };
        assert_eq!((visitor.cookie("_access"), visitor.cookie("_refresh")), (Some("abc"), Some("def")));
        let event = from_caller(without_query(of_visitor(Sample::of("auth-logout"), &visitor)), 7);
        let event = event.event();
        assert_eq!(event["cookies"], json!(["__Host-postern_v1_access=abc", "x_refresh=def"]));
        assert_eq!(event["headers"]["x-csrf-token"], "ghi");
        assert_eq!((&event["rawQueryString"], &event["queryStringParameters"]), (&json!(""), &json!({})));
        assert_eq!(event["requestContext"]["http"]["sourceIp"], "10.0.0.8");
        let event = with_token(Sample::of("authorizer"), "abc");
        assert_eq!(event.event()["identitySource"], json!(["Bearer abc"]));
        assert_eq!(event.event()["headers"]["authorization"], "Bearer abc");
    }

    #[test]
    fn a_batch_has_a_record_for_each_item() {
        let items = [
            json!({ "actor": { "S": "a" }, "at": { "S": "1" } }),
            json!({ "actor": { "S": "b" }, "at": { "S": "2" } }),
        ];
        let event = of_stream(Sample::of("jobs-follow-events"), &items, &["actor", "at"]);
        let records = event.event()["Records"].as_array().unwrap();
        assert_eq!(records.len(), 2);
        assert_eq!(records[1]["dynamodb"]["Keys"], json!({ "actor": { "S": "b" }, "at": { "S": "2" } }));
        assert_eq!((&records[0]["eventName"], &records[0]["dynamodb"]["NewImage"]), (&json!("INSERT"), &items[0]));
        assert_ne!(records[0]["dynamodb"]["SequenceNumber"], records[1]["dynamodb"]["SequenceNumber"]);
    }
}
