//! Pipes: what a URL asks to be done to its response, by `?pipe=` in the query or `.sub.` in the file name.
//!
//! Grammar and meaning are wptserve's: `sub`, `status`, `header`, `slice`, `trickle` and `gzip` change the response,
//! from left to right. `delay`, `reset`, `close`, `split` and `pad` are ours: they change how it goes out.

mod call;
mod content;
mod error;
#[cfg(test)]
mod tests;
mod tokens;
mod wire;

pub use error::PipeError;
pub(super) use wire::Ending;

use super::deliver;
use super::files::send_as_written;
use super::inject::Injection;
use super::template::{self, Escape, Scope};
use crate::exchange::pace::Pace;
use crate::exchange::{Content, ContentError, Exchange, Pieces, Prepared, Protocol, SendError};
use crate::http::status::is_informational;
use crate::http::{ContentRule, Fields, form};
use bytes::Bytes;
use call::{LONGEST, Pipe};
use content::{Cut, Divided, Part, Trickled, pieces_of};
use flate2::{Compression, GzBuilder};
use percent_encoding::percent_decode;
use std::io::{self, Write};
use wire::Wire;

/// Octets of content that pipes which need all of it take.
const MAX_CONTENT: usize = 64 << 20;

/// Octets that are compressed before others have their turn: some milliseconds.
const GZIP_TURN: usize = 64 * 1024;

/// What a URL asks to be done to its response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pipeline(Vec<Pipe>);

impl Pipeline {
    /// Whether a query, or the name of the file that answers, asks for pipes. Allocates nothing.
    pub fn is_asked_for(query: Option<&[u8]>, file_name: &str) -> bool {
        template::is_template(file_name) || query.and_then(parameter).is_some()
    }

    /// The pipes: substitution first if the file name asks for it, then those of the query's last `pipe` parameter that
    /// is not empty.
    ///
    /// # Errors
    /// The first pipe that is not known, or has wrong arguments.
    pub fn parse(query: Option<&[u8]>, file_name: &str) -> Result<Self, PipeError> {
        let mut pipes = Vec::new();
        if template::is_template(file_name) {
            pipes.push(Pipe::Sub(Escape::by_file_name(file_name)));
        }
        if let Some(text) = query.and_then(parameter) {
            pipes.extend(call::parse(&String::from_utf8_lossy(&form::decoded(text)))?);
        }
        Ok(Self(pipes))
    }

    /// What is left of the pipes for a response that is written octet by octet: those that change how it goes out.
    pub fn pace(&self) -> Option<Pace> {
        self.0.iter().rev().find_map(|pipe| match pipe {
            Pipe::Trickle(pace) => Some(pace.clone()),
            _ => None,
        })
    }

    /// Sends a response through the pipes. One that cannot be piped is answered with 500 and a sentence that says why;
    /// `common` are the fields of that. What is put into HTML pages comes after the pipes.
    ///
    /// # Errors
    /// As [`deliver::send`].
    pub async fn send(
        &self,
        exchange: &Exchange,
        mut prepared: Prepared,
        common: Fields,
        scope: &Scope<'_>,
        injection: Option<&Injection>,
    ) -> Result<(), SendError> {
        match self.apply(exchange, &mut prepared, scope).await {
            Ok(wire) => {
                if let Some(injection) = injection {
                    injection.apply(&mut prepared);
                }
                send_as(exchange, prepared, wire).await
            }
            Err(error) => deliver::send(exchange, error.page(exchange), common).await,
        }
    }

    async fn apply(&self, exchange: &Exchange, prepared: &mut Prepared, scope: &Scope<'_>) -> Result<Wire, PipeError> {
        let mut wire = Wire::default();
        let (status, was_given) = (prepared.head.status, prepared.head.fields.contains("content-length"));
        for pipe in &self.0 {
            let fields = &mut prepared.head.fields;
            match pipe {
                Pipe::Sub(escape) => substitute(prepared, scope, *escape).await?,
                Pipe::Status(code) => {
                    prepared.head.status = *code;
                    prepared.head.reason = None;
                }
                Pipe::Header { name, value, append: true } => fields.append(name.clone(), value.clone()),
                Pipe::Header { name, value, append: false } => fields.set(name.clone(), value.clone()),
                Pipe::Slice { start, end } => slice(prepared, *start, *end).await?,
                Pipe::Trickle(pace) => trickle(prepared, pace)?,
                Pipe::Gzip => gzip(prepared).await?,
                Pipe::Delay(time) => wire.delay = wire.delay.saturating_add(*time).min(LONGEST),
                Pipe::End(ending) => wire.ending = Some(*ending),
                Pipe::Split(octets) => wire.split = Some(*octets),
                Pipe::Pad(_) if exchange.protocol() == Protocol::Http1 => {
                    return Err(PipeError::Protocol { name: "pad", wanted: Protocol::Http2 });
                }
                Pipe::Pad(octets) => wire.pad = Some(*octets),
            }
        }
        let may_announce = matches!(exchange.content_rule(prepared.head.status), ContentRule::Any | ContentRule::Head);
        let keeps_given = was_given && prepared.head.status == status;
        if !(may_announce || keeps_given) {
            // What pipes, or the response of another status, have said of content that does not go out.
            prepared.head.fields.remove("content-length");
        }
        if is_informational(prepared.head.status) && exchange.protocol() == Protocol::Http2 {
            return Err(PipeError::Protocol { name: "status(100 to 199)", wanted: Protocol::Http1 });
        }
        Ok(wire)
    }
}

/// Sends a file or a page, through pipes if the query or the file name `name` asks for them. What is no success (404,
/// 416, …) goes out as it is.
///
/// # Errors
/// As [`deliver::send`].
pub async fn send_piped(
    exchange: &Exchange,
    mut prepared: Prepared,
    common: Fields,
    name: &str,
    scope: &Scope<'_>,
    injection: Option<&Injection>,
) -> Result<(), SendError> {
    let query = exchange.request().query();
    if !(200..300).contains(&prepared.head.status) || !Pipeline::is_asked_for(query, name) {
        if let Some(injection) = injection {
            Box::pin(injection.apply_to_file(&mut prepared)).await;
        }
        return deliver::send(exchange, prepared, common).await;
    }
    match Pipeline::parse(query, name) {
        Ok(pipeline) => {
            prepared.head.fields.add_missing(common.clone());
            // What is rare is boxed, so that the future of an answer stays small.
            Box::pin(pipeline.send(exchange, prepared, common, scope, injection)).await
        }
        Err(error) => Box::pin(deliver::send(exchange, error.page(exchange), common)).await,
    }
}

async fn send_as(exchange: &Exchange, mut prepared: Prepared, wire: Wire) -> Result<(), SendError> {
    if let Some(octets) = wire.pad {
        exchange.set_padding(octets)?;
    }
    if let Some(size) = wire.split {
        // Over HTTP/2 a piece is a frame; over HTTP/1.1 it is a write, and a chunk if chunks there are.
        let cut = (exchange.protocol() == Protocol::Http1).then(|| exchange.connection().clone());
        prepared.content = Content::Pieces(Box::new(Divided::new(pieces_of(prepared.content), size, cut)));
    }
    if !wire.delay.is_zero() {
        content::pause(wire.delay).await;
    }
    match wire.ending {
        None if is_informational(prepared.head.status) => {
            if let Some(due) = exchange.interim_due() {
                tokio::time::sleep_until(due.into()).await;
            }
            send_as_written(exchange, prepared).await
        }
        None => deliver::send(exchange, prepared, Fields::new()).await,
        Some(ending @ Ending { after: None, .. }) => ending.carry_out(exchange).await,
        Some(ending @ Ending { after: Some(octets), .. }) => {
            prepared.content = Content::Pieces(Box::new(Cut::new(prepared.content, octets)));
            deliver::send_unfinished(exchange, prepared, ending).await
        }
    }
}

/// The raw value of the last parameter named `pipe` that is not empty. As in wptserve an empty one is none.
fn parameter(query: &[u8]) -> Option<&[u8]> {
    // Most queries have neither; an encoded name is as good as any.
    if memchr::memmem::find(query, b"pipe=").is_none() && memchr::memchr(b'%', query).is_none() {
        return None;
    }
    query.rsplit(|octet| *octet == b'&').find_map(|pair| {
        let (name, text) = pair.split_at_checked(memchr::memchr(b'=', pair)?)?;
        let text = text.get(1..).filter(|text| !text.is_empty())?;
        percent_decode(name).eq(b"pipe".iter().copied()).then_some(text)
    })
}

/// All of the content, for a pipe that needs it whole.
async fn collect(prepared: &mut Prepared, name: &'static str) -> Result<Bytes, PipeError> {
    let content = std::mem::take(&mut prepared.content);
    content.collect(MAX_CONTENT).await.map_err(|error: ContentError| PipeError::Content { name, error })
}

fn announce(prepared: &mut Prepared, length: Option<u64>) {
    if let Some(length) = length {
        prepared.head.fields.set("Content-Length", length.to_string());
    }
}

async fn substitute(prepared: &mut Prepared, scope: &Scope<'_>, escape: Escape) -> Result<(), PipeError> {
    let content = collect(prepared, "sub").await?;
    let replaced = template::substitute(&content, scope, escape).map_err(PipeError::Template)?;
    prepared.content = Content::Whole(replaced.into());
    Ok(())
}

/// A part of the content by Python's rules: negative numbers count from the end, and what is out of range is cut off.
async fn slice(prepared: &mut Prepared, start: Option<i64>, end: Option<i64>) -> Result<(), PipeError> {
    let from_end = start.is_some_and(i64::is_negative) || end.is_some_and(i64::is_negative);
    if from_end && prepared.content.length().is_none() {
        prepared.content = Content::Whole(collect(prepared, "slice").await?);
    }
    let length = prepared.content.length();
    let place = |index: i64| match u64::try_from(index) {
        Ok(index) => index.min(length.unwrap_or(u64::MAX)),
        Err(_) => length.unwrap_or_default().saturating_sub(index.unsigned_abs()),
    };
    let start = start.map_or(0, place);
    let left = end.map(|end| place(end).saturating_sub(start));
    prepared.content = match std::mem::take(&mut prepared.content) {
        Content::Whole(octets) => {
            // Both are within the octets.
            let start = usize::try_from(start).unwrap_or(octets.len());
            let left = left.and_then(|left| usize::try_from(left).ok()).unwrap_or(octets.len() - start);
            Content::Whole(octets.slice(start..start + left))
        }
        Content::Pieces(pieces) => Content::Pieces(Box::new(Part::new(pieces, start, left))),
    };
    prepared.head.fields.remove("content-length");
    let length = prepared.content.length();
    announce(prepared, length);
    Ok(())
}

fn trickle(prepared: &mut Prepared, pace: &Pace) -> Result<(), PipeError> {
    if let Some(length) = prepared.content.length()
        && pace.duration(length).is_none_or(|time| time > LONGEST)
    {
        return Err(PipeError::TooSlow(LONGEST.as_secs()));
    }
    let fields = &mut prepared.head.fields;
    if !["cache-control", "pragma", "expires"].iter().any(|name| fields.contains(name)) {
        fields.append("Cache-Control", "no-cache, no-store, must-revalidate");
        fields.append("Pragma", "no-cache");
        fields.append("Expires", "0");
    }
    let content = std::mem::take(&mut prepared.content);
    prepared.content = Content::Pieces(trickled(content, Some(pace.clone())));
    Ok(())
}

/// Content in a rhythm, if there is one.
pub(super) fn trickled(content: Content, pace: Option<Pace>) -> Box<dyn Pieces> {
    let pieces = pieces_of(content);
    match pace {
        Some(pace) => Box::new(Trickled::new(pieces, pace, LONGEST)),
        None => pieces,
    }
}

async fn gzip(prepared: &mut Prepared) -> Result<(), PipeError> {
    let content = collect(prepared, "gzip").await?;
    let failed = |error: io::Error| PipeError::Content {
        name: "gzip",
        error: ContentError(format!("It cannot be compressed: {error}.")),
    };
    // The same content gives the same octets: no time stamp, and one level (Python's).
    let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    for piece in content.chunks(GZIP_TURN) {
        encoder.write_all(piece).map_err(failed)?;
        tokio::task::yield_now().await;
    }
    let compressed = encoder.finish().map_err(failed)?;
    prepared.head.fields.set("Content-Encoding", "gzip");
    prepared.head.fields.set("Content-Length", compressed.len().to_string());
    prepared.content = Content::Whole(compressed.into());
    Ok(())
}
