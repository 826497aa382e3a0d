//! Every bound on clients and scripts, with its range. The defaults are those of the modules that keep them.
//!
//! Bytes, counts and seconds are plain numbers in `wpt.toml`.

use std::time::Duration;

use super::section::{seconds, whole};
use super::table::keys;
use crate::script::limits as script;
use crate::wire::frame::SettingId;
use crate::{exchange, h1, h2};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;
const ANY_COUNT: u64 = u32::MAX as u64;
/// A day: longer is "never", and a timer that far away is a mistake.
const MAX_SECONDS: f64 = 86_400.0;

/// All limits: `[limits]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    /// `[limits]` itself.
    pub server: ServerLimits,
    /// `[limits.script]`.
    pub script: ScriptLimits,
    /// `[limits.http1]`.
    pub http1: Http1Limits,
    /// `[limits.http2]`.
    pub http2: Http2Limits,
}

keys! {
    /// Limits whatever the protocol.
    ServerLimits for options: exchange::Limits, in "limits." {
        /// Bytes of a request body that a script can read as a whole; reading a larger one gives 413.
        body: u64 => options.body, whole(0..=16 * GIB), Reload;
        /// Bytes that the requests of one connection may make the server keep, with their bookkeeping: bodies, and what waits
        /// for handlers. One body alone may have `body` besides.
        connection: u64 => options.kept, whole(MIB..=16 * GIB), Reload;
        /// Seconds for the TLS handshake.
        handshake_timeout: Duration = Duration::from_secs(10), seconds(0.001..=MAX_SECONDS), Start;
        /// Seconds without progress, until a client that does not read what waits for it is cut off.
        stall_timeout: Duration = Duration::from_secs(60), seconds(0.001..=MAX_SECONDS), Reload;
        /// Seconds for open streams to end when the server stops.
        shutdown_timeout: Duration = Duration::from_secs(5), seconds(0.0..=MAX_SECONDS), Reload;
    }
}

keys! {
    /// Limits of each handler.
    ScriptLimits for options: script::Limits, in "limits.script." {
        /// Operations of the Rhai engine per request; 0 = no limit.
        operations: u64 => options.operations, whole(0..=i64::MAX.unsigned_abs()), Reload;
        /// Seconds from the start of a handler to its end, waiting or running.
        time: Duration => options.time, seconds(0.001..=MAX_SECONDS), Reload;
        /// Nested calls of script functions.
        call_depth: usize => options.call_depth, whole(1..=64), Reload;
        /// Nested expressions.
        expression_depth: usize => options.expression_depth, whole(1..=64), Reload;
        /// Bytes of a string.
        string: usize => options.string, whole(1..=GIB), Reload;
        /// Elements of an array.
        array: usize => options.array, whole(1..=10_000), Reload;
        /// Entries of a map.
        map: usize => options.map, whole(1..=10_000), Reload;
        /// Variables in scope at once.
        variables: usize => options.variables, whole(1..=ANY_COUNT), Reload;
        /// Functions in one file.
        functions: usize => options.functions, whole(1..=ANY_COUNT), Reload;
        /// Modules that one handler can import.
        modules: usize => options.modules, whole(0..=ANY_COUNT), Reload;
        /// Bytes that the process may grow by while a handler is busy (Linux); 0 = no limit.
        memory: u64 => options.memory, whole(0..=i64::MAX.unsigned_abs()), Reload;
        /// Bytes of a script file.
        source: usize => options.source, whole(1..=GIB), Reload;
        /// Handlers running or waiting at once on the whole server; further requests get 503. Each takes two of the system's
        /// `vm.max_map_count`.
        live: usize => options.live, whole(1..=1_000_000), Reload;
        /// Frames of one `flood::` call; more is a script error.
        flood_frames: u32 => options.flood_frames, whole(0..=ANY_COUNT), Reload;
        /// Bytes of one `flood::` call, on the wire.
        flood_octets: u64 => options.flood_octets, whole(0..=16 * GIB), Reload;
    }
}

impl ScriptLimits {
    /// As the script host takes them.
    pub fn options(&self) -> script::Limits {
        let mut options = script::Limits::default();
        self.apply(&mut options);
        options
    }
}

keys! {
    /// Limits of each HTTP/1.1 connection.
    Http1Limits for options: h1::Config, in "limits.http1." {
        /// Bytes of the request line; beyond that 414.
        request_line: usize => options.limits.request_line, whole(64..=GIB), Reload;
        /// Bytes of request line and header lines; beyond that 431.
        head: usize => options.limits.head, whole(64..=GIB), Reload;
        /// Header lines of a request, or trailer lines; beyond that 431.
        field_lines: usize => options.limits.field_lines, whole(1..=ANY_COUNT), Reload;
        /// Bytes of a chunk-size line with its extensions; beyond that 400.
        chunk_line: usize => options.limits.chunk_line, whole(16..=GIB), Reload;
        /// Bytes of a body that wait for the handler; at this limit the server stops reading.
        unconsumed_body: usize => options.limits.unconsumed_body, whole(1..=GIB), Reload;
        /// Bytes of pipelined requests that wait for the one before; at this limit the server stops reading.
        pipelined: usize => options.limits.pipelined, whole(1..=GIB), Reload;
        /// Bytes of a response that wait to be sent; at this limit a handler that writes has to wait.
        queued_output: usize => options.limits.queued_output, whole(1..=GIB), Reload;
        /// Bytes of a body read and dropped after an early response; if more is left, the connection closes.
        drained_body: u64 => options.limits.drained_body, whole(0..=16 * GIB), Reload;
        /// Seconds from the first byte of a request's head to its end; beyond that 408.
        head_timeout: Duration => options.timeouts.head, seconds(0.001..=MAX_SECONDS), Reload;
        /// Seconds without any byte between requests, until the connection is closed.
        idle_timeout: Duration => options.timeouts.idle, seconds(0.001..=MAX_SECONDS), Reload;
    }
}

keys! {
    /// Limits of each HTTP/2 connection. Exceeding one against floods closes it with GOAWAY(ENHANCE_YOUR_CALM).
    Http2Limits for options: h2::Config, in "limits.http2." {
        /// Streams of a client at once: SETTINGS_MAX_CONCURRENT_STREAMS.
        streams: u32 => *setting(options, SettingId::MAX_CONCURRENT_STREAMS), whole(0..=ANY_COUNT), Reload;
        /// Receive window of a stream, in bytes: SETTINGS_INITIAL_WINDOW_SIZE.
        stream_window: u32 => *setting(options, SettingId::INITIAL_WINDOW_SIZE), whole(0..=0x7fff_ffff), Reload;
        /// Receive window of the connection, in bytes.
        connection_window: u32 => options.connection_window, whole(65_535..=0x7fff_ffff), Reload;
        /// Bytes of a frame's payload: SETTINGS_MAX_FRAME_SIZE.
        frame_size: u32 => *setting(options, SettingId::MAX_FRAME_SIZE), whole(16_384..=16_777_215), Reload;
        /// Bytes of a request's headers, uncompressed: SETTINGS_MAX_HEADER_LIST_SIZE.
        field_section: u32 => *setting(options, SettingId::MAX_HEADER_LIST_SIZE), whole(1024..=16 * MIB), Reload;
        /// Bytes of a request's headers, compressed, over all frames.
        field_block: usize => options.limits.max_field_block, whole(1024..=16 * MIB), Reload;
        /// CONTINUATION frames of one header block.
        continuations: u32 => options.limits.max_continuations, whole(0..=ANY_COUNT), Reload;
        /// Seconds in which the next nine are counted.
        period: Duration => options.limits.period, seconds(0.001..=MAX_SECONDS), Reload;
        /// Streams that the client resets.
        resets: u32 => options.limits.max_resets, whole(1..=ANY_COUNT), Reload;
        /// Streams that the server resets because of what the client sent.
        errors: u32 => options.limits.max_errors, whole(1..=ANY_COUNT), Reload;
        /// Streams beyond `streams`, which are refused.
        refused: u32 => options.limits.max_refused, whole(1..=ANY_COUNT), Reload;
        /// SETTINGS frames.
        settings: u32 => options.limits.max_settings, whole(1..=ANY_COUNT), Reload;
        /// PING frames.
        pings: u32 => options.limits.max_pings, whole(1..=ANY_COUNT), Reload;
        /// PRIORITY and PRIORITY_UPDATE frames.
        priorities: u32 => options.limits.max_priorities, whole(1..=ANY_COUNT), Reload;
        /// DATA frames with neither data nor END_STREAM.
        empty_data: u32 => options.limits.max_empty_data, whole(1..=ANY_COUNT), Reload;
        /// WINDOW_UPDATE frames beyond four for each DATA frame that the server sent.
        window_updates: u32 => options.limits.max_window_updates, whole(1..=ANY_COUNT), Reload;
        /// Frames of unknown types, or on streams that are gone.
        unknown: u32 => options.limits.max_unknown, whole(1..=ANY_COUNT), Reload;
        /// Bytes of automatic replies that wait to be sent.
        queued: usize => options.limits.max_queued, whole(1024..=GIB), Reload;
        /// Seconds for the client's preface and first SETTINGS.
        preface_timeout: Duration => options.limits.preface_timeout, seconds(0.001..=MAX_SECONDS), Reload;
        /// Seconds from the first byte of a frame or header block to its end, or for each further 16 KiB of a larger frame.
        frame_timeout: Duration => options.limits.frame_timeout, seconds(0.001..=MAX_SECONDS), Reload;
        /// Seconds without streams, until a silent connection is closed.
        idle_timeout: Duration => options.limits.idle_timeout, seconds(0.001..=MAX_SECONDS), Reload;
    }
}

/// The value of one of our SETTINGS.
fn setting(options: &mut h2::Config, id: SettingId) -> &mut u32 {
    let settings = &mut options.settings;
    let at = settings.iter().position(|(known, _)| *known == id.0).unwrap_or_else(|| {
        settings.push((id.0, 0));
        settings.len() - 1
    });
    &mut settings[at].1
}
