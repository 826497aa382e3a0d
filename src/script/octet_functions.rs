//! What scripts do with octets: `blob(…)`, `to_blob()`, and the methods of [`Octets`]. What goes over many of them is done
//! [`aside`].

use std::ops::{Bound, RangeBounds};

use bytes::{Bytes, BytesMut};
use rhai::{Blob, Dynamic, Engine, EvalAltResult, INT, Position};

use super::aside::aside;
use super::budget;
use super::octets::{MAX_MADE, Octets, latin1_text, octets_of};
use super::sizes::too_large;
use super::types;
use crate::http::latin1::from_latin1;

type Outcome<T> = Result<T, Box<EvalAltResult>>;

impl Octets {
    fn slice(&self, range: impl RangeBounds<INT>) -> Self {
        let length = self.0.len();
        let start = match range.start_bound() {
            Bound::Included(start) => offset(*start, length),
            Bound::Excluded(start) => offset(start.saturating_add(1), length),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(end) => end_offset(end.saturating_add(1), length),
            Bound::Excluded(end) => end_offset(*end, length),
            Bound::Unbounded => length,
        };
        Self(self.0.slice(start..end.max(start)))
    }

    fn extract(&self, start: INT, count: INT) -> Self {
        let start = offset(start, self.0.len());
        let count = usize::try_from(count).unwrap_or(0);
        Self(self.0.slice(start..start.saturating_add(count).min(self.0.len())))
    }

    fn get(&self, index: INT) -> Outcome<INT> {
        let length = self.0.len();
        let octet = position(index, length).and_then(|at| self.0.get(at).copied());
        octet.map(INT::from).ok_or_else(|| out_of_bounds(length, index))
    }

    fn set(&mut self, index: INT, octet: INT) -> Outcome<()> {
        let length = self.0.len();
        let octet = octet_of(octet)?;
        let mut octets = self.take_mut()?;
        let slot = position(index, length).and_then(|at| octets.get_mut(at));
        let found = slot.map(|slot| *slot = octet);
        self.0 = octets.freeze();
        found.ok_or_else(|| out_of_bounds(length, index))
    }

    fn append(&mut self, more: &[u8]) -> Outcome<()> {
        if self.0.len().saturating_add(more.len()) > MAX_MADE {
            return Err(too_many());
        }
        let mut octets = self.take_mut()?;
        let room = more.len();
        if octets.capacity() - octets.len() < room {
            // It may move.
            octets = aside(octets.len() + room, move || {
                octets.reserve(room);
                octets
            })?;
        }
        octets.extend_from_slice(more);
        self.0 = octets.freeze();
        Ok(())
    }

    /// The octets to change: in place if no other variable shares them.
    fn take_mut(&mut self) -> Outcome<BytesMut> {
        let octets = std::mem::take(&mut self.0).try_into_mut();
        octets.or_else(|shared| aside(shared.len(), move || BytesMut::from(&shared[..])))
    }
}

fn position(index: INT, length: usize) -> Option<usize> {
    if index < 0 {
        length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
    } else {
        usize::try_from(index).ok()
    }
}

/// Where a slice starts; negative counts from the end, as in Rhai.
fn offset(index: INT, length: usize) -> usize {
    position(index, length).unwrap_or(0).min(length)
}

fn end_offset(index: INT, length: usize) -> usize {
    usize::try_from(index).unwrap_or(0).min(length)
}

fn octet_of(value: INT) -> Outcome<u8> {
    u8::try_from(value).map_err(|_| format!("{value} is not a byte: 0 to 255").into())
}

fn out_of_bounds(length: usize, index: INT) -> Box<EvalAltResult> {
    EvalAltResult::ErrorArrayBounds(length, index, Position::NONE).into()
}

fn too_many() -> Box<EvalAltResult> {
    format!("a script can make at most {MAX_MADE} bytes in one value").into()
}

/// `blob(count, octet)`.
fn filled(count: INT, octet: INT) -> Outcome<Octets> {
    let count = usize::try_from(count).map_err(|_| format!("{count} is not a number of bytes"))?;
    if count > MAX_MADE {
        return Err(too_many());
    }
    let octet = octet_of(octet)?;
    aside(count, move || Octets(vec![octet; count].into()))
}

/// The octets of text, one per character or as UTF-8.
fn encoded(text: &str, encoding: &str) -> Outcome<Octets> {
    match encoding {
        "utf8" => Ok(Octets(Bytes::copy_from_slice(text.as_bytes()))),
        "latin1" => {
            let text = text.to_owned();
            match aside(text.len(), move || from_latin1(&text))? {
                Some(octets) => Ok(Octets(octets.into())),
                None => Err("this text has characters that latin1 does not have: U+0100 and above".into()),
            }
        }
        _ => Err(format!("unknown encoding {encoding:?}\nhelp: encodings are latin1 and utf8").into()),
    }
}

fn joined(first: Bytes, second: &[u8]) -> Outcome<Octets> {
    let mut octets = Octets(first);
    octets.append(second)?;
    Ok(octets)
}

fn argument(value: &Dynamic) -> Outcome<Bytes> {
    octets_of(value).ok_or_else(|| format!("expected a string or bytes, not {}", types::name_of_value(value)).into())
}

fn find(octets: &Octets, wanted: Bytes) -> Outcome<INT> {
    if wanted.is_empty() {
        return Ok(0);
    }
    let octets = octets.0.clone();
    // In time that grows with the two lengths alone, whatever the octets.
    let at = aside(octets.len(), move || memchr::memmem::find(&octets, &wanted))?;
    Ok(at.and_then(|at| INT::try_from(at).ok()).unwrap_or(-1))
}

/// A string made of octets, which has `least` bytes for each of them or more.
fn string(octets: &Octets, least: usize, make: fn(&Octets) -> String) -> Outcome<String> {
    let most = budget::current().map_or(usize::MAX, |run| run.limits().string);
    if octets.0.len().saturating_mul(least) > most {
        return too_large("string", most);
    }
    let octets = octets.clone();
    aside(octets.0.len(), move || make(&octets))
}

/// [`Octets::text`], within the limits of a script.
///
/// # Errors
/// It would be too large, or the handler is being ended.
pub fn text(octets: &Octets) -> Outcome<String> {
    string(octets, 1, Octets::text)
}

/// [`Octets::hex`], within the limits of a script.
///
/// # Errors
/// As [`text`].
pub fn hex(octets: &Octets) -> Outcome<String> {
    string(octets, 2, Octets::hex)
}

/// Registers the type and its methods; `blob(…)` and `to_blob()` give octets too.
pub fn register(engine: &mut Engine) {
    types::register(engine, "octets", Octets::shown);
    register_reading(engine);
    register_making(engine);
    register_comparing(engine);
}

fn register_reading(engine: &mut Engine) {
    let length = |octets: &mut Octets| octets.0.len() as INT;
    engine.register_fn("len", length).register_get("len", length);
    let empty = |octets: &mut Octets| octets.0.is_empty();
    engine.register_fn("is_empty", empty).register_get("is_empty", empty);
    engine.register_fn("text", |octets: &mut Octets| text(octets));
    engine.register_fn("as_string", |octets: &mut Octets| text(octets));
    engine.register_fn("to_string", |octets: &mut Octets| text(octets));
    engine.register_fn("as_hex", |octets: &mut Octets| hex(octets));
    engine.register_fn("to_hex", |octets: &mut Octets| hex(octets));
    engine.register_fn("latin1", |octets: &mut Octets| string(octets, 1, |octets| latin1_text(&octets.0)));
    engine.register_fn("to_blob", |octets: &mut Octets| octets.clone());
    engine.register_fn("get", |octets: &mut Octets, index: INT| octets.get(index));
    engine.register_indexer_get(|octets: &mut Octets, index: INT| octets.get(index));
    engine.register_indexer_get(|octets: &mut Octets, range: std::ops::Range<INT>| octets.slice(range));
    engine.register_indexer_get(|octets: &mut Octets, range: std::ops::RangeInclusive<INT>| octets.slice(range));
    engine.register_fn("extract", |octets: &mut Octets, start: INT, count: INT| octets.extract(start, count));
    engine.register_fn("extract", |octets: &mut Octets, start: INT| octets.extract(start, INT::MAX));
    engine.register_fn("extract", |octets: &mut Octets, range: std::ops::Range<INT>| octets.slice(range));
    engine.register_fn("extract", |octets: &mut Octets, range: std::ops::RangeInclusive<INT>| octets.slice(range));
    engine.register_fn("contains", |octets: &mut Octets, octet: INT| {
        u8::try_from(octet).is_ok_and(|octet| octets.0.contains(&octet))
    });
    engine.register_fn("contains", |octets: &mut Octets, text: &str| -> Outcome<bool> {
        Ok(find(octets, Bytes::copy_from_slice(text.as_bytes()))? >= 0)
    });
    engine.register_fn("index_of", |octets: &mut Octets, wanted: Dynamic| find(octets, argument(&wanted)?));
    engine.register_fn("last_index_of", |octets: &mut Octets, wanted: Dynamic| {
        let (octets, wanted) = (octets.0.clone(), argument(&wanted)?);
        aside(octets.len(), move || memchr::memmem::rfind(&octets, &wanted))
            .map(|at| at.and_then(|at| INT::try_from(at).ok()).unwrap_or(-1))
    });
    engine.register_fn("starts_with", |octets: &mut Octets, wanted: Dynamic| {
        Ok::<_, Box<EvalAltResult>>(octets.0.starts_with(&argument(&wanted)?))
    });
    engine.register_fn("ends_with", |octets: &mut Octets, wanted: Dynamic| {
        Ok::<_, Box<EvalAltResult>>(octets.0.ends_with(&argument(&wanted)?))
    });
    engine.register_iterator::<Octets>();
}

fn register_making(engine: &mut Engine) {
    engine.register_fn("blob", Octets::default);
    engine.register_fn("blob", |count: INT| filled(count, 0));
    engine.register_fn("blob", filled);
    engine.register_fn("blob", |octets: rhai::Array| {
        let all: Outcome<Vec<u8>> =
            octets.iter().map(|octet| octet.as_int().map_err(Into::into).and_then(octet_of)).collect();
        all.map(|all| Octets(Bytes::from(all)))
    });
    engine.register_fn("blob", |text: &str| Octets(Bytes::copy_from_slice(text.as_bytes())));
    engine.register_fn("blob", |octets: Octets| octets);
    engine.register_fn("to_blob", |text: &str| Octets(Bytes::copy_from_slice(text.as_bytes())));
    engine.register_fn("to_blob", |text: &str, encoding: &str| encoded(text, encoding));
    engine.register_fn("set", |octets: &mut Octets, index: INT, octet: INT| octets.set(index, octet));
    engine.register_indexer_set(|octets: &mut Octets, index: INT, octet: INT| octets.set(index, octet));
    for name in ["push", "append", "+="] {
        engine.register_fn(name, |octets: &mut Octets, octet: INT| octets.append(&[octet_of(octet)?]));
        engine.register_fn(name, |octets: &mut Octets, more: Octets| octets.append(&more.0));
        engine.register_fn(name, |octets: &mut Octets, more: Blob| octets.append(&more));
        engine.register_fn(name, |octets: &mut Octets, more: &str| octets.append(more.as_bytes()));
    }
    engine.register_fn("truncate", |octets: &mut Octets, count: INT| {
        octets.0.truncate(usize::try_from(count).unwrap_or(0));
    });
    engine.register_fn("+", |first: Octets, second: Octets| joined(first.0, &second.0));
    engine.register_fn("+", |first: Octets, second: Blob| joined(first.0, &second));
    engine.register_fn("+", |first: Blob, second: Octets| joined(first.into(), &second.0));
    engine.register_fn("+", |first: Octets, second: &str| joined(first.0, second.as_bytes()));
    engine.register_fn("+", |first: &str, second: Octets| -> Outcome<String> {
        Ok(format!("{first}{}", text(&second)?))
    });
}

fn register_comparing(engine: &mut Engine) {
    engine.register_fn("==", |first: &mut Octets, second: Octets| first.0 == second.0);
    engine.register_fn("!=", |first: &mut Octets, second: Octets| first.0 != second.0);
    engine.register_fn("==", |first: &mut Octets, second: Blob| first.0 == second);
    engine.register_fn("!=", |first: &mut Octets, second: Blob| first.0 != second);
    engine.register_fn("==", |first: &mut Octets, second: &str| first.0 == second.as_bytes());
    engine.register_fn("!=", |first: &mut Octets, second: &str| first.0 != second.as_bytes());
    engine.register_fn("==", |first: &str, second: Octets| second.0 == first.as_bytes());
    engine.register_fn("!=", |first: &str, second: Octets| second.0 != first.as_bytes());
    engine.register_fn("==", |first: &mut Blob, second: Octets| second.0 == *first);
    engine.register_fn("!=", |first: &mut Blob, second: Octets| second.0 != *first);
}
