//! What a laptop sets that a deployment sets otherwise.

use std::collections::BTreeMap;

use ring::digest;
use shared::secret::PlainToken;

use crate::provision::{Fault, Provisioner};
use crate::samples;

/// What a laptop sets differently from the template's defaults. Whoever starts it may set all of it otherwise.
pub(crate) fn parameters(url: &str, given: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let port = url.rsplit(':').next().unwrap_or_default();
    // Its own receiver, which webhooks could not reach otherwise.
    let hosts = format!("localhost:{port},127.0.0.1:{port}");
    let defaults = [
        ("Stage", "development"),
        ("PublicUrl", url),
        ("FrontendOrigins", "http://localhost:3000,http://localhost:5173,http://127.0.0.1:3000,http://127.0.0.1:5173"),
        ("AppUrl", url),
        ("MailFrom", "no-reply@postern.example"),
        ("AdminEmails", samples::ADMIN_EMAIL),
        ("WebhookAllowedHosts", &hosts),
        ("MetricsAllowedIps", "127.0.0.1,::1"),
        ("AWS::StackName", "postern-local"),
    ];
    let defaults = defaults.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    defaults.chain(given).collect()
}

/// What Lambda puts into every function's environment, pointed at the embedded AWS.
pub(crate) fn client_settings(endpoint: &str) -> Vec<(String, String)> {
    let settings = [
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_ENDPOINT_URL", endpoint),
    ];
    settings.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Where the settings declare an edge and nobody brings its secret, this stack plays the edge, too: the secret that it sends
/// along. Whoever sets hashes of their own has the secret, and sends it.
pub(crate) fn edge_secret(parameters: &mut BTreeMap<String, String>) -> Option<String> {
    let is_given = |name: &str| parameters.get(name).is_some_and(|value| !value.is_empty());
    if !is_given("Edge") || is_given("EdgeSecretHashes") {
        return None;
    }
    let secret = PlainToken::generate().expose().to_owned();
    let hash = digest::digest(&digest::SHA256, secret.as_bytes());
    let hash = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    parameters.insert("EdgeSecretHashes".to_owned(), hash);
    Some(secret)
}

/// A token for `/metrics`, wrapped as an operator would; whoever sets one of their own has it.
pub(crate) async fn metrics_token(
    parameters: &mut BTreeMap<String, String>,
    provisioner: &Provisioner,
    keys: &BTreeMap<String, String>,
) -> Result<String, Fault> {
    let token = PlainToken::generate().expose().to_owned();
    if parameters.get("MetricsToken").is_none_or(String::is_empty) {
        let key = keys.get("SecretsKey").ok_or("the template has no SecretsKey")?;
        let stack = parameters.get("AWS::StackName").ok_or("the stack has no name")?;
        let context = [("stack", stack.as_str()), ("purpose", "metrics")];
        let wrapped = provisioner.encrypt(key, &context, &token).await?;
        parameters.insert("MetricsToken".to_owned(), wrapped);
    }
    Ok(token)
}
