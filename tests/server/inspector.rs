//! What the page of the inspector asks the server for, and that looking costs nothing.

use crate::support::ask::{Ask, over_http1};
use crate::support::raw::Client;
use crate::support::server::{Server, connect};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use wireserve::wire::frame::{FrameType, RawFrame};

fn ask(server: &Server, path: &str) -> Value {
    let answer = over_http1(server, &Ask::get(path));
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    assert_eq!(answer.values("cache-control"), ["no-store"]);
    serde_json::from_slice(&answer.body).expect("JSON")
}

/// The numbers of the records in a page of rows.
fn numbers(page: &Value) -> Vec<u64> {
    page["rows"].as_array().expect("rows").iter().filter_map(|row| row["seq"].as_u64()).collect()
}

/// A connection that got `/handlers/continuation/split.rhai`, and its number.
fn split(server: &Server) -> (Client, u64) {
    let mut client = Client::h2c(server);
    let stream = client.get("/handlers/continuation/split.rhai");
    assert_eq!(client.response(stream).status(), Some(200));
    client.barrier();
    let connections = ask(server, "/_wire/connections");
    let own = connections["connections"].as_array().expect("a list").iter().find(|one| one["protocol"] == "HTTP/2");
    let id = own.and_then(|one| one["id"].as_u64()).expect("the connection");
    (client, id)
}

#[test]
fn the_page_loads_nothing_from_elsewhere() {
    let server = Server::start();
    let page = over_http1(&server, &Ask::get("/_wire/"));
    assert_eq!((page.status, page.values("content-type")), (200, vec!["text/html; charset=utf-8"]));
    assert!(page.values("content-security-policy")[0].starts_with("default-src 'none'; script-src 'self'"));
    for page in [page, over_http1(&server, &Ask::get("/handlers/")), over_http1(&server, &Ask::get("/_wire/status"))] {
        let text = page.text();
        assert!(text.contains("<a href=\"/_wire/\"") && text.contains("aria-current=\"page\""), "{text}");
        let sources = text.split(['"', '\'']).filter(|part| part.starts_with("//") || part.starts_with("http"));
        for source in sources {
            assert!(source.contains("localhost"), "{source}");
        }
        for asset in text.split('"').filter(|part| part.starts_with("/_wire/assets/")) {
            let answer = over_http1(&server, &Ask::get(asset));
            let expected = if asset.ends_with(".css") { "text/css" } else { "text/javascript" };
            assert_eq!((answer.status, answer.values("content-type")[0].starts_with(expected)), (200, true), "{asset}");
            // And what that loads.
            for module in answer.text().split('"').filter(|part| part.starts_with("./")) {
                let module = module.replace("./", "/_wire/assets/");
                assert_eq!(over_http1(&server, &Ask::get(&module)).status, 200, "{module}");
            }
        }
    }
    for missing in ["/_wire/assets/package.json", "/_wire/assets/../mod.rs", "/_wire/assets/", "/_wire/nothing"] {
        assert_eq!(over_http1(&server, &Ask::get(missing)).status, 404, "{missing}");
    }
}

#[test]
fn rows_are_found_by_the_server_page_by_page() {
    let server = Server::start();
    let (_client, id) = split(&server);
    let all = ask(&server, &format!("/_wire/rows?connection={id}"));
    let numbers_of_all = numbers(&all);
    assert_eq!((all["more"].as_bool(), all["missed"].as_u64()), (Some(false), Some(0)));
    assert_eq!(all["seen"].as_u64(), Some(numbers_of_all.len() as u64));
    let found = ask(&server, &format!("/_wire/rows?connection={id}&filter=type:CONTINUATION%20cause:raw"));
    let row = &found["rows"][0];
    assert_eq!((numbers(&found).len(), &row["type"], &row["effect"]), (1, &json!("CONTINUATION"), &json!("opens")));
    assert_eq!((&row["says"], &row["flags"], &row["error"]), (&json!("200"), &json!("END_HEADERS"), &json!(false)));
    assert_eq!(row["script"]["file"], "handlers/continuation/split.rhai");
    assert_eq!(found["seen"], all["seen"]);
    let mut paged = Vec::new();
    let mut after = 0;
    loop {
        let page = ask(&server, &format!("/_wire/rows?connection={id}&after={after}&limit=3"));
        paged.extend(numbers(&page));
        after = page["after"].as_u64().expect("a number");
        if page["more"] == false {
            break;
        }
        assert_eq!(numbers(&page).len(), 3);
    }
    assert_eq!(paged, numbers_of_all);
    for (query, status) in [
        (format!("connection={id}&filter=is:odd"), 400),
        (format!("connection={id}&after=x"), 400),
        ("connection=999999".to_owned(), 404),
        ("connection=x".to_owned(), 400),
        (String::new(), 400),
    ] {
        assert_eq!(over_http1(&server, &Ask::get(&format!("/_wire/rows?{query}"))).status, status, "{query}");
    }
}

#[test]
fn a_record_comes_with_the_meaning_of_its_bytes() {
    let server = Server::start();
    let (_client, id) = split(&server);
    let found = ask(&server, &format!("/_wire/rows?connection={id}&filter=type:CONTINUATION"));
    let number = numbers(&found)[0];
    let anatomy = ask(&server, &format!("/_wire/record?connection={id}&number={number}"));
    let block = anatomy["parts"].as_array().expect("parts").last().expect("the field block");
    let last = block["parts"].as_array().expect("fields").last().expect("a field");
    assert_eq!((&last["name"], &last["value"]), (&json!("x-split"), &json!("in the middle of a value")));
    let octets = anatomy["record"]["octets"].as_str().expect("octets");
    assert_eq!(last["to"].as_u64(), Some(octets.len() as u64 / 2));
    assert_eq!(anatomy["block"], json!([number - 1, number]));
    assert_eq!(anatomy["fields"][0], json!([":status", "200", "indexed", 8]));
    let path = anatomy["request"].as_array().expect("the request").iter().find(|field| field[0] == ":path");
    assert_eq!(path.expect("a path")[1], "/handlers/continuation/split.rhai");
    assert_eq!(anatomy["table"]["count"], 0);
    let missing = over_http1(&server, &Ask::get(&format!("/_wire/record?connection={id}&number=99999")));
    assert_eq!(missing.status, 404);
    let overview = ask(&server, &format!("/_wire/overview?connection={id}"));
    assert_eq!((&overview["is_whole"], &overview["lanes"][1]["stream"]), (&json!(true), &json!(1)));
    assert_eq!(overview["windows"][0]["sender"], "server");
}

#[test]
fn dropped_records_are_counted() {
    let config = "[transcript]\nconnection = 4096\ntotal = 65536\n";
    let server = Server::builder().config(config).start();
    let mut client = Client::h2c(&server);
    for _ in 0..200 {
        client.send(&RawFrame::new(FrameType::PING, 0, 0, vec![7; 8]));
    }
    client.barrier();
    let connections = ask(&server, "/_wire/connections");
    let own = connections["connections"].as_array().expect("a list").iter().find(|one| one["protocol"] == "HTTP/2");
    let (id, dropped) = own.map(|one| (&one["id"], one["records_dropped"].as_u64())).expect("the connection");
    let page = ask(&server, &format!("/_wire/rows?connection={id}"));
    assert!(dropped > Some(0) && page["missed"].as_u64() == dropped, "{dropped:?} {page}");
    assert_eq!(over_http1(&server, &Ask::get(&format!("/_wire/record?connection={id}&number=1"))).status, 410);
    assert_eq!(ask(&server, &format!("/_wire/overview?connection={id}"))["is_whole"], false);
}

/// Frames of the pages below `/_wire/` on the same connection are not shown: looking would give ever more to see.
#[test]
fn looking_is_not_shown_unless_asked_for() {
    let server = Server::start();
    let (mut client, id) = split(&server);
    let stream = client.get("/_wire/status");
    assert_eq!(client.response(stream).status(), Some(200));
    client.barrier();
    let found = |query: &str| {
        let page = ask(&server, &format!("/_wire/rows?connection={id}&filter=is:request{query}"));
        page["rows"].as_array().expect("rows").iter().map(|row| row["stream"].clone()).collect::<Vec<_>>()
    };
    assert_eq!((found(""), found("&own=1")), (vec![json!(1)], vec![json!(1), json!(3)]));
}

/// A viewer of what comes.
struct Viewer {
    socket: TcpStream,
    text: String,
}

impl Viewer {
    fn open(server: &Server, query: &str) -> Self {
        let mut socket = connect(server.address("http"));
        let request = format!("GET /_wire/live?{query} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        socket.write_all(request.as_bytes()).expect("the server reads");
        Self { socket, text: String::new() }
    }

    /// Reads until `wanted` came.
    fn until(&mut self, wanted: &str) {
        let mut buffer = [0; 4096];
        while !self.text.contains(wanted) {
            let length = self.socket.read(&mut buffer).unwrap_or_else(|error| panic!("{error}: {}", self.text));
            assert!(length > 0, "the stream ended without {wanted}: {}", self.text);
            self.text.push_str(&String::from_utf8_lossy(&buffer[..length]));
        }
    }
}

#[test]
fn news_arrive_live_and_the_end_of_the_server_ends_them() {
    let mut server = Server::start();
    let (mut client, id) = split(&server);
    let mut viewer = Viewer::open(&server, &format!("watch={id}:0&filter=type:HEADERS"));
    viewer.until("content-type: text/event-stream");
    viewer.until("event: connections");
    viewer.until("event: rows");
    assert!(viewer.text.contains(&format!("id: {id}:")), "{}", viewer.text);
    viewer.text.clear();
    let stream = client.get("/handlers/hello.rhai?seen=live");
    assert_eq!(client.response(stream).status(), Some(200));
    viewer.until("/handlers/hello.rhai?seen=live");
    drop(client);
    viewer.until("\"closed\":{");
    server.signal("TERM");
    assert_eq!(server.wait().and_then(|status| status.code()), Some(0), "{}", server.log());
}

#[test]
fn a_viewer_that_reads_nothing_costs_little_and_blocks_nothing() {
    let config = "workers = 1\n[transcript]\nconnection = 16777216\n";
    let server = Server::builder().config(config).start();
    let (mut client, id) = split(&server);
    let viewers: Vec<Viewer> = (0..8).map(|_| Viewer::open(&server, &format!("watch={id}:0&own=1"))).collect();
    let before = server.usage().resident_octets;
    for _ in 0..40 {
        for _ in 0..250 {
            client.send(&RawFrame::new(FrameType::WINDOW_UPDATE, 0, 0, vec![0, 0, 0, 1]));
        }
        client.barrier();
    }
    let answer = over_http1(&server, &Ask::get("/handlers/hello.rhai"));
    assert_eq!(answer.status, 200);
    // What is recorded, and no more than some buffers for each viewer.
    let grown = server.usage().resident_octets.saturating_sub(before);
    assert!(grown < 48 << 20, "{grown} bytes");
    drop(viewers);
}

#[test]
fn an_invalid_watch_is_refused() {
    let server = Server::start();
    let many = (1..=65).map(|id| id.to_string()).collect::<Vec<_>>().join(",");
    for (query, status) in [("watch=a", 400), ("watch=1:x", 400), (&format!("watch={many}"), 400), ("filter=is:x", 400)]
    {
        assert_eq!(over_http1(&server, &Ask::get(&format!("/_wire/live?{query}"))).status, status, "{query}");
    }
}
