//! Script values ⇄ the octets that are kept: JSON, readable in Redis, with a sign where JSON lacks a type.
//!
//! What JSON has no form for is an object with a single name: `{"$octets":"BASE64"}`, `{"$char":"x"}`,
//! `{"$float":"NaN"}` (also `inf`, `-inf`). A map that looks like one of these is `{"$map":{…}}`. So every value comes
//! back as it went in, and nothing in it is shared with the script that gave it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use rhai::{Array, Blob, Dynamic, FLOAT, Map};
use serde_json::Value;

use super::error::StashError;
use crate::script::aside::LARGE;
use crate::script::octets::Octets;

/// How deep the JSON may nest; what reads it goes no deeper.
const MAX_DEPTH: usize = 127;

/// A copy of the value, of at most `most` octets.
///
/// # Errors
/// [`StashError::Unit`], [`StashError::Type`], [`StashError::Depth`], [`StashError::ValueTooLarge`]
#[cfg(test)]
pub fn encode(value: &Dynamic, most: usize) -> Result<Bytes, StashError> {
    Copied::of(value, most)?.octets()
}

/// A value that is apart from its script, and not yet in the form in which it is kept.
pub struct Copied {
    parts: Vec<Part>,
    size: usize,
    most: usize,
}

enum Part {
    /// As it is kept.
    Written(Vec<u8>),
    /// To become a JSON string.
    Text(Box<str>),
    /// To become one in base64.
    Octets(Bytes),
}

impl Copied {
    /// Copies a value, of which at most `most` octets are to be kept.
    ///
    /// # Errors
    /// [`StashError::Unit`], [`StashError::Type`], [`StashError::Depth`], [`StashError::ValueTooLarge`]
    pub fn of(value: &Dynamic, most: usize) -> Result<Self, StashError> {
        if value.is_unit() {
            return Err(StashError::Unit);
        }
        let mut writer = Writer { out: Self { parts: Vec::new(), size: 0, most }, place: Vec::new() };
        writer.value(value, MAX_DEPTH)?;
        Ok(writer.out)
    }

    /// How large it is, or a little less.
    pub fn size(&self) -> usize {
        self.size
    }

    /// As it is kept.
    ///
    /// # Errors
    /// [`StashError::ValueTooLarge`]
    pub fn octets(mut self) -> Result<Bytes, StashError> {
        if let [Part::Written(written)] = self.parts.as_mut_slice() {
            return Ok(std::mem::take(written).into());
        }
        let mut out = Vec::with_capacity(self.size);
        for part in self.parts {
            match part {
                Part::Written(written) => out.extend_from_slice(&written),
                Part::Text(text) => out.extend_from_slice(Value::from(&*text).to_string().as_bytes()),
                Part::Octets(octets) => {
                    out.push(b'"');
                    out.extend_from_slice(STANDARD.encode(&octets).as_bytes());
                    out.push(b'"');
                }
            }
            if out.len() > self.most {
                return Err(StashError::ValueTooLarge(self.most));
            }
        }
        Ok(out.into())
    }

    fn count(&mut self, octets: usize) -> Result<(), StashError> {
        self.size = self.size.saturating_add(octets);
        if self.size > self.most { Err(StashError::ValueTooLarge(self.most)) } else { Ok(()) }
    }

    fn write(&mut self, octets: &[u8]) -> Result<(), StashError> {
        self.count(octets.len())?;
        match self.parts.last_mut() {
            Some(Part::Written(written)) => written.extend_from_slice(octets),
            _ => self.parts.push(Part::Written(octets.to_vec())),
        }
        Ok(())
    }
}

/// The value of which these octets are the copy; `None` if they are none.
#[cfg(test)]
pub fn decode(octets: &[u8]) -> Option<Dynamic> {
    parse(octets).and_then(dynamic)
}

/// The JSON of a copy; `None` if it is none.
pub fn parse(octets: &[u8]) -> Option<Value> {
    serde_json::from_slice(octets).ok()
}

/// A step into a value, for messages.
enum Step {
    Index(usize),
    Name(String),
}

struct Writer {
    out: Copied,
    place: Vec<Step>,
}

impl Writer {
    fn value(&mut self, value: &Dynamic, depth: usize) -> Result<(), StashError> {
        if value.is_unit() {
            return self.raw("null");
        }
        if let Ok(value) = value.as_bool() {
            return self.raw(if value { "true" } else { "false" });
        }
        if let Ok(value) = value.as_int() {
            return self.raw(&value.to_string());
        }
        if let Ok(value) = value.as_float() {
            return self.float(value, depth);
        }
        if let Ok(text) = value.as_immutable_string_ref() {
            return self.text(&text);
        }
        if let Ok(value) = value.as_char() {
            return self.signed("$char", value.encode_utf8(&mut [0; 4]), depth);
        }
        if let Some(octets) = value.read_lock::<Octets>() {
            return self.octets(octets.0.clone(), depth);
        }
        if let Some(blob) = value.read_lock::<Blob>() {
            return self.octets(Bytes::copy_from_slice(&blob), depth);
        }
        if let Some(list) = value.read_lock::<Array>() {
            return self.list(&list, deeper(depth)?);
        }
        if let Some(map) = value.read_lock::<Map>() {
            return self.map(&map, depth);
        }
        Err(StashError::Type { place: self.here(), type_name: value.type_name().to_owned() })
    }

    fn float(&mut self, value: FLOAT, depth: usize) -> Result<(), StashError> {
        match serde_json::Number::from_f64(value) {
            Some(number) => self.raw(&number.to_string()),
            None => self.signed("$float", &value.to_string(), depth),
        }
    }

    fn list(&mut self, list: &Array, depth: usize) -> Result<(), StashError> {
        self.raw("[")?;
        for (index, value) in list.iter().enumerate() {
            if index > 0 {
                self.raw(",")?;
            }
            self.place.push(Step::Index(index));
            self.value(value, depth)?;
            self.place.pop();
        }
        self.raw("]")
    }

    fn map(&mut self, map: &Map, mut depth: usize) -> Result<(), StashError> {
        let looks_like_a_sign = map.len() == 1 && map.keys().all(|name| name.starts_with('$'));
        if looks_like_a_sign {
            depth = deeper(depth)?;
            self.raw("{\"$map\":")?;
        }
        depth = deeper(depth)?;
        self.raw("{")?;
        for (index, (name, value)) in map.iter().enumerate() {
            if index > 0 {
                self.raw(",")?;
            }
            self.text(name)?;
            self.raw(":")?;
            self.place.push(Step::Name(name.to_string()));
            self.value(value, depth)?;
            self.place.pop();
        }
        self.raw(if looks_like_a_sign { "}}" } else { "}" })
    }

    fn octets(&mut self, octets: Bytes, depth: usize) -> Result<(), StashError> {
        deeper(depth)?;
        self.raw("{\"$octets\":")?;
        self.out.count(octets.len().div_ceil(3) * 4 + 2)?;
        self.out.parts.push(Part::Octets(octets));
        self.raw("}")
    }

    fn signed(&mut self, sign: &str, text: &str, depth: usize) -> Result<(), StashError> {
        deeper(depth)?;
        self.raw(&format!("{{\"{sign}\":"))?;
        self.text(text)?;
        self.raw("}")
    }

    fn text(&mut self, text: &str) -> Result<(), StashError> {
        if text.len() < LARGE {
            return self.raw(&Value::from(text).to_string());
        }
        self.out.count(text.len() + 2)?;
        self.out.parts.push(Part::Text(text.into()));
        Ok(())
    }

    fn raw(&mut self, text: &str) -> Result<(), StashError> {
        self.out.write(text.as_bytes())
    }

    /// Where in the value the writer is: `value.list[3]`.
    fn here(&self) -> String {
        let steps = self.place.iter().map(|step| match step {
            Step::Index(index) => format!("[{index}]"),
            Step::Name(name) => format!(".{name}"),
        });
        format!("value{}", steps.collect::<String>())
    }
}

fn deeper(depth: usize) -> Result<usize, StashError> {
    depth.checked_sub(1).ok_or(StashError::Depth(MAX_DEPTH))
}

/// The value of which this is the JSON of the copy; `None` if it is none.
pub fn dynamic(value: Value) -> Option<Dynamic> {
    Some(match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(value) => value.into(),
        Value::Number(number) => match number.as_i64() {
            Some(number) => number.into(),
            None => number.as_f64()?.into(),
        },
        Value::String(text) => text.into(),
        Value::Array(list) => Dynamic::from_array(list.into_iter().map(dynamic).collect::<Option<_>>()?),
        Value::Object(entries) => match sign_of(&entries) {
            Some("$map") => match entries.into_iter().next()?.1 {
                Value::Object(entries) => map(entries)?,
                _ => return None,
            },
            Some(sign) => signed(sign, entries.get(sign)?.as_str()?)?,
            None => map(entries)?,
        },
    })
}

/// The only name, if it is a sign.
fn sign_of(entries: &serde_json::Map<String, Value>) -> Option<&str> {
    let mut names = entries.keys();
    let first = names.next().filter(|name| name.starts_with('$'))?;
    if names.next().is_none() { Some(first) } else { None }
}

fn map(entries: serde_json::Map<String, Value>) -> Option<Dynamic> {
    let entries = entries.into_iter().map(|(name, value)| Some((name.into(), dynamic(value)?)));
    Some(Dynamic::from_map(entries.collect::<Option<_>>()?))
}

fn signed(sign: &str, text: &str) -> Option<Dynamic> {
    match sign {
        "$octets" => Some(Dynamic::from(Octets(STANDARD.decode(text).ok()?.into()))),
        "$char" => {
            let mut characters = text.chars();
            let character = characters.next()?;
            characters.next().is_none().then_some(character.into())
        }
        "$float" => text.parse::<FLOAT>().ok().filter(|value| !value.is_finite()).map(Dynamic::from_float),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rhai::{Engine, FnPtr};

    use super::*;

    fn made(script: &str) -> Dynamic {
        Engine::new().eval(script).unwrap()
    }

    fn json(script: &str) -> String {
        String::from_utf8(encode(&made(script), 1000).unwrap().to_vec()).unwrap()
    }

    #[test]
    fn every_type_comes_back_as_it_went_in() {
        for (script, form) in [
            ("42", "42"),
            ("-9223372036854775807 - 1", "-9223372036854775808"),
            ("1.0", "1.0"),
            ("1e300", "1e+300"),
            ("true", "true"),
            (r#""a\"ü\n""#, r#""a\"ü\n""#),
            ("'x'", r#"{"$char":"x"}"#),
            ("1.0 / 0.0", r#"{"$float":"inf"}"#),
            ("-1.0 / 0.0", r#"{"$float":"-inf"}"#),
            ("[1, [2.5, ()], \"x\"]", r#"[1,[2.5,null],"x"]"#),
            ("#{b: [], a: #{}}", r#"{"a":{},"b":[]}"#),
            (r##"#{"$char": "x"}"##, r#"{"$map":{"$char":"x"}}"#),
            (r##"#{"$map": 1}"##, r#"{"$map":{"$map":1}}"#),
            (r##"#{"$char": "x", a: 1}"##, r#"{"$char":"x","a":1}"#),
        ] {
            assert_eq!(json(script), form, "{script}");
            let back = decode(form.as_bytes()).unwrap();
            assert_eq!(format!("{back:?} {}", back.type_name()), {
                let value = made(script);
                format!("{value:?} {}", value.type_name())
            });
        }
        assert!(decode(br#"{"$float":"NaN"}"#).unwrap().as_float().unwrap().is_nan());
        assert_eq!(json("0.0 / 0.0"), r#"{"$float":"NaN"}"#);
    }

    #[test]
    fn octets_keep_every_octet() {
        let all: Vec<u8> = (0..=255).collect();
        let copy = encode(&Dynamic::from(Octets(all.clone().into())), 1000).unwrap();
        assert_eq!(decode(&copy).unwrap().cast::<Octets>().0, all);
        assert_eq!(json("blob(2, 1)"), r#"{"$octets":"AQE="}"#);
    }

    #[test]
    fn what_has_no_copy_is_named_with_its_place() {
        let mut map = Map::new();
        map.insert("list".into(), Dynamic::from_array(vec![1.into(), Dynamic::from(FnPtr::new("f").unwrap())]));
        let error = encode(&Dynamic::from_map(map), 1000).unwrap_err();
        let StashError::Type { place, .. } = &error else { panic!("{error}") };
        assert_eq!(place, "value.list[1]");
        assert_eq!(encode(&Dynamic::UNIT, 1000), Err(StashError::Unit));
    }

    #[test]
    fn the_limit_is_that_of_the_copy_to_the_octet() {
        for script in ["\"abcd\"", "[1,2]", "#{a: 1}", "blob(3)", "12345"] {
            let length = json(script).len();
            assert!(encode(&made(script), length).is_ok(), "{script}");
            assert_eq!(encode(&made(script), length - 1), Err(StashError::ValueTooLarge(length - 1)), "{script}");
        }
    }

    #[test]
    fn the_deepest_that_is_taken_can_be_read() {
        for bottom in ["1", "'x'"] {
            let mut value = made(bottom);
            let mut deepest = None;
            for depth in 0..200 {
                match encode(&value, 10_000) {
                    Ok(copy) => {
                        assert!(decode(&copy).is_some(), "{depth} around {bottom}");
                        deepest = Some(depth);
                    }
                    Err(error) => assert_eq!(error, StashError::Depth(MAX_DEPTH)),
                }
                value = Dynamic::from_array(vec![value]);
            }
            assert_eq!(deepest, Some(if bottom == "1" { 127 } else { 126 }), "around {bottom}");
        }
    }

    #[test]
    fn what_no_stash_wrote_is_no_value() {
        for text in ["", "{", "nope", r#"{"$what":"x"}"#, r#"{"$char":"xy"}"#, r#"{"$octets":"?"}"#, r#"{"$map":1}"#] {
            assert!(decode(text.as_bytes()).is_none(), "{text}");
        }
        assert!(decode(br#"{"$float":"1.5"}"#).is_none());
    }
}
