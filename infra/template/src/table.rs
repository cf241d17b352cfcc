//! `AWS::DynamoDB::Table`: keys, indexes, expiry, stream. On demand only; local secondary indexes are not supported.

use crate::object::Object;

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name inside the template.
    pub logical_id: String,
    /// Its name in DynamoDB.
    pub name: String,
    /// The partition key.
    pub hash_key: Attribute,
    /// The sort key.
    pub range_key: Option<Attribute>,
    /// The global secondary indexes.
    pub indexes: Vec<Index>,
    /// The attribute whose time makes an item vanish.
    pub ttl_attribute: Option<String>,
    /// What its stream shows, if it has one.
    pub stream: Option<StreamView>,
    /// Whether it can be restored to any moment of the last weeks.
    pub point_in_time_recovery: bool,
    /// Whether DynamoDB refuses to delete it.
    pub deletion_protection: bool,
    /// Whether it stays when the stack goes.
    pub retained: bool,
    /// Whether a KMS key, and not DynamoDB's own, encrypts it at rest.
    pub kms_encryption: bool,
}

/// A key attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: AttributeKind,
}

/// The types that a key may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributeKind {
    /// Text.
    S,
    /// A number.
    N,
    /// Bytes.
    B,
}

/// A global secondary index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// The partition key.
    pub hash_key: Attribute,
    /// The sort key.
    pub range_key: Option<Attribute>,
    /// Which attributes it holds.
    pub projection: Projection,
}

/// Which attributes an index holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Projection {
    /// All of them.
    All,
    /// Those of the keys.
    KeysOnly,
    /// Those of the keys, and these.
    Include(Vec<String>),
}

/// What a stream's records show of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamView {
    /// Its keys.
    KeysOnly,
    /// The item after the change.
    NewImage,
    /// The item before the change.
    OldImage,
    /// Both.
    NewAndOldImages,
}

impl AttributeKind {
    const ALL: [(&str, Self); 3] = [("S", Self::S), ("N", Self::N), ("B", Self::B)];
}

impl StreamView {
    const ALL: [(&str, Self); 4] = [
        ("KEYS_ONLY", Self::KeysOnly),
        ("NEW_IMAGE", Self::NewImage),
        ("OLD_IMAGE", Self::OldImage),
        ("NEW_AND_OLD_IMAGES", Self::NewAndOldImages),
    ];
}

/// Reads the evaluated properties of a table.
pub(crate) fn read(logical_id: &str, retained: bool, mut table: Object) -> Option<Table> {
    table.ignore(&["Tags", "ContributorInsightsSpecification"]);
    table.require("BillingMode");
    table.choice("BillingMode", &["PAY_PER_REQUEST"]);
    let name = table.text("TableName");
    let attributes = attributes(&mut table);
    let keys = keys(&mut table, &attributes);
    let indexes: Vec<_> =
        table.objects("GlobalSecondaryIndexes").into_iter().map(|it| index(it, &attributes)).collect();
    let ttl_attribute = table.object("TimeToLiveSpecification").and_then(|mut ttl| {
        ttl.require("Enabled");
        let (attribute, enabled) = (ttl.required_text("AttributeName"), ttl.flag("Enabled"));
        ttl.finish();
        attribute.filter(|_| enabled == Some(true))
    });
    let stream = table.object("StreamSpecification").and_then(|mut stream| {
        stream.require("StreamViewType");
        let view = choose(&mut stream, "StreamViewType", &StreamView::ALL);
        stream.finish();
        view
    });
    let point_in_time_recovery =
        nested_flag(&mut table, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled");
    let kms_encryption = nested_flag(&mut table, "SSESpecification", "SSEEnabled");
    let deletion_protection = table.flag("DeletionProtectionEnabled").unwrap_or(false);

    let used: Vec<&Attribute> = keys.iter().chain(indexes.iter().flatten().flat_map(|index| index.keys())).collect();
    for attribute in attributes.iter().filter(|defined| !used.contains(defined)) {
        table.fault("AttributeDefinitions", format!("`{}` is defined, but no key uses it", attribute.name));
    }
    table.finish();
    let mut keys = keys.into_iter();
    Some(Table {
        logical_id: logical_id.to_owned(),
        name: name?,
        hash_key: keys.next()?,
        range_key: keys.next(),
        indexes: indexes.into_iter().collect::<Option<_>>()?,
        ttl_attribute,
        stream,
        point_in_time_recovery,
        deletion_protection,
        retained,
        kms_encryption,
    })
}

impl Index {
    fn keys(&self) -> impl Iterator<Item = &Attribute> {
        std::iter::once(&self.hash_key).chain(&self.range_key)
    }
}

fn attributes(table: &mut Object) -> Vec<Attribute> {
    table.require("AttributeDefinitions");
    let definitions = table.objects("AttributeDefinitions").into_iter();
    definitions
        .filter_map(|mut definition| {
            definition.require("AttributeType");
            let name = definition.required_text("AttributeName");
            let kind = choose(&mut definition, "AttributeType", &AttributeKind::ALL);
            definition.finish();
            Some(Attribute { name: name?, kind: kind? })
        })
        .collect()
}

/// The key attributes of a table or an index: one, or two with the sort key last.
fn keys(owner: &mut Object, attributes: &[Attribute]) -> Vec<Attribute> {
    owner.require("KeySchema");
    let schema = owner.objects("KeySchema");
    if schema.is_empty() {
        owner.fault("KeySchema", "must have a HASH");
    }
    let mut keys = Vec::new();
    for (position, mut part) in schema.into_iter().enumerate() {
        let name = part.required_text("AttributeName").unwrap_or_default();
        let kind = part.required_text("KeyType").unwrap_or_default();
        match (position, kind.as_str()) {
            (0, "HASH") | (1, "RANGE") => {}
            _ => part.fault("KeyType", "a key is one HASH, or a HASH and then a RANGE"),
        }
        match attributes.iter().find(|attribute| attribute.name == name) {
            Some(attribute) => keys.push(attribute.clone()),
            None => part.fault("AttributeName", format!("`{name}` is not in AttributeDefinitions")),
        }
        part.finish();
    }
    keys
}

fn index(mut index: Object, attributes: &[Attribute]) -> Option<Index> {
    let name = index.required_text("IndexName");
    let mut keys = keys(&mut index, attributes).into_iter();
    index.require("Projection");
    let projection = index.object("Projection").and_then(projection);
    index.finish();
    Some(Index { name: name?, hash_key: keys.next()?, range_key: keys.next(), projection: projection? })
}

fn projection(mut projection: Object) -> Option<Projection> {
    // NonKeyAttributes of another kind of projection stay in the object, which `finish` faults.
    projection.require("ProjectionType");
    let read = match projection.choice("ProjectionType", &["ALL", "KEYS_ONLY", "INCLUDE"]).as_deref() {
        Some("ALL") => Some(Projection::All),
        Some("KEYS_ONLY") => Some(Projection::KeysOnly),
        Some(_) => Some(Projection::Include(projection.texts("NonKeyAttributes"))),
        None => None,
    };
    projection.finish();
    read
}

fn nested_flag(owner: &mut Object, key: &str, flag: &str) -> bool {
    let Some(mut nested) = owner.object(key) else {
        return false;
    };
    let value = nested.flag(flag);
    nested.finish();
    value.unwrap_or(false)
}

fn choose<T: Copy>(owner: &mut Object, key: &str, all: &[(&str, T)]) -> Option<T> {
    let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
    let chosen = owner.choice(key, &names)?;
    all.iter().find(|(name, _)| *name == chosen).map(|(_, value)| *value)
}
