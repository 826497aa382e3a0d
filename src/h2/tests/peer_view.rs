//! What a view reads in raw frames, without a connection.

use super::client::{block, headers, to_octets};
use crate::h2::events::{Initiator, NotSentReason};
use crate::h2::hold::{Held, Hold, Which};
use crate::h2::peer_view::{Consequence, Context, PeerView, RawCall, Track};
use crate::h2::settings::Settings;
use crate::h2::state::{Input, State};
use crate::h2::stream::{Method, Stream};
use crate::h2::streams::Streams;
use crate::h2::{CallSite, Cause, Contradiction, Misuse, Role};
use crate::wire::frame::{ErrorCode, FrameType, GoAway, RawFrame, flag};
use crate::wire::hpack::Encoder;
use bytes::Bytes;

/// What a view must know of a connection, without one.
struct Around {
    streams: Streams,
    encoder: Encoder,
    hold: Option<Hold>,
    local: Settings,
    view: PeerView,
}

impl Around {
    /// A server on whose connection streams 1 and 3 are open.
    fn server() -> Self {
        let mut streams = Streams::new(Role::Server);
        streams.use_peer(3);
        Self::with(streams)
    }

    /// A client on whose connection streams 1 and 3 are open.
    fn client() -> Self {
        let mut streams = Streams::new(Role::Client);
        streams.use_local(3);
        Self::with(streams)
    }

    fn with(mut streams: Streams) -> Self {
        for id in [1, 3] {
            streams.insert(id, Stream::new(State::Open, 65_535, 65_535));
        }
        let (encoder, local) = (Encoder::new(), Settings::default());
        Self { streams, encoder, hold: None, local, view: PeerView::default() }
    }

    fn look<T>(&mut self, at: impl FnOnce(&mut PeerView, &mut Context<'_>) -> T) -> T {
        let mut context = Context {
            streams: &self.streams,
            encoder: &mut self.encoder,
            hold: self.hold.as_ref(),
            local: &self.local,
            max_frame_size: 16_384,
            enable_push: true,
            send_window: 65_535,
            receive_window: 65_535,
        };
        at(&mut self.view, &mut context)
    }

    fn observe(&mut self, frame: &RawFrame, track: Track) -> Vec<Consequence> {
        self.look(|view, context| view.observe(frame, track.at(CallSite(7)), context))
    }

    fn observe_octets(&mut self, octets: &[u8]) -> Vec<Consequence> {
        let call = RawCall { track: Track::No, site: CallSite(8) };
        self.view.push(octets, call.site);
        let next = |around: &mut Self| around.look(|view, context| view.observe_next(call, context));
        std::iter::from_fn(|| next(self)).flatten().collect()
    }

    fn must_hold(&mut self) -> bool {
        self.view.must_hold(&mut self.encoder)
    }
}

fn raw(frame_type: FrameType, flags: u8, stream: u32, payload: impl Into<Bytes>) -> RawFrame {
    RawFrame::new(frame_type, flags, stream, payload)
}

fn contradicts(what: Contradiction, site: u32) -> Result<(), Misuse> {
    Err(Misuse::Contradicts { what, site: CallSite(site) })
}

#[test]
fn data_uses_windows_and_its_end_drops_what_is_queued() {
    let mut around = Around::server();
    let why = NotSentReason::StreamEnded;
    let ended = around.observe(&raw(FrameType::DATA, flag::END_STREAM, 1, &b"abc"[..]), Track::Yes);
    assert_eq!(
        ended,
        [
            Consequence::UseWindows { stream: 1, octets: 3 },
            Consequence::DropQueue { stream: 1, why },
            Consequence::DropHeld { which: Which::Sections(1), why },
            Consequence::End { stream: 1 },
        ]
    );
    assert_eq!(around.view.check_sending(1), contradicts(Contradiction::Ended, 7));
    assert_eq!(around.view.check(1, false), Ok(()), "the peer may still send");
    assert_eq!(around.view.check_sending(3), Ok(()));
}

#[test]
fn untracked_ends_are_kept_for_later() {
    let mut around = Around::server();
    let seen = around.observe(&raw(FrameType::RST_STREAM, 0, 1, &[0, 0, 0, 8][..]), Track::No);
    let why = NotSentReason::StreamReset { by: Initiator::Local, code: ErrorCode::CANCEL };
    assert_eq!(
        seen,
        [Consequence::DropQueue { stream: 1, why }, Consequence::DropHeld { which: Which::Stream(1), why },]
    );
    assert!(around.view.saw_reset(1));
    assert_eq!(around.view.untracked_end(1), Some(Consequence::Reset { stream: 1, code: ErrorCode::CANCEL }));
    assert_eq!(around.view.untracked_end(3), None);
}

#[test]
fn headers_bind_the_content() {
    let mut around = Around::server();
    let interim = around.observe(&headers(1, 0, ":status=103"), Track::Yes);
    assert_eq!(interim, [Consequence::Headers { stream: 1, is_final: false, method: None }]);
    assert_eq!(around.view.check_headers(1), Ok(()));
    around.observe(&headers(1, 0, ":status=200 content-length=5"), Track::Yes);
    assert_eq!(around.view.check_headers(1), contradicts(Contradiction::HeadersSent, 7));
    assert_eq!(around.view.check_content(1, 5, true, 100), Ok(()));
    let too_long = Contradiction::ContentLength { announced: 5, content: 6 };
    assert_eq!(around.view.check_content(1, 6, false, 100), contradicts(too_long, 7));
    around.view.content_queued(1, 3);
    let too_short = Contradiction::ContentLength { announced: 5, content: 4 };
    assert_eq!(around.view.check_content(1, 1, true, 100), contradicts(too_short, 7));
    let excess = around.observe(&raw(FrameType::DATA, 0, 1, &b"abc"[..]), Track::Yes);
    let drop = Consequence::DropQueue { stream: 1, why: NotSentReason::Contradicted };
    assert_eq!(excess, [Consequence::UseWindows { stream: 1, octets: 3 }, drop]);
}

#[test]
fn an_open_block_holds_other_frames_until_it_ends() {
    let mut around = Around::server();
    let octets = block(":status=200");
    around.observe(&raw(FrameType::HEADERS, 0, 1, octets.slice(..3)), Track::Yes);
    assert!(around.must_hold());
    assert_eq!(around.view.check_sending(1), contradicts(Contradiction::FieldBlock, 7));
    assert_eq!(around.view.check_sending(3), Ok(()), "it waits");
    let end = around.observe(&raw(FrameType::CONTINUATION, flag::END_HEADERS, 1, octets.slice(3..)), Track::Yes);
    assert!(end.contains(&Consequence::Headers { stream: 1, is_final: true, method: None }), "{end:?}");
    assert!(!around.must_hold());
    assert!(around.encoder.table_known());
}

#[test]
fn an_interrupted_block_costs_the_table_and_the_connection() {
    let mut around = Around::server();
    around.observe(&raw(FrameType::HEADERS, 0, 1, block(":status=200")), Track::Yes);
    let both = around.observe(&headers(1, 0, ":status=200 content-length=5"), Track::Yes);
    let first = Consequence::Headers { stream: 1, is_final: true, method: None };
    assert_eq!(both.iter().filter(|found| **found == first).count(), 2, "{both:?}");
    assert!(!around.must_hold(), "a peer that must close waits for nothing");
    assert!(!around.encoder.table_known());
    assert_eq!(around.view.check_content(1, 9, true, 100), Ok(()), "which length the first announced is unknown");
}

#[test]
fn a_frame_in_pieces_is_read_when_it_is_whole() {
    let mut around = Around::server();
    let octets = to_octets(&raw(FrameType::PING, 0, 0, &[0; 8][..]));
    assert_eq!(around.observe_octets(&octets[..4]), []);
    assert!(around.must_hold());
    assert_eq!(around.observe_octets(&octets[4..12]), []);
    let twice = around.observe_octets(&[&octets[12..], &octets[..]].concat());
    assert_eq!(twice, [Consequence::Ping, Consequence::Ping]);
    assert!(!around.must_hold());
}

#[test]
fn where_frames_begin_is_lost_with_one_that_is_too_large() {
    let mut around = Around::server();
    assert_eq!(around.observe_octets(&[0, 0x80, 0, 0, 0, 0, 0, 0, 1]), []);
    assert!(around.view.is_unreadable() && !around.must_hold() && !around.encoder.table_known());
    assert_eq!(around.observe_octets(&to_octets(&raw(FrameType::PING, 0, 0, &[0; 8][..]))), []);
}

#[test]
fn promises_drop_those_that_wait() {
    let mut around = Around::server();
    let promise = |parent, promised: u32| {
        raw(FrameType::PUSH_PROMISE, flag::END_HEADERS, parent, promised.to_be_bytes().to_vec())
    };
    let begun = |track| Consequence::Begun { stream: 4, by: Input::SendPushPromise, track };
    let seen = around.observe(&promise(1, 4), Track::Yes);
    let drop = Consequence::DropHeld { which: Which::BeginsUpTo(4), why: NotSentReason::Contradicted };
    assert_eq!(seen, [drop.clone(), begun(Track::Yes)]);
    let unknown = around.observe(&promise(5, 4), Track::Yes);
    assert_eq!(unknown, [drop, begun(Track::No)], "stream 5 is idle to us");
    assert_eq!(around.observe(&promise(1, 3), Track::Yes), []);
    around.view.push(&[0], CallSite(1));
    assert!(!around.must_hold(), "a server promises no odd stream: the peer must close");
}

#[test]
fn goaway_settings_and_windows() {
    let mut around = Around::server();
    let goaway = |last: u32| GoAway { last_stream_id: last, ..GoAway::default() }.to_raw(0, 0);
    around.observe(&goaway(3), Track::No);
    around.observe(&goaway(1), Track::No);
    assert_eq!(around.view.lowest_goaway(), Some(1));
    assert_eq!(around.view.check_goaway(3), contradicts(Contradiction::GoAway { last_stream_id: 1 }, 7));
    let entries = vec![(4, 10)];
    let settings = raw(FrameType::SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 10][..]);
    let track = Track::No;
    assert_eq!(around.observe(&settings, track), [Consequence::Settings { entries, track }]);
    around.observe(&raw(FrameType::WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff][..]), Track::No);
    assert!(around.view.window_full(0).is_some());
    around.view.push(&[0], CallSite(1));
    assert!(!around.must_hold(), "its window cannot be so large");
}

#[test]
fn what_waits_is_removed_by_kind() {
    let mut hold = Hold::default();
    let goaway = GoAway { last_stream_id: 5, ..GoAway::default() }.to_raw(0, 0);
    let ack = raw(FrameType::SETTINGS, flag::ACK, 0, Bytes::new());
    for (stream, frame) in [(0, &goaway), (0, &ack), (1, &raw(FrameType::RST_STREAM, 0, 1, &[0; 4][..]))] {
        hold.push(Held::Octets { stream, octets: to_octets(frame).into(), cause: Cause::Automatic });
    }
    assert_eq!(hold.automatic(), 17 + 9 + 13);
    assert!(hold.remove(Which::GoAwayAbove(5)).is_empty());
    assert_eq!(hold.remove(Which::GoAwayAbove(3)).len(), 1);
    assert_eq!(hold.remove(Which::Stream(1)).len(), 1);
    assert_eq!(hold.automatic(), 9);
    assert_eq!(hold.into_held().count(), 1);
}

#[test]
fn a_client_opens_streams_by_raw_headers() {
    let mut around = Around::client();
    let block = ":method=HEAD :scheme=https :path=/ :authority=a content-length=3";
    let seen = around.observe(&headers(7, flag::END_STREAM, block), Track::Yes);
    let why = NotSentReason::Contradicted;
    let begins = [
        Consequence::DropHeld { which: Which::BeginsUpTo(7), why },
        Consequence::Begun { stream: 7, by: Input::SendHeaders, track: Track::Yes },
        Consequence::Headers { stream: 7, is_final: true, method: Some(Method::Head) },
    ];
    assert_eq!(seen[..3], begins);
    assert_eq!(seen.last(), Some(&Consequence::End { stream: 7 }));
    around.view.push(&[0], CallSite(1));
    assert!(around.must_hold(), "nothing is wrong with it");
}

#[test]
fn a_client_must_not_promise_or_use_idle_streams() {
    for frame in [
        raw(FrameType::PUSH_PROMISE, flag::END_HEADERS, 1, &[0, 0, 0, 4][..]),
        raw(FrameType::DATA, 0, 5, &b"abc"[..]),
        raw(FrameType::RST_STREAM, 0, 5, &[0, 0, 0, 8][..]),
    ] {
        let mut around = Around::client();
        around.observe(&frame, Track::Yes);
        around.view.push(&[0], CallSite(1));
        assert!(!around.must_hold(), "{:?}", frame.header);
    }
}

#[test]
fn frames_that_cost_their_stream_alone_do_not_close_the_connection() {
    let mut around = Around::server();
    around.observe(&raw(FrameType::PRIORITY, 0, 1, &[0; 4][..]), Track::No);
    around.observe(&raw(FrameType::ALTSVC, 0, 0, &[0][..]), Track::No);
    around.view.push(&[0], CallSite(1));
    assert!(around.must_hold());
    around.observe(&raw(FrameType::PING, 0, 0, &[0; 4][..]), Track::No);
    assert!(!around.must_hold());
}
