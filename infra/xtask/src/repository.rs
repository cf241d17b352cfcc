//! Where things are in this repository, and which programs are on this machine.

use std::env;
use std::path::{Path, PathBuf};

/// The repository that this program was built in, wherever it is started from.
pub(crate) fn root() -> &'static Path {
    const HERE: &str = env!("CARGO_MANIFEST_DIR");
    Path::new(HERE).ancestors().nth(2).unwrap_or(Path::new(HERE))
}

/// The first of the named programs that is found on the search path.
pub(crate) fn program(names: &[&str]) -> Option<PathBuf> {
    let folders: Vec<PathBuf> = env::split_paths(&env::var_os("PATH")?).collect();
    names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::{program, root};

    #[test]
    fn the_root_is_where_the_template_is() {
        assert!(root().join("template.yaml").is_file());
    }

    #[test]
    fn a_program_is_found_by_any_of_its_names() {
        assert!(program(&["no-such-program", "sh"]).is_some_and(|path| path.ends_with("sh")));
        assert_eq!(program(&["no-such-program"]), None);
    }
}
