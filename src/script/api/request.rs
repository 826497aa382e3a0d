//! `request`: what was asked, as HTTP means it and as it came off the wire.

use std::cell::OnceCell;
use std::rc::Rc;

use bytes::Bytes;
use rhai::{Array, Dynamic, Engine, EvalAltResult, INT, Map};

use super::arguments::handle;
use super::connection::Context;
use super::fields::{FieldList, RequestFields};
use super::hpack::entry_map;
use super::json;
use super::outcome::{Outcome, fail, other_protocol};
use super::params::{Param, Params};
use super::server::Server;
use super::upload::{self, InputFile, Upload};
use crate::exchange::{Connection, Exchange, Protocol, RawHead};
use crate::http::multipart::{MultipartLimits, Part};
use crate::http::{Authority, authorization, cookies, form, media_type, multipart};
use crate::script::aside::aside;
use crate::script::error::BadRequest;
use crate::script::limits::MAX_NESTING;
use crate::script::octet_functions::text;
use crate::script::octets::{Octets, latin1_text, text_of};
use crate::script::types;
use crate::wire::frame::{Frame, FrameType, RawFrame};

/// The request, for scripts.
#[derive(Clone)]
pub struct Request(Rc<Inner>);

struct Inner {
    exchange: Exchange,
    context: Context,
    server: Server,
    get: OnceCell<Params>,
    raw_input: OnceCell<InputFile>,
}

impl Request {
    /// What it asks.
    pub fn exchange(&self) -> &Exchange {
        &self.0.exchange
    }

    /// The request of an exchange; `server` and `context` are what scripts see as `request.server` and
    /// `request.context`.
    pub fn new(exchange: Exchange, server: Server, context: Context) -> Self {
        Self(Rc::new(Inner { exchange, context, server, get: OnceCell::new(), raw_input: OnceCell::new() }))
    }

    fn of(&self) -> &crate::exchange::Request {
        self.0.exchange.request()
    }

    fn query(&self) -> Params {
        let parse = || Params::new(form::parse_urlencoded(self.of().query().unwrap_or_default()));
        self.0.get.get_or_init(parse).clone()
    }

    /// The whole body; waits for it.
    fn body(&self) -> Outcome<Bytes> {
        upload::body(&self.0.exchange)
    }

    /// The body, read piece by piece.
    fn raw_input(&self) -> InputFile {
        self.0.raw_input.get_or_init(|| InputFile::of_request(self.0.exchange.clone())).clone()
    }

    fn form(&self) -> Outcome<Params> {
        let body = self.body()?;
        let Some(content_type) = self.of().fields.get("content-type") else { return Ok(Params::default()) };
        let (media_type, _) = media_type::parse(content_type);
        if media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            let pairs = aside(body.len(), move || form::parse_urlencoded_up_to(MAX_NESTING, &body))?;
            return pairs.map_or_else(|| Err(too_many_pairs()), |pairs| Ok(Params::new(pairs)));
        }
        if !media_type.eq_ignore_ascii_case("multipart/form-data") {
            return Ok(Params::default());
        }
        let content_type = content_type.clone();
        match aside(body.len(), move || multipart::parse(&content_type, &body, MultipartLimits::default()))? {
            Ok(parts) => Ok(parts.iter().map(param_of).collect()),
            Err(error) => fail(format!("the form cannot be read: {error}")),
        }
    }

    fn url(&self) -> String {
        let request = self.of();
        let text = |octets: &Bytes| latin1_text(octets);
        format!("{}://{}{}", text(&request.scheme), text(&request.authority), text(request.effective_target()))
    }

    fn url_parts(&self) -> Map {
        let request = self.of();
        let authority = Authority::parse(&request.authority).ok();
        let scheme = latin1_text(&request.scheme);
        let host = authority.as_ref().map_or(Dynamic::UNIT, |authority| authority.hostname().into());
        let port = authority.map_or(Dynamic::UNIT, |authority| INT::from(authority.port_or_default(&scheme)).into());
        Map::from_iter([
            ("scheme".into(), scheme.into()),
            ("hostname".into(), host),
            ("port".into(), port),
            ("netloc".into(), latin1_text(&request.authority).into()),
            ("path".into(), latin1_text(request.path()).into()),
            ("query".into(), request.query().map_or_else(String::new, latin1_text).into()),
        ])
    }

    fn tls(&self) -> Dynamic {
        let Some(tls) = &self.0.exchange.connection().peer().tls else { return Dynamic::UNIT };
        let text = |text: &Option<String>| text.as_deref().map_or(Dynamic::UNIT, Into::into);
        Dynamic::from_map(Map::from_iter([
            ("sni".into(), text(&tls.sni)),
            ("alpn".into(), text(&tls.alpn)),
            ("version".into(), tls.version.as_str().into()),
            ("cipher".into(), tls.cipher.as_str().into()),
        ]))
    }

    fn auth(&self) -> Map {
        let basic = self.of().fields.get("authorization").and_then(|value| authorization::parse_basic(value));
        let (user, password) = basic.map(|basic| (basic.user, basic.password)).unzip();
        let text = |octets: &Option<Bytes>| {
            octets.as_ref().map_or(Dynamic::UNIT, |octets| text_of(octets).into_owned().into())
        };
        let octets = |octets: Option<Bytes>| octets.map_or(Dynamic::UNIT, |octets| Dynamic::from(Octets(octets)));
        Map::from_iter([
            ("username".into(), text(&user)),
            ("password".into(), text(&password)),
            ("username_bytes".into(), octets(user)),
            ("password_bytes".into(), octets(password)),
        ])
    }

    fn raw_headers(&self) -> Array {
        match &self.of().raw {
            RawHead::Http2 { block, .. } => {
                block.entries.iter().map(|entry| Dynamic::from_map(entry_map(entry))).collect()
            }
            RawHead::Http1(head) => head.lines.iter().map(|line| Dynamic::from_map(line_map(line))).collect(),
            RawHead::Pushed => Array::new(),
        }
    }

    fn raw_block(&self) -> Octets {
        Octets(match &self.of().raw {
            RawHead::Http2 { block, .. } => block.octets.clone(),
            RawHead::Http1(head) => head.head_octets.clone(),
            RawHead::Pushed => Bytes::new(),
        })
    }

    fn route_match(&self) -> Map {
        let matched = self.of().routing.matched();
        matched.iter().map(|(name, text)| (name.as_str().into(), text.as_str().into())).collect()
    }

    fn frames(&self) -> Array {
        self.0.exchange.frames().into_iter().map(|frame| Dynamic::from(Frame::from(frame))).collect()
    }
}

fn param_of(part: &Part) -> Param {
    match Upload::of(part) {
        Some(file) => Param::file(&part.name, file),
        None => Param::new(&part.name, part.data.clone()),
    }
}

/// A field line of HTTP/1.1 in the form of an HPACK field.
fn line_map(line: &crate::exchange::Line) -> Map {
    Map::from_iter([
        ("name".into(), latin1_text(&line.name).into()),
        ("value".into(), latin1_text(&line.value).into()),
        ("name_bytes".into(), Dynamic::from(Octets(line.name.clone()))),
        ("value_bytes".into(), Dynamic::from(Octets(line.value.clone()))),
        ("representation".into(), "line".into()),
        ("index".into(), Dynamic::from_int(0)),
        ("name_huffman".into(), false.into()),
        ("value_huffman".into(), false.into()),
        ("bytes".into(), Dynamic::from(Octets(line.octets.clone()))),
    ])
}

/// The error for a form of more pairs than a map may have.
fn too_many_pairs() -> Box<EvalAltResult> {
    let text = format!("The form has more than {MAX_NESTING} names with values, the most that this server reads.");
    BadRequest { status: 413, text }.into()
}

/// The frame that a handler function gets for the request's head; one of the same form over HTTP/1.1.
pub fn head_frame(exchange: &Exchange) -> Frame {
    match &exchange.request().raw {
        RawHead::Http2 { frame, .. } => Frame::from_raw(frame),
        RawHead::Http1(head) => Frame::new(FrameType::HEADERS, 0, 0, head.head_octets.clone()),
        RawHead::Pushed => Frame::new(FrameType::HEADERS, 0, exchange.stream_id().unwrap_or(0), Bytes::new()),
    }
}

/// The frame that a handler function gets for content.
pub fn data_frame(frame: Option<RawFrame>, data: Bytes, end: bool) -> Frame {
    frame.map_or_else(|| Frame::new(FrameType::DATA, u8::from(end), 0, data), Frame::from)
}

pub fn register(engine: &mut Engine) {
    types::register(engine, "request", |request: &Request| {
        format!("{} {}", latin1_text(&request.of().method), request.url())
    });
    engine.register_get("method", |request: &mut Request| latin1_text(&request.of().method));
    engine.register_get("url", |request: &mut Request| request.url());
    engine.register_get("url_parts", |request: &mut Request| request.url_parts());
    engine.register_get("path", |request: &mut Request| latin1_text(request.of().path()));
    engine.register_get("query", |request: &mut Request| request.of().query().map_or_else(String::new, latin1_text));
    for name in ["target", "request_path"] {
        engine.register_get(name, |request: &mut Request| latin1_text(&request.of().target));
    }
    engine.register_get("request_line", |request: &mut Request| match &request.of().raw {
        RawHead::Http1(head) => Ok(latin1_text(&head.request_line)),
        _ => other_protocol("request.request_line", Protocol::Http1),
    });
    engine.register_get("authority", |request: &mut Request| latin1_text(&request.of().authority));
    handle!(engine, "GET", |request: &mut Request| -> Params { request.query() });
    engine.register_get("POST", |request: &mut Request| request.form());
    engine.register_set("POST", |_: &mut Request, _: Params| {});
    handle!(engine, "headers", |request: &mut Request| -> RequestFields { RequestFields(request.0.exchange.clone()) });
    handle!(engine, "cookies", |request: &mut Request| -> Params {
        let all = cookies::parse(&request.of().fields);
        Params::new(all.iter().map(|cookie| (cookie.name.clone(), cookie.unquoted())))
    });
    engine.register_get("auth", |request: &mut Request| request.auth());
    engine.register_get("body", |request: &mut Request| request.body().map(Octets));
    engine.register_set("body", |_: &mut Request, _: Octets| {});
    engine.register_fn("text", |request: &mut Request| text(&Octets(request.body()?)));
    engine.register_fn("json", |request: &mut Request| json::parse(request.body()?));
    handle!(engine, "raw_input", |request: &mut Request| -> InputFile { request.raw_input() });
    for name in ["protocol", "protocol_version"] {
        engine.register_get(name, |request: &mut Request| request.0.exchange.protocol().to_string());
    }
    engine.register_get("stream_id", |request: &mut Request| -> Outcome<INT> {
        match request.0.exchange.stream_id() {
            Some(id) => Ok(id.into()),
            None => other_protocol("request.stream_id", Protocol::Http2),
        }
    });
    engine.register_get("frames", |request: &mut Request| request.frames());
    engine.register_get("raw_headers", |request: &mut Request| request.raw_headers());
    engine.register_get("raw_header_block", |request: &mut Request| request.raw_block());
    engine.register_get("trailers", |request: &mut Request| {
        FieldList::from(request.0.exchange.trailers().unwrap_or_default())
    });
    engine.register_get("route_match", |request: &mut Request| request.route_match());
    engine.register_get("client_address", |request: &mut Request| {
        request.0.exchange.connection().peer().client_address.clone()
    });
    engine.register_get("tls", |request: &mut Request| request.tls());
    handle!(engine, "context", |request: &mut Request| -> Context { request.0.context.clone() });
    handle!(engine, "connection", |request: &mut Request| -> Connection { request.0.exchange.connection().clone() });
    handle!(engine, "server", |request: &mut Request| -> Server { request.0.server.clone() });
    engine.register_get("doc_root", |request: &mut Request| {
        // Below an alias it is the alias's folder, as in wptserve.
        if let Some(mount) = request.of().routing.mount() {
            return mount.folder.to_string_lossy().into_owned();
        }
        request.0.server.doc_root().to_owned()
    });
}
