//! Records and connections as they come.

use super::super::{Next, RecordKind};
use super::{hub, record};
use crate::h2;
use crate::http::transport::{Close, CloseReason};
use crate::transcript::Options;
use crate::wire::frame::{FrameType, RawFrame, flag};
use crate::wire::hpack::Encoder;
use bytes::BytesMut;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// Counts how often it is woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn ping() -> h2::Event {
    h2::Event::Frame(RawFrame::new(FrameType::PING, 0, 0, vec![0; 8]))
}

/// The number of the next record, or how many were missed.
fn next(follow: &mut super::super::Follow) -> Option<Result<u64, u64>> {
    follow.try_next().map(|next| match next {
        Next::One(record) => Ok(record.seq),
        Next::Missed(count) => Err(count),
    })
}

#[test]
fn records_come_after_the_one_that_was_seen() {
    let hub = hub(Options::default());
    let recorder = record(&hub, 1);
    (0..5).for_each(|_| recorder.http2(None, 0, &ping()));
    let mut follow = recorder.transcript().follow(3);
    assert_eq!([next(&mut follow), next(&mut follow), next(&mut follow)], [Some(Ok(4)), Some(Ok(5)), None]);
    recorder.http2(None, 0, &ping());
    assert_eq!([next(&mut follow), next(&mut follow)], [Some(Ok(6)), None]);
    // One that has seen more than there is waits for what comes behind it.
    let mut ahead = recorder.transcript().follow(7);
    (0..2).for_each(|_| recorder.http2(None, 0, &ping()));
    assert_eq!([next(&mut ahead), next(&mut ahead)], [Some(Ok(8)), None]);
}

#[test]
fn who_waits_is_woken_once_and_learns_the_end() {
    let hub = hub(Options::default());
    let recorder = record(&hub, 1);
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    let mut follow = recorder.transcript().follow(0);
    assert!(follow.poll_next(&mut context).is_pending());
    assert!(follow.poll_next(&mut context).is_pending());
    (0..3).for_each(|_| recorder.http2(None, 0, &ping()));
    assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    recorder.ending()(CloseReason::Local(Close::Graceful));
    let mut kinds = Vec::new();
    while let Poll::Ready(Some(Next::One(record))) = follow.poll_next(&mut context) {
        kinds.push(matches!(record.kind, RecordKind::Ended(_)));
    }
    assert_eq!(kinds, [false, false, false, true]);
    assert_eq!(follow.poll_next(&mut context), Poll::Ready(None));
}

#[test]
fn a_slow_reader_learns_how_much_it_missed_and_still_reads_fields() {
    let hub = hub(Options { connection: 8 * 1024, ..Options::default() });
    let recorder = record(&hub, 1);
    let mut follow = recorder.transcript().follow(0);
    let mut encoder = Encoder::new();
    let mut send = |streams: std::ops::Range<u32>| {
        for stream in streams {
            let mut block = BytesMut::new();
            encoder.encode([(&b"x-name"[..], &b"said once"[..])], &mut block);
            let frame = RawFrame::new(FrameType::HEADERS, flag::END_HEADERS, 2 * stream + 1, block.freeze());
            recorder.http2(None, 0, &h2::Event::Frame(frame));
        }
    };
    send(0..2);
    assert_eq!([next(&mut follow), next(&mut follow)], [Some(Ok(1)), Some(Ok(2))]);
    send(2..1_000);
    let Some(Err(missed)) = next(&mut follow) else { panic!("much was missed") };
    assert!(missed > 500, "{missed}");
    let mut seen = 0;
    while let Some(found) = follow.try_next() {
        let Next::One(record) = found else { panic!("nothing was missed meanwhile: {found:?}") };
        let RecordKind::Frame(frame) = &record.kind else { panic!("{record:?}") };
        let section = frame.fields().expect("a block").expect("it can be read");
        assert_eq!(section.get(b"x-name").map(|value| &value[..]), Some(&b"said once"[..]));
        seen += 1;
        assert_eq!(record.seq, 2 + missed + seen);
    }
    assert_eq!(2 + missed + seen, 1_000);
    // One that comes late misses what it never could have seen.
    let mut late = recorder.transcript().follow(1);
    assert_eq!(next(&mut late), Some(Err(missed + 1)));
}

#[test]
fn connections_come_in_the_order_in_which_they_began() {
    let hub = hub(Options { closed: 2, ..Options::default() });
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    let mut connections = hub.follow(0);
    assert!(connections.poll_next(&mut context).is_pending());
    let first = record(&hub, 9);
    let second = record(&hub, 4);
    assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    let mut next = |connections: &mut super::super::Connections| match connections.poll_next(&mut context) {
        Poll::Ready(Next::One(transcript)) => Some(Ok(transcript.id())),
        Poll::Ready(Next::Missed(count)) => Some(Err(count)),
        Poll::Pending => None,
    };
    assert_eq!([(); 3].map(|()| next(&mut connections)), [Some(Ok(9)), Some(Ok(4)), None]);
    for recorder in [first, second].into_iter().chain((20..25).map(|id| record(&hub, id))) {
        recorder.ending()(CloseReason::Local(Close::Graceful));
    }
    let _open = record(&hub, 30);
    assert_eq!([(); 4].map(|()| next(&mut connections)), [Some(Err(3)), Some(Ok(23)), Some(Ok(24)), Some(Ok(30))]);
}
