//! Where things are in this repository, and which programs are on this machine.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::child::Failure;

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

/// The search path, with a folder before all others.
pub(crate) fn search_path(first: &Path) -> Result<OsString, Failure> {
    let others = env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(first.to_owned()).chain(env::split_paths(&others));
    env::join_paths(folders).map_err(|error| Failure::Other(format!("{}: {error}", first.display())))
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::path::Path;

    use super::{program, root, search_path};

    #[test]
    fn the_root_is_where_the_template_is() {
        assert!(root().join("template.yaml").is_file());
    }

    #[test]
    fn a_program_is_found_by_any_of_its_names() {
        assert!(program(&["no-such-program", "sh"]).is_some_and(|path| path.ends_with("sh")));
        assert_eq!(program(&["no-such-program"]), None);
    }

    #[test]
    fn a_folder_comes_first_on_the_search_path() {
        let path = search_path(Path::new("/some/where")).unwrap();
        assert_eq!(env::split_paths(&path).next().unwrap(), Path::new("/some/where"));
    }
}
