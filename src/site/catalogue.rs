//! The handlers that a server has, with what their comments say.

use super::head::Head;
use super::roots::Roots;
use super::shipped;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::sync::LazyLock;
use walkdir::WalkDir;

/// Octets of a handler that are looked at.
const MAX_COMMENT: u64 = 64 * 1024;

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

/// All handlers and profiles; files on disk come before shipped ones of the same path.
pub(super) fn catalogue(roots: &Roots) -> Catalogue {
    let (profiles, handlers) = scripts(roots).into_iter().partition(|(path, _)| path.starts_with(PROFILES));
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

fn scripts(roots: &Roots) -> BTreeMap<String, Entry> {
    let mut entries = SHIPPED.clone();
    for root in roots.handlers.iter().rev() {
        for file in WalkDir::new(root).sort_by_file_name().into_iter().filter_map(Result::ok) {
            let Ok(path) = file.path().strip_prefix(root) else { continue };
            let path = path.to_string_lossy().replace('\\', "/");
            if !path.ends_with(".rhai") || path.split('/').any(|segment| segment.starts_with('.')) {
                continue;
            }
            let Some(text) = beginning(file.path()) else { continue };
            if shipped::shipped_handler(&path).is_some_and(|shipped| shipped == text) {
                // The same text: what another root has is shadowed by it.
                entries.extend(SHIPPED.get(&path).map(|entry| (path, entry.clone())));
                continue;
            }
            entries.insert(path.clone(), Entry { path, head: Head::parse(&text), shipped: false });
        }
    }
    entries
}

/// The first octets of a regular file, for its comment. What else may have a name (a pipe, a device, a folder) is no
/// handler, and reading it might never end.
fn beginning(path: &Path) -> Option<String> {
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut octets = Vec::new();
    // An unreadable handler is listed all the same: asked for, it says what is wrong.
    if let Ok(file) = File::open(path) {
        let _ = file.take(MAX_COMMENT).read_to_end(&mut octets);
    }
    Some(String::from_utf8_lossy(&octets).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let entries = catalogue(&roots).handlers;
        assert_eq!(entries["file.rhai"].head.sends, "Here");
        assert!(!entries.contains_key("folder.rhai") && !entries.contains_key("endless.rhai"));
    }

    #[test]
    fn every_shipped_handler_says_what_it_sends_and_what_a_client_should_do() {
        let roots =
            Roots { document: "/nowhere".into(), handlers: Vec::new(), hidden: Vec::new(), mounted: Vec::new() };
        let Catalogue { handlers: entries, profiles } = catalogue(&roots);
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
