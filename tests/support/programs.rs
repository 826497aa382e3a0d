//! Foreign programs: where they are, and what a test does when one is not there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Set to 1 where every foreign program must be there: an absent one then fails the test.
pub const REQUIRE: &str = "WIRESERVE_REQUIRE_CLIENTS";

/// The program's path. Absent: `None` after a line that says why the test is skipped, or a failure if
/// [`REQUIRE`] asks for it.
pub fn require(program: &str) -> Option<PathBuf> {
    let found = find(program);
    if found.is_none() {
        absent(&format!("`{program}` is not installed"));
    }
    found
}

/// The Python that has `module`, by the same rule.
pub fn python_with(module: &str) -> Option<PathBuf> {
    let Some(python) = python() else {
        absent("`python3` is not installed");
        return None;
    };
    static IMPORTED: Mutex<BTreeMap<String, bool>> = Mutex::new(BTreeMap::new());
    let is_there = once(&IMPORTED, module.to_owned(), || {
        let import = format!("import {module}");
        super::process::run(Command::new(&python).args(["-c", &import]), super::DEADLINE).code() == Some(0)
    });
    if is_there {
        return Some(python);
    }
    absent(&format!("Python's module `{module}` is not installed for {}", python.display()));
    None
}

/// `WIRESERVE_PYTHON`, else the virtual environment that `.ci/run` makes, else `python3` on the path.
fn python() -> Option<PathBuf> {
    if let Some(chosen) = std::env::var_os("WIRESERVE_PYTHON") {
        return Some(chosen.into());
    }
    let environment = Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/venv/bin/python3");
    if environment.exists() { Some(environment) } else { find("python3") }
}

/// Looks in `PATH`, in the tools that `.ci/run` installs, and in the folders of system programs.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/tools/bin"), "/usr/sbin".into()])
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

/// The folder in which `npm ARGUMENTS PACKAGE` ran, once for each checkout, by the same rule.
pub fn npm(arguments: &[&str], package: &str) -> Option<PathBuf> {
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = temporary.join(package);
    if folder.exists() {
        return Some(folder);
    }
    let npm = require("npm")?;
    // Another test finds the whole folder or none.
    let fresh = tempfile::tempdir_in(temporary).expect("a temporary folder");
    let mut command = Command::new(npm);
    command.args(arguments).arg(package).current_dir(fresh.path());
    let finished = super::process::run(&mut command, Duration::from_secs(90));
    if finished.code() != Some(0) {
        absent(&format!("npm {} {package} fails: {}", arguments.join(" "), finished.stderr));
        return None;
    }
    if std::fs::rename(fresh.path(), &folder).is_err() {
        assert!(folder.exists(), "neither we nor another test could make {}", folder.display());
    }
    Some(folder)
}

/// The first line of `program --version`, for records of what a client did.
pub fn version(program: &Path, arguments: &[&str]) -> String {
    static VERSIONS: Mutex<BTreeMap<PathBuf, String>> = Mutex::new(BTreeMap::new());
    once(&VERSIONS, program.to_owned(), || {
        let finished = super::process::run(Command::new(program).args(arguments), Duration::from_secs(10));
        let text = if finished.stdout.is_empty() { finished.stderr.clone() } else { finished.text() };
        text.lines().next().unwrap_or("unknown").trim().to_owned()
    })
}

/// What was found before for the key, or is found now.
fn once<K: Ord, V: Clone>(found: &Mutex<BTreeMap<K, V>>, key: K, find: impl FnOnce() -> V) -> V {
    found.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert_with(find).clone()
}

pub fn absent(why: &str) {
    assert!(std::env::var_os(REQUIRE).is_none_or(|value| value != "1"), "{why}, and {REQUIRE}=1 asks for it");
    eprintln!("skipped: {why}");
}
