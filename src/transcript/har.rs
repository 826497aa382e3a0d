//! A transcript as HTTP Archive (HAR 1.2): an entry for each request.
//!
//! What HAR does not know is in keys of our own: `_wireserve` of an entry has interim responses, trailers and how it ended;
//! `log._h2Frames` has every frame.

use super::exchange::{Exchange, FieldList, Message};
use super::exchanges::Exchanges;
use super::facts::Facts;
use super::moment::rfc3339;
use super::record::{Record, RecordKind, Side};
use crate::http::form::parse_urlencoded;
use crate::http::latin1::latin1;
use crate::http::path::uri_encoded;
use crate::http::peer::Protocol;
use crate::http::status::reason_phrase;
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Map, Value, json};
use std::net::SocketAddr;
use std::time::Duration;

/// Keys of a frame that its `header` has.
const HEADER_KEYS: [&str; 10] =
    ["what", "time", "from", "type", "type_code", "stream", "flags", "flag_names", "reserved", "length"];

/// The archive, a text of one JSON value.
pub fn archive(facts: &Facts, records: Vec<Record>) -> String {
    let frames: Vec<Value> = records.iter().filter_map(|record| frame(facts, record)).collect();
    let exchanges = Exchanges::read(records).all();
    let mut log = json!({
        "version": "1.2",
        "creator": {"name": "wireserve", "version": env!("CARGO_PKG_VERSION")},
        "entries": exchanges.iter().map(|exchange| entry(facts, exchange)).collect::<Value>(),
    });
    if facts.protocol == Protocol::Http2 {
        log["_h2Frames"] = frames.into();
    }
    if facts.records_dropped > 0 {
        log["comment"] = format!("the first {} records of the connection are missing", facts.records_dropped).into();
    }
    format!("{:#}\n", json!({ "log": log }))
}

/// As in the first logs of this kind: connection, time, peer, header and payload.
fn frame(facts: &Facts, record: &Record) -> Option<Value> {
    let RecordKind::Frame(frame) = &record.kind else { return None };
    let header = frame.header();
    let Ok(Value::Object(mut payload)) = serde_json::to_value(record) else { return None };
    payload.retain(|key, _| !HEADER_KEYS.contains(&key.as_str()));
    Some(json!({
        "connection": facts.id.to_string(),
        "time": rfc3339(facts.opened + record.time),
        "peer": record.from.map(Side::name),
        "header": {
            "length": header.length,
            "type": header.frame_type.to_string(),
            "flags": header.flags,
            "streamId": header.stream_id,
        },
        "payload": payload,
    }))
}

fn entry(facts: &Facts, exchange: &Exchange) -> Value {
    let Exchange { request, response, .. } = exchange;
    let send = request.newest.saturating_sub(request.began);
    let has_response = exchange.status.is_some();
    let wait = if has_response { response.began.saturating_sub(request.newest) } else { Duration::ZERO };
    let receive = response.newest.saturating_sub(response.began);
    let mut entry = json!({
        "startedDateTime": rfc3339(facts.opened + request.began),
        "time": milliseconds(send + wait + receive),
        "connection": facts.id.to_string(),
        "request": request_of(facts, exchange),
        "response": response_of(facts, exchange),
        "cache": {},
        "timings": {"send": milliseconds(send), "wait": milliseconds(wait), "receive": milliseconds(receive)},
        "_wireserve": own(facts, exchange),
    });
    if let Ok(address) = facts.server_address.parse::<SocketAddr>() {
        entry["serverIPAddress"] = address.ip().to_string().into();
    }
    entry
}

fn own(facts: &Facts, exchange: &Exchange) -> Value {
    let outcome = match &exchange.reset {
        Some(reset) if reset.by == Side::Client => "client-reset",
        Some(_) => "server-reset",
        None if exchange.response.ended => "stream-ended",
        None if facts.closed.is_some() => "connection-lost",
        None => "open",
    };
    let interim = exchange.interim.iter().map(
        |(time, status, headers)| json!({"time": time.as_secs_f64(), "status": status, "headers": pairs(headers)}),
    );
    json!({
        "connection": facts.id,
        "stream": exchange.stream,
        "pushed": exchange.pushed,
        "informational": interim.collect::<Value>(),
        "request_trailers": pairs(&exchange.request.trailers),
        "trailers": pairs(&exchange.response.trailers),
        "outcome": outcome,
        "reset": exchange.reset,
        "transcript": format!("/_wire/connections/{}", facts.id),
    })
}

fn request_of(facts: &Facts, exchange: &Exchange) -> Value {
    let Exchange { method, target, request, .. } = exchange;
    let query = target.split(|octet| *octet == b'?').nth(1).unwrap_or_default();
    let parameters = parse_urlencoded(query);
    let parameter = |(name, value): &(bytes::Bytes, bytes::Bytes)| json!({"name": text(name), "value": text(value)});
    let mut view = json!({
        "method": latin1(method),
        "url": url(facts, exchange),
        "httpVersion": facts.protocol.to_string(),
        "cookies": cookies(request, b"cookie"),
        "headers": pairs(&request.headers),
        "queryString": parameters.iter().map(parameter).collect::<Value>(),
        "headersSize": headers_size(facts, request),
        "bodySize": request.content_size,
    });
    if request.content_size > 0 {
        let mut data = content(request);
        data.remove("size");
        view["postData"] = data.into();
    }
    view
}

fn response_of(facts: &Facts, exchange: &Exchange) -> Value {
    let response = &exchange.response;
    let status = exchange.status.unwrap_or(0);
    json!({
        "status": status,
        "statusText": reason_phrase(status),
        "httpVersion": facts.protocol.to_string(),
        "cookies": cookies(response, b"set-cookie"),
        "headers": pairs(&response.headers),
        "content": content(response),
        "redirectURL": response.header(b"location").map(|value| latin1(value)).unwrap_or_default(),
        "headersSize": headers_size(facts, response),
        "bodySize": response.content_size,
    })
}

/// Bytes of the head, as far as there is such a thing.
fn headers_size(facts: &Facts, message: &Message) -> i64 {
    match facts.protocol {
        Protocol::Http1 if message.headers_size > 0 => i64::try_from(message.headers_size).unwrap_or(-1),
        _ => -1,
    }
}

fn url(facts: &Facts, exchange: &Exchange) -> String {
    let Exchange { target, request, .. } = exchange;
    if target.starts_with(b"http://") || target.starts_with(b"https://") {
        return uri_encoded(target);
    }
    let scheme = request.header(b":scheme").filter(|scheme| ["http", "https"].iter().any(|known| **scheme == known));
    let scheme = scheme
        .map_or(if facts.tls.is_some() { "https".to_owned() } else { "http".to_owned() }, |scheme| latin1(scheme));
    let authority = request.header(b":authority").or_else(|| request.header(b"host"));
    let authority = authority.map_or_else(|| facts.server_address.clone(), |authority| uri_encoded(authority));
    let slash = if target.starts_with(b"/") { "" } else { "/" };
    format!("{scheme}://{authority}{slash}{}", uri_encoded(target))
}

fn pairs(fields: &FieldList) -> Value {
    fields.iter().map(|(name, value)| json!({"name": latin1(name), "value": latin1(value)})).collect()
}

/// Names and values of cookies, without attributes.
fn cookies(message: &Message, header: &[u8]) -> Value {
    let lines = message.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(header));
    let cookie = |pair: &[u8]| {
        let at = pair.iter().position(|octet| *octet == b'=')?;
        let (name, value) = pair.split_at(at);
        Some(json!({"name": latin1(name.trim_ascii()), "value": latin1(value.get(1..)?.trim_ascii())}))
    };
    // A response sets one in a line, and attributes follow.
    let max = if header == b"set-cookie" { 1 } else { usize::MAX };
    lines.flat_map(|(_, value)| value.split(|octet| *octet == b';').take(max).filter_map(cookie)).collect()
}

/// The content that was kept.
fn content(message: &Message) -> Map<String, Value> {
    let octets = message.content.concat();
    let mut view = Map::new();
    view.insert("size".to_owned(), message.content_size.into());
    let media_type = message.header(b"content-type").map(|value| latin1(value)).unwrap_or_default();
    view.insert("mimeType".to_owned(), media_type.into());
    if !message.is_content_whole() {
        let comment = format!("{} of {} bytes were kept", octets.len(), message.content_size);
        view.insert("comment".to_owned(), comment.into());
    }
    match String::from_utf8(octets) {
        Ok(text) => drop(view.insert("text".to_owned(), text.into())),
        Err(error) => {
            view.insert("text".to_owned(), BASE64_STANDARD.encode(error.as_bytes()).into());
            view.insert("encoding".to_owned(), "base64".into());
        }
    }
    view
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e3
}
