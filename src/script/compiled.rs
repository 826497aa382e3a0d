//! A compiled script: where it comes from, its text and its syntax tree.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rhai::AST;

use super::budget::Run;
use super::call_sites::entry_site;
use super::entries::Entry;
use super::error::Fault;
use crate::exchange::CallSite;

/// Where a script comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ScriptSource {
    /// A file on disk.
    Path(PathBuf),
    /// A script inside the program, with the name that messages call it by.
    Embedded { name: Cow<'static, str>, text: Cow<'static, str> },
}

impl ScriptSource {
    /// What messages call it.
    pub fn path(&self) -> &Path {
        match self {
            Self::Path(path) => path,
            Self::Embedded { name, .. } => Path::new(name.as_ref()),
        }
    }
}

/// A compiled script.
pub struct Script {
    path: PathBuf,
    text: Rc<str>,
    ast: AST,
    /// Which entry functions it has, with the right number of parameters.
    entries: [bool; Entry::ALL.len()],
    /// It has one of these names with other parameters.
    misshapen: bool,
    reads_body: bool,
    /// What transcripts call each of its entry functions, once it was called.
    sites: [Cell<CallSite>; Entry::ALL.len()],
}

/// What a script writes that may mean the request's content.
const BODY_WORDS: [&str; 6] = ["body", "POST", "raw_input", "text", "json", "import"];

impl Script {
    /// A script that messages call `path`.
    pub fn new(path: &Path, text: &str, mut ast: AST) -> Self {
        ast.set_source(path.to_string_lossy().as_ref());
        let has = |entry: Entry, fits: bool| {
            ast.iter_functions()
                .filter(|function| function.name == entry.name())
                .any(|function| (function.params.len() == entry.parameters().len()) == fits)
        };
        let entries = Entry::ALL.map(|entry| has(entry, true));
        let misshapen = Entry::ALL.into_iter().any(|entry| !has(entry, true) && has(entry, false));
        let reads_body = BODY_WORDS.iter().any(|word| text.contains(word));
        Self {
            path: path.to_owned(),
            text: Rc::from(text),
            ast,
            entries,
            misshapen,
            reads_body,
            sites: Default::default(),
        }
    }

    /// What messages call it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its text as compiled.
    pub fn text(&self) -> &Rc<str> {
        &self.text
    }

    /// Its syntax tree.
    pub fn ast(&self) -> &AST {
        &self.ast
    }

    /// Whether it defines this entry function, with the right number of parameters.
    pub fn defines(&self, entry: Entry) -> bool {
        self.entries[entry as usize]
    }

    /// What transcripts call one of its entry functions.
    pub fn site(&self, entry: Entry) -> CallSite {
        let site = &self.sites[entry as usize];
        if site.get() == CallSite::default() {
            site.set(entry_site(&self.path.to_string_lossy(), entry.name()));
        }
        site.get()
    }

    /// Whether it defines one of these.
    pub fn defines_any(&self, entries: &[Entry]) -> bool {
        entries.iter().any(|entry| self.defines(*entry))
    }

    /// Whether an entry function has the wrong number of parameters.
    pub fn is_misshapen(&self) -> bool {
        self.misshapen
    }

    /// Whether it may read the request's content, which is kept for it then: too generous rather than too strict. What
    /// is too large to be kept is refused only where a script reads it.
    pub fn reads_body(&self) -> bool {
        self.reads_body
    }

    /// Whether it has functions at all.
    pub fn has_functions(&self) -> bool {
        self.ast.iter_functions().next().is_some()
    }

    /// An error about the script as a whole.
    pub fn fault(&self, message: impl Into<String>) -> Fault {
        Fault::new(message, &self.path, &self.text, None)
    }

    /// An error about one of its functions, where that begins.
    pub fn fault_at_function(&self, message: impl Into<String>, function: &str) -> Fault {
        let mut fault = self.fault(message);
        fault.place_at_function(function, &self.text);
        fault
    }
}

/// Scripts that a call reached beside its own. They are kept until its stack is gone: a syntax tree may be too deep to
/// be dropped there, should its file be edited meanwhile.
#[derive(Default)]
pub struct KeptScripts(RefCell<Vec<Rc<Script>>>);

impl KeptScripts {
    /// Keeps a script for as long as the call lasts.
    pub fn keep(run: &Run, script: &Rc<Script>) {
        let kept = run.slot::<Self>();
        let mut scripts = kept.0.borrow_mut();
        if !scripts.iter().any(|kept| Rc::ptr_eq(kept, script)) {
            scripts.push(Rc::clone(script));
        }
    }
}
