//! Everything that scripts can call is in the documentation, below the heading of its object: asked of the engine.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::script::check::engine_of;
use crate::script::limits::Limits;
use crate::script::listing::{HELPERS, objects, standard};
use crate::script::loader::{Loader, Roots};
use crate::script::watch::Changes;

/// Pages, joined. Headings keep their level.
const PAGES: &str = concat!(
    include_str!("../../../docs/handlers.md"),
    "\n",
    include_str!("../../../docs/api/request.md"),
    "\n",
    include_str!("../../../docs/api/response.md"),
    "\n",
    include_str!("../../../docs/api/writer.md"),
    "\n",
    include_str!("../../../docs/api/frames.md"),
    "\n",
    include_str!("../../../docs/api/connection.md"),
    "\n",
    include_str!("../../../docs/api/stash.md"),
    "\n",
    include_str!("../../../docs/api/helpers.md"),
    "\n",
    include_str!("../../../docs/fuzzing.md"),
    "\n",
    include_str!("../../../docs/profiles.md"),
    "\n",
    include_str!("../../../docs/hooks.md"),
);

/// The text below headings that begin so.
fn sections(beginnings: &[&str]) -> String {
    let mut text = String::new();
    for beginning in beginnings {
        let mut level = None;
        for line in PAGES.lines() {
            let hashes = line.len() - line.trim_start_matches('#').len();
            match level {
                Some(own) if hashes > 0 && hashes <= own => level = None,
                _ => {}
            }
            if line.starts_with(beginning) {
                level = Some(hashes);
            }
            if level.is_some() {
                text.push_str(line);
                text.push('\n');
            }
        }
        assert!(!text.is_empty(), "no heading begins with {beginning}");
    }
    text
}

/// What is written as code: between backticks, and in blocks.
fn code(text: &str) -> String {
    let mut code = String::new();
    for (at, block) in text.split("```").enumerate() {
        match at % 2 {
            1 => code.push_str(block),
            _ => code.extend(block.split('`').skip(1).step_by(2).map(|span| format!("{span}\n"))),
        }
    }
    code
}

/// Whether the code names it, as a whole word.
fn names(code: &str, name: &str) -> bool {
    let is_word = |char: char| char.is_alphanumeric() || char == '_';
    code.match_indices(name)
        .any(|(at, _)| !code[..at].ends_with(is_word) && !code[at + name.len()..].starts_with(is_word))
}

#[test]
fn whatever_scripts_can_call_is_documented_below_its_object() {
    let limits = Rc::new(Limits::default());
    let loader = Rc::new(Loader::new(Rc::clone(&limits), Roots::default(), Changes::unwatched()));
    let engine = engine_of(&limits, &loader);
    let standard = standard();
    let objects = objects();
    let codes: Vec<String> = objects.iter().map(|(_, _, headings)| code(&sections(headings))).collect();
    let (all, elsewhere) = (code(PAGES), code(&sections(HELPERS)));
    let mut missing = BTreeSet::new();
    let mut count = 0;
    let functions = engine.collect_fn_metadata(
        None,
        |info| {
            Some((
                info.namespace.to_string(),
                info.metadata.name.to_string(),
                info.metadata.param_types.first().copied(),
            ))
        },
        false,
    );
    for (module, function, first) in functions {
        let name = function.rsplit('$').next().unwrap_or(&function);
        // What interpolation calls.
        if name == "to_string" || name == "to_debug" {
            continue;
        }
        if name.is_empty() || !name.chars().all(|char| char.is_alphanumeric() || char == '_') {
            continue;
        }
        count += 1;
        let object = objects.iter().position(|(of, ..)| Some(*of) == first).filter(|_| module.is_empty());
        match object {
            Some(at) if names(&codes[at], name) || names(&elsewhere, name) => {}
            Some(at) => drop(missing.insert(format!("{}.{name}", objects[at].1))),
            None if !module.is_empty() && names(&all, &format!("{module}::{name}")) => {}
            None if module.is_empty() && (standard.contains(&function) || names(&elsewhere, name)) => {}
            None => drop(missing.insert(if module.is_empty() { name.to_owned() } else { format!("{module}::{name}") })),
        }
    }
    assert!(count > 250, "only {count} functions");
    assert!(missing.is_empty(), "not documented below their objects: {missing:#?}");
}
