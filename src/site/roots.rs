//! The folders that a server serves, and what in them is not for clients.

use std::fs;
use std::path::{Path, PathBuf};

/// The folders that a server serves.
#[derive(Clone, Debug)]
pub struct Roots {
    /// Files and scripts, mounted at `/`.
    pub document: PathBuf,
    /// Scripts, mounted at `/handlers/`; the first that has a file wins.
    pub handlers: Vec<PathBuf>,
    /// Canonical folders and files of which nothing is shown: private keys, the configuration.
    pub hidden: Vec<PathBuf>,
    /// Folders that aliases and routes lead to: links in them may lead to any of them, and to the roots.
    pub mounted: Vec<PathBuf>,
}

impl Roots {
    /// Whether a file, wherever links lead from it, is among what is served.
    pub fn shows(&self, found: &Path) -> bool {
        fs::canonicalize(found).is_ok_and(|real| self.real().shows(&real))
    }

    /// The roots where they really are, for many questions in a row.
    pub(super) fn real(&self) -> RealRoots<'_> {
        let roots = self.handlers.iter().chain(&self.mounted).chain([&self.document]);
        RealRoots { roots: roots.filter_map(|root| fs::canonicalize(root).ok()).collect(), hidden: &self.hidden }
    }

    /// Whether what is in `root` is served: links may not lead out of it, nor into what is hidden.
    pub(super) fn is_visible(&self, root: &Path, found: &Path) -> bool {
        is_visible(root, found, &self.hidden)
    }
}

/// Canonical folders of what is served, and of what is hidden in them.
pub(super) struct RealRoots<'a> {
    roots: Vec<PathBuf>,
    hidden: &'a [PathBuf],
}

impl RealRoots<'_> {
    /// Whether what is at a canonical path is served.
    pub(super) fn shows(&self, real: &Path) -> bool {
        self.roots.iter().any(|root| real.starts_with(root)) && !is_among(real, self.hidden)
    }
}

/// Symbolic links may not lead out of their root, nor into a hidden folder. What is not there is not visible.
pub(super) fn is_visible(root: &Path, found: &Path, hidden: &[PathBuf]) -> bool {
    let (Ok(root), Ok(found)) = (fs::canonicalize(root), fs::canonicalize(found)) else { return false };
    found.starts_with(root) && !is_among(&found, hidden)
}

/// Whether a name in a folder is not for clients: `.git` and the like, except `.well-known` (RFC 8615).
pub(super) fn is_hidden(name: &str) -> bool {
    name.starts_with('.') && name != ".well-known"
}

/// Whether a file is one of these, or in a folder of these, by this name or, as a hard link, by another. All paths are
/// canonical.
pub fn is_among(real: &Path, hidden: &[PathBuf]) -> bool {
    hidden.iter().any(|hidden| real.starts_with(hidden)) || is_link_to_any(real, hidden)
}

#[cfg(unix)]
fn is_link_to_any(real: &Path, hidden: &[PathBuf]) -> bool {
    use std::os::unix::fs::MetadataExt;
    let Some(file) = fs::metadata(real).ok().filter(|file| file.is_file() && file.nlink() > 1) else { return false };
    let is_it = |path: &Path| fs::metadata(path).is_ok_and(|at| (at.dev(), at.ino()) == (file.dev(), file.ino()));
    hidden.iter().any(|hidden| match fs::read_dir(hidden) {
        Ok(entries) => entries.flatten().any(|entry| is_it(&entry.path())),
        Err(_) => is_it(hidden),
    })
}

#[cfg(not(unix))]
fn is_link_to_any(_: &Path, _: &[PathBuf]) -> bool {
    false
}
