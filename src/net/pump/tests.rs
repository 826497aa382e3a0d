use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, duplex};
use tokio::net::{TcpListener, TcpStream};

use super::toy::Toy;
use super::*;

/// Longer than any test.
const STALL: Duration = Duration::from_secs(3600);

/// A stream that records how it is written to.
#[derive(Clone, Default)]
struct Recorder(Rc<RefCell<Recorded>>);

#[derive(Default)]
struct Recorded {
    /// Each write; an empty one is a flush.
    writes: Vec<Vec<u8>>,
    input: VecDeque<Vec<u8>>,
    /// The peer ends after its input.
    ends: bool,
    /// Reading fails after the input.
    fails: Option<io::ErrorKind>,
    broken: bool,
    /// Takes at most this many octets at once, and then none until woken.
    takes: Option<usize>,
    turn: bool,
}

impl AsyncRead for Recorder {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut recorded = self.0.borrow_mut();
        match recorded.input.pop_front() {
            Some(octets) => buffer.put_slice(&octets),
            None if recorded.ends => (),
            None if recorded.fails.is_some() => {
                return Poll::Ready(recorded.fails.map_or(Ok(()), |kind| Err(kind.into())));
            }
            None => return Poll::Pending,
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Recorder {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let mut recorded = self.0.borrow_mut();
        if recorded.broken {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let count = recorded.takes.unwrap_or(octets.len()).min(octets.len());
        if recorded.takes.is_some() {
            recorded.turn = !recorded.turn;
            if !recorded.turn {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        recorded.writes.push(octets[..count].to_vec());
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.borrow_mut().writes.push(Vec::new());
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Transport for Recorder {
    fn poll_truncate(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn reset_on_drop(&mut self) {}
}

async fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (client, server) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
    (client.unwrap(), server.unwrap().0)
}

#[tokio::test]
async fn what_comes_in_goes_through_the_engine_and_out() {
    let (mut client, server) = duplex(16);
    let toy = Toy::new().with(|state| state.echo = true);
    let talk = async {
        for _ in 0..100 {
            client.write_all(b"a longer line than the pipe").await.unwrap();
            let mut answer = [0; 27];
            client.read_exact(&mut answer).await.unwrap();
            assert_eq!(&answer, b"a longer line than the pipe");
        }
        client.shutdown().await.unwrap();
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).await.unwrap();
        assert!(rest.is_empty());
    };
    let (end, ()) = tokio::join!(pump(server, &toy, STALL), talk);
    assert_eq!(end, End::Closed);
    assert_eq!(toy.ends(), [PeerClosed::Clean]);
}

#[tokio::test]
async fn runs_are_gathered_up_to_a_cut_mark() {
    let stream = Recorder::default();
    let toy = Toy::new().with(|state| {
        state.close = Some(Close::Half);
        for (run, cut) in [("a", false), ("b", true), ("c", true), ("d", false), ("e", false)] {
            state.output.push_back((run.into(), cut));
        }
    });
    stream.0.borrow_mut().ends = true;
    assert_eq!(pump(stream.clone(), &toy, STALL).await, End::Closed);
    let empty = Vec::new();
    assert_eq!(
        stream.0.borrow().writes,
        [b"ab".to_vec(), empty.clone(), b"c".to_vec(), empty.clone(), b"de".to_vec(), empty]
    );
}

#[tokio::test]
async fn a_large_run_is_not_copied_and_stays_in_order() {
    let stream = Recorder::default();
    let toy = Toy::new().with(|state| {
        for run in [vec![1; 10], vec![2; 200_000], vec![3; 10], vec![4; 70_000]] {
            state.output.push_back((run, false));
        }
    });
    stream.0.borrow_mut().ends = true;
    assert_eq!(pump(stream.clone(), &toy, STALL).await, End::Closed);
    let lengths: Vec<_> = stream.0.borrow().writes.iter().map(Vec::len).collect();
    assert_eq!(lengths, [10, 200_000, 10, 70_000, 0]);
}

#[tokio::test]
async fn a_blocked_stream_gets_everything_in_the_end() {
    for takes in [1, 7, 4096] {
        let stream = Recorder::default();
        stream.0.borrow_mut().takes = Some(takes);
        let mut expected = Vec::new();
        let toy = Toy::new();
        for number in 0..40_u8 {
            let run = vec![number; usize::from(number) * 11];
            expected.extend_from_slice(&run);
            toy.change(|state| state.output.push_back((run, number % 5 == 0)));
        }
        stream.0.borrow_mut().ends = true;
        assert_eq!(pump(stream.clone(), &toy, STALL).await, End::Closed);
        assert_eq!(stream.0.borrow().writes.concat(), expected, "at {takes} octets a time");
    }
}

#[tokio::test]
async fn a_slow_reader_gets_everything_in_order() {
    let (mut client, server) = duplex(1000);
    let octets: Vec<u8> = (0..3_000_000_u32).map(|number| (number % 251) as u8).collect();
    let toy = Toy::new().with(|state| {
        for (index, run) in octets.chunks(77_777).enumerate() {
            state.output.push_back((run.to_vec(), index % 3 == 0));
        }
        state.close = Some(Close::Graceful);
    });
    let mut got = Vec::new();
    let (end, read) = tokio::join!(pump(server, &toy, STALL), async {
        let read = client.read_to_end(&mut got).await;
        drop(client);
        read
    });
    assert_eq!((end, read.unwrap()), (End::Closed, octets.len()));
    assert!(got == octets);
}

#[tokio::test]
async fn paused_reading_leaves_octets_with_the_peer_until_resumed() {
    let (mut client, server) = duplex(4);
    let toy = Toy::new().with(|state| state.wants_read = false);
    let talk = async {
        client.write_all(b"1234").await.unwrap();
        tokio::task::yield_now().await;
        assert!(toy.received().is_empty());
        toy.change(|state| state.wants_read = true);
        client.write_all(b"5678").await.unwrap();
        drop(client);
    };
    let (end, ()) = tokio::join!(pump(server, &toy, STALL), talk);
    assert_eq!((end, toy.received()), (End::Closed, b"12345678".to_vec()));
}

#[tokio::test]
async fn output_made_elsewhere_wakes_the_pump() {
    let (mut client, server) = duplex(100);
    let toy = Toy::new();
    let talk = async {
        tokio::task::yield_now().await;
        toy.change(|state| state.output.push_back((b"late".to_vec(), false)));
        let mut answer = [0; 4];
        client.read_exact(&mut answer).await.unwrap();
        drop(client);
        answer
    };
    let (end, answer) = tokio::join!(pump(server, &toy, STALL), talk);
    assert_eq!((end, &answer), (End::Closed, b"late"));
}

#[tokio::test]
async fn a_timeout_rings_once_also_when_it_is_moved() {
    let (client, server) = duplex(100);
    let start = crate::net::now();
    let toy = Toy::new().with(|state| state.timeout = Some(start + Duration::from_millis(1)));
    let mut pump = pin!(pump(server, &toy, STALL));
    // Sets the alarm, then the timeout moves: the first ring must not reach the engine.
    assert!(std::future::poll_fn(|context| Poll::Ready(pump.as_mut().poll(context).is_pending())).await);
    toy.change(|state| state.timeout = Some(start + Duration::from_millis(20)));
    drop(client);
    toy.change(|state| state.close_after_peer = None);
    assert_eq!(pump.await, End::Closed);
    assert_eq!(toy.0.borrow().timeouts, 1);
    assert!(crate::net::now() - start >= Duration::from_millis(20));
}

#[tokio::test]
async fn a_timeout_that_is_moved_nearer_rings_in_time() {
    let (_client, server) = duplex(100);
    let start = crate::net::now();
    let toy = Toy::new().with(|state| state.timeout = Some(start + Duration::from_secs(3600)));
    let mut pump = pin!(pump(server, &toy, STALL));
    assert!(std::future::poll_fn(|context| Poll::Ready(pump.as_mut().poll(context).is_pending())).await);
    toy.change(|state| state.timeout = Some(start + Duration::from_millis(20)));
    assert!(tokio::time::timeout(Duration::from_secs(5), pump).await.is_ok());
    assert_eq!(toy.0.borrow().timeouts, 1);
}

#[tokio::test]
async fn a_graceful_end_lets_the_peer_read_our_last_octets_though_it_still_sends() {
    let (mut client, server) = tcp_pair().await;
    let toy = Toy::new().with(|state| {
        state.output.push_back((b"goodbye".to_vec(), false));
        state.close = Some(Close::Graceful);
        state.wants_read = false;
    });
    // Octets that nobody reads: closing the socket on them would destroy the farewell by a reset.
    client.write_all(&[0; 100_000]).await.unwrap();
    let mut last = Vec::new();
    let (end, read) = tokio::join!(pump(server, &toy, STALL), async {
        client.write_all(&[0; 100_000]).await.unwrap();
        let read = client.read_to_end(&mut last).await;
        drop(client);
        read
    });
    assert_eq!((end, read.unwrap(), last), (End::Closed, 7, b"goodbye".to_vec()));
}

#[tokio::test]
async fn a_graceful_end_does_not_wait_for_ever() {
    let (client, server) = tcp_pair().await;
    let toy = Toy::new().with(|state| state.close = Some(Close::Graceful));
    let end = tokio::time::timeout(Duration::from_secs(10), pump(server, &toy, STALL)).await;
    assert_eq!(end.unwrap(), End::Closed);
    drop(client);
}

#[tokio::test]
async fn an_abort_is_a_reset_whatever_is_queued() {
    let (mut client, server) = tcp_pair().await;
    let toy = Toy::new().with(|state| {
        state.output.push_back((vec![0; 1_000_000], false));
        state.close = Some(Close::Abort);
    });
    assert_eq!(pump(server, &toy, STALL).await, End::Aborted);
    assert_eq!(client.read_u8().await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn an_abort_from_elsewhere_ends_a_blocked_connection() {
    let (mut client, server) = tcp_pair().await;
    let toy = Toy::new().with(|state| state.output.push_back((vec![0; 50_000_000], false)));
    let (end, ()) = tokio::join!(pump(server, &toy, STALL), async {
        client.read_u8().await.unwrap();
        toy.change(|state| state.close = Some(Close::Abort));
    });
    assert_eq!(end, End::Aborted);
}

#[tokio::test]
async fn a_half_close_ends_our_half_and_reads_on() {
    let (mut client, server) = tcp_pair().await;
    let toy = Toy::new().with(|state| {
        state.output.push_back((b"done".to_vec(), false));
        state.close = Some(Close::Half);
    });
    let (end, ()) = tokio::join!(pump(server, &toy, STALL), async {
        let mut all = Vec::new();
        client.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, b"done");
        client.write_all(b"still here").await.unwrap();
        drop(client);
    });
    assert_eq!((end, toy.received()), (End::Closed, b"still here".to_vec()));
}

#[tokio::test]
async fn a_reset_by_the_peer_is_told() {
    let (client, server) = tcp_pair().await;
    client.set_zero_linger().unwrap();
    drop(client);
    let toy = Toy::new();
    assert_eq!(pump(server, &toy, STALL).await, End::Peer(PeerClosed::Reset));
    assert_eq!(toy.ends(), [PeerClosed::Reset]);
}

#[tokio::test]
async fn what_the_peer_sent_before_it_left_is_read_though_writing_fails() {
    let stream = Recorder::default();
    {
        let mut recorded = stream.0.borrow_mut();
        recorded.broken = true;
        recorded.ends = true;
        recorded.input.push_back(b"because".to_vec());
    }
    let toy = Toy::new().with(|state| {
        state.output.push_back((b"lost".to_vec(), false));
        // The pump writes first, as it would were reading blocked.
        state.wants_read = false;
    });
    assert_eq!(pump(stream, &LastWords(&toy), STALL).await, End::Peer(PeerClosed::Reset));
    assert_eq!((toy.received(), toy.ends()), (b"because".to_vec(), vec![PeerClosed::Reset]));
}

#[tokio::test]
async fn how_reading_fails_reaches_the_engine() {
    for (kind, how) in [
        (io::ErrorKind::ConnectionReset, PeerClosed::Reset),
        (io::ErrorKind::ConnectionAborted, PeerClosed::Reset),
        (io::ErrorKind::TimedOut, PeerClosed::Failed(io::ErrorKind::TimedOut)),
        (io::ErrorKind::InvalidData, PeerClosed::Failed(io::ErrorKind::InvalidData)),
    ] {
        let stream = Recorder::default();
        stream.0.borrow_mut().fails = Some(kind);
        let toy = Toy::new();
        assert_eq!(pump(stream, &toy, STALL).await, End::Peer(how));
        assert_eq!(toy.ends(), [how]);
    }
    // The end of a TLS stream without close_notify: the peer may still read.
    let stream = Recorder::default();
    stream.0.borrow_mut().fails = Some(io::ErrorKind::UnexpectedEof);
    let toy = Toy::new().with(|state| state.output.push_back((b"answer".to_vec(), false)));
    assert_eq!(pump(stream.clone(), &toy, STALL).await, End::Closed);
    assert_eq!((toy.ends(), stream.0.borrow().writes.concat()), (vec![PeerClosed::Truncated], b"answer".to_vec()));
}

#[tokio::test]
async fn a_peer_that_ended_its_side_may_break_the_connection_after_it() {
    let stream = Recorder::default();
    stream.0.borrow_mut().ends = true;
    let toy = Toy::new().with(|state| state.close_after_peer = None);
    let mut pump = pin!(pump(stream.clone(), &toy, STALL));
    assert!(std::future::poll_fn(|context| Poll::Ready(pump.as_mut().poll(context).is_pending())).await);
    stream.0.borrow_mut().broken = true;
    toy.change(|state| state.output.push_back((b"lost".to_vec(), false)));
    assert_eq!(pump.await, End::Peer(PeerClosed::Reset));
    assert_eq!(toy.ends(), [PeerClosed::Clean, PeerClosed::Reset]);
}

/// Takes octets although it paused reading: nothing is lost when the connection is.
struct LastWords<'a>(&'a Toy);

impl Engine for LastWords<'_> {
    fn receive(&self, _: Instant, octets: &[u8]) {
        self.0.0.borrow_mut().received.extend_from_slice(octets);
    }
    fn peer_closed(&self, now: Instant, how: PeerClosed) {
        self.0.peer_closed(now, how);
    }
    fn handle_timeout(&self, now: Instant) {
        self.0.handle_timeout(now);
    }
    fn poll_timeout(&self) -> Option<Instant> {
        self.0.poll_timeout()
    }
    fn transmit(&self, now: Instant, write: &mut dyn FnMut(&[u8]) -> io::Result<usize>) -> Transmitted {
        self.0.transmit(now, write)
    }
    fn wants_read(&self) -> bool {
        self.0.wants_read()
    }
    fn close(&self) -> Option<Close> {
        self.0.close()
    }
    fn register_waker(&self, waker: &Waker) {
        self.0.register_waker(waker);
    }
}

/// Takes a whole turn for each piece that it gets, and a part of one for each that it gives.
struct Slow<'a> {
    toy: &'a Toy,
    pieces: RefCell<Vec<usize>>,
}

impl Engine for Slow<'_> {
    fn receive(&self, now: Instant, octets: &[u8]) {
        self.pieces.borrow_mut().push(octets.len());
        spend(TURN);
        self.toy.receive(now, octets);
    }
    fn peer_closed(&self, now: Instant, how: PeerClosed) {
        self.toy.peer_closed(now, how);
    }
    fn handle_timeout(&self, now: Instant) {
        self.toy.handle_timeout(now);
    }
    fn poll_timeout(&self) -> Option<Instant> {
        self.toy.poll_timeout()
    }
    fn transmit(&self, now: Instant, write: &mut dyn FnMut(&[u8]) -> io::Result<usize>) -> Transmitted {
        spend(TURN / 16);
        self.toy.transmit(now, write)
    }
    fn wants_read(&self) -> bool {
        self.toy.wants_read()
    }
    fn close(&self) -> Option<Close> {
        self.toy.close()
    }
    fn register_waker(&self, waker: &Waker) {
        self.toy.register_waker(waker);
    }
}

fn spend(time: Duration) {
    let end = crate::net::now() + time;
    while crate::net::now() < end {
        std::hint::spin_loop();
    }
}

#[tokio::test]
async fn a_turn_ends_by_time_however_much_there_is_to_read() {
    let stream = Recorder::default();
    let octets: Vec<u8> = (0..60_000_u32).map(|number| (number % 251) as u8).collect();
    {
        let mut recorded = stream.0.borrow_mut();
        recorded.ends = true;
        recorded.input.push_back(octets.clone());
    }
    let toy = Toy::new();
    let slow = Slow { toy: &toy, pieces: RefCell::default() };
    let mut pump = pin!(pump(stream, &slow, STALL));
    let poll_twice = std::future::poll_fn(|context| {
        // The second time as if the engine had woken it.
        Poll::Ready([(); 2].map(|()| pump.as_mut().poll(context).is_pending()))
    });
    assert_eq!(poll_twice.await, [true; 2]);
    assert_eq!(slow.pieces.borrow().len(), 1, "the rest waits for another turn, whatever wakes the connection before");
    assert_eq!(pump.await, End::Closed);
    assert!(toy.received() == octets, "all of it comes, in order");
    assert!(slow.pieces.borrow().iter().all(|&piece| piece <= 2048), "{:?}", slow.pieces.borrow());
}

#[tokio::test]
async fn a_turn_ends_by_time_however_much_there_is_to_write() {
    let stream = Recorder::default();
    stream.0.borrow_mut().ends = true;
    // Each run is a write and a flush of its own.
    let toy = Toy::new().with(|state| state.output = (0..200_000).map(|_| (b"x".to_vec(), true)).collect());
    let mut polls = 0;
    let mut pump = pin!(pump(stream.clone(), &toy, STALL));
    let end = std::future::poll_fn(|context| {
        polls += 1;
        pump.as_mut().poll(context)
    });
    assert_eq!(end.await, End::Closed);
    assert!(polls > 3, "{polls} polls");
    assert_eq!(stream.0.borrow().writes.concat().len(), 200_000);
}

#[tokio::test]
async fn a_turn_ends_by_time_while_small_runs_are_gathered() {
    let stream = Recorder::default();
    stream.0.borrow_mut().ends = true;
    let toy = Toy::new().with(|state| state.output = (0..500).map(|_| (b"x".to_vec(), false)).collect());
    let slow = Slow { toy: &toy, pieces: RefCell::default() };
    assert_eq!(pump(stream.clone(), &slow, STALL).await, End::Closed);
    let writes = &stream.0.borrow().writes;
    assert_eq!(writes.concat().len(), 500);
    assert!(writes.iter().all(|written| written.len() <= 100), "{writes:?}");
}

#[tokio::test]
async fn a_peer_that_reads_nothing_is_cut_off() {
    let (mut client, server) = tcp_pair().await;
    let time = Duration::from_millis(100);
    // Also when the connection is to end, and whatever it still sends.
    let toy = Toy::new().with(|state| {
        state.output.push_back((vec![0; 50_000_000], false));
        state.close = Some(Close::Graceful);
    });
    client.write_all(b"still here").await.unwrap();
    let end = tokio::time::timeout(Duration::from_secs(20), pump(server, &toy, time)).await;
    assert_eq!(end, Ok(End::Stalled(time)));
}
