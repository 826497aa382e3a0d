//! Functions of Rhai that make values grow, in place of Rhai's own: these look at the size first, since nothing can
//! interrupt a function of the host, and their errors keep the place of the call.

use rhai::{Array, Dynamic, Engine, EvalAltResult, INT, ImmutableString, Map};

use super::limits::{Limits, MAX_NESTING};

type Outcome<T> = Result<T, Box<EvalAltResult>>;

pub(super) fn too_large<T>(key: &str, limit: usize) -> Outcome<T> {
    let what = match key {
        "string" => "this string is longer",
        "map" => "this map has more entries",
        _ => "this array has more elements",
    };
    Err(format!("{what} than a script may have (limits.script.{key} = {limit})").into())
}

/// The pieces as a list of at most this many.
fn list<'a>(pieces: impl Iterator<Item = &'a str>, max: usize) -> Outcome<Array> {
    let list: Array = pieces.take(max.saturating_add(1)).map(Into::into).collect();
    if list.len() > max { too_large("array", max) } else { Ok(list) }
}

/// How many pieces are asked for; less than one is one.
fn count(segments: INT) -> usize {
    usize::try_from(segments).unwrap_or(0).max(1)
}

fn replace(text: &mut ImmutableString, from: &str, to: &str, most: usize) -> Outcome<()> {
    let found = text.matches(from).count();
    let grown = found.checked_mul(to.len()).and_then(|grown| grown.checked_add(text.len()));
    if grown.and_then(|grown| grown.checked_sub(found * from.len())).is_none_or(|length| length > most) {
        return too_large("string", most);
    }
    if found > 0 {
        *text = text.replace(from, to).into();
    }
    Ok(())
}

/// Registers them with the limits of scripts.
pub fn register(engine: &mut Engine, limits: &Limits) {
    register_collections(engine, limits.array.min(MAX_NESTING), limits.map.min(MAX_NESTING));
    register_strings(engine, limits.string, limits.array.min(MAX_NESTING));
}

fn register_collections(engine: &mut Engine, array: usize, map: usize) {
    let room = move |list: &Array, more: usize| match list.len().saturating_add(more) > array {
        true => too_large("array", array),
        false => Ok(()),
    };
    engine.register_fn("push", move |list: &mut Array, item: Dynamic| -> Outcome<()> {
        room(list, 1)?;
        list.push(item);
        Ok(())
    });
    engine.register_fn("append", move |list: &mut Array, more: Array| -> Outcome<()> {
        room(list, more.len())?;
        list.extend(more);
        Ok(())
    });
    engine.register_fn("insert", move |list: &mut Array, at: INT, item: Dynamic| -> Outcome<()> {
        room(list, 1)?;
        let length = list.len();
        let at = match usize::try_from(at) {
            Ok(at) => at.min(length),
            Err(_) => length.saturating_sub(usize::try_from(at.unsigned_abs()).unwrap_or(usize::MAX)),
        };
        list.insert(at, item);
        Ok(())
    });
    engine.register_fn("pad", move |list: &mut Array, length: INT, item: Dynamic| -> Outcome<()> {
        let length = usize::try_from(length).unwrap_or(0);
        room(list, length.saturating_sub(list.len()))?;
        if length > list.len() {
            list.resize(length, item);
        }
        Ok(())
    });
    engine.register_fn("set", move |entries: &mut Map, name: &str, value: Dynamic| -> Outcome<()> {
        if entries.len() >= map && !entries.contains_key(name) {
            return too_large("map", map);
        }
        entries.insert(name.into(), value);
        Ok(())
    });
}

fn register_strings(engine: &mut Engine, string: usize, array: usize) {
    let pad = move |text: &mut ImmutableString, length: INT, with: &str| -> Outcome<()> {
        let missing = usize::try_from(length).unwrap_or(0).saturating_sub(text.chars().count());
        let (times, rest) = match with.chars().count() {
            0 => return Ok(()),
            width => (missing / width, missing % width),
        };
        let tail: String = with.chars().take(rest).collect();
        if missing.checked_mul(4).is_none() || times.saturating_mul(with.len()) + tail.len() + text.len() > string {
            return too_large("string", string);
        }
        if missing > 0 {
            *text = format!("{text}{}{tail}", with.repeat(times)).into();
        }
        Ok(())
    };
    engine.register_fn("pad", pad);
    engine.register_fn("pad", move |text: &mut ImmutableString, length: INT, with: char| {
        pad(text, length, with.encode_utf8(&mut [0; 4]))
    });
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
        if list.len() > array { too_large("array", array) } else { Ok(list) }
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
