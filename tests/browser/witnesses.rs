//! What Chromium says of a connection, beside the server's transcript of it.

use super::{Browser, Trust, page};
use crate::support::ask::{Ask, over_http1};
use crate::support::server::{Server, wireserve};
use serde_json::{Value, json};
use std::path::Path;

const SCRIPT: &str = r#"
    const get = path => fetch(path, { cache: "no-store" }).then(response => response.text()).catch(() => "failed");
    return [
        await get("/handlers/continuation/split.rhai"),
        await get("/handlers/frames/rst-stream.rhai?code=2"),
        await fetch("/handlers/echo.rhai", { method: "POST", body: "x".repeat(30000) }).then(r => r.text()).then(t => t.length),
        await get("/handlers/connection/ping.rhai"),
    ];"#;

/// The records of the one connection on which the page came.
fn transcript(server: &Server) -> Vec<Value> {
    let get = |path: &str| String::from_utf8(over_http1(server, &Ask::get(path)).body).expect("text");
    let found: Value = serde_json::from_str(&get("/_wire/connections?path=/page.html&last")).expect("JSON");
    let file = get(&format!("/_wire/connections/{}.jsonl", found["connections"][0]["id"]));
    file.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// One frame in words that both witnesses have.
fn said(from: &str, kind: &str, stream: &Value, rest: &str) -> (String, String) {
    (from.to_owned(), format!("{kind} {stream} {rest}").trim_end().to_owned())
}

/// A header block's frames are one event in Chromium's log: the fields come with the last.
fn from_transcript(records: &[Value]) -> Vec<(String, String)> {
    let mut ends_stream = false;
    let mut frames = Vec::new();
    for record in records.iter().filter(|record| record["what"] == "frame") {
        let has = |name: &str| record["flag_names"].as_array().is_some_and(|names| names.iter().any(|one| one == name));
        let kind = record["type"].as_str().expect("a type");
        let rest = match kind {
            "HEADERS" | "CONTINUATION" => {
                ends_stream |= has("END_STREAM");
                if !has("END_HEADERS") {
                    continue;
                }
                let fields = record["fields"].as_array().expect("fields").iter();
                let fields = fields.map(|field| {
                    format!("{}: {}", field[0].as_str().expect("a name"), field[1].as_str().expect("a value"))
                });
                format!("{} {:?}", std::mem::take(&mut ends_stream), fields.collect::<Vec<_>>())
            }
            "DATA" => format!("{} {}", has("END_STREAM"), record["data_length"]),
            "SETTINGS" if has("ACK") => "ACK".to_owned(),
            "SETTINGS" => {
                let values = record["settings"].as_array().expect("settings").iter();
                values
                    .map(|one| format!("{}={}", one[0].as_str().expect("a name"), one[1]))
                    .collect::<Vec<_>>()
                    .join(" ")
            }
            "WINDOW_UPDATE" => record["increment"].to_string(),
            "RST_STREAM" => record["code"].as_str().expect("a code").to_owned(),
            "PING" => has("ACK").to_string(),
            // Chromium does not log these.
            "PRIORITY" | "PRIORITY_UPDATE" => continue,
            other => panic!("{other} is not compared"),
        };
        let kind = if kind == "CONTINUATION" { "HEADERS" } else { kind };
        frames.push(said(record["from"].as_str().expect("a side"), kind, &record["stream"], &rest));
    }
    frames
}

/// `7 (SETTINGS_NAME)` as `NAME`.
fn name(text: &Value) -> String {
    let text = text.as_str().expect("a text");
    let name = text.split_once('(').expect("a name").1.split(')').next().expect("its end");
    name.trim_start_matches("SETTINGS_").to_owned()
}

/// The events of the session that asked for the page. Not by the crate netlog, whose features change the order of keys
/// in all JSON of the tests.
fn from_net_log(file: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(file).expect("the log");
    let log: Value = serde_json::from_str(&text)
        .or_else(|_| serde_json::from_str(&format!("{}]}}", text.trim_end().trim_end_matches(','))))
        .expect("JSON");
    let types = log["constants"]["logEventTypes"].as_object().expect("types");
    let name_of = |event: &Value| types.iter().find(|(_, code)| **code == event["type"]).map(|(name, _)| name.as_str());
    let events = log["events"].as_array().expect("events");
    let asks = |event: &&Value| {
        name_of(event) == Some("HTTP2_SESSION_SEND_HEADERS")
            && event["params"]["headers"].to_string().contains("/page.html")
    };
    let session = &events.iter().find(asks).expect("the page's request")["source"]["id"];
    let mut frames: Vec<(String, String)> = Vec::new();
    for event in events.iter().filter(|event| event["source"]["id"] == *session) {
        let Some(kind) = name_of(event).and_then(|name| name.strip_prefix("HTTP2_SESSION_")) else { continue };
        let parameters = &event["params"];
        let (stream, fin) = (&parameters["stream_id"], &parameters["fin"]);
        let from = if kind.starts_with("RECV") { "server" } else { "client" };
        let frame = match kind.split_once('_').map_or(kind, |(_, kind)| kind) {
            "HEADERS" => {
                let fields: Vec<&str> =
                    parameters["headers"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
                said(from, "HEADERS", stream, &format!("{fin} {fields:?}"))
            }
            "DATA" => said(from, "DATA", stream, &format!("{fin} {}", parameters["size"])),
            "WINDOW_UPDATE" if kind != "UPDATE_WINDOW_UPDATE" => {
                said(from, "WINDOW_UPDATE", stream, &parameters["delta"].to_string())
            }
            "RST_STREAM" => said(from, "RST_STREAM", stream, &name(&parameters["error_code"])),
            "SETTINGS_ACK" => said(from, "SETTINGS", &json!(0), "ACK"),
            "SETTINGS" if from == "client" => {
                // `[id:1 (SETTINGS_HEADER_TABLE_SIZE) value:65536]`
                let values = parameters["settings"].as_array().expect("a list").iter().map(|one| {
                    let value = one.as_str().and_then(|one| one.split_once("value:")).expect("a value").1;
                    format!("{}={}", name(one), value.trim_end_matches(']'))
                });
                said(from, "SETTINGS", &json!(0), &values.collect::<Vec<_>>().join(" "))
            }
            "SETTINGS" => said(from, "SETTINGS", &json!(0), ""),
            "SETTING" => {
                // Those of a frame come one by one after it.
                let of = frames.iter_mut().rfind(|(from, frame)| from == "server" && frame.starts_with("SETTINGS"));
                let (_, frame) = of.expect("SETTINGS");
                frame.push_str(&format!(" {}={}", name(&parameters["id"]), parameters["value"]));
                continue;
            }
            "PING" => {
                let from = if parameters["type"] == "sent" { "client" } else { "server" };
                said(from, "PING", &json!(0), &parameters["is_ack"].to_string())
            }
            _ => continue,
        };
        frames.push(frame);
    }
    frames
}

/// What one side said, in its order: how the two sides interleave is each witness's own.
fn by(side: &str, frames: &[(String, String)]) -> Vec<String> {
    frames.iter().filter(|(from, _)| from == side).map(|(_, frame)| frame.clone()).collect()
}

#[test]
fn the_net_log_of_chromium_agrees_with_the_transcript() {
    let server = Server::builder().file("page.html", page(SCRIPT)).start();
    let log = server.folder().join("net.json");
    let flag = format!("--log-net-log={}", log.display());
    let arguments = [flag.as_str(), "--net-log-capture-mode=Everything"];
    let url = server.url("h2", "/page.html");
    let Some(report) = Browser::Chromium.report_with(&Trust::of(&server), &url, &arguments) else { return };
    assert_eq!(report[2], json!(30000), "{report}");
    let (ours, theirs) = (from_transcript(&transcript(&server)), from_net_log(&log));
    for side in ["client", "server"] {
        let (ours, theirs) = (by(side, &ours), by(side, &theirs));
        assert!(ours.len() > 10, "{ours:?}");
        assert_eq!(ours.join("\n"), theirs.join("\n"), "{side}");
    }
}

/// What a browser did becomes a command.
#[test]
fn what_chromium_sent_can_be_sent_again() {
    let server = Server::builder().file("page.html", page(SCRIPT)).start();
    let url = server.url("h2", "/page.html");
    if Browser::Chromium.report(&Trust::of(&server), &url).is_none() {
        return;
    }
    let recorded = transcript(&server);
    let lines: Vec<String> = recorded.iter().map(Value::to_string).collect();
    server.write("recorded.jsonl", lines.join("\n"));
    let again = wireserve(server.folder(), &["fetch", "--json", "--replay", "recorded.jsonl", &server.url("h2", "/")]);
    assert_eq!(again.code(), Some(3), "one of the streams is reset: {}", again.stderr);
    let again: Vec<Value> = again.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let responses = |records: &[Value]| {
        let of = |record: &&Value| {
            record["what"] == "frame"
                && record["from"] == "server"
                && record["stream"] != 0
                && record["type"] != "WINDOW_UPDATE"
        };
        let mut responses: Vec<(u64, String)> = records
            .iter()
            .filter(of)
            .map(|record| {
                let status =
                    record["fields"].as_array().and_then(|fields| fields.iter().find(|field| field[0] == ":status"));
                let what = format!("{} {:?} {}", record["type"], status.map(|field| &field[1]), record["code"]);
                (record["stream"].as_u64().expect("a stream"), what)
            })
            .filter(|(_, what)| !what.starts_with("\"DATA"))
            .collect();
        responses.sort();
        responses
    };
    assert!(!responses(&recorded).is_empty());
    assert_eq!(responses(&recorded), responses(&again));
}
