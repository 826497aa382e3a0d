//! `/_wire/outcome/TOKEN`: what became of the requests that bore a token.

use super::super::outcomes::{Event, MAX_PER_TOKEN, Outcome, Token, Wanted};
use super::super::worker::Worker;
use super::words;
use crate::exchange::{Exchange, Prepared, Request};
use crate::http::form::parse_urlencoded;
use crate::site;
use serde_json::json;
use std::time::Duration;

/// Seconds that a request may wait.
const MAX_WAIT: f64 = 60.0;
/// Seconds for which nothing may happen before an outcome is settled.
const MAX_SETTLE: f64 = 5.0;
/// The same, where a request does not say it. A client's last word comes within a few round trips, retries included.
const DEFAULT_SETTLE: f64 = 0.1;

const METHODS: &str = "GET, HEAD, DELETE, OPTIONS";

const BAD_TOKEN: &str = "A token is 1 to 128 characters of A-Z, a-z, 0-9, \".\", \"_\", \"~\" and \"-\": \
                         /_wire/outcome/TOKEN, for a request with ?wire=TOKEN or the header wire-token.";

/// The response to a path below `/_wire/outcome/`. Pages of other origins of this server may read it.
pub(super) async fn page(worker: &Worker, exchange: &Exchange, token: &str) -> Prepared {
    let request = exchange.request();
    let mut prepared = match &request.method[..] {
        b"GET" | b"HEAD" => outcome(worker, exchange, token).await,
        b"DELETE" => match Token::parse(token.as_bytes()) {
            Some(token) => {
                worker.shared.outcomes.forget(&token);
                status(204)
            }
            None => error(400, BAD_TOKEN),
        },
        b"OPTIONS" => preflight(),
        _ => words::other_methods(METHODS),
    };
    let fields = &mut prepared.head.fields;
    fields.append("cache-control", "no-store");
    fields.append("vary", "origin");
    // It is one of this server's, else the request was refused.
    if let Some(origin) = request.fields.get("origin") {
        fields.append("access-control-allow-origin", origin.clone());
    }
    prepared
}

async fn outcome(worker: &Worker, exchange: &Exchange, token: &str) -> Prepared {
    let shared = &worker.shared;
    if shared.transcripts.options().connection == 0 {
        return error(503, "Outcomes are made of transcripts: set connection above 0 in [transcript] of wpt.toml.");
    }
    let Some(token) = Token::parse(token.as_bytes()) else { return error(400, BAD_TOKEN) };
    let wanted = match wanted(exchange.request()) {
        Ok(wanted) => wanted,
        Err(text) => return error(400, &text),
    };
    tokio::select! {
        outcome = Outcome::of(&shared.outcomes, &shared.transcripts, &token, &wanted) => json_page(200, &outcome),
        // The response goes nowhere.
        _ = exchange.lost() => status(204),
    }
}

/// What the query says.
///
/// # Errors
/// What is wrong with it, and what it may be.
fn wanted(request: &Request) -> Result<Wanted, String> {
    let mut wanted =
        Wanted { wait: Duration::ZERO, settle: Duration::from_secs_f64(DEFAULT_SETTLE), event: None, attempts: 0 };
    for (name, value) in parse_urlencoded(request.query().unwrap_or_default()) {
        match &name[..] {
            b"wait" => wanted.wait = seconds("wait", &value, MAX_WAIT)?,
            b"settle" => wanted.settle = seconds("settle", &value, MAX_SETTLE)?,
            b"for" => {
                let event = Event::named(&value);
                wanted.event = Some(event.ok_or_else(|| wrong("for", &value, "goaway, reset or closed"))?);
            }
            b"attempts" => {
                let number = std::str::from_utf8(&value).ok().and_then(|value| value.parse().ok());
                let number = number.filter(|number| (1..=MAX_PER_TOKEN).contains(number));
                let allowed = format!("a whole number from 1 to {MAX_PER_TOKEN}");
                wanted.attempts = number.ok_or_else(|| wrong("attempts", &value, &allowed))?;
            }
            _ => {}
        }
    }
    Ok(wanted)
}

fn seconds(name: &str, value: &[u8], max: f64) -> Result<Duration, String> {
    let seconds = std::str::from_utf8(value).ok().and_then(|value| value.parse::<f64>().ok());
    let seconds = seconds.filter(|seconds| (0.0..=max).contains(seconds));
    let wrong = || wrong(name, value, &format!("a number of seconds from 0 to {max}"));
    seconds.map(Duration::from_secs_f64).ok_or_else(wrong)
}

fn wrong(name: &str, value: &[u8], allowed: &str) -> String {
    format!("The parameter `{name}` must be {allowed}, not \"{}\".", value.escape_ascii())
}

fn error(status: u16, text: &str) -> Prepared {
    json_page(status, &json!({ "error": text }))
}

fn json_page(status: u16, value: &impl serde::Serialize) -> Prepared {
    // These types have only keys that are text.
    let mut text = serde_json::to_string(value).unwrap_or_default();
    text.push('\n');
    let mut prepared = site::html_page(text);
    prepared.head.status = status;
    prepared.head.fields.set("content-type", "application/json");
    prepared
}

fn status(status: u16) -> Prepared {
    let mut prepared = Prepared::default();
    prepared.head.status = status;
    prepared
}

/// What a browser asks before it lets a page of another origin use DELETE.
fn preflight() -> Prepared {
    let mut prepared = status(204);
    prepared.head.fields.append("allow", METHODS);
    prepared.head.fields.append("access-control-allow-methods", METHODS);
    prepared
}
