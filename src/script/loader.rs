//! Compiled scripts of one worker: file → syntax tree, or the compiler's message.
//!
//! A change of a file is seen at the next [`Loader::load`]: by the watcher's count, and, in case the system loses
//! or delays events, by the file's time stamp, looked at now and then.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use rhai::{Engine, OptimizationLevel, Token};
use tokio::time::Instant;

use super::compiled::{Script, ScriptSource};
use super::error::{Fault, ScriptError};
use super::limits::{Limits, MAX_NESTING};
use super::load_events::LoadEvents;
use super::watch::Changes;
use crate::http::words::without_mark;

/// How long a look at a file's time stamp is trusted: less than a client takes from one answer to the next request,
/// yet seldom enough to cost nothing under load.
const STAMP_AGE: Duration = Duration::from_micros(100);

/// Time stamps are as coarse as the system's tick: two writes within one look the same. So for this long after a
/// script was read, its text itself is compared.
const COARSEST_STAMP: Duration = Duration::from_millis(50);

/// What scripts may be read.
pub struct Roots {
    /// Folders below which scripts may import each other.
    pub folders: Vec<PathBuf>,
    /// Scripts inside the program, by name ("handlers/hello.rhai").
    pub embedded: fn(&str) -> Option<Cow<'static, str>>,
}

impl Default for Roots {
    fn default() -> Self {
        Self { folders: Vec::new(), embedded: |_| None }
    }
}

struct Cached {
    outcome: Result<Rc<Script>, Rc<ScriptError>>,
    stamp: Option<Stamp>,
    read: Instant,
    looked: Cell<Instant>,
}

type Stamp = (Option<SystemTime>, u64);

/// The scripts of one worker.
pub struct Loader {
    compiler: Engine,
    limits: Rc<Limits>,
    roots: Roots,
    changes: Changes,
    generation: Cell<u64>,
    load_events: LoadEvents,
    /// By path as it is written, which is quicker to hash than its components.
    cache: RefCell<HashMap<OsString, Cached>>,
}

impl Loader {
    /// A loader with nothing compiled yet.
    pub fn new(limits: Rc<Limits>, roots: Roots, changes: Changes) -> Self {
        let mut compiler = Engine::new_raw();
        set_limits(&mut compiler, &limits);
        allow_call(&mut compiler);
        let generation = Cell::new(changes.generation());
        Self {
            compiler,
            limits,
            roots,
            changes,
            generation,
            load_events: LoadEvents::default(),
            cache: RefCell::default(),
        }
    }

    /// Which scripts were loaded and unloaded.
    pub fn load_events(&self) -> &LoadEvents {
        &self.load_events
    }

    /// The script, compiled now if it changed since the last time.
    ///
    /// Not to be called inside a handler: it may drop old syntax trees, deep as they may be.
    ///
    /// # Errors
    /// [`ScriptError::System`], [`ScriptError::Unreadable`] or [`ScriptError::Compile`].
    pub fn load(&self, source: &ScriptSource) -> Result<Rc<Script>, Rc<ScriptError>> {
        let generation = self.changes.generation();
        if self.generation.replace(generation) != generation {
            self.cache.borrow_mut().clear();
            self.load_events.check_files();
        }
        let path = source.path();
        if let Some(cached) = self.cache.borrow().get(path.as_os_str())
            && self.is_fresh(source, cached)
        {
            return cached.outcome.clone();
        }
        let now = Instant::now();
        let (outcome, stamp) = match source {
            ScriptSource::Path(path) => {
                self.changes.watch_folder_of(path);
                let stamp = stamp_of(path);
                (self.read(path), stamp)
            }
            ScriptSource::Embedded { text, .. } => (self.compile(path, text), None),
        };
        let outcome = outcome.map(Rc::new).map_err(Rc::new);
        let on_disk = matches!(source, ScriptSource::Path(_));
        self.load_events.loaded(path, on_disk, outcome.as_ref().ok().map(|script| script.text()));
        let cached = Cached { outcome: outcome.clone(), stamp, read: now, looked: Cell::new(now) };
        let mut cache = self.cache.borrow_mut();
        // What the operating system refused is tried again each time.
        match outcome.as_ref().is_err_and(|error| matches!(**error, ScriptError::System { .. })) {
            true => cache.remove(path.as_os_str()),
            false => cache.insert(path.into(), cached),
        };
        outcome
    }

    /// What is wrong with scripts that were asked for, as far as nobody touched them since.
    pub fn errors(&self) -> Vec<Rc<ScriptError>> {
        if self.generation.get() != self.changes.generation() {
            return Vec::new();
        }
        self.cache.borrow().values().filter_map(|cached| cached.outcome.as_ref().err().cloned()).collect()
    }

    /// The text of `file` as it was compiled.
    pub fn text_of(&self, file: &Path) -> Option<Rc<str>> {
        let cache = self.cache.borrow();
        let script = cache.get(file.as_os_str())?.outcome.as_ref().ok()?;
        Some(Rc::clone(script.text()))
    }

    fn is_fresh(&self, source: &ScriptSource, cached: &Cached) -> bool {
        let ScriptSource::Path(path) = source else { return true };
        let now = Instant::now();
        if now.saturating_duration_since(cached.read) < COARSEST_STAMP {
            let text = std::fs::read(path).unwrap_or_default();
            let text = std::str::from_utf8(&text).map(without_mark);
            return cached.outcome.as_ref().is_ok_and(|script| text == Ok(script.text()));
        }
        if now.saturating_duration_since(cached.looked.get()) < STAMP_AGE {
            return true;
        }
        cached.looked.set(now);
        stamp_of(path) == cached.stamp
    }

    fn read(&self, path: &Path) -> Result<Script, ScriptError> {
        let unreadable = |why: String| ScriptError::Unreadable { file: path.to_owned(), why };
        let system = |error: std::io::Error| ScriptError::System {
            file: path.to_owned(),
            kind: error.kind(),
            why: error.to_string(),
        };
        let size = std::fs::metadata(path).map_err(system)?.len();
        if usize::try_from(size).is_ok_and(|size| size > self.limits.source) {
            return Err(unreadable(format!("it has {size} bytes; a script may have {}", self.limits.source)));
        }
        let octets = std::fs::read(path).map_err(system)?;
        match String::from_utf8(octets) {
            Ok(text) => self.compile(path, without_mark(&text)),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                Err(unreadable(format!("it is not UTF-8 text: byte {at} is invalid")))
            }
        }
    }

    /// Compiles `text`, which messages call `path`.
    ///
    /// # Errors
    /// [`ScriptError::Compile`]
    pub fn compile(&self, path: &Path, text: &str) -> Result<Script, ScriptError> {
        let compiled = self.compiler.compile(text);
        let ast = compiled.map_err(|error| ScriptError::Compile(Fault::compile(&error, path, text)))?;
        Ok(Script::new(path, text, ast))
    }

    /// Which script `import "name"` means inside `importer`: beside it, or below one of the roots.
    pub fn resolve_import(&self, importer: Option<&Path>, name: &str) -> Option<ScriptSource> {
        // Below the roots, from the importer's folder or, with a slash in front, from the roots alone.
        let (name, importer) = match name.strip_prefix('/') {
            Some(rest) => (Path::new(rest), None),
            None => (Path::new(name), importer),
        };
        if name
            .components()
            .any(|part| !matches!(part, Component::Normal(_) | Component::CurDir | Component::ParentDir))
        {
            return None;
        }
        let mut file = name.to_owned();
        if file.extension().is_none_or(|extension| extension != "rhai") {
            file.as_mut_os_string().push(".rhai");
        }
        let beside = importer.and_then(Path::parent);
        let folders = beside.into_iter().chain(self.roots.folders.iter().map(PathBuf::as_path));
        for candidate in folders.map(|folder| folder.join(&file)) {
            if let Some(path) = self.confined(&candidate) {
                return Some(ScriptSource::Path(path));
            }
        }
        let beside = beside.map(|folder| folder.join(&file));
        for name in beside.into_iter().chain([Path::new("handlers").join(&file), file]) {
            let name = normalised(&name)?;
            if let Some(text) = (self.roots.embedded)(&name) {
                return Some(ScriptSource::Embedded { name: name.into(), text });
            }
        }
        None
    }

    /// The file if it is below one of the roots, links followed.
    fn confined(&self, file: &Path) -> Option<PathBuf> {
        let real = file.canonicalize().ok().filter(|real| real.is_file())?;
        let inside = |root: &PathBuf| root.canonicalize().is_ok_and(|root| real.starts_with(root));
        // The name as written is what messages show; the real one decides.
        self.roots.folders.iter().any(inside).then(|| file.to_owned())
    }
}

fn stamp_of(path: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok(), metadata.len()))
}

/// `a/../b` → `b`, with `/` between; nothing for what leaves the folder.
fn normalised(path: &Path) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::CurDir => {}
            Component::ParentDir => {
                parts.pop()?;
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

/// Makes `call` a name as any other, so that `hooks::call(…)` can be written. Function pointers are called as before.
fn allow_call(compiler: &mut Engine) {
    #[expect(deprecated, reason = "Rhai marks what may still change; pinned by the lock file and our tests")]
    compiler.on_parse_token(|token, _, _| match token {
        Token::Reserved(word) if *word == "call" => Token::Identifier(word),
        token => token,
    });
}

/// Sets every limit: Rhai's own differ between debug and release builds, or are none.
pub fn set_limits(engine: &mut Engine, limits: &Limits) {
    // One more than ours, which keeps the position of the call; see `budget::on_variable`.
    engine.set_max_call_levels(limits.call_depth + 1);
    engine.set_max_expr_depths(limits.expression_depth, limits.expression_depth);
    engine.set_max_operations(0);
    engine.set_max_string_size(limits.string);
    engine.set_max_array_size(limits.array.min(MAX_NESTING));
    engine.set_max_map_size(limits.map.min(MAX_NESTING));
    engine.set_max_variables(limits.variables);
    engine.set_max_functions(limits.functions);
    engine.set_max_modules(limits.modules);
    // Would compile, and so recurse, on the handler's own stack.
    engine.disable_symbol("eval");
    // `p = p.curry(p)` doubles with each call and no size limit sees it. Closures capture without it.
    engine.disable_symbol("curry");
    engine.set_optimization_level(OptimizationLevel::Simple);
}
