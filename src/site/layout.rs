//! What all pages of the program have in common: one stylesheet, one header.

use super::render::render;
use serde_json::{Value, json};

const LAYOUT: &str = include_str!("layout.html");

/// Entries of the header: names and URLs.
const ENTRIES: [(&str, &str); 4] =
    [("Handlers", "/handlers/"), ("Connections", "/_wire/"), ("Docs", "/_wire/docs/"), ("Status", "/_wire/status")];

/// What a page is, for its header.
#[derive(Clone, Copy, Debug, Default)]
pub struct Title<'a> {
    /// Its title. If that is an entry of the header, it is the page of that entry.
    pub name: &'a str,
    /// The entry of the header that it is below; empty if it has its name, or is below none.
    pub entry: &'a str,
    /// Rules that clients broke since the start.
    pub violations: u64,
    /// Expectations of scripts that failed since the start.
    pub failed_expectations: u64,
}

/// A page around `main`, which is HTML.
pub fn page(title: &Title<'_>, main: &str) -> String {
    let Title { name, entry: current, violations, failed_expectations } = title;
    let entry =
        |(entry, url): (&str, &str)| json!({"name": entry, "url": url, "current": entry == *name || entry == *current});
    let count = |count: u64, one: &str, many: &str| {
        (count > 0).then(|| format!("{count} {}", if count == 1 { one } else { many }))
    };
    let data = json!({
        "title": name,
        "entries": ENTRIES.into_iter().map(entry).collect::<Value>(),
        "violations": count(*violations, "violation", "violations"),
        "failed": count(*failed_expectations, "failed expectation", "failed expectations"),
        "main": main,
    });
    render(LAYOUT, &data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_marks_where_it_is_and_says_what_went_wrong() {
        let title = Title { name: "Status", violations: 1, failed_expectations: 2, ..Title::default() };
        let shown = page(&title, "<main>{{title}}</main>");
        for part in [
            "<a href=\"/_wire/status\" aria-current=\"page\">Status</a>",
            "<a href=\"/_wire/\">Connections</a>",
            "1 violation<",
            "2 failed expectations<",
            "<main>{{title}}</main>",
        ] {
            assert!(shown.contains(part), "{part} is not in {shown}");
        }
        let below = page(&Title { name: "Pipes", entry: "Docs", ..Title::default() }, "");
        assert!(below.contains("<title>Pipes") && below.contains("aria-current=\"page\">Docs<"), "{below}");
        let quiet = page(&Title { name: "Handlers", ..Title::default() }, "");
        assert!(!quiet.contains("violation") && !quiet.contains("expectation"), "{quiet}");
    }
}
