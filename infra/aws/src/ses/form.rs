//! Reading a request of the query protocol.

/// The members of a request.
pub(super) struct Form<'a> {
    members: &'a [(String, String)],
}

impl<'a> Form<'a> {
    pub(super) fn new(members: &'a [(String, String)]) -> Self {
        Self { members }
    }

    /// A member's text, empty if it was not sent.
    pub(super) fn get(&self, name: &str) -> &'a str {
        self.find(name).unwrap_or_default()
    }

    /// A list: `name.member.1`, `name.member.2` and so on, up to the first that is missing.
    pub(super) fn list(&self, name: &str) -> Vec<&'a str> {
        (1..).map_while(|n| self.find(&format!("{name}.member.{n}"))).collect()
    }

    fn find(&self, name: &str) -> Option<&'a str> {
        self.members.iter().find(|(member, _)| member == name).map(|(_, value)| value.as_str())
    }
}
