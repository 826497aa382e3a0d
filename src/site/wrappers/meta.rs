//! `// META:` comments at the head of a test.

use std::io::{self, BufRead, BufReader, Read};

/// Octets at the head of a file in which META comments are looked for.
const MAX_HEAD: u64 = 64 * 1024;

/// The META comments of a file: names and values in their order. They stand on its first lines, each at the line's
/// beginning; the first other line ends them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Metadata(Vec<(String, String)>);

impl Metadata {
    /// Reads the first lines.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(file: impl Read) -> io::Result<Self> {
        let mut comments = Vec::new();
        let mut reader = BufReader::new(file.take(MAX_HEAD));
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line)? > 0 {
            let Some(comment) = comment(&String::from_utf8_lossy(&line)) else { break };
            comments.push(comment);
            line.clear();
        }
        Ok(Self(comments))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of the first `global`.
    pub fn global(&self) -> Option<&str> {
        self.iter().find(|(name, _)| *name == "global").map(|(_, value)| value)
    }

    /// Whether the test is to run in `global`.
    pub fn runs_in(&self, global: &str) -> bool {
        exposed(self.global().unwrap_or_default(), global)
    }
}

/// `// META: name=value`, with the blanks that WPT's manifest allows.
fn comment(line: &str) -> Option<(String, String)> {
    let meta = line.strip_prefix("//")?.trim_start().strip_prefix("META:")?;
    let (name, value) = meta.trim_start().split_once('=')?;
    let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    name.chars().all(is_word).then(|| (name.to_owned(), value.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Where a test runs that does not say so.
const DEFAULT: [&str; 2] = ["window", "dedicatedworker"];

/// Words for several globals at once.
const GROUPS: [(&str, &[&str]); 3] = [
    ("default", &DEFAULT),
    ("worker", &["dedicatedworker", "sharedworker", "serviceworker"]),
    (
        "shadowrealm",
        &[
            "shadowrealm-in-window",
            "shadowrealm-in-shadowrealm",
            "shadowrealm-in-dedicatedworker",
            "shadowrealm-in-sharedworker",
            "shadowrealm-in-serviceworker",
            "shadowrealm-in-audioworklet",
        ],
    ),
];

/// Whether the list `value` names `global`. Without a list it is the default. A list with `!` before a name, which WPT
/// has given up, starts from the default and leaves that name out.
fn exposed(value: &str, global: &str) -> bool {
    let items = || value.split(',').map(str::trim);
    let mut exposed = (value.is_empty() || items().any(|item| item.starts_with('!'))) && DEFAULT.contains(&global);
    for item in items() {
        let (wanted, item) = item.strip_prefix('!').map_or((true, item), |item| (false, item));
        let group = GROUPS.iter().find(|(name, _)| *name == item).map(|(_, globals)| *globals);
        if group.map_or(item == global, |globals| globals.contains(&global)) {
            exposed = wanted;
        }
    }
    exposed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        Metadata::read(text.as_bytes()).unwrap().0
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// As the expression `//\s*META:\s*(\w*)=(.*)$` reads them, line by line up to the first that does not match.
    #[test]
    fn comments_are_read_up_to_the_first_other_line() {
        let text =
            "// META: title=a = b\n//META:script=/x.js \n//\t META:\tvariant=?1-2\r\n// META: =odd\n\n// META: late=1";
        let expected = [("title", "a = b"), ("script", "/x.js "), ("variant", "?1-2"), ("", "odd")];
        assert_eq!(read(text), pairs(&expected));
        for text in [
            "",
            "\n// META: a=b",
            " // META: a=b",
            "// META a=b",
            "// META: a b=c",
            "// META: a-b=c",
            "/* META: a=b */",
        ] {
            assert_eq!(read(text), [], "{text:?}");
        }
        assert_eq!(read("// META: title=é\u{1f600}"), pairs(&[("title", "é\u{1f600}")]));
        assert_eq!(Metadata::read(&b"// META: title=\xff\n"[..]).unwrap().0, pairs(&[("title", "\u{fffd}")]));
    }

    #[test]
    fn a_file_without_end_of_line_is_not_read_whole() {
        let endless = io::repeat(b'/');
        assert_eq!(Metadata::read(endless).unwrap().0, []);
    }

    #[test]
    fn globals_as_the_manifest_has_them() {
        let all = [
            "window",
            "window-module",
            "dedicatedworker",
            "dedicatedworker-module",
            "sharedworker",
            "serviceworker",
            "shadowrealm-in-window",
            "shadowrealm-in-audioworklet",
        ];
        let globals = |value: &str| all.into_iter().filter(|global| exposed(value, global)).collect::<Vec<_>>();
        for (value, expected) in [
            ("", &["window", "dedicatedworker"][..]),
            ("window", &["window"]),
            ("worker", &["dedicatedworker", "sharedworker", "serviceworker"]),
            ("window, dedicatedworker-module ,window-module", &["window", "window-module", "dedicatedworker-module"]),
            ("shadowrealm", &["shadowrealm-in-window", "shadowrealm-in-audioworklet"]),
            ("shadowrealm-in-window", &["shadowrealm-in-window"]),
            ("jsshell", &[]),
            ("unheard-of", &[]),
            ("!window", &["dedicatedworker"]),
            ("!window,worker", &["dedicatedworker", "sharedworker", "serviceworker"]),
            ("!default,sharedworker", &["sharedworker"]),
        ] {
            assert_eq!(globals(value), expected, "{value:?}");
        }
    }
}
