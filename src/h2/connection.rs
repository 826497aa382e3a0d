//! The connection: its contract, its state and its getters.

use super::config::{Auto, Config};
use super::events::{Cause, CloseReason, Event, PeerClosed, Transmit};
use super::flow::{INITIAL_WINDOW, ReceiveWindow};
use super::hold::Hold;
use super::limits::{Counts, Limits};
use super::output::Output;
use super::peer_view::PeerView;
use super::policy::Policy;
use super::receive::Input;
use super::role::Role;
use super::rules::Rule;
use super::settings::{LocalSettings, Settings};
use super::streams::Streams;
use crate::wire::frame::{ErrorCode, FrameType, HEADER_LENGTH, SettingId};
use crate::wire::hpack;
use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;
use std::time::Instant;

/// One HTTP/2 connection, server side, without socket, clock or task.
///
/// # Contract
///
/// Methods are of four families:
/// - **Input**: [`receive`](Self::receive), [`peer_closed`](Self::peer_closed),
///   [`handle_timeout`](Self::handle_timeout). They cannot fail: what the peer did wrong is an
///   [`Event::Violation`] in its place among the other events. The same octets in any chunking give the same events.
/// - **Commands**, in two lanes. The checked ones fail only with [`Misuse`](super::Misuse), and then nothing was queued and nothing
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
/// some: [`has_events`](Self::has_events)); then ask `poll_timeout`. Any input or command may make events, octets and
/// another timeout. Once [`should_close`](Self::should_close) is true, close the transport.
///
/// Sending: octets of one turn are gathered in one buffer. Frames other than DATA go there at once. Content goes there
/// as far as the windows allow and the buffer is below its high-water mark, else it waits in the queue of its
/// stream and leaves in turns with the other streams. Raw frames do not wait for queued content.
///
/// Time is an argument; it must not run backwards.
#[derive(Debug)]
pub struct Connection {
    // What was chosen
    pub(super) auto: Auto,
    pub(super) policy: Policy,
    pub(super) limits: Limits,
    pub(super) connect_protocols: Vec<String>,
    pub(super) record_frames: bool,
    record_data: usize,
    pub(super) send_low_water: usize,

    // Both directions
    pub(super) events: VecDeque<Event>,
    pub(super) streams: Streams,
    pub(super) phase: Phase,
    pub(super) shutdown: Shutdown,

    // What the peer sends
    pub(super) input: Input,
    pub(super) decoder: hpack::Decoder,
    pub(super) local: LocalSettings,
    pub(super) receive_window: ReceiveWindow,
    pub(super) counts: Counts,

    // What we send
    pub(super) output: Output,
    /// What [`Event::Sent`] is cut from, so that not each needs memory of its own.
    recorded: BytesMut,
    pub(super) encoder: hpack::Encoder,
    pub(super) peer: Settings,
    /// The peer's first SETTINGS have been applied.
    pub(super) peer_settings_seen: bool,
    pub(super) send_window: i64,
    /// `None` as long as there was no raw command.
    pub(super) view: Option<Box<PeerView>>,
    pub(super) hold: Option<Hold>,
    /// PINGs of ours that the peer has not acknowledged.
    pub(super) pings_unanswered: u32,
    /// Our SETTINGS have not gone out yet.
    pub(super) before_start: Option<BeforeStart>,
    /// Frames of the peer's wait for the layer above.
    pub(super) hold_frames: bool,

    // Time
    pub(super) now: Instant,
    preface_deadline: Option<Instant>,
    idle_check: Option<Instant>,
    last_input: Instant,
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

/// What waits for [`Connection::start`].
#[derive(Debug)]
pub(super) struct BeforeStart {
    settings: Vec<(u16, u32)>,
    /// Automatic frames.
    pub waiting: Vec<Bytes>,
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
    /// A server's connection. Its SETTINGS, and the WINDOW_UPDATE that opens the connection's window, are queued at
    /// once, unless the configuration lets them wait for [`start`](Self::start).
    pub fn server(config: Config, now: Instant) -> Self {
        let Config { settings, connection_window, limits, policy, auto, record_frames, record_data, .. } = config;
        let mut connection = Self {
            auto,
            policy,
            connect_protocols: config.connect_protocols,
            record_frames,
            record_data,
            send_low_water: config.send_low_water,
            events: VecDeque::new(),
            streams: Streams::new(Role::Server),
            phase: Phase::Starting,
            shutdown: Shutdown::default(),
            input: Input::default(),
            decoder: hpack::Decoder::default(),
            local: LocalSettings::default(),
            receive_window: ReceiveWindow::connection(connection_window),
            counts: Counts::new(now),
            output: Output::default(),
            recorded: BytesMut::new(),
            encoder: hpack::Encoder::new(),
            peer: Settings::default(),
            peer_settings_seen: false,
            send_window: INITIAL_WINDOW,
            view: None,
            hold: None,
            pings_unanswered: 0,
            before_start: Some(BeforeStart { settings, waiting: Vec::new() }),
            hold_frames: false,
            now,
            preface_deadline: limits.preface_timeout.and_then(|timeout| now.checked_add(timeout)),
            idle_check: limits.idle_timeout.and_then(|timeout| now.checked_add(timeout)),
            last_input: now,
            limits,
        };
        if !config.wait_for_start {
            connection.start();
        }
        connection
    }

    /// Queues our first SETTINGS and the WINDOW_UPDATE that opens the connection's window, if they have not been queued
    /// yet; then the automatic frames that waited for them.
    pub fn start(&mut self) {
        let Some(BeforeStart { settings, waiting }) = self.before_start.take() else { return };
        if self.phase == Phase::Closed {
            return;
        }
        self.announce(&settings, Cause::Automatic);
        self.grant(0);
        for octets in waiting {
            self.write_or_hold(0, octets, Cause::Automatic);
        }
    }

    /// The SETTINGS that [`start`](Self::start) will queue; `None` once it has.
    pub fn first_settings(&self) -> Option<&[(u16, u32)]> {
        self.before_start.as_ref().map(|before| before.settings.as_slice())
    }

    /// The same, to be changed.
    pub fn first_settings_mut(&mut self) -> Option<&mut Vec<(u16, u32)>> {
        self.before_start.as_mut().map(|before| &mut before.settings)
    }

    /// Nothing is queued of what [`start`](Self::start) would have: whoever is above has sent a preface of its own, or
    /// none. The automatic frames that waited go out.
    pub fn start_without_settings(&mut self) {
        let Some(BeforeStart { waiting, .. }) = self.before_start.take() else { return };
        for octets in waiting {
            self.write_or_hold(0, octets, Cause::Automatic);
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
        self.counts.tick(now, self.limits.period);
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
            self.violation(Rule::PrefaceTimeout, 0, None, "");
        }
        if self.idle_check.is_some_and(|check| check <= now) {
            self.check_idle(now);
        }
    }

    fn check_idle(&mut self, now: Instant) {
        let Some(timeout) = self.limits.idle_timeout else { return };
        let since = if self.streams.is_empty() { self.last_input } else { now };
        match since.checked_add(timeout) {
            Some(deadline) if deadline <= now => {
                let last = self.last_accepted_stream();
                let sent = self.go_away(last, ErrorCode::NO_ERROR, Bytes::new());
                debug_assert!(sent.is_ok(), "a lawful GOAWAY");
                self.end(CloseReason::Idle);
            }
            next => self.idle_check = next,
        }
    }

    // ---- Output

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        let event = self.events.pop_front();
        if event.is_none() && self.events.capacity() > 64 {
            self.events = VecDeque::new();
        }
        event
    }

    /// Whether [`poll_event`](Self::poll_event) would give one.
    pub fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// The next run of octets, up to the next cut mark; `None` when there is nothing to write now.
    pub fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        self.pull_content();
        self.output.next()
    }

    /// `octets` of what [`poll_transmit`](Self::poll_transmit) gave were written.
    pub fn transmitted(&mut self, octets: usize) {
        if self.output.transmitted(octets) && self.streams.is_empty() {
            self.output.shrink();
            self.streams.shrink();
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match (self.phase, self.preface_deadline, self.idle_check) {
            (Phase::Closed, ..) => None,
            (_, Some(one), Some(other)) => Some(one.min(other)),
            (_, one, other) => one.or(other),
        }
    }

    // ---- Getters

    /// The connection is over and its output is written: close the transport.
    pub fn should_close(&self) -> bool {
        self.phase == Phase::Closed && self.output.waiting() == 0
    }

    /// The connection is over: commands are refused, input is ignored; output may be left.
    pub fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    /// GOAWAY was sent or received: no new streams.
    pub fn is_shutting_down(&self) -> bool {
        self.shutdown.sent.is_some() || self.shutdown.received.is_some()
    }

    /// Octets in the output buffer that wait to be written; content in the queues of streams not counted.
    pub fn output_waiting(&self) -> usize {
        self.output.waiting()
    }

    /// Octets of content that wait in the queue of a stream; 0 for streams that are gone.
    pub fn queued(&self, stream: u32) -> usize {
        self.streams.get(stream).map_or(0, |stream| stream.queued)
    }

    /// Octets that may be sent now on a stream, as far as its own window goes, or, for stream 0, on the connection.
    pub fn send_window(&self, stream: u32) -> Option<i64> {
        if stream == 0 {
            return Some(self.send_window);
        }
        self.streams.get(stream).map(|stream| stream.send_window)
    }

    /// Octets that the peer may still send on a stream, or, for stream 0, on the connection.
    pub fn receive_window(&self, stream: u32) -> Option<i64> {
        if stream == 0 {
            return Some(self.receive_window.available());
        }
        self.streams.get(stream).map(|stream| stream.receive.available())
    }

    /// The state of a stream; `Idle` for 0.
    pub fn stream_state(&self, stream: u32) -> super::State {
        if stream == 0 { super::State::Idle } else { self.streams.state(stream) }
    }

    /// What the peer announced.
    pub fn peer_settings(&self) -> &Settings {
        &self.peer
    }

    /// What we announced, as far as the peer acknowledged it.
    pub fn local_settings(&self) -> &Settings {
        self.local.acked()
    }

    /// Whether the peer has acknowledged all SETTINGS that we sent.
    pub fn settings_acked(&self) -> bool {
        self.local.all_acked()
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
        &self.decoder
    }

    /// The encoder of our field blocks, with its model of the peer's dynamic table.
    pub fn encoder(&self) -> &hpack::Encoder {
        &self.encoder
    }

    /// The switches of automatic behaviour.
    pub fn auto(&self) -> Auto {
        self.auto
    }

    /// Changes the switches from here on.
    pub fn auto_mut(&mut self) -> &mut Auto {
        &mut self.auto
    }

    /// Changes what is done about broken rules from here on.
    pub fn policy_mut(&mut self) -> &mut Policy {
        &mut self.policy
    }

    // ---- Shaping the output

    /// From here on, no run of octets is longer than this (at least 1), and each is flushed. `None`: no bound.
    pub fn set_write_size(&mut self, octets: Option<usize>) {
        self.output.set_write_size(octets);
    }

    /// A cut mark: everything in the output buffer is flushed before anything after it is written.
    pub fn flush(&mut self) {
        self.output.flush();
    }

    // ---- Shared by all files

    /// Remembers our SETTINGS and queues them.
    pub(super) fn announce(&mut self, entries: &[(u16, u32)], cause: Cause) {
        self.write_settings(entries, cause);
        self.settings_sent(entries.to_vec());
    }

    /// Tells of octets that were put into the output from `start` on.
    pub(super) fn record(&mut self, start: usize, cause: Cause) {
        let Some(octets) = self.output.buffer.get(start..) else { return };
        let length = octets.len();
        let is_data = cause != Cause::Raw && octets.get(3) == Some(&FrameType::DATA.0);
        let most = if is_data { self.record_data.saturating_add(HEADER_LENGTH) } else { usize::MAX };
        self.recorded.extend_from_slice(octets.get(..most).unwrap_or(octets));
        let octets = self.recorded.split().freeze();
        self.events.push_back(Event::Sent { octets, length, cause });
    }

    /// Our settings are under way: what they widen holds from now on.
    pub(super) fn settings_sent(&mut self, entries: Vec<(u16, u32)>) {
        let before = self.local.allowed().clone();
        self.local.sent(entries);
        self.local_settings_changed(&before);
    }

    /// Puts what the peer may rely on now into effect.
    pub(super) fn local_settings_changed(&mut self, before: &Settings) {
        let now = self.local.allowed();
        if now.header_table_size != before.header_table_size {
            self.decoder.set_max_table_size(now.header_table_size as usize);
        }
        let delta = i64::from(now.initial_window_size) - i64::from(before.initial_window_size);
        if delta != 0 {
            self.streams.adjust_receive_windows(delta);
        }
    }

    /// Takes over one setting of the peer's. `false` if a window would pass 2^31-1; then the window stays below.
    pub(super) fn apply_peer_setting(&mut self, id: SettingId, value: u32) -> bool {
        let before = i64::from(self.peer.initial_window_size);
        self.peer.apply(id, value);
        match id {
            SettingId::HEADER_TABLE_SIZE => self.encoder.set_max_table_size(value as usize),
            SettingId::INITIAL_WINDOW_SIZE => {
                return self.streams.adjust_send_windows(i64::from(self.peer.initial_window_size) - before);
            }
            _ => {}
        }
        true
    }
}
