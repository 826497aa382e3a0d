//! Texts for people: links that lead somewhere, and plain words.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

/// Words that nothing for people uses: each has a plainer one.
const WORDS: [&str; 13] = [
    "whoever",
    "nobody",
    "anew",
    "but for",
    "of no use",
    "for ever",
    "in clear",
    "is told",
    "is none",
    "is no",
    "lawful",
    "pseudo-field",
    "behaviour",
];

/// A page by its path from the root of the repository.
pub struct Page {
    pub path: PathBuf,
    text: String,
}

/// A line of a page that is neither code nor a comment.
struct Line<'a> {
    number: usize,
    text: &'a str,
    is_indented_code: bool,
}

impl Page {
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.to_owned() }
    }

    /// README, CONTRIBUTING and everything in `docs/`.
    pub fn read_all(root: &Path) -> Vec<Self> {
        let docs = walkdir::WalkDir::new(root.join("docs")).sort_by_file_name().into_iter();
        let docs = docs.map(|entry| entry.expect("docs can be read").into_path());
        let top = ["README.md", "CONTRIBUTING.md"].map(|name| root.join(name));
        docs.filter(|path| path.extension().is_some_and(|extension| extension == "md"))
            .chain(top)
            .map(|path| Self {
                text: std::fs::read_to_string(&path).expect("a page can be read"),
                path: path.strip_prefix(root).expect("below the root").to_owned(),
            })
            .collect()
    }

    /// Lines outside of fenced blocks and comments.
    fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let (mut fence, mut after_blank, mut in_indented) = (false, true, false);
        self.text.lines().enumerate().filter_map(move |(at, text)| {
            let is_fence = text.trim_start().starts_with("```");
            fence ^= is_fence;
            if fence || is_fence || text.starts_with("<!--") {
                return None;
            }
            in_indented = text.starts_with("    ") && (after_blank || in_indented);
            after_blank = text.is_empty();
            Some(Line { number: at + 1, text, is_indented_code: in_indented })
        })
    }

    /// The anchors of its headings, as GitHub makes them.
    fn anchors(&self) -> BTreeSet<String> {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let headings = self.lines().filter(|line| !line.is_indented_code).filter_map(|line| {
            let text = line.text.trim_start_matches('#');
            (text.len() < line.text.len()).then(|| text.strip_prefix(' ')).flatten()
        });
        headings
            .map(|heading| {
                let slug = slug(heading);
                let count = seen.entry(slug.clone()).or_default();
                *count += 1;
                if *count == 1 { slug } else { format!("{slug}-{}", *count - 1) }
            })
            .collect()
    }

    /// One line for each fault. `pages` has all pages.
    pub fn check(&self, root: &Path, pages: &[Self]) -> Vec<String> {
        let mut wrong = Vec::new();
        let name = self.path.display();
        for line in self.lines().filter(|line| !line.is_indented_code) {
            wrong.extend(words(&without_code(line.text)).map(|word| format!("{name}:{}: {word}", line.number)));
        }
        let prose: String = self.lines().filter(|line| !line.is_indented_code).map(|line| line.text).collect();
        wrong.extend(targets(&prose).filter_map(|target| {
            self.why_dead(target, root, pages).map(|why| format!("{name}: the link to {target}: {why}"))
        }));
        wrong
    }

    fn why_dead(&self, target: &str, root: &Path, pages: &[Self]) -> Option<&'static str> {
        if target.starts_with("http://") || target.starts_with("https://") {
            return None;
        }
        let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
        let path = if path.is_empty() { self.path.clone() } else { joined(self.path.parent()?, path) };
        let page = pages.iter().find(|page| page.path == path);
        if page.is_none() && !root.join(&path).exists() {
            return Some("there is no such file");
        }
        let is_there = anchor.is_empty() || page.is_some_and(|page| page.anchors().contains(anchor));
        (!is_there).then_some("that page has no such heading")
    }
}

/// Letters and digits in lower case, hyphens for spaces; other signs are left out.
fn slug(heading: &str) -> String {
    let plain: String = heading.split("](").map(|part| part.split_once(')').map_or(part, |(_, rest)| rest)).collect();
    let heading = if heading.contains("](") { plain } else { heading.to_owned() };
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars().filter(|char| char.is_alphanumeric() || matches!(char, '-' | '_')).collect()
}

/// Where the links of a text lead.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
}

/// Those of [`WORDS`] that a text has, each as a complaint.
fn words(text: &str) -> impl Iterator<Item = String> {
    let text = text.to_lowercase().replace("there is no", "");
    let is_letter = |char: char| char.is_alphanumeric();
    let has = move |words: &str| {
        text.match_indices(words)
            .any(|(at, _)| !text[..at].ends_with(is_letter) && !text[at + words.len()..].starts_with(is_letter))
    };
    WORDS.into_iter().filter(move |words| has(words)).map(|word| format!("\"{word}\": use a plainer word"))
}

/// One line for each of [`WORDS`] in the comments of a script or a configuration file.
pub fn check_comments(name: &str, text: &str) -> Vec<String> {
    let comments = text.lines().enumerate().filter(|(_, line)| line.starts_with("//") || line.contains('#'));
    comments.flat_map(|(at, line)| words(line).map(move |word| format!("{name}:{}: {word}", at + 1))).collect()
}

/// One line for each of [`WORDS`] in the texts of a source file: string literals, and the help of a command line.
pub fn check_texts(name: &str, text: &str) -> Vec<String> {
    let stream = text.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut wrong = Vec::new();
    find_texts(stream, name.ends_with("arguments.rs"), &mut |line, text| {
        wrong.extend(words(text).map(|word| format!("{name}:{line}: {word}")));
    });
    wrong
}

/// Calls `found` with the line and text of each string literal outside of attributes and tests.
fn find_texts(stream: TokenStream, with_docs: bool, found: &mut dyn FnMut(usize, &str)) {
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Punct(mark) if mark.as_char() == '#' => {
                // `#![…]` is an attribute, too.
                trees.next_if(|tree| matches!(tree, TokenTree::Punct(mark) if mark.as_char() == '!'));
                let Some(TokenTree::Group(attribute)) = trees
                    .next_if(|tree| matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket))
                else {
                    continue;
                };
                let said = attribute.stream().to_string();
                if with_docs && said.starts_with("doc") {
                    find_texts(attribute.stream(), with_docs, found);
                }
                if said.starts_with("cfg") && said.contains("test") {
                    let is_end = |tree: &TokenTree| match tree {
                        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                        TokenTree::Punct(mark) => mark.as_char() == ';',
                        _ => false,
                    };
                    trees.by_ref().find(is_end);
                }
            }
            TokenTree::Group(group) => find_texts(group.stream(), with_docs, found),
            TokenTree::Literal(literal) => found(literal.span().start().line, &literal.to_string()),
            _ => {}
        }
    }
}

/// What is outside of backticks, and not where a link leads.
fn without_code(line: &str) -> String {
    let text: String = line.split('`').step_by(2).collect();
    let mut parts = text.split("](");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once(')').map_or("", |(_, rest)| rest))
}

/// A path from a directory, `..` followed.
fn joined(directory: &Path, path: &str) -> PathBuf {
    let mut all = directory.to_owned();
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir => drop(all.pop()),
            Component::Normal(part) => all.push(part),
            _ => {}
        }
    }
    all
}
