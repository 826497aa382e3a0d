//! Octets as a script value: a handle on shared octets, so that bodies and payloads are not copied.
//!
//! Rhai copies a blob whenever it is read; reading an [`Octets`] costs a reference count. It has the methods of a
//! blob, and the API takes it wherever it takes a string or a blob.

use std::borrow::Cow;
use std::ops::{Bound, RangeBounds};

use bytes::{Bytes, BytesMut};
use rhai::{Blob, Dynamic, Engine, EvalAltResult, INT, Position};

use super::types;
use crate::http::latin1::octets_of_text;
use crate::http::words::hex;

/// A string of one character per octet.
pub use crate::http::latin1::latin1 as latin1_text;

/// What was read out of a request, as text: UTF-8, or one character per byte if it is not that, so that none is lost.
pub fn text_of(octets: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(octets).map_or_else(|_| latin1_text(octets).into(), Cow::Borrowed)
}

/// Octets that a script makes itself may not be more than this, 64 MiB.
pub const MAX_MADE: usize = 64 << 20;

/// Octets that are shown inside a printed list or map.
const SHOWN: usize = 1024;

/// Immutable shared octets. Changing one in a script changes that variable only.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Octets(pub Bytes);

impl Octets {
    /// As text; what is not UTF-8 becomes U+FFFD.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }

    /// Lower-case hexadecimal digits, two per octet.
    pub fn hex(&self) -> String {
        hex(&self.0)
    }

    /// Hexadecimal digits of the first octets, for people.
    pub fn shown(&self) -> String {
        let length = self.0.len();
        if length <= SHOWN {
            return self.hex();
        }
        format!("{}… ({length} octets)", Self(self.0.slice(..SHOWN)).hex())
    }

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

    fn get(&self, index: INT) -> Result<INT, Box<EvalAltResult>> {
        let length = self.0.len();
        let octet = position(index, length).and_then(|at| self.0.get(at).copied());
        octet.map(INT::from).ok_or_else(|| out_of_bounds(length, index))
    }

    fn set(&mut self, index: INT, octet: INT) -> Result<(), Box<EvalAltResult>> {
        let length = self.0.len();
        let octet = octet_of(octet)?;
        let mut octets = self.take_mut();
        let slot = position(index, length).and_then(|at| octets.get_mut(at));
        let found = slot.map(|slot| *slot = octet);
        self.0 = octets.freeze();
        found.ok_or_else(|| out_of_bounds(length, index))
    }

    fn append(&mut self, more: &[u8]) -> Result<(), Box<EvalAltResult>> {
        if self.0.len().saturating_add(more.len()) > MAX_MADE {
            return Err(too_large());
        }
        let mut octets = self.take_mut();
        octets.extend_from_slice(more);
        self.0 = octets.freeze();
        Ok(())
    }

    /// The octets to change: in place if no other variable shares them.
    fn take_mut(&mut self) -> BytesMut {
        std::mem::take(&mut self.0).try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]))
    }
}

impl From<Bytes> for Octets {
    fn from(octets: Bytes) -> Self {
        Self(octets)
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

fn octet_of(value: INT) -> Result<u8, Box<EvalAltResult>> {
    u8::try_from(value).map_err(|_| format!("{value} is no octet: 0 to 255").into())
}

fn out_of_bounds(length: usize, index: INT) -> Box<EvalAltResult> {
    EvalAltResult::ErrorArrayBounds(length, index, Position::NONE).into()
}

fn too_large() -> Box<EvalAltResult> {
    format!("a script may make octets of up to {MAX_MADE} bytes").into()
}

/// The octets of anything that stands for octets in a script: [`Octets`], a blob, or a string (as UTF-8).
pub fn octets_of(value: &Dynamic) -> Option<Bytes> {
    if let Some(octets) = value.read_lock::<Octets>() {
        return Some(octets.0.clone());
    }
    if let Some(blob) = value.read_lock::<Blob>() {
        return Some(Bytes::copy_from_slice(&blob));
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        return Some(Bytes::copy_from_slice(text.as_bytes()));
    }
    value.as_char().ok().map(|char| Bytes::copy_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()))
}

/// The octets of a field name or value: like [`octets_of`], but a string whose characters are all below U+0100
/// has one octet per character, as names and values read from a message do.
pub fn field_octets_of(value: &Dynamic) -> Option<Bytes> {
    if let Ok(text) = value.as_immutable_string_ref() {
        return Some(latin1(&text));
    }
    octets_of(value).or_else(|| value.as_int().ok().map(|number| Bytes::from(number.to_string())))
}

/// One octet per character if all are below U+0100, else UTF-8.
pub fn latin1(text: &str) -> Bytes {
    octets_of_text(text).into()
}

/// `blob(count, octet)`, and what scripts make of blobs.
fn filled(count: INT, octet: INT) -> Result<Octets, Box<EvalAltResult>> {
    let count = usize::try_from(count).map_err(|_| format!("{count} is no number of octets"))?;
    if count > MAX_MADE {
        return Err(too_large());
    }
    Ok(Octets(Bytes::from(vec![octet_of(octet)?; count])))
}

/// The octets of text, one per character or as UTF-8.
fn encoded(text: &str, encoding: &str) -> Result<Octets, Box<EvalAltResult>> {
    match encoding {
        "utf8" => Ok(Octets(Bytes::copy_from_slice(text.as_bytes()))),
        "latin1" if text.chars().all(|character| u32::from(character) < 0x100) => Ok(Octets(latin1(text))),
        "latin1" => Err("this text has characters that latin1 has not: U+0100 and above".into()),
        _ => Err(format!("there is no encoding {encoding:?} here; there are latin1, utf8").into()),
    }
}

fn joined(first: &[u8], second: &[u8]) -> Result<Octets, Box<EvalAltResult>> {
    let mut octets = Octets(Bytes::copy_from_slice(first));
    octets.append(second)?;
    Ok(octets)
}

fn argument(value: &Dynamic) -> Result<Bytes, Box<EvalAltResult>> {
    octets_of(value).ok_or_else(|| format!("octets are a string or a blob, not {}", types::name_of_value(value)).into())
}

fn find(octets: &Octets, wanted: &[u8]) -> INT {
    if wanted.is_empty() {
        return 0;
    }
    // In time that grows with the two lengths alone, whatever the octets: nothing can interrupt it.
    let at = memchr::memmem::find(&octets.0, wanted);
    at.and_then(|at| INT::try_from(at).ok()).unwrap_or(-1)
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
    engine.register_fn("text", |octets: &mut Octets| octets.text());
    engine.register_fn("as_string", |octets: &mut Octets| octets.text());
    engine.register_fn("to_string", |octets: &mut Octets| octets.text());
    engine.register_fn("as_hex", |octets: &mut Octets| octets.hex());
    engine.register_fn("to_hex", |octets: &mut Octets| octets.hex());
    engine.register_fn("latin1", |octets: &mut Octets| latin1_text(&octets.0));
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
    engine.register_fn("contains", |octets: &mut Octets, text: &str| find(octets, text.as_bytes()) >= 0);
    engine.register_fn("index_of", |octets: &mut Octets, wanted: Dynamic| {
        Ok::<_, Box<EvalAltResult>>(find(octets, &argument(&wanted)?))
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
        let all: Result<Vec<u8>, Box<EvalAltResult>> =
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
    engine.register_fn("+", |first: Octets, second: Octets| joined(&first.0, &second.0));
    engine.register_fn("+", |first: Octets, second: Blob| joined(&first.0, &second));
    engine.register_fn("+", |first: Blob, second: Octets| joined(&first, &second.0));
    engine.register_fn("+", |first: Octets, second: &str| joined(&first.0, second.as_bytes()));
    engine.register_fn("+", |first: &str, second: Octets| format!("{first}{}", second.text()));
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

impl IntoIterator for Octets {
    type Item = INT;
    type IntoIter = std::iter::Map<bytes::buf::IntoIter<Bytes>, fn(u8) -> INT>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().map(INT::from)
    }
}
