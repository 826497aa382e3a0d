//! `request.connection`: the connection as a whole.

use std::cell::RefCell;
use std::rc::Rc;

use rhai::{Array, Dynamic, Engine, FLOAT, INT, Map, NativeCallContext};

use super::arguments::{check_options, flag_of, handle, octets, within};
use super::current::check_wait;
use super::frames::{code_of, settings_of, stream_of};
use super::outcome::{Outcome, fail, other_protocol, sent};
use crate::exchange::{CallSite, Close, Connection, Protocol, Settings, Track};
use crate::script::budget::pause;
use crate::script::call_sites::call_site;
use crate::script::limits::MAX_NESTING;
use crate::script::nesting::may_last;
use crate::script::types;
use crate::wire::frame::{ErrorCode, Frame};

/// A map that scripts share: `request.context`, `connection.context`. What is missing is `()`.
#[derive(Clone, Default)]
pub struct Context(pub Rc<RefCell<Map>>);

/// Why a context does not keep a value.
const TOO_DEEP: &str = "this is nested too deep to be kept in a context: does each request put what the one before has \
                        left into one more closure or list?";

/// The client's and our settings, by name.
#[derive(Clone)]
pub struct SettingsPair(Connection);

impl Context {
    /// Drops everything in it: what it holds may hold it, directly or as a request or connection.
    pub fn end(&self) {
        // What is dropped may look into the map.
        let held = std::mem::take(&mut *self.0.borrow_mut());
        drop(held);
    }
}

/// The map of a request, which ends with its handler.
pub struct OfRequest(pub Context);

impl Drop for OfRequest {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// The map of a connection, which ends with it.
struct OfConnection(Context);

impl Drop for OfConnection {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// The map of a connection, for all its handlers.
pub fn context_of(connection: &Connection) -> Context {
    let held = connection.context(|| OfConnection(Context::default()));
    held.map(|held| held.0.clone()).unwrap_or_default()
}

fn settings_map(settings: Option<Settings>) -> Outcome<Map> {
    let Some(settings) = settings else { return other_protocol("connection.settings", Protocol::Http2) };
    let limit = |value: Option<u32>| value.map_or(Dynamic::UNIT, |value| INT::from(value).into());
    Ok(Map::from_iter([
        ("HEADER_TABLE_SIZE".into(), INT::from(settings.header_table_size).into()),
        ("ENABLE_PUSH".into(), INT::from(settings.enable_push).into()),
        ("MAX_CONCURRENT_STREAMS".into(), limit(settings.max_concurrent_streams)),
        ("INITIAL_WINDOW_SIZE".into(), INT::from(settings.initial_window_size).into()),
        ("MAX_FRAME_SIZE".into(), INT::from(settings.max_frame_size).into()),
        ("MAX_HEADER_LIST_SIZE".into(), limit(settings.max_header_list_size)),
        ("ENABLE_CONNECT_PROTOCOL".into(), INT::from(settings.enable_connect_protocol).into()),
        ("NO_RFC7540_PRIORITIES".into(), INT::from(settings.no_rfc7540_priorities).into()),
    ]))
}

pub fn register(engine: &mut Engine) {
    register_context(engine);
    types::register(engine, "connection", |connection: &Connection| {
        format!("connection {} ({})", connection.peer().id, connection.protocol())
    });
    engine.register_get("id", |connection: &mut Connection| INT::try_from(connection.peer().id).unwrap_or(INT::MAX));
    engine.register_get("requests", |connection: &mut Connection| {
        INT::try_from(connection.requests()).unwrap_or(INT::MAX)
    });
    engine.register_get("protocol", |connection: &mut Connection| connection.protocol().to_string());
    engine.register_get("profile", |connection: &mut Connection| {
        connection.peer().profile.clone().map_or(Dynamic::UNIT, Dynamic::from)
    });
    engine.register_get("streams", |connection: &mut Connection| -> Array {
        connection.streams().into_iter().map(|id| INT::try_from(id).unwrap_or(INT::MAX).into()).collect()
    });
    engine.register_get("last_stream_id", |connection: &mut Connection| INT::from(connection.last_peer_stream_id()));
    handle!(engine, "context", |connection: &mut Connection| -> Context { context_of(connection) });
    handle!(engine, "settings", |connection: &mut Connection| -> SettingsPair { SettingsPair(connection.clone()) });
    engine.register_get("ours", |pair: &mut SettingsPair| settings_map(pair.0.local_settings()));
    engine.register_get("theirs", |pair: &mut SettingsPair| settings_map(pair.0.peer_settings()));
    register_sending(engine);
    register_ending(engine);
    engine.register_fn("pause_reading", |connection: &mut Connection| connection.pause_reading());
    engine.register_fn("resume_reading", |connection: &mut Connection| connection.resume_reading());
}

fn register_context(engine: &mut Engine) {
    types::register(engine, "context", |context: &Context| {
        format!("context with {}", context.0.borrow().keys().map(|name| name.as_str()).collect::<Vec<_>>().join(", "))
    });
    types::register(engine, "settings", |pair: &SettingsPair| format!("settings of connection {}", pair.0.peer().id));
    engine.register_indexer_get(|context: &mut Context, name: &str| -> Outcome<Dynamic> {
        let held = context.0.borrow().get(name).cloned().unwrap_or(Dynamic::UNIT);
        // A closure may have put more into what it holds.
        if may_last(&held) { Ok(held) } else { fail(TOO_DEEP) }
    });
    engine.register_indexer_set(|context: &mut Context, name: &str, value: Dynamic| -> Outcome<()> {
        if !may_last(&value) {
            return fail(TOO_DEEP);
        }
        let mut map = context.0.borrow_mut();
        if map.len() >= MAX_NESTING {
            return fail("a context cannot hold more entries");
        }
        let former = map.insert(name.into(), value.flatten());
        drop(map);
        // What is dropped may look into the map.
        drop(former);
        Ok(())
    });
    engine.register_fn("contains", |context: &mut Context, name: &str| context.0.borrow().contains_key(name));
    engine.register_fn("remove", |context: &mut Context, name: &str| {
        context.0.borrow_mut().remove(name).unwrap_or(Dynamic::UNIT)
    });
    engine.register_fn("keys", |context: &mut Context| -> Array {
        context.0.borrow().keys().map(|name| name.as_str().into()).collect()
    });
    engine.register_fn("clear", |context: &mut Context| context.end());
}

fn site(context: &NativeCallContext<'_>) -> CallSite {
    call_site(context, "connection.")
}

fn register_sending(engine: &mut Engine) {
    engine.register_fn("send", |context: NativeCallContext, connection: &mut Connection, frame: Frame| {
        sent(connection.send_frame(frame.to_raw(), Track::No.at(site(&context))))
    });
    engine.register_fn(
        "send",
        |context: NativeCallContext, connection: &mut Connection, frame: Frame, options: Map| -> Outcome<()> {
            check_options(&options, &["track"])?;
            let track = if flag_of(&options, "track", false)? { Track::Yes } else { Track::No };
            sent(connection.send_frame(frame.to_raw(), track.at(site(&context))))
        },
    );
    engine.register_fn(
        "send_bytes",
        |context: NativeCallContext, connection: &mut Connection, data: Dynamic| -> Outcome<()> {
            sent(connection.send_octets(octets("octets", &data)?, site(&context)))
        },
    );
    engine.register_fn(
        "send_settings",
        |context: NativeCallContext, connection: &mut Connection, entries: Dynamic| -> Outcome<()> {
            let entries = settings_of(&entries)?;
            sent(connection.called_at(site(&context), || connection.send_settings(entries)))
        },
    );
    engine.register_fn(
        "window_update",
        |context: NativeCallContext, connection: &mut Connection, stream: INT, increment: INT| -> Outcome<()> {
            let increment = within("an increment", increment, 0x7fff_ffff)?;
            let stream = stream_of(stream)?;
            sent(connection.called_at(site(&context), || connection.window_update(stream, increment)))
        },
    );
    engine.register_fn("ping", |context: NativeCallContext, connection: &mut Connection| -> Outcome<FLOAT> {
        check_wait("connection.ping")?;
        let (connection, site) = (connection.clone(), site(&context));
        let begin = tokio::time::Instant::now();
        sent(pause(async move { connection.ping(site).await })?)?;
        Ok(begin.elapsed().as_secs_f64())
    });
}

fn register_ending(engine: &mut Engine) {
    engine.register_fn("goaway", |context: NativeCallContext, connection: &mut Connection| {
        goaway(&context, connection, None, &Dynamic::from_int(0), "".into())
    });
    engine.register_fn("goaway", |context: NativeCallContext, connection: &mut Connection, code: Dynamic| {
        goaway(&context, connection, None, &code, "".into())
    });
    engine.register_fn(
        "goaway",
        |context: NativeCallContext, connection: &mut Connection, code: Dynamic, debug: Dynamic| {
            goaway(&context, connection, None, &code, debug)
        },
    );
    engine.register_fn(
        "goaway",
        |context: NativeCallContext, connection: &mut Connection, last: INT, code: Dynamic, debug: Dynamic| {
            goaway(&context, connection, Some(last), &code, debug)
        },
    );
    engine.register_fn("close", |connection: &mut Connection| connection.close(Close::Graceful));
    engine.register_fn("truncate", |connection: &mut Connection| connection.close(Close::Truncate));
    engine.register_fn("abort", |connection: &mut Connection| connection.close(Close::Abort));
    engine.register_fn("half_close", |connection: &mut Connection| connection.close(Close::Half));
}

fn goaway(
    context: &NativeCallContext<'_>,
    connection: &Connection,
    last: Option<INT>,
    code: &Dynamic,
    debug: Dynamic,
) -> Outcome<()> {
    let last = last.map_or(Ok(connection.last_peer_stream_id()), stream_of)?;
    let code: ErrorCode = code_of(code)?;
    let debug = octets("debug data", &debug)?;
    sent(connection.called_at(site(context), || connection.go_away(last, code, debug)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_context_holds_ends_with_it_even_if_it_is_the_context() {
        let context = Context::default();
        let weak = Rc::downgrade(&context.0);
        context.0.borrow_mut().insert("me".into(), Dynamic::from(context.clone()));
        drop(OfConnection(context));
        assert!(weak.upgrade().is_none());
    }
}
