//! The lines for people.

use super::super::{Line, field_lines, title};
use super::{headers, hub, octets_of, record, sent};
use crate::h2;
use crate::http::transport::Cause;
use crate::transcript::Options;
use crate::wire::frame::{ErrorCode, FrameType, RawFrame, flag};
use crate::wire::hpack::Encoder;
use bytes::{Bytes, BytesMut};
use std::time::Duration;

#[test]
fn each_record_is_a_line_that_says_what_matters() {
    let hub = hub(Options { data: 8, ..Options::default() });
    let recorder = record(&hub, 3);
    let began = recorder.transcript().began;
    let at = |micros| Some(began + Duration::from_micros(micros));
    let frame = |frame_type, flags, stream, payload: &[u8]| {
        RawFrame::new(frame_type, flags, stream, Bytes::copy_from_slice(payload))
    };
    let server = |frame: &RawFrame, cause| recorder.http2(at(1_250), 0, &sent(&octets_of(frame), cause));
    let client = |frame: RawFrame| recorder.http2(at(2_000), 0, &h2::Event::Frame(frame));
    server(&frame(FrameType::SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100, 0xab, 1, 0, 0, 0, 7]), Cause::Automatic);
    recorder.http2(at(1_500), 0, &h2::Event::Preface);
    client(frame(FrameType::SETTINGS, flag::ACK, 0, b""));
    let mut block = BytesMut::new();
    let request: [(&[u8], &[u8]); 5] = [
        (b":method", b"GET"),
        (b":scheme", b"https"),
        (b":authority", b"a.test"),
        (b":path", b"/x?y=\n"),
        (b"accept", b"*/*"),
    ];
    Encoder::new().encode(request, &mut block);
    let mut request = headers(block, 1);
    request.header.flags |= flag::END_STREAM;
    client(request);
    let mut block = BytesMut::new();
    Encoder::new().encode([(&b":status"[..], &b"200"[..])], &mut block);
    server(&headers(block, 1), Cause::Checked);
    server(&frame(FrameType::DATA, flag::PADDED, 1, b"\x02Hello, world!\0\0"), Cause::Checked);
    server(&frame(FrameType(0xab), 0x83, 1, b"\0\x01odd"), Cause::Raw);
    recorder.http2(at(1_260), 0, &sent(b"\0\0\x05\0\0\0\0\0\x01abc", Cause::Raw));
    client(frame(FrameType::RST_STREAM, 0, 1, &8_u32.to_be_bytes()));
    client(frame(FrameType::PRIORITY, 0, 1, &[0x80, 0, 0, 3, 15]));
    client(frame(FrameType::WINDOW_UPDATE, 0, 0, &5_u32.to_be_bytes()));
    client(frame(FrameType::WINDOW_UPDATE, 0, 0, b"abc"));
    client(frame(FrameType::GOAWAY, 0, 0, b"\0\0\0\x01\0\0\0\x01why\x1b"));
    let reset = h2::NotSentReason::StreamReset { by: h2::Initiator::Peer, code: ErrorCode::CANCEL };
    let data = h2::Unsent::Data { stream: 1, data: Bytes::from_static(b"rest") };
    recorder.http2(at(2_100), 0, &h2::Event::NotSent { what: data, why: reset });
    recorder.expected(at(2_200), 7, "it is so", false, "no");
    recorder.notice(at(2_300), Some(1), "hm");
    let (facts, records) = recorder.transcript().read();
    let mut all = format!("{}\n", title(&facts));
    for record in records {
        all.push_str(&Line::new(&record, facts.recorded_by).to_string());
        all.push('\n');
        field_lines(&record).for_each(|line| all.extend([line.as_str(), "\n"]));
    }
    let expected = "\
connection 3  HTTP/2   →   without TLS
  0.001250 → SETTINGS        s0                               12  MAX_CONCURRENT_STREAMS=100 UNKNOWN(0xab01)=7
  0.001500 ← preface
  0.002000 ← SETTINGS        s0    ACK                         0
  0.002000 ← HEADERS         s1    END_STREAM|END_HEADERS     21  GET https://a.test/x?y=\\n
               :method: GET  (indexed 2)
               :scheme: https  (indexed 7)
               :authority: a.test  (incremental, name 1)
               :path: /x?y=\\n  (without-indexing, name 4)
               accept: */*  (incremental, name 19)
  0.001250 → HEADERS         s1    END_HEADERS                 1  200
               :status: 200  (indexed 8)
  0.001250 → DATA            s1    PADDED                     16  \"Hello, world!\" + 2 of padding
  0.001250 → UNKNOWN(0xab)   s1    0x83                        5  \"\\x00\\x01odd\"  (raw)
  0.001260 → octets                                           12  announces DATA on stream 1 with 5 bytes, has 3  (raw)
  0.002000 ← RST_STREAM      s1                                4  CANCEL
  0.002000 ← PRIORITY        s1                                5  depends exclusively on 3, weight 16
  0.002000 ← WINDOW_UPDATE   s0                                4  +5
  0.002000 ← WINDOW_UPDATE   s0                                3  ✗ payload of 3 bytes where 4 are needed
  0.002000 ← GOAWAY          s0                               12  PROTOCOL_ERROR, last stream 1, \"why\\x1b\"
  0.002100 → not sent        s1                                   4 bytes of data: the stream was reset by the client with CANCEL
  0.002200 · ✗ expectation                                        it is so: no  (connection.send at a.rhai:7)
  0.002300 · notice          s1                                   hm
";
    assert_eq!(all, expected, "\n{all}");
}
