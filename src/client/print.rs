//! Records as `fetch`, `decode` and `replay` print them.

use super::arguments::PrintArguments;
use super::exit::Failure;
use crate::http::words::similar;
use crate::transcript::{Line, Record, RecordKind, Side, field_lines, line};
use crate::wire::frame::FrameType;
use std::io::Write;

/// Bytes of a frame that a line of hex has.
const HEX_WIDTH: usize = 16;

/// Prints records to standard output. Lines are in color on terminals, unless NO_COLOR is set.
pub struct Printer {
    out: anstream::AutoStream<std::io::Stdout>,
    side: Side,
    has_hex: bool,
    is_json: bool,
    is_quiet: bool,
    only: Vec<FrameType>,
}

impl Printer {
    /// A printer of what the end `side` sent and received.
    ///
    /// # Errors
    /// There is no such frame type.
    pub fn new(arguments: &PrintArguments, is_quiet: bool, side: Side) -> Result<Self, Failure> {
        let only = arguments.only.iter().map(|name| frame_type(name)).collect::<Result<_, _>>()?;
        let out = anstream::stdout();
        Ok(Self { out, side, has_hex: arguments.hex, is_json: arguments.json, is_quiet, only })
    }

    /// Whether it prints JSON.
    pub const fn is_json(&self) -> bool {
        self.is_json
    }

    /// Whether all bytes of content are needed.
    pub const fn keeps_content(&self) -> bool {
        self.is_json || self.has_hex
    }

    /// Prints what stands before records or between them, unless it is to be quiet.
    pub fn begin(&mut self, text: &str) {
        if !self.is_quiet {
            self.text(text);
        }
    }

    /// Changes the end whose view is printed.
    pub const fn set_side(&mut self, side: Side) {
        self.side = side;
    }

    /// Prints a record, by its time, or by the offset of its first byte.
    pub fn record(&mut self, record: &Record, offset: Option<usize>) {
        if self.is_quiet || !self.is_wanted(record) {
            return;
        }
        if self.is_json {
            return self.text(&line(record));
        }
        let line = Line::new(record, self.side).in_color();
        let line = offset.map_or(line, |offset| line.at_offset(offset));
        let mut text = format!("{line}\n");
        for line in field_lines(record) {
            text.push_str(&line);
            text.push('\n');
        }
        if self.has_hex {
            push_hex(octets_of(record), &mut text);
        }
        self.text(&text);
    }

    /// Prints what is said about records: between them, or on standard error beside JSON.
    pub fn note(&mut self, text: &str) {
        if self.is_json {
            let _ = std::io::stderr().write_all(text.as_bytes());
        } else {
            self.begin(text);
        }
    }

    /// Prints text as it is; style codes are taken out where they mean nothing.
    pub fn text(&mut self, text: &str) {
        // A reader that has read enough, such as `head`, is no failure.
        let _ = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }

    fn is_wanted(&self, record: &Record) -> bool {
        match &record.kind {
            _ if self.only.is_empty() => true,
            RecordKind::Frame(frame) => self.only.contains(&frame.header().frame_type),
            _ => false,
        }
    }
}

/// The frame type with this name, or number.
pub(super) fn frame_type(name: &str) -> Result<FrameType, Failure> {
    let upper = name.to_ascii_uppercase().replace('-', "_");
    let number = || upper.strip_prefix("0X").map_or_else(|| name.parse(), |hex| u8::from_str_radix(hex, 16)).ok();
    if let Some(known) = FrameType::by_name(&upper).or_else(|| number().map(FrameType)) {
        return Ok(known);
    }
    let names: Vec<&str> = (0..=u8::MAX).filter_map(|code| FrameType(code).name()).collect();
    let help = match similar(&upper, names.iter().copied()) {
        Some(similar) => format!("a similar one exists: {similar}"),
        None => format!("write a number, or one of {}", names.join(", ")),
    };
    Err(Failure::usage(format!("there is no frame type {name}\nhelp: {help}")))
}

fn octets_of(record: &Record) -> &[u8] {
    match &record.kind {
        RecordKind::Frame(frame) => frame.octets(),
        RecordKind::Octets(octets) => &octets.octets,
        _ => &[],
    }
}

/// Bytes as lines of hexadecimal digits, with ASCII beside them.
fn push_hex(octets: &[u8], text: &mut String) {
    for (number, row) in octets.chunks(HEX_WIDTH).enumerate() {
        let hex: Vec<String> = row.iter().map(|octet| format!("{octet:02x}")).collect();
        let shown = |octet: &u8| if octet.is_ascii_graphic() || *octet == b' ' { char::from(*octet) } else { '.' };
        let ascii: String = row.iter().map(shown).collect();
        text.push_str(&format!("               {:04x}  {:<48} {ascii}\n", number * HEX_WIDTH, hex.join(" ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_in_rows() {
        let mut text = String::new();
        push_hex(b"\0abcdefghijklmnop", &mut text);
        let expected = "               \
                        0000  00 61 62 63 64 65 66 67 68 69 6a 6b 6c 6d 6e 6f  .abcdefghijklmno\n               \
                        0010  70                                               p\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn frame_types_have_names_and_numbers() {
        assert_eq!(frame_type("headers").ok(), Some(FrameType::HEADERS));
        assert_eq!(frame_type("window-update").ok(), Some(FrameType::WINDOW_UPDATE));
        assert_eq!(frame_type("0xfa").ok(), Some(FrameType(0xfa)));
        assert_eq!(frame_type("7").ok(), Some(FrameType::GOAWAY));
        let error = frame_type("HEADER").unwrap_err().text;
        assert_eq!(error, "there is no frame type HEADER\nhelp: a similar one exists: HEADERS");
    }
}
