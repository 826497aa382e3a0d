//! `test_response.py`.

use super::{Ask, both, handler, octets, over_http1, over_http2, run};
use crate::support::http1::Answer;
use crate::support::raw::{Client, Received};
use crate::support::server::Server;
use wireserve::wire::frame::{FrameType, flag};

/// The names of all fields, sorted.
fn names(answer: &Answer) -> Vec<String> {
    let mut names: Vec<_> = answer.fields.iter().map(|(name, _)| name.to_lowercase()).collect();
    names.sort();
    names
}

#[test]
fn head_has_the_length_and_no_content() {
    let server = handler(r#"fn main(request, response) { [#{ "X-Test": "TEST" }, "body\r\n"] }"#);
    both(&server, &Ask::head("/handlers/test.rhai"), |answer| {
        assert_eq!((answer.get("content-length"), answer.get("x-test")), (Some("6"), Some("TEST")));
        assert_eq!(answer.body, b"");
    });
}

#[test]
fn head_has_content_if_the_script_insists() {
    let script = r#"fn main(request, response) {
        response.send_body_for_head_request = true;
        [#{ "X-Test": "TEST" }, "body\r\n"]
    }"#;
    both(&handler(script), &Ask::head("/handlers/test.rhai"), |answer| {
        assert_eq!((answer.get("content-length"), answer.get("x-test")), (Some("6"), Some("TEST")));
        assert_eq!(answer.text(), "body\r\n");
    });
}

#[test]
fn content_alone_gets_a_status_and_the_required_fields() {
    let server = handler(r#"fn main(request, response) { response.writer.write_content("TEST"); }"#);
    let answer = over_http1(&server, &Ask::get("/handlers/test.rhai"));
    assert_eq!((answer.status, answer.text().as_str()), (200, "TEST"));
    assert_eq!(answer.get("content-length"), Some("4"));
    assert!(answer.get("date").is_some() && answer.get("server").is_some());
}

#[test]
fn content_after_a_status_gets_the_required_fields() {
    let script = r#"fn main(request, response) {
        response.writer.write_status(201);
        response.writer.write_content("TEST");
    }"#;
    let answer = over_http1(&handler(script), &Ask::get("/handlers/test.rhai"));
    assert_eq!((answer.status, answer.text().as_str()), (201, "TEST"));
    assert_eq!(answer.get("content-length"), Some("4"));
    assert!(answer.get("date").is_some() && answer.get("server").is_some());
}

#[test]
fn content_after_a_field_gets_the_rest() {
    let script = r#"fn main(request, response) {
        response.writer.write_header("test-header", "test-value");
        response.writer.write_content("TEST");
    }"#;
    let answer = over_http1(&handler(script), &Ask::get("/handlers/test.rhai"));
    assert_eq!((answer.status, answer.text().as_str()), (200, "TEST"));
    assert_eq!(names(&answer), ["content-length", "date", "server", "test-header"]);
}

#[test]
fn without_required_fields_only_the_script_s_are_sent() {
    let script = r#"fn main(request, response) {
        response.add_required_headers = false;
        response.writer.write_header("test-header", "test-value");
        response.writer.write_content("TEST");
    }"#;
    let octets = octets(&handler(script), &Ask::get("/handlers/test.rhai"));
    assert_eq!(String::from_utf8_lossy(&octets), "HTTP/1.1 200 OK\r\ntest-header: test-value\r\n\r\nTEST");
}

#[test]
fn without_required_fields_and_any_other_there_is_none() {
    let script = r#"fn main(request, response) {
        response.add_required_headers = false;
        response.writer.write_content("TEST");
    }"#;
    let octets = octets(&handler(script), &Ask::get("/handlers/test.rhai"));
    assert_eq!(String::from_utf8_lossy(&octets), "HTTP/1.1 200 OK\r\n\r\nTEST");
}

const GIRAFFE: &str = "HTTP/1.1 202 Giraffe\nX-TEST: PASS\nContent-Length: 7\n\nContent";

#[test]
fn raw_content_is_the_whole_answer() {
    let script = r#"fn main(request, response) {
        response.writer.write_raw_content("HTTP/1.1 202 Giraffe\nX-TEST: PASS\nContent-Length: 7\n\nContent");
    }"#;
    assert_eq!(String::from_utf8_lossy(&octets(&handler(script), &Ask::get("/handlers/test.rhai"))), GIRAFFE);
}

#[test]
fn raw_content_may_be_a_file() {
    let script = r#"fn main(request, response) { response.writer.write_raw_content(read_file("test.txt")); }"#;
    let server = Server::builder().file("test.txt", GIRAFFE).handler("test.rhai", script).start();
    assert_eq!(String::from_utf8_lossy(&octets(&server, &Ask::get("/handlers/test.rhai"))), GIRAFFE);
}

#[test]
fn nothing_is_no_raw_content() {
    let script = r#"fn main(request, response) {
        try { response.writer.write_raw_content(()); } catch (error) { return "refused"; }
        "taken"
    }"#;
    run(script, |answer| assert_eq!(answer.text(), "refused"));
}

#[test]
fn raw_content_may_be_no_http() {
    let script = r#"fn main(request, response) { response.writer.write_raw_content("INVALID HTTP"); }"#;
    assert_eq!(octets(&handler(script), &Ask::get("/handlers/test.rhai")), b"INVALID HTTP");
}

#[test]
fn a_stream_that_the_script_left_open_is_ended() {
    let script = r#"fn main(request, response) {
        response.writer.write_headers(202, #{ server: "test-h2", test: "PASS" });
        response.writer.write_data("TEST");
    }"#;
    let answer = over_http2(&handler(script), &Ask::get("/handlers/test.rhai"));
    assert_eq!((answer.status, answer.text().as_str()), (202, "TEST"));
    assert_eq!(answer.fields, [("server".to_owned(), "test-h2".to_owned()), ("test".to_owned(), "PASS".to_owned())]);
}

#[test]
fn an_error_has_its_status_and_message() {
    run(r#"fn main(request, response) { response.set_error(503, "Test error"); }"#, |answer| {
        assert_eq!(answer.status, 503);
        let told: serde_json::Value = serde_json::from_str(&answer.text()).expect("JSON");
        assert_eq!(told, serde_json::json!({ "error": { "code": 503, "message": "Test error" } }));
    });
}

#[test]
fn content_may_be_a_file_or_pieces() {
    let script = r#"fn main(request, response) {
        response.content = switch request.query { "file" => read_file("file.txt"), _ => ["hello", "world"] };
    }"#;
    let server = Server::builder().file("file.txt", "Hello, world!").handler("test.rhai", script).start();
    let text = |target, text| {
        both(&server, &Ask::get(target), |answer| assert_eq!((answer.status, &*answer.text()), (200, text)))
    };
    text("/handlers/test.rhai?file", "Hello, world!");
    text("/handlers/test.rhai", "helloworld");
}

#[test]
fn content_may_be_longer_than_a_frame() {
    let script = r#"fn main(request, response) {
        let size = request.connection.settings.theirs.MAX_FRAME_SIZE;
        let content = "a";
        content.pad(size + 5, "a");
        [#{ "payload-size": size }, content]
    }"#;
    let answer = over_http2(&handler(script), &Ask::get("/handlers/test.rhai"));
    let size: usize = answer.get("payload-size").expect("a size").parse().expect("a number");
    assert_eq!((answer.status, answer.body), (200, vec![b'a'; size + 5]));
}

#[test]
fn strings_become_utf_8_and_nothing_else_does() {
    let script = r#"fn main(request, response) {
        response.writer.write_headers(200, #{});
        response.writer.write_data("h\u00e9");
        try { response.writer.write_data(()); } catch (error) { response.writer.write_data(" refused"); }
    }"#;
    assert_eq!(over_http2(&handler(script), &Ask::get("/handlers/test.rhai")).text(), "hé refused");
}

#[test]
fn raw_frames_are_sent_as_they_are() {
    let script = r#"fn main(request, response) {
        let writer = response.writer;
        switch request.query {
            "headers" => writer.write_raw_header_frame([[":status", "204"], ["server", "TEST-H2"]], #{ end_headers: true, end_stream: true }),
            "continuation" => {
                writer.write_raw_header_frame([[":status", "204"]], #{ end_stream: true });
                writer.write_raw_continuation_frame([["server", "TEST-H2"]], #{ end_headers: true });
            }
            "data" => {
                response.write_status_headers();
                writer.write_raw_data_frame("Hello world", #{ end_stream: true });
            }
        }
    }"#;
    let server = handler(script);
    for query in ["headers", "continuation"] {
        let answer = over_http2(&server, &Ask::get(&format!("/handlers/test.rhai?{query}")));
        assert_eq!((answer.status, answer.get("server"), answer.text().as_str()), (204, Some("TEST-H2"), ""));
    }
    assert_eq!(over_http2(&server, &Ask::get("/handlers/test.rhai?data")).text(), "Hello world");
}

#[test]
fn pseudo_fields_may_come_last() {
    let script = r#"fn main(request, response) {
        response.writer.write_raw_header_frame([["server", "TEST-H2"], [":status", "204"]], #{ end_headers: true, end_stream: true });
    }"#;
    let server = handler(script);
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/test.rhai");
    let response = client.response(stream);
    assert_eq!(response.fields, [(b"server".to_vec(), b"TEST-H2".to_vec()), (b":status".to_vec(), b"204".to_vec())]);
}

#[test]
fn a_pushed_response_has_its_own_stream() {
    let script = r#"fn main(request, response) {
        response.writer.write_headers(202, #{ test: "PASS" });
        let pushed = response.writer.write_push("/push-test");
        pushed.status = 203;
        pushed.headers.set("server", "test-h2");
        pushed.content = "PUSH TEST";
        pushed.finish();
        response.writer.write_data("TEST", true);
    }"#;
    let server = handler(script);
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/test.rhai");
    let mut ended = 0;
    let frames = client.until(|frame: &Received| {
        ended += u32::from(frame.is(FrameType::DATA) && frame.header.has(flag::END_STREAM));
        ended == 2
    });
    let promise = frames.iter().find(|frame| frame.is(FrameType::PUSH_PROMISE)).expect("a promise");
    let fields = promise.fields.clone().expect("a whole block").expect("that can be decoded");
    assert!(fields.contains(&(b":path".to_vec(), b"/push-test".to_vec())));
    let pushed = super::answer(&crate::support::raw::assemble(&frames, promise.word(0)));
    assert_eq!((pushed.status, pushed.text().as_str()), (203, "PUSH TEST"));
    let answer = super::answer(&crate::support::raw::assemble(&frames, stream));
    assert_eq!((answer.status, answer.text().as_str()), (202, "TEST"));
}
