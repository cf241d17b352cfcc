//! What a laptop sets that a deployment sets otherwise.

use std::collections::BTreeMap;

use crate::samples;

/// What a laptop sets differently from the template's defaults. Whoever starts it may set all of it otherwise.
pub(crate) fn parameters(url: &str, given: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let defaults = [
        ("Stage", "development"),
        ("PublicUrl", url),
        ("FrontendOrigins", "http://localhost:3000,http://localhost:5173,http://127.0.0.1:3000,http://127.0.0.1:5173"),
        ("AppUrl", url),
        ("MailFrom", "no-reply@postern.example"),
        ("AdminEmails", samples::ADMIN_EMAIL),
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
