//! The names that a script itself defines.

use super::wrong::Wrong;
use crate::script::compiled::Script;
use crate::script::entries::Entry;
use crate::script::loader::Loader;
use rhai::{AST, ASTNode, Expr, FnAccess, Stmt};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Calls `see` with each node.
pub(super) fn each(ast: &AST, mut see: impl FnMut(&ASTNode<'_>)) {
    ast.walk(&mut |path| {
        path.last().into_iter().for_each(&mut see);
        true
    });
}

/// Functions by name, with the numbers of their parameters.
pub(super) type Functions = BTreeMap<String, BTreeSet<usize>>;

/// The functions of a script; those alone that others may call, if it is imported.
pub(super) fn functions_of(script: &Script, imported: bool) -> Functions {
    let mut functions = Functions::new();
    let all = script.ast().iter_functions().filter(|function| !imported || function.access == FnAccess::Public);
    for function in all.filter(|function| !function.name.starts_with("anon$")) {
        functions.entry(function.name.to_owned()).or_default().insert(function.params.len());
    }
    functions
}

/// What a script itself defines.
#[derive(Default)]
pub(super) struct Own {
    pub functions: Functions,
    /// What each name of an `import` stands for, where that is known.
    pub imports: BTreeMap<String, Option<Rc<Script>>>,
    /// Constants and variables outside of functions.
    pub constants: BTreeSet<String>,
    /// Variables of all functions, and parameters of those with a name.
    pub variables: BTreeSet<String>,
    /// Names that may be keys of maps: written in a map, or assigned to a member of something.
    pub keys: BTreeSet<String>,
    /// Those that are written in a map.
    pub written_keys: BTreeSet<String>,
    /// Names that are more than defined: called, or written in a text, which may become a function's name.
    pub used: BTreeSet<String>,
}

impl Own {
    pub fn of(script: &Script, loader: &Loader) -> Self {
        let mut own = Self { functions: functions_of(script, false), ..Self::default() };
        // Parameters of a closure are also what it captures, whether there is such a variable or not.
        let named = script.ast().iter_functions().filter(|function| !function.name.starts_with("anon$"));
        own.variables.extend(named.flat_map(|function| function.params).map(ToString::to_string));
        own.constants.extend(script.ast().statements().iter().filter_map(|statement| match statement {
            Stmt::Var(variable, ..) => Some(variable.0.name.to_string()),
            _ => None,
        }));
        each(script.ast(), |node| own.see(node, script, loader));
        own
    }

    fn see(&mut self, node: &ASTNode<'_>, script: &Script, loader: &Loader) {
        match node {
            ASTNode::Stmt(Stmt::Import(import, _)) if !import.1.name.is_empty() => {
                let source = match &import.0 {
                    Expr::StringConstant(name, _) => loader.resolve_import(Some(script.path()), name),
                    _ => None,
                };
                let imported = source.and_then(|source| loader.load(&source).ok());
                self.imports.insert(import.1.name.to_string(), imported);
            }
            ASTNode::Stmt(Stmt::Var(variable, ..)) => drop(self.variables.insert(variable.0.name.to_string())),
            ASTNode::Stmt(Stmt::For(target, _)) => {
                let counter = target.1.iter().map(|counter| counter.name.to_string());
                self.variables.extend(counter.chain([target.0.name.to_string()]));
            }
            ASTNode::Stmt(Stmt::TryCatch(flow, _)) => {
                if let Expr::Variable(caught, ..) = &flow.expr {
                    self.variables.insert(caught.1.to_string());
                }
            }
            ASTNode::Stmt(Stmt::Assignment(assignment)) => self.keys.extend(last_property(&assignment.1.lhs)),
            ASTNode::Stmt(Stmt::FnCall(call, _)) | ASTNode::Expr(Expr::FnCall(call, _) | Expr::MethodCall(call, _)) => {
                self.used.insert(call.name.to_string());
            }
            ASTNode::Expr(Expr::Variable(variable, ..)) => drop(self.used.insert(variable.1.to_string())),
            ASTNode::Expr(Expr::StringConstant(text, _)) => drop(self.used.insert(text.to_string())),
            ASTNode::Expr(Expr::Map(map, _)) => self.see_keys(map.0.iter().map(|(key, _)| key.name.to_string())),
            ASTNode::Expr(Expr::DynamicConstant(value, _)) => {
                if let Some(map) = value.read_lock::<rhai::Map>() {
                    self.see_keys(map.keys().map(ToString::to_string));
                }
                if let Some(pointer) = value.read_lock::<rhai::FnPtr>() {
                    self.used.insert(pointer.fn_name().to_owned());
                }
            }
            _ => {}
        }
    }

    fn see_keys(&mut self, keys: impl Iterator<Item = String>) {
        for key in keys {
            self.keys.insert(key.clone());
            self.written_keys.insert(key);
        }
    }

    /// Functions that nothing uses, and whose name is nearly that of an entry function which the script lacks.
    pub fn near_misses(&self) -> Vec<Wrong> {
        let unused = self.functions.iter().filter(|(name, _)| !self.used.contains(*name));
        let misses = unused.flat_map(|(name, _)| {
            let entries = Entry::ALL.into_iter().filter(move |entry| {
                let takes = |functions: &Functions, name: &str| {
                    functions.get(name).is_some_and(|counts| counts.contains(&entry.parameters().len()))
                };
                let distance = strsim::osa_distance(&name.to_lowercase(), entry.name());
                name != entry.name()
                    && distance <= if entry.name().len() < 8 { 1 } else { 2 }
                    && takes(&self.functions, name)
                    && !takes(&self.functions, entry.name())
            });
            entries.map(move |entry| Wrong {
                place: Err(name.clone()),
                message: format!("nothing calls the function `{name}`"),
                help: Some(format!("the server calls a function of a similar name: `{}`", entry.call())),
            })
        });
        misses.collect()
    }
}

/// The property at the end of a chain that is assigned.
fn last_property(target: &Expr) -> Option<String> {
    match target {
        Expr::Dot(chain, ..) | Expr::Index(chain, ..) => last_property(&chain.rhs),
        Expr::Property(property, _) => Some(property.2.to_string()),
        _ => None,
    }
}
