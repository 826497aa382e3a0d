//! `response.writer`: checked calls, which keep state and wait for the window, and raw calls, which do neither.

use bytes::Bytes;
use rhai::{Dynamic, Engine, INT, Map, NativeCallContext};
use tokio::time::Instant;

use super::arguments::{check_options, flag_of, octets};
use super::fields::fields_of;
use super::frames::{block_of_literals, code_of, stream_of};
use super::outcome::{Outcome, fail, other_protocol, sent};
use super::parts::checked_status;
use super::response::Response;
use crate::exchange::{CallSite, Exchange, Protocol, RawCall, ResponseHead, Track};
use crate::http::{Authority, Fields, Target};
use crate::script::budget::pause;
use crate::script::call_sites::call_site;
use crate::script::octets::latin1_text;
use crate::script::types;
use crate::wire::frame::{Frame, FrameType, flag};
use crate::wire::hpack::BlockBuilder;

/// The writer of a response.
#[derive(Clone)]
pub struct Writer(pub(super) Response);

/// Options of the raw calls.
struct Raw {
    stream_id: u32,
    end_stream: bool,
    end_headers: bool,
    padding: Option<Bytes>,
    track: Track,
}

impl Writer {
    fn raw_options(&self, function: &'static str, frame_type: FrameType, options: &Map) -> Outcome<Raw> {
        let known: &[&str] = match frame_type {
            FrameType::DATA => &["stream_id", "end_stream", "end_headers", "padding", "track"],
            _ => &["stream_id", "end_stream", "end_headers", "padding", "track", "incremental"],
        };
        check_options(options, known)?;
        let stream_id = match options.get("stream_id") {
            Some(id) => stream_of(id.as_int().unwrap_or(-1))?,
            None => match self.0.exchange().stream_id() {
                Some(id) => id,
                None => return other_protocol(function, Protocol::Http2),
            },
        };
        Ok(Raw {
            stream_id,
            end_stream: flag_of(options, "end_stream", false)?,
            end_headers: flag_of(options, "end_headers", false)?,
            padding: options.get("padding").map(|padding| octets("padding", padding)).transpose()?,
            track: if flag_of(options, "track", false)? { Track::Yes } else { Track::No },
        })
    }

    /// Sends a frame as given, on this connection.
    fn send(&self, function: &'static str, frame: &Frame, call: RawCall) -> Outcome<()> {
        let frame = frame.to_raw();
        if frame.header.frame_type == FrameType::DATA {
            self.0.wait_for_raw(frame.payload.len())?;
        }
        sent(self.0.exchange().send_raw_frame(function, frame, call))
    }

    fn raw(
        &self,
        (function, site): (&'static str, CallSite),
        frame_type: FrameType,
        payload: Bytes,
        options: &Map,
    ) -> Outcome<()> {
        let raw = self.raw_options(function, frame_type, options)?;
        let mut frame = Frame::new(frame_type, 0, raw.stream_id, payload);
        frame.set_flag(flag::END_STREAM, raw.end_stream && frame_type != FrameType::CONTINUATION);
        frame.set_flag(flag::END_HEADERS, raw.end_headers && frame_type != FrameType::DATA);
        if raw.padding.is_some() {
            frame.set_padding(raw.padding);
        }
        self.send(function, &frame, raw.track.at(site))
    }

    /// A HEADERS frame. A whole interim response leaves the final one to be written.
    fn raw_header(&self, site: CallSite, fields: &Dynamic, options: &Map) -> Outcome<()> {
        const FUNCTION: &str = "writer.write_raw_header_frame";
        let block = raw_block(fields, options)?;
        let raw = self.raw_options(FUNCTION, FrameType::HEADERS, options)?;
        let own = Some(raw.stream_id) == self.0.exchange().stream_id();
        if !own || !raw.end_headers || raw.end_stream || raw.track == Track::Yes || !is_interim(fields) {
            return self.raw((FUNCTION, site), FrameType::HEADERS, block, options);
        }
        wait_for_interim(self.0.exchange())?;
        let mut frame = Frame::new(FrameType::HEADERS, flag::END_HEADERS, raw.stream_id, block);
        if raw.padding.is_some() {
            frame.set_padding(raw.padding);
        }
        sent(self.0.exchange().send_raw_interim(FUNCTION, frame.to_raw(), site))
    }

    fn raw_frame(&self, site: CallSite, frame: &Frame, options: &Map) -> Outcome<()> {
        const FUNCTION: &str = "writer.write_raw_frame";
        check_options(options, &["track"])?;
        let track = if flag_of(options, "track", false)? { Track::Yes } else { Track::No };
        self.send(FUNCTION, frame, track.at(site))
    }

    /// Status and fields; the status may be `:status` among the fields.
    fn write_headers(&self, status: Option<INT>, fields: &Dynamic, end: bool) -> Outcome<()> {
        let all = fields_of(fields)?;
        let response = &self.0;
        let mut fields = Fields::with_capacity(all.len());
        if let Some(status) = status {
            response.parts().set_code(status);
        }
        let mut found = status.is_some();
        for field in &all {
            if &field.name[..] != b":status" || found {
                fields.push(field.clone());
                continue;
            }
            found = true;
            let text = latin1_text(&field.value);
            let Ok(code) = text.parse() else { return fail(format!("a status code is 100 to 999, not {text:?}")) };
            response.parts().set_code(code);
        }
        let parts = response.parts();
        let head = ResponseHead { status: checked_status(parts.status())?, reason: parts.reason(), fields };
        sent(response.sender().send_binding_head(&head, end))
    }

    fn write_data(&self, data: &Dynamic, end: bool) -> Outcome<()> {
        self.0.write_data(octets("content", data)?, end)
    }

    fn write_informational(&self, status: INT, fields: &Dynamic) -> Outcome<()> {
        let Some(code) = u16::try_from(status).ok().filter(|code| (100..200).contains(code)) else {
            return fail(format!("an interim response has a status from 100 to 199, not {status}"));
        };
        wait_for_interim(self.0.exchange())?;
        sent(self.0.exchange().send_informational(code, &fields_of(fields)?))
    }

    fn write_push(&self, method: &str, url: &str, fields: &Fields) -> Outcome<Response> {
        if !matches!(method, "GET" | "HEAD") {
            return fail(format!(
                "only GET and HEAD can be pushed, not {method}: others are not safe and cacheable (RFC 9113 §8.4); \
                 frame::push_promise makes any"
            ));
        }
        let exchange = self.0.exchange();
        let (scheme, authority, path) = self.promised(url)?;
        let pushed = sent(exchange.push(method, &scheme, &authority, &path, fields))?;
        Ok(Response::new(pushed, self.0.common().clone(), None))
    }
}

impl Writer {
    /// Scheme, authority and path of what is pushed: a path of the request's own host, or a URL of a host of this server,
    /// which a client would refuse of any other (RFC 9113 §8.4).
    fn promised(&self, url: &str) -> Outcome<(String, String, String)> {
        let request = self.0.exchange().request();
        let own = (latin1_text(&request.scheme), latin1_text(&request.authority));
        if url.starts_with('/') {
            return Ok((own.0, own.1, url.to_owned()));
        }
        let target = Target::parse(b"GET", &Bytes::copy_from_slice(url.as_bytes())).ok();
        let Some(Target { scheme: Some(scheme), authority: Some(authority), path, query, .. }) = target else {
            return fail(format!("what is pushed is a path or a URL, not {url:?}"));
        };
        let host = authority.hostname();
        let is_own = Authority::is_same(scheme.as_bytes(), &request.authority, authority.to_string().as_bytes());
        if authority.userinfo.is_some() || !(is_own || self.0.common().hosts.contains(host.trim_end_matches('.'))) {
            return fail(format!(
                "{host} is not a host of this server, and clients must refuse a push for it (RFC 9113 §8.4); \
                 frame::push_promise makes any"
            ));
        }
        let mut path = latin1_text(&path);
        if let Some(query) = query {
            path.push('?');
            path.push_str(&latin1_text(&query));
        }
        Ok((scheme, authority.to_string(), path))
    }
}

/// The field block of a raw call: literals that touch no table, or with `incremental` such as enter it.
fn raw_block(fields: &Dynamic, options: &Map) -> Outcome<Bytes> {
    let add = match flag_of(options, "incremental", false)? {
        true => BlockBuilder::incremental,
        false => BlockBuilder::without_indexing,
    };
    block_of_literals(fields, add)
}

/// Waits until an interim response may leave.
pub fn wait_for_interim(exchange: &Exchange) -> Outcome<()> {
    match exchange.interim_due().map(Instant::from_std).filter(|due| *due > Instant::now()) {
        Some(due) => pause(tokio::time::sleep_until(due)),
        None => Ok(()),
    }
}

/// Whether these are the fields of an interim response (RFC 9110 §15.2).
fn is_interim(fields: &Dynamic) -> bool {
    let Ok(fields) = fields_of(fields) else { return false };
    fields.get(":status").is_some_and(|status| status.len() == 3 && status.starts_with(b"1") && &status[..] != b"101")
}

pub fn register(engine: &mut Engine) {
    types::register(engine, "response.writer", |writer: &Writer| {
        format!("writer of response {}", writer.0.parts().status())
    });
    engine.register_get("writer", |response: &mut Response| -> Outcome<Writer> {
        response.check_own().map(|()| Writer(response.clone()))
    });
    engine.register_set("writer", |_: &mut Response, _: Writer| {});
    register_checked(engine);
    register_raw(engine);
}

fn register_checked(engine: &mut Engine) {
    engine.register_fn("write_headers", |context: NativeCallContext, writer: &mut Writer, fields: Dynamic| {
        called(&context, writer).write_headers(None, &fields, false)
    });
    engine.register_fn(
        "write_headers",
        |context: NativeCallContext, writer: &mut Writer, fields: Dynamic, end: bool| {
            called(&context, writer).write_headers(None, &fields, end)
        },
    );
    engine.register_fn(
        "write_headers",
        |context: NativeCallContext, writer: &mut Writer, status: INT, fields: Dynamic| {
            called(&context, writer).write_headers(Some(status), &fields, false)
        },
    );
    engine.register_fn(
        "write_headers",
        |context: NativeCallContext, writer: &mut Writer, status: INT, fields: Dynamic, end: bool| {
            called(&context, writer).write_headers(Some(status), &fields, end)
        },
    );
    // The order of wptserve.
    engine.register_fn(
        "write_headers",
        |context: NativeCallContext, writer: &mut Writer, fields: Dynamic, status: INT| {
            called(&context, writer).write_headers(Some(status), &fields, false)
        },
    );
    engine.register_fn(
        "write_headers",
        |context: NativeCallContext, writer: &mut Writer, fields: Dynamic, status: INT, end: bool| {
            called(&context, writer).write_headers(Some(status), &fields, end)
        },
    );
    engine.register_fn("write_data", |context: NativeCallContext, writer: &mut Writer, data: Dynamic| {
        called(&context, writer).clone().write_data(&data, false)
    });
    engine.register_fn("write_data", |context: NativeCallContext, writer: &mut Writer, data: Dynamic, end: bool| {
        called(&context, writer).clone().write_data(&data, end)
    });
    engine.register_fn(
        "write_trailers",
        |context: NativeCallContext, writer: &mut Writer, fields: Dynamic| -> Outcome<()> {
            sent(called(&context, writer).0.exchange().send_trailers(&fields_of(&fields)?))
        },
    );
    engine.register_fn(
        "write_informational",
        |context: NativeCallContext, writer: &mut Writer, status: INT, fields: Dynamic| {
            called(&context, writer).write_informational(status, &fields)
        },
    );
    engine.register_fn("write_push", |context: NativeCallContext, writer: &mut Writer, path: &str| {
        called(&context, writer).write_push("GET", path, &Fields::new())
    });
    engine.register_fn("write_push", |context: NativeCallContext, writer: &mut Writer, path: &str, fields: Dynamic| {
        called(&context, writer).write_push("GET", path, &fields_of(&fields)?)
    });
    engine.register_fn(
        "write_push",
        |context: NativeCallContext, writer: &mut Writer, method: &str, path: &str, fields: Dynamic| {
            called(&context, writer).write_push(method, path, &fields_of(&fields)?)
        },
    );
    engine.register_fn("get_max_payload_size", |writer: &mut Writer| {
        sent(writer.0.exchange().max_payload("writer.get_max_payload_size")).map(INT::from)
    });
    engine.register_fn("end_stream", |context: NativeCallContext, writer: &mut Writer| {
        let response = &called(&context, writer).0;
        response.lines().end(response.exchange());
        sent(response.exchange().end())
    });
    engine.register_fn("rst_stream", |context: NativeCallContext, writer: &mut Writer, code: Dynamic| -> Outcome<()> {
        sent(called(&context, writer).0.exchange().reset(code_of(&code)?))
    });
}

/// A writer whose exchange sends for this call from here on.
fn called<'w>(context: &NativeCallContext<'_>, writer: &'w Writer) -> &'w Writer {
    writer.0.exchange().set_call(site(context));
    writer
}

fn site(context: &NativeCallContext<'_>) -> CallSite {
    call_site(context, "writer.")
}

fn register_raw(engine: &mut Engine) {
    register_raw_fields(engine);
    register_raw_data(engine);
    engine.register_fn("write_raw_frame", |context: NativeCallContext, writer: &mut Writer, frame: Frame| {
        writer.clone().raw_frame(site(&context), &frame, &Map::new())
    });
    engine.register_fn(
        "write_raw_frame",
        |context: NativeCallContext, writer: &mut Writer, frame: Frame, options: Map| {
            writer.clone().raw_frame(site(&context), &frame, &options)
        },
    );
    engine.register_fn("write_raw", |context: NativeCallContext, writer: &mut Writer, data: Dynamic| -> Outcome<()> {
        let (data, response) = (octets("raw octets", &data)?, writer.0.clone());
        response.wait_for_raw(data.len())?;
        sent(response.exchange().send_raw(data, site(&context)))
    });
}

fn register_raw_fields(engine: &mut Engine) {
    engine.register_fn("write_raw_header_frame", |context: NativeCallContext, writer: &mut Writer, fields: Dynamic| {
        writer.raw_header(site(&context), &fields, &Map::new())
    });
    engine.register_fn(
        "write_raw_header_frame",
        |context: NativeCallContext, writer: &mut Writer, fields: Dynamic, options: Map| {
            writer.raw_header(site(&context), &fields, &options)
        },
    );
    let continuation = |context: &NativeCallContext, writer: &Writer, fields: &Dynamic, options: &Map| {
        let function = ("writer.write_raw_continuation_frame", site(context));
        writer.raw(function, FrameType::CONTINUATION, raw_block(fields, options)?, options)
    };
    engine.register_fn(
        "write_raw_continuation_frame",
        move |context: NativeCallContext, writer: &mut Writer, fields: Dynamic| {
            continuation(&context, writer, &fields, &Map::new())
        },
    );
    engine.register_fn(
        "write_raw_continuation_frame",
        move |context: NativeCallContext, writer: &mut Writer, fields: Dynamic, options: Map| {
            continuation(&context, writer, &fields, &options)
        },
    );
}

fn register_raw_data(engine: &mut Engine) {
    let raw = |context: &NativeCallContext, writer: &Writer, data: &Dynamic, options: &Map| {
        let function = ("writer.write_raw_data_frame", site(context));
        // It may wait, and nothing of the script may be borrowed meanwhile.
        writer.clone().raw(function, FrameType::DATA, octets("data", data)?, options)
    };
    engine
        .register_fn("write_raw_data_frame", move |context: NativeCallContext, writer: &mut Writer, data: Dynamic| {
            raw(&context, writer, &data, &Map::new())
        });
    engine.register_fn(
        "write_raw_data_frame",
        move |context: NativeCallContext, writer: &mut Writer, data: Dynamic, options: Map| {
            raw(&context, writer, &data, &options)
        },
    );
    engine.register_fn(
        "write_raw_data_frame",
        move |context: NativeCallContext, writer: &mut Writer, data: Dynamic, end_stream: bool| {
            raw(&context, writer, &data, &Map::from_iter([("end_stream".into(), end_stream.into())]))
        },
    );
}
