//! A frame in a transcript: its bytes, and the header list of the field block that ends with it.

use super::codec::{hex, to_hex};
use super::fields::FieldSection;
use crate::http::latin1::latin1;
use crate::wire::frame::{FrameHeader, FrameType, HEADER_LENGTH, Payload, Priority, RawFrame, SettingId, flag};
use bytes::Bytes;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A frame, or the beginning of a long one. What its JSON says beside `octets` and the fields is read from the bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    header: FrameHeader,
    octets: Bytes,
    fields: Option<Result<FieldSection, String>>,
}

impl Frame {
    /// Whether its payload is malformed, or the field block that ends with it cannot be read.
    pub fn is_faulty(&self) -> bool {
        matches!(self.fields, Some(Err(_))) || matches!(self.payload(), Some(Err(_)))
    }

    /// A frame from its bytes, header first: the whole of it, or its beginning. `None` if there is no whole header, or
    /// more than the header announces. `fields` are those of the field block that ends with this frame, or why the
    /// block cannot be read.
    pub fn new(octets: Bytes, fields: Option<Result<FieldSection, String>>) -> Option<Self> {
        let header = octets.first_chunk().map(FrameHeader::parse)?;
        let fits = octets.len() <= HEADER_LENGTH + header.length as usize;
        fits.then_some(Self { header, octets, fields })
    }

    /// The frame header.
    pub const fn header(&self) -> &FrameHeader {
        &self.header
    }

    /// The bytes that were kept, frame header included.
    pub const fn octets(&self) -> &Bytes {
        &self.octets
    }

    /// The fields of the field block that ends with this frame, or why it cannot be read; `None` for other frames.
    pub fn fields(&self) -> Option<Result<&FieldSection, &str>> {
        self.fields.as_ref().map(|fields| fields.as_ref().map_err(String::as_str))
    }

    /// Whether all bytes were kept.
    pub fn is_whole(&self) -> bool {
        self.octets.len() == HEADER_LENGTH + self.header.length as usize
    }

    /// What the payload says; `None` if it was not kept as a whole, an error if it is malformed.
    pub fn payload(&self) -> Option<Result<Payload, String>> {
        let payload = self.octets.slice(HEADER_LENGTH..);
        let frame = RawFrame { header: self.header, payload };
        self.is_whole().then(|| Payload::parse(&frame).map_err(|error| error.to_string()))
    }

    /// Bytes of content and of padding of a DATA frame, also where the content was cut.
    pub fn data_lengths(&self) -> Option<(u32, Option<u8>)> {
        if self.header.frame_type != FrameType::DATA {
            return None;
        }
        if !self.header.has(flag::PADDED) {
            return Some((self.header.length, None));
        }
        let padding = *self.octets.get(HEADER_LENGTH)?;
        Some((self.header.length.checked_sub(1 + u32::from(padding))?, Some(padding)))
    }
}

/// A frame header as JSON shows it.
#[derive(Serialize)]
pub(super) struct HeaderView {
    #[serde(rename = "type")]
    frame_type: String,
    type_code: u8,
    stream: u32,
    flags: u8,
    flag_names: Vec<&'static str>,
    reserved: bool,
    length: u32,
}

impl HeaderView {
    pub fn of(header: FrameHeader) -> Self {
        let FrameHeader { length, frame_type, flags, reserved, stream_id } = header;
        Self {
            frame_type: frame_type.to_string(),
            type_code: frame_type.0,
            stream: stream_id,
            flags,
            flag_names: flag::set_names(frame_type, flags).collect(),
            reserved,
            length,
        }
    }
}

/// What a payload says, except for content and field blocks.
#[derive(Serialize)]
#[serde(untagged)]
enum PayloadView {
    Data {
        data_length: u32,
        #[serde(skip_serializing_if = "Option::is_none")]
        padding: Option<u8>,
    },
    Headers {
        #[serde(flatten)]
        priority: Option<PriorityView>,
        #[serde(skip_serializing_if = "Option::is_none")]
        padding: Option<usize>,
    },
    PushPromise {
        promised_stream: u32,
        #[serde(skip_serializing_if = "Option::is_none")]
        padding: Option<usize>,
    },
    Priority(PriorityView),
    RstStream {
        code: String,
        code_number: u32,
    },
    Settings {
        settings: Vec<(String, u32)>,
    },
    Ping {
        opaque: String,
    },
    GoAway {
        last_stream: u32,
        code: String,
        code_number: u32,
        debug: String,
    },
    WindowUpdate {
        increment: u32,
    },
    AltSvc {
        origin: String,
        value: String,
    },
    Origin {
        origins: Vec<String>,
    },
    PriorityUpdate {
        prioritized_stream: u32,
        value: String,
    },
}

#[derive(Serialize)]
struct PriorityView {
    exclusive: bool,
    dependency: u32,
    weight: u8,
}

impl PriorityView {
    fn of(priority: Priority) -> Self {
        let Priority { exclusive, dependency, weight } = priority;
        Self { exclusive, dependency, weight }
    }
}

impl PayloadView {
    fn of(payload: Payload) -> Option<Self> {
        let length = |padding: Option<Bytes>| padding.map(|octets| octets.len());
        Some(match payload {
            Payload::Data(_) | Payload::Continuation(_) | Payload::Unknown(..) => return None,
            Payload::Headers(headers) => {
                Self::Headers { priority: headers.priority.map(PriorityView::of), padding: length(headers.padding) }
            }
            Payload::PushPromise(promise) => {
                Self::PushPromise { promised_stream: promise.promised_stream_id, padding: length(promise.padding) }
            }
            Payload::Priority(priority) => Self::Priority(PriorityView::of(priority)),
            Payload::RstStream(reset) => Self::RstStream { code: reset.code.to_string(), code_number: reset.code.0 },
            Payload::Settings(settings) => {
                let entries = settings.entries.iter();
                Self::Settings { settings: entries.map(|(id, value)| (SettingId(*id).to_string(), *value)).collect() }
            }
            Payload::Ping(ping) => Self::Ping { opaque: to_hex(&ping.opaque) },
            Payload::GoAway(goaway) => Self::GoAway {
                last_stream: goaway.last_stream_id,
                code: goaway.code.to_string(),
                code_number: goaway.code.0,
                debug: latin1(&goaway.debug),
            },
            Payload::WindowUpdate(update) => Self::WindowUpdate { increment: update.increment },
            Payload::AltSvc(altsvc) => Self::AltSvc { origin: latin1(&altsvc.origin), value: latin1(&altsvc.value) },
            Payload::Origin(origin) => {
                Self::Origin { origins: origin.entries.iter().map(|entry| latin1(entry)).collect() }
            }
            Payload::PriorityUpdate(update) => {
                Self::PriorityUpdate { prioritized_stream: update.prioritized_stream_id, value: latin1(&update.value) }
            }
        })
    }
}

#[derive(Serialize)]
struct View<'a> {
    #[serde(flatten)]
    header: HeaderView,
    #[serde(flatten)]
    payload: Option<PayloadView>,
    /// Why the payload is malformed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<&'a [super::fields::FieldLine]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fields_whole: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fields_error: Option<&'a str>,
    octets: String,
    whole: bool,
}

impl Serialize for Frame {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (mut payload, mut error) = (None, None);
        match self.payload() {
            Some(Ok(said)) => payload = PayloadView::of(said),
            Some(Err(text)) => error = Some(text),
            None => {}
        }
        if error.is_none()
            && let Some((data_length, padding)) = self.data_lengths()
        {
            payload = Some(PayloadView::Data { data_length, padding });
        }
        let section = self.fields().and_then(Result::ok);
        let view = View {
            header: HeaderView::of(self.header),
            payload,
            error,
            fields: section.map(|section| &section.lines[..]),
            fields_whole: section.map(|section| section.whole),
            fields_error: self.fields().and_then(Result::err),
            octets: to_hex(&self.octets),
            whole: self.is_whole(),
        };
        view.serialize(serializer)
    }
}

#[derive(Deserialize)]
struct Kept {
    #[serde(with = "hex")]
    octets: Bytes,
    fields: Option<Vec<super::fields::FieldLine>>,
    fields_whole: Option<bool>,
    fields_error: Option<String>,
}

impl<'de> Deserialize<'de> for Frame {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Kept { octets, fields, fields_whole, fields_error } = Kept::deserialize(deserializer)?;
        let fields = match (fields, fields_error) {
            (_, Some(error)) => Some(Err(error)),
            (Some(lines), None) => Some(Ok(FieldSection { lines, whole: fields_whole.unwrap_or(true) })),
            (None, None) => None,
        };
        Self::new(octets, fields).ok_or_else(|| D::Error::custom("the bytes of a frame are not a frame"))
    }
}
