//! What a call would cost in AWS, so that a test can hold a request to its price.
//!
//! Only what is paid per call: no storage, no free tier, no monthly fee for a key.

/// DynamoDB on demand, us-east-1: $0.625 per million write request units
/// (<https://aws.amazon.com/dynamodb/pricing/on-demand/>, standard table class).
const WRITE_UNIT: f64 = 0.625 / 1e6;

/// DynamoDB on demand, us-east-1: $0.125 per million read request units (same page).
const READ_UNIT: f64 = 0.125 / 1e6;

/// KMS: $0.03 per 10,000 requests with a symmetric, HMAC or RSA_2048 key, or with none
/// (<https://aws.amazon.com/kms/pricing/>).
const KMS_CALL: f64 = 0.03 / 1e4;

/// KMS: $0.15 per 10,000 requests with an asymmetric key other than RSA_2048 (same page).
const KMS_ASYMMETRIC_CALL: f64 = 0.15 / 1e4;

/// SES: $0.10 per 1,000 mails, each recipient counting as one (<https://aws.amazon.com/ses/pricing/>).
const MAIL: f64 = 0.10 / 1e3;

/// Lambda: $0.20 per million requests (<https://aws.amazon.com/lambda/pricing/>). What a function then runs for is not
/// in it: a laptop's time says nothing about Lambda's.
const INVOCATION: f64 = 0.20 / 1e6;

/// The price of DynamoDB request units.
pub(crate) fn dynamodb(read_units: f64, write_units: f64) -> f64 {
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
