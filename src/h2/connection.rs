//! The connection: its contract, its state and its getters.

use super::config::{Auto, Config};
use super::events::{Cause, CloseReason, Event, PeerClosed, Transmit};
use super::inbound::{Inbound, PREFACE};
use super::limits::Limits;
use super::outbound::{BeforeStart, Outbound};
use super::peer_view::PeerView;
use super::policy::Policy;
use super::queue::EventQueue;
use super::rules::Rule;
use super::settings::Settings;
use super::streams::Streams;
use crate::http::role::Role;
use crate::wire::frame::{self, ErrorCode, FrameType, SettingId};
use crate::wire::hpack;
use bytes::{Bytes, BytesMut};
use std::time::{Duration, Instant};

/// One HTTP/2 connection, of a server or a client, without socket, clock or task.
///
/// # Contract
///
/// Methods are of four families:
/// - **Input**: [`receive`](Self::receive), [`peer_closed`](Self::peer_closed),
///   [`handle_timeout`](Self::handle_timeout). They cannot fail: what the peer did wrong is an
///   [`Event::Violation`] in its place among the other events. The same octets in any chunking give the same events.
/// - **Commands**. The checked ones fail only with [`Misuse`](super::Misuse), and then nothing was queued and nothing
///   has changed. The raw ones ([`send_raw_frame`](Self::send_raw_frame), [`send_raw_octets`](Self::send_raw_octets))
///   cannot fail; [`Track`](super::Track) says whether local state follows what they sent. What the peer has read is
///   remembered in either case: a checked command that would contradict it is a misuse that says which raw command it
///   contradicts, and what would be read as a part of a raw frame or field block waits until that is whole.
/// - **Output**: [`poll_event`](Self::poll_event), [`poll_transmit`](Self::poll_transmit) with
///   [`transmitted`](Self::transmitted), [`poll_timeout`](Self::poll_timeout).
/// - **Getters**, which change nothing.
///
/// Order: give input as it comes; then take events until there are none, issuing commands at will; then write what
/// `poll_transmit` gives until there is none (it pulls queued content, so take events once more when it made
/// some); then ask `poll_timeout`. Any input or command may make events, octets and
/// another timeout. Once [`should_close`](Self::should_close) is true, close the transport.
///
/// Sending: octets of one turn are gathered in one buffer. Frames other than DATA go there at once. Content goes there
/// as far as the windows allow and the buffer is below its high-water mark, else it waits in the queue of its
/// stream and leaves in turns with the other streams. Raw frames do not wait for queued content.
///
/// Time is an argument; it must not run backwards.
#[derive(Debug)]
pub struct Connection {
    pub(super) role: Role,

    // What was chosen
    pub(super) auto: Auto,
    pub(super) policy: Policy,
    pub(super) limits: Limits,
    pub(super) connect_protocols: Vec<String>,
    pub(super) send_low_water: usize,

    // The owners of what happens
    pub(super) events: EventQueue,
    pub(super) streams: Streams,
    pub(super) inbound: Inbound,
    pub(super) outbound: Outbound,
    /// `None` as long as there was no raw command.
    pub(super) view: Option<Box<PeerView>>,

    // How far it is
    pub(super) phase: Phase,
    pub(super) shutdown: Shutdown,
    pub(super) now: Instant,
    preface_deadline: Option<Instant>,
    idle_check: Option<Instant>,
    last_input: Instant,
    /// When no content waited for the peer's windows, as far as it was looked at.
    not_stalled: Instant,
    /// Since when content has waited for the peer's windows, and the connection's window then.
    stalled: Option<(Instant, i64)>,
}

/// Where in its life a connection is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// The peer's preface or first SETTINGS are not complete.
    Starting,
    /// Frames go to and fro.
    Running,
    /// Over.
    Closed,
}

/// What GOAWAY frames have said.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shutdown {
    /// The last stream identifier of our latest GOAWAY: later streams are ignored.
    pub sent: Option<u32>,
    /// That of the peer's latest.
    pub received: Option<u32>,
    /// Over when the last stream has ended.
    pub when_done: bool,
}

impl Connection {
    /// A client's connection. The preface, its SETTINGS, and the WINDOW_UPDATE that opens the connection's window, are
    /// queued at once, unless the configuration lets them wait for [`start`](Self::start).
    /// [`Config::client`] has what a client announces.
    pub fn client(config: Config, now: Instant) -> Self {
        Self::new(Role::Client, config, now)
    }

    /// A server's connection. Its SETTINGS, and the WINDOW_UPDATE that opens the connection's window, are queued at
    /// once, unless the configuration lets them wait for [`start`](Self::start).
    pub fn server(config: Config, now: Instant) -> Self {
        Self::new(Role::Server, config, now)
    }

    fn new(role: Role, config: Config, now: Instant) -> Self {
        let deadline = |timeout: Option<Duration>| timeout.and_then(|timeout| now.checked_add(timeout));
        let mut connection = Self {
            role,
            auto: config.auto,
            policy: config.policy,
            connect_protocols: config.connect_protocols,
            send_low_water: config.send_low_water,
            events: EventQueue::new(config.record_frames, config.record_data),
            streams: Streams::new(role),
            inbound: Inbound::new(role, config.connection_window, now),
            outbound: Outbound::new(config.settings),
            view: None,
            phase: Phase::Starting,
            shutdown: Shutdown::default(),
            now,
            preface_deadline: deadline(config.limits.preface_timeout),
            idle_check: deadline(config.limits.idle_timeout),
            last_input: now,
            not_stalled: now,
            stalled: None,
            limits: config.limits,
        };
        if !config.wait_for_start {
            connection.start();
        }
        connection
    }

    /// Queues a client's preface, our first SETTINGS and the WINDOW_UPDATE that opens the connection's window, if they
    /// have not been queued yet; then the automatic frames that waited for them.
    pub fn start(&mut self) {
        let Some(BeforeStart { settings, waiting }) = self.outbound.start() else { return };
        if self.phase == Phase::Closed {
            return;
        }
        if self.role == Role::Client {
            self.outbound.write_octets(&mut self.events, PREFACE, Cause::Automatic);
        }
        self.announce(settings, Cause::Automatic);
        self.grant(0);
        self.write_waiting(waiting);
    }

    /// The SETTINGS that [`start`](Self::start) will queue; `None` once it has.
    pub fn first_settings(&self) -> Option<&[(u16, u32)]> {
        self.outbound.first_settings().map(Vec::as_slice)
    }

    /// The same, to be changed.
    pub fn first_settings_mut(&mut self) -> Option<&mut Vec<(u16, u32)>> {
        self.outbound.first_settings_mut()
    }

    /// Nothing is queued of what [`start`](Self::start) would have: the layer above has sent a preface of its own, or
    /// none. The automatic frames that waited go out.
    pub fn start_without_settings(&mut self) {
        let waiting = self.outbound.start().map(|before| before.waiting);
        self.write_waiting(waiting.unwrap_or_default());
    }

    fn write_waiting(&mut self, waiting: Vec<Bytes>) {
        for octets in waiting {
            self.outbound.write_or_hold(&mut self.events, 0, octets, Cause::Automatic);
        }
    }

    // ---- Input

    /// Takes octets from the peer.
    pub fn receive(&mut self, now: Instant, octets: &[u8]) {
        if self.phase == Phase::Closed {
            return;
        }
        self.now = now;
        self.last_input = now;
        self.inbound.counts.tick(now, self.limits.period);
        self.take_octets(octets);
        if self.phase != Phase::Starting {
            self.preface_deadline = None;
        }
        self.finish_if_done();
    }

    /// The peer's octets have ended.
    pub fn peer_closed(&mut self, now: Instant, how: PeerClosed) {
        self.now = now;
        self.end(CloseReason::Peer(how));
    }

    /// The time of [`poll_timeout`](Self::poll_timeout) has come; if it has not, nothing happens.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.phase == Phase::Closed {
            return;
        }
        self.now = now;
        if self.preface_deadline.is_some_and(|deadline| deadline <= now) {
            self.preface_deadline = None;
            // Browsers open connections ahead, and do not use all of them.
            if self.inbound.is_untouched() {
                return self.end_idle();
            }
            self.violation(Rule::PrefaceTimeout, 0, None, "");
        }
        if !self.is_closed() && self.frame_deadline().is_some_and(|deadline| deadline <= now) {
            self.violation(Rule::LimitFrameTime, 0, None, "");
            self.inbound.begin_again(now);
        }
        if !self.is_closed() && self.stall_deadline().is_some_and(|deadline| deadline <= now) {
            self.check_stall(now);
        }
        if !self.is_closed() && self.idle_check.is_some_and(|check| check <= now) {
            self.check_idle(now);
        }
    }

    /// Nothing was read for a while: the client gets its time for the rest of a frame or field block again.
    pub fn excuse_silence(&mut self, now: Instant) {
        self.inbound.begin_again(now);
        // What the peer said meanwhile was not read either.
        self.last_input = now;
        self.stalled = None;
    }

    /// When the frame or field block that has begun has to be complete.
    fn frame_deadline(&self) -> Option<Instant> {
        self.inbound.begun()?.checked_add(self.limits.frame_timeout?)
    }

    /// When to look whether content waits for the peer's windows.
    fn stall_deadline(&self) -> Option<Instant> {
        let timeout = self.limits.stall_timeout.filter(|_| !self.streams.is_empty())?;
        let since = self.stalled.map_or(self.last_input.max(self.not_stalled), |(since, _)| since);
        since.checked_add(timeout)
    }

    /// The first look only notes that content waits: it may not have waited for long.
    fn check_stall(&mut self, now: Instant) {
        // What waits in the output waits for the transport, or for a script.
        let waits = self.outbound.waiting() == 0 && self.streams.any_waits(self.outbound.window());
        match self.stalled.take() {
            Some((since, window)) if waits && window == self.outbound.window() && self.last_input <= since => {
                self.violation(Rule::LimitStall, 0, None, "");
            }
            _ if waits => self.stalled = Some((now, self.outbound.window())),
            _ => self.not_stalled = now,
        }
    }

    fn check_idle(&mut self, now: Instant) {
        let Some(timeout) = self.limits.idle_timeout else { return };
        let since = if self.streams.is_empty() { self.last_input } else { now };
        match since.checked_add(timeout) {
            Some(deadline) if deadline <= now => self.end_idle(),
            next => self.idle_check = next,
        }
    }

    fn end_idle(&mut self) {
        let last = self.last_accepted_stream();
        let sent = self.go_away(last, ErrorCode::NO_ERROR, Bytes::new());
        debug_assert!(sent.is_ok(), "a valid GOAWAY");
        self.end(CloseReason::Idle);
    }

    // ---- Output

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop()
    }

    /// The next run of octets, up to the next cut mark; `None` when there is nothing to write now.
    pub fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        self.pull_content();
        self.outbound.next()
    }

    /// `octets` of what [`poll_transmit`](Self::poll_transmit) gave were written.
    pub fn transmitted(&mut self, octets: usize) {
        if self.outbound.transmitted(octets) && self.streams.is_empty() {
            self.outbound.shrink();
            self.streams.shrink();
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.phase == Phase::Closed {
            return None;
        }
        [self.preface_deadline, self.frame_deadline(), self.stall_deadline(), self.idle_check]
            .into_iter()
            .flatten()
            .min()
    }

    // ---- Getters

    /// Which side we are.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The connection is over and its output is written: close the transport.
    pub fn should_close(&self) -> bool {
        self.phase == Phase::Closed && self.outbound.waiting() == 0
    }

    /// The connection is over: commands are refused, input is ignored; output may be left.
    pub fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    /// Octets in the output buffer that wait to be written; content in the queues of streams not counted.
    pub fn output_waiting(&self) -> usize {
        self.outbound.waiting()
    }

    /// Octets of content that wait in the queue of a stream; 0 for streams that are gone.
    pub fn queued(&self, stream: u32) -> usize {
        self.streams.get(stream).map_or(0, |stream| stream.queued)
    }

    /// Octets that may be sent now on a stream, as far as its own window goes, or, for stream 0, on the connection.
    pub fn send_window(&self, stream: u32) -> Option<i64> {
        if stream == 0 {
            return Some(self.outbound.window());
        }
        self.streams.get(stream).map(|stream| stream.send_window)
    }

    /// Octets that the peer may still send on a stream, or, for stream 0, on the connection.
    pub fn receive_window(&self, stream: u32) -> Option<i64> {
        if stream == 0 {
            return Some(self.inbound.window.available());
        }
        self.streams.get(stream).map(|stream| stream.receive.available())
    }

    /// The state of a stream; `Idle` for 0.
    pub fn stream_state(&self, stream: u32) -> super::State {
        if stream == 0 { super::State::Idle } else { self.streams.state(stream) }
    }

    /// What the peer announced.
    pub fn peer_settings(&self) -> &Settings {
        self.outbound.peer()
    }

    /// What we announced, as far as the peer acknowledged it.
    pub fn local_settings(&self) -> &Settings {
        self.inbound.acked_settings()
    }

    /// Whether the peer has acknowledged all SETTINGS that we sent.
    pub fn settings_acked(&self) -> bool {
        !self.inbound.awaits_ack()
    }

    /// Streams that are neither idle nor closed, in no order.
    pub fn streams(&self) -> impl Iterator<Item = u32> + '_ {
        self.streams.ids()
    }

    /// The greatest stream identifier that the peer has used; 0 if none.
    pub fn last_peer_stream_id(&self) -> u32 {
        self.streams.last_peer()
    }

    /// The stream identifier that we would open or promise next (RFC 9113 §5.1.1).
    pub fn next_stream_id(&self) -> u32 {
        self.streams.next_local()
    }

    /// The decoder of the peer's field blocks, whose dynamic table can be read.
    pub fn decoder(&self) -> &hpack::Decoder {
        self.inbound.decoder()
    }

    /// The encoder of our field blocks, with its model of the peer's dynamic table.
    pub fn encoder(&self) -> &hpack::Encoder {
        self.outbound.encoder()
    }

    /// The switches of automatic behaviour.
    pub fn auto(&self) -> Auto {
        self.auto
    }

    /// Changes the switches from here on.
    pub fn auto_mut(&mut self) -> &mut Auto {
        &mut self.auto
    }

    /// What is done about broken rules.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Changes what is done about broken rules from here on.
    pub fn policy_mut(&mut self) -> &mut Policy {
        &mut self.policy
    }

    // ---- Shaping the output

    /// From here on, no run of octets is longer than this (at least 1), and each is flushed. `None`: no bound.
    pub fn set_write_size(&mut self, octets: Option<usize>) {
        self.outbound.set_write_size(octets);
    }

    /// A cut mark: everything in the output buffer is flushed before anything after it is written.
    pub fn flush(&mut self) {
        self.outbound.flush();
    }

    // ---- Settings of both sides

    /// Queues SETTINGS of ours.
    pub(super) fn announce(&mut self, entries: Vec<(u16, u32)>, cause: Cause) {
        let mut payload = BytesMut::new();
        let frame = frame::Settings { entries };
        frame.write(&mut payload);
        self.outbound.write_frame(&mut self.events, (FrameType::SETTINGS, 0, 0), &payload, cause);
        let delta = self.inbound.settings_sent(frame.entries);
        self.streams.adjust_receive_windows(delta);
    }

    /// Applies one setting of the peer's. `false` if a window would pass 2^31-1; then the window stays below.
    pub(super) fn apply_peer_setting(&mut self, id: SettingId, value: u32) -> bool {
        let delta = self.outbound.apply_peer_setting(id, value);
        delta == 0 || self.streams.adjust_send_windows(delta)
    }
}
