//! String functions of Rhai whose result may be far larger than what they are given, in place of Rhai's own: these
//! look at the size first, since nothing can interrupt a function of the host.

use rhai::{Array, Engine, EvalAltResult, INT, ImmutableString, Position};

use super::limits::Limits;

type Outcome<T> = Result<T, Box<EvalAltResult>>;

fn too_large<T>(what: &str) -> Outcome<T> {
    Err(EvalAltResult::ErrorDataTooLarge(what.into(), Position::NONE).into())
}

/// The pieces as a list of at most so many.
fn list<'a>(pieces: impl Iterator<Item = &'a str>, most: usize) -> Outcome<Array> {
    let list: Array = pieces.take(most.saturating_add(1)).map(Into::into).collect();
    if list.len() > most { too_large("Size of array/BLOB") } else { Ok(list) }
}

/// How many pieces are asked for; less than one is one.
fn count(segments: INT) -> usize {
    usize::try_from(segments).unwrap_or(0).max(1)
}

fn replace(text: &mut ImmutableString, from: &str, to: &str, most: usize) -> Outcome<()> {
    let found = text.matches(from).count();
    let grown = found.checked_mul(to.len()).and_then(|grown| grown.checked_add(text.len()));
    if grown.and_then(|grown| grown.checked_sub(found * from.len())).is_none_or(|length| length > most) {
        return too_large("Length of string");
    }
    if found > 0 {
        *text = text.replace(from, to).into();
    }
    Ok(())
}

/// Registers them with the limits of handlers.
pub fn register(engine: &mut Engine, limits: &Limits) {
    let (string, array) = (limits.string, limits.array);
    engine.register_fn("replace", move |text: &mut ImmutableString, from: &str, to: &str| {
        replace(text, from, to, string)
    });
    engine.register_fn("replace", move |text: &mut ImmutableString, from: &str, to: char| {
        replace(text, from, to.encode_utf8(&mut [0; 4]), string)
    });
    engine.register_fn("replace", move |text: &mut ImmutableString, from: char, to: &str| {
        replace(text, from.encode_utf8(&mut [0; 4]), to, string)
    });
    engine.register_fn("replace", move |text: &mut ImmutableString, from: char, to: char| {
        replace(text, from.encode_utf8(&mut [0; 4]), to.encode_utf8(&mut [0; 4]), string)
    });
    engine.register_fn("to_chars", move |text: &str| -> Outcome<Array> {
        let list: Array = text.chars().take(array.saturating_add(1)).map(Into::into).collect();
        if list.len() > array { too_large("Size of array/BLOB") } else { Ok(list) }
    });
    engine.register_fn("split", move |text: &str| match text {
        "" => list([""].into_iter(), array),
        text => list(text.split_whitespace(), array),
    });
    engine.register_fn("split", move |text: &str, by: &str| match text {
        "" => list([""].into_iter(), array),
        text => list(text.split(by), array),
    });
    engine.register_fn("split", move |text: &str, by: char| list(text.split(by), array));
    engine.register_fn("split", move |text: &str, by: &str, segments: INT| match text {
        "" => list([""].into_iter(), array),
        text => list(text.splitn(count(segments), by), array),
    });
    engine
        .register_fn("split", move |text: &str, by: char, segments: INT| list(text.splitn(count(segments), by), array));
    engine.register_fn("split_rev", move |text: &str, by: &str| match text {
        "" => list([""].into_iter(), array),
        text => list(text.rsplit(by), array),
    });
    engine.register_fn("split_rev", move |text: &str, by: char| list(text.rsplit(by), array));
    engine.register_fn("split_rev", move |text: &str, by: &str, segments: INT| match text {
        "" => list([""].into_iter(), array),
        text => list(text.rsplitn(count(segments), by), array),
    });
    engine.register_fn("split_rev", move |text: &str, by: char, segments: INT| {
        list(text.rsplitn(count(segments), by), array)
    });
}
