//! The functions of a script one by one, with the types of their variables as far as the text tells.
//!
//! A variable has a type if every place that gives it a value gives it one of that type: a parameter of an entry
//! function, another variable of a known type, a property or a method of one, `frame::…`. A parameter of a helper has the
//! type that all its calls give it. Where the script has no such call, its name decides, if it is that of a parameter of
//! an entry function.

use std::any::TypeId;
use std::collections::BTreeMap;

use rhai::{AST, ASTNode, Expr, FnCallExpr, Stmt};

use super::known::Known;
use super::own::{Own, each};
use crate::exchange::Connection;
use crate::script::api::connection::Context;
use crate::script::api::hooks::StatusLines;
use crate::script::api::request::Request;
use crate::script::api::response::Response;
use crate::script::api::server::{Server, ServerContext};
use crate::script::entries::{Entry, Hook};
use crate::wire::frame::Frame;

/// A function of a script, or what stands outside of all.
pub(super) struct Part {
    pub ast: AST,
    pub name: String,
    pub parameters: Vec<String>,
    /// The types of its variables and parameters.
    pub types: Types,
}

/// Types of variables by name.
pub(super) type Types = BTreeMap<String, Type>;

/// The type of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Type {
    pub id: TypeId,
    /// Whether the text leaves no doubt: the type of a helper's parameter is likely, no more.
    pub is_sure: bool,
}

impl Type {
    /// Whether scripts put values of their own into it, functions among them.
    pub fn holds_functions(self) -> bool {
        [TypeId::of::<Context>(), TypeId::of::<ServerContext>()].contains(&self.id)
    }
}

/// A name, the number of parameters, and the place among them.
type Parameter = (String, usize, usize);

/// What the calls of a function give for a parameter: the one type, or nothing if they differ or are unknown.
type Given = BTreeMap<Parameter, Option<Type>>;

/// The functions of a script, and what stands outside of all.
pub(super) fn parts(ast: &AST, own: &Own, known: &Known<'_>) -> Vec<Part> {
    let mut outside = ast.clone();
    outside.clear_functions();
    let outside = Part { ast: outside, name: String::new(), parameters: Vec::new(), types: Types::new() };
    let functions = ast.iter_functions().map(|function| {
        let (name, count) = (function.name, function.params.len());
        // `clone_functions_only_filtered` keeps them all.
        let mut ast = ast.clone_functions_only();
        ast.retain_functions(|_, _, other, params| other == name && params == count);
        let parameters: Vec<String> = function.params.iter().map(ToString::to_string).collect();
        Part { ast, name: name.to_owned(), parameters, types: Types::new() }
    });
    let mut parts: Vec<Part> = std::iter::once(outside).chain(functions).collect();
    // A helper that gets what another got, a closure in a closure: deeper than this nothing is known.
    for _ in 0..4 {
        let mut given = Given::new();
        parts.iter().for_each(|part| part.calls(own, known, &mut given));
        parts.iter_mut().for_each(|part| part.infer(own, known, &given));
    }
    parts
}

impl Part {
    /// What its calls give for the parameters of other functions.
    fn calls(&self, own: &Own, known: &Known<'_>, given: &mut Given) {
        let mut give = |name: &str, count: usize, place: usize, value: &Expr| {
            let value = own.type_of(value, &self.types, known);
            let now = given.entry((name.to_owned(), count, place)).or_insert(value);
            if now.map(|now| now.id) != value.map(|value| value.id) {
                *now = None;
            }
        };
        each(&self.ast, |node| {
            let (ASTNode::Stmt(Stmt::FnCall(call, _))
            | ASTNode::Expr(Expr::FnCall(call, _) | Expr::MethodCall(call, _))) = node
            else {
                return;
            };
            let count = call.args.len();
            if let Some((closure, captured)) = closure_of(call) {
                // It has what it captures as its first parameters.
                for (place, value) in captured.iter().enumerate() {
                    give(&closure, usize::MAX, place, value);
                }
            } else if !call.is_qualified()
                && own.functions.get(call.name.as_str()).is_some_and(|counts| counts.contains(&count))
            {
                call.args.iter().enumerate().for_each(|(place, value)| give(&call.name, count, place, value));
            }
        });
    }

    /// Finds the types of its variables.
    fn infer(&mut self, own: &Own, known: &Known<'_>, given: &Given) {
        let mut types = Types::new();
        let parameters = self.parameter_types(own, given);
        // An alias of an alias, and so on; what lost its type takes it from its aliases in as many steps.
        for _ in 0..=self.ast_names() {
            let next = self.types_from(&parameters, own, known, &types);
            if next == types {
                break;
            }
            types = next;
        }
        self.types = types;
    }

    /// How many variables it can have at most, counted roughly.
    fn ast_names(&self) -> usize {
        let mut count = self.parameters.len();
        each(&self.ast, |node| count += usize::from(matches!(node, ASTNode::Stmt(Stmt::Var(..)))));
        count.min(64)
    }

    fn parameter_types(&self, own: &Own, given: &Given) -> Types {
        let count = self.parameters.len();
        let entry = Entry::ALL.into_iter().find(|entry| entry.name() == self.name && entry.parameters().len() == count);
        let hook = Hook::ALL.into_iter().find(|hook| {
            hook.name() == self.name && (hook.min_parameters()..=hook.parameters().len()).contains(&count)
        });
        let meant = entry.map(Entry::parameters).or(hook.map(Hook::parameters)).unwrap_or_default();
        let is_closure = self.name.starts_with("anon$");
        let type_of = |(place, name): (usize, &String)| {
            let sure = meant.get(place).and_then(|meant| named(meant)).map(|id| Type { id, is_sure: true });
            let calls = given.get(&(self.name.clone(), if is_closure { usize::MAX } else { count }, place));
            let found = match (sure, calls) {
                (Some(sure), _) => Some(sure),
                (None, Some(given)) => given.map(|given| Type { is_sure: is_closure && given.is_sure, ..given }),
                // What comes out of JSON has such names, too.
                (None, None) if own.used.contains("parse_json") || own.used.contains("json") => None,
                (None, None) => named(name).map(|id| Type { id, is_sure: false }),
            };
            found.map(|found| (name.clone(), found))
        };
        self.parameters.iter().enumerate().filter_map(type_of).collect()
    }

    /// The types of all names, if those of `types` are right so far.
    fn types_from(&self, parameters: &Types, own: &Own, known: &Known<'_>, types: &Types) -> Types {
        let mut found: BTreeMap<String, Option<Type>> =
            parameters.iter().map(|(name, found)| (name.clone(), Some(*found))).collect();
        let mut give = |name: &str, value: Option<Type>| {
            let is_parameter = self.parameters.iter().any(|parameter| parameter == name);
            let first = if is_parameter && !parameters.contains_key(name) { None } else { value };
            let now = found.entry(name.to_owned()).or_insert(first);
            match (&now, value) {
                (Some(one), Some(other)) if one.id == other.id => {
                    *now = Some(Type { id: one.id, is_sure: one.is_sure && other.is_sure });
                }
                _ => *now = None,
            }
        };
        each(&self.ast, |node| match node {
            ASTNode::Stmt(Stmt::Var(variable, ..)) => {
                give(&variable.0.name, own.type_of(&variable.1, types, known));
            }
            ASTNode::Stmt(Stmt::For(target, _)) => {
                target.1.iter().chain([&target.0]).for_each(|name| give(&name.name, None));
            }
            ASTNode::Stmt(Stmt::TryCatch(flow, _)) => {
                if let Expr::Variable(caught, ..) = &flow.expr {
                    give(&caught.1, None);
                }
            }
            ASTNode::Stmt(Stmt::Assignment(assignment)) => {
                if let Expr::Variable(variable, ..) = &assignment.1.lhs {
                    give(&variable.1, own.type_of(&assignment.1.rhs, types, known));
                }
            }
            _ => {}
        });
        found.into_iter().filter_map(|(name, found)| Some((name, found?))).collect()
    }
}

/// The name of the function that a closure is, and what the closure captures.
fn closure_of(call: &FnCallExpr) -> Option<(String, &[Expr])> {
    let (function, captured) = call.args.split_first()?;
    let Expr::DynamicConstant(function, _) = function else { return None };
    let name = function.read_lock::<rhai::FnPtr>()?.fn_name().to_owned();
    (call.name == "curry" && name.starts_with("anon$")).then_some((name, captured))
}

/// What the server gives for a parameter of an entry function.
fn named(parameter: &str) -> Option<TypeId> {
    match parameter {
        "request" => Some(TypeId::of::<Request>()),
        "response" => Some(TypeId::of::<Response>()),
        "connection" => Some(TypeId::of::<Connection>()),
        "frame" => Some(TypeId::of::<Frame>()),
        "server" => Some(TypeId::of::<Server>()),
        "status" => Some(TypeId::of::<StatusLines>()),
        _ => None,
    }
}

impl Own {
    /// The type of a value, if the text tells.
    pub fn type_of(&self, value: &Expr, types: &Types, known: &Known<'_>) -> Option<Type> {
        match value {
            Expr::Variable(variable, ..) if variable.2.is_empty() => types.get(&*variable.1).copied(),
            Expr::Dot(chain, ..) => self.member_type(self.type_of(&chain.lhs, types, known)?, &chain.rhs, known),
            Expr::FnCall(call, _) if call.is_qualified() => {
                let (module, is_known) = (call.namespace.root(), call.namespace.path.len() == 1);
                let is_frame = is_known && module == "frame" && !self.imports.contains_key(module);
                is_frame.then(|| Type { id: TypeId::of::<Frame>(), is_sure: true })
            }
            _ => None,
        }
    }

    /// The type of what is to the right of a dot behind an object of a type.
    pub fn member_type(&self, of: Type, member: &Expr, known: &Known<'_>) -> Option<Type> {
        let id = match member {
            Expr::Property(property, _) => known.property_type(&property.2, of.id)?,
            Expr::MethodCall(call, _) if self.functions.contains_key(call.name.as_str()) => return None,
            Expr::MethodCall(call, _) => match call.name.as_str() {
                "write_push" => TypeId::of::<Response>(),
                "wait_for_frame" => TypeId::of::<Frame>(),
                _ => return None,
            },
            Expr::Dot(chain, ..) => {
                return self.member_type(self.member_type(of, &chain.lhs, known)?, &chain.rhs, known);
            }
            _ => return None,
        };
        Some(Type { id, ..of })
    }
}
