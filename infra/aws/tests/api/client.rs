//! A client that speaks just enough HTTP.

use embedded_aws::{EmbeddedAws, Options};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{HeaderMap, Method, Request};
use hyper_util::client::legacy::{Client as Http, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

/// A stack, and a connection to it.
pub(crate) struct Client {
    pub(crate) aws: EmbeddedAws,
    http: Http<HttpConnector, Full<Bytes>>,
    pub(crate) user_agent: &'static str,
}

impl Client {
    pub(crate) async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    /// By another emulator, where one is named: `infra/tests/second_opinion.py` does.
    pub(crate) async fn start_with(options: Options) -> Self {
        #[expect(clippy::disallowed_methods, reason = "the setting is for these tests alone")]
        let elsewhere = std::env::var("POSTERN_SECOND_OPINION").ok().map(|address| address.parse().unwrap());
        let options = Options { elsewhere, ..options };
        let aws = EmbeddedAws::start(options).await.unwrap();
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        // As the SDK does: a request is not silently sent again on another connection.
        let http = Http::builder(TokioExecutor::new()).retry_canceled_requests(false).build(connector);
        Self { aws, http, user_agent: "test" }
    }

    /// Sends a request; `None` if the connection ends without an answer.
    pub(crate) async fn post(&self, headers: &[(&str, &str)], body: String) -> Option<(u16, String)> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}/", self.aws.endpoint()))
            .header("user-agent", self.user_agent)
            .header("x-amz-date", "20261101T000000Z")
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=a/20261101/us-east-1/x/aws4_request, SignedHeaders=host, Signature=0",
            );
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.http.request(request.body(Full::from(body)).unwrap()).await.ok()?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.ok()?.to_bytes();
        Some((status, String::from_utf8(body.to_vec()).unwrap()))
    }

    /// Sends a request to a path: status, head and body of the answer.
    pub(crate) async fn rest(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (u16, HeaderMap, Value) {
        let uri = format!("{}{path}", self.aws.endpoint());
        let mut request = Request::builder().method(method).uri(uri).header("user-agent", self.user_agent);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.http.request(request.body(Full::from(body.to_owned())).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (head.status.as_u16(), head.headers, serde_json::from_slice(&body).unwrap_or_default())
    }

    pub(crate) async fn codedeploy(&self, operation: &str, input: Value) -> Result<Value, Value> {
        let target = format!("CodeDeploy_20141006.{operation}");
        self.json("application/x-amz-json-1.1", &target, input).await.expect("an answer")
    }

    async fn json(&self, kind: &str, target: &str, input: Value) -> Option<Result<Value, Value>> {
        let (status, body) = self.post(&[("content-type", kind), ("x-amz-target", target)], input.to_string()).await?;
        let mut output: Value = serde_json::from_str(&body).unwrap();
        if status == 200 {
            return Some(Ok(output));
        }
        let code = output["__type"].as_str().unwrap().rsplit('#').next().unwrap().to_owned();
        output["code"] = json!(code);
        output["status"] = json!(status);
        Some(Err(output))
    }

    /// A DynamoDB operation; `None` if there was no answer.
    pub(crate) async fn try_dynamodb(&self, operation: &str, input: Value) -> Option<Result<Value, Value>> {
        self.json("application/x-amz-json-1.0", &format!("DynamoDB_20120810.{operation}"), input).await
    }

    pub(crate) async fn dynamodb(&self, operation: &str, input: Value) -> Result<Value, Value> {
        self.try_dynamodb(operation, input).await.expect("an answer")
    }

    pub(crate) async fn kms(&self, operation: &str, input: Value) -> Result<Value, Value> {
        self.json("application/x-amz-json-1.1", &format!("TrentService.{operation}"), input).await.expect("an answer")
    }

    /// The code of the error that a KMS operation is refused with.
    pub(crate) async fn kms_refused(&self, operation: &str, input: Value) -> String {
        let error = self.kms(operation, input).await.expect_err("a refusal");
        error["code"].as_str().unwrap().to_owned()
    }

    /// An SES operation: status and XML.
    pub(crate) async fn ses(&self, members: &[(&str, &str)]) -> (u16, String) {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(members).finish();
        self.post(&[("content-type", "application/x-www-form-urlencoded")], form).await.expect("an answer")
    }

    /// Makes a table with key `pk`, a stream of both images and a TTL attribute.
    pub(crate) async fn create_table(&self, name: &str) {
        let table = json!({
            "TableName": name,
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
            "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        });
        self.dynamodb("CreateTable", table).await.unwrap();
        let ttl = json!({"TableName": name, "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": true}});
        self.dynamodb("UpdateTimeToLive", ttl).await.unwrap();
    }

    /// Puts an item with key `pk`.
    pub(crate) async fn put(&self, table: &str, pk: &str) -> Result<Value, Value> {
        self.dynamodb("PutItem", json!({"TableName": table, "Item": {"pk": {"S": pk}, "n": {"N": "1"}}})).await
    }

    /// The item with key `pk`, `Null` if there is none.
    pub(crate) async fn get(&self, table: &str, pk: &str) -> Value {
        let answer =
            self.dynamodb("GetItem", json!({"TableName": table, "Key": {"pk": {"S": pk}}, "ConsistentRead": true}));
        answer.await.unwrap()["Item"].clone()
    }
}
