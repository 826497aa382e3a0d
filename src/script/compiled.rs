//! A compiled script: where it comes from, its text and its syntax tree.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rhai::{AST, ASTNode, Expr, ImmutableString, Position, Stmt, StmtBlock};

use super::budget::Run;
use super::call_sites::entry_site;
use super::entries::{Entry, Hook};
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
    source: ImmutableString,
    text: Rc<str>,
    ast: AST,
    /// Which entry functions it has, with the right number of parameters.
    entries: [bool; Entry::ALL.len()],
    /// It has one of these names with other parameters.
    misshapen: bool,
    reads_body: bool,
    /// What transcripts call each of its entry functions, once it was called.
    sites: [Cell<CallSite>; Entry::ALL.len()],
    /// The functions that the server calls.
    bodies: Vec<Body>,
}

/// The body of a function that the server calls, to be evaluated without the call around it: at the end of a call Rhai
/// forgets where an error of its own limits arose.
pub struct Body {
    name: &'static str,
    /// The names of its parameters.
    pub parameters: Vec<ImmutableString>,
    /// A block of statements.
    pub block: Expr,
}

/// Properties through which a script reads the request's content.
const BODY_PROPERTIES: [&str; 3] = ["body", "POST", "raw_input"];

/// Methods through which it does so.
const BODY_METHODS: [&str; 2] = ["text", "json"];

impl Script {
    /// A script that messages call `path`.
    pub fn new(path: &Path, text: &str, mut ast: AST) -> Self {
        let source = ImmutableString::from(path.to_string_lossy().as_ref());
        ast.set_source(source.clone());
        let has = |entry: Entry, fits: bool| {
            ast.iter_functions()
                .filter(|function| function.name == entry.name())
                .any(|function| (function.params.len() == entry.parameters().len()) == fits)
        };
        let entries = Entry::ALL.map(|entry| has(entry, true));
        let misshapen = Entry::ALL.into_iter().any(|entry| !has(entry, true) && has(entry, false));
        let (reads_body, bodies) = (may_read_body(&ast), bodies_of(&ast));
        Self {
            path: path.to_owned(),
            source,
            text: Rc::from(text),
            ast,
            entries,
            misshapen,
            reads_body,
            sites: Default::default(),
            bodies,
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

    /// Its path as Rhai knows it.
    pub fn source(&self) -> &ImmutableString {
        &self.source
    }

    /// The body of a function that the server calls.
    pub fn body(&self, function: &str) -> Option<&Body> {
        self.bodies.iter().find(|body| body.name == function)
    }

    /// Whether it has functions at all.
    pub fn has_functions(&self) -> bool {
        self.ast.iter_functions().next().is_some()
    }

    /// An error about the script as a whole.
    pub fn fault(&self, message: impl Into<String>) -> Box<Fault> {
        Fault::new(message, &self.path, &self.text, None)
    }

    /// An error about the value of a function: at its last statement, if that is the only place where it returns.
    pub fn fault_at_result(&self, message: impl Into<String>, function: &str) -> Box<Fault> {
        let Some(place) = self.bodies.iter().find(|body| body.name == function).and_then(Body::result_place) else {
            return self.fault_at_function(message, function);
        };
        Fault::new(message, &self.path, &self.text, Some(place))
    }

    /// An error about one of its functions, where that begins.
    pub fn fault_at_function(&self, message: impl Into<String>, function: &str) -> Box<Fault> {
        let mut fault = self.fault(message);
        fault.place_at_function(function, &self.text);
        fault
    }
}

impl Body {
    fn result_place(&self) -> Option<(usize, usize)> {
        let Expr::Stmt(block) = &self.block else { return None };
        let mut returns = false;
        for statement in block.statements() {
            statement.walk(&mut Vec::new(), &mut |path: &[ASTNode<'_>]| {
                returns |= matches!(path.last(), Some(ASTNode::Stmt(Stmt::Return(..))));
                true
            });
        }
        let last = block.statements().last()?;
        if returns && (block.statements().len() > 1 || !matches!(last, Stmt::Return(..))) {
            return None;
        }
        let position = last.position();
        position.line().map(|line| (line, position.position().unwrap_or(0)))
    }
}

/// Whether a script may read the request's content, or lets another script do so.
fn may_read_body(ast: &AST) -> bool {
    let mut found = false;
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        found |= match path.last() {
            Some(ASTNode::Expr(Expr::Property(property, _))) => BODY_PROPERTIES.contains(&property.2.as_str()),
            Some(ASTNode::Expr(Expr::MethodCall(call, _))) => BODY_METHODS.contains(&call.name.as_str()),
            Some(ASTNode::Expr(Expr::FnCall(call, _))) => {
                !call.namespace.is_empty() && call.namespace.root() == "hooks"
            }
            Some(ASTNode::Stmt(Stmt::Import(..))) => true,
            _ => false,
        };
        !found
    });
    found
}

/// The bodies of the functions that the server calls, where only one has the name.
fn bodies_of(ast: &AST) -> Vec<Body> {
    let called = Entry::ALL.map(Entry::name).into_iter().chain(Hook::ALL.map(Hook::name));
    called.filter_map(|name| body_of(ast, name)).collect()
}

fn body_of(ast: &AST, name: &'static str) -> Option<Body> {
    let mut named = ast.iter_functions().filter(|function| function.name == name);
    let function = named.next().filter(|function| function.this_type.is_none())?;
    if named.next().is_some() {
        return None;
    }
    let mut statements: Vec<Stmt> = Vec::new();
    // Rhai's own filtered clone leaves every function in.
    let mut alone = ast.clone_functions_only();
    alone.retain_functions(|_, _, other, _| other == name);
    alone.walk(&mut |path: &[ASTNode<'_>]| {
        if let [ASTNode::Stmt(statement)] = path {
            statements.push((*statement).clone());
        }
        true
    });
    let parameters = function.params.iter().map(|name| ImmutableString::from(*name)).collect();
    Some(Body {
        name,
        parameters,
        block: Expr::Stmt(Box::new(StmtBlock::new(statements, Position::NONE, Position::NONE))),
    })
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
