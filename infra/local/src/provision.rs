//! Makes what the template declares: tables in the embedded DynamoDB, keys in the embedded KMS.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    PointInTimeRecoverySpecification, Projection, ProjectionType, ScalarAttributeType, StreamSpecification,
    StreamViewType, TimeToLiveSpecification,
};
use aws_sdk_kms::primitives::Blob;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use shared::aws::sdk_config;
use shared::environment::Environment;
use template::{Attribute, AttributeKind, Key, StreamView, Table};

/// What went wrong, in words.
pub(crate) type Fault = String;

/// Clients of the embedded AWS, for what deployment does and functions do not.
pub(crate) struct Provisioner {
    dynamodb: aws_sdk_dynamodb::Client,
    kms: aws_sdk_kms::Client,
}

impl Provisioner {
    pub(crate) fn new(environment: &Environment) -> Result<Self, Fault> {
        let config = sdk_config(environment).map_err(|error| error.to_string())?;
        Ok(Self { dynamodb: aws_sdk_dynamodb::Client::new(&config), kms: aws_sdk_kms::Client::new(&config) })
    }

    /// The template's keys, by logical id: found again by their alias, or made.
    pub(crate) async fn keys(&self, keys: &[Key]) -> Result<BTreeMap<String, String>, Fault> {
        let mut ids = BTreeMap::new();
        for key in keys {
            let alias = format!("alias/postern-{}", key.logical_id);
            let found = self.kms.describe_key().key_id(&alias).send().await.ok().and_then(|output| output.key_metadata);
            let id = match found {
                Some(metadata) => metadata.key_id,
                None => self.make_key(key, &alias).await?,
            };
            ids.insert(key.logical_id.clone(), id);
        }
        Ok(ids)
    }

    async fn make_key(&self, key: &Key, alias: &str) -> Result<String, Fault> {
        let request = self.kms.create_key().key_spec(key.spec.as_str().into()).key_usage(key.usage.as_str().into());
        let made = request.send().await.map_err(|error| format!("{}: {error:?}", key.logical_id))?;
        let id = made.key_metadata.map(|metadata| metadata.key_id).ok_or("a key without an id")?;
        let aliased = self.kms.create_alias().alias_name(alias).target_key_id(&id).send().await;
        aliased.map(|_| id).map_err(|error| format!("{alias}: {error:?}"))
    }

    /// A secret as an operator would put it into a parameter: encrypted by a key of the stack, in base64.
    pub(crate) async fn encrypt(&self, key_id: &str, context: &[(&str, &str)], secret: &str) -> Result<String, Fault> {
        let context = context.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = self.kms.encrypt().key_id(key_id).plaintext(Blob::new(secret));
        let output =
            request.set_encryption_context(Some(context)).send().await.map_err(|error| format!("{error:?}"))?;
        Ok(STANDARD.encode(output.ciphertext_blob.ok_or("a secret without a ciphertext")?))
    }

    /// Makes a table, unless it is there already.
    pub(crate) async fn table(&self, table: &Table) -> Result<(), Fault> {
        let fault = |error: &dyn std::fmt::Debug| format!("table {}: {error:?}", table.name);
        if self.dynamodb.describe_table().table_name(&table.name).send().await.is_err() {
            self.make_table(table).await?;
        }
        if table.point_in_time_recovery {
            let on = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true).build();
            let request = self.dynamodb.update_continuous_backups().table_name(&table.name);
            let on = on.map_err(|error| fault(&error))?;
            request.point_in_time_recovery_specification(on).send().await.map_err(|error| fault(&error))?;
        }
        Ok(())
    }

    async fn make_table(&self, table: &Table) -> Result<(), Fault> {
        let fault = |error: &dyn std::fmt::Debug| format!("table {}: {error:?}", table.name);
        let mut attributes: Vec<&Attribute> = vec![&table.hash_key];
        attributes.extend(&table.range_key);
        attributes
            .extend(table.indexes.iter().flat_map(|index| [Some(&index.hash_key), index.range_key.as_ref()]).flatten());
        attributes.sort_by(|a, b| a.name.cmp(&b.name));
        attributes.dedup_by(|a, b| a.name == b.name);

        let mut request = self
            .dynamodb
            .create_table()
            .table_name(&table.name)
            .billing_mode(BillingMode::PayPerRequest)
            .deletion_protection_enabled(table.deletion_protection)
            .set_key_schema(Some(schema(&table.hash_key, table.range_key.as_ref())?))
            .set_attribute_definitions(Some(attributes.into_iter().map(definition).collect::<Result<_, _>>()?));
        for index in &table.indexes {
            let (kind, included) = match &index.projection {
                template::Projection::All => (ProjectionType::All, None),
                template::Projection::KeysOnly => (ProjectionType::KeysOnly, None),
                template::Projection::Include(names) => (ProjectionType::Include, Some(names.clone())),
            };
            let projection = Projection::builder().projection_type(kind).set_non_key_attributes(included).build();
            let index = GlobalSecondaryIndex::builder()
                .index_name(&index.name)
                .projection(projection)
                .set_key_schema(Some(schema(&index.hash_key, index.range_key.as_ref())?));
            request = request.global_secondary_indexes(index.build().map_err(|error| fault(&error))?);
        }
        if let Some(view) = &table.stream {
            let view = match view {
                StreamView::KeysOnly => StreamViewType::KeysOnly,
                StreamView::NewImage => StreamViewType::NewImage,
                StreamView::OldImage => StreamViewType::OldImage,
                StreamView::NewAndOldImages => StreamViewType::NewAndOldImages,
            };
            let stream = StreamSpecification::builder().stream_enabled(true).stream_view_type(view).build();
            request = request.stream_specification(stream.map_err(|error| fault(&error))?);
        }
        request.send().await.map_err(|error| fault(&error))?;
        if let Some(attribute) = &table.ttl_attribute {
            let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name(attribute).build();
            let ttl = ttl.map_err(|error| fault(&error))?;
            self.dynamodb
                .update_time_to_live()
                .table_name(&table.name)
                .time_to_live_specification(ttl)
                .send()
                .await
                .map_err(|error| fault(&error))?;
        }
        Ok(())
    }

    /// Removes every item of a table.
    pub(crate) async fn empty(&self, table: &Table) -> Result<(), Fault> {
        let fault = |error: &dyn std::fmt::Debug| format!("table {}: {error:?}", table.name);
        let mut next = None;
        loop {
            let page = self
                .dynamodb
                .scan()
                .table_name(&table.name)
                .set_exclusive_start_key(next)
                .send()
                .await
                .map_err(|error| fault(&error))?;
            for mut item in page.items.unwrap_or_default() {
                item.retain(|name, _| {
                    *name == table.hash_key.name || table.range_key.as_ref().is_some_and(|key| *name == key.name)
                });
                self.dynamodb
                    .delete_item()
                    .table_name(&table.name)
                    .set_key(Some(item))
                    .send()
                    .await
                    .map_err(|error| fault(&error))?;
            }
            next = page.last_evaluated_key;
            if next.is_none() {
                return Ok(());
            }
        }
    }
}

fn schema(hash: &Attribute, range: Option<&Attribute>) -> Result<Vec<KeySchemaElement>, Fault> {
    let element = |attribute: &Attribute, kind| {
        KeySchemaElement::builder()
            .attribute_name(&attribute.name)
            .key_type(kind)
            .build()
            .map_err(|error| error.to_string())
    };
    std::iter::once(element(hash, KeyType::Hash)).chain(range.map(|range| element(range, KeyType::Range))).collect()
}

fn definition(attribute: &Attribute) -> Result<AttributeDefinition, Fault> {
    let kind = match attribute.kind {
        AttributeKind::S => ScalarAttributeType::S,
        AttributeKind::N => ScalarAttributeType::N,
        AttributeKind::B => ScalarAttributeType::B,
    };
    AttributeDefinition::builder()
        .attribute_name(&attribute.name)
        .attribute_type(kind)
        .build()
        .map_err(|error| error.to_string())
}
