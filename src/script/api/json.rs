//! Script values ⇄ JSON.

use std::cell::Cell;
use std::fmt;

use bytes::Bytes;
use rhai::{Array, Dynamic, Engine, FLOAT, INT, Map};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

use super::connection::Context;
use super::fields::{FieldList, RequestFields};
use super::outcome::{Outcome, fail};
use super::params::Params;
use crate::script::aside::aside;
use crate::script::limits::MAX_NESTING;
use crate::script::octets::{MAX_MADE, Octets, latin1_text, octets_of};
use crate::script::types::name_of_value;

/// JSON → value; objects become maps.
pub fn from_json(value: Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(value) => value.into(),
        Value::Number(number) => match number.as_i64() {
            Some(number) => number.into(),
            None => number.as_f64().unwrap_or(FLOAT::NAN).into(),
        },
        Value::String(text) => text.into(),
        Value::Array(list) => Dynamic::from_array(list.into_iter().map(from_json).collect()),
        Value::Object(entries) => {
            Dynamic::from_map(entries.into_iter().map(|(name, value)| (name.into(), from_json(value))).collect())
        }
    }
}

/// Values that JSON may hold which a script reads: as many as a list and a map may have, and some more.
const MAX_VALUES: usize = 3 * MAX_NESTING;

/// Parses octets as JSON. A byte order mark in front is passed over (RFC 8259 §8.1).
pub fn parse(octets: Bytes) -> Outcome<Dynamic> {
    let parsed = aside(octets.len(), move || {
        let text = octets.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&octets);
        let mut reader = serde_json::Deserializer::from_slice(text);
        let value = Bounded(&Cell::new(MAX_VALUES)).deserialize(&mut reader)?;
        reader.end().map(|()| value)
    })?;
    parsed.map(from_json).or_else(|error| fail(format!("this is not valid JSON: {error}")))
}

/// Reads a value, as long as there are not too many in it: each takes far more memory than its text.
struct Bounded<'c>(&'c Cell<usize>);

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Bounded<'_> {
    /// One more value.
    fn one<E: Error>(&self) -> Result<Self, E> {
        let left = self.0.get().checked_sub(1);
        self.0.set(left.ok_or_else(|| E::custom(format!("it has more than {MAX_VALUES} values")))?);
        Ok(Self(self.0))
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = access.next_element_seed(self.one()?)? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut entries = serde_json::Map::new();
        while let Some(name) = access.next_key()? {
            entries.insert(name, access.next_value_seed(self.one()?)?);
        }
        Ok(Value::Object(entries))
    }
}

/// How deep values may nest to become JSON; what is read as JSON may be as deep.
const MAX_DEPTH: usize = 127;

/// Value → JSON. Octets become text, one character per octet; names with several values become lists.
///
/// Depth is bounded because converting, printing and dropping recurse, and a context may even hold itself; octets
/// are, because handles on the same octets are written out again each time.
pub fn to_json(value: &Dynamic) -> Outcome<Value> {
    converted(value).map(|(value, _)| value)
}

/// The same, with the bytes of text in it.
fn converted(value: &Dynamic) -> Outcome<(Value, usize)> {
    let conversion = Conversion { octets: Cell::new(MAX_MADE) };
    // Nothing of the script is borrowed while the handler waits.
    let value = conversion.value(&value.flatten_clone(), MAX_DEPTH)?;
    Ok((value, MAX_MADE - conversion.octets.get()))
}

/// A conversion under way, with the octets of text that it may still make.
struct Conversion {
    octets: Cell<usize>,
}

impl Conversion {
    fn value(&self, value: &Dynamic, depth: usize) -> Outcome<Value> {
        if value.is_unit() {
            return Ok(Value::Null);
        }
        if let Ok(value) = value.as_bool() {
            return Ok(value.into());
        }
        if let Ok(value) = value.as_int() {
            return Ok(value.into());
        }
        if let Ok(value) = value.as_float() {
            return match Number::from_f64(value) {
                Some(number) => Ok(number.into()),
                None => fail(format!("JSON has no {value}")),
            };
        }
        if let Ok(text) = value.as_immutable_string_ref() {
            self.count(text.len())?;
            return Ok(text.to_string().into());
        }
        if let Ok(char) = value.as_char() {
            return Ok(char.to_string().into());
        }
        if !value.is_string()
            && let Some(octets) = octets_of(value)
        {
            self.count(octets.len())?;
            return aside(octets.len(), move || latin1_text(&octets).into());
        }
        let Some(depth) = depth.checked_sub(1) else {
            return fail(format!("values nested deeper than {MAX_DEPTH} have no form in JSON"));
        };
        if let Some(list) = value.read_lock::<Array>() {
            return list
                .iter()
                .map(|value| self.value(value, depth))
                .collect::<Outcome<Vec<Value>>>()
                .map(Value::Array);
        }
        if let Some(map) = value.read_lock::<Map>() {
            return self.object(&map, depth);
        }
        if let Some(context) = value.read_lock::<Context>() {
            let map = context.0.borrow().clone();
            return self.object(&map, depth);
        }
        handle_to_json(value)
    }

    fn count(&self, length: usize) -> Outcome<()> {
        let Some(left) = self.octets.get().checked_sub(length) else {
            return fail(format!("this makes more than {MAX_MADE} bytes of JSON"));
        };
        self.octets.set(left);
        Ok(())
    }

    fn object(&self, map: &Map, depth: usize) -> Outcome<Value> {
        let entries: Outcome<serde_json::Map<String, Value>> =
            map.iter().map(|(name, value)| Ok((name.to_string(), self.value(value, depth)?))).collect();
        entries.map(Value::Object)
    }
}

/// Names with several values, and lists of fields.
fn handle_to_json(value: &Dynamic) -> Outcome<Value> {
    let lists = |entries: Vec<(String, Vec<String>)>| {
        Value::Object(entries.into_iter().map(|(name, values)| (name, values.into())).collect())
    };
    if let Some(params) = value.read_lock::<Params>() {
        let values = |name: &str| params.list(name).map(|param| param.text().into_owned()).collect();
        return Ok(lists(params.names().into_iter().map(|name| (name.to_owned(), values(name))).collect()));
    }
    if let Some(fields) = value.read_lock::<RequestFields>() {
        let all = &fields.0.request().fields;
        let values = |name: &str| all.get_all(name).map(|value| latin1_text(value)).collect();
        return Ok(lists(fields.names().into_iter().map(|name| (name.clone(), values(&name))).collect()));
    }
    if let Some(fields) = value.read_lock::<FieldList>() {
        let pair = |field: &crate::http::Field| vec![latin1_text(&field.name), latin1_text(&field.value)].into();
        return Ok(Value::Array(fields.0.borrow().iter().map(pair).collect()));
    }
    fail(format!("{} has no form in JSON", name_of_value(value)))
}

fn text_of(value: &Dynamic) -> Outcome<String> {
    let (value, bytes) = converted(value)?;
    aside(bytes, move || value.to_string())
}

pub fn register(engine: &mut Engine) {
    engine.register_fn("to_json", |value: Dynamic| text_of(&value));
    engine.register_fn("to_json", |value: &mut Map| text_of(&Dynamic::from_map(value.clone())));
    engine.register_fn("to_json", |value: Dynamic, indent: INT| -> Outcome<String> {
        if indent <= 0 {
            return text_of(&value);
        }
        let (value, bytes) = converted(&value)?;
        aside(bytes, move || format!("{value:#}"))
    });
    // In place of Rhai's own, which compiles.
    engine.register_fn("parse_json", |text: &str| parse(Bytes::copy_from_slice(text.as_bytes())));
    engine.register_fn("parse_json", |octets: Octets| parse(octets.0));
}
