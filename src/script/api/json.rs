//! Script values ⇄ JSON.

use std::cell::Cell;

use rhai::{Array, Dynamic, Engine, FLOAT, INT, Map};
use serde_json::{Number, Value};

use super::connection::Context;
use super::fields::{FieldList, RequestFields};
use super::outcome::{Outcome, fail};
use super::params::Params;
use crate::script::octets::{MAX_MADE, Octets, latin1_text};
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

/// Parses octets as JSON. A byte order mark in front is passed over (RFC 8259 §8.1).
pub fn parse(octets: &[u8]) -> Outcome<Dynamic> {
    let octets = octets.strip_prefix("\u{feff}".as_bytes()).unwrap_or(octets);
    serde_json::from_slice(octets).map(from_json).or_else(|error| fail(format!("this is no JSON: {error}")))
}

/// How deep values may nest to become JSON; what is read as JSON may be as deep.
const MAX_DEPTH: usize = 127;

/// Value → JSON. Octets become text, one character per octet; names with several values become lists.
///
/// Depth is bounded because converting, printing and dropping recurse, and a context may even hold itself; octets
/// are, because handles on the same octets are written out again each time.
pub fn to_json(value: &Dynamic) -> Outcome<Value> {
    Conversion { octets: Cell::new(MAX_MADE) }.value(value, MAX_DEPTH)
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
            return self.text(text.len(), || text.to_string());
        }
        if let Ok(char) = value.as_char() {
            return Ok(char.to_string().into());
        }
        if let Some(octets) = value.read_lock::<Octets>() {
            return self.text(octets.0.len(), || latin1_text(&octets.0));
        }
        if let Some(blob) = value.read_lock::<rhai::Blob>() {
            return self.text(blob.len(), || latin1_text(&blob));
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
            return self.object(&context.0.borrow(), depth);
        }
        handle_to_json(value)
    }

    fn text(&self, length: usize, text: impl FnOnce() -> String) -> Outcome<Value> {
        let Some(left) = self.octets.get().checked_sub(length) else {
            return fail(format!("this makes more than {MAX_MADE} octets of JSON"));
        };
        self.octets.set(left);
        Ok(text().into())
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
    Ok(to_json(value)?.to_string())
}

pub fn register(engine: &mut Engine) {
    engine.register_fn("to_json", |value: Dynamic| text_of(&value));
    engine.register_fn("to_json", |value: &mut Map| text_of(&Dynamic::from_map(value.clone())));
    engine.register_fn("to_json", |value: Dynamic, indent: INT| -> Outcome<String> {
        let value = to_json(&value)?;
        if indent <= 0 { Ok(value.to_string()) } else { Ok(format!("{value:#}")) }
    });
    // In place of Rhai's own, which compiles.
    engine.register_fn("parse_json", |text: &str| parse(text.as_bytes()));
    engine.register_fn("parse_json", |octets: Octets| parse(&octets.0));
}
