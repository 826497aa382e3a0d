//! Arguments of host functions: what they may be, and what is said if they are not.

use std::time::Duration;

use rhai::{Dynamic, FLOAT, Map};

use super::outcome::{Outcome, fail};
use crate::script::octets::octets_of;
use crate::script::types::name_of_value;

/// A number within a range, for what goes into a field of this many bits.
pub fn within(what: &str, value: i64, most: u32) -> Outcome<u32> {
    match u32::try_from(value) {
        Ok(value) if value <= most => Ok(value),
        _ => fail(format!("{what} is 0 to {most}, not {value}")),
    }
}

/// A time that is given in seconds, whole or not.
pub fn time_of(seconds: &Dynamic) -> Option<Duration> {
    let number = seconds.as_float().or_else(|_| seconds.as_int().map(|whole| whole as FLOAT)).ok()?;
    Duration::try_from_secs_f64(number).ok()
}

/// A named truth value of an options map.
pub fn flag_of(options: &Map, name: &str, default: bool) -> Outcome<bool> {
    match options.get(name) {
        None => Ok(default),
        Some(value) => {
            value.as_bool().or_else(|other| fail(format!("the option {name} is true or false, not {other}")))
        }
    }
}

/// Refuses options that mean nothing, since a mistyped one would be ignored.
pub fn check_options(options: &Map, known: &[&str]) -> Outcome<()> {
    match options.keys().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => fail(format!("there is no option {name}; there are {}", known.join(", "))),
    }
}

/// A getter whose result scripts call methods on, with the setter without effect that makes this cheap.
macro_rules! handle {
    ($engine:expr, $name:literal, |$this:ident: &mut $type:ty| -> $result:ty $body:block) => {
        $engine.register_get($name, |$this: &mut $type| -> $result { $body });
        $engine.register_set($name, |_: &mut $type, _: $result| {});
    };
}
pub(super) use handle;

/// The octets of a value, or an error that says what is allowed.
pub fn octets(what: &str, value: &Dynamic) -> Outcome<bytes::Bytes> {
    octets_of(value).map_or_else(|| fail(format!("{what} is a string or a blob, not {}", name_of_value(value))), Ok)
}
