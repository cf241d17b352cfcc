//! The body of an HTML form, as browsers send it without script. Only the hosted pages take one.

use form_urlencoded::parse;
use zeroize::Zeroize;

use crate::error::{Error, Refusal, Result};

/// The only type of body that a hosted page takes (HTML standard, §4.10.21.8).
pub(super) const CONTENT_TYPE: &str = "application/x-www-form-urlencoded";

/// A form's fields by name. Wiped when dropped, because a password may be among them.
pub struct Form(Vec<(String, String)>);

impl Form {
    /// # Errors
    /// [`Refusal::Malformed`] for a repeated field: which of two passwords is meant, nobody can say.
    pub(super) fn read(body: &[u8]) -> Result<Self> {
        let fields: Vec<(String, String)> =
            parse(body).map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        let form = Self(fields);
        let mut names: Vec<&str> = form.0.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Error::from(Refusal::Malformed("a field of the form is there twice")));
        }
        Ok(form)
    }

    /// A field's value; empty when it is not there, as a browser sends a field that nobody filled in.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }
}

impl Drop for Form {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(|(_, value)| value.zeroize());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_a_browser_writes_it() {
        let form = Form::read(b"email=ada%2Bnews%40example.com&password=a+b%26c%C3%BC&empty=").unwrap();
        assert_eq!(form.get("email"), "ada+news@example.com");
        assert_eq!(form.get("password"), "a b&c\u{fc}");
        assert_eq!((form.get("empty"), form.get("absent")), ("", ""));
        assert!(Form::read(b"password=a&password=b").is_err());
    }
}
