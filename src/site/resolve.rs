//! From a request path to what answers it.

use super::shipped;
use crate::http::path::{self, ResolvedPath};
use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

/// The folders that a server serves.
#[derive(Clone, Debug)]
pub struct Roots {
    /// Files and scripts, mounted at `/`.
    pub document: PathBuf,
    /// Scripts, mounted at `/handlers/`; the first that has a file wins.
    pub handlers: Vec<PathBuf>,
    /// Canonical folders of which nothing is shown: private keys.
    pub hidden: Vec<PathBuf>,
}

/// Where a script's text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// Inside the binary, by its path below `handlers/`.
    Shipped(String),
}

/// What a URL's path means.
#[derive(Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A script answers.
    Script(Source),
    /// A file on disk.
    File(PathBuf),
    /// A page inside the binary: its name (for the media type) and content.
    Shipped(String, Cow<'static, [u8]>),
    /// A folder without an `index.html`, to be listed.
    Folder(PathBuf),
    /// The page that lists the handlers.
    Index,
    /// A folder asked for without its slash.
    AddSlash,
    /// Nothing here.
    Missing,
}

/// Whether a name in a folder is not for clients: `.git` and the like, but for `.well-known` (RFC 8615).
pub(super) fn is_hidden(name: &str) -> bool {
    name.starts_with('.') && name != ".well-known"
}

impl Roots {
    /// Finds what a raw request path (without its query) means.
    pub fn resolve(&self, raw_path: &[u8]) -> Meaning {
        let Ok(resolved) = path::resolve(raw_path) else { return Meaning::Missing };
        if resolved.segments.iter().any(|segment| is_hidden(segment)) {
            return Meaning::Missing;
        }
        if let Some(("handlers", rest)) = resolved.segments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
            if rest.is_empty() {
                return if resolved.directory { Meaning::Index } else { Meaning::AddSlash };
            }
            for root in &self.handlers {
                if let Some(meaning) = self.on_disk(root, rest, &resolved) {
                    return meaning;
                }
            }
        }
        if let Some(meaning) = self.on_disk(&self.document, &resolved.segments, &resolved) {
            return meaning;
        }
        self.in_the_binary(&resolved)
    }

    fn on_disk(&self, root: &Path, segments: &[String], resolved: &ResolvedPath) -> Option<Meaning> {
        let mut found = root.to_path_buf();
        found.extend(segments);
        let metadata = fs::metadata(&found).ok()?;
        if !self.is_visible(root, &found) {
            return None;
        }
        if metadata.is_dir() {
            if !resolved.directory {
                return Some(Meaning::AddSlash);
            }
            let index = found.join("index.html");
            if fs::metadata(&index).is_ok_and(|metadata| metadata.is_file()) {
                return Some(Meaning::File(index));
            }
            // The root without a page of its own has the page of the handlers.
            return (!segments.is_empty()).then_some(Meaning::Folder(found));
        }
        if resolved.directory || !metadata.is_file() {
            return None;
        }
        if found.extension().is_some_and(|extension| extension == "rhai") {
            return Some(Meaning::Script(Source::File(found)));
        }
        Some(Meaning::File(found))
    }

    /// The folder of the document root (or of the handlers) at a raw request path that ends in a slash.
    pub fn folder(&self, raw_path: &[u8]) -> Option<PathBuf> {
        let resolved = path::resolve(raw_path).ok().filter(|resolved| resolved.directory)?;
        if resolved.segments.iter().any(|segment| is_hidden(segment)) {
            return None;
        }
        let in_root = |root: &Path, segments: &[String]| {
            let mut found = root.to_path_buf();
            found.extend(segments);
            (found.is_dir() && self.is_visible(root, &found)).then_some(found)
        };
        let below_handlers = resolved.segments.strip_prefix(&["handlers".to_owned()]);
        below_handlers
            .and_then(|rest| self.handlers.iter().find_map(|root| in_root(root, rest)))
            .or_else(|| in_root(&self.document, &resolved.segments))
    }

    /// Whether a file, wherever links lead from it, is among what is served.
    pub fn shows(&self, found: &Path) -> bool {
        self.handlers.iter().chain([&self.document]).any(|root| self.is_visible(root, found))
    }

    /// Symbolic links may not lead out of their root, nor into a hidden folder.
    fn is_visible(&self, root: &Path, found: &Path) -> bool {
        let (Ok(root), Ok(found)) = (fs::canonicalize(root), fs::canonicalize(found)) else { return false };
        found.starts_with(root) && !self.hidden.iter().any(|hidden| found.starts_with(hidden))
    }

    fn in_the_binary(&self, resolved: &ResolvedPath) -> Meaning {
        if resolved.segments.is_empty() {
            return Meaning::Index;
        }
        if resolved.directory {
            return Meaning::Missing;
        }
        let joined = resolved.joined();
        if let Some(handler) = joined.strip_prefix("handlers/").filter(|path| path.ends_with(".rhai")) {
            return match shipped::shipped_handler(handler) {
                Some(_) => Meaning::Script(Source::Shipped(handler.to_owned())),
                None => Meaning::Missing,
            };
        }
        match shipped::shipped_octets(&joined) {
            Some(content) => Meaning::Shipped(joined, content),
            None => Meaning::Missing,
        }
    }
}
