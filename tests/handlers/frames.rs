//! `handlers/frames/`

use super::{
    END_HEADERS, END_STREAM, Head, PADDED, Page, TYPE, Want, block, check, compare, data, everything, frame, headers,
    last, status_and,
};
use crate::support::raw::{Client, End, rst_stream};
use crate::support::server::Server;
use wireserve::wire::frame::{FrameType, RawFrame};

const OK: (&str, &str) = (":status", "200");

fn reset(code: u32) -> Want {
    Want::Frame(rst_stream(1, code))
}

#[test]
fn order_of_headers_and_data() {
    let response = || headers(END_HEADERS, block(&[OK, TYPE]));
    check(&[
        ("frames/data-before-headers.rhai", vec![data(0, "too early\n"), response(), last("DATA came first.\n")]),
        ("frames/data-after-end.rhai", vec![Head("200"), last("The end.\n"), data(0, "too late\n")]),
        (
            "frames/data-after-end.rhai?count=3",
            vec![Head("200"), last("The end.\n"), data(0, "too late\n"), data(0, "too late\n"), data(0, "too late\n")],
        ),
        ("frames/headers-twice.rhai", vec![response(), response(), last("HEADERS came twice.\n")]),
    ]);
}

#[test]
fn informational_responses() {
    let interim = |status, kind| block(&[(":status", status), ("x-kind", kind)]);
    let rest = || vec![headers(END_HEADERS, block(&[OK])), last("The interim response before this was wrong.\n")];
    let with = |first: Vec<Want>| first.into_iter().chain(rest()).collect();
    check(&[
        ("frames/informational.rhai", vec![headers(END_HEADERS | END_STREAM, interim("103", "end"))]),
        (
            "frames/informational.rhai?kind=late",
            vec![Head("200"), headers(END_HEADERS, interim("103", "late")), last("An interim response came late.\n")],
        ),
        ("frames/informational.rhai?kind=switching", with(vec![headers(END_HEADERS, interim("101", "switching"))])),
        (
            "frames/informational.rhai?kind=content",
            with(vec![headers(END_HEADERS, interim("103", "content")), data(0, "too early\n")]),
        ),
    ]);
}

#[test]
fn padding() {
    let text = "Padding follows.\n";
    let fields = status_and(&[TYPE]);
    let padded = |length: usize, payload: &[u8], octets: &[u8]| [&[length as u8], payload, octets].concat();
    let on_data = |payload: Vec<u8>| vec![Head("200"), data(END_STREAM | PADDED, payload)];
    let on_headers = |payload: Vec<u8>| vec![headers(END_STREAM | END_HEADERS | PADDED, payload)];
    check(&[
        ("frames/padding.rhai", on_data(padded(text.len() + 1, text.as_bytes(), b""))),
        ("frames/padding.rhai?kind=empty", on_data(Vec::new())),
        ("frames/padding.rhai?kind=nonzero", on_data(padded(100, text.as_bytes(), &[0xff; 100]))),
        ("frames/padding.rhai?kind=right", on_data(padded(100, text.as_bytes(), &[0; 100]))),
        ("frames/padding.rhai?kind=too-long&frame=headers", on_headers(padded(fields.len() + 1, &fields, b""))),
        ("frames/padding.rhai?kind=empty&frame=headers", on_headers(Vec::new())),
        ("frames/padding.rhai?kind=right&frame=headers", on_headers(padded(100, &fields, &[0; 100]))),
    ]);
}

#[test]
fn rst_stream_at_any_moment() {
    let first = || data(0, "The first half, ");
    check(&[
        ("frames/rst-stream.rhai", vec![Head("200"), first(), reset(8)]),
        ("frames/rst-stream.rhai?code=7&when=start", vec![reset(7)]),
        ("frames/rst-stream.rhai?code=2&when=headers", vec![Head("200"), reset(2)]),
        ("frames/rst-stream.rhai?code=0&when=end", vec![Head("200"), first(), last("the second half.\n"), reset(0)]),
        ("frames/rst-stream.rhai?code=3735928559", vec![Head("200"), first(), reset(0xdead_beef)]),
        ("frames/rst-stream-payload.rhai", vec![frame(FrameType::RST_STREAM, 0, 1, [0; 3])]),
        ("frames/rst-stream-payload.rhai?length=0", vec![frame(FrameType::RST_STREAM, 0, 1, [0; 0])]),
    ]);
}

#[test]
fn rst_stream_during_an_upload() {
    let server = Server::start();
    let mut client = Client::h2c(&server);
    let stream = client.request("POST", "/handlers/frames/rst-stream.rhai?when=upload&code=11", &[], false);
    assert!(everything(&mut client).is_empty(), "nothing is sent before the upload");
    client.data(stream, b"some", false);
    let frames = everything(&mut client);
    let frames: Vec<_> = frames.into_iter().filter(|frame| !frame.is(FrameType::WINDOW_UPDATE)).collect();
    compare(&frames, &[reset(11)]).unwrap();
}

#[test]
fn unknown_and_reserved() {
    let page = "An unknown frame came before this.\n";
    let unknown = |code, stream| frame(FrameType(code), 0xff, stream, "wireserv");
    let reserved = |frame_type, flags, payload: Vec<u8>| {
        let mut frame = RawFrame::new(frame_type, flags, 1, payload);
        frame.header.reserved = true;
        Want::Frame(frame)
    };
    check(&[
        ("frames/unknown.rhai", vec![unknown(190, 1), Page(page)]),
        ("frames/unknown.rhai?type=255&stream=0", vec![unknown(255, 0), Page(page)]),
        (
            "frames/reserved.rhai",
            vec![
                reserved(FrameType::HEADERS, 0xd6, status_and(&[TYPE])),
                reserved(FrameType::DATA, 0xf7, b"Bits that mean nothing came with this.\n".to_vec()),
            ],
        ),
    ]);
}

#[test]
fn push_promises() {
    let zero = [&[0, 0, 0, 2, 0x82, 0x86, 0x84][..], &block(&[(":authority", "localhost")])].concat();
    let promise = |promised: u32| {
        let fields = block(&[(":authority", "localhost"), (":path", "/pushed")]);
        frame(FrameType::PUSH_PROMISE, END_HEADERS, 1, [&promised.to_be_bytes()[..], &[0x82, 0x86], &fields].concat())
    };
    let with = |promised| vec![promise(promised), Page("A PUSH_PROMISE came before this.\n")];
    check(&[
        ("frames/push-stream-zero.rhai", vec![frame(FrameType::PUSH_PROMISE, END_HEADERS, 0, zero)]),
        ("frames/push-promise.rhai", with(2)),
        ("frames/push-promise.rhai?promised=3", with(3)),
        ("frames/push-promise.rhai?promised=0", with(0)),
    ]);
}

#[test]
fn a_length_that_lies() {
    let server = Server::start();
    for by in [1_i32, 9, -1, 100] {
        let mut client = Client::h2c(&server);
        client.get(&format!("/handlers/frames/length.rhai?by={by}"));
        let frames = client.until(|frame| frame.is(FrameType::HEADERS));
        assert_eq!(frames.len(), 1);
        // What follows is read by hand: these frames lie.
        let wanted = [
            &[0, 0, (25 + by) as u8, 0, 0, 0, 0, 0, 1][..],
            b"The length of this lies.\n",
            &[0, 0, 9, 0, END_STREAM, 0, 0, 0, 1],
            b"The end.\n",
        ]
        .concat();
        assert_eq!(client.octets(wanted.len()), wanted, "by {by}");
    }
}

#[test]
fn a_connection_cut_inside_a_frame() {
    let server = Server::start();
    let whole = [&[0, 0, 25, 0, END_STREAM, 0, 0, 0, 1][..], b"This will not get through"].concat();
    for octets in [0, 4, 9, 20] {
        let mut client = Client::h2c(&server);
        client.get(&format!("/handlers/frames/cut.rhai?octets={octets}"));
        let (frames, _) = client.until_end();
        compare(&frames, &[Head("200")]).unwrap();
        assert_eq!(client.remainder(), &whole[..octets]);
    }
    let mut client = Client::h2c(&server);
    client.get("/handlers/frames/cut.rhai?octets=20&how=abort");
    let (frames, end) = client.until_end();
    compare(&frames, &[Head("200")]).unwrap();
    assert_eq!((client.remainder(), end), (&whole[..20], End::Reset));
}

#[test]
fn frames_on_the_wrong_stream() {
    let row =
        |frame_type, flags, stream, payload: &[u8], text| vec![frame(frame_type, flags, stream, payload), Page(text)];
    check(&[
        (
            "frames/wrong-stream.rhai",
            row(FrameType::DATA, 0, 0, b"lost", "A data frame came on stream 0 before this.\n"),
        ),
        (
            "frames/wrong-stream.rhai?frame=headers",
            row(FrameType::HEADERS, END_HEADERS, 0, &[0x88], "A headers frame came on stream 0 before this.\n"),
        ),
        (
            "frames/wrong-stream.rhai?frame=rst_stream",
            row(FrameType::RST_STREAM, 0, 0, &[0, 0, 0, 8], "A rst_stream frame came on stream 0 before this.\n"),
        ),
        (
            "frames/wrong-stream.rhai?frame=continuation",
            row(
                FrameType::CONTINUATION,
                END_HEADERS,
                0,
                &[0x88],
                "A continuation frame came on stream 0 before this.\n",
            ),
        ),
        (
            "frames/wrong-stream.rhai?frame=priority",
            row(FrameType::PRIORITY, 0, 0, &[0, 0, 0, 0, 15], "A priority frame came on stream 0 before this.\n"),
        ),
        (
            "frames/wrong-stream.rhai?frame=settings&stream=1",
            row(FrameType::SETTINGS, 0, 1, b"", "A settings frame came on stream 1 before this.\n"),
        ),
        (
            "frames/wrong-stream.rhai?frame=ping&stream=1",
            row(FrameType::PING, 0, 1, b"wireserv", "A ping frame came on stream 1 before this.\n"),
        ),
        (
            "frames/wrong-stream.rhai?frame=goaway&stream=1",
            row(FrameType::GOAWAY, 0, 1, &[0; 8], "A goaway frame came on stream 1 before this.\n"),
        ),
        (
            "frames/wrong-stream.rhai?frame=data&stream=1000001",
            row(FrameType::DATA, 0, 1_000_001, b"lost", "A data frame came on stream 1000001 before this.\n"),
        ),
        (
            "frames/wrong-stream.rhai?frame=window_update&stream=1000001",
            row(
                FrameType::WINDOW_UPDATE,
                0,
                1_000_001,
                &[0, 0, 0, 1],
                "A window_update frame came on stream 1000001 before this.\n",
            ),
        ),
    ]);
}

#[test]
fn priority() {
    let page = || Page("An odd PRIORITY frame came before this.\n");
    check(&[
        ("frames/priority.rhai", vec![frame(FrameType::PRIORITY, 0, 1, [0; 4]), page()]),
        ("frames/priority.rhai?kind=self", vec![frame(FrameType::PRIORITY, 0, 1, [0, 0, 0, 1, 15]), page()]),
    ]);
}
