//! What was built, against what is allowed.

use std::fmt::{self, Display, Formatter};

use serde::Serialize;
use serde_json::json;

use super::shape::Glibc;
use crate::verify::seconds;

/// A package's limit. Lambda's own is ten times as much: this one is for the cold start, which unpacks it.
const MAX_ZIP: u64 = 5_000_000;
/// What provided.al2023 has: Amazon Linux 2023's.
const MAX_GLIBC: Glibc = Glibc(2, 34);
/// The libraries of glibc itself. Whatever else a binary asks for, nobody has put there.
const LIBRARIES: [&str; 7] = [
    "ld-linux-aarch64.so.1",
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libdl.so.2",
    "libm.so.6",
    "libpthread.so.0",
    "librt.so.1",
];

/// One function.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Package {
    pub(crate) function: String,
    pub(crate) binary_bytes: u64,
    pub(crate) zip_bytes: u64,
    pub(crate) glibc: Option<Glibc>,
    pub(crate) abilities: Vec<String>,
    pub(crate) libraries: Vec<String>,
}

/// All that were built.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) architecture: &'static str,
    /// How long the build took; little when nothing had changed.
    pub(crate) seconds: f64,
    pub(crate) packages: Vec<Package>,
}

impl Report {
    /// What keeps packages from being deployed, in words.
    pub(crate) fn faults(&self) -> Vec<String> {
        self.packages.iter().flat_map(faults).collect()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        json!({ "architecture": self.architecture, "seconds": self.seconds, "packages": self.packages })
    }
}

fn faults(package: &Package) -> Vec<String> {
    let Package { function, zip_bytes, glibc, abilities, libraries, .. } = package;
    let mut faults = Vec::new();
    if *zip_bytes > MAX_ZIP {
        faults.push(format!("{function} has {zip_bytes} bytes zipped, more than {MAX_ZIP}"));
    }
    if let Some(glibc) = glibc.filter(|glibc| *glibc > MAX_GLIBC) {
        faults.push(format!("{function} needs glibc {glibc}, and provided.al2023 has {MAX_GLIBC}"));
    }
    if glibc.is_none() && !libraries.is_empty() {
        faults.push(format!("{function} needs libraries and does not say which versions"));
    }
    faults.extend(abilities.iter().map(|name| format!("{function} needs {name}, which provided.al2023 does not have")));
    let missing = libraries.iter().filter(|library| !LIBRARIES.contains(&library.as_str()));
    faults.extend(missing.map(|library| format!("{function} needs {library}, which provided.al2023 does not have")));
    faults
}

impl Display for Report {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(out, "{:<32} {:>8} {:>8} {:>6}  libraries", "function", "binary", "zip", "glibc")?;
        for Package { function, binary_bytes, zip_bytes, glibc, libraries, .. } in &self.packages {
            let (binary, zip) = (megabytes(*binary_bytes), megabytes(*zip_bytes));
            let glibc = glibc.map_or_else(|| "none".to_owned(), |glibc| glibc.to_string());
            writeln!(out, "{function:<32} {binary:>8} {zip:>8} {glibc:>6}  {}", libraries.join(" "))?;
        }
        let all = self.packages.iter().map(|package| package.zip_bytes).sum();
        let took = seconds(std::time::Duration::from_secs_f64(self.seconds));
        writeln!(
            out,
            "{} packages for {}, {} zipped, built in {took}",
            self.packages.len(),
            self.architecture,
            megabytes(all)
        )
    }
}

fn megabytes(bytes: u64) -> String {
    let tenths = (bytes + 50_000) / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::{Glibc, Package, Report};

    fn report(zip_bytes: u64, glibc: Glibc, library: &str) -> Report {
        let libraries = vec![library.to_owned()];
        let function = "auth-login".to_owned();
        let (binary_bytes, glibc, abilities) = (8_423_000, Some(glibc), Vec::new());
        let package = Package { function, binary_bytes, zip_bytes, glibc, abilities, libraries };
        Report { architecture: "x86_64", seconds: 61.0, packages: vec![package] }
    }

    #[test]
    fn what_fits_is_no_fault() {
        let report = report(3_000_000, Glibc(2, 34), "libc.so.6");
        assert_eq!(report.faults(), Vec::<String>::new());
        let text = report.to_string();
        assert!(text.contains("auth-login                         8.4 MB   3.0 MB   2.34  libc.so.6"), "{text}");
        assert!(text.ends_with("1 packages for x86_64, 3.0 MB zipped, built in 1 min 01 s\n"), "{text}");
        assert_eq!(report.json()["packages"][0]["glibc"], "2.34");
    }

    #[test]
    fn what_lambda_would_not_start_is_named() {
        let faults = report(5_000_001, Glibc(2, 35), "libssl.so.3").faults();
        let expected = [
            "auth-login has 5000001 bytes zipped, more than 5000000",
            "auth-login needs glibc 2.35, and provided.al2023 has 2.34",
            "auth-login needs libssl.so.3, which provided.al2023 does not have",
        ];
        assert_eq!(faults, expected);

        let mut report = report(3_000_000, Glibc(2, 34), "libc.so.6");
        report.packages[0].glibc = None;
        report.packages[0].abilities = vec!["GLIBC_ABI_DT_RELR".to_owned()];
        let expected = [
            "auth-login needs libraries and does not say which versions",
            "auth-login needs GLIBC_ABI_DT_RELR, which provided.al2023 does not have",
        ];
        assert_eq!(report.faults(), expected);
    }
}
