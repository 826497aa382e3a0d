//! All pages of the binary, as HTML and as text.

use super::super::layout::Title;
use super::page::{Page, paths};
use super::{exact, found, hits, page, terminal};
use std::collections::BTreeMap;

fn title() -> Title<'static> {
    Title::default()
}

/// The values of an attribute in a page.
fn attributes<'p>(page: &'p str, name: &str) -> Vec<&'p str> {
    page.split(&format!(" {name}=\"")).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn every_page_is_listed_and_every_link_and_anchor_leads_somewhere() {
    let pages = Page::all();
    let listed: Vec<&str> = pages.iter().map(Page::path).collect();
    for path in paths() {
        assert!(
            listed.contains(&&*path),
            "docs/README.md does not lead to {path}: link it, or list it in its directory"
        );
    }
    let shown: BTreeMap<String, String> = pages
        .iter()
        .map(|one| (one.url(), page(one.name(), &title()).unwrap_or_else(|| panic!("{}", one.path()))))
        .collect();
    let mut dead = Vec::new();
    let mut count = 0;
    for (url, html) in &shown {
        for link in attributes(html, "href").into_iter().filter(|link| !link.starts_with("http")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let other = [("/handlers/", ""), ("/_wire/", ""), ("/_wire/status", ""), ("data:,", "")];
            if other.contains(&(path, anchor)) || path.starts_with("/_wire/assets/") {
                continue;
            }
            count += 1;
            let target = shown.get(if path.is_empty() { url.as_str() } else { path });
            let leads = target.is_some_and(|page| anchor.is_empty() || attributes(page, "id").contains(&anchor));
            dead.extend((!leads).then(|| format!("{url}: {link}")));
        }
    }
    assert!(count > 1500, "only {count} links");
    assert!(dead.is_empty(), "{dead:#?}");
}

#[test]
fn a_page_is_whole() {
    let html = page("api/writer", &title()).expect("a page");
    for part in [
        "<title>response.writer · wireserve",
        "aria-current=\"page\">Docs<",
        "<a href=\"/_wire/docs/api/writer\" aria-current=\"page\">response.writer</a>",
        "<h3 id=\"writerwrite_push\">",
        "<i class=k>fn</i> <i class=f>main</i>",
        "<div class=\"wide\"><table>",
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
    assert!(!html.contains("test: both"), "comments are for tests");
    for path in ["", "/", "README.md", "recipes", "recipes/", "recipes/goaway", "recipes/goaway.md", "api/request"] {
        assert!(page(path, &title()).is_some(), "{path}");
    }
    for path in ["nothing", "../README", "api/../start", "README.md/x", "start.md.md", "pages/../start"] {
        assert!(page(path, &title()).is_none(), "{path}");
    }
}

#[test]
fn what_is_meant_exactly_comes_first() {
    let pages = Page::all();
    for (words, first) in [
        ("profiles", "/_wire/docs/profiles"),
        ("start", "/_wire/docs/start"),
        ("write_push", "/_wire/docs/api/writer#writerwrite_push"),
        ("Connection.GOAWAY", "/_wire/docs/api/connection#connectiongoaway"),
        ("frame::goaway()", "/_wire/docs/api/frames#framesettings-frameping-framegoaway"),
        ("on_frame", "/_wire/docs/profiles#on_frameconnection-frame"),
        ("recipes/windows", "/_wire/docs/recipes/windows"),
    ] {
        assert_eq!(exact(&pages, words).first().map(|section| section.url()).as_deref(), Some(first), "{words}");
        assert_eq!(hits(&pages, words, 1).first().map(|hit| hit.section.url()).as_deref(), Some(first), "{words}");
    }
    assert!(exact(&pages, "").is_empty() && exact(&pages, "playwright browsers").is_empty());
    let hits = hits(&pages, "Playwright   certificate", 5);
    let urls: Vec<String> = hits.iter().map(|hit| hit.section.url()).collect();
    assert!(urls.iter().any(|url| url.starts_with("/_wire/docs/test-runners")), "{urls:?}");
    assert!(hits.iter().all(|hit| !hit.excerpt.is_empty() && hit.excerpt.chars().count() <= 162), "{urls:?}");
}

#[test]
fn a_search_shows_where_and_escapes_what_was_asked() {
    let html = found("goaway", &title());
    assert!(
        html.contains("<h2><a href=\"/_wire/docs/api/connection#connectiongoaway\">connection.goaway</a>"),
        "{html}"
    );
    let html = found("\"><script>", &title());
    assert!(html.contains("value=\"&quot;&gt;&lt;script&gt;\"") && html.contains("No section has"), "{html}");
    assert!(!html.contains("<script>"));
}

#[test]
fn every_page_fits_a_terminal() {
    for page in Page::all() {
        let text = anstream::adapter::strip_str(&terminal(page.text(), 80)).to_string();
        assert!(text.contains(&page.title()), "{}", page.path());
        for line in text.lines().filter(|line| line.chars().count() > 80) {
            // Code and words without spaces are not broken.
            assert!(
                line.starts_with("    ") || line.trim().split("  ").any(|cell| !cell.contains(' ')),
                "{}: {line}",
                page.path()
            );
        }
    }
}
