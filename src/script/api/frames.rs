//! `frame::`: a constructor per frame type, and a frame's every part to read and set.

use bytes::Bytes;
use rhai::{Array, Dynamic, Engine, INT, Map};

use super::arguments::{octets, within};
use super::fields::fields_of;
use super::functions::Functions;
use super::outcome::{Outcome, fail};
use crate::script::octets::{Octets, octets_of};
use crate::script::types::{self, name_of_value};
use crate::wire::frame::{
    AltSvc, ErrorCode, Frame, FrameType, GoAway, Origin, Padding, Payload, Ping, Priority, PriorityUpdate, PushPromise,
    RstStream, SettingId, Settings, WindowUpdate, flag,
};
use crate::wire::hpack::{BlockBuilder, Name};

const MAX_STREAM: u32 = 0x7fff_ffff;

/// A field block: octets as they are, or fields as literals that touch no table, nothing checked.
pub fn block_of(value: &Dynamic) -> Outcome<Bytes> {
    block_of_literals(value, BlockBuilder::without_indexing)
}

/// Adds a literal to a block.
pub type AddLiteral = for<'b> fn(&'b mut BlockBuilder, Name<'_>, &[u8]) -> &'b mut BlockBuilder;

/// The same, with literals of one kind.
pub fn block_of_literals(value: &Dynamic, add: AddLiteral) -> Outcome<Bytes> {
    if let Some(block) = value.read_lock::<super::block::Builder>() {
        return Ok(block.octets());
    }
    if let Some(octets) = octets_of(value) {
        return Ok(octets);
    }
    let mut block = BlockBuilder::new();
    for field in &fields_of(value)? {
        add(&mut block, Name::Literal(&field.name), &field.value);
    }
    Ok(block.finish())
}

/// Settings from a list of `[id, value]` or a map by names; any id, any value of 32 bits, in the order given.
pub fn settings_of(value: &Dynamic) -> Outcome<Vec<(u16, u32)>> {
    let id_of = |id: &Dynamic| -> Outcome<u16> {
        if let Ok(name) = id.as_immutable_string_ref() {
            return SettingId::by_name(&name)
                .map_or_else(|| fail(format!("there is no setting {}", *name)), |id| Ok(id.0));
        }
        match id.as_int().ok().and_then(|id| u16::try_from(id).ok()) {
            Some(id) => Ok(id),
            None => fail("a setting's id is 0 to 65535, or a name such as \"MAX_FRAME_SIZE\""),
        }
    };
    let value_of = |value: &Dynamic| within("a setting's value", value.as_int().unwrap_or(-1), u32::MAX);
    if let Some(map) = value.read_lock::<Map>() {
        return map.iter().map(|(name, value)| Ok((id_of(&name.as_str().into())?, value_of(value)?))).collect();
    }
    let Some(list) = value.read_lock::<Array>() else {
        return fail(format!("settings are a list of [id, value], or a map, not {}", name_of_value(value)));
    };
    let entry = |entry: &Dynamic| match entry.read_lock::<Array>().as_deref().map(Vec::as_slice) {
        Some([id, value]) => Ok((id_of(id)?, value_of(value)?)),
        _ => fail("settings are a list of [id, value], or a map"),
    };
    list.iter().map(entry).collect()
}

fn no_type(name: &str) -> String {
    let known: Vec<&str> = (0..=u8::MAX).filter_map(|code| FrameType(code).name()).collect();
    format!("there is no frame type {name}; there are {}, and numbers from 0 to 255", known.join(", "))
}

/// A frame type by number or name.
pub fn type_of(value: &Dynamic) -> Outcome<FrameType> {
    if let Ok(name) = value.as_immutable_string_ref() {
        return FrameType::by_name(&name).map_or_else(|| fail(no_type(&name)), Ok);
    }
    match value.as_int().ok().and_then(|number| u8::try_from(number).ok()) {
        Some(number) => Ok(FrameType(number)),
        None => fail("a frame type is 0 to 255, or a name such as \"DATA\""),
    }
}

/// An error code by number or name.
pub fn code_of(value: &Dynamic) -> Outcome<ErrorCode> {
    if let Ok(name) = value.as_immutable_string_ref() {
        return ErrorCode::by_name(&name).map_or_else(|| fail(format!("there is no error code {}", *name)), Ok);
    }
    within("an error code", value.as_int().unwrap_or(-1), u32::MAX).map(ErrorCode)
}

pub fn stream_of(value: INT) -> Outcome<u32> {
    within("a stream identifier", value, MAX_STREAM)
}

pub fn register(engine: &mut Engine) {
    types::register(engine, "frame", shown);
    constructors().register(engine, "frame");
    for (module, names) in constants() {
        let mut constants = Functions::default();
        names.into_iter().for_each(|(name, code)| constants.constant(name, code));
        constants.register(engine, module);
    }
    register_header(engine);
    register_payload(engine);
    register_meaning(engine);
}

/// The modules of numbers that HTTP/2 has names for, with the names.
pub fn constants() -> [(&'static str, Vec<(&'static str, INT)>); 3] {
    let types = (0..=u8::MAX).filter_map(|code| Some((FrameType(code).name()?, INT::from(code))));
    let errors = (0..=13).filter_map(|code| Some((ErrorCode(code).name()?, INT::from(code))));
    let settings = (0..=9).filter_map(|code| Some((SettingId(code).name()?, INT::from(code))));
    [("frame_type", types.collect()), ("error", errors.collect()), ("setting", settings.collect())]
}

fn constructors() -> Functions {
    let mut module = Functions::default();
    let m = &mut module;
    let frame = |payload: &Payload, flags: u8, stream: u32| Frame::from(payload.to_raw(flags, stream));
    m.add("data", |stream: INT, data: Dynamic| -> Outcome<Frame> {
        Ok(Frame::new(FrameType::DATA, 0, stream_of(stream)?, octets("data", &data)?))
    });
    m.add("headers", |stream: INT, block: Dynamic| -> Outcome<Frame> {
        Ok(Frame::new(FrameType::HEADERS, flag::END_HEADERS, stream_of(stream)?, block_of(&block)?))
    });
    m.add("continuation", |stream: INT, block: Dynamic| -> Outcome<Frame> {
        Ok(Frame::new(FrameType::CONTINUATION, flag::END_HEADERS, stream_of(stream)?, block_of(&block)?))
    });
    let priority = move |stream: INT, dependency: INT, weight: INT, exclusive: bool| -> Outcome<Frame> {
        let weight = within("a weight", weight, 255)? as u8;
        let payload = Priority { exclusive, dependency: stream_of(dependency)?, weight };
        Ok(frame(&Payload::Priority(payload), 0, stream_of(stream)?))
    };
    m.add("priority", move |stream: INT, dependency: INT, weight: INT| priority(stream, dependency, weight, false));
    m.add("priority", priority);
    m.add("rst_stream", move |stream: INT, code: Dynamic| -> Outcome<Frame> {
        Ok(frame(&Payload::RstStream(RstStream { code: code_of(&code)? }), 0, stream_of(stream)?))
    });
    m.add("settings", move |entries: Dynamic| -> Outcome<Frame> {
        Ok(frame(&Payload::Settings(Settings { entries: settings_of(&entries)? }), 0, 0))
    });
    m.add("settings_ack", || Frame::new(FrameType::SETTINGS, flag::ACK, 0, ""));
    m.add("push_promise", move |stream: INT, promised: INT, block: Dynamic| -> Outcome<Frame> {
        let promised_stream_id = stream_of(promised)?;
        let payload = PushPromise { promised_stream_id, fragment: block_of(&block)?, ..PushPromise::default() };
        Ok(frame(&Payload::PushPromise(payload), flag::END_HEADERS, stream_of(stream)?))
    });
    m.add("ping", move |opaque: Dynamic| -> Outcome<Frame> {
        match <[u8; 8]>::try_from(&octets("a PING's payload", &opaque)?[..]) {
            Ok(opaque) => Ok(frame(&Payload::Ping(Ping { opaque }), 0, 0)),
            Err(_) => {
                fail("a PING payload must be 8 bytes\nhelp: to send another length, set frame.payload afterwards")
            }
        }
    });
    let goaway = move |last: INT, code: Dynamic, debug: Dynamic| -> Outcome<Frame> {
        let (last_stream_id, code) = (stream_of(last)?, code_of(&code)?);
        let debug = octets("debug data", &debug)?;
        Ok(frame(&Payload::GoAway(GoAway { last_stream_id, code, debug, ..GoAway::default() }), 0, 0))
    };
    m.add("goaway", move |last: INT, code: Dynamic| goaway(last, code, "".into()));
    m.add("goaway", goaway);
    m.add("window_update", move |stream: INT, increment: INT| -> Outcome<Frame> {
        let increment = within("an increment", increment, MAX_STREAM)?;
        Ok(frame(&Payload::WindowUpdate(WindowUpdate { increment, ..WindowUpdate::default() }), 0, stream_of(stream)?))
    });
    more_constructors(m);
    module
}

fn more_constructors(m: &mut Functions) {
    m.add("altsvc", |stream: INT, origin: Dynamic, value: Dynamic| -> Outcome<Frame> {
        let payload = AltSvc { origin: octets("an origin", &origin)?, value: octets("a value", &value)? };
        Ok(Payload::AltSvc(payload).to_raw(0, stream_of(stream)?).into())
    });
    m.add("origin", |origins: Array| -> Outcome<Frame> {
        let entries: Outcome<Vec<Bytes>> = origins.iter().map(|origin| octets("an origin", origin)).collect();
        Ok(Payload::Origin(Origin { entries: entries? }).to_raw(0, 0).into())
    });
    m.add("priority_update", |stream: INT, value: Dynamic| -> Outcome<Frame> {
        let prioritized_stream_id = stream_of(stream)?;
        let value = octets("a priority", &value)?;
        Ok(Payload::PriorityUpdate(PriorityUpdate { reserved: false, prioritized_stream_id, value })
            .to_raw(0, 0)
            .into())
    });
    m.add("unknown", |frame_type: Dynamic, flags: INT, stream: INT, payload: Dynamic| -> Outcome<Frame> {
        let flags = within("flags", flags, 255)? as u8;
        Ok(Frame::new(type_of(&frame_type)?, flags, stream_of(stream)?, octets("a payload", &payload)?))
    });
}

fn register_header(engine: &mut Engine) {
    engine.register_get("type", |frame: &mut Frame| frame.frame_type.to_string());
    engine.register_set("type", |frame: &mut Frame, value: Dynamic| -> Outcome<()> {
        frame.frame_type = type_of(&value)?;
        Ok(())
    });
    engine.register_get("type_code", |frame: &mut Frame| INT::from(frame.frame_type.0));
    engine.register_set("type_code", |frame: &mut Frame, value: INT| -> Outcome<()> {
        frame.frame_type = FrameType(within("a frame type", value, 255)? as u8);
        Ok(())
    });
    engine.register_get("flags", |frame: &mut Frame| INT::from(frame.flags));
    engine.register_set("flags", |frame: &mut Frame, value: INT| -> Outcome<()> {
        frame.flags = within("flags", value, 255)? as u8;
        Ok(())
    });
    for (name, bit) in [
        ("end_stream", flag::END_STREAM),
        ("ack", flag::ACK),
        ("end_headers", flag::END_HEADERS),
        ("padded", flag::PADDED),
        ("priority", flag::PRIORITY),
    ] {
        engine.register_get(name, move |frame: &mut Frame| frame.has(bit));
        engine.register_set(name, move |frame: &mut Frame, on: bool| frame.set_flag(bit, on));
    }
    engine.register_get("stream_id", |frame: &mut Frame| INT::from(frame.stream_id));
    engine.register_set("stream_id", |frame: &mut Frame, value: INT| -> Outcome<()> {
        frame.stream_id = stream_of(value)?;
        Ok(())
    });
    engine.register_get("reserved", |frame: &mut Frame| frame.reserved);
    engine.register_set("reserved", |frame: &mut Frame, value: bool| frame.reserved = value);
    engine.register_get("length", |frame: &mut Frame| frame.length.map_or(frame.true_length() as INT, INT::from));
    engine.register_set("length", |frame: &mut Frame, value: Dynamic| -> Outcome<()> {
        frame.length = match value.as_int() {
            Ok(length) => Some(within("a length", length, 0x00ff_ffff)?),
            // Back to the truth.
            Err(_) if value.is_unit() => None,
            Err(other) => return fail(format!("a length is a number, or () for the true one, not {other}")),
        };
        Ok(())
    });
    engine.register_fn("bytes", |frame: &mut Frame| Octets(frame.octets()));
}

/// A frame as a line for people.
fn shown(frame: &Frame) -> String {
    let names: Vec<&str> = flag::set_names(frame.frame_type, frame.flags).collect();
    format!(
        "{} on stream {}, {} bytes, flags {:#04x} {}",
        frame.frame_type,
        frame.stream_id,
        frame.true_length(),
        frame.flags,
        names.join(" ")
    )
}

fn register_payload(engine: &mut Engine) {
    for name in ["payload", "data"] {
        engine.register_get(name, |frame: &mut Frame| Octets(frame.payload.clone()));
        engine.register_set(name, |frame: &mut Frame, value: Dynamic| -> Outcome<()> {
            frame.payload = octets("a payload", &value)?;
            Ok(())
        });
    }
    engine.register_get("padding", |frame: &mut Frame| {
        frame.padding.as_ref().map_or(Dynamic::UNIT, |padding| Dynamic::from(Octets(padding.octets.clone())))
    });
    engine.register_set("padding", |frame: &mut Frame, value: Dynamic| -> Outcome<()> {
        let padding = if value.is_unit() { None } else { Some(octets("padding", &value)?) };
        frame.set_padding(padding);
        Ok(())
    });
    engine.register_get("pad_length", |frame: &mut Frame| {
        let length = |padding: &Padding| padding.length.map_or(padding.octets.len() as INT, INT::from);
        frame.padding.as_ref().map_or(Dynamic::UNIT, |padding| length(padding).into())
    });
    engine.register_set("pad_length", |frame: &mut Frame, value: INT| -> Outcome<()> {
        let length = within("a pad length", value, 255)? as u8;
        frame.set_flag(flag::PADDED, true);
        frame.padding.get_or_insert_default().length = Some(length);
        Ok(())
    });
}

/// What the payload means, for frames that were received; `()` where the type has no such part.
fn register_meaning(engine: &mut Engine) {
    let parsed = |frame: &mut Frame| Payload::parse(&frame.to_raw()).ok();
    engine.register_get("error_code", move |frame: &mut Frame| match parsed(frame) {
        Some(Payload::RstStream(RstStream { code }) | Payload::GoAway(GoAway { code, .. })) => INT::from(code.0).into(),
        _ => Dynamic::UNIT,
    });
    engine.register_get("last_stream_id", move |frame: &mut Frame| match parsed(frame) {
        Some(Payload::GoAway(payload)) => INT::from(payload.last_stream_id).into(),
        _ => Dynamic::UNIT,
    });
    engine.register_get("debug_data", move |frame: &mut Frame| match parsed(frame) {
        Some(Payload::GoAway(payload)) => Dynamic::from(Octets(payload.debug)),
        _ => Dynamic::UNIT,
    });
    engine.register_get("increment", move |frame: &mut Frame| match parsed(frame) {
        Some(Payload::WindowUpdate(payload)) => INT::from(payload.increment).into(),
        _ => Dynamic::UNIT,
    });
    engine.register_get("promised_stream_id", move |frame: &mut Frame| match parsed(frame) {
        Some(Payload::PushPromise(payload)) => INT::from(payload.promised_stream_id).into(),
        _ => Dynamic::UNIT,
    });
    engine.register_get("entries", move |frame: &mut Frame| match parsed(frame) {
        Some(Payload::Settings(payload)) => {
            let entry =
                |(id, value): &(u16, u32)| Dynamic::from_array(vec![INT::from(*id).into(), INT::from(*value).into()]);
            Dynamic::from_array(payload.entries.iter().map(entry).collect())
        }
        _ => Dynamic::UNIT,
    });
}
