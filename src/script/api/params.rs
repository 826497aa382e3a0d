//! Names with values, as in a query or a form: `request.GET`, `request.POST`, `request.cookies`.

use std::rc::Rc;

use rhai::{Array, Dynamic, Engine, EvalAltResult, FLOAT, INT, Position};

use super::{Outcome, fail};
use crate::script::error::BadRequest;

/// Names with values in order, repeated names kept.
#[derive(Clone, Debug, Default)]
pub struct Params(pub Rc<Vec<(String, String)>>);

impl Params {
    /// From octets, read as UTF-8 as far as they are.
    pub fn new<'a>(pairs: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Self {
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        Self(Rc::new(pairs.into_iter().map(|(name, value)| (text(name), text(value))).collect()))
    }

    /// The first value of a name.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Each name once, in order of first appearance.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in self.0.iter() {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names
    }

    /// All values of a name.
    pub fn list<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn first_or_unit(&self, name: &str) -> Dynamic {
        self.first(name).map_or(Dynamic::UNIT, Into::into)
    }

    fn integer(&self, name: &str, default: INT, least: INT, most: INT) -> Outcome<INT> {
        let Some(text) = self.first(name) else { return Ok(default) };
        let digits = text.strip_prefix("0x").map_or_else(|| text.parse(), |digits| INT::from_str_radix(digits, 16));
        match digits {
            Ok(number) if (least..=most).contains(&number) => Ok(number),
            _ => bad(format!("The parameter {name} is a whole number from {least} to {most}, not {text:?}.")),
        }
    }

    fn number(&self, name: &str, default: FLOAT, least: FLOAT, most: FLOAT) -> Outcome<FLOAT> {
        let Some(text) = self.first(name) else { return Ok(default) };
        match text.parse() {
            Ok(number) if (least..=most).contains(&number) => Ok(number),
            _ => bad(format!("The parameter {name} is a number from {least} to {most}, not {text:?}.")),
        }
    }

    fn choice(&self, name: &str, choices: Array) -> Outcome<Dynamic> {
        let Some(default) = choices.first() else { return fail("choice takes a list with something in it") };
        let Some(text) = self.first(name) else { return Ok(default.clone()) };
        match choices.iter().find(|choice| choice.to_string() == text) {
            Some(choice) => Ok(choice.clone()),
            None => {
                let all: Vec<String> = choices.iter().map(ToString::to_string).collect();
                bad(format!("The parameter {name} is one of {}, not {text:?}.", all.join(", ")))
            }
        }
    }
}

/// Ends the handler with a 400 that says this.
fn bad<T>(text: String) -> Outcome<T> {
    Err(EvalAltResult::ErrorRuntime(Dynamic::from(BadRequest(text)), Position::NONE).into())
}

pub fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Params>("parameters");
    engine.register_type_with_name::<BadRequest>("bad request");
    engine.register_fn("to_string", |error: &mut BadRequest| error.0.clone());
    engine.register_fn("first", |params: &mut Params, name: &str| params.first_or_unit(name));
    engine.register_fn("first", |params: &mut Params, name: &str, default: Dynamic| {
        params.first(name).map_or(default, Into::into)
    });
    engine.register_fn("get", |params: &mut Params, name: &str| params.first_or_unit(name));
    engine.register_indexer_get(|params: &mut Params, name: &str| params.first_or_unit(name));
    engine.register_fn("get_list", |params: &mut Params, name: &str| -> Array {
        params.list(name).map(Into::into).collect()
    });
    engine.register_fn("contains", |params: &mut Params, name: &str| params.first(name).is_some());
    engine.register_fn("keys", |params: &mut Params| -> Array { params.names().into_iter().map(Into::into).collect() });
    engine.register_fn("pairs", |params: &mut Params| -> Array {
        let pair = |(name, value): &(String, String)| Dynamic::from_array(vec![name.into(), value.into()]);
        params.0.iter().map(pair).collect()
    });
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
