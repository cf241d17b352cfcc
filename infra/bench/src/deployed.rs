//! What the template gives a function.

use std::time::Duration;

use template::Template;

/// A function as it is deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployed {
    pub memory_mb: u32,
    pub timeout: Duration,
    /// Whether requests come to it by API Gateway.
    pub is_behind_gateway: bool,
}

/// What most functions have, for what is no function of the template: a floor stands for one that answers requests.
const OF_MOST: Deployed = Deployed { memory_mb: 256, timeout: Duration::from_secs(10), is_behind_gateway: true };

impl Deployed {
    /// A function, by its binary. The template has to be the whole one: that of [`crate::world`] lacks the consumers of streams.
    pub fn of(template: &Template, binary: &str) -> Self {
        template.functions.iter().find(|function| function.binary == binary).map_or(OF_MOST, |function| Self {
            memory_mb: function.memory_mb,
            timeout: Duration::from_secs(function.timeout_seconds.into()),
            is_behind_gateway: !function.routes.is_empty(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::CASES;
    use crate::page;

    #[test]
    fn consumers_of_streams_are_not_behind_the_gateway() {
        let template = page::template().unwrap();
        let is_behind = |binary| Deployed::of(&template, binary).is_behind_gateway;
        for case in &CASES {
            let is_inside = case.function.starts_with("jobs-") || case.function == "authorizer";
            assert_eq!(is_behind(case.function), !is_inside, "{}", case.name);
        }
        assert!(is_behind("floor-bare"));
        assert_eq!(Deployed::of(&template, "auth-login").memory_mb, 1769);
    }
}
