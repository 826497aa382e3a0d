//! `[rules]`: what the server does when a client breaks a rule of HTTP/2.

use std::collections::BTreeMap;
use std::ops::Range;

use super::section::{self, Item, Read, Reader, Section, text, wrong_with};
use super::show::{Printer, Show};
use super::table::{Head, Key, When};
use super::tree::{Entry, Kind};
use super::values::Value;
use crate::h2::{Action, Rule};

/// Similar rules that an error names.
const MAX_SIMILAR: usize = 3;

/// What is done about each rule that the file names.
pub(super) type Actions = BTreeMap<Rule, Value<Action>>;

pub(super) const KEYS: &[&dyn Key<Actions>] = &[&Rules];

const HEAD: Head = Head {
    name: "rules",
    doc: &[" What happens when a client breaks a rule of HTTP/2: see below."],
    when: When::Reload,
};

/// The table, whose keys are the ids of rules.
struct Rules;

impl Key<Actions> for Rules {
    fn head(&self) -> &Head {
        &HEAD
    }

    fn read(&self, rules: &mut Actions, reader: &mut Reader<'_>, section: &mut Section<'_>) {
        let mut found = Vec::new();
        flatten(section.take_all(), "", &mut found);
        for (id, key_span, item) in found {
            let Some(rule) = Rule::by_id(&id) else {
                reader.fail(key_span, format!("unknown rule `{}`", section::short(&id)), Some(similar(&id)));
                continue;
            };
            match action(Item { node: item, source: reader.source }) {
                Ok(value) => {
                    let origin = reader.source.origin(item.span.start);
                    rules.insert(rule, Value { value, origin });
                }
                Err(wrong) => reader.fail(wrong.span, format!("rule `{id}` {}", wrong.what), wrong.advice),
            }
        }
    }

    fn print(&self, rules: &Actions, printer: &mut Printer) {
        rules.iter().for_each(|(rule, action)| printer.value(rule.id(), action));
    }

    fn differs(&self, rules: &Actions, other: &Actions) -> bool {
        rules != other
    }

    fn keep(&self, rules: &mut Actions, other: &Actions) {
        rules.clone_from(other);
    }

    fn show(&self, rules: &Actions) -> Option<String> {
        let rules: BTreeMap<String, Action> =
            rules.iter().map(|(rule, action)| (rule.id().to_owned(), action.value)).collect();
        rules.show()
    }

    #[cfg(test)]
    fn is_set(&self, rules: &Actions) -> bool {
        !rules.is_empty()
    }

    fn place(&self) -> (&'static str, &'static str) {
        ("rules", "")
    }
}

/// Each value with its whole name: TOML takes `h2.ping.length = …` without quotes for tables in tables.
fn flatten<'a>(entries: &'a [Entry], before: &str, found: &mut Vec<(String, Range<usize>, &'a super::tree::Node)>) {
    for Entry { key, key_span, value } in entries {
        let name = format!("{before}{key}");
        match &value.kind {
            Kind::Table(entries) => flatten(entries, &format!("{name}."), found),
            _ => found.push((name, key_span.clone(), value)),
        }
    }
}

fn action(item: Item<'_>) -> Read<Action> {
    match text(item)?.as_str() {
        "enforce" => Ok(Action::Enforce),
        "report" => Ok(Action::Report),
        "ignore" => Ok(Action::Ignore),
        _ => wrong_with(item, "must be one of three", "\"enforce\", \"report\" or \"ignore\""),
    }
}

fn similar(id: &str) -> String {
    let mut rules: Vec<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
    // Of a long text, the beginning says enough.
    let id: String = id.chars().take(100).collect();
    rules.sort_by_key(|rule| strsim::damerau_levenshtein(&id, rule));
    let similar: Vec<String> = rules.iter().take(MAX_SIMILAR).map(|rule| format!("`{rule}`")).collect();
    format!("similar rules: {}", similar.join(", "))
}

impl Show for Action {
    fn show(&self) -> Option<String> {
        let name = match self {
            Action::Enforce => "enforce",
            Action::Report => "report",
            Action::Ignore => "ignore",
        };
        name.show()
    }
}
