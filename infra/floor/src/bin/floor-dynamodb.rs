//! With a DynamoDB client, made as our functions make theirs: reads one item that is not there, and answers 200.

use aws_sdk_dynamodb::types::AttributeValue;
use shared::environment::Environment;

fn main() -> Result<(), lambda_http::Error> {
    let environment = Environment::of_process();
    let table = environment.get("USERS_TABLE").unwrap_or_default().to_owned();
    let client = aws_sdk_dynamodb::Client::new(&shared::aws::sdk_config(&environment)?);
    floor::serve(|_| {
        let key = |name: &str| AttributeValue::S(name.to_owned());
        let read = client.get_item().table_name(&table).key("user_id", key("nobody")).key("item", key("profile"));
        async {
            read.send().await?;
            Ok(())
        }
    })
}
