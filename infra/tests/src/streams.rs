//! The template without some of its streams, for stacks that hold many records.

use crate::TEMPLATE;

/// The template, but for the streams of these tables and who follows them. The embedded engine looks through all that a stream has
/// ever held at each write, so that a hundred thousand writes would take hours; AWS does not. And nobody makes calls unasked.
pub fn without_streams(tables: &[&str]) -> String {
    const STREAM: &str = "\n      StreamSpecification: {StreamViewType: NEW_IMAGE}";
    // What watches the consumers of a stream goes with them, and what is told of it.
    let is_kept = |part: &&str| {
        let is_consumer = tables.iter().any(|table| part.contains(&format!("!GetAtt {table}.StreamArn")));
        !is_consumer && !part.contains("Type: AWS::CloudFormation::Stack") && !part.starts_with("Outputs:")
    };
    let without = |part: &str| {
        let is_theirs = tables.iter().any(|table| part.lines().any(|line| line.trim() == format!("{table}:")));
        if is_theirs { part.replace(STREAM, "") } else { part.to_owned() }
    };
    TEMPLATE.split("\n\n").filter(is_kept).map(without).collect::<Vec<_>>().join("\n\n")
}
