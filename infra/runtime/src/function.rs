//! A function as it is deployed, and the variables that its process gets.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// What Lambda knows of a function.
#[derive(Clone, Debug)]
pub struct Function {
    pub name: String,
    /// What would be the `bootstrap` of its package.
    pub binary: PathBuf,
    /// What it is told that it may take; nothing holds it to that.
    pub memory_mb: u32,
    /// When a call is given up.
    pub timeout: Duration,
    /// The template's variables, and the settings of clients: region, credentials, endpoints.
    pub environment: BTreeMap<String, String>,
}

impl Function {
    /// All that its process is told, and nothing of this one's own environment. Source: AWS Lambda, "Defined runtime
    /// environment variables", for OS-only runtimes.
    pub(crate) fn variables(&self, api: &str) -> BTreeMap<String, String> {
        let memory = self.memory_mb.to_string();
        let group = format!("/aws/lambda/{}", self.name);
        let region = self.region();
        let lambda = [
            ("AWS_LAMBDA_RUNTIME_API", api),
            ("AWS_LAMBDA_FUNCTION_NAME", &self.name),
            ("AWS_LAMBDA_FUNCTION_VERSION", VERSION),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &memory),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", &group),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "local"),
            ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
            ("AWS_REGION", region),
            ("AWS_DEFAULT_REGION", region),
            ("_HANDLER", "bootstrap"),
            ("LANG", "en_US.UTF-8"),
            ("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin"),
            ("TZ", ":UTC"),
        ];
        let lambda = lambda.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.environment.clone().into_iter().chain(lambda).collect()
    }

    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:lambda:{}:000000000000:function:{}", self.region(), self.name)
    }

    fn region(&self) -> &str {
        self.environment.get("AWS_REGION").map_or("us-east-1", String::as_str)
    }
}

const VERSION: &str = "$LATEST";
