//! `wireserve docs`

use super::output::{fail_with, print_markdown};
use crate::config::DocsArguments;
use crate::http::words::most_similar;
use crate::site::docs::{Page, Section, exact, hits};
use std::process::ExitCode;

/// Sections that are only listed.
const MAX_LISTED: usize = 12;

pub(super) fn run(arguments: &DocsArguments) -> ExitCode {
    let pages = Page::all();
    let words = arguments.words.join(" ");
    match found(&pages, &words) {
        Some(markdown) => print_markdown(&markdown),
        None => fail_with(1, nothing(&pages, &words)),
    }
}

/// What the docs say about some words, in Markdown.
fn found(pages: &[Page], words: &str) -> Option<String> {
    if words.trim().is_empty() {
        let contents = pages.first()?;
        let names = pages.iter().map(|page| format!("- `{}`: {}", page.name(), page.title()));
        let names: Vec<String> = names.skip(1).collect();
        return Some(format!("{}\n## Names of the pages\n\n{}\n", contents.text(), names.join("\n")));
    }
    let sections = exact(pages, words);
    if !sections.is_empty() {
        return Some(sections.iter().map(shown).collect::<Vec<_>>().join("\n"));
    }
    let hits = hits(pages, words, MAX_LISTED);
    if let [hit] = &hits[..] {
        return Some(shown(&hit.section));
    }
    let place = |section: &Section<'_>| match section.level {
        1 => String::new(),
        _ => format!("{}: ", section.page.name()),
    };
    let row = |hit: &crate::site::docs::Hit<'_>| {
        format!("- {}**{}**: {}\n", place(&hit.section), hit.section.heading, hit.excerpt.replace('`', ""))
    };
    let rows: String = hits.iter().map(row).collect();
    let how = "To read one: `wireserve docs` with its heading, or with the name of its page.";
    (!hits.is_empty()).then(|| format!("{rows}\n{how}\n"))
}

/// A section, with the file that it is from.
fn shown(section: &Section<'_>) -> String {
    format!("<!-- docs/{} -->\n\n{}\n", section.page.path(), section.all.trim_end())
}

fn nothing(pages: &[Page], words: &str) -> String {
    let headings: Vec<String> = pages.iter().flat_map(Page::sections).map(|section| section.heading).collect();
    let names = headings.iter().map(String::as_str).chain(pages.iter().map(Page::name));
    let help = match most_similar(words, names, 1).first() {
        Some(similar) => format!("a similar heading exists: `{similar}`"),
        None => "use fewer or other words; `wireserve docs` lists the pages".to_owned(),
    };
    format!("no section of the docs has all of these words: `{words}`\nhelp: {help}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gives_its_section_and_words_give_a_list() {
        let pages = Page::all();
        let of = |words: &str| found(&pages, words).unwrap_or_default();
        let one = of("connection.ping");
        assert!(one.starts_with("<!-- docs/api/connection.md -->\n\n### `connection.ping`\n"), "{one}");
        assert!(!one.contains("### `connection.settings`"), "{one}");
        let several = of("goaway");
        assert!(several.contains("frame::goaway") && several.contains("### `connection.goaway`"), "{several}");
        let list = of("playwright certificate");
        assert!(list.starts_with("- ") && list.contains("**") && list.contains("wireserve docs"), "{list}");
        let contents = of("");
        assert!(contents.contains("- `api/writer`: response.writer\n"), "{contents}");
        assert_eq!(found(&pages, "zzzz"), None);
        assert!(nothing(&pages, "proflies").contains("`Profiles`"));
    }
}
