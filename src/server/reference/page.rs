//! The page with all functions.

use super::{Entry, Reference};
use crate::script::listing::constants;
use crate::site::docs::Section;

const HEAD: &str = "# All functions

Everything that scripts can call, besides what is part of Rhai. A `?` marks what may be left out. `wireserve api WORD`
prints types, and what the docs say; `wireserve definitions DIR` writes the list for editors.

<!-- Made from what is registered: cargo xtask record -->
";

/// The page in Markdown.
pub fn page() -> String {
    let reference = Reference::new();
    let entries = reference.entries();
    let mut page = HEAD.to_owned();
    for part in entries.chunk_by(|one, other| one.group.name == other.group.name) {
        let name = part.first().map(|entry| entry.group.name.as_str()).filter(|name| !name.is_empty());
        let heading = name.map_or_else(|| "Helpers".to_owned(), |name| format!("`{name}`"));
        page.push_str(&format!("\n## {heading}\n\n"));
        // The order of the docs, each section once.
        let mut sections: Vec<(Option<&Section<'_>>, Vec<&Entry<'_>>)> = Vec::new();
        for entry in part {
            let section = entry.section.as_ref();
            let place = section.map(Section::url);
            match sections.iter_mut().find(|(known, _)| known.map(Section::url) == place) {
                Some((_, entries)) => entries.push(entry),
                None => sections.push((section, vec![entry])),
            }
        }
        sections
            .sort_by_key(|(section, _)| section.map(|section| (section.page.path(), section.own.as_ptr() as usize)));
        for (section, entries) in sections {
            let calls: Vec<String> =
                entries.iter().flat_map(|entry| entry.short()).map(|call| format!("`{call}`")).collect();
            page.push_str(&format!("- {}: {}\n", section.map(link).unwrap_or_default(), calls.join(" ")));
        }
    }
    page.push_str("\n## Names of numbers\n\n");
    for (module, names) in constants() {
        let names: Vec<String> = names.iter().map(|(name, _)| format!("`{name}`")).collect();
        page.push_str(&format!("- `{module}::` {}\n", names.join(" ")));
    }
    page
}

/// A link to a section: the page, and what the section is about.
fn link(section: &Section<'_>) -> String {
    let page = section.page;
    let path = page.path().strip_prefix("api/").map_or_else(|| format!("../{}", page.path()), str::to_owned);
    if section.level == 1 {
        return format!("[{}]({path})", page.title());
    }
    let heading = section.codes.first().map_or_else(|| section.heading.clone(), |code| format!("`{code}`"));
    let more = if section.codes.len() > 1 { " …" } else { "" };
    format!("[{heading}{more}]({path}#{})", section.anchor)
}
