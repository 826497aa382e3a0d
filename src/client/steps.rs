//! The job that sends steps and waits between them: plans, and what one end of a recorded connection sent.

use super::exit::Exit;
use super::progress::Progress;
use super::session::Job;
use crate::h2::{Connection, Event, Track};
use crate::http::transport::Close;
use crate::wire::frame::{ErrorCode, Frame, FrameHeader, FrameType, HEADER_LENGTH, flag};
use bytes::Bytes;
use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

/// How long nothing may arrive after the last step.
const LINGER: Duration = Duration::from_millis(300);
/// How long the other end may be silent where it did more when the connection was recorded.
const PATIENCE: Duration = Duration::from_secs(2);

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Sends a frame, which the connection's own state follows.
    Frame(Frame),
    /// Sends bytes as they are.
    Send(Bytes),
    /// Sends a recorded frame, or the beginning of one, on the stream that stands for its own.
    Recorded(Bytes),
    /// Sends what was sent before, and nothing together with what follows.
    Cut,
    /// Waits before the next step.
    Wait(Wait),
}

/// What a step waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// For this long.
    Time(Duration),
    /// For the first frame like this that arrived after the one that was waited for last.
    Frame(Pattern),
    /// For the end of the connection.
    Close,
    /// Until the other end's windows allow DATA of this length, or it has been silent for two seconds.
    Window {
        /// Its stream.
        stream: u32,
        /// Its length.
        octets: u32,
    },
    /// Until the other end is as far as it was when the connection was recorded, or has been silent for two seconds.
    Progress(Progress),
}

/// Which frames to wait for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    /// Of this type; `None` for any.
    pub frame_type: Option<FrameType>,
    /// On this stream; `None` for any.
    pub stream: Option<u32>,
    /// With these flags at least.
    pub flags: u8,
}

impl Pattern {
    fn matches(&self, header: &FrameHeader) -> bool {
        self.frame_type.is_none_or(|wanted| wanted == header.frame_type)
            && self.stream.is_none_or(|wanted| wanted == header.stream_id)
            && header.has(self.flags)
    }
}

/// What happens after the last step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// The responses to all streams that were opened are awaited, then a moment's silence.
    Responses,
    /// The connection is ended so.
    Close(Close),
    /// The other end closes the connection.
    Peer,
}

/// Sends steps.
pub struct Steps {
    steps: VecDeque<Step>,
    after: After,
    /// Since when the first step, a wait, has been waiting.
    since: Option<Instant>,
    /// When something arrived or was sent last.
    last: Option<Instant>,
    /// Frames that arrived since the one that was waited for last.
    arrived: VecDeque<FrameHeader>,
    /// Some step waits for a frame: else nothing has to be kept of what arrives.
    waits_for_frames: bool,
    /// What has arrived, as recordings count it.
    progress: Progress,
    /// Streams of ours whose response is not complete.
    open: BTreeSet<u32>,
    streams: Streams,
    notices: VecDeque<String>,
    close: Option<Close>,
    /// Streams that the other end reset, and how.
    pub resets: Vec<(u32, ErrorCode)>,
    /// Streams on which requests were sent, in their order.
    requested: Vec<u32>,
    /// SETTINGS that were sent, the engine's own not counted.
    pub num_settings: usize,
    /// How the other end said goodbye.
    pub goaway: Option<ErrorCode>,
    is_closed: bool,
}

impl Steps {
    /// Sends `steps`.
    pub fn new(steps: Vec<Step>, after: After) -> Self {
        let waits_for_frames = steps.iter().any(|step| matches!(step, Step::Wait(Wait::Frame(_))));
        Self {
            steps: steps.into(),
            after,
            since: None,
            last: None,
            arrived: VecDeque::new(),
            waits_for_frames,
            progress: Progress::default(),
            open: BTreeSet::new(),
            streams: Streams::default(),
            notices: VecDeque::new(),
            close: None,
            resets: Vec::new(),
            requested: Vec::new(),
            num_settings: 0,
            goaway: None,
            is_closed: false,
        }
    }

    /// Streams of the other end have other numbers than when these streams were recorded: the first that it opens stands
    /// for the first of these, and so on.
    pub fn with_streams(self, recorded: Vec<u32>) -> Self {
        Self { streams: Streams { recorded, actual: Vec::new() }, ..self }
    }

    /// How it ended, if it was not for the time.
    pub fn exit(&self) -> Exit {
        let failed = |code: ErrorCode| code != ErrorCode::NO_ERROR;
        if self.goaway.is_some_and(failed) || !self.open.is_empty() || !self.steps.is_empty() {
            Exit::ConnectionError
        } else if self.resets.iter().any(|(_, code)| failed(*code)) {
            Exit::StreamError
        } else {
            Exit::Success
        }
    }

    /// Steps that were not taken.
    pub fn num_left(&self) -> usize {
        self.steps.len()
    }

    /// Streams whose response did not come to its end.
    pub fn unanswered(&self) -> impl Iterator<Item = u32> + '_ {
        self.open.iter().copied()
    }

    /// Whether the first step, a wait, is over.
    fn is_over(&mut self, wait: &Wait, now: Instant, connection: &Connection) -> bool {
        let since = *self.since.get_or_insert(now);
        let silent = now.saturating_duration_since(self.last.unwrap_or(since).max(since));
        match wait {
            Wait::Time(time) => now.saturating_duration_since(since) >= *time,
            Wait::Close => false,
            Wait::Frame(pattern) => {
                let found = self.arrived.iter().position(|header| pattern.matches(header));
                found.map(|position| self.arrived.drain(..=position)).is_some()
            }
            Wait::Progress(wanted) => self.is_done_without(wanted.missing(&self.progress), silent),
            Wait::Window { stream, octets } => {
                let stream = self.streams.actual(*stream);
                let is_narrow =
                    |stream| connection.send_window(stream).is_some_and(|window| window < i64::from(*octets));
                let missing = (is_narrow(0) || is_narrow(stream)).then(|| format!("window for stream {stream}"));
                self.is_done_without(missing, silent)
            }
        }
    }

    /// Nothing is missing, or it has been awaited for long enough.
    fn is_done_without(&mut self, missing: Option<String>, silent: Duration) -> bool {
        let Some(missing) = missing else { return true };
        if silent >= PATIENCE {
            let limit = PATIENCE.as_secs();
            let text =
                format!("{missing} did not arrive within {limit} s, as it did in the recording: continuing without it");
            self.notices.push_back(text);
        }
        silent >= PATIENCE
    }

    fn send(&mut self, connection: &mut Connection, step: Step) {
        match step {
            Step::Frame(frame) => {
                let raw = frame.to_raw();
                self.note_sent(&raw.header);
                connection.send_raw_frame(&raw, Track::Yes);
            }
            Step::Recorded(octets) => self.send(connection, Step::Send(self.streams.rewritten(octets))),
            Step::Send(octets) => {
                let mut rest = octets.strip_prefix(crate::h2::PREFACE).unwrap_or(&octets);
                while let Some(header) = rest.first_chunk().map(FrameHeader::parse)
                    && let Some(behind) = rest.get(HEADER_LENGTH + header.length as usize..)
                {
                    self.note_sent(&header);
                    rest = behind;
                }
                connection.send_raw_octets(octets, crate::h2::CallSite::default());
            }
            Step::Cut => connection.flush(),
            Step::Wait(_) => {}
        }
    }

    fn note_sent(&mut self, header: &FrameHeader) {
        match header.frame_type {
            FrameType::HEADERS
                if header.stream_id % 2 == 1
                    && self.after == After::Responses
                    && !self.requested.contains(&header.stream_id) =>
            {
                self.requested.push(header.stream_id);
                self.open.insert(header.stream_id);
            }
            FrameType::SETTINGS if !header.has(flag::ACK) => self.num_settings += 1,
            FrameType::RST_STREAM => drop(self.open.remove(&header.stream_id)),
            _ => {}
        }
    }

    /// All steps are taken.
    fn finish(&mut self, now: Instant, connection: &mut Connection) {
        match self.after {
            After::Close(how) => self.close = Some(how),
            After::Responses if self.open.is_empty() => {
                let last = *self.last.get_or_insert(now);
                if now.saturating_duration_since(last) >= LINGER {
                    connection.close();
                }
            }
            After::Responses | After::Peer => {}
        }
    }
}

/// The streams that a client opened when it was recorded, and those that it opens now.
#[derive(Default)]
struct Streams {
    recorded: Vec<u32>,
    actual: Vec<u32>,
}

impl Streams {
    /// The stream that stands for a recorded one.
    fn actual(&self, recorded: u32) -> u32 {
        let position = self.recorded.iter().position(|stream| *stream == recorded);
        position.and_then(|position| self.actual.get(position)).copied().unwrap_or(recorded)
    }

    /// A header that arrived, on the recorded stream.
    fn as_recorded(&mut self, header: FrameHeader) -> FrameHeader {
        let stream = header.stream_id;
        let is_new = header.frame_type == FrameType::HEADERS && !self.actual.contains(&stream);
        if is_new && self.actual.len() < self.recorded.len() {
            self.actual.push(stream);
        }
        let position = self.actual.iter().position(|actual| *actual == stream);
        let recorded = position.and_then(|position| self.recorded.get(position)).copied();
        FrameHeader { stream_id: recorded.unwrap_or(stream), ..header }
    }

    /// Bytes that begin with a frame header, on the stream that stands for the recorded one.
    fn rewritten(&self, octets: Bytes) -> Bytes {
        let Some(header) = octets.first_chunk().map(FrameHeader::parse) else { return octets };
        let stream_id = self.actual(header.stream_id);
        if stream_id == header.stream_id {
            return octets;
        }
        let rest = octets.get(HEADER_LENGTH..).unwrap_or_default();
        [&FrameHeader { stream_id, ..header }.octets(), rest].concat().into()
    }
}

impl Job for Steps {
    fn event(&mut self, now: Instant, _: &mut Connection, event: &Event) {
        match event {
            Event::Preface => self.progress.preface(),
            Event::Frame(frame) => {
                self.last = Some(now);
                self.progress.frame(&self.streams.as_recorded(frame.header));
                if self.waits_for_frames {
                    self.arrived.push_back(frame.header);
                }
                let header = &frame.header;
                let code = |at: usize| {
                    let octets = frame.payload.get(at..).and_then(<[u8]>::first_chunk).copied();
                    ErrorCode(octets.map_or(0, u32::from_be_bytes))
                };
                match header.frame_type {
                    FrameType::RST_STREAM => {
                        self.open.remove(&header.stream_id);
                        self.resets.push((header.stream_id, code(0)));
                    }
                    FrameType::GOAWAY => self.goaway = Some(code(4)),
                    FrameType::DATA | FrameType::HEADERS if header.has(flag::END_STREAM) => {
                        self.open.remove(&header.stream_id);
                    }
                    _ => {}
                }
            }
            Event::Closed { .. } => {
                self.is_closed = true;
                if self.steps.iter().all(|step| matches!(step, Step::Wait(Wait::Close) | Step::Cut)) {
                    self.steps.clear();
                }
            }
            _ => {}
        }
    }

    fn act(&mut self, now: Instant, connection: &mut Connection) {
        if self.is_closed || self.close.is_some() {
            return;
        }
        while let Some(step) = self.steps.pop_front() {
            if let Step::Wait(wait) = &step {
                if !self.is_over(wait, now, connection) {
                    return self.steps.push_front(step);
                }
                self.since = None;
                continue;
            }
            self.last = Some(now);
            self.send(connection, step);
        }
        self.finish(now, connection);
    }

    fn deadline(&self) -> Option<Instant> {
        let after = |time: Duration| {
            let since = [self.since, self.last].into_iter().flatten().max()?;
            since.checked_add(time)
        };
        if self.is_closed || self.close.is_some() {
            return None;
        }
        match self.steps.front() {
            Some(Step::Wait(Wait::Time(time))) => self.since?.checked_add(*time),
            Some(Step::Wait(Wait::Progress(_) | Wait::Window { .. })) => after(PATIENCE),
            None if self.after == After::Responses && self.open.is_empty() => after(LINGER),
            _ => None,
        }
    }

    fn close(&self) -> Option<Close> {
        self.close
    }

    fn take_notice(&mut self) -> Option<String> {
        self.notices.pop_front()
    }
}
