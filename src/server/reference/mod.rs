//! What scripts can call, each with the place of the docs that describes it: for `wireserve api`, the page with all
//! functions, and editors.

mod definitions;
mod page;
#[cfg(test)]
mod tests;

pub use definitions::files;
pub use page::page;

use crate::script::listing::{Group, Member, groups};
use crate::site::docs::{Page, Section};
use std::collections::{BTreeMap, BTreeSet};

/// The path of the page with all functions, which is made from this.
const PAGE: &str = "api/README.md";

/// Parameters without names that a page shows.
const MAX_UNNAMED: usize = 4;

/// All functions, and the pages that describe them.
pub struct Reference {
    groups: Vec<Group>,
    pages: Vec<Page>,
}

/// A member with its place.
pub struct Entry<'r> {
    /// What it is a member of.
    pub group: &'r Group,
    /// Its name.
    pub name: &'r str,
    /// What it is.
    pub member: &'r Member,
    /// The section that describes it.
    pub section: Option<Section<'r>>,
    /// Names of its parameters in the ways to call it that the docs show, the longest first.
    names: Vec<Vec<String>>,
}

impl Reference {
    /// Asks an engine, and reads the docs.
    pub fn new() -> Self {
        let mut pages = Page::all();
        pages.retain(|page| page.path() != PAGE);
        Self { groups: groups(), pages }
    }

    /// All members, by group and name.
    pub fn entries(&self) -> Vec<Entry<'_>> {
        let all: Vec<Section<'_>> = self.pages.iter().flat_map(Page::sections).collect();
        self.groups.iter().flat_map(|group| entries_of(group, &all)).collect()
    }
}

fn entries_of<'r>(group: &'r Group, all: &[Section<'r>]) -> Vec<Entry<'r>> {
    let is_of = |section: &&Section<'r>| group.headings.iter().any(|heading| section.all.starts_with(heading));
    let tops: Vec<&Section<'r>> = all.iter().filter(is_of).collect();
    let is_below = |section: &Section<'r>, top: &Section<'r>| {
        section.page.path() == top.page.path() && top.all.contains(section.own)
    };
    // Modules are described where their functions are named, in the pages of the API first.
    let mut below: Vec<&Section<'r>> = match group.headings {
        [] => all.iter().collect(),
        _ => tops.iter().flat_map(|top| all.iter().filter(|section| is_below(section, top))).collect(),
    };
    below.sort_by_key(|section| !section.page.path().starts_with("api/"));
    let entry = |(name, member): (&'r String, &'r Member)| {
        let is_object = group.type_name.is_some();
        let full = if is_object { name.clone() } else { format!("{}{name}", group.name) };
        let in_heading = |section: &&&Section<'r>| section.codes.iter().any(|code| names(code, &full));
        let in_text = |section: &&&Section<'r>| (section.level > 1 || !is_object) && names(section.own, &full);
        let find = |is: &dyn Fn(&&&Section<'r>) -> bool| below.iter().find(is).copied();
        let exact = format!("{}.{name}", group.name);
        let is_exact = |section: &&&Section<'r>| section.codes.iter().any(|code| names(code, &exact));
        let described = find(&is_exact).or_else(|| find(&in_heading));
        // Of Rhai's own functions, those that the docs describe.
        if member.is_standard && described.is_none() {
            return None;
        }
        let section = described.or_else(|| find(&in_text)).or_else(|| tops.first().copied());
        let others = all.iter().filter(|_| !is_object).map(|section| section.own);
        let counts: BTreeSet<usize> = member.calls.iter().map(Vec::len).collect();
        let names = parameters(below.iter().map(|section| section.own).chain(others), &full, &counts);
        Some(Entry { group, name, member, section: section.cloned(), names })
    };
    group.members.iter().filter_map(entry).collect()
}

impl Entry<'_> {
    /// What a script writes before its parameters.
    pub fn full_name(&self) -> String {
        let dot = if self.group.type_name.is_some() { "." } else { "" };
        format!("{}{dot}{}", self.group.name, self.name)
    }

    /// It as a member of its group, with names of parameters; those that may be left out have a `?`. More than one if the
    /// docs show ways to call it that begin differently.
    pub fn short(&self) -> Vec<String> {
        let prefix = if self.group.type_name.is_none() { &self.group.name } else { "" };
        let least = self.member.calls.iter().map(Vec::len).min().unwrap_or(0);
        let Some(most) = self.member.calls.iter().map(Vec::len).max() else {
            return vec![format!("{prefix}{}", self.name)];
        };
        let shown = |at: usize| {
            let name = self.names_of(most).get(at).map_or_else(|| self.unnamed(at), Clone::clone);
            format!("{name}{}", if at < least { "" } else { "?" })
        };
        let mut longest: Vec<String> = (0..most).map(shown).collect();
        if longest.len() > MAX_UNNAMED && self.names.is_empty() {
            longest.truncate(1);
            longest.push("…".to_owned());
        }
        let begins = |one: &Vec<String>| !self.names_of(most).starts_with(one);
        let others = self.names.iter().filter(|one| one.len() < most && begins(one)).cloned();
        let all = std::iter::once(longest).chain(others);
        all.map(|list| format!("{prefix}{}({})", self.name, list.join(", "))).collect()
    }

    /// It with its object, and with names and types of parameters: a line for each number of them.
    pub fn long(&self) -> Vec<String> {
        let full = self.full_name();
        let counts: BTreeSet<usize> = self.member.calls.iter().map(Vec::len).collect();
        let mut lines: Vec<String> = Vec::new();
        if self.member.is_property || self.member.is_settable {
            let how = match (self.member.is_property, self.member.is_settable) {
                (true, true) => "read and set",
                (true, false) => "read",
                _ => "set",
            };
            lines.push(format!("{full}  ({how})"));
        }
        for count in counts {
            let parameter = |at: usize| {
                let types = self.types_of(at, count).join(" or ");
                self.names_of(count).get(at).map_or_else(|| types.clone(), |name| format!("{name}: {types}"))
            };
            lines.push(format!("{full}({})", (0..count).map(parameter).collect::<Vec<_>>().join(", ")));
        }
        lines
    }

    /// The names of this many parameters: as the docs show that call, or else as they begin a longer one.
    fn names_of(&self, count: usize) -> &[String] {
        let exact = self.names.iter().find(|names| names.len() == count);
        exact
            .or_else(|| self.names.first())
            .map_or(&[], |names| names.get(..count.min(names.len())).unwrap_or_default())
    }

    /// What to call a parameter whose name the docs do not say.
    fn unnamed(&self, at: usize) -> String {
        let types: BTreeSet<&str> = self.member.calls.iter().filter_map(|call| call.get(at).copied()).collect();
        match types.into_iter().collect::<Vec<_>>()[..] {
            ["map"] => "options".to_owned(),
            [] | ["any"] => "value".to_owned(),
            ref types => types.join("/"),
        }
    }

    /// The types of a parameter, of calls with this many of them.
    fn types_of(&self, at: usize, count: usize) -> Vec<&str> {
        let calls = self.member.calls.iter().filter(|call| call.len() == count);
        let types: BTreeSet<&str> = calls.filter_map(|call| call.get(at).copied()).collect();
        types.into_iter().collect()
    }
}

/// The names that docs give the parameters of a function, in `name(one, two)` between backticks, the longest list first.
/// One list for each number of parameters among `counts`.
fn parameters<'t>(texts: impl Iterator<Item = &'t str>, name: &str, counts: &BTreeSet<usize>) -> Vec<Vec<String>> {
    let mut found: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for text in texts {
        for span in text.split('`').skip(1).step_by(2) {
            let Some((before, rest)) = span.split_once('(') else { continue };
            let is_it = before == name || before.rsplit('.').next() == Some(name);
            let Some(list) = rest.strip_suffix(')').filter(|_| is_it) else { continue };
            let list: Vec<&str> = list.split(", ").collect();
            let is_letter = |char: char| char.is_ascii_lowercase() || char == '_';
            let is_name =
                |word: &&str| !word.is_empty() && word.chars().all(is_letter) && !["true", "false"].contains(word);
            if list.iter().all(is_name) && counts.contains(&list.len()) {
                found.entry(list.len()).or_insert_with(|| list.into_iter().map(str::to_owned).collect());
            }
        }
    }
    found.into_values().rev().collect()
}

/// Whether a text names it, as a whole word.
fn names(text: &str, name: &str) -> bool {
    let is_word = |char: char| char.is_alphanumeric() || char == '_';
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + name.len()..).unwrap_or_default());
        !before.ends_with(is_word) && !after.starts_with(is_word)
    })
}
