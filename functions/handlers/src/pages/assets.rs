//! `/assets/…`: style, script and pictures of the pages. A file's name holds a hash of what is in it, so that browsers
//! keep it for good, and a new one has another name.

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
    hash: LazyLock<String>,
}

macro_rules! asset {
    ($name:ident, $stem:literal, $ending:literal, $kind:literal) => {
        pub(crate) static $name: Asset = Asset {
            stem: $stem,
            ending: $ending,
            content_type: $kind,
            text: include_str!(concat!("../../pages/", $stem, ".", $ending)),
            hash: LazyLock::new(|| hash(include_str!(concat!("../../pages/", $stem, ".", $ending)))),
        };
    };
}

asset!(THEME, "theme", "css", "text/css; charset=utf-8");
asset!(STYLE, "pages", "css", "text/css; charset=utf-8");
asset!(SCRIPT, "pages", "js", "text/javascript; charset=utf-8");
asset!(LOGO, "logo", "svg", "image/svg+xml");

static ALL: [&Asset; 4] = [&THEME, &STYLE, &SCRIPT, &LOGO];

impl Asset {
    /// Where it is.
    pub(crate) fn path(&self) -> String {
        format!("/assets/{}", self.file())
    }

    fn file(&self) -> String {
        format!("{}.{}.{}", self.stem, *self.hash, self.ending)
    }
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
        let reply = Reply::file(asset.content_type, asset.text);
        return Ok(private(reply).with_header(header::CACHE_CONTROL, "public, max-age=31536000, immutable"));
    }
    // During a deployment an old page may ask for an old file: the new one will do, but is not kept under that name.
    let is_old = |asset: &&Asset| file.starts_with(asset.stem) && file.ends_with(asset.ending) && file.len() < 64;
    let asset = ALL.into_iter().find(is_old).ok_or(Refusal::NotFound)?;
    Ok(private(Reply::file(asset.content_type, asset.text)))
}

/// No other site may show it as its own.
fn private(reply: Reply) -> Reply {
    const POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
    reply.with_header(POLICY, "same-origin")
}
