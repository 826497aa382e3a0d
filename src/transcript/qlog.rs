//! A transcript of HTTP/2 as qlog: JSON text sequences (RFC 7464) by draft-ietf-quic-qlog-main-schema-13 and
//! draft-pardue-httpbis-qlog-h2-events-00.
//!
//! What these do not know is in one key of each event, `wireserve`: the number, cause and script of the record, all flags,
//! the representation of each field. Broken rules and notes are events of `loglevel`.

use super::codec::to_hex;
use super::facts::Facts;
use super::fields::FieldLine;
use super::frame::Frame;
use super::moment::rfc3339;
use super::octets::Octets;
use super::record::{Record, RecordKind, Side};
use super::text::Line;
use crate::http::latin1::latin1;
use crate::wire::frame::{FrameType, HEADER_LENGTH, Payload, Priority, Settings, flag};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use std::iter::once;

/// The file, one text for each record. Only for HTTP/2.
pub fn pieces<I: Iterator<Item = Record>>(facts: &Facts, records: I) -> impl Iterator<Item = String> + use<I> {
    let side = facts.recorded_by;
    let events = records.flat_map(move |record| events(&record, side));
    once(head(facts)).chain(events).map(|record| format!("\u{1e}{record}\n"))
}

fn head(facts: &Facts) -> Value {
    let Facts { id, recorded_by, opened, client_address, server_address, records_dropped, .. } = facts;
    json!({
        "file_schema": "urn:ietf:params:qlog:file:sequential",
        "serialization_format": "application/qlog+json-seq",
        "title": format!("connection {id}"),
        "description": format!("{client_address} to {server_address}, {records_dropped} older records dropped"),
        "trace": {
            "vantage_point": {"name": concat!("wireserve ", env!("CARGO_PKG_VERSION")), "type": recorded_by.name()},
            "event_schemas": ["urn:ietf:params:qlog:events:http2-00", "urn:ietf:params:qlog:events:loglevel"],
            "common_fields": {
                "group_id": id.to_string(),
                "time_format": "relative_to_epoch",
                "reference_time": {
                    "clock_type": "monotonic",
                    "epoch": "unknown",
                    "wall_clock_time": rfc3339(*opened),
                },
            },
        },
    })
}

fn events(record: &Record, side: Side) -> Vec<Value> {
    let event =
        |name: &str, data: Value| json!({"time": record.time.as_micros() as f64 / 1e3, "name": name, "data": data});
    let is_own = record.from == Some(side);
    let name = if is_own { "http2:frame_created" } else { "http2:frame_parsed" };
    match &record.kind {
        RecordKind::Frame(frame) => {
            let stream = frame.header().stream_id;
            let data =
                json!({"stream_id": stream, "frame": frame_of(frame), "wireserve": extension(record, Some(frame))});
            let mut events = vec![event(name, data)];
            if let Some(Ok(Payload::Settings(settings))) = frame.payload()
                && !frame.header().has(flag::ACK)
            {
                events.push(event("http2:parameters_set", parameters(&settings, is_own)));
            }
            events
        }
        RecordKind::Octets(octets) => {
            let stream = octets.announced().map_or(0, |header| header.stream_id);
            let data = json!({
                "stream_id": stream,
                "frame": part_of_frame(octets),
                "wireserve": extension(record, None),
            });
            vec![event(name, data)]
        }
        RecordKind::Preface => Vec::new(),
        other => {
            let line = Line::new(record, side).to_string();
            let message = line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ");
            let level = match other {
                RecordKind::Violation(_) | RecordKind::Dropped(_) => "loglevel:warning",
                RecordKind::Expectation(expected) if !expected.passed => "loglevel:warning",
                _ => "loglevel:info",
            };
            vec![event(level, json!({"message": message}))]
        }
    }
}

/// What is ours.
fn extension(record: &Record, frame: Option<&Frame>) -> Value {
    let mut own = Map::new();
    own.insert("seq".to_owned(), record.seq.into());
    if let Some(cause) = record.cause {
        own.insert("cause".to_owned(), cause.name().into());
    }
    if let Some(place) = &record.script {
        own.insert("script".to_owned(), json!(place));
    }
    let Some(frame) = frame else {
        own.insert("part".to_owned(), true.into());
        return own.into();
    };
    let header = frame.header();
    own.insert("flags".to_owned(), header.flags.into());
    own.insert("reserved".to_owned(), header.reserved.into());
    own.insert("whole".to_owned(), frame.is_whole().into());
    if let Some(Err(error)) = frame.payload() {
        own.insert("error".to_owned(), error.into());
    }
    match frame.fields() {
        Some(Ok(section)) => {
            let representation = |line: &FieldLine| match line {
                FieldLine::Field { representation, .. } => json!(representation.name()),
                FieldLine::SizeUpdate(size) => json!({"size_update": size}),
            };
            own.insert("representations".to_owned(), section.lines.iter().map(representation).collect());
            own.insert("fields_whole".to_owned(), section.whole.into());
        }
        Some(Err(error)) => drop(own.insert("fields_error".to_owned(), error.into())),
        None => {}
    }
    own.into()
}

fn raw(octets: &[u8], length: u64, header: u64) -> Value {
    json!({"length": length, "payload_length": length - header, "data": to_hex(octets)})
}

fn part_of_frame(octets: &Octets) -> Value {
    let header = octets.announced();
    json!({
        "frame_type": "unknown",
        "frame_type_bytes": header.map_or(0, |header| header.frame_type.0),
        "raw": raw(&octets.octets, octets.length, header.map_or(0, |_| HEADER_LENGTH as u64)),
    })
}

fn frame_of(frame: &Frame) -> Value {
    let header = *frame.header();
    let length = HEADER_LENGTH as u64 + u64::from(header.length);
    let has = |bit: u8| header.has(bit);
    let mut view = match (header.frame_type, frame.payload()) {
        // Its content may be cut, and is not needed.
        (FrameType::DATA, _) if frame.data_lengths().is_some() => {
            json!({"frame_type": "data", "padded": has(flag::PADDED), "end_stream": has(flag::END_STREAM)})
        }
        (_, Some(Ok(payload))) => payload_of(frame, payload),
        // Malformed, or cut.
        _ => json!({"frame_type": "unknown", "frame_type_bytes": header.frame_type.0}),
    };
    view["raw"] = raw(frame.octets(), length, HEADER_LENGTH as u64);
    view
}

fn payload_of(frame: &Frame, payload: Payload) -> Value {
    let has = |bit: u8| frame.header().has(bit);
    match payload {
        Payload::Data(_) => json!({"frame_type": "data"}),
        Payload::Headers(_) => json!({
            "frame_type": "headers",
            "priority": has(flag::PRIORITY),
            "padded": has(flag::PADDED),
            "end_headers": has(flag::END_HEADERS),
            "end_stream": has(flag::END_STREAM),
            "headers": headers(frame),
        }),
        Payload::Priority(Priority { exclusive, dependency, weight }) => json!({
            "frame_type": "priority", "exclusive": exclusive, "stream_dependency": dependency, "weight": weight,
        }),
        Payload::RstStream(reset) => json!({"frame_type": "rst_stream", "error_code": reset.code.0}),
        Payload::Settings(settings) => {
            let setting = |(id, value): &(u16, u32)| match setting_name(*id) {
                Some(name) => json!({"name": format!("settings_{name}"), "value": value}),
                None => json!({"name": "unknown", "name_bytes": id, "value": value}),
            };
            let list: Value = settings.entries.iter().map(setting).collect();
            json!({"frame_type": "settings", "ack": has(flag::ACK), "settings": list})
        }
        Payload::PushPromise(promise) => json!({
            "frame_type": "push_promise",
            "padded": has(flag::PADDED),
            "end_headers": has(flag::END_HEADERS),
            "promised_stream_id": promise.promised_stream_id,
            "headers": headers(frame),
        }),
        Payload::Ping(ping) => {
            json!({"frame_type": "ping", "ack": has(flag::ACK), "opaque_data": to_hex(&ping.opaque)})
        }
        Payload::GoAway(goaway) => json!({
            "frame_type": "goaway",
            "last_stream_id": goaway.last_stream_id,
            "error_code": goaway.code.0,
            "additional_debug_data": to_hex(&goaway.debug),
        }),
        Payload::WindowUpdate(update) => {
            json!({"frame_type": "window_update", "window_size_increment": update.increment})
        }
        Payload::Continuation(_) => json!({
            "frame_type": "continuation", "end_headers": has(flag::END_HEADERS), "headers": headers(frame),
        }),
        Payload::AltSvc(altsvc) => json!({
            "frame_type": "altsvc",
            "origin_len": altsvc.origin.len(),
            "origin": latin1(&altsvc.origin),
            "alt-svc-field-value": latin1(&altsvc.value),
        }),
        Payload::Origin(origin) => {
            let entry = |entry: &Bytes| json!({"origin_len": entry.len(), "ASCII-Origin": latin1(entry)});
            json!({"frame_type": "origin", "origin_entries": origin.entries.iter().map(entry).collect::<Value>()})
        }
        Payload::PriorityUpdate(update) => json!({
            "frame_type": "priority_update",
            "prioritized_stream_id": update.prioritized_stream_id,
            "priority_field_value": latin1(&update.value),
        }),
        Payload::Unknown(frame_type, _) => json!({"frame_type": "unknown", "frame_type_bytes": frame_type.0}),
    }
}

/// The fields of the block that ends with this frame.
fn headers(frame: &Frame) -> Value {
    let lines = frame.fields().and_then(Result::ok).map(|section| &section.lines[..]).unwrap_or_default();
    let mut all = Vec::with_capacity(lines.len());
    for line in lines {
        let FieldLine::Field { name, value, .. } = line else { continue };
        let mut field = Map::new();
        for (key, octets, is_legal) in
            [("name", name, is_legal_name as fn(&[u8]) -> bool), ("value", value, is_legal_value)]
        {
            if is_legal(octets) {
                field.insert(key.to_owned(), latin1(octets).into());
            } else {
                field.insert(format!("{key}_bytes"), to_hex(octets).into());
            }
        }
        all.push(field.into());
    }
    Value::Array(all)
}

fn is_legal_name(name: &[u8]) -> bool {
    let bare = name.strip_prefix(b":").unwrap_or(name);
    !bare.is_empty() && bare.iter().all(|octet| crate::http::is_token_octet(*octet) && !octet.is_ascii_uppercase())
}

fn is_legal_value(value: &[u8]) -> bool {
    value.iter().all(|octet| matches!(octet, b'\t' | b' '..=b'~'))
}

fn parameters(settings: &Settings, is_own: bool) -> Value {
    let mut data = Map::new();
    data.insert("initiator".to_owned(), if is_own { "local" } else { "remote" }.into());
    for (id, value) in &settings.entries {
        let name = setting_name(*id).map_or_else(|| format!("wireserve_{id:#06x}"), str::to_owned);
        data.insert(name, (*value).into());
    }
    data.into()
}

/// A setting as the draft names it.
fn setting_name(id: u16) -> Option<&'static str> {
    Some(match id {
        1 => "header_table_size",
        2 => "enable_push",
        3 => "max_concurrent_streams",
        4 => "initial_window_size",
        5 => "max_frame_size",
        6 => "max_header_list_size",
        8 => "extended_connect",
        9 => "no_rfc7540_priorities",
        _ => return None,
    })
}
