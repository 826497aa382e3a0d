//! Words that texts for users should not have, counted by file. `words.txt` has what is left; a figure there can fall.

use super::source::without_tests;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use std::collections::BTreeMap;
use std::path::Path;
use walkdir::WalkDir;

/// Plain English says: if a client, no client, again, except, invalid, forever, without TLS, this many, is logged, is not.
const WORDS: [&str; 11] = [
    "whoever",
    "whichever",
    "nobody",
    "anew",
    "but for",
    "of no use",
    "for ever",
    "in clear",
    "so many",
    "is told",
    "is none",
];

/// How many of them a text has. "Is no" counts, too; "there is no" does not.
pub fn count(text: &str) -> usize {
    let words: Vec<String> = text
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let phrase = |phrase: &str| {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        words.windows(phrase.len()).filter(|found| *found == phrase.as_slice()).count()
    };
    let listed: usize = WORDS.into_iter().map(phrase).sum();
    // "There is no" is English, and so is "is no more than".
    listed + phrase("is no") - phrase("there is no") - phrase("is no more than")
}

/// The files with texts for users that have such words, and how many.
pub fn found(root: &Path) -> BTreeMap<String, usize> {
    let files = ["README.md", "SECURITY.md", "CHANGELOG.md", "wpt.toml", "docs", "handlers", "src"];
    let all = files.iter().flat_map(|file| WalkDir::new(root.join(file)).into_iter().filter_map(Result::ok));
    let mut found = BTreeMap::new();
    for entry in all.filter(|entry| entry.file_type().is_file()) {
        let name = entry.path().strip_prefix(root).expect("below the root").to_string_lossy().replace('\\', "/");
        let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
        let count = count(&shown(&name, &text));
        if count > 0 {
            found.insert(name, count);
        }
    }
    found
}

/// What users see of a file.
fn shown(name: &str, text: &str) -> String {
    match name.rsplit('.').next() {
        Some("md" | "toml") => text.to_owned(),
        Some("html") if name.starts_with("src/") => text.to_owned(),
        // The start page shows the head of a handler.
        Some("rhai") => text.lines().take_while(|line| line.starts_with("//")).collect::<Vec<_>>().join("\n"),
        Some("rs") if !name.contains("/tests") => {
            let mut file = syn::parse_file(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            file.items = without_tests(file.items);
            let mut texts = String::new();
            // What is written about flags is their help.
            gather(file.into_token_stream(), name.ends_with("arguments.rs"), &mut texts);
            texts
        }
        _ => String::new(),
    }
}

/// The texts in code, one after the other.
fn gather(tokens: TokenStream, with_docs: bool, texts: &mut String) {
    for token in tokens {
        match token {
            TokenTree::Literal(literal) => {
                // Escapes are no letters.
                texts.push_str(&literal.to_string().replace("\\n", " "));
                texts.push_str(" | ");
            }
            TokenTree::Group(group) => {
                let first = group.stream().into_iter().next().map(|token| token.to_string());
                let is_doc = group.delimiter() == Delimiter::Bracket && first.as_deref() == Some("doc");
                if with_docs || !is_doc {
                    gather(group.stream(), with_docs, texts);
                }
            }
            _ => {}
        }
    }
}

/// The figures of `words.txt`: lines of a number and a path.
pub fn figures(text: &str) -> BTreeMap<String, usize> {
    let row = |line: &str| {
        let (count, name) = line.trim().split_once(' ').unwrap_or_else(|| panic!("not a number and a path: {line}"));
        (name.to_owned(), count.parse().unwrap_or_else(|_| panic!("not a number: {line}")))
    };
    text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()).map(row).collect()
}

/// The text of `words.txt` with each figure as low as it can be.
pub fn lowered(old: &BTreeMap<String, usize>, found: &BTreeMap<String, usize>) -> String {
    let mut text = String::from(
        "# Words that texts for users should not have, by file: see words.rs. `cargo xtask record` lowers the figures.\n",
    );
    for (name, old) in old {
        let now = found.get(name).copied().unwrap_or_default().min(*old);
        if now > 0 {
            text.push_str(&format!("{now} {name}\n"));
        }
    }
    text
}
