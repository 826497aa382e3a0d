//! What a script can wait for on its connection, and what it can say about it: no script needs a sleep to be sure.

use rhai::{Dynamic, Engine, FnPtr, Map, NativeCallContext};

use super::arguments::time_of;
use super::current::check_wait;
use super::frames::type_of;
use super::outcome::{Outcome, fail, sent};
use crate::exchange::{Connection, Expectation, SendError};
use crate::script::budget::pause;
use crate::script::call_sites::call_site;
use crate::script::octets::octets_of;
use crate::script::types::name_of_value;
use crate::wire::frame::Frame;
use tokio::time::Instant;

/// Which frames of the wanted type count.
enum Filter {
    All,
    /// Those for which it is true.
    Function(FnPtr),
    /// Those whose properties have these values.
    Properties(Map),
}

pub fn register(engine: &mut Engine) {
    register_expect(engine);
    engine.register_fn("settings_acked", |connection: &mut Connection| -> Outcome<()> {
        check_wait("connection.settings_acked")?;
        let connection = connection.clone();
        sent(pause(async move { connection.settings_acked().await })?)
    });
    register_wait(engine);
}

fn register_expect(engine: &mut Engine) {
    engine.register_fn(
        "expect",
        |context: NativeCallContext, connection: &mut Connection, name: &str, passed: bool| {
            expect(&context, connection, name, passed, "")
        },
    );
    engine.register_fn(
        "expect",
        |context: NativeCallContext, connection: &mut Connection, name: &str, passed: bool, detail: Dynamic| {
            expect(&context, connection, name, passed, &detail.to_string())
        },
    );
}

/// Records it, and gives `passed` back, so that a script can go by it.
fn expect(context: &NativeCallContext, connection: &Connection, name: &str, passed: bool, detail: &str) -> bool {
    if !passed {
        tracing::info!(target: "script", connection = connection.peer().id, "expectation failed: {name}: {detail}");
    }
    let expectation = Expectation { name, passed, detail };
    connection.called_at(call_site(context, "connection."), || connection.record_expectation(expectation));
    passed
}

fn register_wait(engine: &mut Engine) {
    engine.register_fn(
        "wait_for_frame",
        |context: NativeCallContext<'_>, connection: &mut Connection, wanted: Dynamic, timeout: Dynamic| {
            wait_for_frame(&context, connection, &wanted, &Filter::All, &timeout)
        },
    );
    engine.register_fn(
        "wait_for_frame",
        |context: NativeCallContext<'_>,
         connection: &mut Connection,
         wanted: Dynamic,
         filter: Dynamic,
         timeout: Dynamic| { wait_for_frame(&context, connection, &wanted, &Filter::of(filter)?, &timeout) },
    );
}

/// The next frame of a type (or of any, `()`) that passes the filter and that the client sends from now on; `()` if
/// none came in time.
fn wait_for_frame(
    context: &NativeCallContext<'_>,
    connection: &Connection,
    wanted: &Dynamic,
    filter: &Filter,
    timeout: &Dynamic,
) -> Outcome<Dynamic> {
    let wanted = if wanted.is_unit() { None } else { Some(type_of(wanted)?) };
    let Some(deadline) = time_of(timeout).and_then(|timeout| Instant::now().checked_add(timeout)) else {
        return fail(format!("{timeout} is not a time in seconds"));
    };
    check_wait("connection.wait_for_frame")?;
    let mut frames = sent(connection.subscribe(wanted))?;
    loop {
        let (next, subscription) = pause(async move {
            let next = tokio::time::timeout_at(deadline, frames.next()).await;
            (next, frames)
        })?;
        match next {
            Ok(Some(frame)) => {
                let frame = Dynamic::from(Frame::from(frame));
                if filter.passes(context, &frame)? {
                    return Ok(frame);
                }
            }
            Ok(None) => return sent(Err(SendError::Gone)),
            Err(_) => return Ok(Dynamic::UNIT),
        }
        frames = subscription;
    }
}

impl Filter {
    fn of(value: Dynamic) -> Outcome<Self> {
        if let Some(function) = value.clone().try_cast::<FnPtr>() {
            return Ok(Self::Function(function));
        }
        match value.try_cast_result::<Map>() {
            Ok(properties) => Ok(Self::Properties(properties)),
            Err(other) => fail(format!(
                "a filter is a function of the frame or a map of its properties, not {}",
                name_of_value(&other)
            )),
        }
    }

    fn passes(&self, context: &NativeCallContext<'_>, frame: &Dynamic) -> Outcome<bool> {
        match self {
            Self::All => Ok(true),
            Self::Function(function) => {
                let passed: Dynamic = function.call_within_context(context, (frame.clone(),))?;
                passed.as_bool().or_else(|other| fail(format!("a filter of frames gives true or false, not {other}")))
            }
            Self::Properties(wanted) => {
                for (name, value) in wanted {
                    let getter = format!("get${name}");
                    let held: Dynamic = match context.call_native_fn(&getter, (frame.clone(),)) {
                        Ok(held) => held,
                        Err(_) => return fail(format!("a frame has no {name}")),
                    };
                    if !same(&held, value) {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
        }
    }
}

/// Whether a frame's property has the value that a script wants.
fn same(held: &Dynamic, wanted: &Dynamic) -> bool {
    if let (Ok(held), Ok(wanted)) = (held.as_int(), wanted.as_int()) {
        return held == wanted;
    }
    if let (Ok(held), Ok(wanted)) = (held.as_bool(), wanted.as_bool()) {
        return held == wanted;
    }
    match (octets_of(held), octets_of(wanted)) {
        (Some(held), Some(wanted)) => held == wanted,
        _ => held.is_unit() && wanted.is_unit(),
    }
}
