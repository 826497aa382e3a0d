//! What scripts see: one file per topic.
//!
//! Objects are cheap handles; their getters have setters without effect, since Rhai writes back what a getter gave
//! after a method was called on it.

mod barriers;
pub mod connection;
pub mod cookies;
pub mod delivery;
pub mod draft;
pub mod fields;
pub mod flood;
pub mod frames;
pub mod fuzz;
pub mod helpers;
pub mod hooks;
pub mod hpack;
pub mod json;
pub mod lines;
pub mod params;
pub mod pieces;
pub mod request;
pub mod response;
pub mod server;
pub mod shaping;
pub mod stash;
pub mod upload;
pub mod writer;
pub mod writing;

use rhai::{Dynamic, Engine, EvalAltResult, FLOAT, Map, NativeCallContext};
use std::time::Duration;

use super::budget::{self, Ending};
use super::calls;
use super::loader::Entry;
use crate::exchange::{Protocol, SendError};

/// The outcome of a host function.
pub type Outcome<T> = Result<T, Box<EvalAltResult>>;

/// Registers all of it.
pub fn register(engine: &mut Engine) {
    params::register(engine);
    upload::register(engine);
    fields::register(engine);
    request::register(engine);
    response::register(engine);
    cookies::register(engine);
    writer::register(engine);
    lines::register(engine);
    frames::register(engine);
    fuzz::register(engine);
    flood::register(engine);
    hpack::register(engine);
    connection::register(engine);
    server::register(engine);
    json::register(engine);
}

/// A message as a script error; Rhai adds the place.
fn fail<T>(message: impl Into<String>) -> Outcome<T> {
    Err(message.into().into())
}

/// A send's outcome for a script: a client that has left ends the handler quietly, unless it is there to be told so.
pub fn sent<T>(outcome: Result<T, SendError>) -> Outcome<T> {
    outcome.map_err(|error| {
        if !error.is_peer_gone() {
            return error.text(calls::place_of).into();
        }
        let Some(run) = budget::current() else { return budget::ended() };
        if run.profile_call.get() == Some(Entry::OnClose) {
            return "the connection is over: nothing can be sent on it any more".into();
        }
        run.end(Ending::Cancelled);
        budget::ended()
    })
}

/// Puts the place of the call into an error; Rhai does not do so for functions of modules.
fn located<T>(context: &NativeCallContext<'_>, outcome: Outcome<T>) -> Outcome<T> {
    outcome.map_err(|mut error| {
        if error.position().is_none() {
            error.set_position(context.call_position());
        }
        error
    })
}

/// The error for what exists in one protocol only.
fn other_protocol<T>(function: &'static str, wanted: Protocol) -> Outcome<T> {
    fail(SendError::OtherProtocol { function, wanted }.to_string())
}

/// A number within a range, for what goes into a field of so many bits.
fn within(what: &str, value: i64, most: u32) -> Outcome<u32> {
    match u32::try_from(value) {
        Ok(value) if value <= most => Ok(value),
        _ => fail(format!("{what} is 0 to {most}, not {value}")),
    }
}

/// A time that is given in seconds, whole or not.
fn time_of(seconds: &Dynamic) -> Option<Duration> {
    let number = seconds.as_float().or_else(|_| seconds.as_int().map(|whole| whole as FLOAT)).ok()?;
    Duration::try_from_secs_f64(number).ok()
}

/// A named truth value of an options map.
fn flag_of(options: &Map, name: &str, default: bool) -> Outcome<bool> {
    match options.get(name) {
        None => Ok(default),
        Some(value) => {
            value.as_bool().or_else(|other| fail(format!("the option {name} is true or false, not {other}")))
        }
    }
}

/// Refuses options that mean nothing, since a mistyped one would be ignored.
fn check_options(options: &Map, known: &[&str]) -> Outcome<()> {
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
use handle;

/// The octets of a value, or an error that says what is allowed.
fn octets(what: &str, value: &Dynamic) -> Outcome<bytes::Bytes> {
    super::octets::octets_of(value)
        .map_or_else(|| fail(format!("{what} is a string or a blob, not {}", value.type_name())), Ok)
}
