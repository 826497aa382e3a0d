//! `flood::`: many frames of one kind at a client, and what the client did about them.

use bytes::Bytes;
use rhai::{Dynamic, Engine, FLOAT, INT, Map, NativeCallContext};
use std::time::Duration;

use super::arguments::{check_options, flag_of, time_of};
use super::current::{self, check_wait};
use super::flood_report;
use super::frames::stream_of;
use super::functions::Functions;
use super::outcome::{Outcome, fail, other_protocol, sent};
use super::request::Request;
use super::response::Response;
use super::writer::Writer;
use crate::exchange::{CallSite, Connection, Exchange, Protocol, Track};
use crate::http::Fields;
use crate::script::budget::{self, pause};
use crate::script::call_sites::call_site;
use crate::script::entries::Entry;
use crate::script::flood::{Client, Plan};
use crate::script::types::name_of_value;
use crate::wire::flood::{BOMB_OVERHEAD, Flood, Kind};
use crate::wire::hpack::DEFAULT_TABLE_SIZE;

/// The most that an option `size` may be: what goes with it fits into a frame of any client.
const MAX_SIZE: INT = 16_000;

/// The most entries of one SETTINGS frame.
const MAX_ENTRIES: INT = 2_666;

/// Frames between two turns of everybody else, unless the script says how many.
const BURST: INT = 256;

/// Seconds to wait for what the client does, unless the script says how many.
const WAIT: FLOAT = 5.0;

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Continuation,
    Settings,
    Ping,
    Data,
    Informational,
    PushPromise,
    RstStream,
    WindowUpdate,
    Priority,
    Unknown,
    HpackBomb,
}

/// A function of `flood::`.
struct Preset {
    what: What,
    function: &'static str,
    count: INT,
    /// Default and maximum, where there is anything to size.
    size: Option<(INT, INT)>,
    /// Whether its frames belong to a stream.
    on_stream: bool,
}

const fn preset(what: What, function: &'static str, count: INT, size: Option<(INT, INT)>, on_stream: bool) -> Preset {
    Preset { what, function, count, size, on_stream }
}

static PRESETS: [Preset; 11] = [
    preset(What::Continuation, "flood::continuation", 1_000, Some((64, MAX_SIZE)), true),
    preset(What::Settings, "flood::settings", 1_000, Some((0, MAX_ENTRIES)), false),
    preset(What::Ping, "flood::ping", 1_000, None, false),
    preset(What::Data, "flood::data", 1_000, Some((0, MAX_SIZE)), true),
    preset(What::Informational, "flood::informational", 1_000, Some((16, MAX_SIZE)), true),
    preset(What::PushPromise, "flood::push_promise", 100, Some((16, MAX_SIZE)), true),
    preset(What::RstStream, "flood::rst_stream", 1_000, None, true),
    preset(What::WindowUpdate, "flood::window_update", 1_000, None, false),
    preset(What::Priority, "flood::priority", 1_000, None, true),
    preset(What::Unknown, "flood::unknown", 1_000, Some((16, MAX_SIZE)), false),
    preset(What::HpackBomb, "flood::hpack_bomb", 16_000, Some((0, MAX_SIZE)), true),
];

pub fn register(engine: &mut Engine) {
    let mut module = Functions::default();
    for preset in &PRESETS {
        let name = preset.function.trim_start_matches("flood::");
        module.add(name, |context: NativeCallContext<'_>, to: Dynamic| send(preset, &context, &to, &Map::new()));
        module.add(name, |context: NativeCallContext<'_>, to: Dynamic, options: Map| {
            send(preset, &context, &to, &options)
        });
    }
    module.register(engine, "flood");
}

/// Whom a flood is for.
struct Target {
    connection: Connection,
    exchange: Option<Exchange>,
}

impl Target {
    fn of(value: &Dynamic) -> Outcome<Self> {
        if let Some(connection) = value.read_lock::<Connection>() {
            return Ok(Self { connection: connection.clone(), exchange: None });
        }
        let exchange = if let Some(writer) = value.read_lock::<Writer>() {
            writer.0.exchange().clone()
        } else if let Some(response) = value.read_lock::<Response>() {
            response.exchange().clone()
        } else if let Some(request) = value.read_lock::<Request>() {
            request.exchange().clone()
        } else {
            let other = name_of_value(value);
            return fail(format!(
                "the target of a flood must be a response, writer, request or connection, not {other}"
            ));
        };
        Ok(Self { connection: exchange.connection().clone(), exchange: Some(exchange) })
    }

    /// The exchange, if it is the one on that stream.
    fn on(&self, stream: u32) -> Option<&Exchange> {
        self.exchange.as_ref().filter(|exchange| exchange.stream_id() == Some(stream))
    }
}

/// Sends it, waits, and tells what came of it.
fn send(preset: &Preset, context: &NativeCallContext<'_>, to: &Dynamic, options: &Map) -> Outcome<Dynamic> {
    let target = Target::of(to)?;
    if target.connection.protocol() != Protocol::Http2 {
        return other_protocol(preset.function, Protocol::Http2);
    }
    let plan = preset.plan(&target, call_site(context, "flood::"), options)?;
    let Some(run) = budget::current() else { return fail("only handlers and profiles can send floods") };
    run.set_outlives_client(true);
    let report = sent(pause(plan.run())?)?;
    let left = !matches!(report.client, Client::Acknowledged | Client::Silent);
    run.set_outlives_client(left);
    let (did, code) = report.client.words();
    let code = code.map(|code| format!(" {code}")).unwrap_or_default();
    tracing::info!(
        target: "script",
        connection = target.connection.peer().id,
        "{}: {} frames, {} bytes, then the client: {did}{code}", preset.function, report.frames, report.octets,
    );
    Ok(flood_report::of(&report))
}

impl Preset {
    fn plan(&self, target: &Target, site: CallSite, options: &Map) -> Outcome<Plan> {
        let mut known = vec!["count", "seed", "burst", "pause", "wait", "stream_id"];
        known.extend(self.size.map(|_| "size"));
        known.extend((self.what == What::Continuation).then_some("end"));
        check_options(options, &known)?;
        let stream = self.stream(target, options)?;
        let own = target.on(stream);
        if self.what == What::Data && own.is_some_and(|exchange| !exchange.headers_sent()) {
            return fail(
                "flood::data comes after the header section: send that first, by response.write_status_headers() or \
                 response.writer.write_headers(200, [])",
            );
        }
        let ends = flag_of(options, "end", true)?;
        let (count, size) = (self.count(options)?, self.size(&target.connection, options)?);
        let seed = whole(options, "seed", 0, INT::MIN, INT::MAX)?;
        let (kind, head) = self.kind(target, ends)?;
        let flood = Flood::new(kind, stream, count, size, super::fuzz::seed_of(seed), head);
        self.check_octets(&flood)?;
        // An interim response leaves the final one to be written yet, so nothing may follow it.
        let track = if self.what == What::Informational { Track::No } else { Track::Yes };
        let is_head = matches!(self.what, What::Continuation | What::HpackBomb);
        Ok(Plan {
            connection: target.connection.clone(),
            head_of: if is_head { own.cloned() } else { None },
            flood,
            call: track.at(site),
            burst: whole(options, "burst", BURST, 1, INT::MAX)?.unsigned_abs(),
            pause: seconds(options, "pause", 0.0)?,
            wait: self.wait(options)?,
            ends,
        })
    }

    /// The stream that it is on: the one that is named, or the exchange's own.
    fn stream(&self, target: &Target, options: &Map) -> Outcome<u32> {
        if let Some(id) = options.get("stream_id") {
            let number = id.as_int();
            return number
                .map_or_else(|_| fail(format!("the option stream_id must be a whole number, not {id}")), stream_of);
        }
        match target.exchange.as_ref().and_then(Exchange::stream_id) {
            _ if !self.on_stream => Ok(0),
            Some(stream) => Ok(stream),
            None => fail(format!(
                "{} is on a stream: give it the response rather than the connection, or name one by stream_id",
                self.function
            )),
        }
    }

    fn count(&self, options: &Map) -> Outcome<u32> {
        let most = budget::current().map_or(0, |run| run.limits().flood_frames);
        let count = whole(options, "count", self.count.min(INT::from(most)), 0, INT::MAX)?;
        match u32::try_from(count) {
            Ok(count) if count <= most => Ok(count),
            _ => fail(format!(
                "{}: count is at most {most} (flood_frames in [limits.script] of wpt.toml), not {count}",
                self.function
            )),
        }
    }

    fn size(&self, connection: &Connection, options: &Map) -> Outcome<usize> {
        let Some((default, most)) = self.size else { return Ok(0) };
        let mut size = default;
        if self.what == What::HpackBomb && !options.contains_key("size") {
            // One entry that just fits into the client's dynamic table, as far as our encoder uses it.
            let table = connection.peer_settings().map_or(0, |settings| settings.header_table_size as usize);
            let room = table.min(DEFAULT_TABLE_SIZE).checked_sub(BOMB_OVERHEAD);
            let Some(room) = room.and_then(|room| INT::try_from(room).ok()) else {
                return fail(format!("{}: no header fits into the client's table of {table} bytes", self.function));
            };
            size = room;
        }
        let size = whole(options, "size", size, 0, most)?;
        Ok(usize::try_from(size).unwrap_or(0))
    }

    fn wait(&self, options: &Map) -> Outcome<Duration> {
        // What the client does there can be seen only afterwards.
        let in_on_frame = current::profile_call() == Some(Entry::OnFrame);
        let wait = seconds(options, "wait", if in_on_frame { 0.0 } else { WAIT })?;
        if !wait.is_zero() {
            check_wait(self.function)?;
        }
        Ok(wait)
    }

    fn check_octets(&self, flood: &Flood) -> Outcome<()> {
        let most = budget::current().map_or(0, |run| run.limits().flood_octets);
        let octets = flood.octets();
        if octets <= most {
            return Ok(());
        }
        fail(format!(
            "{}: {octets} bytes are more than {most} (flood_octets in [limits.script] of wpt.toml)",
            self.function
        ))
    }

    /// What it is made of, and what its first field block begins with.
    fn kind(&self, target: &Target, ends: bool) -> Outcome<(Kind, Bytes)> {
        let connection = &target.connection;
        let (due, status) = (|| block(connection, &[]), || block(connection, &[(":status", "200")]));
        Ok(match self.what {
            What::Continuation => (Kind::Continuation { ends }, status()?),
            What::Settings => (Kind::Settings, Bytes::new()),
            What::Ping => (Kind::Ping, Bytes::new()),
            What::Data => (Kind::Data, Bytes::new()),
            What::Informational => (Kind::Informational, due()?),
            What::PushPromise => {
                let request = target.exchange.as_ref().map(Exchange::request);
                let scheme = request.map_or("https".into(), |request| request.scheme.clone());
                let authority = request.map_or("localhost".into(), |request| request.authority.clone());
                (Kind::PushPromise { first: connection.next_promised_stream_id(), scheme, authority }, due()?)
            }
            What::RstStream => (Kind::RstStream, Bytes::new()),
            What::WindowUpdate => (Kind::WindowUpdate, Bytes::new()),
            What::Priority => (Kind::Priority, Bytes::new()),
            What::Unknown => (Kind::Unknown, Bytes::new()),
            What::HpackBomb => {
                let frame_size = connection.peer_settings().map_or(0, |settings| settings.max_frame_size as usize);
                (Kind::HpackBomb { frame_size }, status()?)
            }
        })
    }
}

/// A block of the connection's encoder, which begins with the size updates that are due.
fn block(connection: &Connection, fields: &[(&'static str, &'static str)]) -> Outcome<Bytes> {
    let mut list = Fields::new();
    for (name, value) in fields {
        list.append(*name, *value);
    }
    sent(connection.encode(&list))
}

/// A whole number of the options.
fn whole(options: &Map, name: &str, default: INT, least: INT, most: INT) -> Outcome<INT> {
    let Some(value) = options.get(name) else { return Ok(default) };
    match value.as_int() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ if most == INT::MAX => fail(format!("the option {name} must be a whole number from {least} on, not {value}")),
        _ => fail(format!("the option {name} must be a whole number from {least} to {most}, not {value}")),
    }
}

/// A time of the options.
fn seconds(options: &Map, name: &str, default: FLOAT) -> Outcome<Duration> {
    let value = options.get(name).cloned().unwrap_or(Dynamic::from_float(default));
    match time_of(&value) {
        Some(time) => Ok(time),
        None => fail(format!("the option {name} is a time in seconds, not {value}")),
    }
}
