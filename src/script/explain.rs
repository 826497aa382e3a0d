//! Errors of Rhai in plain words: what is wrong, where, and what was probably meant.

use std::path::{Path, PathBuf};

use rhai::{Engine, EvalAltResult, Position};

use super::error::{Call, Fault, line_of, shortened};
use super::limits::Limits;
use super::loader::Loader;
use super::types::{name_of, plain_name};
use crate::http::words::similar;

/// Properties that people expect under another name.
const OTHER_NAMES: [(&str, &str); 8] = [
    ("body", "content"),
    ("text", "content"),
    ("data", "content"),
    ("code", "status"),
    ("status_code", "status"),
    ("header", "headers"),
    ("cookie", "cookies"),
    ("params", "GET"),
];

/// What Rhai calls the type of nothing.
const NOTHING: &str = "()";

/// What to do about it.
const MISSING: &str = "() is what a missing value is; give a default in its place, as in `value ?? 0`";

/// What is needed to explain an error.
pub struct Explainer<'a> {
    /// The engine that raised it: it knows what can be called.
    pub engine: &'a Engine,
    /// The limits that the script had.
    pub limits: &'a Limits,
    /// The texts of scripts.
    pub loader: &'a Loader,
}

impl Explainer<'_> {
    /// The error at run time `error` in `function` of `file`, with its place and the calls that led there.
    pub fn fault(&self, error: &EvalAltResult, function: &str, file: &Path) -> Box<Fault> {
        let mut calls = Vec::new();
        let mut here = file.to_owned();
        let mut caller = file.to_owned();
        let mut error = error;
        let mut place = None;
        loop {
            place = place_of(error.position()).or(place);
            match error {
                // The source named is that of the function; the position is in its caller.
                EvalAltResult::ErrorInFunctionCall(name, source, inner, position) => {
                    if !source.is_empty() {
                        here = PathBuf::from(source);
                    }
                    let name = if name.starts_with("anon$") { "(closure)" } else { name };
                    calls.push(Call { function: name.to_owned(), file: caller.clone(), place: place_of(*position) });
                    if place_of(inner.position()).is_some() {
                        place = None;
                    }
                    caller.clone_from(&here);
                    error = inner;
                }
                EvalAltResult::ErrorInModule(name, inner, position) => {
                    let function = format!("import {name:?}");
                    calls.push(Call { function, file: caller.clone(), place: place_of(*position) });
                    if let EvalAltResult::ErrorParsing(..) = **inner {
                        here = PathBuf::from(name);
                    }
                    caller.clone_from(&here);
                    error = inner;
                }
                _ => break,
            }
        }
        calls.reverse();
        calls.push(Call { function: function.to_owned(), file: file.to_owned(), place: None });
        let text = self.loader.text_of(&here);
        let line = place.and_then(|(line, _)| line_of(text.as_deref()?, line));
        let at = Spot { text: text.as_deref(), line: line.as_deref(), column: place.map_or(0, |(_, column)| column) };
        let (message, help) = self.words(error, &at);
        Box::new(Fault { message: shortened(message), help, file: here, place, line, calls })
    }

    /// The message without position and wrapping, and the advice.
    fn words(&self, error: &EvalAltResult, at: &Spot<'_>) -> (String, Option<String>) {
        match error {
            EvalAltResult::ErrorRuntime(value, _) => match value.clone().into_string() {
                Ok(text) => with_help(&text),
                Err(_) if value.is_unit() => ("the script threw an error without a message".to_owned(), None),
                Err(_) => (format!("the script threw {value}"), None),
            },
            EvalAltResult::ErrorParsing(error, _) => (error.to_string(), None),
            EvalAltResult::ErrorFunctionNotFound(signature, _) => self.missing_function(signature, at),
            EvalAltResult::ErrorVariableNotFound(name, _) => missing_variable(name, at),
            EvalAltResult::ErrorPropertyNotFound(name, _) => (format!("there is no property `{name}`"), None),
            EvalAltResult::ErrorDotExpr(text, _) => self.missing_property(text),
            EvalAltResult::ErrorModuleNotFound(name, _) => {
                (format!("there is no script {name:?} in the handler roots to import"), None)
            }
            EvalAltResult::ErrorMismatchDataType(wanted, found, _) => mismatch(plain_name(wanted), plain_name(found)),
            EvalAltResult::ErrorDataTooLarge(what, _) => (self.too_large(what), None),
            EvalAltResult::ErrorDataRace(_, _) => (
                "a closure uses the same variable that a method is called on, or a property \
                 is set on, with it"
                    .to_owned(),
                Some("let the closure use a copy, as in `let copy = response;`".to_owned()),
            ),
            EvalAltResult::ErrorTooManyVariables(_) => (
                format!("more variables than a script may have (limits.script.variables = {})", self.limits.variables),
                None,
            ),
            EvalAltResult::ErrorTooManyModules(_) => {
                (format!("more imports than a script may have (limits.script.modules = {})", self.limits.modules), None)
            }
            EvalAltResult::ErrorStackOverflow(_) => {
                (format!("calls nested too deep (limits.script.call_depth = {})", self.limits.call_depth), None)
            }
            other => {
                let text = other.to_string();
                let position = format!(" ({})", other.position());
                (text.strip_suffix(&position).unwrap_or(&text).to_owned(), None)
            }
        }
    }

    /// What Rhai found too large, by the key of its limit.
    fn too_large(&self, what: &str) -> String {
        let (what, key, limit) = match what {
            "Length of string" => ("this string is longer", "string", self.limits.string),
            "Size of object map" => ("this map has more entries", "map", self.limits.map),
            _ => ("this array has more elements, those of arrays inside it included,", "array", self.limits.array),
        };
        format!("{what} than a script may have (limits.script.{key} = {limit})")
    }

    fn missing_function(&self, signature: &str, at: &Spot<'_>) -> (String, Option<String>) {
        let (name, types) = signature.rsplit_once(" (").unwrap_or((signature, ""));
        let types = types.strip_suffix(')').unwrap_or(types);
        let types: Vec<&str> = types.split(", ").filter(|name| !name.is_empty()).map(plain_name).collect();
        let missing_value = types.contains(&NOTHING).then(|| MISSING.to_owned());
        if !name.starts_with(|first: char| first.is_alphabetic() || first == '_') {
            return (format!("there is no operator `{name}` for {}", types.join(" and ")), missing_value);
        }
        let (of, arguments) = match types.split_first() {
            Some((of, arguments)) if at.is_method_call() => (Some(*of), arguments),
            _ => (None, &types[..]),
        };
        let wanted = if arguments.is_empty() {
            "without arguments".to_owned()
        } else {
            format!("for ({})", arguments.join(", "))
        };
        let known = self.functions(of);
        let message = match of {
            Some(of) => format!("there is no method `{name}` on {of} {wanted}"),
            None => format!("there is no function `{name}` {wanted}"),
        };
        let kind = if of.is_some() { "method" } else { "function" };
        let help = if missing_value.is_some() {
            missing_value
        } else if known.iter().any(|known| known == name) {
            Some(format!("`{name}` takes other arguments"))
        } else {
            similar(name, known.iter().map(String::as_str)).map(|near| format!("a similar {kind} exists: `{near}`"))
        };
        (message, help)
    }

    fn missing_property(&self, text: &str) -> (String, Option<String>) {
        let quoted: Vec<&str> = text.split('\'').skip(1).step_by(2).collect();
        let [name, of, ..] = quoted[..] else { return (text.to_owned(), None) };
        let set = text.starts_with("No writable");
        let prefix = if set { "set$" } else { "get$" };
        let known: Vec<String> = self.functions(Some(plain_name(of)));
        let properties: Vec<&str> = known.iter().filter_map(|known| known.strip_prefix(prefix)).collect();
        let other = OTHER_NAMES.iter().find(|(wrong, right)| *wrong == name && properties.contains(right));
        let near = other.map(|(_, right)| *right).or_else(|| similar(name, properties.iter().copied()));
        let of = plain_name(of);
        let message = match set {
            true if known.iter().any(|known| known.strip_prefix("get$") == Some(name)) => {
                format!("the property `{name}` of {of} cannot be set, or not to a value of this type")
            }
            true => format!("there is no property `{name}` on {of} that can be set"),
            false if known.iter().any(|known| known == name) => {
                return (format!("`{name}` of {of} is a method"), Some(format!("call it: `{name}()`")));
            }
            false => format!("there is no property `{name}` on {of}"),
        };
        (message, near.map(|near| format!("a similar property exists: `{near}`")))
    }

    /// The names of the functions that can be called, or of those whose first parameter is of a type.
    fn functions(&self, of: Option<&str>) -> Vec<String> {
        let mut names = self.engine.collect_fn_metadata(
            None,
            |info| {
                let first = info.metadata.param_types.first().copied();
                let fits = match of {
                    Some(of) => first.and_then(name_of) == Some(of),
                    None => info.namespace.is_empty() && !info.metadata.name.contains('$'),
                };
                fits.then(|| info.metadata.name.to_string())
            },
            true,
        );
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// Where an error arose, as far as it is known.
struct Spot<'a> {
    text: Option<&'a str>,
    line: Option<&'a str>,
    column: usize,
}

impl Spot<'_> {
    /// Whether a dot stands before it.
    fn is_method_call(&self) -> bool {
        let Some((line, before)) = self.line.zip(self.column.checked_sub(1)) else { return false };
        let before: String = line.chars().take(before).collect();
        let before = before.trim_end();
        // `x.f()` is placed at the name, or at the dot itself.
        before.ends_with('.') || line.chars().nth(self.column - 1) == Some('.')
    }
}

/// A value of a type that does not fit.
fn mismatch(wanted: &str, found: &str) -> (String, Option<String>) {
    if wanted == "integer" && found.contains("::Range") {
        let help = "an array has no slices; this makes one: `array.extract(1..3)`";
        return ("an index must be an integer, not a range".to_owned(), Some(help.to_owned()));
    }
    let help = (found == NOTHING).then(|| MISSING.to_owned());
    let wanted = if wanted.is_empty() { "another type".to_owned() } else { format!("type {wanted}") };
    (format!("a value of {wanted} is needed here, not of type {found}"), help)
}

fn missing_variable(name: &str, at: &Spot<'_>) -> (String, Option<String>) {
    let declared = |text: &str| {
        text.lines().any(|line| {
            let rest = line.strip_prefix("const ").and_then(|rest| rest.trim_start().strip_prefix(name));
            rest.is_some_and(|rest| rest.trim_start().starts_with('='))
        })
    };
    let help =
        at.text.is_some_and(declared).then(|| format!("functions see a constant of the file as `global::{name}`"));
    (format!("there is no variable `{name}`"), help)
}

/// A message that a host function made, and the advice in it.
fn with_help(text: &str) -> (String, Option<String>) {
    match text.split_once("\nhelp: ") {
        Some((message, help)) => (message.to_owned(), Some(help.to_owned())),
        None => (text.to_owned(), None),
    }
}

/// Line and column, as far as Rhai knows them.
pub fn place_of(position: Position) -> Option<(usize, usize)> {
    position.line().map(|line| (line, position.position().unwrap_or(0)))
}
