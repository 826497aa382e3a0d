//! The handlers that a server has, with what their comments say.

use super::files::stamp::Stamp;
use super::head::{Head, beginning};
use super::roots::Roots;
use super::shipped;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::SystemTime;
use walkdir::WalkDir;

/// A handler as its own leading comment describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub path: String,
    pub head: Head,
    pub shipped: bool,
}

/// The folder of profiles among the handlers.
const PROFILES: &str = "profiles/";

/// Handlers and profiles, each in the order of its name.
pub(super) struct Catalogue {
    /// By their path below `/handlers/`.
    pub handlers: BTreeMap<String, Entry>,
    /// By their name.
    pub profiles: BTreeMap<String, Entry>,
}

/// A script in a folder of handlers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Script {
    /// Below its root.
    path: String,
    file: PathBuf,
    stamp: Stamp,
}

/// The scripts in the folders of handlers, those that others hide before them.
pub(super) fn scan(roots: &Roots) -> Vec<Script> {
    let in_root = |root: &PathBuf| {
        let files = WalkDir::new(root).sort_by_file_name().into_iter().filter_map(Result::ok);
        let script = |file: walkdir::DirEntry| {
            let path = file.path().strip_prefix(root).ok()?.to_string_lossy().replace('\\', "/");
            let is_script = path.ends_with(".rhai") && !path.split('/').any(|segment| segment.starts_with('.'));
            // What else may have a name (a pipe, a device, a folder) is no handler, and reading it might never end.
            let stamp = if is_script { Stamp::look(file.path())? } else { return None };
            Some(Script { path, file: file.into_path(), stamp })
        };
        files.filter_map(script).collect::<Vec<_>>()
    };
    roots.handlers.iter().rev().flat_map(in_root).collect()
}

/// Whether one of them may change now, and its stamp stay what it is.
pub(super) fn is_young(scripts: &[Script], now: SystemTime) -> bool {
    scripts.iter().any(|script| script.stamp.is_young(now))
}

/// All handlers and profiles; files on disk come before shipped ones of the same path.
pub(super) fn catalogue(scripts: &[Script]) -> Catalogue {
    let (profiles, handlers) = entries(scripts).into_iter().partition(|(path, _)| path.starts_with(PROFILES));
    let profiles: BTreeMap<String, Entry> = profiles;
    let named = |(path, entry): (String, Entry)| {
        let name = path.strip_prefix(PROFILES)?.strip_suffix(".rhai")?;
        Some((name.to_owned(), entry))
    };
    Catalogue { handlers, profiles: profiles.into_iter().filter_map(named).collect() }
}

/// Those inside the program, which never change.
static SHIPPED: LazyLock<BTreeMap<String, Entry>> = LazyLock::new(|| {
    let entry = |path: Cow<'static, str>| {
        let head = Head::parse(&shipped::shipped_handler(&path)?);
        Some((path.to_string(), Entry { path: path.to_string(), head, shipped: true }))
    };
    shipped::shipped_handlers().filter_map(entry).collect()
});

fn entries(scripts: &[Script]) -> BTreeMap<String, Entry> {
    let mut entries = SHIPPED.clone();
    for Script { path, file, .. } in scripts {
        let Some(text) = beginning(file) else { continue };
        if shipped::shipped_handler(path).is_some_and(|shipped| shipped == text) {
            // The same text: what another root has is shadowed by it.
            entries.extend(SHIPPED.get(path).map(|entry| (path.clone(), entry.clone())));
            continue;
        }
        entries.insert(path.clone(), Entry { path: path.clone(), head: Head::parse(&text), shipped: false });
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    #[cfg(unix)]
    fn what_is_no_regular_file_is_no_handler_and_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file.rhai"), "// Here").unwrap();
        fs::create_dir(folder.path().join("folder.rhai")).unwrap();
        // Reading it would never end.
        std::os::unix::fs::symlink("/dev/zero", folder.path().join("endless.rhai")).unwrap();
        let roots = Roots {
            document: "/nowhere".into(),
            handlers: vec![folder.path().into()],
            hidden: Vec::new(),
            mounted: Vec::new(),
        };
        let entries = catalogue(&scan(&roots)).handlers;
        assert_eq!(entries["file.rhai"].head.sends, "Here");
        assert!(!entries.contains_key("folder.rhai") && !entries.contains_key("endless.rhai"));
    }

    #[test]
    fn every_shipped_handler_says_what_it_sends_and_what_a_client_should_do() {
        let roots =
            Roots { document: "/nowhere".into(), handlers: Vec::new(), hidden: Vec::new(), mounted: Vec::new() };
        let Catalogue { handlers: entries, profiles } = catalogue(&scan(&roots));
        assert!(entries.len() > 30, "only {} shipped handlers", entries.len());
        for entry in entries.values().chain(profiles.values()) {
            let (path, head) = (&entry.path, &entry.head);
            assert!(!head.sends.is_empty(), "{path} does not say what it sends");
            assert!(!head.client.is_empty(), "{path} does not say what a client should do");
            assert_eq!(head.problems, [""; 0], "{path}");
            for query in head.queries() {
                assert!(head.expected(query).is_some(), "{path}{query} does not say what it expects of a client");
            }
            let queries = head.expectations.iter().flat_map(|expectation| &expectation.queries);
            let untried = queries.into_iter().find(|query| !head.tries.contains(query));
            assert_eq!(untried, None, "{path} expects something of a query that it does not try");
        }
    }
}
