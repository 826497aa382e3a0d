//! Which connections `/_wire/connections` lists, downloads of transcripts, and `DELETE /_wire/state`.

use crate::support::ask::{Ask, over_http1, over_http2};
use crate::support::raw::{self, Client};
use crate::support::server::Server;
use serde_json::{Value, json};

const ID: &str = "fn main(request, response) { `${request.connection.id}` }";

/// The ids of the connections that a query names.
fn ids(server: &Server, query: &str) -> Vec<u64> {
    list(server, query).iter().filter_map(|one| one["id"].as_u64()).collect()
}

fn list(server: &Server, query: &str) -> Vec<Value> {
    let answer = over_http1(server, &Ask::get(&format!("/_wire/connections{query}")));
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    let list: Value = serde_json::from_str(&answer.text()).expect("JSON");
    list["connections"].as_array().expect("a list").clone()
}

/// A connection that asked for a path, and its id.
fn connection(server: &Server, path: &str) -> (Client, u64) {
    let mut client = Client::h2c(server);
    let stream = client.get(path);
    let id = client.response(stream).text().parse().expect("a number");
    (client, id)
}

#[test]
fn the_query_says_which_connections_are_listed() {
    let server = Server::builder().handler("id.rhai", ID).start();
    let (_a, a) = connection(&server, "/handlers/id.rhai?a");
    let (_b, b) = connection(&server, "/handlers/id.rhai?b");
    assert_eq!(ids(&server, "?path=/handlers/id.rhai"), [a, b]);
    assert_eq!(ids(&server, "?path=/handlers/id.rhai%3Fb"), [b]);
    assert_eq!(ids(&server, "?path=/handlers/id.rhai&last"), [b]);
    // Those that asked for the list are not meant.
    assert_eq!(ids(&server, "?last"), [b]);
    assert_eq!(ids(&server, &format!("?path=/handlers/id.rhai&since={a}")), [b]);
    assert_eq!(ids(&server, "?path=/elsewhere"), [0; 0]);
    assert!(ids(&server, &format!("?since={a}")).len() > 1);
}

#[test]
fn a_list_waits_until_the_connections_have_ended() {
    let server = Server::builder().handler("id.rhai", ID).start();
    let (mut client, id) = connection(&server, "/handlers/id.rhai");
    // The time passes: it is open.
    let open = list(&server, "?path=/handlers/id.rhai&wait=closed&seconds=0");
    assert_eq!((&open[0]["id"], &open[0]["closed"]), (&json!(id), &Value::Null));
    client.send(&raw::rst_stream(1, 8));
    client.half_close();
    let ended = list(&server, "?path=/handlers/id.rhai&wait=closed&seconds=20");
    assert!(!ended[0]["closed"].is_null(), "{ended:#?}");
    // One that waits for itself would wait in vain.
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/id.rhai?own");
    client.response(stream);
    let stream = client.get("/_wire/connections?path=/handlers/id.rhai%3Fown&wait=closed&seconds=20");
    let response = client.response(stream);
    assert!(response.text().contains("\"closed\":null"), "{}", response.text());
}

#[test]
fn resets_are_listed_with_the_end_that_sent_them() {
    let reset = "fn main(request, response) { response.writer.rst_stream(\"REFUSED_STREAM\"); }";
    let server = Server::builder().handler("id.rhai", ID).handler("reset.rhai", reset).start();
    let (mut client, id) = connection(&server, "/handlers/id.rhai");
    let stream = client.get("/handlers/reset.rhai");
    assert_eq!(client.stream_error(stream), 7);
    let open = client.request("POST", "/handlers/id.rhai", &[], false);
    client.send(&raw::rst_stream(open, 8));
    client.barrier();
    let one =
        list(&server, &format!("?since={}", id - 1)).into_iter().find(|one| one["id"] == id).expect("it is there");
    let resets: Vec<_> = one["resets"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|reset| (reset["stream"].clone(), reset["code"].clone(), reset["by"].clone()))
        .collect();
    let expected =
        [(json!(stream), json!("REFUSED_STREAM"), json!("server")), (json!(open), json!("CANCEL"), json!("client"))];
    assert_eq!(resets, expected, "{one:#}");
}

#[test]
fn wrong_parameters_are_told() {
    let server = Server::builder().handler("id.rhai", ID).start();
    let (_client, id) = connection(&server, "/handlers/id.rhai");
    let one = format!("connections/{id}");
    for (page, word) in [
        ("connections?paht=/a", "Did you mean `path`?"),
        ("connections?path=a", "must begin with /"),
        ("connections?since=x", "a whole number"),
        ("connections?last=1", "has no value"),
        ("connections?wait=open", "can be `closed`"),
        ("connections?seconds=1", "needs `wait=closed`"),
        ("connections?wait=closed&seconds=61", "from 0 to 60"),
        (&format!("{one}?formt=har"), "Did you mean `format`?"),
        (&format!("{one}?format=octets"), "from=client or from=server"),
        (&format!("{one}?format=har&from=client"), "Other formats have no `from`"),
    ] {
        let answer = over_http1(&server, &Ask::get(&format!("/_wire/{page}")));
        assert_eq!(answer.status, 400, "{page}: {}", answer.text());
        assert!(answer.text().contains(word), "{page}: {}", answer.text());
    }
}

#[test]
fn transcripts_are_downloads_in_formats_of_other_programs() {
    let server = Server::builder().handler("id.rhai", ID).start();
    let (_client, id) = connection(&server, "/handlers/id.rhai");
    for (query, media_type, disposition, suffix) in [
        ("?format=har", "application/json", "attachment", ".har\""),
        (".har", "application/json", "attachment", ".har\""),
        (".sqlog", "application/qlog+json-seq", "attachment", ".sqlog\""),
        ("?format=qlog", "application/qlog+json-seq", "attachment", ".sqlog\""),
        (".pcapng", "application/x-pcapng", "attachment", ".pcapng\""),
        (".txt", "text/plain; charset=utf-8", "inline", ".txt\""),
        ("?format=octets&from=server", "application/octet-stream", "attachment", "-server.bin\""),
    ] {
        let answer = over_http2(&server, &Ask::get(&format!("/_wire/connections/{id}{query}")));
        assert_eq!((answer.status, answer.get("content-type")), (200, Some(media_type)), "{query}");
        let name = answer.get("content-disposition").expect("a name");
        assert!(name.starts_with(disposition) && name.ends_with(suffix), "{query}: {name}");
    }
    let octets = over_http2(&server, &Ask::get(&format!("/_wire/connections/{id}?format=octets&from=client")));
    assert!(octets.body.starts_with(b"PRI * HTTP/2.0"), "{:?}", octets.body);
    assert_eq!(octets.get("wire-missing"), Some("0"));
    let http1 = over_http1(&server, &Ask::get("/handlers/id.rhai")).text();
    let answer = over_http1(&server, &Ask::get(&format!("/_wire/connections/{http1}.sqlog")));
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("about HTTP/2"), "{}", answer.text());
}

#[test]
fn state_is_deleted_with_the_token_only() {
    let server = Server::builder().arguments(["--state-token", "secret"]).handler("id.rhai", ID).start();
    let delete = Ask { method: "DELETE", ..Ask::get("/_wire/state") };
    let (mut client, id) = connection(&server, "/handlers/id.rhai");
    for wrong in [
        delete.clone(),
        delete.clone().with("authorization", "Bearer secre"),
        delete.clone().with("authorization", "secret"),
    ] {
        let answer = over_http1(&server, &wrong);
        assert_eq!(answer.status, 403, "{}", answer.text());
        assert!(answer.text().contains("--state-token"), "{}", answer.text());
    }
    assert_eq!(ids(&server, "?path=/handlers/id.rhai"), [id]);
    assert_eq!(over_http1(&server, &delete.clone().with("authorization", "Bearer secret")).status, 204);
    assert_eq!(ids(&server, "?path=/handlers/id.rhai"), [0; 0]);
    // What comes after it is recorded, and its headers can be read: the table is known.
    let stream = client.get("/handlers/id.rhai");
    client.response(stream);
    assert_eq!(ids(&server, "?path=/handlers/id.rhai"), [id]);
    let answer = over_http1(&server, &Ask::get("/_wire/state"));
    assert_eq!((answer.status, answer.get("allow")), (405, Some("DELETE")));
    let without = Server::start();
    let answer = over_http1(&without, &delete.with("authorization", "Bearer secret"));
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("started without a token"), "{}", answer.text());
}

#[test]
fn deleting_state_empties_the_stash_and_the_context_of_the_server() {
    let script = "fn main(request, response) {\n    let key = \"6d0e4b26-3d3a-4ae5-9a86-0d2a3e3f3a11\";\n    \
                  if request.query == \"put\" { stash.put(key, 1); server.context.x = 1; return \"put\"; }\n    \
                  `${stash.peek(key) == ()} ${server.context.x == ()}`\n}";
    let server = Server::builder().arguments(["--state-token", "secret"]).handler("stash.rhai", script).start();
    let ask = |query: &str| over_http1(&server, &Ask::get(&format!("/handlers/stash.rhai{query}"))).text();
    assert_eq!((ask("?put"), ask("")), ("put".to_owned(), "false false".to_owned()));
    let delete = Ask { method: "DELETE", ..Ask::get("/_wire/state") }.with("authorization", "Bearer secret");
    assert_eq!(over_http1(&server, &delete).status, 204);
    assert_eq!(ask(""), "true true");
}
