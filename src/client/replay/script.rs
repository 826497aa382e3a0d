//! What the server of a recorded connection sent, as a profile that does the same.

use super::super::exit::Failure;
use super::super::recorded::Recording;
use super::super::steps::{After, Step, Wait};
use crate::http::transport::Close;
use crate::http::words::hex;
use crate::transcript::{Blocks, Frame as Recorded, Line, Record, RecordKind, Side, Snapshot, title};
use crate::wire::frame::{ErrorCode, Frame, FrameHeader, HEADER_LENGTH, Payload, RawFrame, SettingId, flag};
use crate::wire::hpack::{Block, BlockBuilder, Entry, Representation};
use bytes::Bytes;
use std::fmt::Write;
use std::time::Duration;

/// What every script does first.
const CONNECT: &str = r#"
fn on_connect(connection) {
    // Nothing is sent that is not written here.
    let auto = connection.auto;
    auto.settings_ack = false;
    auto.ping_ack = false;
    auto.window_update = false;
    auto.goaway_on_error = false;
    auto.validate = false;
    connection.start_without_settings();
    connection.context.streams = [];
    connection.context.step = 0;
    next(connection);
}

"#;

/// What every script has behind its steps.
const HELPERS: &str = r#"
// Sends a frame with these flags on the stream that stands for the recorded one.
fn send(connection, frame, flags) {
    frame.flags = flags;
    frame.stream_id = actual(connection, frame.stream_id);
    connection.send(frame);
}

// The first stream that this client opens stands for the first of STREAMS, and so on.
fn actual(connection, recorded) {
    let streams = connection.context.streams;
    let number = global::STREAMS.index_of(recorded);
    if number >= 0 && number < streams.len { streams[number] } else { recorded }
}

// Whether the client has sent this often enough.
fn has(connection, what, times) {
    let seen = connection.context;
    seen.contains(what) && seen[what] >= times
}

// The same of what belongs to a stream; a stream that has ended or was reset is waited for no longer.
fn has_on(connection, what, stream, times) {
    let id = actual(connection, stream);
    has(connection, `${what} ${id}`, times) || has(connection, `end ${id}`, 1) || has(connection, `RST_STREAM ${id}`, 1)
}

fn count(connection, what, times) {
    let seen = connection.context;
    let former = if seen.contains(what) { seen[what] } else { 0 };
    seen[what] = former + times;
}

// Notes each frame of the client's; the engine does nothing about it.
fn on_frame(connection, frame) {
    let seen = connection.context;
    let id = frame.stream_id;
    switch frame.type {
        "SETTINGS" | "PING" => count(connection, if frame.ack { `${frame.type} ACK` } else { frame.type }, 1),
        "GOAWAY" => count(connection, "GOAWAY", 1),
        "DATA" => count(connection, `DATA ${id}`, frame.length),
        "HEADERS" | "RST_STREAM" => count(connection, `${frame.type} ${id}`, 1),
        _ => ()
    }
    if frame.type == "HEADERS" && !(id in seen.streams) {
        let streams = seen.streams;
        streams.push(id);
        seen.streams = streams;
    }
    if (frame.type == "HEADERS" || frame.type == "DATA") && frame.end_stream {
        count(connection, `end ${id}`, 1);
    }
    next(connection);
    true
}
"#;

/// A profile that sends what the server sent, frame by frame.
///
/// # Errors
/// As for [`Recording::of`].
pub fn write(snapshot: &Snapshot) -> Result<String, Failure> {
    let recording = Recording::of(snapshot, Side::Server)?;
    let mut parts = vec![Part::default()];
    let mut blocks = Blocks::default();
    for step in &recording.steps {
        let Some(part) = parts.last_mut() else { continue };
        match step {
            Step::Wait(Wait::Progress(progress)) => {
                parts.push(Part { condition: progress.condition(), body: String::new() });
            }
            Step::Recorded(octets) => sent(octets, &mut blocks, &mut part.body),
            Step::Send(octets) => send_bytes(octets, &mut part.body),
            Step::Cut => part.body.push_str("    connection.flush();\n"),
            Step::Wait(_) | Step::Frame(_) => {}
        }
    }
    let ends = match recording.after {
        After::Close(Close::Graceful) => "    connection.close();\n",
        After::Close(Close::Truncate) => "    connection.truncate();\n",
        After::Close(Close::Half) => "    connection.half_close();\n",
        After::Close(Close::Abort) => "    connection.abort();\n",
        After::Peer | After::Responses => "",
    };
    if let Some(last) = parts.last_mut() {
        last.body.push_str(ends);
    }
    Ok(assemble(snapshot, &recording, &parts))
}

/// What is sent between two points where the server waited.
#[derive(Default)]
struct Part {
    /// An expression of Rhai; empty for the beginning.
    condition: String,
    body: String,
}

fn assemble(snapshot: &Snapshot, recording: &Recording, parts: &[Part]) -> String {
    let about = title(&snapshot.facts);
    let about = about.lines().next().unwrap_or_default();
    let mut text = format!(
        "// Sends what the server of a recorded connection sent, and waits where it had waited for the client.\n\
         // Recorded: {about}\n\
         // Client: did this when it was recorded; cut the steps down to those that matter, and say here what it must do.\n\
         // Expect: any\n"
    );
    if recording.num_filled > 0 {
        let _ = writeln!(
            text,
            "// The transcript kept only a part of {} frames: dots stand for the rest.",
            recording.num_filled
        );
    }
    let streams: Vec<String> = recording.streams.iter().map(u32::to_string).collect();
    let _ = write!(text, "const STREAMS = [{}];\n{CONNECT}", streams.join(", "));
    text.push_str("// Takes each step for which the client has sent enough.\nfn next(connection) {\n    let seen = connection.context;\n");
    for (number, Part { condition, .. }) in parts.iter().enumerate() {
        let condition = if condition.is_empty() { String::new() } else { format!(" && {condition}") };
        let after = number + 1;
        let _ = writeln!(
            text,
            "    if seen.step == {number}{condition} {{ seen.step = {after}; step_{after}(connection); }}"
        );
    }
    text.push_str("}\n");
    for (number, part) in parts.iter().enumerate() {
        let _ = write!(text, "\nfn step_{}(connection) {{\n{}}}\n", number + 1, part.body);
    }
    text.push_str(HELPERS);
    text
}

/// A frame as a call that sends the same bytes, below a comment that says what it is.
fn sent(octets: &Bytes, blocks: &mut Blocks, body: &mut String) {
    let raw = octets
        .first_chunk()
        .map(FrameHeader::parse)
        .map(|header| RawFrame { header, payload: octets.slice(HEADER_LENGTH..) });
    let Some(raw) = raw.filter(|raw| raw.header.length as usize == raw.payload.len()) else {
        return send_bytes(octets, body);
    };
    let block = if Blocks::concern(raw.header.frame_type) { blocks.take(&raw) } else { None };
    let block = block.and_then(Result::ok);
    let fields = block.as_ref().map(|block| Ok(crate::transcript::FieldSection::from(block)));
    if let Some(frame) = Recorded::new(octets.clone(), fields) {
        let kind = RecordKind::Frame(frame);
        let record = Record {
            seq: 0,
            time: Duration::ZERO,
            from: Some(Side::Server),
            cause: None,
            script: None,
            breaks: None,
            kind,
        };
        let line = Line::new(&record, Side::Server).to_string();
        let what: Vec<&str> = line.split_whitespace().skip(2).collect();
        let _ = writeln!(body, "    // {}", what.join(" "));
    }
    match call(&raw, block.as_ref()) {
        Some(call) => {
            let _ = writeln!(body, "    send(connection, {call}, {:#04x});", raw.header.flags);
        }
        None => send_bytes(octets, body),
    }
}

fn send_bytes(octets: &[u8], body: &mut String) {
    let _ = writeln!(body, "    connection.send_bytes({});", octets_literal(octets));
}

/// The constructor of a frame; `None` if none gives these bytes.
fn call(raw: &RawFrame, block: Option<&Block>) -> Option<String> {
    let header = &raw.header;
    let (stream, flags) = (header.stream_id, header.flags);
    let payload = Payload::parse(raw).ok()?;
    // What a constructor cannot say: the reserved bits, padding.
    let plain = Frame::new(header.frame_type, flags, stream, raw.payload.clone()).octets();
    let mut octets = bytes::BytesMut::new();
    raw.write(&mut octets);
    let mut again = bytes::BytesMut::new();
    payload.write(&mut again);
    if plain != octets || again != raw.payload {
        return None;
    }
    let code = |code: ErrorCode| code.name().map_or_else(|| code.0.to_string(), |name| format!("error::{name}"));
    Some(match &payload {
        Payload::Data(data) if data.padding.is_none() => {
            format!("frame::data({stream}, {})", octets_literal(&data.data))
        }
        Payload::Headers(headers) if headers.padding.is_none() && headers.priority.is_none() => {
            format!("frame::headers({stream}, {})", block_literal(&headers.fragment, block))
        }
        Payload::Continuation(continuation) => {
            format!("frame::continuation({stream}, {})", octets_literal(&continuation.fragment))
        }
        Payload::Settings(_) if stream == 0 && header.has(flag::ACK) && raw.payload.is_empty() => {
            "frame::settings_ack()".to_owned()
        }
        Payload::Settings(settings) if stream == 0 => {
            let entry = |(id, value): &(u16, u32)| match SettingId(*id).name() {
                Some(name) => format!("[\"{name}\", {value}]"),
                None => format!("[{id}, {value}]"),
            };
            let entries: Vec<String> = settings.entries.iter().map(entry).collect();
            format!("frame::settings([{}])", entries.join(", "))
        }
        Payload::Ping(ping) if stream == 0 => format!("frame::ping({})", octets_literal(&ping.opaque)),
        Payload::RstStream(reset) => format!("frame::rst_stream({stream}, {})", code(reset.code)),
        Payload::GoAway(goaway) if stream == 0 && !goaway.reserved => {
            let debug = octets_literal(&goaway.debug);
            format!("frame::goaway({}, {}, {debug})", goaway.last_stream_id, code(goaway.code))
        }
        Payload::WindowUpdate(update) if !update.reserved => {
            format!("frame::window_update({stream}, {})", update.increment)
        }
        _ => {
            let frame_type = match header.frame_type.name() {
                Some(name) => format!("\"{name}\""),
                None => header.frame_type.0.to_string(),
            };
            format!("frame::unknown({frame_type}, {flags}, {stream}, {})", octets_literal(&raw.payload))
        }
    })
}

/// A field block, representation by representation if that gives the same bytes.
fn block_literal(fragment: &Bytes, block: Option<&Block>) -> String {
    let Some(block) = block.filter(|block| block.octets == *fragment && !block.truncated) else {
        return octets_literal(fragment);
    };
    let mut text = "hpack::block()".to_owned();
    for entry in &block.entries {
        let before = text.len();
        text.push_str("\n        ");
        match entry {
            Entry::SizeUpdate { size, .. } => text.push_str(&format!(".size_update({size})")),
            Entry::Field(field) => {
                let name = match field.index {
                    0 => octets_literal(&field.name),
                    index => index.to_string(),
                };
                let method = match field.representation {
                    Representation::Indexed => {
                        text.push_str(&format!(".indexed({})", field.index));
                        ""
                    }
                    Representation::Incremental => "incremental",
                    Representation::WithoutIndexing => "without_indexing",
                    Representation::NeverIndexed => "never_indexed",
                };
                if !method.is_empty() {
                    let (value, name_huffman, value_huffman) =
                        (octets_literal(&field.value), field.name_huffman, field.value_huffman);
                    text.push_str(&format!(".{method}({name}, {value}, {name_huffman}, {value_huffman})"));
                }
            }
        }
        if BlockBuilder::new().entry(entry).octets() != &entry.octets()[..] {
            // An integer that is longer than it has to be.
            text.truncate(before);
            text.push_str(&format!("\n        .raw({})", octets_literal(entry.octets())));
        }
    }
    text
}

/// Bytes as a string if it is printable, else as hexadecimal digits.
fn octets_literal(octets: &[u8]) -> String {
    let is_plain = |octet: &u8| matches!(octet, b' '..=b'~' | b'\n' | b'\r' | b'\t');
    if !octets.iter().all(is_plain) {
        return format!("from_hex(\"{}\")", hex(octets));
    }
    let mut text = "\"".to_owned();
    for octet in octets {
        match octet {
            b'"' => text.push_str("\\\""),
            b'\\' => text.push_str("\\\\"),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            other => text.push(char::from(*other)),
        }
    }
    text + "\""
}
