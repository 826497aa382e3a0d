//! `wireserve check`: compiles every script below some directories, and looks up the names in it.

mod known;
mod names;
mod own;
mod parts;
#[cfg(test)]
mod tests;
mod wrong;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;

use rhai::{ASTNode, Engine, Expr, Stmt};
use walkdir::{DirEntry, WalkDir};

use self::known::Known;
use self::names::wrong_names;
use self::own::each;
use super::api::{self, helpers::ReadableFiles};
use super::compiled::{Script, ScriptSource};
use super::engine;
use super::entries::Entry;
use super::error::ScriptError;
use super::limits::Limits;
use super::loader::{Loader, Roots};
use super::offers::Offers;
use super::roles::{DefinedHooks, check_entries, check_is_handler, check_is_usable, listed};
use super::watch::Changes;

/// Where the scripts of a server lie.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// Directories of handlers and profiles, which may import each other.
    pub handlers: Vec<PathBuf>,
    /// The document root, where scripts lie beside pages.
    pub pages: PathBuf,
    /// Hook scripts.
    pub hooks: Vec<PathBuf>,
}

/// What was looked at and what is wrong.
#[derive(Debug, Default)]
pub struct Report {
    /// Scripts that compile and are handlers, or libraries for handlers.
    pub good: Vec<PathBuf>,
    /// What is wrong with the others.
    pub errors: Vec<ScriptError>,
    /// Links that lead out of their root: the server does not follow them, and neither does this.
    pub links_outside: Vec<PathBuf>,
}

/// Compiles all `.rhai` files below `paths`, which may be files too, and looks whether each can be used, and whether each
/// name in it means something. Without paths: the handlers, and the scripts below the document root.
///
/// A script of the handlers in a directory `profiles` is a profile; one with an entry function is a handler; one with
/// other functions only is a library to import. One that could do nothing is an error: it has no function, or no script
/// imports it.
///
/// Hook scripts are looked at as such, wherever they lie. `embedded` are the scripts inside the program, to import.
pub fn check(
    paths: &[PathBuf],
    places: &Places,
    limits: &Limits,
    embedded: fn(&str) -> Option<Cow<'static, str>>,
) -> Report {
    let beside = places.hooks.iter().filter_map(|hook| hook.parent().map(Path::to_owned));
    let folders: Vec<PathBuf> =
        places.handlers.iter().chain([&places.pages]).chain(paths).cloned().chain(beside).collect();
    let loader = Rc::new(Loader::new(Rc::new(limits.clone()), Roots { folders, embedded }, Changes::unwatched()));
    let engine = engine_of(limits, &loader);
    let known = Known::of(&engine);
    let mut check = Check {
        loader: &loader,
        known,
        seen: BTreeSet::new(),
        imports: Imports::default(),
        libraries: Vec::new(),
        report: Report::default(),
    };
    for path in &places.hooks {
        check.one(path, |script| DefinedHooks::of(script).map(drop));
    }
    if paths.is_empty() {
        places.handlers.iter().for_each(|path| check.all(path, check_is_usable));
        check.all(&places.pages, check_is_page_script);
    } else {
        paths.iter().for_each(|path| check.all(path, check_is_usable));
        // What was not asked about may import what was.
        if !check.libraries.is_empty() {
            let hooks = places.hooks.iter();
            hooks.chain(&places.handlers).chain([&places.pages]).for_each(|path| check.see_imports(path));
        }
    }
    check.report_unused();
    check.report
}

/// An engine with all that scripts can call, none of which is called.
pub(super) fn engine_of(limits: &Limits, loader: &Rc<Loader>) -> Engine {
    let mut engine = engine::new(limits, loader);
    api::register(&mut engine);
    let files = ReadableFiles {
        roots: Vec::new(),
        doc_root: PathBuf::new(),
        is_hidden: |_, _| true,
        hidden: Vec::new(),
        embedded: |_| None,
    };
    api::register_for_host(&mut engine, || SystemTime::UNIX_EPOCH, files, &Rc::new(Offers::default()));
    engine
}

struct Check<'a> {
    loader: &'a Loader,
    known: Known<'a>,
    /// Files that were looked at: directories may lie in each other.
    seen: BTreeSet<PathBuf>,
    imports: Imports,
    /// Scripts that the server itself does not call.
    libraries: Vec<Rc<Script>>,
    report: Report,
}

impl Check<'_> {
    /// Every script below a directory, or the one file.
    fn all(&mut self, path: &Path, role: impl Fn(&Script) -> Result<(), ScriptError>) {
        let mut outside = Vec::new();
        let is_served = |entry: &DirEntry| {
            let inside = entry.depth() == 0 || !entry.path_is_symlink() || leads_into(entry.path(), path);
            if !inside {
                outside.push(entry.path().to_owned());
            }
            inside && (entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.'))
        };
        for found in WalkDir::new(path).follow_links(true).sort_by_file_name().into_iter().filter_entry(is_served) {
            match found {
                Ok(entry) if !entry.file_type().is_file() => {}
                Ok(entry) if entry.depth() == 0 || is_script(entry.path()) => self.one(entry.path(), &role),
                Ok(_) => {}
                // A document root may hold dangling links to whatever else.
                Err(error) if error.depth() > 0 && !error.path().is_some_and(is_script) => {}
                Err(error) => {
                    let file = error.path().unwrap_or(path).to_owned();
                    let why = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                    self.report.errors.push(ScriptError::Unreadable { file, why });
                }
            }
        }
        outside.retain(|link| self.seen.insert(place_of(link)));
        self.report.links_outside.append(&mut outside);
    }

    fn one(&mut self, path: &Path, role: impl Fn(&Script) -> Result<(), ScriptError>) {
        if !self.seen.insert(place_of(path)) {
            return;
        }
        let errors = match self.loader.load(&ScriptSource::Path(path.to_owned())) {
            Ok(script) => {
                self.imports.add(&script, self.loader);
                let names = wrong_names(&script, &self.known, self.loader);
                let errors: Vec<ScriptError> = role(&script).err().into_iter().chain(names).collect();
                if errors.is_empty() && is_library(&script) {
                    self.libraries.push(script);
                }
                errors
            }
            Err(error) => vec![(*error).clone()],
        };
        if errors.is_empty() {
            self.report.good.push(path.to_owned());
        }
        self.report.errors.extend(errors);
    }

    /// Notes what other scripts import, without a word on what is wrong with them.
    fn see_imports(&mut self, path: &Path) {
        let found = WalkDir::new(path).follow_links(true).into_iter().filter_map(Result::ok);
        for entry in found.filter(|entry| entry.file_type().is_file() && is_script(entry.path())) {
            if let Ok(script) = self.loader.load(&ScriptSource::Path(entry.path().to_owned())) {
                self.imports.add(&script, self.loader);
            }
        }
    }

    /// Reports the libraries that no script imports.
    fn report_unused(&mut self) {
        if self.imports.any_by_expression {
            return;
        }
        for script in std::mem::take(&mut self.libraries) {
            let path = script.path();
            if self.imports.files.contains(&place_of(path)) {
                continue;
            }
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            let mut fault = script.fault("the server calls no function of this script, and no script imports it");
            fault.help = Some(format!(
                "define {}, or import it: `import \"{name}\" as {}`",
                listed(&Entry::HANDLER),
                name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_")
            ));
            self.report.good.retain(|good| good != path);
            self.report.errors.push(ScriptError::NoHandler(fault));
        }
    }
}

/// What scripts import.
#[derive(Default)]
struct Imports {
    files: BTreeSet<PathBuf>,
    /// Whether a script computes the name, so that it may be any.
    any_by_expression: bool,
}

impl Imports {
    fn add(&mut self, script: &Script, loader: &Loader) {
        each(script.ast(), |node| {
            let ASTNode::Stmt(Stmt::Import(import, _)) = node else { return };
            match &import.0 {
                Expr::StringConstant(name, _) => {
                    if let Some(ScriptSource::Path(path)) = loader.resolve_import(Some(script.path()), name) {
                        self.files.insert(place_of(&path));
                    }
                }
                _ => self.any_by_expression = true,
            }
        });
    }
}

/// Whether a script has functions, but none that the server calls.
fn is_library(script: &Script) -> bool {
    let is_profile = script.path().parent().and_then(Path::file_name).is_some_and(|folder| folder == "profiles");
    script.has_functions() && !is_profile && !script.defines_any(&Entry::ALL) && DefinedHooks::of(script).is_err()
}

/// The name of a file or link in its real directory.
fn place_of(path: &Path) -> PathBuf {
    let parent = path.parent().map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
    let directory = parent.and_then(|directory| directory.canonicalize().ok());
    directory.zip(path.file_name()).map_or_else(|| path.to_owned(), |(directory, name)| directory.join(name))
}

/// Whether a link leads to something below a root, or nowhere: that is told when it is read.
fn leads_into(link: &Path, root: &Path) -> bool {
    match (link.canonicalize(), root.canonicalize()) {
        (Ok(link), Ok(root)) => link.starts_with(root),
        _ => true,
    }
}

fn is_script(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rhai")
}

/// A script beside pages is a handler or a library, whatever its directory is called.
fn check_is_page_script(script: &Script) -> Result<(), ScriptError> {
    if script.has_functions() { check_entries(script) } else { check_is_handler(script) }
}
