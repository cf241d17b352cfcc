//! Makes what browsers load: the SDK of `client/src` as one file, and everything once more with Brotli.
//!
//! The SDK is many modules, and each file is a call of a function. So they become one, module by module: imports turn into
//! constants, comments are left out, and nothing else changes. A form of import or export that this does not know stops the build.

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// In an order in which each comes after those that it imports.
const MODULES: [&str; 9] = ["errors", "lifetime", "environment", "state", "tabs", "wire", "session", "fetch", "client"];
const FILES: [&str; 5] = ["theme.css", "pages.css", "pages.js", "account.js", "logo.svg"];

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo names no OUT_DIR")?);
    let (pages, client) = (root.join("pages"), root.join("../../client/src"));
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", pages.display());
    println!("cargo::rerun-if-changed={}", client.display());
    pack(&out, "postern.js", &sdk(&client)?)?;
    for file in FILES {
        pack(&out, file, &fs::read_to_string(pages.join(file))?)?;
    }
    Ok(())
}

/// Writes a file as it is, and as `….br`.
fn pack(out: &Path, name: &str, text: &str) -> Result<()> {
    fs::write(out.join(name), text)?;
    let file = fs::File::create(out.join(format!("{name}.br")))?;
    let mut packed = brotli::CompressorWriter::new(file, 4096, 11, 20);
    packed.write_all(text.as_bytes())?;
    packed.flush()?;
    Ok(())
}

fn sdk(folder: &Path) -> Result<String> {
    let mut all = String::new();
    for module in MODULES {
        let text = fs::read_to_string(folder.join(format!("{module}.js")))?;
        all.push_str(&closed(module, &without_comments(&text)?)?);
    }
    all.push_str("export const { createClient } = client_;\n");
    Ok(all)
}

/// A module as a constant with what it exports.
fn closed(module: &str, text: &str) -> Result<String> {
    let mut exports = Vec::new();
    let mut body = String::new();
    for line in text.lines() {
        if let Some(import) = line.strip_prefix("import ") {
            let (names, from) = import.split_once(" from './").ok_or_else(|| unknown(module, line))?;
            let from = from.strip_suffix(".js';").ok_or_else(|| unknown(module, line))?;
            if !MODULES.iter().take_while(|earlier| **earlier != module).any(|earlier| *earlier == from) {
                return Err(unknown(module, line));
            }
            body.push_str(&format!("const {names} = {from}_;\n"));
        } else if let Some(export) = line.strip_prefix("export ") {
            let kinds = ["async function ", "function ", "const ", "class "];
            let rest = kinds.iter().find_map(|kind| export.strip_prefix(kind)).ok_or_else(|| unknown(module, line))?;
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).ok_or_else(|| unknown(module, line))?;
            exports.push(rest[..end].to_owned());
            body.push_str(&format!("{export}\n"));
        } else {
            body.push_str(&format!("{line}\n"));
        }
    }
    Ok(format!("const {module}_ = (() => {{\n{body}return {{ {} }};\n}})();\n", exports.join(", ")))
}

/// Leaves out lines that are nothing but a comment. Others stay to the letter.
fn without_comments(text: &str) -> Result<String> {
    let mut kept = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let start = line.trim_start();
        if start.starts_with("/**") && start.contains("*/") && !start.ends_with("*/") {
            // A type before an expression.
            kept.push_str(&format!("{line}\n"));
        } else if start.starts_with("/**") {
            let mut end = start;
            while !end.ends_with("*/") {
                end = lines.next().ok_or("a comment without an end")?.trim_end();
            }
        } else if !start.starts_with("//") && !start.is_empty() {
            kept.push_str(&format!("{line}\n"));
        }
    }
    Ok(kept)
}

fn unknown(module: &str, line: &str) -> Box<dyn Error> {
    format!("client/src/{module}.js: build.rs does not know \"{line}\"").into()
}
