//! Header and trailer fields: those of the request to read, those of the response to change.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use rhai::{Array, Dynamic, Engine, INT, Map};

use super::outcome::{Outcome, fail};
use crate::exchange::{Exchange, SendError};
use crate::http::fields::is_forbidden_in_trailers;
use crate::http::{Field, Fields, is_token_octet};
use crate::script::octets::{MAX_MADE, Octets, field_octets_of, latin1, latin1_text};
use crate::script::types::{self, name_of_value};

/// The request's regular fields, names in any case.
#[derive(Clone)]
pub struct RequestFields(pub Exchange);

impl RequestFields {
    /// Each name once, in lower case, in order of first appearance.
    pub fn names(&self) -> Vec<String> {
        names(&self.0.request().fields)
    }
}

/// Fields that a script puts together, in order.
#[derive(Clone, Default)]
pub struct FieldList(pub Rc<RefCell<Fields>>, Section);

/// Where fields belong.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Section {
    #[default]
    Head,
    Trailers,
}

fn names(fields: &Fields) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for field in fields {
        let name = latin1_text(&field.name).to_ascii_lowercase();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn combined(fields: &Fields, name: &str) -> Dynamic {
    fields.combined(name).map_or(Dynamic::UNIT, |value| latin1_text(&value).into())
}

/// Each name in lower case, and all its values.
fn to_map(fields: &Fields) -> Map {
    let names = fields.iter().map(|field| latin1_text(&field.name).to_ascii_lowercase());
    names.map(|name| (name.as_str().into(), combined(fields, &name))).collect()
}

fn list(fields: &Fields, name: &str) -> Array {
    fields.get_all(name).map(|value| latin1_text(value).into()).collect()
}

/// The octets of a field name.
pub fn name_of(value: &Dynamic) -> Outcome<Bytes> {
    field_octets_of(value)
        .map_or_else(|| fail(format!("a header name must be a string or bytes, not {}", name_of_value(value))), Ok)
}

/// The octets of a field value.
pub fn value_of(value: &Dynamic) -> Outcome<Bytes> {
    if let Ok(number) = value.as_float() {
        return Ok(Bytes::from(number.to_string()));
    }
    field_octets_of(value).map_or_else(
        || fail(format!("a header value must be a string, bytes or a number, not {}", name_of_value(value))),
        Ok,
    )
}

/// Fields from what scripts write: a list of `[name, value]`, a map (a list as value repeats the name), or fields.
pub fn fields_of(value: &Dynamic) -> Outcome<Fields> {
    let mut fields = Fields::new();
    if let Some(list) = value.read_lock::<FieldList>() {
        return check_size(&list.0.borrow()).map(|()| list.0.borrow().clone());
    }
    if let Some(list) = value.read_lock::<RequestFields>() {
        return Ok(list.0.request().fields.clone());
    }
    if let Some(map) = value.read_lock::<Map>() {
        for (name, value) in map.iter() {
            append(&mut fields, name.as_bytes().to_vec().into(), value)?;
        }
        return check_size(&fields).map(|()| fields);
    }
    if let Some(array) = value.read_lock::<Array>() {
        for pair in array.iter() {
            let pair = pair.read_lock::<Array>();
            let Some([name, value]) = pair.as_deref().map(Vec::as_slice) else {
                return fail("headers must be a list of [name, value], or a map");
            };
            append(&mut fields, name_of(name)?, value)?;
        }
        return check_size(&fields).map(|()| fields);
    }
    fail(format!("headers must be a list of [name, value], or a map, not {}", name_of_value(value)))
}

/// Refuses fields that are larger than octets may be: handles on the same octets are written out each time.
pub fn check_size(fields: &Fields) -> Outcome<()> {
    let size: usize = fields.iter().map(|field| field.name.len() + field.value.len()).sum();
    if size > MAX_MADE { fail(format!("these headers have {size} bytes; the limit is {MAX_MADE}")) } else { Ok(()) }
}

fn append(fields: &mut Fields, name: Bytes, value: &Dynamic) -> Outcome<()> {
    if let Some(values) = value.read_lock::<Array>() {
        for value in values.iter() {
            fields.append(name.clone(), value_of(value)?);
        }
        return Ok(());
    }
    fields.append(name, value_of(value)?);
    Ok(())
}

impl From<Fields> for FieldList {
    fn from(fields: Fields) -> Self {
        Self(Rc::new(fields.into()), Section::Head)
    }
}

/// Refuses what no response can carry.
fn check(name: &[u8], value: &[u8]) -> Outcome<()> {
    if name.is_empty() || !name.iter().all(|byte| is_token_octet(*byte)) {
        return fail(format!(
            "invalid header name {:?}\nhelp: `writer.write_raw_header_frame` (HTTP/2) and `writer.write_header` \
             (HTTP/1.1) send it unchecked",
            latin1_text(name)
        ));
    }
    if value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
        return fail(format!(
            "the value of the header {:?} contains CR, LF or NUL\nhelp: `writer.write_raw_header_frame` (HTTP/2) and \
             `writer.write_header` (HTTP/1.1) send it unchecked",
            latin1_text(name)
        ));
    }
    Ok(())
}

impl FieldList {
    /// A trailer section, which takes no field that has no place in it.
    pub fn trailers() -> Self {
        Self(Rc::default(), Section::Trailers)
    }

    /// Refuses what cannot be sent at the line of the script that sets it, whatever the protocol.
    fn check(&self, name: &[u8], value: &[u8]) -> Outcome<()> {
        check(name, value)?;
        if self.1 == Section::Trailers && is_forbidden_in_trailers(name) {
            return fail(SendError::Trailer { name: latin1_text(name) }.to_string());
        }
        Ok(())
    }

    fn check_all(&self, fields: &Fields) -> Outcome<()> {
        fields.iter().try_for_each(|field| self.check(&field.name, &field.value))
    }

    fn set(&self, name: &Dynamic, value: &Dynamic) -> Outcome<()> {
        let name = name_of(name)?;
        if !value.is_array() {
            let value = value_of(value)?;
            self.check(&name, &value)?;
            self.0.borrow_mut().set(name, value);
            return Ok(());
        }
        let mut fresh = Fields::new();
        append(&mut fresh, name.clone(), value)?;
        self.check_all(&fresh)?;
        let mut fields = self.0.borrow_mut();
        if let [field] = fresh.as_slice() {
            fields.set(name, field.value.clone());
        } else {
            fields.remove(&name);
            fields.extend(fresh);
        }
        Ok(())
    }

    fn append(&self, name: &Dynamic, value: &Dynamic) -> Outcome<()> {
        let mut fresh = Fields::new();
        append(&mut fresh, name_of(name)?, value)?;
        self.check_all(&fresh)?;
        self.0.borrow_mut().extend(fresh);
        Ok(())
    }

    /// Adds fields to those that are there, whatever their names, as wptserve does.
    ///
    /// # Errors
    /// They are no fields, or cannot be sent.
    pub fn update(&self, value: &Dynamic) -> Outcome<()> {
        let fresh = fields_of(value)?;
        self.check_all(&fresh)?;
        self.0.borrow_mut().extend(fresh);
        Ok(())
    }
}

/// Each field as `[name, value]`, in order.
fn items(fields: &Fields) -> Array {
    let pair = |field: &Field| vec![latin1_text(&field.name).into(), latin1_text(&field.value).into()];
    fields.iter().map(|field| Dynamic::from_array(pair(field))).collect()
}

fn shown(fields: &Fields) -> String {
    let pairs: Vec<(String, String)> =
        fields.iter().map(|field| (latin1_text(&field.name), latin1_text(&field.value))).collect();
    types::shown_pairs(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

fn or(value: Dynamic, default: Dynamic) -> Dynamic {
    if value.is_unit() { default } else { value }
}

pub fn register(engine: &mut Engine) {
    types::register(engine, "request.headers", |fields: &RequestFields| shown(&fields.0.request().fields));
    engine.register_indexer_get(|fields: &mut RequestFields, name: &str| combined(&fields.0.request().fields, name));
    engine.register_fn("get", |fields: &mut RequestFields, name: &str| combined(&fields.0.request().fields, name));
    engine.register_fn("get", |fields: &mut RequestFields, name: &str, default: Dynamic| {
        or(combined(&fields.0.request().fields, name), default)
    });
    engine.register_fn("get_list", |fields: &mut RequestFields, name: &str| list(&fields.0.request().fields, name));
    engine.register_fn("get_list", |fields: &mut RequestFields, name: &str, default: Dynamic| -> Dynamic {
        let list = list(&fields.0.request().fields, name);
        if list.is_empty() { default } else { list.into() }
    });
    engine.register_fn("items", |fields: &mut RequestFields| items(&fields.0.request().fields));
    engine.register_fn("to_map", |fields: &mut RequestFields| to_map(&fields.0.request().fields));
    engine.register_fn("get_bytes", |fields: &mut RequestFields, name: &str| {
        fields.0.request().fields.get(name).map_or(Dynamic::UNIT, |value| Dynamic::from(Octets(value.clone())))
    });
    engine.register_fn("contains", |fields: &mut RequestFields, name: &str| fields.0.request().fields.contains(name));
    engine.register_fn("keys", |fields: &mut RequestFields| -> Array {
        fields.names().into_iter().map(Dynamic::from).collect()
    });
    engine.register_fn("len", |fields: &mut RequestFields| fields.0.request().fields.len() as INT);
    engine.register_get("len", |fields: &mut RequestFields| fields.0.request().fields.len() as INT);
    register_list(engine);
}

fn register_list(engine: &mut Engine) {
    types::register(engine, "response.headers", |fields: &FieldList| shown(&fields.0.borrow()));
    // Rhai finds exact parameter types at once, and `Dynamic` only after all combinations of it.
    engine.register_fn("set", |fields: &mut FieldList, name: &str, value: &str| -> Outcome<()> {
        let (name, value) = (latin1(name), latin1(value));
        fields.check(&name, &value)?;
        fields.0.borrow_mut().set(name, value);
        Ok(())
    });
    engine.register_fn("append", |fields: &mut FieldList, name: &str, value: &str| -> Outcome<()> {
        let (name, value) = (latin1(name), latin1(value));
        fields.check(&name, &value)?;
        fields.0.borrow_mut().append(name, value);
        Ok(())
    });
    engine.register_fn("set", |fields: &mut FieldList, name: Dynamic, value: Dynamic| fields.set(&name, &value));
    engine.register_fn("append", |fields: &mut FieldList, name: Dynamic, value: Dynamic| fields.append(&name, &value));
    engine.register_fn("get", |fields: &mut FieldList, name: &str| combined(&fields.0.borrow(), name));
    engine.register_fn("get", |fields: &mut FieldList, name: &str, default: Dynamic| {
        or(combined(&fields.0.borrow(), name), default)
    });
    engine.register_fn("items", |fields: &mut FieldList| items(&fields.0.borrow()));
    engine.register_fn("to_map", |fields: &mut FieldList| to_map(&fields.0.borrow()));
    engine.register_fn("get_list", |fields: &mut FieldList, name: &str| list(&fields.0.borrow(), name));
    engine.register_fn("contains", |fields: &mut FieldList, name: &str| fields.0.borrow().contains(name));
    engine.register_fn("delete", |fields: &mut FieldList, name: &str| fields.0.borrow_mut().remove(name) > 0);
    engine.register_fn("update", |fields: &mut FieldList, more: Dynamic| fields.update(&more));
    engine.register_fn("clear", |fields: &mut FieldList| fields.0.borrow_mut().clear());
    engine.register_fn("keys", |fields: &mut FieldList| -> Array {
        names(&fields.0.borrow()).into_iter().map(Dynamic::from).collect()
    });
    engine.register_fn("len", |fields: &mut FieldList| fields.0.borrow().len() as INT);
    engine.register_get("len", |fields: &mut FieldList| fields.0.borrow().len() as INT);
    engine.register_indexer_get(|fields: &mut FieldList, name: &str| combined(&fields.0.borrow(), name));
    engine.register_indexer_set(|fields: &mut FieldList, name: &str, value: Dynamic| fields.set(&name.into(), &value));
}
