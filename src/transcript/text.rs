//! Records as lines for people: in logs, in terminals, at `/_wire/connections/ID.txt`.

use super::codec::to_hex;
use super::effect::Effect;
use super::facts::Facts;
use super::fields::{FieldLine, FieldSection};
use super::frame::Frame;
use super::octets::{Meaning, Octets};
use super::record::{Cause, NotSent, Record, RecordKind, Side, Violation};
use crate::wire::frame::{FrameHeader, FrameType, Payload, Priority, SettingId, flag};
use crate::wire::hpack::Representation;
use anstyle::{AnsiColor, Effects, Style};
use std::fmt::{self, Display, Formatter};

/// Bytes of content, of an unknown payload, or of HTTP/1.1 that a line shows.
const MAX_SHOWN: usize = 48;
/// Characters of a value that came from the other end in the line of its frame.
const MAX_VALUE: usize = 120;

/// A record as one line without its line end, seen from `side`: `→` is what that end sent, `←` what it received.
///
/// Seconds since the connection began, direction, type, stream, flags, length, and what it says. Bytes that are not
/// printable ASCII are escaped.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    record: &'a Record,
    side: Side,
    offset: Option<usize>,
    has_colors: bool,
}

impl<'a> Line<'a> {
    /// The line of a record.
    pub const fn new(record: &'a Record, side: Side) -> Self {
        Self { record, side, offset: None, has_colors: false }
    }

    /// Begins with the offset of the record's first byte instead of a time.
    pub const fn at_offset(self, offset: usize) -> Self {
        Self { offset: Some(offset), ..self }
    }

    /// Says by color, too, what a frame does to its stream.
    pub const fn in_color(self) -> Self {
        Self { has_colors: true, ..self }
    }

    fn style(&self) -> Style {
        if !self.has_colors {
            return Style::new();
        }
        if self.record.is_error() { ERROR } else { Effect::of(&self.record.kind).style() }
    }
}

/// For what is wrong.
pub const ERROR: Style = AnsiColor::Red.on_default().effects(Effects::BOLD);

impl Effect {
    /// Its color in terminals.
    const fn style(self) -> Style {
        match self {
            Self::Opens => AnsiColor::Green.on_default(),
            Self::Content => AnsiColor::Blue.on_default(),
            Self::Control => AnsiColor::Cyan.on_default(),
            Self::Ends => AnsiColor::Yellow.on_default(),
            Self::Unknown => AnsiColor::Magenta.on_default(),
            Self::Note => Style::new(),
        }
    }
}

impl Display for Line<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Record { time, from, cause, script, breaks, kind, .. } = self.record;
        let arrow = match from {
            Some(from) if *from == self.side => "→",
            Some(_) => "←",
            None => "·",
        };
        let columns = Columns::of(kind);
        let Columns { stream, name, flags, length, says } = &columns;
        let source = match (cause, script) {
            (Some(Cause::Raw), Some(script)) => format!("  (raw: {script})"),
            (Some(Cause::Raw), None) => "  (raw)".to_owned(),
            (_, Some(script)) => format!("  ({script})"),
            _ => String::new(),
        };
        let place = match self.offset {
            Some(offset) => format!("{offset:#010x}"),
            None => format!("{:.6}", time.as_secs_f64()),
        };
        let stream = stream.map(|stream| format!("s{stream}")).unwrap_or_default();
        let length = length.map(|length| length.to_string()).unwrap_or_default();
        let columns = format!("{name:<15} {stream:<5} {flags:<22} {length:>6}");
        let columns = if says.is_empty() { columns.trim_end() } else { &columns };
        let (style, gap) = (self.style(), if says.is_empty() { "" } else { "  " });
        let broken = breaks.as_ref().map(|breach| format!("  {breach}")).unwrap_or_default();
        write!(f, "{place:>10} {arrow} {style}{columns}{style:#}{gap}{}{broken}{source}", says.trim_end())
    }
}

/// The fields of the field block that ends with a record, each as a line without its line end: name, value,
/// representation and table index. Nothing for other records.
pub fn field_lines(record: &Record) -> impl Iterator<Item = String> {
    let section = match &record.kind {
        RecordKind::Frame(frame) => frame.fields().and_then(Result::ok),
        _ => None,
    };
    section.into_iter().flat_map(FieldSection::text_lines)
}

impl FieldSection {
    /// Each field as a line without its line end.
    pub fn text_lines(&self) -> impl Iterator<Item = String> {
        let lines = self.lines.iter().map(|line| match line {
            FieldLine::Field { name, value, representation, index } => {
                let index = match (representation, index) {
                    (_, 0) => String::new(),
                    (Representation::Indexed, index) => format!(" {index}"),
                    (_, index) => format!(", name {index}"),
                };
                format!("{INDENT}{}: {}  ({representation}{index})", name.escape_ascii(), outside_quotes(value))
            }
            FieldLine::SizeUpdate(size) => format!("{INDENT}dynamic table size update to {size}"),
        });
        lines.chain((!self.whole).then(|| format!("{INDENT}… (the block stands for more than is shown)")))
    }
}

/// Bytes that stand in no quotes: bytes that are not printable ASCII, and backslashes, are escaped.
fn outside_quotes(octets: &[u8]) -> String {
    octets.escape_ascii().to_string().replace("\\\"", "\"").replace("\\'", "'")
}

/// Where what belongs to a line begins.
const INDENT: &str = "               ";

/// The first line of a transcript, without its line end.
pub fn title(facts: &Facts) -> String {
    let Facts { id, protocol, client_address, server_address, tls, profile, records_dropped, .. } = facts;
    let mut title = format!("connection {id}  {protocol}  {client_address} → {server_address}");
    match tls {
        Some(tls) => {
            title.push_str("  ");
            title.push_str(&tls.version);
            if let Some(sni) = &tls.sni {
                title.push_str(&format!(" {}", sni.escape_debug()));
            }
        }
        None => title.push_str("  without TLS"),
    }
    if let Some(profile) = profile {
        title.push_str(&format!("  profile {profile}"));
    }
    if *records_dropped > 0 {
        title.push_str(&format!("\n{records_dropped} older records had no room"));
    }
    title
}

/// What a function writes.
fn text_of(write: impl Fn(&mut Formatter<'_>) -> fmt::Result) -> String {
    struct Written<F>(F);
    impl<F: Fn(&mut Formatter<'_>) -> fmt::Result> Display for Written<F> {
        fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
            (self.0)(f)
        }
    }
    Written(write).to_string()
}

/// What a record is, in columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// The stream, or over HTTP/1.1 the number of the request; `None` if it is about neither.
    pub stream: Option<u64>,
    /// The type of a frame by name, or what else it is.
    pub name: String,
    /// The flags of a frame, by name, with `|` between them.
    pub flags: String,
    /// Bytes of a frame's payload, or of bytes that are not a frame.
    pub length: Option<u64>,
    /// What it says, in one line. Bytes that are not printable ASCII are escaped.
    pub says: String,
}

impl Columns {
    /// The columns of a record.
    pub fn of(kind: &RecordKind) -> Self {
        match kind {
            RecordKind::Frame(frame) => {
                Self { says: text_of(|f| frame_says(frame, f)), ..Self::of_header(*frame.header()) }
            }
            RecordKind::Octets(octets) => Self {
                name: "octets".to_owned(),
                length: Some(octets.length),
                says: text_of(|f| octets_say(octets, f)),
                ..Self::default()
            },
            other => {
                let (stream, name) = name_of(other);
                Self { stream, name: name.to_owned(), says: text_of(|f| other_says(other, f)), ..Self::default() }
            }
        }
    }

    fn of_header(header: FrameHeader) -> Self {
        let FrameHeader { length, frame_type, flags, reserved, stream_id } = header;
        let mut names: Vec<String> = flag::set_names(frame_type, flags).map(str::to_owned).collect();
        let other = flags & !flag::defined(frame_type);
        if other != 0 {
            names.push(format!("{other:#04x}"));
        }
        if reserved {
            names.push("reserved bit".to_owned());
        }
        Self {
            stream: Some(u64::from(stream_id)),
            name: frame_type.to_string(),
            flags: names.join("|"),
            length: Some(u64::from(length)),
            says: String::new(),
        }
    }
}

fn frame_says(frame: &Frame, f: &mut Formatter<'_>) -> fmt::Result {
    if frame.header().frame_type == FrameType::DATA
        && let Some((length, padding)) = frame.data_lengths()
    {
        return data_says(frame, length, padding, f);
    }
    match frame.payload() {
        Some(Ok(payload)) => payload_says(&payload, f)?,
        Some(Err(error)) => write!(f, "✗ {error}")?,
        None => write!(f, "{} of {} bytes kept", frame.octets().len(), frame.header().length)?,
    }
    match frame.fields() {
        Some(Ok(section)) => section_says(section, f),
        Some(Err(error)) => write!(f, "✗ {error}"),
        None => Ok(()),
    }
}

fn data_says(frame: &Frame, length: u32, padding: Option<u8>, f: &mut Formatter<'_>) -> fmt::Result {
    let start = if padding.is_some() { 10 } else { 9 };
    let end = frame.octets().len().min(start + length as usize);
    preview(frame.octets().get(start..end).unwrap_or_default(), u64::from(length), f)?;
    match padding {
        Some(padding) => write!(f, " + {padding} of padding"),
        None => Ok(()),
    }
}

/// What a payload says, with a space behind it where fields may follow.
fn payload_says(payload: &Payload, f: &mut Formatter<'_>) -> fmt::Result {
    match payload {
        Payload::Data(_) | Payload::Continuation(_) => Ok(()),
        Payload::Headers(headers) => match headers.priority {
            Some(priority) => {
                priority_says(priority, f)?;
                f.write_str(" ")
            }
            None => Ok(()),
        },
        Payload::Priority(priority) => priority_says(*priority, f),
        Payload::RstStream(reset) => reset.code.fmt(f),
        Payload::Settings(settings) => {
            let entries = settings.entries.iter().map(|(id, value)| format!("{}={value}", SettingId(*id)));
            f.write_str(&entries.collect::<Vec<_>>().join(" "))
        }
        Payload::PushPromise(promise) => write!(f, "promises stream {} ", promise.promised_stream_id),
        Payload::Ping(ping) => f.write_str(&to_hex(&ping.opaque)),
        Payload::GoAway(goaway) => {
            write!(f, "{}, last stream {}", goaway.code, goaway.last_stream_id)?;
            if goaway.debug.is_empty() { Ok(()) } else { write!(f, ", {}", quoted(&goaway.debug)) }
        }
        Payload::WindowUpdate(update) => write!(f, "+{}", update.increment),
        Payload::AltSvc(altsvc) => write!(f, "{} {}", quoted(&altsvc.origin), quoted(&altsvc.value)),
        Payload::Origin(origin) => {
            let origins = origin.entries.iter().map(|entry| quoted(entry));
            f.write_str(&origins.collect::<Vec<_>>().join(" "))
        }
        Payload::PriorityUpdate(update) => {
            write!(f, "stream {}: {}", update.prioritized_stream_id, quoted(&update.value))
        }
        Payload::Unknown(_, octets) => preview(octets, octets.len() as u64, f),
    }
}

fn priority_says(priority: Priority, f: &mut Formatter<'_>) -> fmt::Result {
    let Priority { exclusive, dependency, weight } = priority;
    let exclusive = if exclusive { " exclusively" } else { "" };
    write!(f, "depends{exclusive} on {dependency}, weight {}", u16::from(weight) + 1)
}

/// A request line, a status, or how many fields there are.
fn section_says(section: &FieldSection, f: &mut Formatter<'_>) -> fmt::Result {
    let part = |name: &[u8]| section.get(name).map(|value| shortened(value)).unwrap_or_default();
    if section.get(b":method").is_some() {
        let scheme = section.get(b":scheme").map(|scheme| format!("{}://", shortened(scheme))).unwrap_or_default();
        return write!(f, "{} {scheme}{}{}", part(b":method"), part(b":authority"), part(b":path"));
    }
    if section.get(b":status").is_some() {
        return f.write_str(&part(b":status"));
    }
    match section.lines.len() {
        1 => f.write_str("1 field"),
        count => write!(f, "{count} fields"),
    }
}

fn octets_say(octets: &Octets, f: &mut Formatter<'_>) -> fmt::Result {
    if let Some(header) = octets.announced() {
        let FrameHeader { length, frame_type, stream_id, .. } = header;
        write!(f, "announces {frame_type} on stream {stream_id} with {length} bytes")?;
        let have = octets.length.saturating_sub(9);
        return write!(f, ", has {have}");
    }
    let max = if octets.meaning == Meaning::Http1 { MAX_VALUE } else { MAX_SHOWN };
    let shown = octets.octets.get(..max).unwrap_or(&octets.octets);
    write!(f, "\"{}\"", shown.escape_ascii())?;
    if (shown.len() as u64) < octets.length { f.write_str("…") } else { Ok(()) }
}

/// The stream and the name of a record that is not made of bytes.
fn name_of(kind: &RecordKind) -> (Option<u64>, &'static str) {
    match kind {
        RecordKind::Frame(_) | RecordKind::Octets(_) => (None, ""),
        RecordKind::Preface => (None, "preface"),
        RecordKind::Request(head) => (Some(head.number), "request"),
        RecordKind::NotSent(unsent) => (unsent.stream.map(u64::from), "not sent"),
        RecordKind::Violation(violation) => (violation.stream.map(u64::from), "✗ violation"),
        RecordKind::Expectation(expected) => (None, if expected.passed { "✓ expectation" } else { "✗ expectation" }),
        RecordKind::Notice(notice) => (notice.stream, "notice"),
        RecordKind::Dropped(_) => (None, "✗ dropped"),
        RecordKind::Closed(_) => (None, "closed"),
        RecordKind::Ended(_) => (None, "ended"),
    }
}

fn other_says(kind: &RecordKind, f: &mut Formatter<'_>) -> fmt::Result {
    match kind {
        RecordKind::Frame(_) | RecordKind::Octets(_) | RecordKind::Preface => Ok(()),
        RecordKind::Request(head) => write!(f, "{} {}", shortened(&head.method), shortened(&head.target)),
        RecordKind::NotSent(unsent) => not_sent_says(unsent, f),
        RecordKind::Violation(violation) => violation_says(violation, f),
        RecordKind::Expectation(expected) if expected.detail.is_empty() => printable(&expected.name).fmt(f),
        RecordKind::Expectation(expected) => {
            write!(f, "{}: {}", printable(&expected.name), printable(&expected.detail))
        }
        RecordKind::Notice(notice) => printable(&notice.text).fmt(f),
        RecordKind::Dropped(dropped) => write!(f, "{} records: {}", dropped.records, dropped.why.text()),
        RecordKind::Closed(closed) | RecordKind::Ended(closed) => {
            write!(f, "{} ({})", printable(&closed.text), printable(&closed.why))
        }
    }
}

fn not_sent_says(unsent: &NotSent, f: &mut Formatter<'_>) -> fmt::Result {
    if let Some(length) = unsent.length {
        write!(f, "{length} bytes of ")?;
    }
    f.write_str(unsent.unsent.name())?;
    if let Some(frame_type) = &unsent.frame_type {
        write!(f, " {frame_type}")?;
    }
    write!(f, ": {}", unsent.why.text())?;
    match (&unsent.by, &unsent.code) {
        (Some(by), Some(code)) => write!(f, " by the {} with {code}", by.name()),
        _ => Ok(()),
    }
}

fn violation_says(violation: &Violation, f: &mut Formatter<'_>) -> fmt::Result {
    if let Some(rule) = &violation.rule {
        write!(f, "{rule} ")?;
    }
    write!(f, "({}): {}", violation.section, printable(&violation.text))?;
    if !violation.detail.is_empty() {
        write!(f, ": {}", printable(&violation.detail))?;
    }
    match (&violation.reaction, violation.status) {
        (Some(reaction), _) => write!(f, "; {reaction}"),
        (None, Some(status)) => write!(f, "; answered with {status}"),
        (None, None) => Ok(()),
    }
}

/// The first of `length` bytes, in quotes.
fn preview(octets: &[u8], length: u64, f: &mut Formatter<'_>) -> fmt::Result {
    if length == 0 {
        return Ok(());
    }
    let shown = octets.get(..MAX_SHOWN).unwrap_or(octets);
    write!(f, "\"{}\"", shown.escape_ascii())?;
    if (shown.len() as u64) < length { f.write_str("…") } else { Ok(()) }
}

fn quoted(octets: &[u8]) -> String {
    format!("\"{}\"", shortened(octets))
}

/// A value that came over the wire, for the line of its frame.
fn shortened(octets: &[u8]) -> String {
    let shown = octets.get(..MAX_VALUE).unwrap_or(octets);
    format!("{}{}", shown.escape_ascii(), if shown.len() < octets.len() { "…" } else { "" })
}

/// A text without control characters.
fn printable(text: &str) -> impl Display {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect::<String>()
}
