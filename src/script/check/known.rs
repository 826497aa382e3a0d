//! What scripts can call: asked of the engine that runs them, so that nothing is listed twice.

use std::any::TypeId;
use std::collections::{BTreeMap, BTreeSet};

use rhai::{Dynamic, Engine, EvalAltResult, INT, ImmutableString};

/// Words of the language that look like functions, with any number of arguments.
const BUILT_IN: [&str; 10] =
    ["call", "curry", "debug", "Fn", "is_def_fn", "is_def_var", "is_shared", "print", "to_string", "type_of"];

/// Everything that an engine offers to scripts.
pub(super) struct Known<'e> {
    engine: &'e Engine,
    /// Functions and methods without a module, by name, with the types of their parameters.
    functions: BTreeMap<String, Vec<Vec<TypeId>>>,
    /// Functions of modules, by module and name, with the numbers of their parameters.
    modules: BTreeMap<String, BTreeMap<String, BTreeSet<usize>>>,
}

impl<'e> Known<'e> {
    pub(super) fn of(engine: &'e Engine) -> Self {
        let all = engine.collect_fn_metadata(
            None,
            |info| {
                let function = info.metadata;
                let mut types = function.param_types.to_vec();
                types.resize(function.num_params, TypeId::of::<Dynamic>());
                Some((info.namespace.to_string(), function.name.to_string(), types))
            },
            true,
        );
        let mut known = Self { engine, functions: BTreeMap::new(), modules: BTreeMap::new() };
        for (module, name, types) in all {
            if module.is_empty() {
                known.functions.entry(name).or_default().push(types);
            } else {
                known.modules.entry(module).or_default().entry(name).or_default().insert(types.len());
            }
        }
        known
    }

    /// The numbers of arguments that a function of this name takes; `None` if there is none of this name.
    pub(super) fn function(&self, name: &str) -> Option<BTreeSet<usize>> {
        self.functions.get(name).map(|all| all.iter().map(Vec::len).collect())
    }

    /// Whether it is a word of the language that takes any arguments.
    pub(super) fn is_built_in(name: &str) -> bool {
        BUILT_IN.contains(&name)
    }

    /// The numbers of arguments that a method of this name takes, of any object or of that of one type.
    pub(super) fn method(&self, name: &str, of: Option<TypeId>) -> Option<BTreeSet<usize>> {
        let all = self.functions.get(name)?.iter();
        let fits = |types: &&Vec<TypeId>| {
            let first = types.first();
            first.is_some_and(|first| of.is_none_or(|of| *first == of || *first == TypeId::of::<Dynamic>()))
        };
        let counts: BTreeSet<usize> = all.filter(fits).map(|types| types.len() - 1).collect();
        (!counts.is_empty()).then_some(counts)
    }

    /// Names of methods, of any object or of that of one type.
    pub(super) fn methods(&self, of: Option<TypeId>) -> impl Iterator<Item = &str> {
        let names = self.functions.keys().map(String::as_str);
        names.filter(move |name| !name.contains('$') && self.method(name, of).is_some())
    }

    /// Names of functions.
    pub(super) fn functions(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(String::as_str).filter(|name| !name.contains('$'))
    }

    /// Whether objects of a type have a property of that name, to read or to set; by way of an index, too.
    pub(super) fn has_property(&self, name: &str, of: TypeId, set: bool) -> bool {
        let accessor = if set { "set$" } else { "get$" };
        [&format!("{accessor}{name}"), &format!("index${accessor}")]
            .iter()
            .any(|name| self.method(name, Some(of)).is_some())
    }

    /// The type of a property, if it is one of the server's: a handle that scripts call methods on. It has a setter
    /// without effect, which names the type.
    pub(super) fn property_type(&self, name: &str, of: TypeId) -> Option<TypeId> {
        let plain =
            [TypeId::of::<Dynamic>(), TypeId::of::<INT>(), TypeId::of::<bool>(), TypeId::of::<ImmutableString>()];
        let setters = self.functions.get(&format!("set${name}"))?;
        let mut values = setters.iter().filter_map(|types| match types[..] {
            [first, value] if first == of => Some(value),
            _ => None,
        });
        let value = values.next().filter(|value| !plain.contains(value))?;
        values.next().is_none().then_some(value)
    }

    /// Names of the properties of a type.
    pub(super) fn properties(&self, of: TypeId) -> impl Iterator<Item = &str> {
        let getters = self.functions.keys().filter(move |name| self.method(name, Some(of)).is_some());
        getters.filter_map(|name| name.strip_prefix("get$"))
    }

    /// Modules with functions.
    pub(super) fn modules(&self) -> impl Iterator<Item = &str> {
        self.modules.keys().map(String::as_str)
    }

    /// The functions of a module, by name; none if there is no such module, or if it has constants only.
    pub(super) fn module(&self, name: &str) -> Option<&BTreeMap<String, BTreeSet<usize>>> {
        self.modules.get(name)
    }

    /// Whether `module::name` is a constant; `None` if there is no such module.
    pub(super) fn is_constant(&self, module: &str, name: &str) -> Option<bool> {
        match self.engine.eval_expression::<Dynamic>(&format!("{module}::{name}")) {
            Ok(_) => Some(true),
            Err(error) if matches!(*error, EvalAltResult::ErrorModuleNotFound(..)) => None,
            Err(_) => Some(false),
        }
    }
}
