//! `wireserve check`: compiles every script below some folders.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use walkdir::{DirEntry, WalkDir};

use super::compiled::ScriptSource;
use super::error::ScriptError;
use super::limits::Limits;
use super::loader::{Loader, Roots};
use super::roles::{DefinedHooks, check_is_usable};
use super::watch::Changes;

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

/// Compiles all `.rhai` files below `paths`, which may be files too, and looks whether each can be used.
///
/// A script in a folder `profiles` is a profile; one with an entry function is a handler; one with other
/// functions only is a library to import. One without any function could do nothing, which is an error.
///
/// `hooks` are looked at as hook scripts, wherever they lie.
pub fn check(paths: &[PathBuf], hooks: &[PathBuf], limits: &Limits) -> Report {
    let loader = Loader::new(Rc::new(limits.clone()), Roots::default(), Changes::unwatched());
    let mut report = Report::default();
    for path in hooks {
        let script = loader.load(&ScriptSource::Path(path.clone())).map_err(|error| (*error).clone());
        match script.and_then(|script| DefinedHooks::of(&script)) {
            Ok(_) => report.good.push(path.clone()),
            Err(error) => report.errors.push(error),
        }
    }
    for path in paths {
        let mut outside = Vec::new();
        let is_inside = |entry: &DirEntry| {
            let inside = entry.depth() == 0 || !entry.path_is_symlink() || leads_into(entry.path(), path);
            if !inside {
                outside.push(entry.path().to_owned());
            }
            inside
        };
        for found in WalkDir::new(path).follow_links(true).sort_by_file_name().into_iter().filter_entry(is_inside) {
            match found {
                Ok(entry) => {
                    let named = entry.path().extension().is_some_and(|extension| extension == "rhai");
                    let known = hooks.iter().any(|hook| hook == entry.path());
                    if entry.file_type().is_file() && (named || entry.depth() == 0) && !known {
                        check_one(&loader, entry.path(), &mut report);
                    }
                }
                Err(error) => {
                    let file = error.path().unwrap_or(path).to_owned();
                    let why = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                    report.errors.push(ScriptError::Unreadable { file, why });
                }
            }
        }
        report.links_outside.append(&mut outside);
    }
    report
}

/// Whether a link leads to something below a root, or nowhere: that is told when it is read.
fn leads_into(link: &Path, root: &Path) -> bool {
    match (link.canonicalize(), root.canonicalize()) {
        (Ok(link), Ok(root)) => link.starts_with(root),
        _ => true,
    }
}

fn check_one(loader: &Loader, path: &Path, report: &mut Report) {
    let outcome = match loader.load(&ScriptSource::Path(path.to_owned())) {
        Ok(script) => check_is_usable(&script),
        Err(error) => Err((*error).clone()),
    };
    match outcome {
        Ok(()) => report.good.push(path.to_owned()),
        Err(error) => report.errors.push(error),
    }
}
