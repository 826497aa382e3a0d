//! A transcript as JSON.

use super::blocks::Blocks;
use super::frames;
use super::log::{Expected, Log, Transcript};
use super::ring::{Kind, Record};
use crate::h2::Reaction;
use crate::http::latin1::latin1;
use crate::http::peer::{Peer, Protocol};
use crate::http::transport::Cause;
use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::time::{Duration, SystemTime};

impl Transcript {
    /// What is known of the connection, without its records.
    pub fn facts(&self) -> Value {
        Value::Object(self.facts_of(&self.log()))
    }

    /// All of it: the facts, what scripts expected, and `records`, oldest first.
    pub fn to_json(&self) -> Value {
        // Others go on recording while this one reads.
        let log = self.log().clone();
        let mut all = self.facts_of(&log);
        let (mut received, mut sent) = (log.received, log.sent);
        let mut records = Vec::new();
        for (record, octets) in log.ring.iter() {
            let blocks = if record.kind == Kind::Received { &mut received } else { &mut sent };
            self.show(record, &octets, blocks, &mut records);
        }
        all.insert("records".into(), records.into());
        Value::Object(all)
    }

    fn facts_of(&self, log: &Log) -> Map<String, Value> {
        let Peer { id, client_address, server_address, server_port, tls, profile, .. } = &self.peer;
        let tls = tls
            .as_ref()
            .map(|tls| json!({"sni": tls.sni, "alpn": tls.alpn, "version": tls.version, "cipher": tls.cipher}));
        let opened = self.opened.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let closed = log
            .closed
            .as_ref()
            .map(|(at, why)| json!({"time": seconds(*at), "why": why.id(), "text": why.to_string()}));
        let expectations: Vec<Value> = log.expectations.iter().map(expectation).collect();
        let failed = log.expectations.iter().filter(|expected| !expected.passed).count();
        let protocol = match self.protocol {
            Protocol::Http1 => "HTTP/1.1",
            Protocol::Http2 => "HTTP/2",
        };
        let facts = json!({
            "id": id, "protocol": protocol, "client_address": client_address, "server_address": server_address,
            "server_port": server_port, "tls": tls, "profile": profile, "opened": opened.as_secs_f64(), "closed": closed,
            "expectations": expectations, "expectations_failed": failed,
            "expectations_dropped": log.expectations_dropped, "records_dropped": log.ring.dropped(),
        });
        match facts {
            Value::Object(facts) => facts,
            _ => Map::new(),
        }
    }

    fn show(&self, record: Record, octets: &[u8], blocks: &mut Blocks, out: &mut Vec<Value>) {
        let time = seconds(Duration::from_micros(record.at));
        let mut entry = Map::new();
        entry.insert("time".into(), time.into());
        let cause = match record.kind {
            Kind::Note => {
                if let Ok(Value::Object(note)) = serde_json::from_slice(octets) {
                    entry.extend(note);
                }
                return out.push(Value::Object(entry));
            }
            Kind::Received => None,
            Kind::Sent(cause) => Some(cause),
        };
        entry.insert("from".into(), if cause.is_some() { "server" } else { "client" }.into());
        if let Some(cause) = cause {
            entry.insert("cause".into(), cause_name(cause).into());
        }
        let whole = record.kept == record.length;
        if self.protocol == Protocol::Http2 {
            return frames::show(&entry, octets, record.length as usize, blocks, out);
        }
        entry.insert("what".into(), "octets".into());
        entry.insert("length".into(), record.length.into());
        entry.insert("text".into(), latin1(octets).into());
        entry.insert("octets".into(), hex(octets).into());
        entry.insert("whole".into(), whole.into());
        out.push(Value::Object(entry));
    }
}

fn expectation(expected: &Expected) -> Value {
    let Expected { at, name, passed, detail } = expected;
    json!({"time": seconds(*at), "name": name, "passed": passed, "detail": detail})
}

/// Seconds, to the microsecond.
fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e6
}

fn cause_name(cause: Cause) -> &'static str {
    match cause {
        Cause::Checked => "checked",
        Cause::Raw => "raw",
        Cause::Automatic => "automatic",
    }
}

pub(super) fn reaction_name(reaction: Reaction) -> Value {
    match reaction {
        Reaction::ConnectionError(code) => json!({"connection_error": code.to_string()}),
        Reaction::StreamError(code) => json!({"stream_error": code.to_string()}),
        Reaction::Reported => "reported".into(),
    }
}

/// Two lower-case digits for each octet.
pub(super) fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut text, octet| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{octet:02x}");
        text
    })
}
