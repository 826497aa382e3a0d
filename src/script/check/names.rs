//! Names in a script that nothing bears: functions, methods, properties, variables, modules.
//!
//! Rhai finds out at run time, in the branch that is taken. Only what is sure is an error here: a method is looked up by
//! its name and the number of its arguments, whatever the object, unless the text tells the object's type. What a map
//! holds is not known, so that a name that the script ever gives to a map's key passes.

use std::collections::BTreeSet;

use rhai::{ASTFlags, ASTNode, Dynamic, Expr, FnCallExpr, Position, Stmt};

use super::known::Known;
use super::own::{Own, functions_of};
use super::parts::{Part, Type, parts};
use super::wrong::Wrong;
use crate::http::words::similar;
use crate::script::compiled::Script;
use crate::script::entries::Entry;
use crate::script::error::ScriptError;
use crate::script::host::GLOBALS;
use crate::script::loader::Loader;
use crate::wire::frame::{ErrorCode, FrameType, SettingId};

/// What is wrong with the names of a script, in the order of its lines.
pub(super) fn wrong_names(script: &Script, known: &Known<'_>, loader: &Loader) -> Vec<ScriptError> {
    let own = Own::of(script, loader);
    let mut found = Vec::new();
    for part in parts(script.ast(), &own, known) {
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
            Some(ASTNode::Expr(Expr::MethodCall(call, place))) => self.method(call, *place, self.receiver(path)),
            Some(ASTNode::Expr(Expr::Property(property, place))) => {
                self.property(&property.2, *place, self.receiver(path), is_assigned(path));
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

    fn method(&mut self, call: &FnCallExpr, place: Position, receiver: Option<(Type, String)>) {
        let (name, count) = (call.name.as_str(), call.args.len());
        let own = self.own.functions.get(name);
        // A map may hold a function pointer, which is called like a method.
        if Known::is_built_in(name) || self.own.keys.contains(name) || own.is_some_and(|counts| counts.contains(&count))
        {
            return;
        }
        if receiver.as_ref().is_some_and(|(of, _)| of.holds_functions()) {
            return;
        }
        let of = receiver.as_ref().map(|(of, _)| of.id);
        let counts = self.known.method(name, of);
        if counts.as_ref().is_some_and(|counts| counts.contains(&count)) {
            return;
        }
        let object = receiver.map(|(_, receiver)| format!(" of `{receiver}`")).unwrap_or_default();
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

    fn property(&mut self, name: &str, place: Position, receiver: Option<(Type, String)>, is_assigned: bool) {
        let Some((of, receiver)) = receiver else { return };
        let may_be_key = !of.is_sure && self.own.written_keys.contains(name);
        if may_be_key || self.known.has_property(name, of.id, is_assigned) {
            return;
        }
        self.found.push(if self.known.has_property(name, of.id, false) {
            Wrong::new(place, format!("the property `{name}` of `{receiver}` cannot be set"))
        } else {
            let known = self.known.properties(of.id);
            Wrong::new(place, format!("`{receiver}` has no property `{name}`")).similar("property", name, known)
        });
    }

    /// What the last node of a path is a member of, its type and how it is written: `a.b` for `c` of `a.b.c`.
    fn receiver(&self, path: &[ASTNode<'_>]) -> Option<(Type, String)> {
        let (last, above) = path.split_last()?;
        let ASTNode::Expr(child) = last else { return None };
        let mut child: &Expr = child;
        for (index, node) in above.iter().enumerate().rev() {
            let ASTNode::Expr(parent) = node else { return None };
            let (Expr::Dot(chain, ..) | Expr::Index(chain, ..)) = parent else { return None };
            if std::ptr::eq(&raw const chain.lhs, child) {
                child = parent;
                continue;
            }
            return match (parent, &chain.lhs) {
                (Expr::Dot(..), member @ (Expr::Property(..) | Expr::MethodCall(..))) => {
                    let (of, receiver) = self.receiver(path.get(..=index)?)?;
                    let written = match member {
                        Expr::Property(property, _) => format!("{receiver}.{}", property.2),
                        Expr::MethodCall(call, _) => format!("{receiver}.{}(…)", call.name),
                        _ => return None,
                    };
                    Some((self.own.member_type(of, member, self.known)?, written))
                }
                (Expr::Dot(..), head) => {
                    let of = self.own.type_of(head, &self.part.types, self.known)?;
                    let written = match head {
                        Expr::Variable(variable, ..) => variable.1.to_string(),
                        Expr::FnCall(call, _) => format!("{}::{}(…)", call.namespace.root(), call.name),
                        _ => return None,
                    };
                    Some((of, written))
                }
                _ => None,
            };
        }
        None
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

/// Whether the last node of a path is a member that is assigned, as `c` in `a.b.c = 1`.
fn is_assigned(path: &[ASTNode<'_>]) -> bool {
    let Some((ASTNode::Expr(last), above)) = path.split_last() else { return false };
    let mut child: &Expr = last;
    for node in above.iter().rev() {
        match node {
            ASTNode::Expr(parent @ Expr::Dot(chain, ..)) if std::ptr::eq(&raw const chain.rhs, child) => child = parent,
            ASTNode::Stmt(Stmt::Assignment(assignment)) => return std::ptr::eq(child, &raw const assignment.1.lhs),
            _ => return false,
        }
    }
    false
}

/// `no argument`, `1 argument`, `1 or 2 arguments`.
fn arguments(counts: &BTreeSet<usize>) -> String {
    let numbers: Vec<String> = counts.iter().map(ToString::to_string).collect();
    let noun = if counts.iter().eq([&1]) { "argument" } else { "arguments" };
    format!("{} {noun}", numbers.join(" or "))
}
