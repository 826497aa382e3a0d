use super::*;
use bytes::{Bytes, BytesMut};
use proptest::prelude::*;

fn raw(frame_type: FrameType, flags: u8, payload: &'static [u8]) -> RawFrame {
    RawFrame::new(frame_type, flags, 1, payload)
}

fn written(payload: &Payload) -> BytesMut {
    let mut out = BytesMut::new();
    payload.write(&mut out);
    out
}

#[test]
fn each_type_is_read_by_its_parts() {
    let cases: [(RawFrame, Payload); 15] = [
        (raw(FrameType::DATA, 0, b"ab"), Payload::Data(Data::new(&b"ab"[..]))),
        (
            raw(FrameType::DATA, flag::PADDED, b"\x02ab\x01\x02"),
            Payload::Data(Data { data: Bytes::from_static(b"ab"), padding: Some(Bytes::from_static(b"\x01\x02")) }),
        ),
        (raw(FrameType::HEADERS, 0, b"\x82"), Payload::Headers(Headers::new(&b"\x82"[..]))),
        (
            raw(FrameType::HEADERS, flag::PADDED | flag::PRIORITY, b"\x01\x80\x00\x00\x03\xff\x82\x00"),
            Payload::Headers(Headers {
                priority: Some(Priority { exclusive: true, dependency: 3, weight: 255 }),
                fragment: Bytes::from_static(b"\x82"),
                padding: Some(Bytes::from_static(b"\x00")),
            }),
        ),
        (
            raw(FrameType::PRIORITY, 0, b"\x00\x00\x00\x05\x10"),
            Payload::Priority(Priority { exclusive: false, dependency: 5, weight: 16 }),
        ),
        (raw(FrameType::RST_STREAM, 0, b"\0\0\0\x08"), Payload::RstStream(RstStream { code: ErrorCode::CANCEL })),
        (
            raw(FrameType::SETTINGS, 0, b"\0\x04\0\0\0\x01\0\x04\0\0\0\x02\xff\xff\0\0\0\x03"),
            Payload::Settings(Settings { entries: vec![(4, 1), (4, 2), (0xffff, 3)] }),
        ),
        (
            raw(FrameType::PUSH_PROMISE, flag::PADDED, b"\x01\x80\0\0\x02\x82\x09"),
            Payload::PushPromise(PushPromise {
                reserved: true,
                promised_stream_id: 2,
                fragment: Bytes::from_static(b"\x82"),
                padding: Some(Bytes::from_static(b"\x09")),
            }),
        ),
        (raw(FrameType::PING, 0, b"12345678"), Payload::Ping(Ping { opaque: *b"12345678" })),
        (
            raw(FrameType::GOAWAY, 0, b"\x80\0\0\x07\0\0\0\x0bcalm"),
            Payload::GoAway(GoAway {
                reserved: true,
                last_stream_id: 7,
                code: ErrorCode::ENHANCE_YOUR_CALM,
                debug: Bytes::from_static(b"calm"),
            }),
        ),
        (
            raw(FrameType::WINDOW_UPDATE, 0, b"\xff\xff\xff\xff"),
            Payload::WindowUpdate(WindowUpdate { reserved: true, increment: 0x7fff_ffff }),
        ),
        (
            raw(FrameType::CONTINUATION, flag::PADDED, b"\x05x"),
            Payload::Continuation(Continuation { fragment: Bytes::from_static(b"\x05x") }),
        ),
        (
            raw(FrameType::ALTSVC, 0, b"\0\x01ah2=\":1\""),
            Payload::AltSvc(AltSvc { origin: Bytes::from_static(b"a"), value: Bytes::from_static(b"h2=\":1\"") }),
        ),
        (
            raw(FrameType::ORIGIN, 0, b"\0\x01a\0\0\0\x02bc"),
            Payload::Origin(Origin {
                entries: vec![Bytes::from_static(b"a"), Bytes::new(), Bytes::from_static(b"bc")],
            }),
        ),
        (
            raw(FrameType::PRIORITY_UPDATE, 0, b"\0\0\0\x01u=0"),
            Payload::PriorityUpdate(PriorityUpdate {
                reserved: false,
                prioritized_stream_id: 1,
                value: Bytes::from_static(b"u=0"),
            }),
        ),
    ];
    for (frame, payload) in cases {
        assert_eq!(Payload::parse(&frame).as_ref(), Ok(&payload), "{}", frame.header.frame_type);
        assert_eq!(payload.frame_type(), frame.header.frame_type);
        assert_eq!(payload.to_raw(0, 1).payload, frame.payload);
        let parts = flag::PADDED | flag::PRIORITY;
        if frame.header.frame_type != FrameType::CONTINUATION {
            assert_eq!(payload.to_raw(0, 1).header.flags & parts, frame.header.flags & parts);
        }
    }
}

#[test]
fn what_is_wrong_with_a_payload_is_told() {
    use PayloadError::{Length, NotMultiple, Padding, TooShort};
    let cases = [
        (raw(FrameType::DATA, flag::PADDED, b""), TooShort { length: 0, minimum: 1 }),
        (raw(FrameType::DATA, flag::PADDED, b"\x02a"), Padding { pad_length: 2, available: 1 }),
        (raw(FrameType::HEADERS, flag::PRIORITY, b"1234"), TooShort { length: 4, minimum: 5 }),
        (
            raw(FrameType::HEADERS, flag::PRIORITY | flag::PADDED, b"\x01\x002345"),
            Padding { pad_length: 1, available: 0 },
        ),
        (raw(FrameType::PRIORITY, 0, b"123456"), Length { length: 6, expected: 5 }),
        (raw(FrameType::RST_STREAM, 0, b"123"), Length { length: 3, expected: 4 }),
        (raw(FrameType::SETTINGS, 0, b"1234567"), NotMultiple { length: 7, unit: 6 }),
        (raw(FrameType::PUSH_PROMISE, 0, b"123"), TooShort { length: 3, minimum: 4 }),
        (raw(FrameType::PING, 0, b"1234567"), Length { length: 7, expected: 8 }),
        (raw(FrameType::GOAWAY, 0, b"1234567"), TooShort { length: 7, minimum: 8 }),
        (raw(FrameType::WINDOW_UPDATE, 0, b"12345"), Length { length: 5, expected: 4 }),
        (raw(FrameType::ALTSVC, 0, b"\0\x02a"), TooShort { length: 3, minimum: 4 }),
        (raw(FrameType::ORIGIN, 0, b"\0\x01a\0"), TooShort { length: 4, minimum: 5 }),
        (raw(FrameType::PRIORITY_UPDATE, 0, b""), TooShort { length: 0, minimum: 4 }),
    ];
    for (frame, error) in cases {
        assert_eq!(Payload::parse(&frame), Err(error), "{}", frame.header.frame_type);
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn a_frame_in_parts_may_lie() {
    let mut frame = Frame::new(FrameType::DATA, flag::END_STREAM, 5, &b"hi"[..]);
    assert_eq!(&frame.octets()[..], b"\0\0\x02\0\x01\0\0\0\x05hi");
    frame.set_padding(Some(Bytes::from_static(b"\xaa")));
    assert!(frame.has(flag::PADDED));
    assert_eq!(&frame.octets()[..], b"\0\0\x04\0\x09\0\0\0\x05\x01hi\xaa");
    frame.padding = Some(Padding { octets: Bytes::from_static(b"\xaa"), length: Some(200) });
    frame.length = Some(7);
    frame.reserved = true;
    frame.stream_id = 0;
    frame.set_flag(flag::PADDED | flag::END_STREAM, false);
    assert_eq!(&frame.octets()[..], b"\0\0\x07\0\0\x80\0\0\0\xc8hi\xaa");
    frame.set_padding(None);
    frame.length = None;
    assert_eq!(&frame.octets()[..], b"\0\0\x02\0\0\x80\0\0\0hi");
}

#[test]
fn padding_beyond_one_octet_is_written_but_not_announced() {
    let data = Data { data: Bytes::new(), padding: Some(Bytes::from(vec![0; 300])) };
    let frame = data.to_raw(0, 1);
    assert_eq!((frame.payload.len(), frame.payload[0], frame.header.length), (301, 255, 301));
}

#[test]
fn names_are_found_both_ways() {
    assert_eq!(ErrorCode::by_name("HTTP_1_1_REQUIRED"), Some(ErrorCode::HTTP_1_1_REQUIRED));
    assert_eq!(ErrorCode::HTTP_1_1_REQUIRED.to_string(), "HTTP_1_1_REQUIRED");
    assert_eq!(ErrorCode(0xe).to_string(), "UNKNOWN(0xe)");
    assert_eq!(SettingId::by_name("ENABLE_CONNECT_PROTOCOL"), Some(SettingId(8)));
    assert_eq!(SettingId(7).to_string(), "UNKNOWN(0x0007)");
    assert_eq!(FrameType::by_name("PRIORITY_UPDATE"), Some(FrameType(0x10)));
    assert_eq!(FrameType::by_name("priority_update"), None);
    assert_eq!(flag::by_name("PADDED"), Some(8));
    let names = |frame_type| flag::set_names(frame_type, 0xff).collect::<Vec<_>>();
    assert_eq!(names(FrameType::HEADERS), ["END_STREAM", "END_HEADERS", "PADDED", "PRIORITY"]);
    assert_eq!(names(FrameType::PING), ["ACK"]);
    assert!(names(FrameType(0xff)).is_empty());
    for code in 0..14 {
        let code = ErrorCode(code);
        assert_eq!(code.name().and_then(ErrorCode::by_name), Some(code));
    }
    let settings = Settings { entries: vec![(4, 1), (4, 2)] };
    assert_eq!(settings.get(SettingId::INITIAL_WINDOW_SIZE), Some(2));
    assert_eq!(settings.get(SettingId::ENABLE_PUSH), None);
}

/// Frames of any type, the known ones often, with payloads that often have the length a type wants.
fn any_frame() -> impl Strategy<Value = RawFrame> {
    let frame_type = prop_oneof![4 => 0..0x11_u8, 1 => any::<u8>()];
    let payload = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..12),
        prop::collection::vec(0..6_u8, 0..24),
        prop::collection::vec(any::<u8>(), 0..400),
    ];
    (frame_type, any::<u8>(), any::<bool>(), any::<u32>(), payload).prop_map(
        |(frame_type, flags, reserved, stream_id, payload)| {
            let mut frame = RawFrame::new(FrameType(frame_type), flags, stream_id & 0x7fff_ffff, payload);
            frame.header.reserved = reserved;
            frame
        },
    )
}

proptest! {
    #![proptest_config(crate::properties::config(256))]

    #[test]
    fn any_octets_that_are_read_are_written_again(octets in prop::collection::vec(any::<u8>(), 0..600)) {
        let mut buffer = BytesMut::from(&octets[..]);
        let mut out = BytesMut::new();
        while let Some(frame) = RawFrame::take(&mut buffer) {
            frame.write(&mut out);
        }
        out.extend_from_slice(&buffer);
        prop_assert_eq!(&out[..], &octets[..]);
    }

    #[test]
    fn any_frame_survives_every_view(frame in any_frame()) {
        let mut wire = BytesMut::new();
        frame.write(&mut wire);
        prop_assert_eq!(RawFrame::take(&mut wire.clone()), Some(frame.clone()));
        if let Ok(payload) = Payload::parse(&frame) {
            prop_assert_eq!(&written(&payload)[..], &frame.payload[..]);
            let mut again = payload.to_raw(frame.header.flags, frame.header.stream_id);
            again.header.reserved = frame.header.reserved;
            prop_assert_eq!(&again, &frame);
        }
        prop_assert_eq!(&Frame::from_raw(&frame).to_raw(), &frame);
        prop_assert_eq!(&Frame::from_raw(&frame).octets()[..], &wire[..]);
    }

    #[test]
    fn a_lying_length_survives(frame in any_frame(), length in 0..0x0100_0000_u32) {
        let mut frame = frame;
        frame.header.length = length;
        prop_assert_eq!(Frame::from_raw(&frame).to_raw(), frame);
    }
}
