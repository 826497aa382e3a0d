//! The connection: its contract, its state and its getters.

use super::config::{Auto, Config};
use super::events::{Event, PeerClosed, Transmit};
use super::misuse::Misuse;
use super::policy::Policy;
use crate::wire::frame::{ErrorCode, RawFrame};
use crate::wire::hpack;
use bytes::Bytes;
use std::time::Instant;

/// Whether local state follows a raw frame.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Track {
    /// State follows where it can: END_STREAM and RST_STREAM end our half, HEADERS count as sent, DATA is taken from
    /// the send windows (which may become negative), WINDOW_UPDATE raises the receive window, SETTINGS wait for an
    /// ACK, GOAWAY bounds new streams, changes of the dynamic table in a field block are followed by our encoder. Until a
    /// field block that was begun without END_HEADERS is ended by a raw CONTINUATION, frames of everybody else wait
    /// ([`release_hold`](Connection::release_hold)); raw ones do not.
    Yes,
    /// Nothing follows, as if it had never been sent.
    No,
}

/// Settings as they hold now, with the RFC's initial values for what was not announced (RFC 9113 §6.5.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Octets of dynamic table.
    pub header_table_size: u32,
    /// Whether pushes are accepted.
    pub enable_push: bool,
    /// Streams at once; `None` is no limit.
    pub max_concurrent_streams: Option<u32>,
    /// Octets, up to 2^31-1.
    pub initial_window_size: u32,
    /// Octets, 2^14 to 2^24-1.
    pub max_frame_size: u32,
    /// Octets as counted by RFC 9113 §6.5.2; `None` is no limit.
    pub max_header_list_size: Option<u32>,
    /// Whether extended CONNECT is accepted (RFC 8441 §3).
    pub enable_connect_protocol: bool,
    /// Whether RFC 7540's priorities are not used (RFC 9218 §2.1).
    pub no_rfc7540_priorities: bool,
}

/// One HTTP/2 connection, server side, without socket, clock or task.
///
/// # Contract
///
/// Methods are of four families:
/// - **Input**: [`receive`](Self::receive), [`peer_closed`](Self::peer_closed),
///   [`handle_timeout`](Self::handle_timeout). They cannot fail: what the peer did wrong is an
///   [`Event::Violation`] in its place among the other events. The same octets in any chunking give the same events.
/// - **Commands**, in two lanes. The checked ones fail only with [`Misuse`], and then nothing was queued and nothing
///   has changed. The raw ones ([`send_raw_frame`](Self::send_raw_frame), [`send_raw_octets`](Self::send_raw_octets))
///   cannot fail; [`Track`] says whether local state follows what they sent.
/// - **Output**: [`poll_event`](Self::poll_event), [`poll_transmit`](Self::poll_transmit) with
///   [`transmitted`](Self::transmitted), [`poll_timeout`](Self::poll_timeout).
/// - **Getters**, which change nothing.
///
/// Order: give input as it comes; then take events until there are none, issuing commands at will; then write what
/// `poll_transmit` gives until there is none (it pulls queued content, so take events once more when it made
/// some: [`has_events`](Self::has_events)); then ask `poll_timeout`. Any input or command may make events, octets and
/// another timeout. Once [`should_close`](Self::should_close) is true, close the transport.
///
/// Sending: octets of one turn are gathered in one buffer. Frames other than DATA go there at once. Content goes there
/// as far as the windows allow and the buffer is below its high-water mark, else it waits in the queue of its
/// stream and leaves in turns with the other streams. Raw frames do not wait for queued content.
///
/// Time is an argument; it must not run backwards.
pub struct Connection {}

/// Names and values of a field section, in order; iterated more than once.
pub trait FieldList<'a>: Iterator<Item = (&'a [u8], &'a [u8])> + Clone {}
impl<'a, I: Iterator<Item = (&'a [u8], &'a [u8])> + Clone> FieldList<'a> for I {}

#[allow(unused_variables)]
impl Connection {
    /// A server's connection. Its SETTINGS (and the WINDOW_UPDATE that opens the connection window) are queued at once.
    pub fn server(config: Config, now: Instant) -> Self { todo!() }

    // ---- input
    /// Takes octets from the peer.
    pub fn receive(&mut self, now: Instant, octets: &[u8]) { todo!() }
    /// The peer's octets have ended.
    pub fn peer_closed(&mut self, now: Instant, how: PeerClosed) { todo!() }
    /// The time of [`poll_timeout`](Self::poll_timeout) has come (or not yet: then nothing happens).
    pub fn handle_timeout(&mut self, now: Instant) { todo!() }

    // ---- output
    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> { todo!() }
    /// Whether [`poll_event`](Self::poll_event) would give one.
    pub fn has_events(&self) -> bool { todo!() }
    /// The next run of octets, up to the next cut mark; `None` when there is nothing to write now.
    pub fn poll_transmit(&mut self) -> Option<Transmit<'_>> { todo!() }
    /// `octets` of what [`poll_transmit`](Self::poll_transmit) gave were written.
    pub fn transmitted(&mut self, octets: usize) { todo!() }
    /// When [`handle_timeout`](Self::handle_timeout) wants to be called, at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> { todo!() }

    // ---- getters
    /// The connection is over and its output is written: close the transport.
    pub fn should_close(&self) -> bool { todo!() }
    /// The connection is over: no command is accepted any more, output may be left.
    pub fn is_closed(&self) -> bool { todo!() }
    /// [`shut_down`](Self::shut_down) was called or the peer sent GOAWAY.
    pub fn is_shutting_down(&self) -> bool { todo!() }
    /// Octets of content that wait in the queue of a stream; 0 for unknown streams.
    pub fn queued(&self, stream: u32) -> usize { todo!() }
    /// Octets that may be sent on a stream now as far as its own window goes, or, for stream 0, the connection's.
    pub fn send_window(&self, stream: u32) -> Option<i64> { todo!() }
    /// Octets that the peer may still send on a stream, or, for stream 0, on the connection.
    pub fn receive_window(&self, stream: u32) -> Option<i64> { todo!() }
    /// What the peer announced.
    pub fn peer_settings(&self) -> &Settings { todo!() }
    /// What we announced, as far as the peer acknowledged it.
    pub fn local_settings(&self) -> &Settings { todo!() }
    /// Streams that are not closed, in no order.
    pub fn streams(&self) -> impl Iterator<Item = u32> + '_ { [].into_iter() }
    /// The greatest stream identifier that the peer has opened.
    pub fn last_peer_stream_id(&self) -> u32 { todo!() }
    /// The decoder of the peer's field blocks (its dynamic table can be read).
    pub fn decoder(&self) -> &hpack::Decoder { todo!() }
    /// The switches of automatic behaviour.
    pub fn auto(&self) -> Auto { todo!() }
    /// Changes the switches from here on.
    pub fn auto_mut(&mut self) -> &mut Auto { todo!() }
    /// Changes the policy from here on.
    pub fn policy_mut(&mut self) -> &mut Policy { todo!() }

    // ---- checked commands (send.rs)
    /// An interim response (1xx but 101), `:status` first. Any number, before the final one.
    pub fn send_informational<'a>(&mut self, stream: u32, fields: impl FieldList<'a>) -> Result<(), Misuse> { todo!() }
    /// The final response's header section, `:status` first.
    pub fn send_headers<'a>(&mut self, stream: u32, fields: impl FieldList<'a>, end_stream: bool) -> Result<(), Misuse> { todo!() }
    /// Content. Leaves as the windows allow. An empty `data` is sent as an empty DATA frame.
    pub fn send_data(&mut self, stream: u32, data: Bytes, end_stream: bool) -> Result<(), Misuse> { todo!() }
    /// Trailers, after all queued content; they end our half.
    pub fn send_trailers<'a>(&mut self, stream: u32, fields: impl FieldList<'a>) -> Result<(), Misuse> { todo!() }
    /// RST_STREAM; queued content is dropped, what is in the output buffer is not.
    pub fn reset(&mut self, stream: u32, code: ErrorCode) -> Result<(), Misuse> { todo!() }
    /// PUSH_PROMISE on `parent` with the fields of a request; gives the promised stream, to be answered as any other.
    pub fn push_promise<'a>(&mut self, parent: u32, fields: impl FieldList<'a>) -> Result<u32, Misuse> { todo!() }
    /// PING; its answer is [`Event::PingAcked`].
    pub fn ping(&mut self, opaque: [u8; 8]) -> Result<(), Misuse> { todo!() }
    /// SETTINGS; they hold when [`Event::SettingsAcked`] comes.
    pub fn send_settings(&mut self, entries: &[(u16, u32)]) -> Result<(), Misuse> { todo!() }
    /// GOAWAY. Streams above `last_stream_id` are ignored from here on; all others go on, and so does the connection.
    pub fn go_away(&mut self, last_stream_id: u32, code: ErrorCode, debug: Bytes) -> Result<(), Misuse> { todo!() }
    /// GOAWAY(NO_ERROR), no new streams, over when the last stream has ended.
    pub fn shut_down(&mut self) { todo!() }
    /// Over now: streams are dropped, only what is in the output buffer still goes out. Sends nothing by itself.
    pub fn close(&mut self) { todo!() }
    /// WINDOW_UPDATE by hand on a stream, or, for stream 0, on the connection.
    pub fn window_update(&mut self, stream: u32, increment: u32) -> Result<(), Misuse> { todo!() }
    /// The layer above has used up `octets` of a stream's content. Grants new window in batches of half a window, if
    /// `auto.window_update` is on. For streams that are gone it does nothing: the connection has its octets back.
    pub fn consume(&mut self, stream: u32, octets: usize) { todo!() }
    /// Asks for one [`Event::Writable`] when no more than `level` octets wait in the stream's queue (0: all has left,
    /// END_STREAM and trailers too). Gives `true`, and no event comes, if that is so already or the stream is gone.
    pub fn notify_writable(&mut self, stream: u32, level: usize) -> bool { todo!() }

    // ---- raw commands (raw.rs)
    /// Sends a frame as it is, at once, whatever it is.
    pub fn send_raw_frame(&mut self, frame: &RawFrame, track: Track) { todo!() }
    /// Sends octets as they are, at once. No state follows.
    pub fn send_raw_octets(&mut self, octets: Bytes) { todo!() }
    /// Lets everybody's frames go out although a raw field block of this stream has not ended.
    pub fn release_hold(&mut self, stream: u32) { todo!() }
    /// Encodes fields with the connection's encoder, for use in raw frames. The peer must get to see the block.
    pub fn encode<'a>(&mut self, fields: impl FieldList<'a>) -> Bytes { todo!() }

    // ---- shaping the output
    /// From here on, no run of octets is longer than this, and each is flushed. `None`: no bound.
    pub fn set_write_size(&mut self, octets: Option<usize>) { todo!() }
    /// A cut mark: everything before is flushed before anything after is written.
    pub fn flush(&mut self) { todo!() }
}
