//! Which file uses which, and the circles among them.
//!
//! A file uses another one if its code, tests left out, names an item that the other declares, directly or by way of
//! what a third one imports. A `mod` line, a `pub use`, or the name of a module alone is no use.

use super::source::Source;
use std::collections::{BTreeMap, BTreeSet};

/// The files, and for each the indices of those that it uses.
pub struct Graph<'a> {
    pub sources: Vec<&'a Source>,
    pub uses: Vec<BTreeSet<usize>>,
}

/// Module path → index of its file.
struct Modules<'a> {
    sources: &'a [&'a Source],
    by_path: BTreeMap<Vec<String>, usize>,
}

impl<'a> Graph<'a> {
    pub fn new(sources: &'a [Source]) -> Self {
        let sources: Vec<&Source> =
            sources.iter().filter(|source| !source.is_test() && source.path != "main.rs").collect();
        let by_path = sources.iter().enumerate().map(|(index, source)| (source.module(), index)).collect();
        let modules = Modules { sources: &sources, by_path };
        let uses = (0..sources.len()).map(|index| modules.used_by(index)).collect();
        Self { sources, uses }
    }

    /// Sets of at least two files that can all reach each other, each sorted.
    pub fn circles(&self) -> Vec<BTreeSet<&'a str>> {
        let reached: Vec<BTreeSet<usize>> = (0..self.uses.len()).map(|from| self.reached_from(from)).collect();
        let circles = (0..self.uses.len()).map(|from| -> BTreeSet<usize> {
            reached[from].iter().copied().filter(|to| *to == from || reached[*to].contains(&from)).collect()
        });
        let circles: BTreeSet<BTreeSet<usize>> = circles.filter(|circle| circle.len() > 1).collect();
        circles.iter().map(|circle| circle.iter().map(|file| &*self.sources[*file].path).collect()).collect()
    }

    fn reached_from(&self, from: usize) -> BTreeSet<usize> {
        let mut reached = BTreeSet::new();
        let mut open = vec![from];
        while let Some(file) = open.pop() {
            open.extend(self.uses[file].iter().filter(|next| reached.insert(**next)));
        }
        reached
    }
}

impl Modules<'_> {
    fn used_by(&self, file: usize) -> BTreeSet<usize> {
        let names = self.sources[file].used_names().into_iter();
        let mut used: BTreeSet<usize> = names.filter_map(|name| self.declares(file, &name.segments, 0)).collect();
        used.remove(&file);
        used
    }

    /// The file that declares what `path` means inside of `file`.
    fn declares(&self, file: usize, path: &[String], depth: usize) -> Option<usize> {
        // Imports can name each other in a circle.
        if depth > 8 {
            return None;
        }
        let own = self.sources[file].module();
        let (first, rest) = path.split_first()?;
        let child = [&own[..], std::slice::from_ref(first)].concat();
        let is_module = |path: &Vec<String>| self.by_path.contains_key(path);
        match first.as_str() {
            "crate" => self.find(Vec::new(), rest, depth),
            "self" => self.find(own, rest, depth),
            "super" => {
                let climbed = path.iter().take_while(|segment| *segment == "super").count();
                let above = own.len().checked_sub(climbed)?;
                self.find(own[..above].to_vec(), &path[climbed..], depth)
            }
            _ if is_module(&child) => self.find(child, rest, depth),
            _ => {
                let imported = self.sources[file].imports.get(first).filter(|imported| imported[0] != *first)?;
                self.declares(file, &[&imported[..], rest].concat(), depth + 1)
            }
        }
    }

    /// The file that declares the item `path` of a module.
    fn find(&self, mut module: Vec<String>, mut path: &[String], depth: usize) -> Option<usize> {
        let mut file = *self.by_path.get(&module)?;
        while let Some((first, rest)) = path.split_first() {
            module.push(first.clone());
            let Some(inner) = self.by_path.get(&module) else { break };
            (file, path) = (*inner, rest);
        }
        let (item, rest) = path.split_first()?;
        let source = self.sources[file];
        if source.items.contains(item) {
            return Some(file);
        }
        if let Some(imported) = source.imports.get(item) {
            return self.declares(file, &[&imported[..], rest].concat(), depth + 1);
        }
        let found = source.globs.iter().find_map(|glob| self.declares(file, &[&glob[..], path].concat(), depth + 1));
        found.or(Some(file))
    }
}

#[test]
fn circles_are_found_through_what_is_imported_in_between() {
    let sources = [
        ("lib.rs", "pub mod a;"),
        ("a/mod.rs", "mod b; mod c; mod d; pub use b::B; pub use c::C as See;"),
        ("a/b.rs", "use super::See; pub struct B(See);"),
        ("a/c.rs", "use crate::a::B; pub struct C(Vec<B>); #[cfg(test)] mod tests { use super::super::d; }"),
        ("a/d.rs", "use super::b::B; use super::c; pub fn d(_: B) -> c::C { loop {} }"),
    ];
    let sources: Vec<Source> = sources.iter().map(|(path, text)| Source::new(path, text)).collect();
    let graph = Graph::new(&sources);
    assert_eq!(graph.circles(), [BTreeSet::from(["a/b.rs", "a/c.rs"])]);
    let d = graph.sources.iter().position(|source| source.path == "a/d.rs").expect("it is there");
    assert_eq!(graph.uses[d].len(), 2);
}
