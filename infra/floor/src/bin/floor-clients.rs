//! With the clients that a sign-in needs, DynamoDB and KMS: one call of each, one after the other, and answers 200.

use aws_sdk_dynamodb::types::AttributeValue;
use shared::environment::Environment;

fn main() -> Result<(), lambda_http::Error> {
    let environment = Environment::of_process();
    let variable = |name: &str| environment.get(name).unwrap_or_default().to_owned();
    let (table, key_id) = (variable("USERS_TABLE"), variable("SECRETS_KEY_ID"));
    let config = shared::aws::sdk_config(&environment)?;
    let (dynamodb, kms) = (aws_sdk_dynamodb::Client::new(&config), aws_sdk_kms::Client::new(&config));
    floor::serve(|_| {
        let key = |name: &str| AttributeValue::S(name.to_owned());
        let read = dynamodb.get_item().table_name(&table).key("user_id", key("nobody")).key("item", key("profile"));
        let look = kms.describe_key().key_id(&key_id);
        async {
            read.send().await?;
            look.send().await?;
            Ok(())
        }
    })
}
