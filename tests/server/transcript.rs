//! The transcripts of connections at `/_wire/connections`.

use crate::support::DEADLINE;
use crate::support::raw::{self, Client};
use crate::support::server::Server;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::time::Instant;
use wireserve::transcript::{RecordKind, Side, Snapshot};
use wireserve::wire::frame::{FrameType, RawFrame, flag};

/// Answers with the number of its connection.
const ID: &str = "fn main(request, response) { `${request.connection.id}` }";

/// What a page below `/_wire/` answers, asked over a connection of its own.
fn page(server: &Server, path: &str) -> raw::Response {
    let mut client = Client::h2c(server);
    client.open_windows();
    let stream = client.get(path);
    client.response(stream)
}

fn transcript(server: &Server, id: &str) -> Value {
    let response = page(server, &format!("/_wire/connections/{id}"));
    assert_eq!(response.status(), Some(200), "{id}: {}", response.text());
    serde_json::from_str(&response.text()).expect("JSON")
}

fn answer(client: &mut Client, path: &str) -> String {
    let stream = client.get(path);
    client.response(stream).text()
}

fn records(transcript: &Value) -> &[Value] {
    transcript["records"].as_array().expect("a list")
}

/// `from cause what`, `what` being the type of a frame.
fn brief(record: &Value) -> String {
    let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
    let what = if record["what"] == "frame" { text("type") } else { text("what") };
    [text("from"), text("cause"), what].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_raw_frame_that_breaks_a_rule_is_recorded_with_it_and_with_its_line() {
    let script = "fn main(request, response) {\n  let c = request.connection;\n  c.send(frame::unknown(190, 0, 0, \"fine\"));\n  \
                  c.send(frame::window_update(request.stream_id, 0));\n  `${c.id}`\n}";
    let server = Server::builder().handler("zero.rhai", script).start();
    let mut client = Client::h2c(&server);
    let id = answer(&mut client, "/handlers/zero.rhai");
    let transcript = transcript(&server, &id);
    let raw: Vec<&Value> = records(&transcript).iter().filter(|record| record["cause"] == "raw").collect();
    assert_eq!(raw.len(), 2, "{raw:?}");
    assert_eq!(raw[0]["breaks"], Value::Null);
    assert_eq!(raw[1]["breaks"], json!({ "rule": "h2.window-update.zero", "section": "RFC 9113 §6.9" }));
    assert_eq!(raw[1]["script"]["line"], 4);
    assert!(records(&transcript).iter().all(|record| record["cause"] == "raw" || record["breaks"].is_null()));
    let text = page(&server, &format!("/_wire/connections/{id}?format=text")).text();
    assert!(text.contains("breaks h2.window-update.zero (RFC 9113 §6.9)"), "{text}");
}

/// Asks again until `done`: nothing tells a client that its connection's end was recorded.
fn eventually(server: &Server, path: &str, done: impl Fn(&raw::Response) -> bool) -> raw::Response {
    let end = Instant::now() + DEADLINE;
    loop {
        let response = page(server, path);
        if done(&response) {
            return response;
        }
        assert!(Instant::now() < end, "{path} stays {}", response.text());
    }
}

/// The records that are briefly `what`.
fn all<'a>(transcript: &'a Value, what: &str) -> Vec<&'a Value> {
    records(transcript).iter().filter(|record| brief(record) == what).collect()
}

fn one<'a>(transcript: &'a Value, what: &str) -> &'a Value {
    let found = all(transcript, what);
    assert_eq!(found.len(), 1, "{what} in\n{transcript:#}");
    found[0]
}

#[test]
fn every_frame_is_there_in_its_order_with_octets_and_cause() {
    let script = "fn main(request, response) {\n    let c = request.connection;\n    \
                  let odd = frame::unknown(0xab, 7, 0, \"hi\");\n    c.send(odd);\n    \
                  c.send_bytes(odd.bytes() + odd.bytes());\n    \
                  odd.length = 5;\n    c.send(odd);\n    c.send_bytes(\"abc\");\n    `${c.id}`\n}";
    let server = Server::builder().handler("raw.rhai", script).start();
    let mut client = Client::h2(&server);
    let id = answer(&mut client, "/handlers/raw.rhai");
    client.barrier();
    let transcript = transcript(&server, &id);
    assert_eq!(transcript["protocol"], "HTTP/2");
    assert_eq!(transcript["tls"]["alpn"], "h2");
    assert_eq!(transcript["server_port"], server.port("h2"));
    assert_eq!(transcript["closed"], Value::Null);
    let told: Vec<String> = records(&transcript).iter().map(brief).collect();
    let expected = [
        "server automatic SETTINGS",
        "server automatic WINDOW_UPDATE",
        "client preface",
        "client SETTINGS",
        "server automatic SETTINGS",
        "client SETTINGS",
        "client HEADERS",
        "server raw UNKNOWN(0xab)",
        "server raw UNKNOWN(0xab)",
        "server raw UNKNOWN(0xab)",
        "server raw octets",
        "server raw octets",
        "server checked HEADERS",
        "server checked DATA",
        "client PING",
        "server automatic PING",
    ];
    assert_eq!(told, expected, "{transcript:#}");
    let times: Vec<f64> = records(&transcript).iter().filter_map(|record| record["time"].as_f64()).collect();
    assert_eq!(times.len(), expected.len());
    assert!(times.is_sorted() && times[0] >= 0.0 && times[15] < 20.0, "{times:?}");
    let odd = all(&transcript, "server raw UNKNOWN(0xab)")[0];
    assert_eq!(odd["octets"], "000002ab07000000006869");
    assert_eq!((&odd["flags"], &odd["stream"], &odd["length"]), (&json!(7), &json!(0), &json!(2)));
    let lie = all(&transcript, "server raw octets")[0];
    assert_eq!(lie["announced"]["length"], 5, "{lie}");
    assert_eq!(lie["octets"], "000005ab07000000006869");
    let request = one(&transcript, "client HEADERS");
    assert_eq!(request["flag_names"], json!(["END_STREAM", "END_HEADERS"]));
    let path = request["fields"].as_array().and_then(|fields| fields.iter().find(|field| field[0] == ":path"));
    assert_eq!(path.expect("a path")[1], "/handlers/raw.rhai");
    let response = one(&transcript, "server checked HEADERS");
    assert_eq!(response["fields"][0], json!([":status", "200", "indexed", 8]));
    let data = one(&transcript, "server checked DATA");
    assert_eq!(data["data_length"], id.len());
    assert_eq!(one(&transcript, "server automatic PING")["flag_names"], json!(["ACK"]));
}

#[test]
fn what_was_not_sent_and_what_was_wrong_is_there_too() {
    let script = "fn main(request, response) { response.headers.set(\"x-connection\", `${request.connection.id}`); \
                  let text = \"x\"; text.pad(100000, \"x\"); text }";
    let server = Server::builder().handler("big.rhai", script).handler("id.rhai", ID).start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/big.rhai");
    client.until(|frame| frame.is(FrameType::DATA));
    client.send(&raw::rst_stream(stream, 8));
    // No window of 0 is granted (RFC 9113 §6.9).
    let open = client.request("POST", "/handlers/id.rhai", &[], false);
    client.send(&raw::window_update(open, 0));
    assert_eq!(client.stream_error(open), 1);
    client.send(&raw::window_update(0, 1_000_000));
    let id = answer(&mut client, "/handlers/id.rhai");
    let transcript = transcript(&server, &id);
    let unsent = one(&transcript, "server not-sent");
    assert_eq!((&unsent["unsent"], &unsent["why"]), (&json!("data"), &json!("stream-reset")));
    assert_eq!((&unsent["by"], &unsent["code"]), (&json!("client"), &json!("CANCEL")));
    assert_eq!(unsent["length"], 100_000 - 65_535);
    let wrong = one(&transcript, "client violation");
    assert_eq!(wrong["section"], "RFC 9113 §6.9");
    assert_eq!(wrong["reaction"], json!({"stream_error": "PROTOCOL_ERROR"}));
    let reset = one(&transcript, "server automatic RST_STREAM");
    assert_eq!((&reset["stream"], &reset["code"]), (&json!(open), &json!("PROTOCOL_ERROR")));
    // Content is cut; frames of other types are whole.
    let data = all(&transcript, "server checked DATA")[0];
    assert_eq!((&data["length"], &data["whole"]), (&json!(16_384), &json!(false)));
    assert_eq!(data["octets"].as_str().map(str::len), Some(2 * (9 + 1024)));
}

#[test]
fn http_1_is_recorded_as_octets() {
    let script = "fn main(request, response) { response.writer.write_raw_content(\"HTTP/1.1 200 OK\\r\\n\\r\\n\"); \
                  response.writer.write_raw_content(`${request.connection.id}`); }";
    let server = Server::builder().handler("raw.rhai", script).handler("id.rhai", ID).start();
    let mut socket = server.connect("http");
    socket.write_all(b"GET /handlers/raw.rhai HTTP/1.1\r\nHost: a\r\n\r\n").expect("it is open");
    let mut all_octets = String::new();
    socket.read_to_string(&mut all_octets).expect("it ends");
    let id = all_octets.rsplit('\n').next().expect("a number");
    drop(socket);
    let closed = |response: &raw::Response| response.text().contains("\"why\": \"closed\"");
    let raw = eventually(&server, &format!("/_wire/connections/{id}"), closed);
    let raw: Value = serde_json::from_str(&raw.text()).expect("JSON");
    assert_eq!(raw["protocol"], "HTTP/1.1");
    assert_eq!(raw["closed"]["why"], "closed");
    assert_eq!(one(&raw, "client octets")["text"], "GET /handlers/raw.rhai HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(one(&raw, "client request")["target"], "/handlers/raw.rhai");
    assert_eq!(all(&raw, "server raw octets")[0]["text"], "HTTP/1.1 200 OK\r\n\r\n");
    let mut socket = server.connect("http");
    socket.write_all(b"GET /handlers/id.rhai HTTP/1.1\r\nHost: a\r\n\r\nBAD\r\n\r\n").expect("it is open");
    let mut answers = String::new();
    socket.read_to_string(&mut answers).expect("it ends");
    let id: String =
        answers.split("\r\n\r\n").nth(1).expect("a body").chars().take_while(char::is_ascii_digit).collect();
    let bad = transcript(&server, &id);
    assert_eq!(one(&bad, "client violation")["status"], 400);
    assert!(one(&bad, "server automatic octets")["text"].as_str().expect("text").starts_with("HTTP/1.1 400 "));
    assert!(!all(&bad, "server checked octets").is_empty());
}

#[test]
fn a_long_connection_keeps_its_newest_records_and_still_reads_their_fields() {
    let config = "[transcript]\nconnection = 16384\ndata = 0\n";
    let server = Server::builder().config(config).handler("id.rhai", ID).start();
    let mut client = Client::h2c(&server);
    let mut id = String::new();
    for _ in 0..400 {
        // In the client's dynamic table from the first request on.
        let stream = client.request("GET", "/handlers/id.rhai", &[("x-marker", "kept in the table")], true);
        id = client.response(stream).text();
    }
    let transcript = transcript(&server, &id);
    assert!(transcript["records_dropped"].as_u64() > Some(500), "{}", transcript["records_dropped"]);
    let octets: usize =
        records(&transcript).iter().filter_map(|one| one["octets"].as_str()).map(|hex| hex.len() / 2).sum();
    assert!(octets < 16_384, "{octets}");
    let requests = all(&transcript, "client HEADERS");
    assert!(requests.len() > 10, "{}", requests.len());
    for request in requests {
        let fields = request["fields"].as_array().unwrap_or_else(|| panic!("no fields in {request:#}"));
        assert!(fields.iter().any(|field| field[1] == "kept in the table"), "{request:#}");
    }
    for response in all(&transcript, "server checked HEADERS") {
        assert_eq!(response["fields"][0][1], "200", "{response:#}");
    }
}

#[test]
fn closed_connections_are_kept_up_to_a_number() {
    let server = Server::builder().config("[transcript]\nclosed = 2\n").handler("id.rhai", ID).start();
    let mut ids = Vec::new();
    for _ in 0..4 {
        let mut client = Client::h2c(&server);
        ids.push(answer(&mut client, "/handlers/id.rhai"));
        client.send(&RawFrame::new(FrameType::DATA, 0, 0, &b"x"[..]));
        client.until_end();
    }
    eventually(&server, &format!("/_wire/connections/{}", ids[0]), |response| response.status() == Some(404));
    let list: Value = serde_json::from_str(&page(&server, "/_wire/connections").text()).expect("JSON");
    let all = list["connections"].as_array().expect("a list");
    let num_closed = all.iter().filter(|one| !one["closed"].is_null()).count();
    assert_eq!(num_closed, 2, "{list:#}");
    assert!(all.iter().any(|one| one["closed"].is_null()), "the one that asks is open: {list:#}");
}

#[test]
fn nothing_is_kept_where_the_configuration_says_so() {
    let server = Server::builder().config("[transcript]\nconnection = 0\n").handler("id.rhai", ID).start();
    let mut client = Client::h2c(&server);
    let id = answer(&mut client, "/handlers/id.rhai");
    let response = page(&server, &format!("/_wire/connections/{id}"));
    assert_eq!(response.status(), Some(404));
    assert!(response.text().contains("[transcript]"), "{}", response.text());
}

#[test]
fn expectations_are_recorded_under_their_names() {
    let script = "fn main(request, response) {\n    let c = request.connection;\n    \
                  if c.expect(\"first\", 1 + 1 == 2) { c.expect(\"second\", false, \"a reason\"); }\n    `${c.id}`\n}";
    let server = Server::builder().handler("expect.rhai", script).start();
    let mut client = Client::h2c(&server);
    let id = answer(&mut client, "/handlers/expect.rhai");
    let transcript = transcript(&server, &id);
    let found: Vec<[&Value; 3]> = transcript["expectations"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| [&one["name"], &one["passed"], &one["detail"]])
        .collect();
    assert_eq!(
        found,
        [[&json!("first"), &json!(true), &json!("")], [&json!("second"), &json!(false), &json!("a reason")]]
    );
    assert_eq!(transcript["expectations_failed"], 1);
    assert_eq!(all(&transcript, "expectation").len(), 2);
    server.logged("expectation failed: second: a reason");
}

#[test]
fn scripts_wait_for_the_ack_of_settings_and_for_the_right_frame() {
    let script = "fn main(request, response) {\n    let c = request.connection;\n    \
                  c.send_settings([[\"MAX_CONCURRENT_STREAMS\", 7]]);\n    c.settings_acked();\n    \
                  let acked = c.settings.ours.MAX_CONCURRENT_STREAMS;\n    \
                  let big = c.wait_for_frame(\"PRIORITY_UPDATE\", |f| f.payload.as_string().ends_with(\"u=2\"), 15);\n    \
                  let ping = c.wait_for_frame(\"PING\", #{ ack: false, payload: \"abcdefgh\" }, 15.0);\n    \
                  let none = c.wait_for_frame(\"PING\", #{ stream_id: 3 }, 0.01);\n    \
                  `${acked} ${big.length} ${ping.payload.as_string()} ${none == ()}`\n}";
    let nonsense = "fn main(request, response) { request.connection.wait_for_frame(\"PING\", #{ nonsense: 1 }, 15); }";
    let server = Server::builder().handler("wait.rhai", script).handler("nonsense.rhai", nonsense).start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/wait.rhai");
    client.until(|frame| frame.is(FrameType::SETTINGS) && !frame.payload.is_empty());
    // Nothing waits for a frame before this.
    client.send(&RawFrame::new(FrameType::SETTINGS, flag::ACK, 0, &b""[..]));
    client.barrier();
    for value in ["u=1", "u=2"] {
        let payload = [&[0, 0, 0, 1][..], value.as_bytes()].concat();
        client.send(&RawFrame::new(FrameType::PRIORITY_UPDATE, 0, 0, payload));
    }
    client.barrier();
    client.send(&RawFrame::new(FrameType::PING, 0, 0, &b"abcdefgh"[..]));
    assert_eq!(client.response(stream).text(), "7 7 abcdefgh true");
    let stream = client.get("/handlers/nonsense.rhai");
    // The first may come before the script waits for it.
    let mut frames = client.barrier();
    frames.extend(client.barrier());
    if !frames.iter().any(|frame| frame.is(FrameType::DATA)) {
        frames.extend(client.until(|frame| frame.is(FrameType::DATA)));
    }
    let response = raw::assemble(&frames, stream);
    assert_eq!(response.status(), Some(500));
    assert!(response.text().contains("a frame has no nonsense"), "{}", response.text());
}

#[test]
fn a_transcript_is_json_json_lines_or_text() {
    let server = Server::builder().handler("id.rhai", ID).start();
    let mut client = Client::h2c(&server);
    let id = answer(&mut client, "/handlers/id.rhai");
    client.barrier();
    let get = |path: &str| page(&server, &format!("/_wire/connections/{id}{path}"));
    let of_type = |path: &str| {
        let response = get(path);
        assert_eq!(response.status(), Some(200), "{path}: {}", response.text());
        (response.get("content-type").expect("a type"), response.text())
    };
    let (json_type, json) = of_type("");
    assert_eq!(json_type, "application/json");
    assert_eq!(of_type(".json"), of_type("?format=json"));
    let (lines_type, lines) = of_type(".jsonl");
    assert_eq!(lines_type, "application/jsonl");
    assert_eq!(of_type("?format=jsonl").1, lines);
    let read = Snapshot::read(&json).expect("it can be read");
    assert_eq!(Snapshot::read(&lines).expect("it can be read"), read);
    assert_eq!(lines.lines().count(), 1 + read.records.len());
    assert_eq!((read.facts.id.to_string(), read.facts.recorded_by), (id.clone(), Side::Server));
    let numbers: Vec<u64> = read.records.iter().map(|record| record.seq).collect();
    assert_eq!(numbers, (1..=read.records.len() as u64).collect::<Vec<_>>());
    let (text_type, text) = of_type(".txt");
    assert_eq!(text_type, "text/plain; charset=utf-8");
    assert_eq!(of_type("?format=text").1, text);
    assert!(text.starts_with(&format!("connection {id}  HTTP/2  127.0.0.1:")), "{text}");
    let request = text.lines().find(|line| line.contains(" GET http://")).expect(&text);
    assert!(request.contains("← HEADERS         s1    END_STREAM|END_HEADERS"), "{request}");
    assert!(text.contains("   :path: /handlers/id.rhai  ("), "{text}");
    for wrong in [".xml", "?format=xml", ".txt.gz", ".json?format=text"] {
        let response = get(wrong);
        assert_eq!(response.status(), Some(400), "{wrong}");
        assert!(response.text().contains("json, jsonl, text, har"), "{}", response.text());
    }
}

#[test]
fn the_list_says_what_each_connection_asked_for_in_the_order_of_ids() {
    let server = Server::builder().handler("id.rhai", ID).start();
    let mut clients: Vec<Client> = (0..4).map(|_| Client::h2c(&server)).collect();
    for client in &mut clients {
        answer(client, "/handlers/id.rhai");
    }
    // The first two end; the others stay.
    for mut client in clients.drain(..2) {
        client.send(&RawFrame::new(FrameType::GOAWAY, 0, 0, &[0, 0, 0, 0, 0, 0, 0, 1][..]));
        client.send(&RawFrame::new(FrameType::DATA, 0, 0, &b"x"[..]));
        client.until_end();
    }
    let missing = clients[0].get("/missing?x=1");
    assert_eq!(clients[0].response(missing).status(), Some(404));
    let mut socket = server.connect("http");
    socket.write_all(b"GET /handlers/id.rhai HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").expect("it is open");
    let mut response = String::new();
    socket.read_to_string(&mut response).expect("it ends");
    let both_closed =
        |response: &raw::Response| response.text().matches("\"why\":\"h2.data.stream-zero\"").count() >= 2;
    let list = eventually(&server, "/_wire/connections", both_closed);
    let list: Value = serde_json::from_str(&list.text()).expect("JSON");
    let list = list["connections"].as_array().expect("a list");
    let ids: Vec<u64> = list.iter().filter_map(|one| one["id"].as_u64()).collect();
    assert!(ids.is_sorted() && ids.len() >= 5, "{ids:?}");
    let last = |one: &Value| one["requests"].as_array().and_then(|all| all.last()).cloned().unwrap_or_default();
    let of_path = |path: &str| list.iter().filter(move |one| last(one)["path"] == path).collect::<Vec<_>>();
    let missing = of_path("/missing?x=1");
    assert_eq!(missing.len(), 1, "{list:#?}");
    assert_eq!(missing[0]["requests_total"], 2);
    let mut request = last(missing[0]);
    let took = request.as_object_mut().and_then(|request| request.remove("ms"));
    assert!(took.and_then(|took| took.as_f64()).is_some_and(|took| took >= 0.0), "{list:#?}");
    request.as_object_mut().expect("an object").remove("time");
    assert_eq!(
        request,
        json!({"stream": 3, "method": "GET", "path": "/missing?x=1", "protocol": "HTTP/2", "status": 404})
    );
    let plain = of_path("/handlers/id.rhai");
    let http1: Vec<_> = plain.iter().filter(|one| one["protocol"] == "HTTP/1.1").collect();
    assert_eq!((http1.len(), &last(http1[0])["status"], &http1[0]["requests_total"]), (1, &json!(200), &json!(1)));
    let gone: Vec<_> = plain.iter().filter(|one| one["errors"]["peer_goaway"] == "PROTOCOL_ERROR").collect();
    assert_eq!(gone.len(), 2, "{list:#?}");
    assert_eq!(gone[0]["errors"]["violations"], 1);
    let goaway = &gone[0]["client_goaway"];
    assert_eq!((&goaway["code"], &goaway["last_stream"]), (&json!("PROTOCOL_ERROR"), &json!(0)), "{goaway}");
}

#[test]
fn the_last_record_says_that_the_connection_ended() {
    let server = Server::builder().handler("id.rhai", ID).start();
    let mut client = Client::h2c(&server);
    let id = answer(&mut client, "/handlers/id.rhai");
    drop(client);
    let path = format!("/_wire/connections/{id}.jsonl");
    let ended = |response: &raw::Response| response.text().contains("\"what\":\"ended\"");
    let lines = eventually(&server, &path, ended).text();
    let read = Snapshot::read(&lines).expect("it can be read");
    assert!(matches!(read.records.last().map(|last| &last.kind), Some(RecordKind::Ended(_))), "{lines}");
}

#[test]
fn how_the_client_left_is_told() {
    let server = Server::builder().handler("id.rhai", ID).start();
    // By its end in the list of connections: `why`, and a word of its text.
    let ended = |id: &str, why: &str, word: &str| {
        let path = format!("/_wire/connections/{id}");
        let response = eventually(&server, &path, |response| !response.text().contains("\"closed\":null"));
        let transcript: Value = serde_json::from_str(&response.text()).expect("JSON");
        let closed = &transcript["closed"];
        let record = records(&transcript).iter().find(|record| record["what"] == "closed").expect("a record");
        assert_eq!((&closed["why"], &record["why"]), (&json!(why), &json!(why)), "{transcript:#}");
        assert!(closed["text"].as_str().is_some_and(|text| text.contains(word)), "{closed}");
        assert_eq!(closed["text"], record["text"]);
    };

    let mut client = Client::h2c(&server);
    let id = answer(&mut client, "/handlers/id.rhai");
    drop(client);
    ended(&id, "client-closed", "the client closed");

    let mut client = Client::h2(&server);
    let id = answer(&mut client, "/handlers/id.rhai");
    client.barrier();
    drop(client);
    ended(&id, "client-truncated", "close_notify");

    let get = |kind: &str| format!("GET /handlers/id.rhai HTTP/1.1\r\nhost: {}\r\n\r\n", server.authority(kind));
    let mut stream = raw::tls(&server.connect("https"), server.authority("https"), &server.ca(), &[b"http/1.1"]);
    stream.write_all(get("https").as_bytes()).expect("it is open");
    let id = number(&mut stream);
    stream.conn.send_close_notify();
    stream.flush().expect("it is open");
    drop(stream);
    ended(&id, "client-closed", "the client closed");

    // A socket that is closed while octets lie in it unread is reset by the system.
    let mut socket = server.connect("http");
    socket.write_all(get("http").as_bytes()).expect("it is open");
    let id = number(&mut socket);
    socket.write_all(get("http").as_bytes()).expect("it is open");
    assert!(socket.peek(&mut [0]).is_ok_and(|octets| octets == 1));
    drop(socket);
    ended(&id, "client-reset", "the client reset");
}

/// The number that the content of an HTTP/1.1 response is.
fn number(stream: &mut impl Read) -> String {
    let (mut all, mut buffer) = (String::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut buffer).expect("an answer");
        assert!(count > 0, "it ends after {all:?}");
        all.push_str(&String::from_utf8_lossy(&buffer[..count]));
        if let Some((_, number)) = all.split_once("\r\n\r\n").filter(|(_, number)| !number.is_empty()) {
            return number.to_owned();
        }
    }
}

#[test]
fn what_a_script_sent_has_its_call() {
    let script = "fn main(request, response) {\n    let c = request.connection;\n    c.window_update(0, 7);\n    \
                  c.send(frame::unknown(0xab, 0, 0, \"hi\"));\n    response.writer.write_informational(103, #{});\n    \
                  c.expect(\"it is so\", true);\n    c.ping();\n    \
                  let text = \"x\"; text.pad(100000, \"x\"); text\n}";
    let server = Server::builder().handler("calls.rhai", script).handler("id.rhai", ID).start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/calls.rhai");
    let frames = client.until(|frame| frame.is(FrameType::PING));
    let ping = frames.last().expect("a PING").payload.clone();
    client.send(&RawFrame::new(FrameType::PING, flag::ACK, 0, ping));
    client.until(|frame| frame.is(FrameType::DATA));
    // What is left leaves in a turn in which no script runs.
    client.send(&raw::window_update(0, 1_000_000));
    client.send(&raw::window_update(stream, 1_000_000));
    client.until(|frame| frame.is(FrameType::DATA) && frame.header.has(flag::END_STREAM));
    let id = answer(&mut client, "/handlers/id.rhai");
    let text = page(&server, &format!("/_wire/connections/{id}.jsonl")).text();
    let read = Snapshot::read(&text).expect("it can be read");
    let calls: Vec<(String, Option<u32>, bool)> = read
        .records
        .iter()
        .filter_map(|record| {
            let place = record.script.as_ref()?;
            Some((place.function.clone(), place.line, place.file.ends_with("calls.rhai")))
        })
        .filter(|(_, _, own)| *own)
        .collect();
    let mut calls: Vec<(&str, Option<u32>)> = calls.iter().map(|(name, line, _)| (&name[..], *line)).collect();
    calls.dedup();
    let expected = [
        ("connection.window_update", Some(3)),
        ("connection.send", Some(4)),
        ("writer.write_informational", Some(5)),
        ("connection.expect", Some(6)),
        ("connection.ping", Some(7)),
        ("main", None),
    ];
    assert_eq!(calls, expected, "{text}");
    let of_main =
        |record: &&wireserve::transcript::Record| record.script.as_ref().is_some_and(|one| one.function == "main");
    let ours = read.records.iter().filter(of_main).filter(|record| record.from == Some(Side::Server));
    // HEADERS, and DATA before and after the window was raised.
    assert!(ours.count() > 7, "{text}");
}

#[test]
fn the_log_says_that_a_connection_was_lost_in_the_middle_of_a_response() {
    let script = "fn main(request, response) { let text = \"x\"; text.pad(100000, \"x\"); text }";
    let server = Server::builder().handler("big.rhai", script).handler("id.rhai", ID).start();
    let mut client = Client::h2c(&server);
    answer(&mut client, "/handlers/id.rhai");
    drop(client);
    let mut client = Client::h2c(&server);
    client.get("/handlers/big.rhai");
    client.until(|frame| frame.is(FrameType::DATA));
    let reset = client.get("/handlers/big.rhai");
    client.send(&raw::rst_stream(reset, 8));
    // The second response is over before the connection is.
    client.barrier();
    drop(client);
    server.logged("connection lost in the middle of a response: the client");
    server.logged_times("connection lost", 1);
}
