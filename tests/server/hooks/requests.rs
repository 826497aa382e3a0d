//! Requests and responses: what hooks see of them, and what they change.

use super::{both, text, with};
use crate::support::ask::{self, Ask};
use crate::support::raw::Client;
use wireserve::wire::frame::FrameType;

/// Adds a field to every response.
const MARK: &str = "fn on_response(request, response) { response.headers.set(\"x-mark\", `${response.status}`); }";

#[test]
fn every_response_gets_a_field_whoever_answers() {
    let made = "fn main(request, response) { response.content = [\"a\", || \"b\"]; }";
    let bits = "fn main(request, response) { response.status = 202; response.write(\"a\"); response.write(\"b\"); }";
    let server = with(&[("mark", MARK)], "")
        .file("page.txt", "a page")
        .file("part.sub.txt", "{{GET[a]}}")
        .file("folder/x.txt", "")
        .file("plain.asis", "HTTP/1.1 200 OK\nx-own: 1\n\nas it is")
        .handler("made.rhai", made)
        .handler("bits.rhai", bits)
        .handler("throws.rhai", "fn main(request, response) { throw \"x\"; }")
        .handler("broken.rhai", "fn main(")
        .start();
    for (target, status, body) in [
        ("/page.txt", "200", "a page"),
        ("/page.txt?pipe=slice(0,3)|status(418)", "418", "a p"),
        ("/part.sub.txt?a=1", "200", "1"),
        ("/folder/", "200", "x.txt"),
        ("/missing", "404", ""),
        ("/handlers/hello.rhai", "200", "Hello"),
        ("/handlers/hello.rhai?pipe=status(203)", "203", "Hello"),
        ("/handlers/made.rhai", "200", "ab"),
        ("/handlers/bits.rhai", "202", "ab"),
        ("/handlers/throws.rhai", "500", "throws.rhai:1:"),
        ("/handlers/broken.rhai", "500", "broken.rhai:1:"),
    ] {
        for answer in both(&server, target) {
            assert_eq!((&*answer.status.to_string(), answer.get("x-mark")), (status, Some(status)), "{target}");
            assert!(answer.text().contains(body), "{target}: {}", answer.text());
        }
    }
    // Over HTTP/1.1 its octets are all that is sent.
    let as_is = both(&server, "/plain.asis").map(|answer| answer.get("x-mark").map(str::to_owned));
    assert_eq!(as_is, [None, Some("200".to_owned())]);
    let again = both(&server, "/page.txt")[1].get("etag").expect("an entity tag").to_owned();
    let unchanged = ask::over_http2(&server, &Ask::get("/page.txt").with("if-none-match", &again));
    assert_eq!((unchanged.status, unchanged.get("x-mark"), unchanged.body.len()), (304, Some("304"), 0));
    let head = ask::over_http2(&server, &Ask::head("/page.txt"));
    assert_eq!((head.get("x-mark"), head.get("content-length")), (Some("200"), Some("6")));
}

#[test]
fn hooks_are_called_in_the_order_of_the_configuration() {
    let hook = |name: &str| {
        format!(
            "fn on_request(request) {{ request.context.seen = `${{request.context.seen}}{name}`; }}\n\
             fn on_response(request, response) {{ response.headers.append(\"x-seen\", \"{name}\"); }}"
        )
    };
    let (a, b, c) = (hook("a"), hook("b"), hook("c"));
    let server = with(&[("b", &b), ("a", &a), ("c", &c)], "")
        .handler("seen.rhai", "fn main(request, response) { request.context.seen }")
        .start();
    for answer in both(&server, "/handlers/seen.rhai") {
        assert_eq!((&*answer.text(), answer.values("x-seen")), ("bac", vec!["b", "a", "c"]));
    }
}

#[test]
fn a_hook_answers_in_place_of_whoever_would() {
    let hook = r#"
fn on_request(request, response) {
    switch request.path {
        "/deny" => { response.status = 403; response.headers.set("x-by", "hook"); return true; }
        "/text" => { response.content = "plain"; true }
        "/chance" => "a value at the end",
        "/list" => [[201, "Made"], #{ "x-by": "hook" }, "listed"],
        "/file.txt" => [451, [], "not this file"],
        "/writes" => { response.writer.write_headers(203, []); response.writer.write_data("written", true); }
        _ => false
    }
}"#;
    let server = with(&[("first", hook), ("second", "fn on_request(request) { log(`passed ${request.path}`); }")], "")
        .file("file.txt", "the file")
        .file("other.txt", "the other")
        .start();
    for (target, status, body) in [
        ("/deny", 403, ""),
        ("/text", 200, "plain"),
        ("/list", 201, "listed"),
        ("/file.txt", 451, "not this file"),
        ("/writes", 203, "written"),
        ("/other.txt", 200, "the other"),
        ("/chance", 404, ""),
        ("/handlers/hello.rhai", 200, "Hello"),
    ] {
        for answer in both(&server, target) {
            assert_eq!(answer.status, status, "{target}");
            assert!(answer.text().contains(body), "{target}: {}", answer.text());
        }
    }
    server.logged("passed /other.txt");
    assert!(!server.log().contains("passed /text") && !server.log().contains("passed /writes"));
}

#[test]
fn what_on_request_sets_is_what_the_answer_begins_with() {
    let hook = r#"
fn on_request(request, response) {
    response.headers.set("x-a", "hook");
    response.headers.set("x-b", "hook");
    response.status = 299;
}"#;
    let handler = "fn main(request, response) { response.headers.set(\"x-b\", \"handler\"); \"text\" }";
    let server = with(&[("set", hook)], "")
        .handler("sets.rhai", handler)
        .file("page.txt", "page")
        .file("page.txt.headers", "x-b: file\n")
        .start();
    for (target, status, b) in [("/handlers/sets.rhai", 299, "handler"), ("/page.txt", 200, "file")] {
        for answer in both(&server, target) {
            let fields = (answer.status, answer.get("x-a"), answer.values("x-b"));
            assert_eq!(fields, (status, Some("hook"), vec![b]), "{target}");
        }
    }
}

#[test]
fn on_response_changes_status_content_and_trailers() {
    let hook = r#"
fn on_response(request, response) {
    response.status = [299, "Otherwise"];
    response.headers.delete("x-gone");
    response.content = `[${response.content.text()}]`;
    response.trailers.set("x-end", "1");
}"#;
    let handler = "fn main(request, response) { response.headers.set(\"x-gone\", \"1\"); \"text\" }";
    let server = with(&[("change", hook)], "").handler("text.rhai", handler).file("page.txt", "page").start();
    for (target, body) in [("/handlers/text.rhai", "[text]"), ("/page.txt", "[page]")] {
        for answer in both(&server, target) {
            assert_eq!((answer.status, &*answer.text(), answer.get("x-gone")), (299, body, None), "{target}");
        }
        let mut client = Client::h2c(&server);
        let stream = client.get(target);
        let response = client.response(stream);
        assert_eq!(response.trailers, [(b"x-end".to_vec(), b"1".to_vec())], "{target}");
    }
}

#[test]
fn content_that_is_replaced_has_its_own_length() {
    let hook = "fn on_response(request, response) { response.content = [\"other\", \" content\"]; }";
    let handler = "fn main(request, response) { response.headers.set(\"content-length\", \"4\"); \"text\" }";
    let server =
        with(&[("replace", hook)], "").handler("text.rhai", handler).file("large.txt", "x".repeat(300_000)).start();
    for target in ["/handlers/text.rhai", "/large.txt"] {
        for answer in both(&server, target) {
            let length = answer.get("content-length");
            assert_eq!((&*answer.text(), length), ("other content", Some("13")), "{target}");
        }
    }
}

#[test]
fn a_response_that_its_handler_writes_is_told_afterwards() {
    let hook = r#"
fn on_response(request, response) {
    log(`${request.path} ${request.protocol} ${response.status} ${response.headers_sent}`);
    response.headers.set("x-mark", "1");
}"#;
    let server = with(&[("tell", hook)], "")
        .handler("writes.rhai", "fn main(request, response) { response.writer.write_headers(207, [], true); }")
        .handler("raw.rhai", "fn main(request, response) { response.writer.write_raw(\"\"); response.writer.write_raw_header_frame([[\":status\", \"204\"]], #{ end_headers: true, end_stream: true }); }")
        .start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/writes.rhai");
    let response = client.response(stream);
    assert_eq!((response.status(), response.fields.len()), (Some(207), 1));
    server.logged("/handlers/writes.rhai HTTP/2 207 true");
    let stream = client.get("/handlers/raw.rhai");
    client.until(|frame| frame.is(FrameType::HEADERS) && frame.header.stream_id == stream);
    server.logged("/handlers/raw.rhai HTTP/2 0 true");
    text(&server, "/handlers/hello.rhai");
    server.logged("/handlers/hello.rhai HTTP/1.1 200 false");
}

#[test]
fn hooks_wait_as_handlers_do_and_hold_up_nobody_else() {
    let hook = r#"
fn on_request(request) {
    if request.path == "/slow.txt" { stash.wait("go", 20, "/"); }
}
fn on_response(request, response) {
    if request.method == "POST" { response.headers.set("x-length", `${request.body.len}`); }
}"#;
    let go = "fn main(request, response) { stash.put(\"go\", 1, \"/\"); \"went\" }";
    let server = with(&[("wait", hook)], "[stash]\nany_key = true\n")
        .file("slow.txt", "slow")
        .handler("go.rhai", go)
        .arguments(["--workers", "1"])
        .start();
    let mut client = Client::h2c(&server);
    let slow = client.get("/slow.txt");
    assert_eq!(ask::on(&mut client, &Ask::get("/handlers/go.rhai")).text(), "went");
    assert_eq!(client.response(slow).text(), "slow");
    let posted = ask::on(&mut client, &Ask::post("/handlers/echo.rhai", b"12345"));
    assert_eq!(posted.get("x-length"), Some("5"), "{posted:?}");
}

#[test]
fn a_client_that_leaves_ends_a_hook_that_waits() {
    let hook = "fn on_request(request) { if request.path == \"/slow\" { log(\"waits\"); sleep(30); log(\"woke\"); } }";
    let server = with(&[("wait", hook)], "").start();
    let mut client = Client::h2c(&server);
    let slow = client.get("/slow");
    server.logged("waits");
    client.send(&crate::support::raw::rst_stream(slow, 8));
    assert_eq!(ask::on(&mut client, &Ask::get("/handlers/hello.rhai")).status, 200);
    drop(client);
    assert!(!server.log().contains("woke") && !server.log().contains("failed"));
}
