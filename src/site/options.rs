//! What a configuration says about URLs.

use std::path::PathBuf;

/// Routes, rewrites, aliases and the like, as `wpt.toml` has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Other folders and files that are mounted at a URL, the later ones first.
    pub aliases: Vec<Alias>,
    /// `[[routes]]`, in the order of the file.
    pub routes: Vec<Route>,
    /// `[[rewrites]]`, in the order of the file.
    pub rewrites: Vec<Rewrite>,
    /// A script that is put into every HTML page that is served from a file or generated.
    pub inject_script: Option<PathBuf>,
    /// Whether HTTP/1.1 is refused for a URL with `.h2.` in its file name, and on ports for HTTP/2 over TLS.
    pub refuse_h2_over_http1: bool,
    /// Whether an HTTP/1.1 connection ends after each file.
    pub close_after_files: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            aliases: Vec::new(),
            routes: Vec::new(),
            rewrites: Vec::new(),
            inject_script: None,
            refuse_h2_over_http1: true,
            close_after_files: false,
        }
    }
}

/// wptserve's `aliases`: `url-path` and `local-dir`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// Begins with a slash; with one at its end it mounts a folder, without it is the URL of a file in that folder.
    pub url_path: String,
    /// The folder.
    pub local_dir: PathBuf,
}

/// One of `[[routes]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The methods it answers; empty for every method.
    pub methods: Vec<String>,
    /// Literals, `{name}` for one segment, `*` for any octets.
    pub path: String,
    /// What answers.
    pub target: Target,
}

/// What a route leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A Rhai script.
    Script(PathBuf),
    /// A file.
    File(PathBuf),
    /// A folder: what `*` matched (or the last part of the path) is the path below it.
    Directory(PathBuf),
    /// A status, with nothing else to say.
    Status(u16),
}

/// One of `[[rewrites]]`: a request for exactly `from` is answered as if it were for `to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite {
    /// The methods it concerns; empty for every method.
    pub methods: Vec<String>,
    /// A path.
    pub from: String,
    /// A path.
    pub to: String,
}
