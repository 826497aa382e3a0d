//! `[[rewrites]]`: one exact path in place of another.

use super::super::options::Rewrite;
use bytes::Bytes;
use std::collections::HashMap;

/// All rewrites by their path, the ones of serve.py among them.
#[derive(Clone, Debug)]
pub struct Rewrites(HashMap<Vec<u8>, Vec<Rule>>);

#[derive(Clone, Debug)]
struct Rule {
    methods: Vec<String>,
    to: Bytes,
}

/// Where the parser of WebIDL was, and where it is.
const WEBIDL: (&str, &str) = ("/resources/WebIDLParser.js", "/resources/webidl2/lib/webidl2.js");

impl Rewrites {
    /// The rewrites of a configuration; of several for a path, the first that takes the method.
    pub(in crate::site) fn new(rewrites: &[Rewrite]) -> Self {
        let webidl = Rewrite { methods: vec!["GET".to_owned()], from: WEBIDL.0.to_owned(), to: WEBIDL.1.to_owned() };
        let mut rules: HashMap<Vec<u8>, Vec<Rule>> = HashMap::new();
        for rewrite in rewrites.iter().chain([&webidl]) {
            let rule = Rule { methods: rewrite.methods.clone(), to: rewrite.to.clone().into() };
            rules.entry(rewrite.from.clone().into()).or_default().push(rule);
        }
        Self(rules)
    }

    /// The path in place of `path` for a method; not rewritten again.
    pub(in crate::site) fn find(&self, method: &[u8], path: &[u8]) -> Option<&Bytes> {
        let rules = self.0.get(path)?;
        rules.iter().find(|rule| super::takes(&rule.methods, method)).map(|rule| &rule.to)
    }

    /// Whether a path may be rewritten for some method.
    pub(in crate::site) fn has(&self, path: &[u8]) -> bool {
        self.0.contains_key(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_paths_are_rewritten_once_for_their_methods() {
        let rewrite = |methods: &[&str], from: &str, to: &str| Rewrite {
            methods: methods.iter().map(|method| (*method).to_owned()).collect(),
            from: from.to_owned(),
            to: to.to_owned(),
        };
        let rewrites = Rewrites::new(&[rewrite(&["POST"], "/a", "/b"), rewrite(&[], "/a", "/c")]);
        let find = |method: &str, path: &str| rewrites.find(method.as_bytes(), path.as_bytes()).map(|to| &to[..]);
        assert_eq!(find("POST", "/a"), Some(&b"/b"[..]));
        assert_eq!(find("GET", "/a"), Some(&b"/c"[..]));
        assert_eq!(find("GET", "/a/"), None);
        assert_eq!(find("HEAD", WEBIDL.0), Some(WEBIDL.1.as_bytes()));
        assert_eq!(find("POST", WEBIDL.0), None);
        assert!(rewrites.has(WEBIDL.0.as_bytes()) && !rewrites.has(b"/b"));
    }
}
