//! The status page.

use crate::support::raw::Client;
use crate::support::server::Server;
use serde_json::Value;
use wireserve::wire::frame::{FrameType, RawFrame};

fn status(client: &mut Client) -> Value {
    let stream = client.get("/_wire/status?json");
    let response = client.response(stream);
    assert_eq!(response.get("content-type").as_deref(), Some("application/json"));
    serde_json::from_str(&response.text()).expect("JSON")
}

#[test]
fn it_tells_of_connections_streams_handlers_errors_and_limits() {
    let scripts = [
        ("sleep.rhai", "fn main(request, response) { sleep(1000); }"),
        ("loop.rhai", "fn main(request, response) { loop { } }"),
        ("broken.rhai", "fn main(request, response) { let = ; }"),
        ("deep.rhai", "fn f(x) { f(x + 1) }\nfn main(request, response) { f(0) }"),
    ];
    let builder = scripts.iter().fold(Server::builder(), |builder, (name, script)| builder.handler(name, script));
    let server = builder.config("[limits.http2]\npings = 5\n[limits.script]\noperations = 0\n").start();
    let mut client = Client::h2c(&server);
    let before = status(&mut client);
    assert!(before["uptime"].as_f64() > Some(0.0), "{before}");
    assert_eq!(before["handlers"]["waiting"], 0, "{before}");
    assert_eq!(before["connections"]["http2"], 1, "{before}");
    let urls: Vec<&str> =
        before["ports"].as_array().expect("a list").iter().filter_map(|port| port["url"].as_str()).collect();
    assert!(urls.iter().any(|url| url.trim_end_matches('/') == server.base("h2")), "{urls:?}");

    for path in ["/handlers/sleep.rhai", "/handlers/sleep.rhai", "/handlers/loop.rhai"] {
        client.get(path);
    }
    for path in ["/handlers/broken.rhai", "/handlers/deep.rhai"] {
        let stream = client.get(path);
        assert_eq!(client.response(stream).status(), Some(500));
    }
    let mut flood = Client::h2c(&server);
    for _ in 0..6 {
        flood.send(&RawFrame::new(FrameType::PING, 0, 0, vec![0; 8]));
    }
    assert_eq!(flood.connection_error(), 11);
    let after = status(&mut client);
    assert_eq!(after["handlers"], serde_json::json!({"at_work": 1, "waiting": 2}), "{after}");
    // And the one that asks.
    assert_eq!(after["streams"], 4, "{after}");
    assert_eq!(after["limits_met"]["h2.limit.pings"], 1, "{after}");
    assert_eq!(after["limits_met"]["script.call_depth"], 1, "{after}");
    let errors = after["script_errors"].to_string();
    assert!(errors.contains("broken.rhai:1:"), "{errors}");
    assert!(after["requests"].as_u64() >= Some(7), "{after}");

    server.write("handlers/broken.rhai", "fn main(request, response) { \"mended\" }");
    let stream = client.get("/handlers/broken.rhai");
    assert_eq!(client.response(stream).text(), "mended");
    assert_eq!(status(&mut client)["script_errors"], serde_json::json!([]));
}

#[test]
fn it_is_a_page_for_people() {
    let server = Server::builder().handler("broken.rhai", "fn main(request, response) { <b> }").start();
    let mut client = Client::h2c(&server);
    for path in ["/handlers/broken.rhai", "/_wire/nothing"] {
        let stream = client.get(path);
        assert!(client.response(stream).status() >= Some(400));
    }
    let stream = client.get("/_wire/status");
    let response = client.response(stream);
    assert_eq!(response.get("content-type").as_deref(), Some("text/html; charset=utf-8"));
    let text = response.text();
    assert!(text.contains("<h1>Status</h1>") && text.contains("broken.rhai:1:"), "{text}");
    let stream = client.request("GET", "/_wire/status", &[("accept", "application/json")], true);
    let response = client.response(stream);
    assert!(response.text().starts_with('{'), "{}", response.text());
    let stream = client.request("POST", "/_wire/status", &[], true);
    assert_eq!(client.response(stream).status(), Some(405));
}

#[test]
fn it_tells_of_expectations_that_failed() {
    let script =
        "fn main(request, response) { for n in 1..4 { request.connection.expect(`number ${n}`, n == 2, n); } }";
    let server = Server::builder().handler("expect.rhai", script).start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/expect.rhai");
    client.response(stream);
    let failed = status(&mut client)["expectations_failed"].clone();
    let of = |name: &str, detail: &str| serde_json::json!({"connection": 1, "name": name, "detail": detail});
    assert_eq!(failed, serde_json::json!([of("number 1", "1"), of("number 3", "3")]));
    let stream = client.get("/_wire/status");
    assert!(client.response(stream).text().contains("connection 1</a><td>number 3: 3"));
}
