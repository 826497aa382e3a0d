//! The table of files in docs/maintainers/architecture.md: each file with what it owns, from the bottom of its module up.

use super::circles::Graph;
use super::source::Source;
use std::collections::{BTreeMap, BTreeSet};

/// The heading of the table's section.
const HEADING: &str = "## Files and their owners\n";

/// An entry of the table: a file, or a directory by a `/` at its end, as a path below `src/`, and what it owns.
struct Entry {
    path: String,
    owners: Vec<String>,
}

impl Entry {
    fn covers(&self, file: &str) -> bool {
        file == self.path || self.path.ends_with('/') && file.starts_with(&self.path)
    }
}

/// Reads rows like ``| `exchange` | `account.rs` `Account` · `body.rs` `Received` |``.
fn read(page: &str) -> Vec<Entry> {
    let section = page.split_once(HEADING).expect("the page has the table").1;
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let entries = rows.flat_map(|(module, entries)| {
        entries.trim_end_matches(" |").split(" · ").map(move |entry| {
            let mut names = entry.split('`').skip(1).step_by(2).map(str::to_owned);
            let path = names.next().unwrap_or_else(|| panic!("`{module}`: no file in {entry:?}"));
            Entry { path: format!("{module}/{path}"), owners: names.collect() }
        })
    });
    entries.collect()
}

/// Whether a file declares anything besides modules.
fn declares(source: &Source) -> bool {
    source.items.iter().any(|item| !source.modules.contains(item)) || !source.impls.is_empty()
}

/// One line per mistake in the table of `page`.
pub fn check(page: &str, sources: &[Source]) -> Vec<String> {
    let graph = Graph::new(sources);
    let entries = read(page);
    let mut wrong = Vec::new();
    // The entry of each file: its own before that of its directory.
    let mut entry_of = BTreeMap::new();
    for source in graph.sources.iter().filter(|source| declares(source) && source.path != "lib.rs") {
        let own = entries.iter().position(|entry| entry.path == source.path);
        match own.or_else(|| entries.iter().position(|entry| entry.covers(&source.path))) {
            Some(index) => drop(entry_of.insert(&*source.path, index)),
            None => wrong.push(format!("{}: not in the table", source.path)),
        }
    }
    for (index, entry) in entries.iter().enumerate() {
        let files: Vec<&&Source> =
            graph.sources.iter().filter(|source| entry_of.get(&*source.path) == Some(&index)).collect();
        if files.is_empty() {
            wrong.push(format!("{}: no such file", entry.path));
        }
        if entry.owners.is_empty() {
            wrong.push(format!("{}: owns nothing", entry.path));
        }
        let has = |owner: &&String| files.iter().any(|file| file.items.contains(*owner) || file.impls.contains(*owner));
        let missing = entry.owners.iter().filter(|owner| !files.is_empty() && !has(owner));
        wrong.extend(missing.map(|owner| format!("{}: does not declare `{owner}`", entry.path)));
    }
    wrong.extend(check_order(&graph, &entries, &entry_of));
    wrong
}

/// An entry may use entries before it in its module, and those that it is in a circle with.
fn check_order(graph: &Graph<'_>, entries: &[Entry], entry_of: &BTreeMap<&str, usize>) -> Vec<String> {
    let entry = |file: usize| entry_of.get(&*graph.sources[file].path).copied();
    let mut uses: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); entries.len()];
    for (file, used) in graph.uses.iter().enumerate() {
        if let Some(index) = entry(file) {
            uses[index].extend(used.iter().filter_map(|used| entry(*used)).filter(|used| *used != index));
        }
    }
    let reaches = |from: usize, to: usize| {
        let (mut open, mut seen) = (vec![from], BTreeSet::new());
        while let Some(next) = open.pop() {
            open.extend(uses[next].iter().filter(|used| seen.insert(**used)));
        }
        seen.contains(&to)
    };
    let module = |index: usize| entries[index].path.split('/').next();
    let pairs = uses.iter().enumerate().flat_map(|(index, used)| used.iter().map(move |used| (index, *used)));
    let upward = pairs.filter(|(index, used)| module(*index) == module(*used) && used > index);
    let upward = upward.filter(|(index, used)| !reaches(*used, *index));
    upward
        .map(|(index, used)| format!("{} uses {}, which is after it", entries[index].path, entries[used].path))
        .collect()
}

#[test]
fn mistakes_in_the_table_are_found() {
    let sources = [
        ("lib.rs", "mod a;"),
        ("a/mod.rs", "mod b; mod c;"),
        ("a/b.rs", "pub struct B;"),
        ("a/c.rs", "use super::b::B; impl B {}"),
        ("a/d/e.rs", "pub fn e() {}"),
    ];
    let sources: Vec<Source> = sources.iter().map(|(path, text)| Source::new(path, text)).collect();
    let found = |row: &str| {
        check(&format!("{HEADING}\n| module | files |\n| `a` | {row} |\n\n## Next\n| `x` | `y` |"), &sources)
    };
    assert_eq!(found("`b.rs` `B` · `c.rs` calls of `B` · `d/` `e`"), [""; 0]);
    assert_eq!(found("`c.rs` `B` · `b.rs` `B` · `d/` `e`"), ["a/c.rs uses a/b.rs, which is after it"]);
    assert_eq!(found("`b.rs` `C` · `c.rs` `B` · `d/` `e`"), ["a/b.rs: does not declare `C`"]);
    assert_eq!(found("`b.rs` · `c.rs` `B` · `d/` `e`"), ["a/b.rs: owns nothing"]);
    assert_eq!(found("`b.rs` `B` · `d/` `e`"), ["a/c.rs: not in the table"]);
    assert_eq!(found("`b.rs` `B` · `c.rs` `B` · `d/` `e` · `f.rs` `F`"), ["a/f.rs: no such file"]);
}
