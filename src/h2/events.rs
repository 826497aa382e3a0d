//! What a connection reports. This list is the engine's documentation of what can happen.

use super::rules::Rule;
pub use crate::http::transport::{Cause, CloseReason, PeerClosed, Transmit};
use crate::wire::frame::{ErrorCode, FrameHeader, RawFrame};
use crate::wire::hpack;
use bytes::Bytes;

/// Something that happened, in the order in which it happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// The 24 octets of the client's preface have arrived (RFC 9113 §3.4).
    Preface,
    /// A frame arrived whole. Comes for every frame, also unknown and invalid ones, before what follows from it.
    /// (A frame that is refused for its announced size never arrives whole.)
    Frame(RawFrame),
    /// The frame before waits for [`admit`](super::Connection::admit) before anything follows from it (only with
    /// [`set_hold_frames`](super::Connection::set_hold_frames)).
    Held,
    /// A field section is complete, and well-formed as far as it is validated.
    Headers {
        /// Where it arrived.
        stream: u32,
        /// The HEADERS frame that began the section.
        frame: RawFrame,
        /// Its decoded fields, with those of its CONTINUATION frames.
        block: hpack::Block,
        /// Nothing follows on the stream.
        end_stream: bool,
        /// What the section is.
        kind: HeadersKind,
    },
    /// Content of a message. Give its window back by [`consume`](super::Connection::consume); padding needs none.
    Data {
        /// Where it arrived.
        stream: u32,
        /// The frame, with its padding.
        frame: RawFrame,
        /// The content, without padding.
        data: Bytes,
        /// Nothing follows on the stream.
        end_stream: bool,
    },
    /// The stream was reset. A peer's reset is normal at any moment.
    Reset {
        /// Which stream.
        stream: u32,
        /// Why.
        code: ErrorCode,
        /// Who did it.
        by: Initiator,
    },
    /// The stream is over, in whatever way; comes once for each stream that had [`Headers`](Event::Headers) or that we
    /// promised, unless the connection ends first.
    StreamClosed {
        /// Which stream.
        stream: u32,
    },
    /// The send queue of a stream fell to the level that was waited for. Made in `poll_transmit` or a command.
    Writable {
        /// Which stream.
        stream: u32,
        /// Octets of content that still wait.
        queued: usize,
        /// END_STREAM has gone out: our half is complete.
        end_sent: bool,
    },
    /// The peer raised a send window.
    WindowUpdate {
        /// 0 for the connection.
        stream: u32,
        /// By how much.
        increment: u32,
        /// The window now, in octets.
        window: i64,
    },
    /// The peer's SETTINGS, in wire order; they hold from here on.
    Settings {
        /// Identifier and value, repeated and unknown ones too.
        entries: Vec<(u16, u32)>,
    },
    /// The peer acknowledged our oldest open SETTINGS.
    SettingsAcked,
    /// The peer sent a PING.
    Ping {
        /// Its eight octets.
        opaque: [u8; 8],
    },
    /// The peer answered a PING.
    PingAcked {
        /// Its eight octets.
        opaque: [u8; 8],
    },
    /// The peer sent GOAWAY.
    GoAway {
        /// The last of our streams that it handled.
        last_stream_id: u32,
        /// Why.
        code: ErrorCode,
        /// Whatever it added.
        debug: Bytes,
    },
    /// The server promises a response that was not asked for (RFC 9113 §8.4). The layer above checks that it is
    /// authoritative for the request, and [resets](super::Connection::reset) the promised stream if it is not, or if it
    /// does not want the response.
    PushPromise {
        /// Where it arrived.
        stream: u32,
        /// The stream on which the response will come.
        promised: u32,
        /// The PUSH_PROMISE frame.
        frame: RawFrame,
        /// The fields of the request, with those of CONTINUATION frames.
        block: hpack::Block,
    },
    /// GOAWAY says that the server did not process the request on this stream, which is over: it can be sent again on
    /// another connection (RFC 9113 §6.8).
    Unprocessed {
        /// Which stream.
        stream: u32,
    },
    /// The server has an alternative service (RFC 7838 §4).
    AltSvc {
        /// 0, or the stream whose origin has it.
        stream: u32,
        /// The origin that has it, on stream 0.
        origin: Bytes,
        /// What an Alt-Svc field would say.
        value: Bytes,
    },
    /// The origins for which the server claims to be authoritative (RFC 8336 §2).
    Origin {
        /// As they came.
        origins: Vec<Bytes>,
    },
    /// The peer sent PRIORITY_UPDATE (RFC 9218 §7.1).
    PriorityUpdate {
        /// For which stream; it may be idle still.
        stream: u32,
        /// The priority field value as it came.
        value: Bytes,
    },
    /// The peer broke a rule.
    Violation(Violation),
    /// Octets of ours were put into the output (only with `record_frames`).
    Sent {
        /// One frame, or what a raw command gave, DATA up to [`Config::record_data`](super::Config::record_data).
        octets: Bytes,
        /// How many octets it has as a whole.
        length: usize,
        /// Who wanted it.
        cause: Cause,
        /// For a raw command, the rules that its frames break, in order.
        broken: Vec<Broken>,
    },
    /// Something that was queued will not be sent (only with `record_frames`).
    NotSent {
        /// What it was.
        what: Unsent,
        /// Why it is not sent.
        why: NotSentReason,
    },
    /// The connection is over for the layer above; no event of a stream follows. What is in the output still goes out.
    Closed {
        /// Why.
        reason: CloseReason,
    },
}

/// A rule that a raw frame breaks, as the peer reads it: the first one of that frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Broken {
    /// Where the frame ends in the bytes of its [`Event::Sent`].
    pub end: usize,
    /// The rule.
    pub rule: Rule,
}

/// What a field section is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HeadersKind {
    /// The first on its stream, from a client.
    Request {
        /// An extended CONNECT with a `:protocol` that is not in `connect_protocols`: answer it with 501
        /// (RFC 8441 §5, RFC 9220 §3).
        unsupported_protocol: bool,
    },
    /// A response before the final one, with a status from 100 to 199; any number of them may come.
    Informational,
    /// The header section of the final response.
    Response,
    /// The last on its stream, after the content.
    Trailers,
}

/// Who caused something.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Initiator {
    /// The layer above, by a command.
    Local,
    /// The engine itself, in answer to a broken rule.
    Engine,
    /// The peer.
    Peer,
}

/// A broken rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// Which one.
    pub rule: Rule,
    /// On which stream; 0 for the connection.
    pub stream: u32,
    /// The header of the frame that broke it; `None` where no frame did (preface, time).
    pub frame: Option<FrameHeader>,
    /// What is done about it.
    pub reaction: Reaction,
    /// What exactly is wrong, for people; may be empty.
    pub detail: String,
}

/// What is done about a broken rule.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reaction {
    /// The connection ends with this code.
    ConnectionError(ErrorCode),
    /// The stream ends with this code.
    StreamError(ErrorCode),
    /// Nothing but this report.
    Reported,
}

/// What was not sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unsent {
    /// Queued content.
    Data {
        /// Of which stream.
        stream: u32,
        /// The content.
        data: Bytes,
    },
    /// Queued trailers.
    Trailers {
        /// Of which stream.
        stream: u32,
    },
    /// A frame that waited for a raw field block to end.
    Held {
        /// Of which stream; 0 for the connection.
        stream: u32,
    },
    /// An automatic frame that is switched off: SETTINGS ACK, PING ACK, GOAWAY.
    Automatic {
        /// Its octets.
        octets: Bytes,
    },
}

/// Why something was not sent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NotSentReason {
    /// The stream was reset.
    StreamReset {
        /// By whom.
        by: Initiator,
        /// With which code.
        code: ErrorCode,
    },
    /// A raw frame ended our half of the stream.
    StreamEnded,
    /// A raw frame has said the opposite meanwhile.
    Contradicted,
    /// It would be read as a part of a raw frame or field block that has not ended.
    RawUnfinished,
    /// GOAWAY says that the peer ignores the stream.
    Unprocessed,
    /// The connection ended.
    ConnectionClosed,
    /// Its switch in [`Auto`](super::Auto) is off.
    SwitchedOff,
}
