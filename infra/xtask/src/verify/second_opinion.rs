//! Which tests hear a second opinion: those that lean on tables, transactions, indexes, streams and keys. What they are
//! skipped for is written down in `docs/second-opinion.md`.

use std::process::Command;

use crate::child::cargo;

/// Modules of the tests of the embedded AWS, and of the whole stack. `sessions::` passes as well, and takes a minute; not
/// `recovery::`, whose fifty uses of a link at once are more than ministack answers in time.
const HEARD: [&str; 9] =
    ["conditions::", "reading::", "dynamodb::", "kms::", "streams::", "life::", "runbooks::", "refresh::", "outbox::"];

/// Where ministack differs from AWS, or where the test is about the embedded one.
const SKIPPED: [&str; 16] = [
    "an_operation_that_is_none_is_unknown",
    "an_update_changes_an_attribute_in_one_way",
    "a_ciphertext_that_was_tampered_with_does_not_open",
    "a_ciphertext_does_not_open_by_another_key",
    "a_data_key_needs_a_size",
    "a_key_has_to_be_named",
    "a_key_of_a_curve_is_not_made_for_encryption",
    "a_key_that_waits_for_its_end_is_neither_enabled_nor_ended_again",
    "a_policy_is_a_document",
    "a_signing_key_encrypts_nothing",
    "keys_are_listed_by_pages",
    "only_a_key_that_waits_for_its_end_can_be_spared",
    "the_public_half_is_given_only_while_the_key_is_enabled",
    "continuous_backups_are_switched_per_table",
    "a_key_goes_away_when_its_time_has_come",
    "expired_items_go_when_the_clock_is_moved",
];

/// The tests, with ministack beside them.
pub(super) fn command() -> Command {
    let mut tests = vec!["test", "--locked", "--test", "it", "--test", "api", "--", "--include-ignored"];
    tests.extend(HEARD);
    tests.extend(SKIPPED.iter().flat_map(|name| ["--skip", name]));
    let tests = cargo(&tests);
    let mut beside = Command::new(".tools/ministack/bin/python");
    beside.arg("infra/tests/second_opinion.py").arg(tests.get_program()).args(tests.get_args());
    // What is taken out of cargo's environment is taken out of what starts it.
    for (name, value) in tests.get_envs() {
        if value.is_none() {
            beside.env_remove(name);
        }
    }
    beside
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::repository;

    /// The modules of a test binary, each with all its code.
    fn modules(binary: &str) -> Vec<(String, String)> {
        let folder = repository::root().join(binary);
        let main = fs::read_to_string(folder.join("main.rs")).unwrap();
        let names = main.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
        let module =
            |name: &str| (format!("{name}::"), code(&folder.join(format!("{name}.rs"))) + &code(&folder.join(name)));
        names.map(module).collect()
    }

    /// A file's code, or that of all files in a folder.
    fn code(path: &Path) -> String {
        let Ok(entries) = fs::read_dir(path) else { return fs::read_to_string(path).unwrap_or_default() };
        entries.map(|entry| code(&entry.unwrap().path())).collect()
    }

    /// One that fits nothing any more would drop out without a word.
    #[test]
    fn every_name_is_a_tests() {
        let mut modules = modules("infra/aws/tests/api");
        modules.extend(self::modules("infra/tests/tests/it"));
        let code_of = |heard: &str| -> String {
            modules.iter().filter(|(name, _)| name == heard).map(|(_, code)| code.as_str()).collect()
        };
        let heard: Vec<String> = HEARD.iter().map(|name| code_of(name)).collect();
        for (name, code) in HEARD.iter().zip(&heard) {
            assert!(code.contains("::test"), "{name} has no test");
        }
        for name in SKIPPED {
            assert!(
                heard.iter().any(|code| code.contains(&format!("fn {name}("))),
                "{name} is no test of these modules"
            );
        }
    }
}
