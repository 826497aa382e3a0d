//! Octets of HTTP/2 as JSON: frames, decoded as far as they can be.

use super::blocks::Blocks;
use super::json::hex;
use crate::http::latin1::latin1;
use crate::wire::frame::{FrameHeader, HEADER_LENGTH, Payload, RawFrame, SettingId, flag};
use crate::wire::hpack::{Block, Entry};
use bytes::{Bytes, BytesMut};
use serde_json::{Map, Value, json};

type Object = Map<String, Value>;

/// Adds what `octets`, the beginning of `length`, are: a frame, several, or just octets. Every entry begins as `entry`.
pub(super) fn show(entry: &Object, octets: &[u8], length: usize, blocks: &mut Blocks, out: &mut Vec<Value>) {
    let header = octets.first_chunk().map(FrameHeader::parse);
    if let Some(header) = header
        && HEADER_LENGTH + header.length as usize == length
    {
        let payload = Bytes::copy_from_slice(octets.get(HEADER_LENGTH..).unwrap_or_default());
        return out.push(one(entry.clone(), RawFrame { header, payload }, blocks));
    }
    let mut rest = BytesMut::from(octets);
    while octets.len() == length
        && let Some(frame) = RawFrame::take(&mut rest)
    {
        out.push(one(entry.clone(), frame, blocks));
    }
    if rest.is_empty() && !octets.is_empty() {
        return;
    }
    // What its reader makes of it nobody knows.
    if header.is_some_and(|header| Blocks::concern(header.frame_type)) {
        blocks.lose();
    }
    let mut entry = entry.clone();
    entry.insert("what".into(), "octets".into());
    entry.insert("length".into(), (length - (octets.len() - rest.len())).into());
    if let Some(header) = rest.first_chunk().map(FrameHeader::parse) {
        entry.insert("announced".into(), Value::Object(header_parts(&header)));
    }
    entry.insert("octets".into(), hex(&rest).into());
    entry.insert("whole".into(), (octets.len() == length).into());
    out.push(Value::Object(entry));
}

/// A frame whose payload may be cut.
fn one(mut entry: Object, frame: RawFrame, blocks: &mut Blocks) -> Value {
    let whole = frame.payload.len() == frame.header.length as usize;
    entry.insert("what".into(), "frame".into());
    entry.extend(header_parts(&frame.header));
    if whole {
        match Payload::parse(&frame) {
            Ok(payload) => entry.extend(payload_parts(payload)),
            Err(error) => drop(entry.insert("error".into(), error.to_string().into())),
        }
    }
    if Blocks::concern(frame.header.frame_type) {
        if whole {
            match blocks.take(&frame) {
                Some(Ok(block)) => {
                    entry.insert("fields".into(), fields(&block));
                    entry.insert("fields_whole".into(), (!block.truncated).into());
                }
                Some(Err(error)) => drop(entry.insert("fields_error".into(), error.into())),
                None => {}
            }
        } else {
            blocks.lose();
        }
    }
    let mut octets = BytesMut::new();
    frame.write(&mut octets);
    entry.insert("octets".into(), hex(&octets).into());
    entry.insert("whole".into(), whole.into());
    Value::Object(entry)
}

fn header_parts(header: &FrameHeader) -> Object {
    let FrameHeader { length, frame_type, flags, reserved, stream_id } = *header;
    let names: Vec<&str> = flag::set_names(frame_type, flags).collect();
    object(json!({
        "type": frame_type.to_string(), "type_code": frame_type.0, "length": length, "flags": flags,
        "flag_names": names, "reserved": reserved, "stream": stream_id,
    }))
}

/// What the octets of a payload say, but for its content and its field block.
fn payload_parts(payload: Payload) -> Object {
    let padded =
        |padding: &Option<Bytes>| padding.as_ref().map_or(json!({}), |octets| json!({"padding": octets.len()}));
    object(match payload {
        Payload::Data(data) => {
            let mut parts = padded(&data.padding);
            parts["data_length"] = data.data.len().into();
            parts
        }
        Payload::Headers(headers) => padded(&headers.padding),
        Payload::PushPromise(promise) => {
            let mut parts = padded(&promise.padding);
            parts["promised_stream"] = promise.promised_stream_id.into();
            parts
        }
        Payload::Priority(priority) => json!({
            "exclusive": priority.exclusive, "dependency": priority.dependency, "weight": priority.weight,
        }),
        Payload::RstStream(reset) => json!({"code": reset.code.to_string(), "code_number": reset.code.0}),
        Payload::Settings(settings) => {
            let entries = settings.entries.iter();
            json!({"settings": entries.map(|(id, value)| json!([SettingId(*id).to_string(), value])).collect::<Value>()})
        }
        Payload::Ping(ping) => json!({"opaque": hex(&ping.opaque)}),
        Payload::GoAway(goaway) => json!({
            "last_stream": goaway.last_stream_id, "code": goaway.code.to_string(), "code_number": goaway.code.0,
            "debug": latin1(&goaway.debug),
        }),
        Payload::WindowUpdate(update) => json!({"increment": update.increment}),
        Payload::AltSvc(altsvc) => json!({"origin": latin1(&altsvc.origin), "value": latin1(&altsvc.value)}),
        Payload::Origin(origin) => {
            json!({"origins": origin.entries.iter().map(|entry| latin1(entry)).collect::<Vec<_>>()})
        }
        Payload::PriorityUpdate(update) => json!({
            "prioritized_stream": update.prioritized_stream_id, "value": latin1(&update.value),
        }),
        Payload::Continuation(_) | Payload::Unknown(..) => json!({}),
    })
}

/// `[name, value, representation]` of each field, one character per octet; `["size update", octets]` between them.
fn fields(block: &Block) -> Value {
    let one = |entry: &Entry| match entry {
        Entry::Field(field) => json!([latin1(&field.name), latin1(&field.value), field.representation.name()]),
        Entry::SizeUpdate { size, .. } => json!(["size update", size]),
    };
    block.entries.iter().map(one).collect()
}

fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}
