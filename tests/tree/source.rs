//! Source files without comments, texts and test code, and the paths that they name.

use std::path::Path;

/// One file below `src/`.
pub struct Source {
    /// Relative to `src/`, with `/`.
    pub path: String,
    /// Lines of the file as it is.
    pub lines: usize,
    /// The code alone: what is left out is blank, so that lines keep their numbers.
    pub code: String,
}

/// A path as the code names it, groups expanded, and its line.
#[derive(PartialEq, Debug)]
pub struct Name {
    pub line: usize,
    pub segments: Vec<String>,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), lines: text.lines().count(), code: without_tests(&without_texts(text)) }
    }

    /// Every `.rs` file below `folder`; files of tests are read for their length alone.
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

    /// The first folder or file name: the room, or `lib`, `main`.
    pub fn room(&self) -> &str {
        self.path.split('/').next().unwrap_or_default().trim_end_matches(".rs")
    }

    /// How many modules the file's own is below the crate.
    pub fn depth(&self) -> usize {
        let parts: Vec<&str> = self.path.split('/').collect();
        if parts.last() == Some(&"mod.rs") { parts.len() - 1 } else { parts.len() }
    }

    /// Every path of the code: `use` trees and paths in expressions, groups expanded.
    pub fn names(&self) -> Vec<Name> {
        let tokens = tokens(&self.code);
        let mut names = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            at = if tokens[at].is_word() { tree(&tokens, at, &[], &mut names) } else { at + 1 };
        }
        names
    }

    /// The lines with that text in the code, white space left out.
    pub fn lines_with(&self, text: &str) -> Vec<usize> {
        let lines = self.code.lines().enumerate();
        lines.filter(|(_, line)| line.replace(' ', "").contains(text)).map(|(number, _)| number + 1).collect()
    }
}

struct Token<'a> {
    line: usize,
    text: &'a str,
}

impl Token<'_> {
    fn is_word(&self) -> bool {
        self.text.starts_with(|character: char| character.is_alphabetic() || character == '_')
    }
}

/// Words, `::`, and single characters for everything else.
fn tokens(code: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut rest, mut line) = (code, 1);
    while let Some(first) = rest.chars().next() {
        let is_word = |character: char| character.is_alphanumeric() || character == '_';
        let length = match first {
            _ if is_word(first) => rest.find(|character| !is_word(character)).unwrap_or(rest.len()),
            _ if rest.starts_with("::") => 2,
            _ => first.len_utf8(),
        };
        if first == '\n' {
            line += 1;
        } else if !first.is_whitespace() {
            tokens.push(Token { line, text: &rest[..length] });
        }
        rest = &rest[length..];
    }
    tokens
}

/// Reads the path, or tree of paths, that begins with the word at `at`; gives the place behind it.
fn tree(tokens: &[Token], mut at: usize, prefix: &[String], names: &mut Vec<Name>) -> usize {
    let line = tokens[at].line;
    let mut segments = prefix.to_vec();
    loop {
        segments.push(tokens[at].text.to_owned());
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

/// Blanks comments, strings and character literals.
fn without_texts(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = text_length(rest, out.chars().last());
        if length > 0 {
            out.extend(rest[..length].chars().map(|character| if character == '\n' { '\n' } else { ' ' }));
            rest = &rest[length..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// The length of the comment or literal that `rest` begins with, or 0.
fn text_length(rest: &str, before: Option<char>) -> usize {
    let after_word = before.is_some_and(|character| character.is_alphanumeric() || character == '_');
    let raw = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r')).filter(|_| !after_word);
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment_length(rest);
    }
    if let Some(raw) = raw {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let open = rest.len() - raw.len() + hashes + 1;
            return rest[open..].find(&end).map_or(rest.len(), |at| open + at + end.len());
        }
    }
    if rest.starts_with('"') {
        return quoted_length(rest, '"');
    }
    // 'x' and '\n' are characters, 'a in <'a> is a lifetime.
    let mut characters = rest.chars();
    if characters.next() == Some('\'') {
        let (second, third) = (characters.next(), characters.next());
        if second == Some('\\') || third == Some('\'') {
            return quoted_length(rest, '\'');
        }
    }
    0
}

fn quoted_length(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn block_comment_length(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        let here = &rest[at..];
        if here.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if here.starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += here.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// Blanks every item under `#[cfg(test)]` or `#[cfg(all(test, …))]`: up to its `;`, or to the end of its braces.
fn without_tests(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = ["#[cfg(test)]", "#[cfg(all(test,"].iter().filter_map(|mark| rest.find(mark)).min() {
        out.push_str(&rest[..at]);
        let attribute = rest[at..].find(']').map_or(0, |end| end + 1);
        let length = attribute + item_length(&rest[at + attribute..]);
        out.extend(rest[at..at + length].chars().map(|character| if character == '\n' { '\n' } else { ' ' }));
        rest = &rest[at + length..];
    }
    out + rest
}

fn item_length(rest: &str) -> usize {
    let mut depth = 0_usize;
    for (at, character) in rest.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth <= 1 => return at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

#[test]
fn texts_are_blanked_and_lines_kept() {
    let text = "a /* x /* y */ \n */ b // c\n\"d\\\"e\" 'f' '\\'' <'g> r#\"h\"i\"# br\"j\" k";
    let code = without_texts(text);
    assert_eq!(code.split_whitespace().collect::<Vec<_>>(), ["a", "b", "<'g>", "k"]);
    assert_eq!(code.lines().count(), text.lines().count());
}

#[test]
fn trees_are_expanded() {
    let source = Source::new("x/mod.rs", "use a::{b, c::{d, e as f}, *};\nlet g = h::i::<j::k>(l);");
    let names: Vec<String> =
        source.names().iter().map(|name| format!("{} {}", name.line, name.segments.join("::"))).collect();
    for name in ["1 a::b", "1 a::c::d", "1 a::c::e", "2 h::i", "2 j::k", "2 l"] {
        assert!(names.iter().any(|found| found == name), "{name} is not in {names:?}");
    }
}
