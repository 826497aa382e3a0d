//! Everything that a configuration says about URLs, ready for use and never changed: swapped whole when it is.

use super::environment::Environment;
use super::inject::Injection;
use super::options::{Alias, Options, Target};
use super::roots::Roots;
use super::routes::{PatternError, Rewrites, Routes};
use crate::exchange::Mount;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a server's URLs mean; see [`Site::resolve`](Self::resolve).
#[derive(Clone, Debug)]
pub struct Site {
    /// The folders that it serves.
    pub roots: Roots,
    /// What templates know.
    pub environment: Environment,
    /// What is put into HTML, if anything.
    pub injection: Option<Injection>,
    /// Whether a URL with `.h2.` in its file name is refused over HTTP/1.1.
    pub refuse_h2_over_http1: bool,
    /// Whether an HTTP/1.1 connection ends after each file.
    pub close_after_files: bool,
    pub(super) routes: Routes,
    pub(super) rewrites: Rewrites,
    /// The later ones first.
    pub(super) mounts: Vec<Mounted>,
}

/// A folder or file that is mounted at a URL beside the document root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mounted {
    pub mount: Arc<Mount>,
    /// The one file of it that is mounted; `None` for all.
    file: Option<String>,
}

/// Why options are of no use; the user's fault. Displays as a sentence.
#[derive(Debug)]
pub enum SiteError {
    /// The path of a route is none.
    Route(String, PatternError),
    /// An alias does not begin with a slash.
    Alias(String),
    /// The script for `inject_script` cannot be read.
    InjectScript(PathBuf, io::Error),
}

impl fmt::Display for SiteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Route(path, error) => write!(f, "invalid route \"{path}\": {error}"),
            Self::Alias(url_path) => write!(f, "the alias \"{url_path}\" does not begin with a slash"),
            Self::InjectScript(path, error) => {
                write!(f, "inject_script: the file {} cannot be read: {error}", path.display())
            }
        }
    }
}

impl std::error::Error for SiteError {}

impl Site {
    /// Takes options apart and reads the files that they name.
    ///
    /// # Errors
    /// [`SiteError`]: the first that is wrong.
    pub fn new(mut roots: Roots, options: &Options, environment: Environment) -> Result<Self, SiteError> {
        let routes =
            Routes::new(&options.routes).map_err(|(route, error)| SiteError::Route(route.path.clone(), error))?;
        let mut mounts = options.aliases.iter().map(Mounted::new).collect::<Result<Vec<_>, _>>()?;
        mounts.reverse();
        let routed = options.routes.iter().filter_map(|route| match &route.target {
            Target::Directory(folder) => Some(folder.clone()),
            Target::File(file) => file.parent().map(PathBuf::from),
            Target::Script(_) | Target::Status(_) => None,
        });
        roots.mounted = mounts.iter().map(|mounted| mounted.mount.folder.clone()).chain(routed).collect();
        let injection = options
            .inject_script
            .as_ref()
            .map(|path| Injection::read(path).map_err(|error| SiteError::InjectScript(path.clone(), error)));
        Ok(Self {
            roots,
            environment,
            injection: injection.transpose()?,
            refuse_h2_over_http1: options.refuse_h2_over_http1,
            close_after_files: options.close_after_files,
            routes,
            rewrites: Rewrites::new(&options.rewrites),
            mounts,
        })
    }
}

impl Mounted {
    fn new(alias: &Alias) -> Result<Self, SiteError> {
        let path = &alias.url_path;
        if !path.starts_with('/') {
            return Err(SiteError::Alias(path.clone()));
        }
        let (url_base, file) = path.rsplit_once('/').unwrap_or_default();
        let file = (!file.is_empty()).then(|| file.to_owned());
        Ok(Self { file, ..Self::all(&format!("{url_base}/"), &alias.local_dir) })
    }

    /// All of a folder at a path that ends in a slash.
    pub fn all(url_base: &str, folder: &Path) -> Self {
        // As it is written, should the working directory be gone.
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
        Self { mount: Arc::new(Mount { url_base: url_base.to_owned(), folder }), file: None }
    }

    /// Whether it is one file, and no folder.
    pub fn is_file(&self) -> bool {
        self.file.is_some()
    }

    /// Whether `path` is where the folder is mounted, but for the slash.
    pub fn is_without_slash(&self, path: &[u8]) -> bool {
        !self.is_file() && self.mount.url_base.strip_suffix('/').is_some_and(|base| base.as_bytes() == path)
    }

    /// What of `path` is below the mount, its first slash included; `None` if it is elsewhere.
    pub fn below<'a>(&self, path: &'a [u8]) -> Option<&'a [u8]> {
        path.strip_prefix(self.mount.url_base.as_bytes())?;
        let rest = path.get(self.mount.url_base.len() - 1..)?;
        match &self.file {
            Some(file) => rest.get(1..).filter(|rest| *rest == file.as_bytes()).map(|_| rest),
            None => Some(rest),
        }
    }
}
