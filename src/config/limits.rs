//! Every bound on clients and scripts, with its default and its range.
//!
//! Octets, counts and seconds are written as plain numbers in `wpt.toml`.

use std::time::Duration;

use super::section::{Reader, Section, seconds, whole};
use super::table::table;
use crate::script::limits;

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

impl Limits {
    pub(super) fn read_all(&mut self, reader: &mut Reader<'_>, mut section: Section<'_>) {
        self.server.read(reader, &mut section);
        let mut script = section.section(reader, "script", "limits.script");
        self.script.read(reader, &mut script);
        script.finish(reader);
        let mut http1 = section.section(reader, "http1", "limits.http1");
        self.http1.read(reader, &mut http1);
        http1.finish(reader);
        let mut http2 = section.section(reader, "http2", "limits.http2");
        self.http2.read(reader, &mut http2);
        http2.finish(reader);
        section.finish(reader);
    }
}

table! {
    /// Limits whatever the protocol.
    ServerLimits {
        /// Octets of a request body that are kept for a handler that wants all of it; beyond them 413.
        body: usize = 64 << 20, whole(0..=16 * GIB);
        /// Time for a TLS handshake.
        handshake_timeout: Duration = Duration::from_secs(10), seconds(0.001..=MAX_SECONDS);
        /// Time that streams get to end when the server is told to.
        shutdown_timeout: Duration = Duration::from_secs(5), seconds(0.0..=MAX_SECONDS);
    }
}

table! {
    /// Limits of each handler.
    ScriptLimits {
        /// Rhai operations of one request; 0 for no limit.
        operations: u64 = 50_000_000, whole(0..=i64::MAX.unsigned_abs());
        /// Time from the start of a handler to its end, asleep or busy.
        time: Duration = Duration::from_secs(60), seconds(0.001..=MAX_SECONDS);
        /// Nested calls of script functions.
        call_depth: usize = 64, whole(1..=64);
        /// Nested expressions.
        expression_depth: usize = 64, whole(1..=64);
        /// Octets of a string.
        string: usize = 16 << 20, whole(1..=GIB);
        /// Elements of an array.
        array: usize = 10_000, whole(1..=10_000);
        /// Entries of a map.
        map: usize = 10_000, whole(1..=10_000);
        /// Variables in scope at once.
        variables: usize = 512, whole(1..=ANY_COUNT);
        /// Functions of one file.
        functions: usize = 1024, whole(1..=ANY_COUNT);
        /// Modules imported by one handler.
        modules: usize = 64, whole(0..=ANY_COUNT);
        /// Octets by which a busy handler may make the process grow; 0 for no limit. Looked at where the system tells.
        memory: u64 = 1 << 30, whole(0..=i64::MAX.unsigned_abs());
        /// Octets of a script file.
        source: usize = 1 << 20, whole(1..=GIB);
        /// Handlers running or waiting at once, in the whole process; beyond them 503. Each takes two of the system's
        /// `vm.max_map_count`.
        live: usize = 28_000, whole(1..=1_000_000);
        /// Frames of one `flood::`; a greater count is a script error.
        flood_frames: u32 = 100_000, whole(0..=ANY_COUNT);
        /// Octets of one `flood::`, on the wire.
        flood_octets: u64 = 64 << 20, whole(0..=16 * GIB);
    }
}

impl ScriptLimits {
    /// As the script host takes them.
    pub fn options(&self) -> limits::Limits {
        limits::Limits {
            operations: self.operations.value,
            time: self.time.value,
            call_depth: self.call_depth.value,
            expression_depth: self.expression_depth.value,
            string: self.string.value,
            array: self.array.value,
            map: self.map.value,
            variables: self.variables.value,
            functions: self.functions.value,
            modules: self.modules.value,
            memory: self.memory.value,
            source: self.source.value,
            live: self.live.value,
            flood_frames: self.flood_frames.value,
            flood_octets: self.flood_octets.value,
        }
    }
}

table! {
    /// Limits of each HTTP/1.1 connection.
    Http1Limits {
        /// Octets of the request line; beyond them 414.
        request_line: usize = 16 * 1024, whole(64..=GIB);
        /// Octets of the request line and the field lines together; beyond them 431.
        head: usize = 64 * 1024, whole(64..=GIB);
        /// Field lines of a head or of a trailer section; beyond them 431.
        field_lines: usize = 1_000, whole(1..=ANY_COUNT);
        /// Octets of a chunk-size line with its extensions; beyond them 400.
        chunk_line: usize = 4 * 1024, whole(16..=GIB);
        /// Octets of a body that wait for the handler; from there on the connection is not read.
        unconsumed_body: usize = 256 * 1024, whole(1..=GIB);
        /// Octets of pipelined requests that wait for the one before; from there on the connection is not read.
        pipelined: usize = 64 * 1024, whole(1..=GIB);
        /// Octets of a response that wait to be written; from there on a handler that writes has to wait.
        queued_output: usize = 128 * 1024, whole(1..=GIB);
        /// Octets of a body that are read and dropped after an early response; a longer rest closes the connection.
        drained_body: u64 = 256 * 1024, whole(0..=16 * GIB);
        /// Time from the first octet of a head to its end; beyond it 408.
        head_timeout: Duration = Duration::from_secs(30), seconds(0.001..=MAX_SECONDS);
        /// Time without any octet between requests until the connection is closed.
        idle_timeout: Duration = Duration::from_secs(120), seconds(0.001..=MAX_SECONDS);
    }
}

table! {
    /// Limits of each HTTP/2 connection. Passing one of those against floods is GOAWAY(ENHANCE_YOUR_CALM).
    Http2Limits {
        /// Streams of a client at once: SETTINGS_MAX_CONCURRENT_STREAMS.
        streams: u32 = 250, whole(0..=ANY_COUNT);
        /// Octets that a client may send on a stream before we grant more: SETTINGS_INITIAL_WINDOW_SIZE.
        stream_window: u32 = 1 << 20, whole(0..=0x7fff_ffff);
        /// The same for the whole connection.
        connection_window: u32 = 8 << 20, whole(65_535..=0x7fff_ffff);
        /// Octets of a frame's payload: SETTINGS_MAX_FRAME_SIZE.
        frame_size: u32 = 16_384, whole(16_384..=16_777_215);
        /// Octets of a field section, uncompressed: SETTINGS_MAX_HEADER_LIST_SIZE.
        field_section: u32 = 64 * 1024, whole(1024..=16 * MIB);
        /// Octets of a field block, compressed, over all its frames.
        field_block: usize = 256 * 1024, whole(1024..=16 * MIB);
        /// CONTINUATION frames of a field block.
        continuations: u32 = 1_024, whole(0..=ANY_COUNT);
        /// The period in which the counts below are counted.
        period: Duration = Duration::from_secs(10), seconds(0.001..=MAX_SECONDS);
        /// Streams that the client resets.
        resets: u32 = 1_000, whole(1..=ANY_COUNT);
        /// Streams that we reset because of what the client sent.
        errors: u32 = 1_000, whole(1..=ANY_COUNT);
        /// SETTINGS frames.
        settings: u32 = 200, whole(1..=ANY_COUNT);
        /// PING frames.
        pings: u32 = 1_000, whole(1..=ANY_COUNT);
        /// PRIORITY and PRIORITY_UPDATE frames.
        priorities: u32 = 5_000, whole(1..=ANY_COUNT);
        /// DATA frames with neither data nor END_STREAM.
        empty_data: u32 = 1_000, whole(1..=ANY_COUNT);
        /// WINDOW_UPDATE frames beyond four for each DATA frame that we sent.
        window_updates: u32 = 20_000, whole(1..=ANY_COUNT);
        /// Frames of unknown types, or on streams that are gone.
        unknown: u32 = 5_000, whole(1..=ANY_COUNT);
        /// Octets of automatic answers that wait to be written.
        queued: usize = 128 * 1024, whole(1024..=GIB);
        /// Time for the client's preface and first SETTINGS.
        preface_timeout: Duration = Duration::from_secs(10), seconds(0.001..=MAX_SECONDS);
        /// Time without streams until a silent connection is closed.
        idle_timeout: Duration = Duration::from_secs(600), seconds(0.001..=MAX_SECONDS);
    }
}
