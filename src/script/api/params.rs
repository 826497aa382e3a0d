//! Names with values, as in a query or a form: `request.GET`, `request.POST`, `request.cookies`.

use std::borrow::Cow;
use std::collections::HashSet;
use std::rc::Rc;

use bytes::Bytes;
use rhai::{Array, Dynamic, Engine, FLOAT, INT};

use super::outcome::{Outcome, fail};
use super::upload::Upload;
use crate::script::error::BadRequest;
use crate::script::octets::{Octets, text_of};
use crate::script::types;

/// Names with values in order, repeated names kept.
#[derive(Clone, Default)]
pub struct Params(Rc<Vec<Param>>);

/// One name with its value.
pub struct Param {
    name: String,
    value: Bytes,
    /// The value as a file, if it was uploaded as one.
    file: Option<Upload>,
}

impl Param {
    /// A value of any octets.
    pub fn new(name: &[u8], value: Bytes) -> Self {
        Self { name: text_of(name).into_owned(), value, file: None }
    }

    /// An uploaded file.
    pub fn file(name: &[u8], file: Upload) -> Self {
        Self { file: Some(file.clone()), ..Self::new(name, file.content()) }
    }

    /// The value as text.
    pub fn text(&self) -> Cow<'_, str> {
        text_of(&self.value)
    }

    fn value(&self) -> Dynamic {
        match &self.file {
            Some(file) => Dynamic::from(file.clone()),
            None => self.text().as_ref().into(),
        }
    }
}

impl FromIterator<Param> for Params {
    fn from_iter<I: IntoIterator<Item = Param>>(params: I) -> Self {
        Self(Rc::new(params.into_iter().collect()))
    }
}

impl Params {
    /// From names and values, any octets.
    pub fn new(pairs: impl IntoIterator<Item = (Bytes, Bytes)>) -> Self {
        pairs.into_iter().map(|(name, value)| Param::new(&name, value)).collect()
    }

    /// The first value of a name.
    pub fn first(&self, name: &str) -> Option<&Param> {
        self.0.iter().find(|param| param.name == name)
    }

    /// Each name once, in order of first appearance.
    pub fn names(&self) -> Vec<&str> {
        let mut seen = HashSet::new();
        self.0.iter().map(|param| param.name.as_str()).filter(|name| seen.insert(*name)).collect()
    }

    /// All values of a name.
    pub fn list<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Param> {
        self.0.iter().filter(move |param| param.name == name)
    }

    fn shown(&self) -> String {
        let pairs: Vec<(&str, Cow<'_, str>)> = self.0.iter().map(|param| (&*param.name, param.text())).collect();
        types::shown_pairs(pairs.iter().map(|(name, value)| (*name, &**value)))
    }

    fn last(&self, name: &str) -> Option<&Param> {
        self.0.iter().rfind(|param| param.name == name)
    }

    fn integer(&self, name: &str, default: INT, least: INT, most: INT) -> Outcome<INT> {
        let Some(text) = self.first(name).map(Param::text) else { return Ok(default) };
        let digits = text.strip_prefix("0x").map_or_else(|| text.parse(), |digits| INT::from_str_radix(digits, 16));
        match digits {
            Ok(number) if (least..=most).contains(&number) => Ok(number),
            _ => bad(format!("The parameter `{name}` must be a whole number from {least} to {most}, not {text:?}.")),
        }
    }

    fn number(&self, name: &str, default: FLOAT, least: FLOAT, most: FLOAT) -> Outcome<FLOAT> {
        let Some(text) = self.first(name).map(Param::text) else { return Ok(default) };
        match text.parse() {
            Ok(number) if (least..=most).contains(&number) => Ok(number),
            _ => bad(format!("The parameter `{name}` must be a number from {least} to {most}, not {text:?}.")),
        }
    }

    fn choice(&self, name: &str, choices: Array) -> Outcome<Dynamic> {
        let Some(default) = choices.first() else { return fail("choice takes a list with something in it") };
        let Some(text) = self.first(name).map(Param::text) else { return Ok(default.clone()) };
        match choices.iter().find(|choice| choice.to_string() == text) {
            Some(choice) => Ok(choice.clone()),
            None => {
                let all: Vec<String> = choices.iter().map(ToString::to_string).collect();
                bad(format!("The parameter `{name}` must be one of {}, not {text:?}.", all.join(", ")))
            }
        }
    }
}

/// Ends the handler with a 400 that says this.
fn bad<T>(text: String) -> Outcome<T> {
    Err(BadRequest { status: 400, text }.into())
}

fn or_unit(param: Option<&Param>) -> Dynamic {
    param.map_or(Dynamic::UNIT, Param::value)
}

pub fn register(engine: &mut Engine) {
    types::register(engine, "parameters", Params::shown);
    types::register(engine, "bad request", |error: &BadRequest| error.text.clone());
    for name in ["first", "get"] {
        engine.register_fn(name, |params: &mut Params, name: &str| or_unit(params.first(name)));
        engine.register_fn(name, |params: &mut Params, name: &str, default: Dynamic| {
            params.first(name).map_or(default, Param::value)
        });
    }
    engine.register_fn("last", |params: &mut Params, name: &str| or_unit(params.last(name)));
    engine.register_fn("last", |params: &mut Params, name: &str, default: Dynamic| {
        params.last(name).map_or(default, Param::value)
    });
    engine.register_indexer_get(|params: &mut Params, name: &str| or_unit(params.first(name)));
    engine.register_fn("get_list", |params: &mut Params, name: &str| -> Array {
        params.list(name).map(Param::value).collect()
    });
    engine.register_fn("get_bytes", |params: &mut Params, name: &str| {
        params.first(name).map_or(Dynamic::UNIT, |param| Dynamic::from(Octets(param.value.clone())))
    });
    engine.register_fn("contains", |params: &mut Params, name: &str| params.first(name).is_some());
    engine.register_fn("keys", |params: &mut Params| -> Array { params.names().into_iter().map(Into::into).collect() });
    for name in ["items", "pairs"] {
        engine.register_fn(name, |params: &mut Params| -> Array {
            let pair = |param: &Param| Dynamic::from_array(vec![param.name.as_str().into(), param.value()]);
            params.0.iter().map(pair).collect()
        });
    }
    engine.register_fn("len", |params: &mut Params| params.0.len() as INT);
    engine.register_get("len", |params: &mut Params| params.0.len() as INT);
    engine.register_fn("integer", |params: &mut Params, name: &str, default: INT, least: INT, most: INT| {
        params.integer(name, default, least, most)
    });
    engine.register_fn("number", |params: &mut Params, name: &str, default: FLOAT, least: FLOAT, most: FLOAT| {
        params.number(name, default, least, most)
    });
    engine.register_fn("choice", |params: &mut Params, name: &str, choices: Array| params.choice(name, choices));
}
