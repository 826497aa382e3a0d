//! `wireserve api`

use super::super::reference::{Entry, Reference, page};
use super::output::{fail_with, print_markdown};
use crate::config::ApiArguments;
use crate::http::words::most_similar;
use crate::site::docs::Section;
use std::process::ExitCode;

pub(super) fn run(arguments: &ApiArguments) -> ExitCode {
    let Some(word) = &arguments.word else { return print_markdown(&page()) };
    let reference = Reference::new();
    let entries = reference.entries();
    match found(&entries, word) {
        Some(markdown) => print_markdown(&markdown),
        None => fail_with(1, nothing(&entries, word)),
    }
}

/// The members of the object or module that a word names; or the functions of that name, with what the docs say of them;
/// or else those with the word in their names.
fn found(entries: &[Entry<'_>], word: &str) -> Option<String> {
    let word = word.trim_end_matches("()").to_lowercase();
    let is = |entry: &&Entry<'_>| entry.name.to_lowercase() == word || entry.full_name().to_lowercase() == word;
    let exact: Vec<&Entry<'_>> = entries.iter().filter(is).collect();
    let group = word.trim_end_matches(':');
    let is_in = |entry: &&Entry<'_>| entry.group.name.trim_end_matches(':').to_lowercase() == group;
    let mut some: Vec<&Entry<'_>> = entries.iter().filter(|entry| is_in(entry)).collect();
    if some.is_empty() && !exact.is_empty() {
        return Some(format!("{}\n{}", list(&exact), sections(&exact)));
    }
    some.extend(exact);
    if some.is_empty() {
        some = entries.iter().filter(|entry| entry.full_name().to_lowercase().contains(&word)).collect();
    }
    (!some.is_empty()).then(|| list(&some))
}

fn list(entries: &[&Entry<'_>]) -> String {
    let lines = entries.iter().flat_map(|entry| entry.long());
    lines.map(|line| format!("    {line}\n")).collect()
}

/// The sections that describe some functions, each once.
fn sections(entries: &[&Entry<'_>]) -> String {
    let mut sections: Vec<&Section<'_>> = Vec::new();
    for section in entries.iter().filter_map(|entry| entry.section.as_ref()) {
        if sections.iter().all(|known| known.url() != section.url()) {
            sections.push(section);
        }
    }
    let shown =
        |section: &&Section<'_>| format!("<!-- docs/{} -->\n\n{}\n", section.page.path(), section.own.trim_end());
    sections.iter().map(shown).collect::<Vec<_>>().join("\n")
}

fn nothing(entries: &[Entry<'_>], word: &str) -> String {
    let names: Vec<String> = entries.iter().map(Entry::full_name).collect();
    let names = names.iter().map(String::as_str).chain(entries.iter().map(|entry| entry.name));
    let help = match most_similar(word, names, 1).first() {
        Some(similar) => format!("a similar name exists: `{similar}`"),
        None => "`wireserve api` lists all, and `wireserve docs WORD` searches the docs".to_owned(),
    };
    format!("scripts cannot call `{word}`\nhelp: {help}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gives_its_section_an_object_its_members() {
        let reference = Reference::new();
        let entries = reference.entries();
        let of = |word: &str| found(&entries, word).unwrap_or_default();
        let one = of("connection.goaway");
        assert!(one.starts_with("    connection.goaway("), "{one}");
        assert!(one.contains("<!-- docs/api/connection.md -->\n\n### `connection.goaway`"), "{one}");
        let both = of("goaway");
        assert!(both.contains("    frame::goaway(") && both.contains("### `frame::settings`"), "{both}");
        let object = of("stash");
        assert!(object.contains("    stash.take(key") && !object.contains("docs/"), "{object}");
        assert!(of("frame").contains("    frame::data(stream_id: integer, bytes: any)"));
        assert!(of("informationa").contains("writer.write_informational("));
        assert!(nothing(&entries, "wrte_push").contains("write_push"));
    }
}
