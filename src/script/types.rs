//! The Rust types that scripts see: their names, and how they are printed.

use std::any::TypeId;
use std::borrow::Cow;
use std::cell::RefCell;

use rhai::{Array, Dynamic, Engine, FLOAT, FnPtr, INT, ImmutableString, Map};

thread_local! {
    /// The types that engines of this thread know, which are the same for all of them.
    static NAMES: RefCell<Vec<(TypeId, &'static str)>> = const { RefCell::new(Vec::new()) };
}

/// Characters of one value inside a printed one.
const MAX_SHOWN: usize = 1024;

/// Characters of one value in the log.
const MAX_LOGGED: usize = 16 * 1024;

/// Registers a type under the name that scripts and messages call it by. `show` is what `print`, `log`, interpolation,
/// and lists that hold such a value print.
pub fn register<T: Clone + 'static>(engine: &mut Engine, name: &'static str, show: fn(&T) -> String) {
    engine.register_type_with_name::<T>(name);
    engine.register_fn("to_string", move |value: &mut T| show(value));
    engine.register_fn("to_debug", move |value: &mut T| show(value));
    NAMES.with_borrow_mut(|names| {
        if !names.iter().any(|(id, _)| *id == TypeId::of::<T>()) {
            names.push((TypeId::of::<T>(), name));
        }
    });
}

/// What messages call a type.
pub fn name_of(id: TypeId) -> Option<&'static str> {
    let known: [(TypeId, &'static str); 8] = [
        (TypeId::of::<ImmutableString>(), "string"),
        (TypeId::of::<INT>(), "integer"),
        (TypeId::of::<FLOAT>(), "float"),
        (TypeId::of::<bool>(), "bool"),
        (TypeId::of::<char>(), "char"),
        (TypeId::of::<Array>(), "array"),
        (TypeId::of::<Map>(), "map"),
        (TypeId::of::<FnPtr>(), "function"),
    ];
    let found = known.into_iter().find(|(known, _)| *known == id).map(|(_, name)| name);
    found.or_else(|| NAMES.with_borrow(|names| names.iter().find(|(known, _)| *known == id).map(|(_, name)| *name)))
}

/// What messages call a type that Rhai calls `name`.
pub fn plain_name(name: &str) -> &str {
    match name {
        "&str | ImmutableString | String" => "string",
        "i64" => "integer",
        "f64" => "float",
        "Fn" => "function",
        other => other,
    }
}

/// What messages call the type of a value.
pub fn name_of_value(value: &Dynamic) -> &'static str {
    name_of(value.type_id()).unwrap_or(if value.is_unit() { "()" } else { "another type" })
}

/// Names with values as one line for people.
pub fn shown_pairs<'p>(pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> String {
    let shown: Vec<String> =
        pairs.into_iter().map(|(name, value)| format!("{}: {}", shortened(name), shortened(value))).collect();
    format!("{{{}}}", shown.join(", "))
}

/// A text of a size for one line.
pub fn shortened(text: &str) -> Cow<'_, str> {
    shortened_to(MAX_SHOWN, text)
}

/// A text of a size for the log.
pub fn logged(text: &str) -> Cow<'_, str> {
    shortened_to(MAX_LOGGED, text)
}

fn shortened_to(most: usize, text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}… ({} bytes)", text.get(..end).unwrap_or_default(), text.len()).into(),
        None => text.into(),
    }
}
