//! Names in a script that nothing bears: functions, methods, properties, variables, modules.
//!
//! Rhai finds out at run time, in the branch that is taken. Only what is sure is an error here: a method is looked up by
//! its name and the number of its arguments, whatever the object, unless the object is a parameter of an entry function,
//! whose type is known. What a map holds is not known, so that a name that the script ever gives to a map's key passes.

use std::any::TypeId;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rhai::{AST, ASTFlags, ASTNode, Dynamic, Expr, FnAccess, FnCallExpr, Position, Stmt};

use super::known::Known;
use crate::exchange::Connection;
use crate::http::words::similar;
use crate::script::api::request::Request;
use crate::script::api::response::Response;
use crate::script::compiled::Script;
use crate::script::entries::Entry;
use crate::script::error::{Fault, ScriptError};
use crate::script::host::GLOBALS;
use crate::script::loader::Loader;
use crate::wire::frame::{ErrorCode, Frame, FrameType, SettingId};

/// What is wrong with the names of a script, in the order of its lines.
pub(super) fn wrong_names(script: &Script, known: &Known<'_>, loader: &Loader) -> Vec<ScriptError> {
    let own = Own::of(script, loader);
    let mut found = Vec::new();
    for part in parts(script.ast()) {
        let mut scan = Scan { known, own: &own, part: &part, found: &mut found };
        part.ast.walk(&mut |path| {
            scan.node(path);
            true
        });
    }
    found.extend(own.near_misses());
    found.sort_by_key(|wrong| wrong.place.as_ref().ok().map(|place| (place.line(), place.position())));
    found.dedup_by(|one, other| one.place.is_ok() && one.place == other.place);
    found.into_iter().map(|wrong| wrong.error(script)).collect()
}

/// One mistake.
struct Wrong {
    /// Where; what is wrong with a whole function has its name instead.
    place: Result<Position, String>,
    message: String,
    help: Option<String>,
}

impl Wrong {
    fn new(place: Position, message: String) -> Self {
        Self { place: Ok(place), message, help: None }
    }

    /// Says which of the known names is similar.
    fn similar<'n>(mut self, what: &str, name: &str, known: impl IntoIterator<Item = &'n str>) -> Self {
        self.help = similar(name, known).map(|near| format!("a similar {what} exists: `{near}`"));
        self
    }

    fn error(self, script: &Script) -> ScriptError {
        let mut fault = match self.place {
            Ok(place) => {
                let place = place.line().map(|line| (line, place.position().unwrap_or(0)));
                Fault::new(self.message, script.path(), script.text(), place)
            }
            Err(function) => script.fault_at_function(self.message, &function),
        };
        fault.help = self.help;
        ScriptError::NoHandler(fault)
    }
}

/// A function of a script, or what stands outside of all.
struct Part {
    ast: AST,
    name: String,
    parameters: Vec<String>,
    /// Parameters of an entry function, with the types that the server gives them.
    types: BTreeMap<String, TypeId>,
}

/// The functions of a script, and what stands outside of all.
fn parts(ast: &AST) -> Vec<Part> {
    let mut outside = ast.clone();
    outside.clear_functions();
    let outside = Part { ast: outside, name: String::new(), parameters: Vec::new(), types: BTreeMap::new() };
    let functions = ast.iter_functions().map(|function| {
        let (name, count) = (function.name, function.params.len());
        let ast = ast.clone_functions_only_filtered(|_, _, _, other, params| other == name && params == count);
        let parameters: Vec<String> = function.params.iter().map(ToString::to_string).collect();
        let entry = Entry::ALL.into_iter().find(|entry| entry.name() == name && entry.parameters().len() == count);
        let typed = parameters.iter().zip(entry.map_or(&[][..], Entry::parameters));
        let mut types: BTreeMap<String, TypeId> =
            typed.filter_map(|(name, meant)| Some((name.clone(), type_of(meant)?))).collect();
        each(&ast, |node| match node {
            ASTNode::Stmt(Stmt::Var(variable, ..)) => drop(types.remove(&*variable.0.name)),
            ASTNode::Stmt(Stmt::For(target, _)) => drop(types.remove(&*target.0.name)),
            ASTNode::Stmt(Stmt::Assignment(assignment)) => {
                if let Expr::Variable(variable, ..) = &assignment.1.lhs {
                    types.remove(&*variable.1);
                }
            }
            _ => {}
        });
        Part { ast, name: name.to_owned(), parameters, types }
    });
    std::iter::once(outside).chain(functions).collect()
}

/// What the server gives for a parameter of an entry function.
fn type_of(parameter: &str) -> Option<TypeId> {
    match parameter {
        "request" => Some(TypeId::of::<Request>()),
        "response" => Some(TypeId::of::<Response>()),
        "connection" => Some(TypeId::of::<Connection>()),
        "frame" => Some(TypeId::of::<Frame>()),
        _ => None,
    }
}

/// Calls `see` with each node.
fn each(ast: &AST, mut see: impl FnMut(&ASTNode<'_>)) {
    ast.walk(&mut |path| {
        path.last().into_iter().for_each(&mut see);
        true
    });
}

/// Functions by name, with the numbers of their parameters.
type Functions = BTreeMap<String, BTreeSet<usize>>;

/// The functions of a script; those alone that others may call, if it is imported.
fn functions_of(script: &Script, imported: bool) -> Functions {
    let mut functions = Functions::new();
    let all = script.ast().iter_functions().filter(|function| !imported || function.access == FnAccess::Public);
    for function in all.filter(|function| !function.name.starts_with("anon$")) {
        functions.entry(function.name.to_owned()).or_default().insert(function.params.len());
    }
    functions
}

/// What a script itself defines.
#[derive(Default)]
struct Own {
    functions: Functions,
    /// What each name of an `import` stands for, where that is known.
    imports: BTreeMap<String, Option<Rc<Script>>>,
    /// Constants and variables outside of functions.
    constants: BTreeSet<String>,
    /// Variables of all functions, and parameters of those with a name.
    variables: BTreeSet<String>,
    /// Names that may be keys of maps.
    keys: BTreeSet<String>,
    /// Names that are more than defined: called, or written in a text, which may become a function's name.
    used: BTreeSet<String>,
}

impl Own {
    fn of(script: &Script, loader: &Loader) -> Self {
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
            ASTNode::Expr(Expr::Map(map, _)) => self.keys.extend(map.0.iter().map(|(key, _)| key.name.to_string())),
            ASTNode::Expr(Expr::DynamicConstant(value, _)) => {
                if let Some(map) = value.read_lock::<rhai::Map>() {
                    self.keys.extend(map.keys().map(ToString::to_string));
                }
                if let Some(pointer) = value.read_lock::<rhai::FnPtr>() {
                    self.used.insert(pointer.fn_name().to_owned());
                }
            }
            _ => {}
        }
    }

    /// Functions that nothing uses, and whose name is nearly that of an entry function which the script lacks.
    fn near_misses(&self) -> Vec<Wrong> {
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

/// Looks at one part of a script.
struct Scan<'a> {
    known: &'a Known<'a>,
    own: &'a Own,
    part: &'a Part,
    found: &'a mut Vec<Wrong>,
}

impl Scan<'_> {
    fn node(&mut self, path: &[ASTNode<'_>]) {
        match path.last() {
            Some(ASTNode::Stmt(Stmt::FnCall(call, place)) | ASTNode::Expr(Expr::FnCall(call, place))) => {
                if call.is_qualified() {
                    self.module_call(call, *place);
                } else {
                    self.call(call, *place);
                }
            }
            Some(ASTNode::Expr(Expr::MethodCall(call, place))) => self.method(call, *place, receiver(path)),
            Some(ASTNode::Expr(Expr::Property(property, place))) => {
                self.property(&property.2, *place, receiver(path), is_assigned(path));
            }
            Some(ASTNode::Expr(Expr::Variable(variable, short_index, place))) => {
                if !variable.2.is_empty() {
                    self.module_variable(variable.2.root(), variable.2.path.len(), &variable.1, *place);
                } else if variable.0.is_none() && short_index.is_none() {
                    self.variable(&variable.1, *place);
                }
            }
            Some(ASTNode::Stmt(statement)) if path.len() == 1 => self.last_statement(statement),
            _ => {}
        }
    }

    fn call(&mut self, call: &FnCallExpr, place: Position) {
        let (name, count) = (call.name.as_str(), call.args.len());
        let held = self.own.variables.contains(name) || self.part.parameters.iter().any(|parameter| parameter == name);
        if call.is_operator_call() || Known::is_built_in(name) || held {
            return;
        }
        let counts: BTreeSet<usize> = [self.own.functions.get(name).cloned(), self.known.function(name)]
            .into_iter()
            .flatten()
            .flatten()
            .collect();
        if counts.contains(&count) {
            return;
        }
        let wrong = if counts.is_empty() {
            let known = self.own.functions.keys().map(String::as_str).chain(self.known.functions());
            Wrong::new(place, format!("there is no function `{name}`")).similar("function", name, known)
        } else {
            Wrong::new(place, format!("the function `{name}` takes {}, not {count}", arguments(&counts)))
        };
        self.found.push(wrong);
    }

    fn method(&mut self, call: &FnCallExpr, place: Position, receiver: Option<&str>) {
        let (name, count) = (call.name.as_str(), call.args.len());
        let own = self.own.functions.get(name);
        // A map may hold a function pointer, which is called like a method.
        if Known::is_built_in(name) || self.own.keys.contains(name) || own.is_some_and(|counts| counts.contains(&count))
        {
            return;
        }
        let of = receiver.and_then(|receiver| self.part.types.get(receiver).copied());
        let counts = self.known.method(name, of);
        if counts.as_ref().is_some_and(|counts| counts.contains(&count)) {
            return;
        }
        let object = of.and(receiver).map(|receiver| format!(" of `{receiver}`")).unwrap_or_default();
        let wrong = match counts {
            Some(counts) => {
                Wrong::new(place, format!("the method `{name}`{object} takes {}, not {count}", arguments(&counts)))
            }
            None => {
                let what = if of.is_some() { "no method" } else { "no object with a method" };
                let known = self.known.methods(of);
                Wrong::new(place, format!("there is {what} `{name}`{object}")).similar("method", name, known)
            }
        };
        self.found.push(wrong);
    }

    fn property(&mut self, name: &str, place: Position, receiver: Option<&str>, is_assigned: bool) {
        let Some((receiver, of)) = receiver.and_then(|receiver| self.part.types.get_key_value(receiver)) else {
            return;
        };
        if self.known.has_property(name, *of, is_assigned) {
            return;
        }
        self.found.push(if self.known.has_property(name, *of, false) {
            Wrong::new(place, format!("the property `{name}` of `{receiver}` cannot be set"))
        } else {
            Wrong::new(place, format!("`{receiver}` has no property `{name}`")).similar(
                "property",
                name,
                self.known.properties(*of),
            )
        });
    }

    fn variable(&mut self, name: &str, place: Position) {
        let parameters = self.part.parameters.iter().map(String::as_str);
        // What closures capture is looked up by its name, in the closure and where it is made.
        let sees_constants = self.part.name.is_empty() || self.part.name.starts_with("anon$");
        let captured = self.own.variables.contains(name) && (sees_constants || !self.own.constants.contains(name));
        let is_known = parameters.clone().chain(GLOBALS).any(|known| known == name);
        if is_known || captured || self.own.functions.contains_key(name) {
            return;
        }
        let mut wrong = Wrong::new(place, format!("there is no variable `{name}`"));
        if self.own.constants.contains(name) {
            wrong.help = Some(format!("functions see what is defined outside of them as `global::{name}`"));
        } else {
            let known = parameters.chain(self.own.variables.iter().map(String::as_str)).chain(GLOBALS);
            wrong = wrong.similar("variable", name, known);
        }
        self.found.push(wrong);
    }

    fn module_call(&mut self, call: &FnCallExpr, place: Position) {
        let (module, name, count) = (call.namespace.root(), call.name.as_str(), call.args.len());
        if call.namespace.path.len() > 1 || module == "global" {
            return;
        }
        let functions = match self.own.imports.get(module) {
            Some(None) => return,
            Some(Some(script)) => Some(functions_of(script, true)),
            None => self.known.module(module).cloned(),
        };
        let Some(functions) = functions else {
            if self.known.is_constant(module, name).is_none() {
                self.no_module(module, call.namespace.position());
            } else {
                self.found.push(Wrong::new(place, format!("the module `{module}` has no functions")));
            }
            return;
        };
        let wrong = match functions.get(name) {
            Some(counts) if counts.contains(&count) => return,
            Some(counts) => {
                Wrong::new(place, format!("the function `{module}::{name}` takes {}, not {count}", arguments(counts)))
            }
            None => {
                let near = similar(name, functions.keys().map(String::as_str));
                let help = near.map(|near| format!("a similar function exists: `{module}::{near}`"));
                Wrong { help, ..Wrong::new(place, format!("there is no function `{module}::{name}`")) }
            }
        };
        self.found.push(wrong);
    }

    fn module_variable(&mut self, module: &str, depth: usize, name: &str, place: Position) {
        let exported = match self.own.imports.get(module) {
            _ if depth > 1 => return,
            Some(None) => return,
            Some(Some(script)) => exports_of(script),
            None if module == "global" => self.own.constants.clone(),
            None => match self.known.is_constant(module, name) {
                Some(true) => return,
                Some(false) => constants_of(self.known, module),
                None => return self.no_module(module, place),
            },
        };
        if !exported.contains(name) {
            let known = exported.iter().map(String::as_str);
            let wrong = Wrong::new(place, format!("there is no constant `{module}::{name}`"));
            self.found.push(wrong.similar("constant", name, known));
        }
    }

    fn no_module(&mut self, module: &str, place: Position) {
        let known = self.own.imports.keys().map(String::as_str).chain(self.known.modules());
        let wrong = Wrong::new(place, format!("there is no module `{module}`")).similar("module", module, known);
        self.found.push(wrong);
    }

    /// What `main` returns, as far as it is written down at its end.
    fn last_statement(&mut self, statement: &Stmt) {
        if self.part.name != Entry::Main.name() || self.part.parameters.len() != Entry::Main.parameters().len() {
            return;
        }
        let value = match statement {
            Stmt::Expr(value) => value,
            Stmt::Return(Some(value), flags, _) if !flags.contains(ASTFlags::BREAK) => value,
            _ => return,
        };
        let returned = match &**value {
            Expr::Map(..) => "a map".to_owned(),
            Expr::DynamicConstant(value, _) => match described(value) {
                Some(what) => what,
                None => return,
            },
            _ => return,
        };
        self.found.push(Wrong {
            place: Ok(value.start_position()),
            message: format!("main returns {returned}"),
            help: Some("it may return nothing, content, [headers, content] or [status, headers, content]".to_owned()),
        });
    }
}

fn described(value: &Dynamic) -> Option<String> {
    if value.is_map() {
        return Some("a map".to_owned());
    }
    let length = value.read_lock::<rhai::Array>()?.len();
    (!(2..=3).contains(&length)).then(|| format!("a list of {length}"))
}

/// The constants that a script offers to those that import it.
fn exports_of(script: &Script) -> BTreeSet<String> {
    let exported = script.ast().statements().iter().filter_map(|statement| match statement {
        Stmt::Var(variable, flags, _) if flags.contains(ASTFlags::EXPORTED) => Some(variable.0.name.to_string()),
        Stmt::Export(export, _) if export.1.name.is_empty() => Some(export.0.name.to_string()),
        Stmt::Export(export, _) => Some(export.1.name.to_string()),
        _ => None,
    });
    exported.collect()
}

/// The constants of a module of the server that have names of the RFC.
fn constants_of(known: &Known<'_>, module: &str) -> BTreeSet<String> {
    let types = (0..=u8::MAX).filter_map(|code| FrameType(code).name());
    let errors = (0..=32).filter_map(|code| ErrorCode(code).name());
    let settings = (0..=32).filter_map(|id| SettingId(id).name());
    let names = types.chain(errors).chain(settings).filter(|name| known.is_constant(module, name) == Some(true));
    names.map(str::to_owned).collect()
}

/// The variable whose member the last node of a path is: `a` for `b` of `a.b`, `a.b.c` and `a.b[0]`.
fn receiver<'a>(path: &[ASTNode<'a>]) -> Option<&'a str> {
    let (last, above) = path.split_last()?;
    let ASTNode::Expr(child) = last else { return None };
    let mut child: &Expr = child;
    for node in above.iter().rev() {
        let ASTNode::Expr(parent) = node else { return None };
        let (Expr::Dot(chain, ..) | Expr::Index(chain, ..)) = parent else { return None };
        if std::ptr::eq(&raw const chain.lhs, child) {
            child = parent;
            continue;
        }
        return match (parent, &chain.lhs) {
            (Expr::Dot(..), Expr::Variable(variable, ..)) if variable.2.is_empty() => Some(&variable.1),
            _ => None,
        };
    }
    None
}

/// Whether the last node of a path is a member that is assigned, as `b` in `a.b = 1`.
fn is_assigned(path: &[ASTNode<'_>]) -> bool {
    let [.., ASTNode::Stmt(Stmt::Assignment(assignment)), ASTNode::Expr(Expr::Dot(..)), ASTNode::Expr(_)] = path else {
        return false;
    };
    let [.., ASTNode::Expr(target), _] = path else { return false };
    std::ptr::eq(*target, &raw const assignment.1.lhs)
}

/// `no argument`, `1 argument`, `1 or 2 arguments`.
fn arguments(counts: &BTreeSet<usize>) -> String {
    let numbers: Vec<String> = counts.iter().map(ToString::to_string).collect();
    let noun = if counts.iter().eq([&1]) { "argument" } else { "arguments" };
    format!("{} {noun}", numbers.join(" or "))
}
