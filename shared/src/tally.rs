//! Counts by name: what is counted in a process, in a batch of events, and in the items of the table.
//!
//! A name is made of parts, `what|which|why`. Parts are words of our own, never of a caller's: nobody may make names without
//! end.

use std::collections::BTreeMap;

use serde::Serialize;

/// Counts, each by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Tally(BTreeMap<String, u64>);

/// Stands between the parts of a name; no part has it.
const BETWEEN: char = '|';

/// Longer parts are cut.
const LONGEST_PART: usize = 48;

impl Tally {
    pub fn add(&mut self, parts: &[&str], n: u64) {
        *self.0.entry(name(parts)).or_default() += n;
    }

    /// Takes a count over under the name that it was stored by. Other names are not ours, and are left out.
    pub fn put(&mut self, name: &str, n: u64) {
        if name.contains(BETWEEN) {
            *self.0.entry(name.to_owned()).or_default() += n;
        }
    }

    pub fn merge(&mut self, other: &Self) {
        for (name, n) in &other.0 {
            *self.0.entry(name.clone()).or_default() += n;
        }
    }

    pub fn get(&self, parts: &[&str]) -> u64 {
        self.0.get(&name(parts)).copied().unwrap_or_default()
    }

    /// The sum over all names that begin with these parts.
    pub fn sum(&self, parts: &[&str]) -> u64 {
        self.each().filter(|(name, _)| name.len() >= parts.len() && name[..parts.len()] == *parts).map(|(_, n)| n).sum()
    }

    /// Every count, its name in parts.
    pub fn each(&self) -> impl Iterator<Item = (Vec<&str>, u64)> {
        self.0.iter().map(|(name, n)| (name.split(BETWEEN).collect(), *n))
    }

    /// Every count by its whole name.
    pub fn names(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(name, n)| (name.as_str(), *n))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A name has a separator even if it has one part, so that it is told from other attributes.
fn name(parts: &[&str]) -> String {
    let parts: Vec<String> = parts.iter().map(|part| word(part)).collect();
    let name = parts.join("|");
    if parts.len() == 1 { name + "|" } else { name }
}

/// A word as it may stand in a name: letters, digits, `_`, `-` and `.`; anything else is `_`.
pub fn word(text: &str) -> String {
    let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    text.chars().take(LONGEST_PART).map(|c| if is_fit(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_3_names_are_of_bounded_words() {
        let mut tally = Tally::default();
        tally.add(&["UserLoginFailed", "failure", "invalid credentials"], 2);
        tally.add(&["UserLoginFailed", "failure", "evil|\r\n\u{2028}"], 1);
        tally.add(&["alone"], 4);
        assert_eq!(tally.get(&["UserLoginFailed", "failure", "invalid_credentials"]), 2);
        assert_eq!(tally.sum(&["UserLoginFailed"]), 3);
        assert_eq!((tally.sum(&["alone"]), tally.sum(&["User"])), (4, 0));
        let names: Vec<&str> = tally.names().map(|(name, _)| name).collect();
        assert_eq!(names[1..], ["UserLoginFailed|failure|invalid_credentials", "alone|"]);
        assert_eq!(names[0], "UserLoginFailed|failure|evil____");
        assert_eq!(word(&"x".repeat(100)).len(), LONGEST_PART);
        tally.put("ttl", 7);
        assert_eq!(tally.get(&["ttl"]), 0);
    }
}
