//! The handlers that a server has, with what their comments say.

use super::resolve::Roots;
use super::shipped;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use walkdir::WalkDir;

/// Octets of a handler that are looked at.
const MAX_COMMENT: u64 = 64 * 1024;

/// A handler as its own leading comment describes it.
///
/// The comment's lines up to the first code are read: `Client:` begins what a client should do, `Try:` lists queries
/// to try (`Try: ?code=8 ?code=11`), `Only: HTTP/2` or `Only: gRPC` says where it works, and the rest says what it sends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub path: String,
    pub sends: String,
    pub client: String,
    pub tries: Vec<String>,
    pub only: Option<String>,
    pub shipped: bool,
}

/// The folder of profiles among the handlers.
const PROFILES: &str = "profiles/";

/// All handlers by their path below `/handlers/`; files on disk come before shipped ones of the same path.
pub(super) fn handlers(roots: &Roots) -> BTreeMap<String, Entry> {
    let mut entries = scripts(roots);
    entries.retain(|path, _| !path.starts_with(PROFILES));
    entries
}

/// All profiles by their name.
pub(super) fn profiles(roots: &Roots) -> BTreeMap<String, Entry> {
    let named = |(path, entry): (String, Entry)| {
        let name = path.strip_prefix(PROFILES)?.strip_suffix(".rhai")?;
        Some((name.to_owned(), entry))
    };
    scripts(roots).into_iter().filter_map(named).collect()
}

fn scripts(roots: &Roots) -> BTreeMap<String, Entry> {
    let mut entries = BTreeMap::new();
    for path in shipped::shipped_handlers() {
        if let Some(text) = shipped::shipped_handler(&path) {
            entries.insert(path.to_string(), Entry { shipped: true, ..read_comment(&path, &text) });
        }
    }
    for root in roots.handlers.iter().rev() {
        for file in WalkDir::new(root).sort_by_file_name().into_iter().filter_map(Result::ok) {
            let Ok(path) = file.path().strip_prefix(root) else { continue };
            let path = path.to_string_lossy().replace('\\', "/");
            if !path.ends_with(".rhai") || path.split('/').any(|segment| segment.starts_with('.')) {
                continue;
            }
            let Some(text) = beginning(file.path()) else { continue };
            let shipped = shipped::shipped_handler(&path).is_some_and(|shipped| shipped == text);
            entries.insert(path.clone(), Entry { shipped, ..read_comment(&path, &text) });
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

fn read_comment(path: &str, text: &str) -> Entry {
    let mut entry = Entry { path: path.to_owned(), ..Entry::default() };
    let mut in_client = false;
    for line in text.lines().map_while(|line| line.trim().strip_prefix("//")) {
        let line = line.trim_start_matches('/').trim();
        if let Some(tries) = line.strip_prefix("Try:") {
            entry.tries.extend(tries.split_whitespace().map(str::to_owned));
        } else if let Some(only) = line.strip_prefix("Only:") {
            entry.only = Some(only.trim().to_owned());
        } else if let Some(client) = line.strip_prefix("Client:") {
            in_client = true;
            add(&mut entry.client, client.trim());
        } else {
            add(if in_client { &mut entry.client } else { &mut entry.sends }, line);
        }
    }
    entry
}

fn add(text: &mut String, line: &str) {
    if !text.is_empty() && !line.is_empty() {
        text.push(' ');
    }
    text.push_str(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_read_up_to_the_first_code() {
        let text = "// Sends a frame\n// of two lines.\n// Client: must not crash\n// at all.\n// Try: ?a=1 ?b=2\n// Only: HTTP/2\nfn main() {}\n// not this";
        let entry = read_comment("x.rhai", text);
        assert_eq!(entry.sends, "Sends a frame of two lines.");
        assert_eq!(entry.client, "must not crash at all.");
        assert_eq!(entry.tries, ["?a=1", "?b=2"]);
        assert_eq!(entry.only.as_deref(), Some("HTTP/2"));
    }

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
        let entries = handlers(&roots);
        assert_eq!(entries["file.rhai"].sends, "Here");
        assert!(!entries.contains_key("folder.rhai") && !entries.contains_key("endless.rhai"));
    }

    #[test]
    fn every_shipped_handler_says_what_it_sends_and_what_a_client_should_do() {
        let roots =
            Roots { document: "/nowhere".into(), handlers: Vec::new(), hidden: Vec::new(), mounted: Vec::new() };
        let entries = handlers(&roots);
        assert!(entries.len() > 30, "only {} shipped handlers", entries.len());
        for entry in entries.values().chain(profiles(&roots).values()) {
            assert!(!entry.sends.is_empty(), "{} does not say what it sends", entry.path);
            assert!(!entry.client.is_empty(), "{} does not say what a client should do", entry.path);
        }
    }
}
