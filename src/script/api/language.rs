//! What Python and JavaScript have for texts and lists, and Rhai does not.

use rhai::{Array, Dynamic, Engine, INT, ImmutableString, NativeCallContext};

use super::helpers::text_of;
use super::outcome::{Outcome, fail};
use crate::script::aside::aside;
use crate::script::budget;
use crate::script::sizes::too_large;

pub fn register(engine: &mut Engine) {
    engine.register_fn("join", |context: NativeCallContext<'_>, list: &mut Array, separator: &str| {
        join(&context, list, separator)
    });
    engine.register_fn("last_index_of", |context: NativeCallContext<'_>, list: &mut Array, wanted: Dynamic| {
        last_in_list(&context, list, &wanted)
    });
    engine.register_fn("last_index_of", |text: &str, wanted: &str| last_in_text(text, wanted));
    engine.register_fn("last_index_of", |text: &str, wanted: char| last_in_text(text, wanted.encode_utf8(&mut [0; 4])));
    engine.register_fn("assert", |holds: bool| assert(holds, "it is false"));
    engine.register_fn("assert", assert);
}

/// The items as `print` shows them, with `separator` between.
fn join(context: &NativeCallContext<'_>, list: &Array, separator: &str) -> Outcome<ImmutableString> {
    let most = budget::current().map_or(usize::MAX, |run| run.limits().string);
    let mut text = String::new();
    for (index, item) in list.iter().enumerate() {
        let item = text_of(context, item.clone())?;
        let separator = if index == 0 { "" } else { separator };
        if text.len() + separator.len() + item.len() > most {
            return too_large("string", most);
        }
        text.push_str(separator);
        text.push_str(&item);
    }
    Ok(text.into())
}

/// Where the last item that equals `wanted` is; -1 if there is none.
fn last_in_list(context: &NativeCallContext<'_>, list: &Array, wanted: &Dynamic) -> Outcome<INT> {
    for (index, item) in list.iter().enumerate().rev() {
        let (mut item, mut wanted) = (item.clone(), wanted.clone());
        // Values that cannot be compared are not equal.
        let equal = context.call_native_fn_raw("==", true, &mut [&mut item, &mut wanted]);
        if equal.ok().and_then(|equal| equal.as_bool().ok()) == Some(true) {
            return Ok(INT::try_from(index).unwrap_or(INT::MAX));
        }
    }
    Ok(-1)
}

/// Where `wanted` begins for the last time, in characters; -1 if it is not there.
fn last_in_text(text: &str, wanted: &str) -> Outcome<INT> {
    let (text, wanted) = (text.to_owned(), wanted.to_owned());
    aside(text.len(), move || {
        let before = text.rfind(&wanted).and_then(|at| text.get(..at));
        before.map_or(-1, |before| INT::try_from(before.chars().count()).unwrap_or(INT::MAX))
    })
}

fn assert(holds: bool, text: &str) -> Outcome<()> {
    if holds { Ok(()) } else { fail(format!("assertion failed: {text}")) }
}
