//! Files that tell editors what scripts can call, in the form of Rhai's definition files. Rhai writes such files itself
//! if it is built to keep the text of every type and comment; names of parameters, which it does not have, are in the docs.

use super::{Entry, Reference};
use crate::script::listing::constants;
use std::collections::BTreeMap;

/// The files by name: one for methods and functions without a module, and one for each module.
pub fn files() -> BTreeMap<String, String> {
    let reference = Reference::new();
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let mut add = |module: &str, text: &str| {
        let name = if module == "static" { "wireserve" } else { module };
        let file = files.entry(format!("{name}.d.rhai")).or_insert_with(|| format!("module {module};\n"));
        file.push('\n');
        file.push_str(text);
    };
    for entry in reference.entries() {
        add(entry.group.name.strip_suffix("::").unwrap_or("static"), &definition(&entry));
    }
    for (module, names) in constants() {
        names.iter().for_each(|(name, code)| add(module, &format!("/// {code}\nconst {name}: int;\n")));
    }
    files
}

/// All ways to use a member.
fn definition(entry: &Entry<'_>) -> String {
    let object = entry.group.type_name.map(|name| format!("{}: {}", parameter_of(name), type_of(name)));
    let mut lines = Vec::new();
    let comment = entry
        .section
        .as_ref()
        .map_or_else(String::new, |section| format!("/// docs/{}: {}\n", section.page.path(), section.heading));
    if entry.member.is_property {
        lines.push(format!("fn get {}({}) -> ?;", entry.name, object.clone().unwrap_or_default()));
    }
    if entry.member.is_settable {
        lines.push(format!("fn set {}({}, value: ?) -> ();", entry.name, object.clone().unwrap_or_default()));
    }
    for call in &entry.member.calls {
        let parameter = |(at, of): (usize, &&str)| {
            let name = entry.names_of(call.len()).get(at).cloned().unwrap_or_else(|| format!("_{at}"));
            format!("{name}: {}", type_of(of))
        };
        let all: Vec<String> = object.iter().cloned().chain(call.iter().enumerate().map(parameter)).collect();
        lines.push(format!("fn {}({}) -> ?;", entry.name, all.join(", ")));
    }
    lines.iter().map(|line| format!("{comment}{line}\n")).collect()
}

/// A type in the words of definition files. Names of our own types have spaces and dots, which these do not.
fn type_of(name: &str) -> String {
    match name {
        "integer" => "int".to_owned(),
        "string" => "String".to_owned(),
        "array" => "Array".to_owned(),
        "map" => "Map".to_owned(),
        "function" => "FnPtr".to_owned(),
        "any" => "?".to_owned(),
        "float" | "bool" | "char" => name.to_owned(),
        own => own.split([' ', '.']).map(capitalized).collect(),
    }
}

fn parameter_of(name: &str) -> String {
    name.replace([' ', '.'], "_")
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
