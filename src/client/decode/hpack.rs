//! Field blocks by themselves, one after the other, with the dynamic table after each.

use super::super::exit::{Exit, Failure};
use super::super::print::Printer;
use super::input::{Input, octets_of_text};
use super::show::show_problem;
use super::stream::Problem;
use crate::http::latin1::latin1;
use crate::http::words::hex;
use crate::transcript::FieldSection;
use crate::wire::hpack::{Block, Decoder, ENTRY_OVERHEAD};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Bytes of fields that are shown of a block.
const MAX_FIELDS: usize = 1 << 20;
/// Bytes that a table may grow to.
const MAX_TABLE: usize = 1 << 20;

/// A block, and what it should say.
#[derive(Debug, Default)]
struct Case {
    octets: Bytes,
    /// Bytes that the table may hold from here on.
    table_size: Option<usize>,
    headers: Option<Vec<(String, String)>>,
}

/// The JSON of http2jp/hpack-test-case.
#[derive(Deserialize)]
struct Cases {
    cases: Vec<CaseText>,
}

#[derive(Deserialize)]
struct CaseText {
    wire: String,
    #[serde(default)]
    header_table_size: Option<usize>,
    #[serde(default)]
    headers: Option<Vec<Map<String, Value>>>,
}

/// Decodes blocks: one for each line of text, test cases, or all bytes as one block.
///
/// # Errors
/// The input is something else.
pub fn decode(octets: Vec<u8>, printer: &mut Printer) -> Result<Exit, Failure> {
    let mut decoder = Decoder::default();
    decoder.set_max_table_size(MAX_TABLE);
    let mut exit = Exit::Success;
    for (number, case) in cases(octets)?.into_iter().enumerate() {
        if let Some(size) = case.table_size {
            decoder.set_max_table_size(size.min(MAX_TABLE));
        }
        match decoder.decode(case.octets.clone(), MAX_FIELDS) {
            Ok(block) => {
                print_block(number + 1, &block, &decoder, printer);
                if let Some(text) = difference(&block, case.headers.as_deref()) {
                    printer.note(&format!("✗ block {}: {text}\n", number + 1));
                    exit = Exit::Faulty;
                }
            }
            Err(error) => {
                printer.note(&format!("block {}: {} bytes\n", number + 1, case.octets.len()));
                let problem = Problem { offset: error.offset, text: error.kind.to_string() };
                show_problem(&case.octets, &problem, printer);
                // What the table holds is unknown (RFC 9113 §4.3).
                printer.note("the blocks after it cannot be read, because the table is unknown\n");
                return Ok(Exit::Faulty);
            }
        }
    }
    Ok(exit)
}

fn cases(octets: Vec<u8>) -> Result<Vec<Case>, Failure> {
    let lines = std::str::from_utf8(&octets).ok().and_then(|text| {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let blocks: Option<Vec<Vec<u8>>> = lines.map(octets_of_text).collect();
        blocks.filter(|blocks| !blocks.is_empty())
    });
    if let Some(lines) = lines {
        return Ok(lines.into_iter().map(|octets| Case { octets: octets.into(), ..Case::default() }).collect());
    }
    match Input::of(octets) {
        Input::Octets(octets) => Ok(vec![Case { octets: octets.into(), ..Case::default() }]),
        Input::HpackCases(text) => {
            let cases: Cases = serde_json::from_str(&text)
                .map_err(|error| Failure::usage(format!("this is not a file of hpack-test-case: {error}")))?;
            cases.cases.into_iter().map(Case::try_from).collect()
        }
        _ => Err(Failure::usage("--hpack reads header blocks\nhelp: leave it out for transcripts and captures")),
    }
}

impl TryFrom<CaseText> for Case {
    type Error = Failure;

    fn try_from(case: CaseText) -> Result<Self, Failure> {
        let CaseText { wire, header_table_size, headers } = case;
        let octets = if wire.is_empty() { Some(Vec::new()) } else { octets_of_text(&wire) };
        let octets = octets.ok_or_else(|| Failure::usage(format!("`wire` is not hexadecimal: {wire:?}")))?;
        let pair = |(name, value): (String, Value)| (name, value.as_str().unwrap_or_default().to_owned());
        let headers = headers.map(|headers| headers.into_iter().flatten().map(pair).collect());
        Ok(Self { octets: octets.into(), table_size: header_table_size, headers })
    }
}

/// How a block differs from what it should say.
fn difference(block: &Block, headers: Option<&[(String, String)]>) -> Option<String> {
    let headers = headers?;
    // Test cases are UTF-8.
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    let mut said = block.fields().map(|field| (text(&field.name), text(&field.value)));
    for (name, value) in headers {
        match said.next() {
            Some(pair) if pair.0 == *name && pair.1 == *value => {}
            Some((other, found)) => return Some(format!("{other}: {found} where {name}: {value} is expected")),
            None => return Some(format!("{name}: {value} is missing")),
        }
    }
    said.next().map(|(name, value)| format!("{name}: {value} is one too many"))
}

fn print_block(number: usize, block: &Block, decoder: &Decoder, printer: &mut Printer) {
    let section = FieldSection::from(block);
    if printer.is_json() {
        let table: Vec<[String; 2]> = decoder.table().map(|(name, value)| [latin1(name), latin1(value)]).collect();
        let value = json!({
            "block": number,
            "octets": hex(&block.octets),
            "fields": section.lines,
            "table": table,
            "table_size": decoder.table_size(),
            "table_max_size": decoder.table_max_size(),
        });
        return printer.text(&format!("{value}\n"));
    }
    let mut text = format!("block {number}: {} bytes\n", block.octets.len());
    section.text_lines().for_each(|line| text.extend([&line, "\n"]));
    let (size, max) = (decoder.table_size(), decoder.table_max_size());
    text.push_str(&format!("    dynamic table: {size} of {max} bytes\n"));
    for (index, (name, value)) in (62..).zip(decoder.table()) {
        let size = name.len() + value.len() + ENTRY_OVERHEAD;
        text.push_str(&format!("      {index:>3}  {}: {}  ({size})\n", name.escape_ascii(), value.escape_ascii()));
    }
    printer.text(&text);
}
