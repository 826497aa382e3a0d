//! Raw calls and tracked ones in one handler: what the server knows after a raw call, and says about it.

use crate::support::raw::{Client, fragment, settings_frame};
use crate::support::server::{Builder, Server};
use wireserve::wire::frame::{ErrorCode, FrameType, RawFrame, flag};
use wireserve::wire::hpack::{Decoder, Representation};

/// Handlers keep the error that they catch for whoever asks next on the connection.
const TOLD: &str = "fn main(request, response) { `${request.connection.context.error}` }";

/// A handler of which `raw` stands on line 3 and `checked` is refused; then `after` follows.
fn handler(raw: &str, checked: &str, after: &str) -> String {
    format!(
        "fn main(request, response) {{\nlet writer = response.writer; let connection = request.connection;\n{raw}\n\
         try {{ {checked} }} catch (error) {{ connection.context.error = `${{error}}`; }}\n{after}\n}}"
    )
}

fn serve(script: &str) -> Builder {
    Server::builder().handler("lanes.rhai", script).handler("told.rhai", TOLD)
}

/// What the second handler says of the error in the first.
fn told(script: &str) -> String {
    let server = serve(script).start();
    let mut client = Client::h2c_with(&server, &[(4, 1000)]);
    client.get("/handlers/lanes.rhai");
    client.barrier();
    let stream = client.get("/handlers/told.rhai");
    client.response(stream).text()
}

#[test]
fn a_tracked_call_that_contradicts_a_raw_one_names_it_with_file_and_line() {
    let head = "writer.write_headers(200, []); ";
    let rows: &[(&str, &str, &str, &str)] = &[
        (
            &format!("{head}writer.write_raw_data_frame(\"x\", #{{ end_stream: true }});"),
            "writer.write_data(\"more\");",
            "",
            "the stream was ended (END_STREAM) by writer.write_raw_data_frame at ",
        ),
        (
            &format!("{head}writer.write_raw_data_frame(\"x\", #{{ end_stream: true, track: true }});"),
            "writer.write_data(\"more\");",
            "",
            "the stream was ended (END_STREAM) by writer.write_raw_data_frame at ",
        ),
        (
            "connection.send_bytes(frame::rst_stream(request.stream_id, 8).bytes());",
            "writer.write_headers(200, []);",
            "",
            "the stream was reset by connection.send_bytes at ",
        ),
        (
            "writer.write_raw_header_frame([[\":status\", \"200\"]], #{ end_headers: true });",
            "writer.write_headers(200, []);",
            "writer.end_stream();",
            "the response's headers were already sent by writer.write_raw_header_frame at ",
        ),
        (
            "writer.write_raw_header_frame([[\":status\", \"200\"], [\"content-length\", \"3\"]], #{ end_headers: true });",
            "writer.write_data(\"four\", true);",
            "writer.write_data(\"odd\", true);",
            "3 bytes of body were announced by writer.write_raw_header_frame at ",
        ),
        (
            "writer.write_raw_header_frame([[\":status\", \"204\"]], #{ end_headers: true });",
            "writer.write_data(\"x\", true);",
            "writer.end_stream();",
            "0 bytes of body were announced by writer.write_raw_header_frame at ",
        ),
        (
            &format!("{head}writer.write_raw_frame(frame::data(request.stream_id, blob(1500)));"),
            "writer.write_data(\"more\");",
            "",
            "the flow-control window was exceeded by 500 bytes, by writer.write_raw_frame at ",
        ),
        (
            "connection.send(frame::goaway(1, 0, \"\"));",
            "connection.goaway(5, 0, \"\");",
            "writer.write_headers(200, [], true);",
            "GOAWAY with last stream identifier 1 was sent by connection.send at ",
        ),
        (
            "writer.write_raw_header_frame([[\":status\", \"200\"]]);",
            "writer.write_data(\"more\");",
            "writer.write_raw_continuation_frame([], #{ end_headers: true }); writer.end_stream();",
            "the header block begun by writer.write_raw_header_frame at ",
        ),
        (
            &format!(
                "{head}let f = frame::data(request.stream_id, \"four\"); f.length = 6; writer.write_raw_frame(f);"
            ),
            "writer.write_data(\"more\");",
            "writer.write_raw(\"to\"); writer.end_stream();",
            "the frame begun by writer.write_raw_frame at ",
        ),
    ];
    for (raw, checked, after, wanted) in rows {
        let text = told(&handler(raw, checked, after));
        assert!(text.contains(wanted), "{raw} {checked}: {text}");
        assert!(text.contains("lanes.rhai:3"), "{raw}: {text}");
    }
}

#[test]
fn the_place_is_that_of_the_imported_script_and_the_log_has_it_too() {
    let script = "fn main(request, response) {\n    import \"ending\" as ending;\n    ending::end(response);\n    \
                  response.writer.write_data(\"more\");\n}";
    let ending = "\nfn end(response) {\n    response.writer.write_raw_header_frame([[\":status\", \"200\"]],\n        \
                  #{ end_headers: true, end_stream: true });\n}";
    let server = serve(script).handler("ending.rhai", ending).start();
    let mut client = Client::h2c(&server);
    client.get("/handlers/lanes.rhai");
    // The log goes through a pipe: it may come after the answer.
    let logged = (0..500).any(|_| {
        client.barrier();
        let log = server.log();
        log.contains("ended (END_STREAM) by writer.write_raw_header_frame at ")
            && log.contains("ending.rhai:3")
            && log.contains("lanes.rhai:4:")
    });
    assert!(logged, "{}", server.log());
}

#[test]
fn after_a_raw_block_that_nobody_can_read_only_literals_and_static_entries_are_sent() {
    let broken = "fn main(request, response) { response.writer.write_raw_header_frame(from_hex(\"88ff\"), \
                  #{ end_headers: true, end_stream: true }); }";
    let lawful = "fn main(request, response) { response.headers.set(\"x-lawful\", \"1\"); \"lawful\" }";
    let server = serve(broken).handler("lawful.rhai", lawful).start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/lawful.rhai");
    assert_eq!(client.response(stream).get("x-lawful").as_deref(), Some("1"));
    client.get("/handlers/lanes.rhai");
    client.barrier();
    for _ in 0..3 {
        let stream = client.get("/handlers/lawful.rhai");
        let frames = client.until(|frame| frame.header.has(flag::END_STREAM) && frame.is(FrameType::DATA));
        let head = frames.iter().find(|frame| frame.is(FrameType::HEADERS) && frame.header.stream_id == stream);
        let block = fragment(&head.expect("HEADERS").frame).to_vec();
        // A decoder that has seen nothing understands it, and keeps nothing of it.
        let block = Decoder::new(4096).decode(block.into(), usize::MAX).expect("static entries and literals");
        assert!(block.fields().any(|field| field.name == b"x-lawful"[..]));
        assert!(block.fields().all(|field| field.representation != Representation::Incremental), "{block:?}");
    }
}

#[test]
fn nothing_gets_into_a_raw_frame_that_is_not_whole() {
    let script = "fn main(request, response) {
        let writer = response.writer;
        writer.write_headers(200, []);
        let data = frame::data(request.stream_id, \"in two parts\").bytes();
        writer.write_raw(data[0..14]);
        request.connection.wait_for_frame(\"PING\", 10);
        writer.write_raw(data[14..data.len]);
        writer.end_stream();
    }";
    let server = serve(script).start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/lanes.rhai");
    client.until(|frame| frame.is(FrameType::HEADERS));
    client.send(&RawFrame::new(FrameType::PING, 0, 0, b"question".to_vec()));
    let frames = client.until(|frame| frame.is(FrameType::DATA) && frame.header.has(flag::END_STREAM));
    assert_eq!(&frames[0].payload[..], b"in two parts", "{frames:?}");
    assert!(frames.iter().any(|frame| frame.is(FrameType::PING)), "{frames:?}");
    assert!(frames.iter().all(|frame| frame.is(FrameType::PING) || frame.header.stream_id == stream));
}

#[test]
fn a_block_left_open_is_silence_and_its_stream_s_end_lets_the_others_go_on() {
    let script = "fn main(request, response) { response.writer.write_raw_header_frame([[\":status\", \"200\"]]); }";
    let server = serve(script).start();
    let mut client = Client::h2c(&server);
    let open = client.get("/handlers/lanes.rhai");
    client.until(|frame| frame.is(FrameType::HEADERS));
    let other = client.get("/handlers/hello.rhai");
    client.send(&RawFrame::new(FrameType::RST_STREAM, 0, open, ErrorCode::CANCEL.0.to_be_bytes().to_vec()));
    let next = client.frame().expect("a frame");
    assert!(next.is(FrameType::CONTINUATION) && next.header.stream_id == open, "{next:?}");
    assert_eq!(client.response(other).status(), Some(200));
}

#[test]
fn a_client_may_acknowledge_and_rely_on_settings_that_the_server_does_not_go_by() {
    let script = "fn handle_headers(frame, request, response) {
        request.connection.send(frame::settings([[setting::INITIAL_WINDOW_SIZE, 2000000]]));
    }
    fn main(request, response) { `${request.body.len} of ${request.connection.settings.ours.INITIAL_WINDOW_SIZE}` }";
    let server = serve(script).start();
    let mut client = Client::h2c(&server);
    let stream = client.request("POST", "/handlers/lanes.rhai", &[], false);
    client.until(|frame| frame.is(FrameType::SETTINGS) && !frame.payload.is_empty());
    let mut ack = settings_frame(&[]);
    ack.header.flags = flag::ACK;
    client.send(&ack);
    client.data(stream, b"content", true);
    assert_eq!(client.response(stream).text(), "7 of 1048576");
}

#[test]
fn content_that_is_returned_after_a_raw_call_is_told_to_be_lost() {
    let script = "fn main(request, response) {
        response.writer.write_raw_header_frame([[\":status\", \"200\"]], #{ end_headers: true });
        \"lost\"
    }";
    let server = serve(script).start();
    let mut client = Client::h2c(&server);
    client.get("/handlers/lanes.rhai");
    client.until(|frame| frame.is(FrameType::HEADERS));
    let line = server.logged("what main of ");
    assert!(line.contains("lanes.rhai returned is not sent, because after a raw call"), "{line}");
}
