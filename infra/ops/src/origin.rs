//! Whose a function is, and which: by what CloudFormation calls it, and by its tags.
//!
//! Anybody who may make functions can call one so, and give it the variables of a stack. Tags that begin with `aws:` nobody
//! can make up.

use std::collections::HashMap;

use crate::exit::Failure;

/// The tags that CloudFormation gives to what it makes.
const STACK_TAG: &str = "aws:cloudformation:stack-name";
const LOGICAL_ID_TAG: &str = "aws:cloudformation:logical-id";

/// Whose a function is, by its tags.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The stack's; and its name inside the template.
    Stack(String),
    Elsewhere,
    /// It has no tags, or whoever asks may not see them: AWS does not tell these apart.
    Untold,
}

/// Every function of the code, named like its binary.
pub(crate) fn binaries() -> impl Iterator<Item = &'static str> {
    let endpoints = handlers::ENDPOINTS.iter().map(|endpoint| endpoint.name);
    let jobs = handlers::JOBS.iter().map(|job| job.name);
    let consumers = handlers::CONSUMERS.iter().map(|consumer| consumer.name);
    endpoints.chain(jobs).chain(consumers).chain([handlers::AUTHORIZER, handlers::DEPLOY_CHECK])
}

/// `jobs-rotate-keys` is `JobsRotateKeys` in the template.
pub(crate) fn logical_id(binary: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
    };
    binary.split('-').map(capital).collect()
}

/// CloudFormation names a function `<stack>-<logical id>-<random>`, and cuts the first two if that gets too long. What is the
/// whole name of another function is not a cut one.
pub(crate) fn may_be(name: &str, logical_id: &str) -> bool {
    let is_cut = |part: &str| {
        part.len() >= 8 && logical_id.starts_with(part) && !binaries().any(|other| self::logical_id(other) == part)
    };
    name.split('-').any(|part| part == logical_id || is_cut(part))
}

/// Whose a function with such tags is.
pub(crate) fn origin(tags: &HashMap<String, String>, stack: &str) -> Origin {
    match tags.get(STACK_TAG) {
        Some(of) if of == stack => Origin::Stack(tags.get(LOGICAL_ID_TAG).cloned().unwrap_or_default()),
        Some(_) => Origin::Elsewhere,
        // Tags of somebody's own show that they can be seen.
        None if tags.is_empty() => Origin::Untold,
        None => Origin::Elsewhere,
    }
}

pub(crate) fn untold() -> Failure {
    Failure::unavailable(
        "AWS does not show the tags of the functions, which tell whose they are: allow lambda:ListTags",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_found_by_its_logical_id_also_where_that_was_cut() {
        assert_eq!(logical_id("jobs-rotate-keys"), "JobsRotateKeys");
        assert!(may_be("postern-JobsRotateKeys-1Q2W3E4R", "JobsRotateKeys"));
        assert!(may_be("a-stack-with-a-very-long-name-JobsRotate-1Q2W3E4R", "JobsRotateKeys"));
        assert!(!may_be("postern-JobsRotateKeys-1Q2W3E4R", "JobsRetryMail"));
        assert!(!may_be("postern-AuthLogin-1Q2W3E4R", "AuthLogout"));
        // No function vouches for one whose name only begins alike.
        assert!(!may_be("postern-AuthVerifyEmail-1Q2W3E4R", "AuthVerifyEmailResend"));
        assert!(!may_be("postern-UserSessions-1Q2W3E4R", "UserSessionsEndOthers"));
    }

    #[test]
    fn whose_a_function_is_cloudformations_tags_say() {
        let of = |tags: &[(&str, &str)]| {
            origin(&tags.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(), "postern")
        };
        let id = (LOGICAL_ID_TAG, "AuthLogin");
        assert_eq!(of(&[(STACK_TAG, "postern"), id]), Origin::Stack("AuthLogin".to_owned()));
        assert_eq!(of(&[(STACK_TAG, "another"), id]), Origin::Elsewhere);
        assert_eq!(of(&[("team", "identity")]), Origin::Elsewhere);
        // Without lambda:ListTags there are none: that must not look as if nothing were deployed.
        assert_eq!(of(&[]), Origin::Untold);
        assert_eq!(untold().exit, crate::exit::Exit::Unavailable);
    }
}
