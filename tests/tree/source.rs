//! Source files without comments and test code: the paths that they name, and what they import and declare.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use syn::{Attribute, Item, Meta, UseTree, Visibility};

/// One file below `src/`.
pub struct Source {
    /// Relative to `src/`, with `/`.
    pub path: String,
    /// Lines of the file as it is.
    pub lines: usize,
    /// Local name → path, of every `use` outside of functions.
    pub imports: BTreeMap<String, Vec<String>>,
    /// Paths of `use …::*`.
    pub globs: Vec<Vec<String>>,
    /// Names of the items that the file declares.
    pub items: BTreeSet<String>,
    /// Those of them that are modules.
    pub modules: BTreeSet<String>,
    /// Names of the types that it has `impl` blocks of.
    pub impls: BTreeSet<String>,
    tokens: Vec<Token>,
    /// Of `pub use`, which offers what others declare.
    offered: Vec<Token>,
}

/// A path as the code names it, groups expanded, and its line.
#[derive(PartialEq, Debug)]
pub struct Name {
    pub line: usize,
    pub segments: Vec<String>,
}

struct Token {
    line: usize,
    text: String,
}

impl Token {
    fn is_word(&self) -> bool {
        self.text.starts_with(|character: char| character.is_alphabetic() || character == '_')
    }
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let mut file = syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"));
        file.items = without_tests(file.items);
        let mut source = Self {
            path: path.to_owned(),
            lines: text.lines().count(),
            imports: BTreeMap::new(),
            globs: Vec::new(),
            items: BTreeSet::new(),
            modules: BTreeSet::new(),
            impls: BTreeSet::new(),
            tokens: Vec::new(),
            offered: Vec::new(),
        };
        for item in &file.items {
            match item {
                Item::Use(item) => source.import(&item.tree, &[]),
                Item::Impl(block) => source.impls.extend(name_of_type(&block.self_ty)),
                item => {
                    source.items.extend(name_of(item));
                    if let Item::Mod(module) = item {
                        source.modules.insert(module.ident.to_string());
                    }
                }
            }
        }
        for item in file.items {
            let is_offer = matches!(&item, Item::Use(item) if !matches!(item.vis, Visibility::Inherited));
            flatten(item.into_token_stream(), if is_offer { &mut source.offered } else { &mut source.tokens });
        }
        source
    }

    /// Every `.rs` file below `folder`.
    pub fn read_all(folder: &Path) -> Vec<Self> {
        let files = walkdir::WalkDir::new(folder).sort_by_file_name();
        let files = files.into_iter().map(|entry| entry.expect("src can be read").into_path());
        files
            .filter(|file| file.extension().is_some_and(|extension| extension == "rs"))
            .map(|file| {
                let path =
                    file.strip_prefix(folder).expect("a file below the folder").to_string_lossy().replace('\\', "/");
                Self::new(&path, &std::fs::read_to_string(&file).expect("a source file is UTF-8"))
            })
            .collect()
    }

    /// Whether the file is named `tests.rs` or lies in a folder `tests`.
    pub fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests" || part == "tests.rs")
    }

    /// The path of the file's module below the crate.
    pub fn module(&self) -> Vec<String> {
        let path = self.path.strip_suffix(".rs").unwrap_or(&self.path);
        let path = path.strip_suffix("/mod").unwrap_or(path);
        if path == "lib" { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
    }

    /// The first directory or file name: the top-level module, or `lib`, `main`.
    pub fn top_module(&self) -> &str {
        self.path.split('/').next().unwrap_or_default().trim_end_matches(".rs")
    }

    /// Every path of the code: `use` trees and paths in expressions, groups expanded.
    pub fn names(&self) -> Vec<Name> {
        let mut names = self.used_names();
        all_names(&self.offered, &mut names);
        names
    }

    /// As [`Source::names`], without those of `pub use`.
    pub fn used_names(&self) -> Vec<Name> {
        let mut names = Vec::new();
        all_names(&self.tokens, &mut names);
        names
    }

    /// The lines where these tokens follow each other.
    pub fn lines_with(&self, wanted: &[&str]) -> Vec<usize> {
        let windows = self.tokens.windows(wanted.len());
        windows
            .filter(|tokens| tokens.iter().map(|token| &token.text).eq(wanted))
            .map(|tokens| tokens[0].line)
            .collect()
    }

    fn import(&mut self, tree: &UseTree, prefix: &[String]) {
        let with = |name: &dyn ToString| [prefix, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.import(&path.tree, &with(&path.ident)),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(tree, prefix)),
            UseTree::Glob(_) => self.globs.push(prefix.to_vec()),
            UseTree::Name(name) if name.ident == "self" => {
                self.imports.extend(prefix.last().map(|last| (last.clone(), prefix.to_vec())));
            }
            UseTree::Name(name) => drop(self.imports.insert(name.ident.to_string(), with(&name.ident))),
            UseTree::Rename(rename) => drop(self.imports.insert(rename.rename.to_string(), with(&rename.ident))),
        }
    }
}

/// The items without those under `#[cfg(test)]`, `#[cfg(all(test, …))]` or `#[test]`, those of inline modules too.
fn without_tests(items: Vec<Item>) -> Vec<Item> {
    let items = items.into_iter().filter(|item| !attributes(item).iter().any(is_for_tests));
    let inner = items.map(|mut item| {
        match &mut item {
            Item::Mod(module) => {
                if let Some((_, items)) = &mut module.content {
                    *items = without_tests(std::mem::take(items));
                }
            }
            Item::Impl(block) => block.items.retain(|item| match item {
                syn::ImplItem::Fn(function) => !function.attrs.iter().any(is_for_tests),
                _ => true,
            }),
            _ => {}
        }
        item
    });
    inner.collect()
}

fn is_for_tests(attribute: &Attribute) -> bool {
    fn holds(meta: &Meta) -> bool {
        match meta {
            Meta::Path(path) => path.is_ident("test"),
            Meta::List(list) if list.path.is_ident("all") => {
                let parts = list.parse_args_with(syn::punctuated::Punctuated::<Meta, syn::Token![,]>::parse_terminated);
                parts.is_ok_and(|parts| parts.iter().any(holds))
            }
            _ => false,
        }
    }
    attribute.path().is_ident("test")
        || attribute.path().is_ident("cfg") && attribute.parse_args().is_ok_and(|meta| holds(&meta))
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn name_of(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Mod(item) => &item.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

fn name_of_type(item: &syn::Type) -> Option<String> {
    match item {
        syn::Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

/// Words, `::`, literals, and single characters for everything else; lifetimes are left out.
fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    let mut stream = stream.into_iter().peekable();
    while let Some(tree) = stream.next() {
        let line = tree.span().start().line;
        let mut push = |line: usize, text: &str| tokens.push(Token { line, text: text.to_owned() });
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                push(line, open);
                flatten(group.stream(), tokens);
                tokens.push(Token { line: group.span_close().start().line, text: close.to_owned() });
            }
            TokenTree::Ident(word) => push(line, &word.to_string()),
            TokenTree::Literal(_) => push(line, "\"\""),
            TokenTree::Punct(mark) if mark.as_char() == '\'' => drop(stream.next()),
            TokenTree::Punct(mark) => {
                let is_colon = |tree: &TokenTree| matches!(tree, TokenTree::Punct(mark) if mark.as_char() == ':');
                if mark.as_char() == ':' && mark.spacing() == Spacing::Joint && stream.next_if(is_colon).is_some() {
                    push(line, "::");
                } else {
                    push(line, &mark.as_char().to_string());
                }
            }
        }
    }
}

fn all_names(tokens: &[Token], names: &mut Vec<Name>) {
    let mut at = 0;
    while at < tokens.len() {
        at = if tokens[at].is_word() { tree(tokens, at, &[], names) } else { at + 1 };
    }
}

/// Reads the path, or tree of paths, that begins with the word at `at`; returns the index after it.
fn tree(tokens: &[Token], mut at: usize, prefix: &[String], names: &mut Vec<Name>) -> usize {
    let line = tokens[at].line;
    let mut segments = prefix.to_vec();
    loop {
        segments.push(tokens[at].text.clone());
        let is_path = tokens.get(at + 1).is_some_and(|token| token.text == "::");
        match tokens.get(at + 2) {
            Some(next) if is_path && next.is_word() => at += 2,
            Some(next) if is_path && next.text == "{" => {
                at += 3;
                while let Some(token) = tokens.get(at).filter(|token| token.text != "}") {
                    at = if token.is_word() { tree(tokens, at, &segments, names) } else { at + 1 };
                }
                return at + 1;
            }
            _ => {
                names.push(Name { line, segments });
                return at + 1;
            }
        }
    }
}

#[test]
fn comments_texts_and_tests_are_left_out() {
    let text = "fn a<'g>() {\n /* x /* y */ */ b(\"c\", 'd', r#\"e\"#); } // f\n#[cfg(all(test, unix))] fn h() {}\n\
                impl I { #[cfg(test)] fn j() {} fn k() {} }\n#[cfg(not(test))] fn l() {}";
    let source = Source::new("x/mod.rs", text);
    let words = source.names().into_iter().map(|name| format!("{} {}", name.line, name.segments.concat()));
    let words: Vec<String> = words.filter(|word| word.len() == 3).collect();
    assert_eq!(words, ["1 a", "2 b", "4 I", "4 k", "5 l"]);
}

#[test]
fn trees_are_expanded() {
    let source = Source::new("x/mod.rs", "use a::{b, c::{d, e as f}, *};\nfn x() { h::i::<j::k>(l); }");
    let names: Vec<String> =
        source.names().iter().map(|name| format!("{} {}", name.line, name.segments.join("::"))).collect();
    for name in ["1 a::b", "1 a::c::d", "1 a::c::e", "2 h::i", "2 j::k", "2 l"] {
        assert!(names.iter().any(|found| found == name), "{name} is not in {names:?}");
    }
    assert_eq!(source.imports["f"], ["a", "c", "e"]);
    assert_eq!(source.globs, [["a"]]);
}
