//! From a request path to what answers it.

use super::options::Target;
use super::roots::is_among;
use super::routes::Lookup;
use super::shipped;
use super::snapshot::{Mounted, Site};
use super::wrappers::{self, Generated};
use crate::exchange::{Mount, RouteMatch};
use crate::http::latin1;
use crate::http::path::{self, ResolvedPath};
use bytes::Bytes;
use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    /// A page or script made around a test.
    Generated(Generated),
    /// A page inside the binary: its name (for the media type) and content.
    Shipped(String, Cow<'static, [u8]>),
    /// A folder without an `index.html`, to be listed.
    Folder(PathBuf),
    /// The page that lists the handlers.
    Index,
    /// `OPTIONS *`: what the server itself can do (RFC 9110 §9.3.7).
    Asterisk,
    /// A folder asked for without its slash.
    AddSlash,
    /// A route answers with a status.
    Status(u16),
    /// Routes lead here, for these methods only.
    OtherMethods(Vec<String>),
    /// A Python handler, which does not run here.
    Python,
    /// What wptserve does not show either.
    Withheld,
    /// A part of the test suite's harness, which is not there.
    NoHarness,
    /// Nothing here.
    Missing,
}

/// What answers a request, and how that was found.
#[derive(Debug)]
pub struct Found {
    /// What answers.
    pub meaning: Meaning,
    /// What the parts of the route's path matched.
    pub matched: RouteMatch,
    /// The path that was put in place of the request's.
    pub rewritten: Option<Bytes>,
    /// Where what answers is mounted, unless below the document root.
    pub mount: Option<Arc<Mount>>,
    /// Whether the method had a say: for another method, the same path may mean something else.
    pub by_method: bool,
    /// Whether the file name says that the test is about HTTP/2.
    pub is_for_http2: bool,
}

impl From<Meaning> for Found {
    fn from(meaning: Meaning) -> Self {
        let (matched, rewritten, mount) = (RouteMatch::new(), None, None);
        Self { meaning, matched, rewritten, mount, by_method: false, is_for_http2: false }
    }
}

/// Below `/.well-known/`, what serve.py answers by Python handlers without `.py` in their name.
const PYTHON_WELL_KNOWN: [&str; 7] = [
    "attribution-reporting",
    "device-bound-sessions",
    "interest-group",
    "private-aggregation",
    "shared-storage",
    "web-app-origin-association",
    "web-identity",
];

/// A path, below a root, as it came and taken apart.
struct Asked<'a> {
    /// The whole path of the URL.
    url: &'a [u8],
    /// What of it is below the root, with a slash before it.
    raw: &'a [u8],
    path: ResolvedPath,
}

impl<'a> Asked<'a> {
    /// `None` for a path that could lead out of a root, or to what is not to be seen.
    fn new(url: &'a [u8], raw: &'a [u8]) -> Option<Self> {
        let path = path::resolve(raw).ok()?;
        // What RFC 8615 keeps for agreements between sites is no secret.
        let is_secret =
            |(at, segment): (usize, &String)| segment.starts_with('.') && !(at == 0 && segment == ".well-known");
        (!path.segments.iter().enumerate().any(is_secret)).then_some(Self { url, raw, path })
    }

    /// Whether serve.py takes it for a Python handler.
    fn is_python(&self) -> bool {
        let well_known = match &self.path.segments[..] {
            [first, second, rest @ ..] => {
                first == ".well-known"
                    && PYTHON_WELL_KNOWN.contains(&second.as_str())
                    && !rest.iter().any(|segment| segment.contains('.'))
            }
            _ => false,
        };
        self.raw.ends_with(b".py") || (well_known && !self.path.directory)
    }

    /// The same with another end, where that is still a file name.
    fn with_end(&self, old: &str, new: &str) -> Option<ResolvedPath> {
        let raw = [self.raw.strip_suffix(old.as_bytes())?, new.as_bytes()].concat();
        path::resolve(&raw).ok().filter(|path| !path.directory)
    }
}

impl Site {
    /// Finds what answers a request with this method for a raw path (without its query).
    ///
    /// Rewrites come first, then routes, then aliases, later ones before earlier ones, then the folders of handlers and
    /// the document root, and last what the binary brings with it.
    pub fn resolve(&self, method: &[u8], raw_path: &[u8]) -> Found {
        let rewritten = self.rewrites.find(method, raw_path).cloned();
        let mut found = self.resolve_once(method, rewritten.as_deref().unwrap_or(raw_path));
        found.by_method |= self.rewrites.has(raw_path);
        let file_name = raw_path.rsplit(|octet| *octet == b'/').next().unwrap_or_default();
        found.is_for_http2 = memchr::memmem::find(file_name, b".h2.").is_some();
        found.rewritten = rewritten;
        found
    }

    fn resolve_once(&self, method: &[u8], raw_path: &[u8]) -> Found {
        match self.routes.find(method, raw_path) {
            Lookup::None => self.resolve_unrouted(raw_path),
            Lookup::Target(target, pattern, matched) => {
                let found = match target {
                    Target::Status(status) => Meaning::Status(*status).into(),
                    Target::Script(path) => self.named(path, |path| Meaning::Script(Source::File(path))),
                    Target::File(path) => self.named(path, Meaning::File),
                    Target::Directory(folder) => {
                        let mounted = Mounted::all(pattern.mount().unwrap_or("/"), folder);
                        self.below(&mounted, raw_path, &path_below(raw_path, &matched))
                    }
                };
                Found { matched, by_method: true, ..found }
            }
            Lookup::OtherMethods(mut methods) => {
                let found = self.resolve_unrouted(raw_path);
                let answers = match &found.meaning {
                    Meaning::Missing | Meaning::NoHarness => false,
                    Meaning::Script(_) | Meaning::Asterisk => true,
                    _ if matches!(method, b"GET" | b"HEAD") => true,
                    _ => {
                        methods.extend(["GET", "HEAD"]);
                        false
                    }
                };
                if answers {
                    return Found { by_method: true, ..found };
                }
                let mut methods: Vec<String> = methods.into_iter().map(str::to_owned).collect();
                methods.sort();
                methods.dedup();
                Found { by_method: true, ..Meaning::OtherMethods(methods).into() }
            }
        }
    }

    /// A file that a route names, unless it is one that nobody may see.
    fn named(&self, path: &Path, meaning: fn(PathBuf) -> Meaning) -> Found {
        let canonical = fs::canonicalize(path).ok().filter(|path| path.is_file());
        let may_be_seen = canonical.is_some_and(|path| !is_among(&path, &self.roots.hidden));
        if may_be_seen { meaning(path.to_path_buf()) } else { Meaning::Missing }.into()
    }

    fn resolve_unrouted(&self, raw_path: &[u8]) -> Found {
        if raw_path == b"*" {
            return Meaning::Asterisk.into();
        }
        for mount in &self.mounts {
            if let Some(rest) = mount.below(raw_path) {
                return self.below(mount, raw_path, rest);
            }
            if mount.is_without_slash(raw_path) {
                return Meaning::AddSlash.into();
            }
        }
        let Some(asked) = Asked::new(raw_path, raw_path) else { return Meaning::Missing.into() };
        if is_withheld(&asked.path) {
            return Meaning::Withheld.into();
        }
        self.below_roots(&asked).into()
    }

    /// What `rest` of the path `url`, with its first slash, means below a mount. A mount hides what it covers.
    fn below(&self, mounted: &Mounted, url: &[u8], rest: &[u8]) -> Found {
        let folder = mounted.mount.folder.as_path();
        let meaning = match Asked::new(url, rest) {
            Some(asked) => {
                let place = [(folder, 0)];
                let generated = if mounted.is_file() { None } else { self.generated(&place, &asked) };
                generated.or_else(|| self.on_disk(folder, &asked, 0)).unwrap_or(Meaning::Missing)
            }
            None => Meaning::Missing,
        };
        Found { mount: Some(mounted.mount.clone()), ..meaning.into() }
    }

    /// The folder, of an alias, the handlers or the document root, at a raw request path that ends in a slash.
    pub fn folder(&self, raw_path: &[u8]) -> Option<PathBuf> {
        let in_root = |root: &Path, asked: &Asked<'_>, skipped: usize| {
            let mut found = root.to_path_buf();
            found.extend(asked.path.segments.get(skipped..)?);
            (asked.path.directory && found.is_dir() && self.roots.is_visible(root, &found)).then_some(found)
        };
        if let Some((mount, rest)) = self.mounts.iter().find_map(|mount| Some((mount, mount.below(raw_path)?))) {
            return in_root(&mount.mount.folder, &Asked::new(raw_path, rest)?, 0);
        }
        let asked = Asked::new(raw_path, raw_path).filter(|asked| !is_withheld(&asked.path))?;
        let below_handlers = asked.path.segments.first().is_some_and(|first| first == "handlers");
        let in_handlers = || self.roots.handlers.iter().find_map(|root| in_root(root, &asked, 1));
        let in_handlers = if below_handlers { in_handlers() } else { None };
        in_handlers.or_else(|| in_root(&self.roots.document, &asked, 0))
    }

    /// What a path means below the document root, the folders of handlers, and in the binary.
    fn below_roots(&self, asked: &Asked<'_>) -> Meaning {
        // A folder, and how many segments of the path lead to it.
        let mut places: Vec<(&Path, usize)> = Vec::new();
        if asked.path.segments.first().is_some_and(|first| first == "handlers") {
            if asked.path.segments.len() == 1 {
                return if asked.path.directory { Meaning::Index } else { Meaning::AddSlash };
            }
            places.extend(self.roots.handlers.iter().map(|folder| (folder.as_path(), 1)));
        }
        places.push((&self.roots.document, 0));
        if let Some(generated) = self.generated(&places, asked) {
            return generated;
        }
        let on_disk = places.iter().find_map(|(folder, skipped)| self.on_disk(folder, asked, *skipped));
        on_disk.unwrap_or_else(|| in_the_binary(asked))
    }

    /// A page or script that is made around a test in one of `places`.
    fn generated(&self, places: &[(&Path, usize)], asked: &Asked<'_>) -> Option<Meaning> {
        for wrapper in wrappers::find(asked.raw) {
            let Some(source) = asked.with_end(wrapper.suffix, wrapper.source) else { continue };
            let found = places.iter().find_map(|(folder, skipped)| self.file(folder, source.segments.get(*skipped..)?));
            if let Some(found) = found {
                return Some(Meaning::Generated(Generated::new(wrapper, asked.url, found, self.has_harness())));
            }
        }
        None
    }

    /// Whether there is a testharness.js for generated pages.
    fn has_harness(&self) -> bool {
        // It cannot end in what a page is generated for: this does not come back here.
        let found = self.resolve_once(b"GET", b"/resources/testharness.js");
        !matches!(found.meaning, Meaning::NoHarness | Meaning::Missing)
    }

    /// A file below `root` that may be seen.
    fn file(&self, root: &Path, segments: &[String]) -> Option<PathBuf> {
        let mut found = root.to_path_buf();
        found.extend(segments);
        let is_file = fs::metadata(&found).ok()?.is_file();
        (is_file && self.roots.is_visible(root, &found)).then_some(found)
    }

    /// What the path, but for its first `skipped` segments, means below `root`.
    fn on_disk(&self, root: &Path, asked: &Asked<'_>, skipped: usize) -> Option<Meaning> {
        let segments = asked.path.segments.get(skipped..)?;
        if asked.is_python() {
            return self.python(root, asked, skipped);
        }
        let mut found = root.to_path_buf();
        found.extend(segments);
        let metadata = fs::metadata(&found).ok()?;
        if !self.roots.is_visible(root, &found) {
            return None;
        }
        if metadata.is_dir() {
            if !asked.path.directory {
                return Some(Meaning::AddSlash);
            }
            let index = found.join("index.html");
            if fs::metadata(&index).is_ok_and(|metadata| metadata.is_file()) && self.roots.is_visible(root, &index) {
                return Some(Meaning::File(index));
            }
            // The root without a page of its own has the page of the handlers.
            let is_root = segments.is_empty() && root == self.roots.document;
            return (!is_root).then_some(Meaning::Folder(found));
        }
        if asked.path.directory || !metadata.is_file() {
            return None;
        }
        if found.extension().is_some_and(|extension| extension == "rhai") {
            return Some(Meaning::Script(Source::File(found)));
        }
        Some(Meaning::File(found))
    }

    /// A Python handler, or the script of the same name that stands in for it.
    fn python(&self, root: &Path, asked: &Asked<'_>, skipped: usize) -> Option<Meaning> {
        let end = if asked.raw.ends_with(b".py") { ".py" } else { "" };
        let script = asked.with_end(end, ".rhai")?;
        if let Some(script) = self.file(root, script.segments.get(skipped..)?) {
            return Some(Meaning::Script(Source::File(script)));
        }
        self.file(root, asked.path.segments.get(skipped..)?).map(|_| Meaning::Python)
    }
}

/// Where in its folder a route's path leads: to what `*` matched, or else to the last part of the path.
fn path_below(raw_path: &[u8], matched: &RouteMatch) -> Vec<u8> {
    let rest = matched.iter().find(|(name, _)| name == "*");
    let last = || raw_path.rsplit(|octet| *octet == b'/').next().unwrap_or_default().to_vec();
    let rest = rest.map_or_else(last, |(_, rest)| latin1::octets_of_text(rest));
    [b"/", &rest[..]].concat()
}

/// What serve.py does not show of a checkout of WPT: its tools, but for the runner, and what they leave behind.
fn is_withheld(path: &ResolvedPath) -> bool {
    let segments: Vec<&str> = path.segments.iter().map(String::as_str).collect();
    match segments[..] {
        ["_certs", ..] => true,
        ["tools", "runner", _, ..] => false,
        ["tools", ..] | [_, "tools", _, ..] => true,
        [_, "tools"] | ["results"] => path.directory,
        _ => false,
    }
}

fn in_the_binary(asked: &Asked<'_>) -> Meaning {
    let path = &asked.path;
    if path.segments.is_empty() {
        return Meaning::Index;
    }
    let joined = path.joined();
    if !path.directory {
        let handler = joined.strip_prefix("handlers/").map(|handler| {
            handler.strip_suffix(".py").map_or(Cow::Borrowed(handler), |stem| format!("{stem}.rhai").into())
        });
        if let Some(handler) = handler.filter(|path| path.ends_with(".rhai")) {
            return match shipped::shipped_handler(&handler) {
                Some(_) => Meaning::Script(Source::Shipped(handler.into_owned())),
                None => Meaning::Missing,
            };
        }
        if let Some(content) = shipped::shipped_octets(&joined) {
            return Meaning::Shipped(joined, content);
        }
    }
    if path.segments.first().is_some_and(|first| first == "resources") { Meaning::NoHarness } else { Meaning::Missing }
}

#[cfg(test)]
mod tests;
