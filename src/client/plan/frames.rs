//! One frame of a plan.

use super::super::exit::Failure;
use super::source::Keys;
use crate::wire::frame::{ErrorCode, Frame, FrameType, Padding, SettingId, flag};
use crate::wire::hpack::{Encoder, FieldSpec, Name, Representation};
use bytes::{BufMut, Bytes, BytesMut};
use jsonc_parser::ast::Value;
use jsonc_parser::common::Ranged;

const MAX_STREAM: u32 = 0x7fff_ffff;

/// Reads the keys of a frame.
pub(super) fn frame(
    keys: &mut Keys<'_, '_, '_>,
    frame_type: FrameType,
    encoder: &mut Encoder,
) -> Result<Frame, Failure> {
    let source = keys.source;
    let stream = stream(keys, frame_type)?;
    let mut frame = Frame::new(frame_type, default_flags(frame_type), stream, Bytes::new());
    frame.payload = match keys.get("payload") {
        Some(payload) => source.hex(payload)?.into(),
        None => payload(keys, &mut frame, encoder)?,
    };
    if let Some(flags) = keys.get("flags") {
        // What `weight` or `dependency` added stays announced.
        frame.flags = source.flags(flags)? | frame.flags & flag::PRIORITY;
    }
    if let Some(padding) = keys.get("padding") {
        let octets: Bytes = match padding {
            Value::NumberLit(_) => vec![0; usize::from(source.whole::<u8>(padding, 255)?)].into(),
            _ => source.hex(padding)?.into(),
        };
        frame.padding = Some(Padding { octets, length: None });
        frame.set_flag(flag::PADDED, true);
    }
    if let Some(length) = keys.get("length") {
        frame.length = Some(source.whole(length, 0xff_ffff)?);
    }
    if let Some(reserved) = keys.get("reserved") {
        frame.reserved = source.boolean(reserved)?;
    }
    Ok(frame)
}

/// Frames that carry a field block end it, unless `flags` says otherwise.
const fn default_flags(frame_type: FrameType) -> u8 {
    match frame_type {
        FrameType::HEADERS | FrameType::PUSH_PROMISE | FrameType::CONTINUATION => flag::END_HEADERS,
        _ => 0,
    }
}

/// `stream_id`, or `stream` as in transcripts. Frames of the connection are on stream 0 unless it says otherwise.
fn stream(keys: &mut Keys<'_, '_, '_>, frame_type: FrameType) -> Result<u32, Failure> {
    if let Some(stream) = keys.get("stream_id").or_else(|| keys.get("stream")) {
        return keys.source.whole(stream, MAX_STREAM);
    }
    match frame_type {
        FrameType::DATA
        | FrameType::HEADERS
        | FrameType::PRIORITY
        | FrameType::RST_STREAM
        | FrameType::PUSH_PROMISE
        | FrameType::CONTINUATION => {
            Err(keys.source.error(keys.range(), &format!("{frame_type} needs a `stream_id`"), None))
        }
        _ => Ok(0),
    }
}

/// The payload from the keys of its type.
fn payload(keys: &mut Keys<'_, '_, '_>, frame: &mut Frame, encoder: &mut Encoder) -> Result<Bytes, Failure> {
    let source = keys.source;
    let mut out = BytesMut::new();
    match frame.frame_type {
        FrameType::DATA => out.put_slice(&octets(keys, "data")?),
        FrameType::HEADERS => {
            if keys.get("weight").is_some() || keys.get("dependency").is_some() {
                priority(keys, &mut out)?;
                frame.set_flag(flag::PRIORITY, true);
            }
            fields(keys, encoder, &mut out)?;
        }
        FrameType::CONTINUATION => fields(keys, encoder, &mut out)?,
        FrameType::PRIORITY => priority(keys, &mut out)?,
        FrameType::RST_STREAM => out.put_u32(code(keys)?),
        FrameType::SETTINGS => settings(keys, &mut out)?,
        FrameType::PUSH_PROMISE => {
            out.put_u32(whole(keys, "promised_stream", MAX_STREAM)?);
            fields(keys, encoder, &mut out)?;
        }
        FrameType::PING => match keys.get("opaque") {
            Some(opaque) => out.put_slice(&source.hex(opaque)?),
            None => out.put_bytes(0, 8),
        },
        FrameType::GOAWAY => {
            out.put_u32(whole(keys, "last_stream", MAX_STREAM)?);
            out.put_u32(code(keys)?);
            out.put_slice(&octets(keys, "debug")?);
        }
        FrameType::WINDOW_UPDATE => out.put_u32(whole(keys, "increment", u32::MAX)?),
        FrameType::ALTSVC => {
            let origin = octets(keys, "origin")?;
            out.put_u16(u16::try_from(origin.len()).unwrap_or(u16::MAX));
            out.put_slice(&origin);
            out.put_slice(&octets(keys, "value")?);
        }
        FrameType::ORIGIN => {
            let origins = keys.get("origins").map_or(Ok(&[][..]), |origins| source.list(origins))?;
            for origin in origins {
                let origin = source.octets(origin)?;
                out.put_u16(u16::try_from(origin.len()).unwrap_or(u16::MAX));
                out.put_slice(&origin);
            }
        }
        FrameType::PRIORITY_UPDATE => {
            out.put_u32(whole(keys, "prioritized_stream", MAX_STREAM)?);
            out.put_slice(&octets(keys, "value")?);
        }
        _ => {}
    }
    Ok(out.freeze())
}

/// A string's bytes; none if the key is missing.
fn octets(keys: &mut Keys<'_, '_, '_>, name: &'static str) -> Result<Vec<u8>, Failure> {
    keys.get(name).map_or(Ok(Vec::new()), |text| keys.source.octets(text))
}

/// A number; 0 if the key is missing.
fn whole(keys: &mut Keys<'_, '_, '_>, name: &'static str, max: u32) -> Result<u32, Failure> {
    keys.get(name).map_or(Ok(0), |number| keys.source.whole(number, max))
}

/// An error code by name or number; NO_ERROR if it is missing.
fn code(keys: &mut Keys<'_, '_, '_>) -> Result<u32, Failure> {
    let source = keys.source;
    match keys.get("code") {
        None => Ok(0),
        Some(value @ Value::StringLit(_)) => {
            let code = ErrorCode::by_name(source.text(value)?).map(|code| code.0);
            code.ok_or_else(|| {
                source.error(value.range(), "there is no such error code", Some("a number sets any code"))
            })
        }
        Some(value) => source.whole(value, u32::MAX),
    }
}

fn priority(keys: &mut Keys<'_, '_, '_>, out: &mut BytesMut) -> Result<(), Failure> {
    let exclusive = keys.get("exclusive").map_or(Ok(false), |exclusive| keys.source.boolean(exclusive))?;
    out.put_u32(whole(keys, "dependency", MAX_STREAM)? | u32::from(exclusive) << 31);
    let weight = keys.get("weight").map_or(Ok(15), |weight| keys.source.whole(weight, 255))?;
    out.put_u8(weight);
    Ok(())
}

/// `[[id or name, value], …]`.
fn settings(keys: &mut Keys<'_, '_, '_>, out: &mut BytesMut) -> Result<(), Failure> {
    let source = keys.source;
    let Some(settings) = keys.get("settings") else { return Ok(()) };
    for entry in source.list(settings)? {
        let [id, value] = source.list(entry)? else {
            return Err(source.error(entry.range(), "a setting is [name or number, value]", None));
        };
        let id = match id {
            Value::StringLit(name) => SettingId::by_name(&name.value)
                .map(|id| id.0)
                .ok_or_else(|| source.error(id.range(), "there is no such setting", Some("a number sets any")))?,
            number => source.whole(number, 0xffff)?,
        };
        out.put_u16(id);
        out.put_u32(source.whole(value, u32::MAX)?);
    }
    Ok(())
}

/// `[[name, value], …]`; a third element chooses the representation.
fn fields(keys: &mut Keys<'_, '_, '_>, encoder: &mut Encoder, out: &mut BytesMut) -> Result<(), Failure> {
    let source = keys.source;
    let Some(fields) = keys.get("fields") else { return Ok(()) };
    for field in source.list(fields)? {
        let (name, value, representation) = match source.list(field)? {
            [name, value] => (name, value, None),
            // An index, as transcripts have it, follows from the tables.
            [name, value, representation] | [name, value, representation, _] => (name, value, Some(representation)),
            _ => {
                return Err(source.error(
                    field.range(),
                    "a header is [name, value] or [name, value, representation]",
                    None,
                ));
            }
        };
        let representation = match representation {
            None => Representation::WithoutIndexing,
            Some(given) => representation_of(source.text(given)?).ok_or_else(|| {
                let help = "they are indexed, incremental, without-indexing and never-indexed";
                source.error(given.range(), "there is no such representation", Some(help))
            })?,
        };
        let (name, value) = (source.octets(name)?, source.octets(value)?);
        let spec = FieldSpec {
            representation,
            name: Name::Literal(&name),
            value: &value,
            name_huffman: false,
            value_huffman: false,
        };
        let encoded = encoder.encode_field(spec, out);
        encoded
            .map_err(|_| source.error(field.range(), "neither table has this header, so it cannot be indexed", None))?;
    }
    Ok(())
}

fn representation_of(name: &str) -> Option<Representation> {
    use Representation::{Incremental, Indexed, NeverIndexed, WithoutIndexing};
    [Indexed, Incremental, WithoutIndexing, NeverIndexed].into_iter().find(|one| one.name() == name)
}
