//! The paths of routes: literals, `{name}`, `*`.

use crate::exchange::RouteMatch;
use crate::http::latin1::latin1;
use std::cmp::Ordering;
use std::fmt;

/// A path pattern, taken apart.
///
/// `{name}` matches one or more octets but `/`; `*`, once and after every `{name}`, matches any octets, none included.
/// Patterns are held against the path as it came, percent-encoding kept; characters that no URL has as such are
/// encoded in the pattern. A missing slash at the beginning is implied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    tokens: Vec<Token>,
    /// It is `*` alone, which the target of `OPTIONS *` is too (RFC 9110 §9.3.7).
    takes_asterisk: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Literal(Vec<u8>),
    Group(String),
    Star,
}

/// Why a text is no pattern; displays as a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatternError {
    /// It is empty.
    Empty,
    /// A `{` without its `}`, or the other way round.
    Unbalanced,
    /// A name is empty or has other characters than letters, digits and `_`.
    Name,
    /// A name stands there twice.
    Twice,
    /// Two names with nothing between them.
    Adjacent,
    /// A second `*`.
    SecondStar,
    /// A name after the `*`.
    AfterStar,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "A path is empty: write / for the root.",
            Self::Unbalanced => "A brace has no partner: a part that matches is written {name}.",
            Self::Name => "A name in braces has letters, digits and _ only, and one at least.",
            Self::Twice => "Two parts have the same name.",
            Self::Adjacent => {
                "Two parts follow each other with nothing between them, so it is unknown where the first ends."
            }
            Self::SecondStar => "A path has one * at most.",
            Self::AfterStar => "A {name} cannot follow the *, which matches all that is left.",
        })
    }
}

impl std::error::Error for PatternError {}

impl Pattern {
    /// Takes a pattern apart.
    ///
    /// # Errors
    /// [`PatternError`].
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        let mut tokens = Vec::new();
        let mut literal = String::new();
        if !text.starts_with('/') {
            literal.push('/');
        }
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}', '*']) {
            literal.push_str(&rest[..at]);
            push_literal(&mut tokens, &mut literal);
            let (special, after) = rest[at..].split_at(1);
            rest = match special {
                "*" => {
                    let again = tokens.contains(&Token::Star);
                    tokens.push(Token::Star);
                    if again {
                        return Err(PatternError::SecondStar);
                    }
                    after
                }
                "{" => {
                    let (name, after) = after.split_once('}').ok_or(PatternError::Unbalanced)?;
                    push_group(&mut tokens, name)?;
                    after
                }
                _ => return Err(PatternError::Unbalanced),
            };
        }
        literal.push_str(rest);
        push_literal(&mut tokens, &mut literal);
        Ok(Self { tokens, takes_asterisk: text == "*" })
    }

    /// Holds the pattern against a path, in time that grows with the path's length alone, and gives what its parts
    /// matched: the names, and as `*` all from the star on, as in wptserve. Where a path can be cut in several ways, each
    /// name takes as little as it can.
    pub fn matches(&self, path: &[u8]) -> Option<RouteMatch> {
        let mut matched = RouteMatch::new();
        if path == b"*" {
            return self.takes_asterisk.then_some(matched);
        }
        let mut at = 0;
        let mut tokens = self.tokens.iter().peekable();
        while let Some(token) = tokens.next() {
            let rest = path.get(at..)?;
            match token {
                Token::Literal(literal) => {
                    rest.strip_prefix(&literal[..])?;
                    at += literal.len();
                }
                Token::Group(name) => {
                    let follows = match tokens.peek() {
                        Some(Token::Literal(literal)) => Some(&literal[..]),
                        _ => None,
                    };
                    let length = group_length(rest, follows, tokens.len())?;
                    matched.push((name.clone(), latin1(rest.get(..length)?)));
                    at += length;
                }
                Token::Star => {
                    if let Some(Token::Literal(tail)) = tokens.peek() {
                        rest.strip_suffix(&tail[..])?;
                    }
                    matched.push(("*".to_owned(), latin1(rest)));
                    return Some(matched);
                }
            }
        }
        (at == path.len()).then_some(matched)
    }

    /// What comes before the `*`, if there is one and all of that is literal: where a folder is mounted.
    pub fn mount(&self) -> Option<&str> {
        match &self.tokens[..] {
            [Token::Literal(literal), Token::Star] => std::str::from_utf8(literal).ok(),
            _ => None,
        }
    }

    /// Which of two patterns that match the same path says more about it; the more specific one is less.
    ///
    /// They are compared from the left: where they first differ, a literal comes before `{name}`, that before `*`, and
    /// all of them before the end.
    pub fn specificity(&self, other: &Self) -> Ordering {
        self.ranks().cmp(other.ranks())
    }

    /// A number for each literal octet and each part; the end is more than any of them.
    fn ranks(&self) -> impl Iterator<Item = u8> + '_ {
        let of = |token: &Token| match token {
            Token::Literal(literal) => (0, literal.len()),
            Token::Group(_) => (1, 1),
            Token::Star => (2, 1),
        };
        self.tokens.iter().map(of).flat_map(|(rank, times)| std::iter::repeat_n(rank, times)).chain([3])
    }
}

/// How many octets a `{name}` takes of `rest`: up to the literal that follows it, or all of its segment. After the name
/// come `left` tokens.
fn group_length(rest: &[u8], follows: Option<&[u8]>, left: usize) -> Option<usize> {
    let segment = rest.iter().position(|octet| *octet == b'/').unwrap_or(rest.len());
    let length = match follows {
        // The literal has to end the path.
        Some(literal) if left == 1 => rest.strip_suffix(literal)?.len(),
        // The literal itself may go on into the next segment.
        Some(literal) => 1 + memchr::memmem::find(rest.get(1..)?, literal)?,
        None => segment,
    };
    (1..=segment).contains(&length).then_some(length)
}

fn push_literal(tokens: &mut Vec<Token>, literal: &mut String) {
    const ENCODED: &percent_encoding::AsciiSet =
        &percent_encoding::CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'?').add(b'#');
    if !literal.is_empty() {
        let octets = percent_encoding::utf8_percent_encode(literal, ENCODED).to_string().into_bytes();
        tokens.push(Token::Literal(octets));
        literal.clear();
    }
}

fn push_group(tokens: &mut Vec<Token>, name: &str) -> Result<(), PatternError> {
    if name.is_empty() || !name.chars().all(|character| character.is_alphanumeric() || character == '_') {
        return Err(PatternError::Name);
    }
    if tokens.contains(&Token::Star) {
        return Err(PatternError::AfterStar);
    }
    if matches!(tokens.last(), Some(Token::Group(_))) {
        return Err(PatternError::Adjacent);
    }
    let group = Token::Group(name.to_owned());
    if tokens.contains(&group) {
        return Err(PatternError::Twice);
    }
    tokens.push(group);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matched(pattern: &str, path: &str) -> Option<Vec<(String, String)>> {
        Pattern::parse(pattern).unwrap().matches(path.as_bytes())
    }

    fn expect(pattern: &str, path: &str, parts: &[(&str, &str)]) {
        let parts: Vec<_> = parts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        assert_eq!(matched(pattern, path), Some(parts), "{pattern} {path}");
    }

    #[test]
    fn the_examples_of_wptserve() {
        expect("api/{resource}/*.json", "/api/test/data.json", &[("resource", "test"), ("*", "data.json")]);
        expect("api/{resource}/*.json", "/api/test/test2/data.json", &[("resource", "test"), ("*", "test2/data.json")]);
        assert_eq!(matched("api/{resource}/*.json", "/api/test/data.py"), None);
    }

    #[test]
    fn literals_names_and_stars() {
        expect("/a/b", "/a/b", &[]);
        for path in ["/a/b/", "/a/bc", "/a", "/A/b", "a/b"] {
            assert_eq!(matched("/a/b", path), None, "{path}");
        }
        expect("/{x}", "/a", &[("x", "a")]);
        expect("/{x}/{y}.js", "/a/b.js.js", &[("x", "a"), ("y", "b.js")]);
        expect("/v{major}.{minor}/*", "/v1.2.3/", &[("major", "1"), ("minor", "2.3"), ("*", "")]);
        expect("/{x}-{y}", "/-a-b", &[("x", "-a"), ("y", "b")]);
        expect("/*", "/", &[("*", "")]);
        expect("*", "/a/b", &[("*", "a/b")]);
        expect("{x}*", "/a/b", &[("x", "a"), ("*", "/b")]);
        for (pattern, path) in [
            ("/{x}", "/"),
            ("/{x}", "/a/"),
            ("/{x}", "/a/b"),
            ("/{x}/b", "/a/c/b"),
            ("/{x}.js", "/.js"),
            ("/*.js", "/.j"),
            ("/a*a", "/a"),
        ] {
            assert_eq!(matched(pattern, path), None, "{pattern} {path}");
        }
    }

    #[test]
    fn what_no_url_has_is_encoded() {
        expect("/a b/café/\"", "/a%20b/caf%C3%A9/%22", &[]);
        expect("/100%25/{x}", "/100%25/%7B", &[("x", "%7B")]);
    }

    #[test]
    fn what_is_no_pattern() {
        for (text, error) in [
            ("", PatternError::Empty),
            ("/{a", PatternError::Unbalanced),
            ("/a}", PatternError::Unbalanced),
            ("/{}", PatternError::Name),
            ("/{a-b}", PatternError::Name),
            ("/{a}/{a}", PatternError::Twice),
            ("/{a}{b}", PatternError::Adjacent),
            ("/*/*", PatternError::SecondStar),
            ("/*/{a}", PatternError::AfterStar),
        ] {
            assert_eq!(Pattern::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn the_more_specific_comes_first() {
        let order = [
            "/a/b",
            "/a/{x}.js",
            "/a/{x}",
            "/a/*.any.js",
            "/a/*.js",
            "/a/*",
            "/{x}/b",
            "/{x}/{y}",
            "/{x}/*",
            "/*",
            "*",
        ];
        let patterns: Vec<_> = order.iter().map(|text| Pattern::parse(text).unwrap()).collect();
        for pair in patterns.windows(2) {
            assert!(pair[0].specificity(&pair[1]).is_le(), "{pair:?}");
        }
        let (first, last) = (&patterns[0], &patterns[9]);
        assert_eq!((first.specificity(last), last.specificity(first)), (Ordering::Less, Ordering::Greater));
        assert_eq!(patterns[9].specificity(&patterns[10]), Ordering::Equal);
    }

    #[test]
    fn a_hostile_path_costs_little() {
        let pattern = Pattern::parse("/{a}x{b}x{c}x{d}x{e}y").unwrap();
        assert_eq!(pattern.matches(format!("/{}", "x".repeat(200_000)).as_bytes()), None);
    }

    #[test]
    fn folders_are_mounted_before_the_star() {
        for (text, mount) in
            [("/a/*", Some("/a/")), ("*", Some("/")), ("/a/{x}/*", None), ("/a/*.js", None), ("/a", None)]
        {
            assert_eq!(Pattern::parse(text).unwrap().mount(), mount, "{text}");
        }
    }
}
