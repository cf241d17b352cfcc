//! The local stack's own pages: what it is, its mailbox, and what each request asked of AWS.
//!
//! Rendered here, with no script and nothing from elsewhere, so they work in any browser and without a network. Their
//! values come from the caller; nothing in here asks the stack for anything. Render one with [`askama::Template::render`].

mod calls;
mod index;
mod mailbox;

pub(crate) use calls::{CallRow, CallsPage, RequestRow};
pub(crate) use index::{Account, IndexPage};
pub(crate) use mailbox::{MailRow, MailboxPage};

#[cfg(test)]
mod tests {
    use askama::Template;

    use super::{calls, index, mailbox};

    /// What holds for every page.
    pub(super) fn check(html: &str) {
        assert_eq!(html.matches("<h1").count(), 1);
        assert_eq!(html.matches("<main").count(), 1);
        assert!(html.contains("<html lang=\"en\">") && html.contains("href=\"#main\""));
        for loader in ["<script", "<link rel=\"stylesheet", "<img", "@import", "url(", " onclick"] {
            assert!(!html.contains(loader), "{loader}");
        }
    }

    /// Writes every page to a directory, to be looked at: `cargo test -p local write_all_pages -- --ignored`.
    #[test]
    #[ignore = "writes files"]
    fn write_all_pages() {
        let directory = std::env::temp_dir().join("postern-pages");
        std::fs::create_dir_all(&directory).unwrap();
        let pages = [
            ("index", index::sample().render()),
            ("mailbox", mailbox::sample().render()),
            ("calls", calls::sample().render()),
        ];
        for (name, page) in pages {
            std::fs::write(directory.join(name).with_extension("html"), page.unwrap()).unwrap();
        }
    }
}
