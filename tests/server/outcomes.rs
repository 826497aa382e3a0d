//! `/_wire/outcome/TOKEN`: what became of the requests with `?wire=TOKEN`, each reason over both protocols.

use crate::support::ask::{self, Ask};
use crate::support::http1::Answer;
use crate::support::raw::{self, Client, rst_stream};
use crate::support::server::{Server, wireserve};
use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::LazyLock;
use wireserve::wire::frame::{FrameType, RawFrame};

/// Sends half of a response, and waits for the client.
const HALF: &str = "fn main(request, response) {
    let writer = response.writer;
    if request.protocol == \"HTTP/2\" {
        writer.write_headers([[\":status\", \"200\"]]);
        writer.write_data(\"half\");
    } else {
        writer.write_raw_content(\"HTTP/1.1 200 OK\\r\\ncontent-length: 8\\r\\n\\r\\nhalf\");
    }
    request.connection.flush();
    sleep(60.0);
}";

/// The published schema of outcomes, whose records are those of transcripts.
static SCHEMA: LazyLock<(Schemas, SchemaIndex)> = LazyLock::new(|| {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    let all = [("transcript", wireserve::transcript::SCHEMA), ("outcome", OUTCOME)];
    for (name, schema) in all {
        let schema = serde_json::from_str(schema).expect("JSON");
        compiler.add_resource(&format!("urn:wireserve:schema:{name}:1"), schema).expect("a name");
    }
    let index = compiler.compile("urn:wireserve:schema:outcome:1", &mut schemas).expect("a schema");
    (schemas, index)
});

/// What an outcome has that the schema does not allow.
fn fault(outcome: &Value) -> Option<String> {
    SCHEMA.0.validate(outcome, SCHEMA.1).err().map(|error| format!("{error:#} in {outcome:#}"))
}

/// What `wireserve schema outcome` prints.
const OUTCOME: &str = include_str!("../../src/server/outcomes/schema.json");

/// Asks for an outcome over a connection of its own; `query` without its first `?`.
fn outcome(server: &Server, token: &str, query: &str) -> Value {
    let answer = ask::over_http1(server, &Ask::get(&format!("/_wire/outcome/{token}?{query}")));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.get("cache-control"), Some("no-store"));
    let outcome = serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{error}: {}", answer.text()));
    assert_eq!(fault(&outcome), None);
    outcome
}

/// The outcome once it is there, and its only attempt.
fn only(server: &Server, token: &str) -> (Value, Value) {
    only_for(server, token, "settle=0")
}

/// The same, waiting for more.
fn only_for(server: &Server, token: &str, query: &str) -> (Value, Value) {
    let outcome = outcome(server, token, &format!("wait=20&{query}"));
    let attempts = outcome["attempts"].as_array().expect("a list");
    assert_eq!(attempts.len(), 1, "{outcome:#}");
    (outcome["why"].clone(), attempts[0].clone())
}

/// A GET over HTTP/1.1 that is sent, and whose head's first bytes have come.
fn begin_http1(server: &Server, path: &str) -> TcpStream {
    let mut stream = server.connect("http");
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", server.authority("http")).expect("it takes it");
    let mut first = [0; 8];
    stream.read_exact(&mut first).expect("a response begins");
    assert_eq!(&first, b"HTTP/1.1");
    stream
}

#[test]
fn a_complete_response_is_an_ended_stream() {
    let server = Server::builder().file("a.txt", "hello").start();
    let mut client = Client::h2c(&server);
    let stream = client.request("POST", "/handlers/echo.rhai?wire=two", &[], false);
    client.data(stream, b"content", true);
    client.response(stream);
    let (why, attempt) = only(&server, "two");
    assert_eq!((&why, &attempt["why"]), (&json!("stream-ended"), &json!("stream-ended")), "{attempt:#}");
    assert_eq!(
        attempt["text"],
        format!("stream {stream} of connection {}: request and response are complete", attempt["connection"])
    );
    assert_eq!((&attempt["method"], &attempt["path"]), (&json!("POST"), &json!("/handlers/echo.rhai?wire=two")));
    let (sent, client_sent) = (&attempt["sent"], &attempt["client"]);
    assert_eq!((&sent["status"], &sent["ended"], &client_sent["ended"]), (&json!(200), &json!(true), &json!(true)));
    assert_eq!((&client_sent["content"], &client_sent["frames"]), (&json!(7), &json!(2)));
    assert_eq!(client_sent["closed"], Value::Null);
    assert_eq!(attempt["inspector"], format!("/_wire/#connection={}&stream={stream}", attempt["connection"]));
    let left = client_sent["window_left"]["stream"].as_i64().expect("a window");
    assert_eq!(left, 65_535 - sent["content"].as_i64().expect("a number"));

    let mut stream = server.connect("http");
    let request = format!(
        "POST /handlers/echo.rhai HTTP/1.1\r\nhost: {}\r\nWire-Token: one\r\ncontent-length: 7\r\n\r\ncontent",
        server.authority("http")
    );
    stream.write_all(request.as_bytes()).expect("it takes it");
    let (why, attempt) = only(&server, "one");
    assert_eq!((&why, &attempt["protocol"]), (&json!("stream-ended"), &json!("HTTP/1.1")), "{attempt:#}");
    assert_eq!(attempt["client"]["octets"], request.len());
    assert_eq!((&attempt["client"]["content"], &attempt["client"]["ended"]), (&json!(7), &json!(true)));
    stream.shutdown(Shutdown::Write).expect("a socket can be shut down");
    let mut response = Vec::new();
    stream.read_to_end(&mut response).expect("it ends");
    let (_, attempt) = only(&server, "one");
    assert_eq!((&attempt["sent"]["octets"], &attempt["sent"]["status"]), (&json!(response.len()), &json!(200)));
}

#[test]
fn a_client_that_resets_or_leaves_is_told_apart() {
    let server = Server::builder().handler("half.rhai", HALF).start();
    let mut client = Client::h2(&server);
    let stream = client.get("/handlers/half.rhai?wire=reset");
    client.until(|frame| frame.is(FrameType::DATA));
    client.send(&rst_stream(stream, 8));
    let (why, attempt) = only(&server, "reset");
    assert_eq!(why, "client-reset");
    let reset = &attempt["client"]["reset"];
    assert_eq!((&reset["code"], &reset["code_number"]), (&json!("CANCEL"), &json!(8)), "{attempt:#}");
    assert!(attempt["text"].as_str().is_some_and(|text| text.ends_with("the client sent RST_STREAM CANCEL")));

    client.get("/handlers/half.rhai?wire=goaway");
    client.until(|frame| frame.is(FrameType::DATA));
    let payload = [&0_u32.to_be_bytes()[..], &1_u32.to_be_bytes(), b"bad frame"].concat();
    client.send(&RawFrame::new(FrameType::GOAWAY, 0, 0, payload));
    let (why, attempt) = only(&server, "goaway");
    let goaway = &attempt["client"]["goaway"];
    assert_eq!(
        (&why, &goaway["code"], &goaway["debug"]),
        (&json!("goaway"), &json!("PROTOCOL_ERROR"), &json!("bad frame"))
    );
    let (why, attempt) = only(&server, "reset");
    assert_eq!(why, "client-reset", "it stays");
    assert_eq!(attempt["client"]["goaway"]["code"], "PROTOCOL_ERROR", "what comes later is added");

    let mut client = Client::h2c(&server);
    client.get("/handlers/half.rhai?wire=lost");
    client.until(|frame| frame.is(FrameType::DATA));
    drop(client);
    let (why, attempt) = only_for(&server, "lost", "for=closed");
    assert_eq!(why, "connection-lost");
    let closed = attempt["client"]["closed"]["why"].as_str().expect("it is closed");
    assert!(closed.starts_with("client-"), "{attempt:#}");
    assert_eq!((&attempt["sent"]["content"], &attempt["sent"]["ended"]), (&json!(4), &json!(false)));

    drop(begin_http1(&server, "/handlers/half.rhai?wire=lost-1"));
    let (why, attempt) = only(&server, "lost-1");
    assert_eq!((&why, &attempt["sent"]["status"]), (&json!("connection-lost"), &json!(200)), "{attempt:#}");
}

#[test]
fn what_the_server_breaks_off_is_the_servers_doing() {
    let reset = "fn main(request, response) { response.writer.rst_stream(7); }";
    let close = "fn main(request, response) {
        if request.protocol == \"HTTP/2\" { response.writer.write_headers([[\":status\", \"200\"]]); }
        else { response.writer.write_raw_content(\"HTTP/1.1 200 OK\\r\\ncontent-length: 8\\r\\n\\r\\n\"); }
        request.connection.flush();
        request.connection.abort();
    }";
    let goaway = "fn main(request, response) { request.connection.send(frame::goaway(0, 0, \"\")); sleep(60.0); }";
    let server = Server::builder();
    let server =
        server.handler("reset.rhai", reset).handler("close.rhai", close).handler("goaway.rhai", goaway).start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/reset.rhai?wire=reset");
    client.stream_error(stream);
    let (why, attempt) = only(&server, "reset");
    assert_eq!((&why, &attempt["sent"]["reset"]["code"]), (&json!("server-reset"), &json!("REFUSED_STREAM")));
    client.get("/handlers/close.rhai?wire=close");
    let (why, attempt) = only_for(&server, "close", "for=closed");
    assert_eq!((&why, &attempt["client"]["closed"]["why"]), (&json!("server-reset"), &json!("aborted")), "{attempt:#}");
    let open = begin_http1(&server, "/handlers/close.rhai?wire=close-1");
    let (why, attempt) = only_for(&server, "close-1", "for=closed");
    drop(open);
    let closed = attempt["client"]["closed"]["why"].as_str().expect("it is closed");
    assert!(why == "server-reset" && ["aborted", "closed"].contains(&closed), "{attempt:#}");

    let mut client = Client::h2c(&server);
    client.get("/handlers/goaway.rhai?wire=goaway");
    let (why, attempt) = only(&server, "goaway");
    assert_eq!((&why, &attempt["sent"]["goaway"]["last_stream"]), (&json!("goaway"), &json!(0)));
    assert_eq!(attempt["client"]["goaway"], Value::Null);

    // A broken rule ends the connection with the server's GOAWAY.
    let mut client = Client::h2c(&server);
    let stream = client.request("POST", "/handlers/echo.rhai?wire=violation", &[], false);
    client.send(&RawFrame::new(FrameType::PING, 0, 0, b"short".to_vec()));
    client.until_end();
    let (why, attempt) = only(&server, "violation");
    assert_eq!(
        (&why, &attempt["sent"]["goaway"]["code"]),
        (&json!("goaway"), &json!("FRAME_SIZE_ERROR")),
        "{attempt:#}"
    );
    assert_eq!((&attempt["stream"], &attempt["violations"][0]["rule"]), (&json!(stream), &json!("h2.ping.length")));
}

#[test]
fn absence_is_a_value() {
    let server = Server::builder().handler("half.rhai", HALF).start();
    for query in ["", "wait=0", "wait=0.05"] {
        let none = outcome(&server, "nothing", query);
        assert_eq!((&none["why"], &none["attempts"]), (&json!("never-came"), &json!([])), "{none:#}");
    }
    let mut client = Client::h2c(&server);
    client.get("/handlers/half.rhai?wire=something");
    client.until(|frame| frame.is(FrameType::DATA));
    let open = outcome(&server, "something", "wait=0.05");
    assert_eq!((&open["why"], &open["attempts"][0]["why"]), (&json!("deadline"), &Value::Null), "{open:#}");
    let slip = outcome(&server, "somethinq", "");
    assert!(slip["text"].as_str().is_some_and(|text| text.contains("known: something.")), "{slip:#}");
    let open = begin_http1(&server, "/handlers/half.rhai?wire=one");
    assert_eq!(outcome(&server, "one", "")["why"], "deadline");
    drop(open);
    assert_eq!(only(&server, "one").0, "connection-lost");
}

#[test]
fn retries_are_attempts_and_all_pages_share_them() {
    let again = "fn main(request, response) {
        let count = |old| if old == () { 1 } else { old + 1 };
        let tries = stash.update(\"6e1f6a4e-8f0b-4c58-9d2f-0a4b7f3c2d11\", count);
        if tries < 3 { response.writer.rst_stream(7); } else { \"at last\" }
    }";
    let server = Server::builder().handler("again.rhai", again).start();
    let mut client = Client::h2c(&server);
    for _ in 0..2 {
        let stream = client.get("/handlers/again.rhai?wire=t");
        client.stream_error(stream);
    }
    let mut other = Client::h2(&server);
    let stream = other.get("/handlers/again.rhai?wire=t");
    assert_eq!(other.response(stream).text(), "at last");
    let all = outcome(&server, "t", "wait=20&attempts=3");
    let whys: Vec<&Value> = all["attempts"].as_array().expect("a list").iter().map(|one| &one["why"]).collect();
    assert_eq!(whys, ["server-reset", "server-reset", "stream-ended"], "{all:#}");
    assert_eq!((&all["why"], &all["attempts"][2]["number"]), (&json!("stream-ended"), &json!(3)));
    assert_ne!(all["attempts"][0]["connection"], all["attempts"][2]["connection"]);
    assert_eq!(outcome(&server, "t", "wait=0.05&attempts=4")["why"], "deadline");
    let answer = ask::over_http2(&server, &Ask { method: "DELETE", ..Ask::get("/_wire/outcome/t") });
    assert_eq!(answer.status, 204);
    assert_eq!(outcome(&server, "t", "")["why"], "never-came");
}

/// The page asks over the connection that its request used, while the outcome is made, and again later.
#[test]
fn asking_over_the_same_connection_changes_nothing() {
    let server = Server::builder().file("a.txt", "hello").start();
    let mut client = Client::h2c(&server);
    client.open_windows();
    let stream = client.get("/a.txt?wire=t");
    client.response(stream);
    let ask = |client: &mut Client| -> Value {
        let stream = client.request("GET", "/_wire/outcome/t?wait=20&wire=t", &[("wire-token", "t")], true);
        serde_json::from_str(&client.response(stream).text()).expect("JSON")
    };
    let first = ask(&mut client);
    assert_eq!(first["attempts"].as_array().map(Vec::len), Some(1), "{first:#}");
    client.barrier();
    client.send(&raw::window_update(0, 5));
    assert_eq!(ask(&mut client), first);
    let records = first["attempts"][0]["records"].as_array().expect("a list");
    let types: Vec<String> = records
        .iter()
        .map(|record| format!("{} {}", record["from"].as_str().unwrap_or("-"), record["type"].as_str().unwrap_or("-")))
        .collect();
    assert_eq!(types, ["client HEADERS", "server HEADERS", "server DATA"], "{first:#}");
}

#[test]
fn an_outcome_waits_for_what_is_asked() {
    let server = Server::builder().file("a.txt", "hello").start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/a.txt?wire=t");
    client.response(stream);
    let mut waiting = server.connect("http");
    let request = "GET /_wire/outcome/t?wait=20&for=goaway HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    waiting.write_all(request.as_bytes()).expect("it takes it");
    assert_eq!(outcome(&server, "t", "wait=0.05&for=goaway")["why"], "deadline");
    client.send(&RawFrame::new(FrameType::GOAWAY, 0, 0, vec![0, 0, 0, 0, 0, 0, 0, 3]));
    let mut octets = Vec::new();
    waiting.read_to_end(&mut octets).expect("it ends");
    let answer = Answer::read(&octets).expect("an answer");
    let found: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(
        (&found["why"], &found["attempts"][0]["client"]["goaway"]["code"]),
        (&json!("goaway"), &json!("FLOW_CONTROL_ERROR"))
    );
    assert_eq!(outcome(&server, "t", "wait=0.05&for=reset")["why"], "deadline");
    drop(client);
    assert_eq!(outcome(&server, "t", "wait=20&for=closed")["why"], "goaway");
}

#[test]
fn what_scripts_expected_is_there() {
    let script = "fn main(request, response) {
        request.connection.expect(\"a thing\", 1 == 2, \"of two\");
        \"\"
    }";
    let server = Server::builder().handler("expects.rhai", script).start();
    for (kind, token) in [("h2c", "two"), ("http", "one")] {
        let path = format!("/handlers/expects.rhai?wire={token}");
        let ask = Ask::get(&path);
        let answer = if kind == "http" { ask::over_http1(&server, &ask) } else { ask::over_http2(&server, &ask) };
        assert_eq!(answer.status, 200);
        let (_, attempt) = only(&server, token);
        let expected = &attempt["expectations"][0];
        assert_eq!(
            (&expected["name"], &expected["passed"], &expected["detail"]),
            (&json!("a thing"), &json!(false), &json!("of two"))
        );
    }
}

#[test]
fn bad_input_is_answered_with_a_sentence() {
    let server = Server::builder().file("a.txt", "hello").start();
    let get = |path: &str| ask::over_http1(&server, &Ask::get(path));
    let long = "a".repeat(129);
    for token in ["", "a%20b", "a/b", "%ff", &long] {
        let answer = get(&format!("/_wire/outcome/{token}"));
        let error: Value = serde_json::from_slice(&answer.body).expect("JSON");
        assert!(error["error"].as_str().is_some_and(|text| text.contains("1 to 128")), "{token}: {error}");
        assert_eq!((answer.status, answer.get("content-type")), (400, Some("application/json")), "{token}");
    }
    for (query, name) in [
        ("wait=61", "`wait`"),
        ("wait=-1", "`wait`"),
        ("wait=NaN", "`wait`"),
        ("wait=inf", "`wait`"),
        ("wait=x", "`wait`"),
        ("settle=5.1", "`settle`"),
        ("for=rain", "goaway, reset or closed"),
        ("attempts=0", "`attempts`"),
        ("attempts=33", "`attempts`"),
    ] {
        let answer = get(&format!("/_wire/outcome/t?{query}"));
        assert!(answer.status == 400 && answer.text().contains(name), "{query}: {}", answer.text());
    }
    let answer = ask::over_http1(&server, &Ask::post("/_wire/outcome/t", b""));
    assert_eq!((answer.status, answer.get("allow")), (405, Some("GET, HEAD, DELETE, OPTIONS")));
    // A request is answered whatever its token is.
    assert_eq!(get("/a.txt?wire=a%20b").text(), "hello");
    assert_eq!(ask::over_http1(&server, &Ask::get("/a.txt").with("wire-token", &long)).text(), "hello");

    let server = Server::builder().config("[transcript]\nconnection = 0\n").start();
    let answer = ask::over_http1(&server, &Ask::get("/_wire/outcome/t"));
    assert!(answer.status == 503 && answer.text().contains("[transcript]"), "{}", answer.text());
}

#[test]
fn pages_of_the_servers_other_origins_may_read_and_no_others() {
    let server = Server::start();
    let ask = |method: &'static str, origin: &'static str| {
        let ask = Ask { method, ..Ask::get("/_wire/outcome/t") };
        ask::over_http1(&server, &ask.with("origin", origin))
    };
    for method in ["GET", "OPTIONS", "DELETE"] {
        let answer = ask(method, "https://www.localhost:7");
        assert_eq!(answer.get("access-control-allow-origin"), Some("https://www.localhost:7"), "{method}");
        assert_eq!(answer.get("vary"), Some("origin"), "{method}");
        let answer = ask(method, "https://evil.example");
        assert_eq!((answer.status, answer.get("access-control-allow-origin")), (403, None), "{method}");
    }
    assert_eq!(
        ask("OPTIONS", "http://localhost").get("access-control-allow-methods"),
        Some("GET, HEAD, DELETE, OPTIONS")
    );
}

#[test]
fn a_frame_in_pieces_and_a_flag_alone_are_read_as_the_client_reads_them() {
    // DATA with END_STREAM whose length promises a byte that comes later.
    let script = "fn main(request, response) {
        response.writer.write_headers([[\":status\", \"200\"]]);
        let data = frame::data(request.stream_id, \"ab\");
        data.end_stream = true;
        data.length = 3;
        request.connection.send(data);
        request.connection.wait_for_frame(\"PING\", 20.0);
        request.connection.send_bytes(\"c\");
    }";
    let server = Server::builder().handler("cut.rhai", script).start();
    let mut client = Client::h2c(&server);
    client.get("/handlers/cut.rhai?wire=t");
    client.octets(9 + 1 + 9 + 2);
    assert_eq!(outcome(&server, "t", "")["why"], "deadline");
    client.send(&RawFrame::new(FrameType::PING, 0, 0, vec![0; 8]));
    let (why, attempt) = only(&server, "t");
    assert_eq!((&why, &attempt["sent"]["octets"]), (&json!("stream-ended"), &json!(9 + 1 + 9 + 3)), "{attempt:#}");
}

#[cfg(unix)]
#[test]
fn a_server_that_ends_waits_for_no_outcome() {
    let mut server = Server::start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/_wire/outcome/t?wait=60");
    client.barrier();
    server.signal("TERM");
    let answer: Value = serde_json::from_str(&client.response(stream).text()).expect("JSON");
    assert_eq!(answer["why"], "never-came");
    assert_eq!(server.wait().and_then(|status| status.code()), Some(0), "{}", server.log());
}

#[test]
fn the_schema_is_printed_and_finds_mistakes() {
    let server = Server::start();
    let printed = wireserve(server.folder(), &["schema", "outcome"]);
    assert_eq!((printed.code(), printed.text()), (Some(0), OUTCOME.to_owned()));
    let path = "/handlers/hello.rhai?wire=schema";
    ask::over_http2(&server, &Ask::get(path));
    let right = outcome(&server, "schema", "wait=20&settle=0");
    for (pointer, value) in [
        ("/version", json!(2)),
        ("/why", json!("bored")),
        ("/attempts/0/client/goaway", json!({})),
        ("/attempts/0/records/0/what", json!("hologram")),
        ("/attempts/0/times/over", json!("soon")),
    ] {
        let mut wrong = right.clone();
        *wrong.pointer_mut(pointer).expect(pointer) = value;
        assert!(fault(&wrong).is_some(), "{pointer}");
    }
}
