//! What a binary asks of the machine that it starts on, as its dynamic section says: read by `objdump -p`.

use std::fmt::{self, Display, Formatter};
use std::path::Path;
use std::process::{Command, Stdio};

use serde::{Serialize, Serializer};

use crate::child::{Failure, line_of};

/// A version of glibc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Glibc(pub(crate) u32, pub(crate) u32);

impl Display for Glibc {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.0, self.1)
    }
}

impl Serialize for Glibc {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What must be there for it to start.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// The newest version that a symbol is bound to; `None` for a binary that is linked statically.
    pub(crate) glibc: Option<Glibc>,
    /// What is asked of glibc by a name that is no version: a newer loader's abilities, or its private parts.
    pub(crate) abilities: Vec<String>,
    pub(crate) libraries: Vec<String>,
}

pub(crate) fn of(binary: &Path) -> Result<Shape, Failure> {
    let mut objdump = Command::new("objdump");
    objdump.arg("-p").arg(binary).stdin(Stdio::null());
    let output = objdump.output().map_err(|error| Failure::NotStarted(line_of(&objdump), error))?;
    if !output.status.success() {
        return Err(Failure::Ended(line_of(&objdump), output.status));
    }
    Ok(read(&String::from_utf8_lossy(&output.stdout)))
}

fn read(headers: &str) -> Shape {
    let needed = headers.lines().filter_map(|line| line.trim().strip_prefix("NEEDED"));
    let version = |name: &str| {
        let (major, minor) = name.split_once('.')?;
        Some(Glibc(major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
    };
    let asked = || headers.split_whitespace().filter_map(|word| word.strip_prefix("GLIBC_"));
    Shape {
        glibc: asked().filter_map(version).max(),
        abilities: asked().filter(|name| version(name).is_none()).map(|name| format!("GLIBC_{name}")).collect(),
        libraries: needed.map(|name| name.trim().to_owned()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Glibc, Shape, read};

    #[test]
    fn libraries_and_the_newest_glibc_are_read() {
        let headers = "
Dynamic Section:
  NEEDED               libc.so.6
  NEEDED               libm.so.6
  SONAME               x

Version References:
  required from libm.so.6:
    0x069691b9 0x00 11 GLIBC_2.29
  required from libc.so.6:
    0x09691a75 0x00 02 GLIBC_2.2.5
    0x06969190 0x00 12 GLIBC_2.30
    0x0d696913 0x00 03 GLIBC_2.3
    0x0fd0e42f 0x00 04 GLIBC_ABI_DT_RELR
";
        let libraries = ["libc.so.6", "libm.so.6"].map(str::to_owned).to_vec();
        let abilities = vec!["GLIBC_ABI_DT_RELR".to_owned()];
        assert_eq!(read(headers), Shape { glibc: Some(Glibc(2, 30)), abilities, libraries });
        let nothing = Shape { glibc: None, abilities: Vec::new(), libraries: Vec::new() };
        assert_eq!(read("file format elf64-x86-64"), nothing);
    }
}
