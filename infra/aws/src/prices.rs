//! What AWS charges, so that a test can hold a request to its price and `cargo bench-functions` can tell what an operation costs.
//!
//! List prices of us-east-1 in US dollars, without taxes, free tiers or discounts, as of [`AS_OF`]. Each names the page that it
//! is from. This is the one place where prices stand.

/// When these prices were written down. No page of AWS could be opened for it: they are known from the pages named below, and held
/// against a stored price list of 2026-09-29 (us-west-1) and articles that quote them. Look them up before you rely on a sum.
pub const AS_OF: &str = "2026-11-21";

/// The region whose prices these are.
pub const REGION: &str = "us-east-1";

/// DynamoDB on demand: a write request unit (<https://aws.amazon.com/dynamodb/pricing/on-demand/>, standard table class).
pub const WRITE_UNIT: f64 = 0.625 / 1e6;

/// DynamoDB on demand: a read request unit (same page).
pub const READ_UNIT: f64 = 0.125 / 1e6;

/// DynamoDB: a GB of data and indexes for a month (same page). The first 25 GB of an account are free.
pub const TABLE_GB_MONTH: f64 = 0.25;

/// DynamoDB: point-in-time recovery of a GB for a month (same page).
pub const RECOVERY_GB_MONTH: f64 = 0.20;

/// AWS Backup: a GB of copies of DynamoDB's tables for a month, warm (<https://aws.amazon.com/backup/pricing/>). Each copy is a full one.
pub const BACKUP_GB_MONTH: f64 = 0.10;

/// KMS: a request with a symmetric, HMAC or RSA_2048 key, or with none (<https://aws.amazon.com/kms/pricing/>).
pub const KMS_CALL: f64 = 0.03 / 1e4;

/// KMS: a request with an asymmetric key other than RSA_2048 (same page).
pub const KMS_ASYMMETRIC_CALL: f64 = 0.15 / 1e4;

/// KMS: a customer managed key for a month, of any kind (same page).
pub const KMS_KEY_MONTH: f64 = 1.0;

/// SES: a mail, each recipient counting as one (<https://aws.amazon.com/ses/pricing/>).
pub const MAIL: f64 = 0.10 / 1e3;

/// Lambda: a call (<https://aws.amazon.com/lambda/pricing/>).
pub const LAMBDA_CALL: f64 = 0.20 / 1e6;

/// Lambda on x86_64: a GB of memory for a second, of the first six billion of a month (same page). The time in which an
/// instance is started is billed like any other.
pub const LAMBDA_GB_SECOND: f64 = 0.000_016_666_7;

/// API Gateway: a request to an HTTP API, of the first 300 million of a month, in pieces of 512 KB
/// (<https://aws.amazon.com/api-gateway/pricing/>).
pub const GATEWAY_CALL: f64 = 1.00 / 1e6;

/// CloudWatch Logs: a GB taken in, standard class (<https://aws.amazon.com/cloudwatch/pricing/>).
pub const LOG_GB: f64 = 0.50;

/// CloudWatch Logs: a GB kept for a month, compressed (same page).
pub const LOG_GB_MONTH: f64 = 0.03;

/// CloudWatch: a metric that an alarm watches, for a month; one with an expression pays for each metric in it (same page).
pub const ALARM_METRIC_MONTH: f64 = 0.10;

/// CloudWatch: a metric of one's own for a month, of the first 10,000, by the hour in which it has values (same page).
pub const METRIC_MONTH: f64 = 0.30;

/// CloudWatch: a dashboard for a month (same page).
pub const DASHBOARD_MONTH: f64 = 3.0;

/// EventBridge Scheduler: a call (<https://aws.amazon.com/eventbridge/pricing/>).
pub const SCHEDULED_CALL: f64 = 1.00 / 1e6;

/// Data out to the internet: a GB, of the first 10 TB of a month (<https://aws.amazon.com/ec2/pricing/on-demand/>).
pub const OUT_GB: f64 = 0.09;

/// Lambda: $0.20 per million requests (<https://aws.amazon.com/lambda/pricing/>). What a function then runs for is not
/// in it: a laptop's time says nothing about Lambda's.
const INVOCATION: f64 = 0.20 / 1e6;

/// The price of DynamoDB request units.
pub fn dynamodb(read_units: f64, write_units: f64) -> f64 {
    read_units * READ_UNIT + write_units * WRITE_UNIT
}

/// The price of one KMS call with a key of this spec.
pub(crate) fn kms(key_spec: Option<&str>) -> f64 {
    match key_spec {
        None | Some("SYMMETRIC_DEFAULT" | "HMAC_256" | "RSA_2048") => KMS_CALL,
        Some(_) => KMS_ASYMMETRIC_CALL,
    }
}

/// The price of one call to Lambda: only invocations cost anything.
pub(crate) fn lambda(operation: &str) -> f64 {
    if operation == "Invoke" { INVOCATION } else { 0.0 }
}

/// The price of a mail to this many recipients.
pub(crate) fn ses(recipients: u32) -> f64 {
    f64::from(recipients) * MAIL
}
