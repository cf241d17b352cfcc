//! What is refused: `faults.txt` changes the good template in one way after the other, and says what must be reported.

use std::collections::BTreeMap;

use template::Template;

const SMALL: &str = include_str!("small.yaml");
const CHANGES: &str = include_str!("faults.txt");

fn faults(text: &str, parameters: &[(&str, &str)]) -> String {
    let parameters: BTreeMap<_, _> =
        parameters.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    let known = |id: &str, attribute: &str| (id != "Wrap").then(|| format!("{id}:{attribute}"));
    Template::read(text, &parameters, &known).err().map(|faults| faults.to_string()).unwrap_or_default()
}

/// The text of a block's lines with this mark.
fn marked(block: &str, mark: &str) -> String {
    block.lines().filter_map(|line| line.strip_prefix(mark)).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_template_that_is_changed_is_good() {
    assert_eq!(faults(SMALL, &[]), "");
}

#[test]
fn each_fault_is_reported_with_its_place() {
    for block in CHANGES.split("\n\n").filter(|block| !block.starts_with('#')) {
        let (good, bad) = (marked(block, "- "), marked(block, "+ "));
        assert!(SMALL.contains(&good), "small.yaml has no {good:?}");
        let found = faults(&SMALL.replacen(&good, &bad, 1), &[]);
        let expected = marked(block, "= ");
        assert!(
            !expected.is_empty() && expected.lines().all(|fault| found.contains(fault)),
            "{block}\nleads to\n{found}"
        );
    }
}

#[test]
fn a_parameter_that_the_template_does_not_have_is_refused() {
    let expected = "Parameters.Stge: is given a value, but the template has no such parameter";
    assert_eq!(faults(SMALL, &[("Stge", "production")]), expected);
}

#[test]
fn a_given_value_must_be_allowed() {
    assert_eq!(faults(SMALL, &[("Stage", "x")]), "Parameters.Stage: `x` is not one of production, development");
}

#[test]
fn text_that_is_not_yaml_is_refused() {
    assert!(faults("a: [", &[]).starts_with("template: is not YAML: "));
    assert!(faults("a: 1\na: 2", &[]).contains("duplicate"));
}

#[test]
fn all_faults_are_reported_at_once() {
    let text = SMALL.replacen("rate(5 minutes)", "rate(5)", 1).replacen("/things/{id}", "/:id", 1);
    let found = faults(&text, &[]);
    assert_eq!(found.lines().count(), 2, "{found}");
}

#[test]
fn two_tables_cannot_have_one_name() {
    let (before, things) = SMALL.split_once("  Things:").unwrap();
    let (things, after) = things.split_once("Outputs:").unwrap();
    let text = format!("{before}  Copies:{things}  Things:{things}Outputs:{after}");
    assert_eq!(
        faults(&text, &[]),
        "Resources.Things.Properties.TableName: `postern-things` is already the name of Copies"
    );
}
