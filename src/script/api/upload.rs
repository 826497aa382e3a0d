//! Content that is read piece by piece, as wptserve's `InputFile`: `request.raw_input`, and files of a form.

use std::cell::Cell;
use std::rc::Rc;

use bytes::Bytes;
use rhai::{Array, Dynamic, Engine, INT};

use super::fields::FieldList;
use super::outcome::{Outcome, fail};
use crate::exchange::Exchange;
use crate::http::multipart::Part;
use crate::script::budget::pause;
use crate::script::error::BadRequest;
use crate::script::limits::MAX_NESTING;
use crate::script::octet_functions;
use crate::script::octets::{Octets, text_of};
use crate::script::types;

/// Bytes of a file that are printed.
const PRINTED: usize = 64 << 10;

/// A file of a `multipart/form-data` form.
#[derive(Clone)]
pub struct Upload(Rc<Part>);

/// Content with a place where reading goes on; copies share the place.
#[derive(Clone)]
pub struct InputFile(Rc<Input>);

struct Input {
    source: Source,
    at: Cell<usize>,
}

enum Source {
    Octets(Bytes),
    /// The request's content, as it arrives.
    Body(Exchange),
}

impl Upload {
    /// The part as a file, if it is one: it has a file name, and that is not empty.
    pub fn of(part: &Part) -> Option<Self> {
        part.file_name.as_ref().filter(|name| !name.is_empty())?;
        Some(Self(Rc::new(part.clone())))
    }

    /// What is in the file.
    pub fn content(&self) -> Bytes {
        self.0.data.clone()
    }
}

/// The whole of a request's content; waits for it.
///
/// # Errors
/// It is larger than the server keeps: [`BadRequest`] with 413.
pub fn body(exchange: &Exchange) -> Outcome<Bytes> {
    available(exchange, u64::MAX)
}

/// The request's content as far as it has come, which is at least `octets` unless it has fewer.
fn available(exchange: &Exchange, octets: u64) -> Outcome<Bytes> {
    if !exchange.request_ended() {
        let waiting = exchange.clone();
        pause(async move { waiting.received(octets).await })?;
    }
    if exchange.is_broken_off(octets) {
        // A part is never taken for the whole. The handler is usually ended while it waits here.
        pause(tokio::task::yield_now())?;
        return fail("the client left before its request was complete");
    }
    if exchange.too_large() {
        let text = "The request's content is larger than this server keeps.".to_owned();
        return Err(BadRequest { status: 413, text }.into());
    }
    Ok(exchange.body())
}

impl InputFile {
    /// The request's content, from its beginning.
    pub fn of_request(exchange: Exchange) -> Self {
        Self(Rc::new(Input { source: Source::Body(exchange), at: Cell::new(0) }))
    }

    fn available(&self, octets: usize) -> Outcome<Bytes> {
        match &self.0.source {
            Source::Octets(octets) => Ok(octets.clone()),
            Source::Body(exchange) => available(exchange, octets as u64),
        }
    }

    /// At most `count` octets from here on, fewer only at the end.
    fn read(&self, count: usize) -> Outcome<Octets> {
        let start = self.0.at.get();
        let end = start.saturating_add(count);
        let all = self.available(end)?;
        let end = end.min(all.len());
        self.0.at.set(end);
        Ok(Octets(all.slice(start.min(end)..end)))
    }

    /// To the next line end, with it, but at most `count` octets.
    fn read_line(&self, count: usize) -> Outcome<Octets> {
        let start = self.0.at.get();
        let mut wanted = start;
        loop {
            let all = self.available(wanted)?;
            let rest = all.get(start..).unwrap_or_default();
            let line = memchr::memchr(b'\n', rest).map(|at| at + 1);
            if let Some(length) = line.or((rest.len() >= count || all.len() < wanted).then_some(rest.len())) {
                return self.read(length.min(count));
            }
            wanted = all.len() + 1;
        }
    }

    fn seek(&self, place: INT) -> Outcome<()> {
        let found = usize::try_from(place).ok();
        let length = self.available(found.unwrap_or_default())?.len();
        match found.filter(|place| *place <= length) {
            Some(place) => self.0.at.set(place),
            None => return fail(format!("{place} is not a position in a body of {length} bytes")),
        }
        Ok(())
    }
}

/// A count as scripts write it: negative is all.
fn count_of(count: INT) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// The lines of an input file that are still to be read.
impl IntoIterator for InputFile {
    type Item = Outcome<Octets>;
    type IntoIter = Lines;

    fn into_iter(self) -> Lines {
        Lines(self)
    }
}

/// See [`InputFile`].
pub struct Lines(InputFile);

impl Iterator for Lines {
    type Item = Outcome<Octets>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.read_line(usize::MAX).map(|line| (!line.0.is_empty()).then_some(line)).transpose()
    }
}

pub fn register(engine: &mut Engine) {
    types::register(engine, "file", |upload: &Upload| {
        let content = upload.content();
        Octets(content.slice(..content.len().min(PRINTED))).text()
    });
    // Text as everything that a form holds.
    let text = |octets: &Bytes| Dynamic::from(text_of(octets).into_owned());
    let content = |upload: &mut Upload| Octets(upload.content());
    engine.register_get("name", move |upload: &mut Upload| text(&upload.0.name));
    engine.register_get("filename", move |upload: &mut Upload| upload.0.file_name.as_ref().map_or(Dynamic::UNIT, text));
    engine.register_get("filename_bytes", |upload: &mut Upload| {
        upload.0.file_name.clone().map_or(Dynamic::UNIT, |name| Dynamic::from(Octets(name)))
    });
    engine.register_get("type", move |upload: &mut Upload| upload.0.content_type.as_ref().map_or(Dynamic::UNIT, text));
    engine.register_get("headers", |upload: &mut Upload| FieldList::from(upload.0.fields.clone()));
    engine.register_get("value", content);
    engine.register_get("file", |upload: &mut Upload| {
        InputFile(Rc::new(Input { source: Source::Octets(upload.content()), at: Cell::new(0) }))
    });
    engine.register_fn("text", |upload: &mut Upload| octet_functions::text(&Octets(upload.content())));
    register_input_file(engine);
}

fn register_input_file(engine: &mut Engine) {
    types::register(engine, "input file", |file: &InputFile| format!("input file at byte {}", file.0.at.get()));
    engine.register_fn("read", |file: &mut InputFile| file.read(usize::MAX));
    engine.register_fn("read", |file: &mut InputFile, count: INT| file.read(count_of(count)));
    engine.register_fn("readline", |file: &mut InputFile| file.read_line(usize::MAX));
    engine.register_fn("readline", |file: &mut InputFile, count: INT| file.read_line(count_of(count)));
    engine.register_fn("readlines", |file: &mut InputFile| -> Outcome<Array> {
        let most = MAX_NESTING;
        let lines: Array =
            Lines(file.clone()).take(most + 1).map(|line| line.map(Dynamic::from)).collect::<Outcome<_>>()?;
        if lines.len() > most {
            fail("there are more lines than a list can have\nhelp: read them with `for`")
        } else {
            Ok(lines)
        }
    });
    engine.register_fn("seek", |file: &mut InputFile, place: INT| file.seek(place));
    engine.register_fn("tell", |file: &mut InputFile| INT::try_from(file.0.at.get()).unwrap_or(INT::MAX));
    engine.register_get("length", |file: &mut InputFile| -> Outcome<INT> {
        Ok(INT::try_from(file.available(usize::MAX)?.len()).unwrap_or(INT::MAX))
    });
    engine.register_iterator_result::<InputFile, Octets>();
}
