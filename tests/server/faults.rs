//! Handlers that go wrong: each is ended with a message that names file, line and column, and nobody else notices.

use crate::support::raw::{Client, Response};
use crate::support::server::Server;
use wireserve::wire::frame::{FrameType, flag};

fn answer(client: &mut Client, path: &str) -> Response {
    let stream = client.get(path);
    client.response(stream)
}

fn is_healthy(client: &mut Client) {
    assert_eq!(answer(client, "/handlers/hello.rhai").status(), Some(200));
}

#[test]
fn an_error_is_a_500_with_file_line_column_and_call_chain() {
    let script = "fn inner(x) {\n    x.no_such_method()\n}\n\nfn main(request, response) {\n    inner(42)\n}\n";
    let server = Server::builder().handler("bad.rhai", script).start();
    let mut client = Client::h2c(&server);
    let response = answer(&mut client, "/handlers/bad.rhai");
    assert_eq!(response.status(), Some(500));
    let text = response.text();
    for part in ["bad.rhai:2:", "x.no_such_method()", "inner", "main", "no_such_method"] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    // The log goes through a pipe: it may come after the answer.
    let logged = (0..500).any(|_| {
        client.barrier();
        server.log().contains("bad.rhai:2:")
    });
    assert!(logged, "{}", server.log());
    is_healthy(&mut client);
}

#[test]
fn endless_loops_recursion_memory_throws_and_nonsense_are_ended() {
    let scripts = [
        ("loop.rhai", "fn main(request, response) { loop { } }", "operations"),
        ("recurse.rhai", "fn f(x) { f(x + 1) }\nfn main(request, response) { f(0) }", "recurse.rhai:1:"),
        ("memory.rhai", "fn main(request, response) { let s = \"x\"; loop { s += s; } }", "memory.rhai:1:"),
        ("array.rhai", "fn main(request, response) { let a = [0]; loop { a += a; } }", "array.rhai:1:"),
        ("throw.rhai", "fn main(request, response) { throw \"by hand\" }", "by hand"),
        ("nonsense.rhai", "fn main(request, response) { |x| x }", "nonsense.rhai"),
        ("swallow.rhai", "fn main(request, response) { loop { try { loop { } } catch { } } }", "operations"),
    ];
    let config = "[limits.script]\noperations = 3000000\n";
    let builder = scripts
        .iter()
        .fold(Server::builder().config(config), |builder, (name, script, _)| builder.handler(name, script));
    let server = builder.start();
    let mut client = Client::h2c(&server);
    for (name, _, part) in scripts {
        let response = answer(&mut client, &format!("/handlers/{name}"));
        assert_eq!(response.status(), Some(500), "{name}");
        assert!(response.text().contains(part), "{name}: {part} is not in:\n{}", response.text());
        is_healthy(&mut client);
    }
}

#[test]
fn after_the_headers_an_error_is_rst_stream_internal_error() {
    let script = "fn main(request, response) { response.writer.write_headers([[\":status\", 200]]); throw \"late\" }";
    let server = Server::builder().handler("late.rhai", script).start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/late.rhai");
    assert_eq!(client.stream_error(stream), 2);
    is_healthy(&mut client);
}

#[test]
fn after_raw_octets_an_error_adds_no_page() {
    let open = "fn main(request, response) { response.writer.write_raw_header_frame([[\":status\", \"200\"]], \
                #{ end_headers: true }); throw \"late\" }";
    let ended = "fn main(request, response) { response.writer.write_raw_header_frame([[\":status\", \"200\"]], \
                 #{ end_headers: true, end_stream: true, track: true }); throw \"late\" }";
    let reset = "fn main(request, response) { response.writer.write_raw_frame(frame::rst_stream(request.stream_id, 8), \
                 #{ track: true }); throw \"late\" }";
    let server =
        Server::builder().handler("open.rhai", open).handler("ended.rhai", ended).handler("reset.rhai", reset).start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/open.rhai");
    assert_eq!(client.stream_error(stream), 2);
    assert_eq!(answer(&mut client, "/handlers/ended.rhai").status(), Some(200));
    let stream = client.get("/handlers/reset.rhai");
    assert_eq!(client.stream_error(stream), 8);
    is_healthy(&mut client);
    assert!(!server.log().contains("ERROR"), "{}", server.log());
}

#[test]
fn a_handler_that_fails_while_reading_is_paused_does_not_leave_the_connection_deaf() {
    let script = "fn main(request, response) { request.connection.pause_reading(); throw \"paused\" }";
    let server = Server::builder().handler("paused.rhai", script).start();
    let mut client = Client::h2c(&server);
    assert_eq!(answer(&mut client, "/handlers/paused.rhai").status(), Some(500));
    is_healthy(&mut client);
}

#[test]
fn a_looping_handler_delays_nobody() {
    let server = Server::builder().handler("loop.rhai", "fn main(request, response) { loop { } }").start();
    let mut client = Client::h2c(&server);
    for _ in 0..4 {
        client.get("/handlers/loop.rhai");
    }
    let stream = client.get("/handlers/hello.rhai");
    let frames = client.until(|frame| frame.header.stream_id == stream && frame.header.has(flag::END_STREAM));
    assert!(frames.iter().any(|frame| frame.is(FrameType::HEADERS) && frame.header.stream_id == stream));
}

#[test]
fn an_edited_handler_is_used_from_the_next_request_on() {
    let server = Server::builder().handler("edit.rhai", "fn main(request, response) { \"one\" }").start();
    let mut client = Client::h2c(&server);
    assert_eq!(answer(&mut client, "/handlers/edit.rhai").text(), "one");
    for word in ["second", "third", "fourth"] {
        server.write("handlers/edit.rhai", format!("fn main(request, response) {{ \"{word}\" }}"));
        assert_eq!(answer(&mut client, "/handlers/edit.rhai").text(), word);
    }
}

#[test]
fn a_handler_that_does_not_compile_keeps_answering_500_until_mended() {
    let broken = "fn main(request, response) {\n    let x = ;\n}";
    let server = Server::builder().handler("broken.rhai", broken).start();
    let mut client = Client::h2c(&server);
    for _ in 0..2 {
        let response = answer(&mut client, "/handlers/broken.rhai");
        assert_eq!(response.status(), Some(500));
        assert!(response.text().contains("broken.rhai:2:13"), "{}", response.text());
        assert!(response.text().contains("let x = ;"), "{}", response.text());
    }
    server.write("handlers/broken.rhai", "fn main(request, response) { \"mended\" }");
    assert_eq!(answer(&mut client, "/handlers/broken.rhai").text(), "mended");
}

#[test]
fn a_client_that_resets_in_mid_answer_is_no_error() {
    let script = "fn main(request, response) { response.content = || { sleep(0.001); \"x\" }; }";
    let server = Server::builder().handler("endless.rhai", script).start();
    let mut client = Client::h2c(&server);
    for _ in 0..20 {
        let stream = client.get("/handlers/endless.rhai");
        client.until(|frame| frame.is(FrameType::DATA));
        let cancel = wireserve::wire::frame::RawFrame::new(FrameType::RST_STREAM, 0, stream, &[0, 0, 0, 8][..]);
        client.send(&cancel);
    }
    is_healthy(&mut client);
    let log = server.log();
    assert!(!log.contains("WARN") && !log.contains("ERROR"), "{log}");
}

#[test]
fn a_pause_ends_with_the_handler_that_has_made_it_and_failed() {
    let script = "fn main(request, response) { let all = request.connection; all.pause_writing(); throw \"paused\" }";
    let server = Server::builder().handler("paused.rhai", script).start();
    let mut client = Client::h2c(&server);
    let response = answer(&mut client, "/handlers/paused.rhai");
    assert_eq!(response.status(), Some(500));
    is_healthy(&mut client);
}
