//! `/assets/…`: style, script and pictures of the pages, and the browser SDK. A file's name holds a hash of what is in it, so
//! that browsers keep it for good, and a new one has another name. `build.rs` has made and packed them.

use std::fmt::Write;
use std::sync::LazyLock;

use http::{HeaderName, header};
use ring::digest::{SHA256, digest};
use shared::app::App;
use shared::error::{Refusal, Result};
use shared::http::{Call, Endpoint, Reply};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "pages-assets",
    routes: &["GET /assets/{file}"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// A file, as it was when this was built.
pub(crate) struct Asset {
    stem: &'static str,
    ending: &'static str,
    content_type: &'static str,
    text: &'static str,
    /// The same, packed with Brotli (RFC 7932).
    packed: &'static [u8],
    hash: LazyLock<String>,
}

macro_rules! asset {
    ($name:ident, $stem:literal, $ending:literal, $kind:literal) => {
        pub(crate) static $name: Asset = Asset {
            stem: $stem,
            ending: $ending,
            content_type: $kind,
            text: include_str!(concat!(env!("OUT_DIR"), "/", $stem, ".", $ending)),
            packed: include_bytes!(concat!(env!("OUT_DIR"), "/", $stem, ".", $ending, ".br")),
            hash: LazyLock::new(|| hash(include_str!(concat!(env!("OUT_DIR"), "/", $stem, ".", $ending)))),
        };
    };
}

asset!(THEME, "theme", "css", "text/css; charset=utf-8");
asset!(STYLE, "pages", "css", "text/css; charset=utf-8");
asset!(SCRIPT, "pages", "js", "text/javascript; charset=utf-8");
asset!(ACCOUNT, "account", "js", "text/javascript; charset=utf-8");
asset!(SDK, "postern", "js", "text/javascript; charset=utf-8");
asset!(LOGO, "logo", "svg", "image/svg+xml");

static ALL: [&Asset; 6] = [&THEME, &STYLE, &SCRIPT, &ACCOUNT, &SDK, &LOGO];

impl Asset {
    /// Where it is.
    pub(crate) fn path(&self) -> String {
        format!("/assets/{}", self.file())
    }

    fn file(&self) -> String {
        format!("{}.{}.{}", self.stem, *self.hash, self.ending)
    }

    /// The gateway packs nothing, so we do, for those who can unpack it.
    fn reply(&self, call: &Call) -> Reply {
        // No other site may show it as its own.
        const POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
        let reply = match call.header("accept-encoding").is_some_and(takes_brotli) {
            true => Reply::packed_file(self.content_type, self.packed, "br"),
            false => Reply::file(self.content_type, self.text),
        };
        reply.with_header(POLICY, "same-origin").with_header(header::VARY, "Accept-Encoding")
    }
}

/// Whether `Accept-Encoding` names Brotli, and not to refuse it (RFC 9110 §12.5.3).
fn takes_brotli(accepted: &str) -> bool {
    accepted.split(',').any(|coding| {
        let (name, weight) = coding.split_once(";q=").unwrap_or((coding, "1"));
        name.trim() == "br" && weight.trim().parse().is_ok_and(|weight: f32| weight > 0.0)
    })
}

fn hash(text: &str) -> String {
    let hash = digest(&SHA256, text.as_bytes());
    hash.as_ref().iter().take(8).fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

async fn handle(_: &App, call: &Call) -> Result<Reply> {
    let file = call.path_parameter("file")?;
    if let Some(asset) = ALL.into_iter().find(|asset| asset.file() == file) {
        let reply = asset.reply(call);
        return Ok(reply.with_header(header::CACHE_CONTROL, "public, max-age=31536000, immutable"));
    }
    // During a deployment an old page may ask for an old file: the new one will do, but is not kept under that name.
    let is_old = |asset: &&Asset| file.starts_with(asset.stem) && file.ends_with(asset.ending) && file.len() < 64;
    let asset = ALL.into_iter().find(is_old).ok_or(Refusal::NotFound)?;
    Ok(asset.reply(call))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brotli_is_for_those_who_ask_for_it() {
        for header in ["br", "gzip, deflate, br, zstd", "gzip;q=1.0, br;q=0.5"] {
            assert!(takes_brotli(header), "{header}");
        }
        for header in ["", "gzip", "br;q=0", "br;q=x", "brotli", "*"] {
            assert!(!takes_brotli(header), "{header}");
        }
    }

    #[test]
    fn the_sdk_is_one_module_that_loads_nothing() {
        let line_starts = |start: &str| SDK.text.lines().filter(|line| line.starts_with(start)).count();
        assert_eq!((line_starts("import "), line_starts("export ")), (0, 1));
        assert!(SDK.text.contains("export const { createClient } = client_;"));
        assert!(!SDK.text.contains("/**\n") && !SDK.text.contains("import("));
    }
}
