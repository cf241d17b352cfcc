//! JSON objects, and nothing else: serde would also read a derived struct from an array, member by member.

use serde::de::DeserializeOwned;

/// Why a text is not the object that was expected.
#[derive(Debug)]
pub struct NotRead {
    /// The member in question, as `organization.slug`; empty for the whole.
    pub path: String,
    pub cause: serde_json::Error,
}

/// Reads exactly one JSON object.
///
/// # Errors
/// Where and why it cannot be read. The cause may repeat what was sent: not for logs.
pub fn object<T: DeserializeOwned>(text: &[u8]) -> Result<T, NotRead> {
    use serde::de::Error;
    let whole = |cause| NotRead { path: String::new(), cause };
    if text.trim_ascii_start().first() != Some(&b'{') {
        let broken = serde_json::from_slice::<serde::de::IgnoredAny>(text).err();
        return Err(whole(broken.unwrap_or_else(|| serde_json::Error::custom("must be a JSON object"))));
    }
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        NotRead { path: if path == "." { String::new() } else { path }, cause: error.into_inner() }
    })?;
    // Whatever follows the object is not ours to ignore.
    reader.end().map_err(whole)?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Pair {
        a: u8,
        b: u8,
    }

    #[test]
    fn an_array_is_no_object_though_its_members_would_fit() {
        assert_eq!(object::<Pair>(br#" {"a":1,"b":2} "#).unwrap(), Pair { a: 1, b: 2 });
        for bad in ["[1,2]", "", "1", "null", "{\"a\":1,\"b\":2} 3", "\u{feff}{\"a\":1,\"b\":2}", "{"] {
            assert!(object::<Pair>(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
