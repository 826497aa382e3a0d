//! Whatever is written can be read back, and is the same.

use super::super::{
    Breach, Cause, Closed, DropReason, Dropped, Ending, Errors, Expected, Facts, FieldLine, FieldSection, Frame,
    GoAwayFacts, Initiator, Meaning, NotSent, NotSentReason, Notice, Octets, Place, Reaction, Record, RecordKind,
    RequestFacts, RequestHead, ResetFacts, Side, Snapshot, TimedExpectation, TlsFacts, Unsent, Violation,
};
use super::{Recorder, hub, octets_of, record_as, sent};
use crate::h2;
use crate::http::peer::Protocol;
use crate::http::transport;
use crate::transcript::Options;
use crate::wire::frame::{FrameHeader, FrameType, RawFrame};
use crate::wire::hpack::Representation;
use bytes::Bytes;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use std::time::Duration;

fn octets() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..40).prop_map(Bytes::from)
}

fn text() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..12).prop_map(String::from_iter)
}

fn time() -> impl Strategy<Value = Duration> {
    (0..9_000_000_000_000_u64).prop_map(Duration::from_micros)
}

fn side() -> impl Strategy<Value = Side> {
    select(vec![Side::Client, Side::Server])
}

fn expected() -> impl Strategy<Value = Expected> {
    (text(), any::<bool>(), text()).prop_map(|(name, passed, detail)| Expected { name, passed, detail })
}

fn closed() -> impl Strategy<Value = Closed> {
    (text(), text()).prop_map(|(why, text)| Closed { why, text })
}

fn place() -> impl Strategy<Value = Place> {
    (text(), text(), of(any::<u32>())).prop_map(|(file, function, line)| Place { file, function, line })
}

fn field_line() -> impl Strategy<Value = FieldLine> {
    use Representation::{Incremental, Indexed, NeverIndexed, WithoutIndexing};
    let representation = select(vec![Indexed, Incremental, WithoutIndexing, NeverIndexed]);
    prop_oneof![
        (octets(), octets(), representation, any::<u64>()).prop_map(|(name, value, representation, index)| {
            FieldLine::Field { name, value, representation, index }
        }),
        any::<u64>().prop_map(FieldLine::SizeUpdate),
        Just(FieldLine::Field { name: "size update".into(), value: "7".into(), representation: Indexed, index: 1 }),
    ]
}

fn frame() -> impl Strategy<Value = Frame> {
    let section = (vec(field_line(), 0..4), any::<bool>()).prop_map(|(lines, whole)| FieldSection { lines, whole });
    let fields = of(prop_oneof![section.prop_map(Ok), text().prop_map(Err)]);
    let header = (0..0x12_u8, any::<u8>(), any::<bool>(), 0..=0x7fff_ffff_u32, 0..20_u32);
    (header, octets(), fields).prop_map(|((kind, flags, reserved, stream_id, cut), payload, fields)| {
        let length = u32::try_from(payload.len()).unwrap_or_default() + cut / 10 * cut;
        let header = FrameHeader { length, frame_type: FrameType(kind), flags, reserved, stream_id };
        Frame::new(octets_of(&RawFrame { header, payload }).freeze(), fields).expect("it fits")
    })
}

fn octets_record() -> impl Strategy<Value = Octets> {
    let meaning = select(vec![Meaning::Http1, Meaning::FrameBegins, Meaning::Rest]);
    (octets(), 0..3_u64, meaning).prop_map(|(octets, more, meaning)| {
        let meaning = if octets.len() < 9 && meaning == Meaning::FrameBegins { Meaning::Rest } else { meaning };
        Octets { length: octets.len() as u64 + more, octets, meaning }
    })
}

fn not_sent() -> impl Strategy<Value = NotSent> {
    let unsent = select(vec![Unsent::Data, Unsent::Trailers, Unsent::HeldFrame, Unsent::AutomaticFrame]);
    let why = select(vec![
        NotSentReason::StreamReset,
        NotSentReason::StreamEnded,
        NotSentReason::Contradicted,
        NotSentReason::RawUnfinished,
        NotSentReason::Unprocessed,
        NotSentReason::ConnectionClosed,
        NotSentReason::SwitchedOff,
    ]);
    let by = of(select(vec![Initiator::Script, Initiator::Engine, Initiator::Client, Initiator::Server]));
    ((unsent, of(any::<u32>()), of(text())), (why, of(text()), by), (of(any::<u64>()), octets())).prop_map(
        |((unsent, stream, frame_type), (why, code, by), (length, octets))| NotSent {
            unsent,
            stream,
            frame_type,
            why,
            code,
            by,
            length,
            octets,
        },
    )
}

fn violation() -> impl Strategy<Value = Violation> {
    let reaction = of(prop_oneof![
        text().prop_map(Reaction::ConnectionError),
        text().prop_map(Reaction::StreamError),
        Just(Reaction::Reported),
    ]);
    ((of(text()), text(), text()), (of(any::<u32>()), reaction, of(any::<u16>()), text())).prop_map(
        |((rule, section, text), (stream, reaction, status, detail))| Violation {
            rule,
            section,
            text,
            stream,
            reaction,
            status,
            detail,
        },
    )
}

fn kind() -> impl Strategy<Value = RecordKind> {
    let head = (any::<u64>(), octets(), octets(), any::<u64>());
    prop_oneof![
        8 => frame().prop_map(RecordKind::Frame),
        2 => octets_record().prop_map(RecordKind::Octets),
        1 => not_sent().prop_map(RecordKind::NotSent),
        1 => violation().prop_map(RecordKind::Violation),
        1 => expected().prop_map(RecordKind::Expectation),
        1 => Just(RecordKind::Preface),
        1 => head.prop_map(|(number, method, target, head_octets)| {
            RecordKind::Request(RequestHead { number, method, target, head_octets })
        }),
        1 => (of(any::<u64>()), text()).prop_map(|(stream, text)| RecordKind::Notice(Notice { stream, text })),
        1 => (any::<u64>(), select(vec![DropReason::TooFast, DropReason::FileFull, DropReason::FileRemoved]))
            .prop_map(|(records, why)| RecordKind::Dropped(Dropped { records, why })),
        1 => closed().prop_map(RecordKind::Closed),
        1 => closed().prop_map(RecordKind::Ended),
    ]
}

pub(super) fn record() -> impl Strategy<Value = Record> {
    let cause = of(select(vec![Cause::Checked, Cause::Raw, Cause::Automatic]));
    let breaks = of(select(h2::Rule::ALL).prop_map(Breach::of));
    ((any::<u64>(), time(), of(side())), (cause, of(place()), breaks, kind())).prop_map(
        |((seq, time, from), (cause, script, breaks, kind))| Record { seq, time, from, cause, script, breaks, kind },
    )
}

pub(super) fn facts() -> impl Strategy<Value = Facts> {
    let tls = (of(text()), of(text()), text(), text()).prop_map(|(sni, alpn, version, cipher)| TlsFacts {
        sni,
        alpn,
        version,
        cipher,
    });
    let request = (time(), any::<u64>(), text(), text(), of(any::<u16>()), of(time())).prop_map(
        |(time, stream, method, path, status, took)| RequestFacts {
            time,
            stream,
            method,
            path,
            protocol: Protocol::Http2,
            status,
            took,
        },
    );
    let goaway = (time(), text(), 0..1_u32 << 31, text()).prop_map(|(time, code, last_stream, debug)| GoAwayFacts {
        time,
        code,
        last_stream,
        debug,
    });
    let reset = (time(), 0..1_u32 << 31, text(), side()).prop_map(|(time, stream, code, by)| ResetFacts {
        time,
        stream,
        code,
        by,
    });
    let errors = (any::<u64>(), any::<u64>(), of(text())).prop_map(|(violations, peer_resets, peer_goaway)| Errors {
        violations,
        peer_resets,
        peer_goaway,
    });
    let expectations = vec((time(), expected()).prop_map(|(time, expected)| TimedExpectation { time, expected }), 0..3);
    let closed = of((time(), closed()).prop_map(|(time, closed)| Ending { time, closed }));
    let protocol = select(vec![Protocol::Http1, Protocol::Http2]);
    (
        (any::<u64>(), protocol, side(), text(), text(), any::<u16>()),
        (of(tls), of(text()), time(), closed, (vec(request, 0..3), of(goaway), vec(reset, 0..3)), errors),
        (expectations, any::<u64>(), any::<u64>(), any::<u64>(), any::<u64>()),
    )
        .prop_map(
            |(
                (id, protocol, recorded_by, client_address, server_address, server_port),
                (tls, profile, opened, closed, (requests, client_goaway, resets), errors),
                (expectations, requests_total, expectations_failed, expectations_dropped, records_dropped),
            )| Facts {
                id,
                protocol,
                recorded_by,
                client_address,
                server_address,
                server_port,
                tls,
                profile,
                opened,
                closed,
                requests_total,
                requests,
                client_goaway,
                resets,
                errors,
                expectations,
                expectations_failed,
                expectations_dropped,
                records_dropped,
            },
        )
}

fn is_read_back(snapshot: &Snapshot) -> Result<(), TestCaseError> {
    let read = |text: &str| Snapshot::read(text).map_err(|error| TestCaseError::fail(format!("{error}: {text}")));
    prop_assert_eq!(&read(&snapshot.to_json())?, snapshot);
    prop_assert_eq!(&read(&snapshot.to_lines())?, snapshot);
    Ok(())
}

/// What the engines report, made up.
fn step(recorder: &Recorder, step: &(u8, Bytes)) {
    let (what, octets) = step;
    let cause = [transport::Cause::Checked, transport::Cause::Automatic, transport::Cause::Raw][usize::from(what % 3)];
    let frame = RawFrame::new(FrameType(what / 3 % 17), *what, u32::from(*what), octets.clone());
    match what % 5 {
        0 | 1 => recorder.http2(None, 0, &h2::Event::Frame(frame)),
        2 => recorder.http2(None, 0, &sent(&octets_of(&frame), cause)),
        3 => recorder.http2(None, 0, &sent(octets, transport::Cause::Raw)),
        _ => recorder.expected(None, 7, &octets.escape_ascii().to_string(), *what > 99, ""),
    }
}

proptest! {
    #![proptest_config(crate::properties::config(150))]

    #[test]
    fn what_is_written_is_read_back(facts in facts(), records in vec(record(), 0..6)) {
        is_read_back(&Snapshot { facts, records })?;
    }

    #[test]
    fn what_is_recorded_is_read_back(steps in vec((any::<u8>(), octets()), 0..40), room in 200..8_000_usize) {
        let hub = hub(Options { connection: room, data: 8, ..Options::default() });
        let recorder = record_as(Side::Server, &hub, 1, Protocol::Http2);
        for one in &steps {
            step(&recorder, one);
        }
        let snapshot = recorder.transcript().snapshot();
        let numbers = snapshot.records.iter().map(|record| record.seq);
        let first = snapshot.facts.records_dropped + 1;
        prop_assert!(numbers.eq((first..).take(snapshot.records.len())));
        is_read_back(&snapshot)?;
    }
}

#[test]
fn keys_are_in_a_fixed_order() {
    let frame = RawFrame::new(FrameType::RST_STREAM, 0, 1, vec![0, 0, 0, 8]);
    let record = Record {
        seq: 7,
        time: Duration::from_micros(1_500),
        from: Some(Side::Server),
        cause: Some(Cause::Raw),
        script: Some(Place { file: "a.rhai".into(), function: "connection.send".into(), line: Some(3) }),
        breaks: Some(Breach::of(h2::Rule::IdleFrame)),
        kind: RecordKind::Frame(Frame::new(octets_of(&frame).freeze(), None).expect("a frame")),
    };
    assert_eq!(
        record.to_json(),
        "{\"seq\": 7, \"time\": 0.0015, \"from\": \"server\", \"cause\": \"raw\", \"script\": {\"file\": \"a.rhai\", \
         \"function\": \"connection.send\", \"line\": 3}, \"breaks\": {\"rule\": \"h2.idle.frame\", \"section\": \"RFC 9113 §5.1\"}, \"what\": \"frame\", \"type\": \"RST_STREAM\", \
         \"type_code\": 3, \"stream\": 1, \"flags\": 0, \"flag_names\": [], \"reserved\": false, \"length\": 4, \
         \"code\": \"CANCEL\", \"code_number\": 8, \"octets\": \"00000403000000000100000008\", \"whole\": true}"
    );
}

#[test]
fn what_is_no_transcript_is_an_error_with_its_line() {
    let hub = hub(Options::default());
    let recorder = record_as(Side::Server, &hub, 1, Protocol::Http2);
    step(&recorder, &(0, Bytes::from_static(b"abc")));
    let lines = recorder.transcript().snapshot().to_lines();
    let error = |text: &str| Snapshot::read(text).expect_err(text).to_string();
    assert_eq!(error(""), "line 1: the file is empty");
    assert_eq!(
        error("{\"version\": 2}"),
        "line 1: this is version 2 of the transcript format; this program reads version 1"
    );
    assert!(error("hello").starts_with("line 1: this is not a transcript"), "{}", error("hello"));
    let other = lines.replacen("\"version\":1", "\"version\":9", 1);
    assert!(error(&other).contains("version 9"), "{}", error(&other));
    let cut = lines.trim_end().strip_suffix('}').expect("an object");
    assert_eq!(error(cut), "line 2: the file ends in the middle of this line");
    let odd = lines.replace("616263", "61626");
    assert!(error(&odd).starts_with("line 2: expected pairs of hexadecimal digits"), "{}", error(&odd));
    let lying = lines.replace("616263", "61626300");
    assert!(error(&lying).starts_with("line 2: the bytes of a frame are not a frame"), "{}", error(&lying));
}
