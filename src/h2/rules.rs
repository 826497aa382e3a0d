//! Every rule that the engine holds a peer to, in one table.
//!
//! To detect that a rule was broken is one thing, to react is another: a rule says what and where,
//! [`Policy`](super::Policy) decides what is done.

use crate::wire::frame::ErrorCode;
use std::fmt;

/// What a broken rule costs (RFC 9113 §5.4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scope {
    /// The whole connection ends with GOAWAY (RFC 9113 §5.4.1).
    Connection,
    /// One stream ends with RST_STREAM (RFC 9113 §5.4.2).
    Stream,
}

macro_rules! rules {
    ($($name:ident, $id:literal, $section:literal, $scope:ident, $code:ident, $text:literal;)*) => {
        /// A rule for peers: a value with a stable id, its section, its scope and its error code.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $(#[doc = concat!("`", $id, "`, ", $section, ": ", $text)] $name,)*
        }

        impl Rule {
            /// Every rule, in the order of the table.
            pub const ALL: &'static [Rule] = &[$(Rule::$name,)*];

            /// The stable name: `"h2.window-update.zero"`.
            pub const fn id(self) -> &'static str {
                match self { $(Rule::$name => $id,)* }
            }

            /// Where the rule is written: `"RFC 9113 §6.9"`; `"limits"` for our own.
            pub const fn section(self) -> &'static str {
                match self { $(Rule::$name => $section,)* }
            }

            /// Whether breaking it ends the stream or the connection.
            pub const fn scope(self) -> Scope {
                match self { $(Rule::$name => Scope::$scope,)* }
            }

            /// The code that goes out in RST_STREAM or GOAWAY.
            pub const fn code(self) -> ErrorCode {
                match self { $(Rule::$name => ErrorCode::$code,)* }
            }

            /// What the peer did wrong, in one line.
            pub const fn text(self) -> &'static str {
                match self { $(Rule::$name => $text,)* }
            }
        }
    };
}

rules! {
    // Starting a connection, frames in general
    Preface, "h2.preface", "RFC 9113 §3.4", Connection, PROTOCOL_ERROR, "the connection does not begin with the client's preface";
    PrefaceSettings, "h2.preface.settings", "RFC 9113 §3.4", Connection, PROTOCOL_ERROR, "the first frame is not SETTINGS";
    PrefaceTimeout, "h2.preface.timeout", "limits", Connection, PROTOCOL_ERROR, "the peer's preface did not arrive in time";
    FrameSize, "h2.frame.size", "RFC 9113 §4.2", Connection, FRAME_SIZE_ERROR, "a frame is larger than our SETTINGS_MAX_FRAME_SIZE";
    Compression, "h2.hpack", "RFC 9113 §4.3", Connection, COMPRESSION_ERROR, "a header block cannot be decoded";

    // Streams
    StreamIdEven, "h2.stream-id.even", "RFC 9113 §5.1.1", Connection, PROTOCOL_ERROR, "a client opens a stream with an even identifier";
    StreamIdDecreasing, "h2.stream-id.decreasing", "RFC 9113 §5.1.1", Connection, PROTOCOL_ERROR, "a new stream's identifier is not greater than all before it";
    ConcurrentStreams, "h2.concurrent-streams", "RFC 9113 §5.1.2", Stream, REFUSED_STREAM, "more streams are open than our SETTINGS_MAX_CONCURRENT_STREAMS";
    IdleFrame, "h2.idle.frame", "RFC 9113 §5.1", Connection, PROTOCOL_ERROR, "a frame other than HEADERS or PRIORITY on an idle stream";
    IdleHeaders, "h2.idle.headers", "RFC 9113 §5.1", Connection, PROTOCOL_ERROR, "a server sends HEADERS on an idle stream";
    HalfClosedFrame, "h2.half-closed.frame", "RFC 9113 §5.1", Stream, STREAM_CLOSED, "DATA or HEADERS after END_STREAM";
    ClosedFrame, "h2.closed.frame", "RFC 9113 §5.1", Connection, STREAM_CLOSED, "DATA or HEADERS on a stream that both sides ended";
    ResetFrame, "h2.reset.frame", "RFC 9113 §5.1", Stream, STREAM_CLOSED, "DATA or HEADERS on a stream that the peer itself reset";
    ReservedFrame, "h2.reserved.frame", "RFC 9113 §5.1", Connection, PROTOCOL_ERROR, "a frame that is not allowed on a reserved stream";

    // Flow control
    FlowConnection, "h2.flow.connection", "RFC 9113 §6.9.1", Connection, FLOW_CONTROL_ERROR, "DATA passes the connection's flow-control window";
    FlowStream, "h2.flow.stream", "RFC 9113 §6.9.1", Stream, FLOW_CONTROL_ERROR, "DATA passes the stream's flow-control window";

    // Frame by frame
    DataStreamZero, "h2.data.stream-zero", "RFC 9113 §6.1", Connection, PROTOCOL_ERROR, "DATA on stream 0";
    DataPadding, "h2.data.padding", "RFC 9113 §6.1", Connection, PROTOCOL_ERROR, "DATA whose padding is as long as its payload or longer";
    DataLength, "h2.data.length", "RFC 9113 §4.2", Connection, FRAME_SIZE_ERROR, "DATA with PADDED but without a pad length";
    HeadersStreamZero, "h2.headers.stream-zero", "RFC 9113 §6.2", Connection, PROTOCOL_ERROR, "HEADERS on stream 0";
    HeadersPadding, "h2.headers.padding", "RFC 9113 §6.2", Connection, PROTOCOL_ERROR, "HEADERS whose padding is longer than what remains of the payload";
    HeadersLength, "h2.headers.length", "RFC 9113 §4.2", Connection, FRAME_SIZE_ERROR, "HEADERS too short for the parts that its flags announce";
    HeadersSelfDependency, "h2.headers.self-dependency", "RFC 7540 §5.3.1", Stream, PROTOCOL_ERROR, "HEADERS that make a stream depend on itself";
    PriorityStreamZero, "h2.priority.stream-zero", "RFC 9113 §6.3", Connection, PROTOCOL_ERROR, "PRIORITY on stream 0";
    PriorityLength, "h2.priority.length", "RFC 9113 §6.3", Stream, FRAME_SIZE_ERROR, "PRIORITY whose length is not 5";
    PrioritySelfDependency, "h2.priority.self-dependency", "RFC 7540 §5.3.1", Stream, PROTOCOL_ERROR, "PRIORITY that makes a stream depend on itself";
    ResetStreamZero, "h2.rst-stream.stream-zero", "RFC 9113 §6.4", Connection, PROTOCOL_ERROR, "RST_STREAM on stream 0";
    ResetLength, "h2.rst-stream.length", "RFC 9113 §6.4", Connection, FRAME_SIZE_ERROR, "RST_STREAM whose length is not 4";
    SettingsStream, "h2.settings.stream", "RFC 9113 §6.5", Connection, PROTOCOL_ERROR, "SETTINGS on a stream other than 0";
    SettingsLength, "h2.settings.length", "RFC 9113 §6.5", Connection, FRAME_SIZE_ERROR, "SETTINGS whose length is not a multiple of 6";
    SettingsAckLength, "h2.settings.ack-length", "RFC 9113 §6.5", Connection, FRAME_SIZE_ERROR, "SETTINGS with ACK and a payload";
    SettingsAckUnexpected, "h2.settings.ack-unexpected", "RFC 9113 §6.5.3", Connection, PROTOCOL_ERROR, "SETTINGS with ACK, but none of ours waits for one";
    SettingsEnablePush, "h2.settings.enable-push", "RFC 9113 §6.5.2", Connection, PROTOCOL_ERROR, "SETTINGS_ENABLE_PUSH is neither 0 nor 1";
    SettingsEnablePushServer, "h2.settings.enable-push-server", "RFC 9113 §6.5.2", Connection, PROTOCOL_ERROR, "a server sends SETTINGS_ENABLE_PUSH with 1";
    SettingsInitialWindow, "h2.settings.initial-window", "RFC 9113 §6.5.2", Connection, FLOW_CONTROL_ERROR, "SETTINGS_INITIAL_WINDOW_SIZE is above 2^31-1";
    SettingsWindowOverflow, "h2.settings.window-overflow", "RFC 9113 §6.9.2", Connection, FLOW_CONTROL_ERROR, "SETTINGS_INITIAL_WINDOW_SIZE lifts a stream's window above 2^31-1";
    SettingsMaxFrameSize, "h2.settings.max-frame-size", "RFC 9113 §6.5.2", Connection, PROTOCOL_ERROR, "SETTINGS_MAX_FRAME_SIZE is not within 2^14 and 2^24-1";
    SettingsConnectProtocol, "h2.settings.connect-protocol", "RFC 8441 §3", Connection, PROTOCOL_ERROR, "SETTINGS_ENABLE_CONNECT_PROTOCOL is neither 0 nor 1, or goes from 1 to 0";
    SettingsNoPriorities, "h2.settings.no-priorities", "RFC 9218 §2.1", Connection, PROTOCOL_ERROR, "SETTINGS_NO_RFC7540_PRIORITIES is neither 0 nor 1, or changes after the first SETTINGS";
    PushPromiseFromClient, "h2.push-promise.from-client", "RFC 9113 §8.4", Connection, PROTOCOL_ERROR, "a client sends PUSH_PROMISE";
    PushPromiseStreamZero, "h2.push-promise.stream-zero", "RFC 9113 §6.6", Connection, PROTOCOL_ERROR, "PUSH_PROMISE on stream 0";
    PushPromisePadding, "h2.push-promise.padding", "RFC 9113 §6.6", Connection, PROTOCOL_ERROR, "PUSH_PROMISE whose padding is longer than what remains of the payload";
    PushPromiseLength, "h2.push-promise.length", "RFC 9113 §4.2", Connection, FRAME_SIZE_ERROR, "PUSH_PROMISE too short for a stream identifier";
    PushPromiseDisabled, "h2.push-promise.disabled", "RFC 9113 §6.6", Connection, PROTOCOL_ERROR, "PUSH_PROMISE, but our SETTINGS_ENABLE_PUSH is 0";
    PushPromiseParent, "h2.push-promise.parent", "RFC 9113 §6.6", Connection, PROTOCOL_ERROR, "PUSH_PROMISE on a stream that is neither open nor half-closed (local)";
    PushPromiseId, "h2.push-promise.id", "RFC 9113 §6.6", Connection, PROTOCOL_ERROR, "PUSH_PROMISE promises a stream identifier that is not a server's";
    PingStream, "h2.ping.stream", "RFC 9113 §6.7", Connection, PROTOCOL_ERROR, "PING on a stream other than 0";
    PingLength, "h2.ping.length", "RFC 9113 §6.7", Connection, FRAME_SIZE_ERROR, "PING whose length is not 8";
    GoAwayStream, "h2.goaway.stream", "RFC 9113 §6.8", Connection, PROTOCOL_ERROR, "GOAWAY on a stream other than 0";
    GoAwayLength, "h2.goaway.length", "RFC 9113 §4.2", Connection, FRAME_SIZE_ERROR, "GOAWAY shorter than 8 bytes";
    GoAwayIncreased, "h2.goaway.increased", "RFC 9113 §6.8", Connection, PROTOCOL_ERROR, "GOAWAY with a greater last stream identifier than the one before";
    WindowUpdateLength, "h2.window-update.length", "RFC 9113 §6.9", Connection, FRAME_SIZE_ERROR, "WINDOW_UPDATE whose length is not 4";
    WindowUpdateZero, "h2.window-update.zero", "RFC 9113 §6.9", Stream, PROTOCOL_ERROR, "WINDOW_UPDATE by 0 on a stream";
    WindowUpdateZeroConnection, "h2.window-update.zero-connection", "RFC 9113 §6.9", Connection, PROTOCOL_ERROR, "WINDOW_UPDATE by 0 on the connection";
    WindowUpdateOverflow, "h2.window-update.overflow", "RFC 9113 §6.9.1", Stream, FLOW_CONTROL_ERROR, "WINDOW_UPDATE lifts a stream's window above 2^31-1";
    WindowUpdateOverflowConnection, "h2.window-update.overflow-connection", "RFC 9113 §6.9.1", Connection, FLOW_CONTROL_ERROR, "WINDOW_UPDATE lifts the connection's window above 2^31-1";
    ContinuationUnexpected, "h2.continuation.unexpected", "RFC 9113 §6.10", Connection, PROTOCOL_ERROR, "CONTINUATION without a header block before it";
    ContinuationInterrupted, "h2.continuation.interrupted", "RFC 9113 §6.2", Connection, PROTOCOL_ERROR, "another frame interrupts a header block";
    ContinuationStream, "h2.continuation.stream", "RFC 9113 §6.10", Connection, PROTOCOL_ERROR, "CONTINUATION on another stream than its header block";
    PriorityUpdateStream, "h2.priority-update.stream", "RFC 9218 §7.1", Connection, PROTOCOL_ERROR, "PRIORITY_UPDATE on a stream other than 0";
    PriorityUpdateLength, "h2.priority-update.length", "RFC 9218 §7.1", Connection, FRAME_SIZE_ERROR, "PRIORITY_UPDATE shorter than 4 bytes";
    PriorityUpdateZero, "h2.priority-update.zero", "RFC 9218 §7.1", Connection, PROTOCOL_ERROR, "PRIORITY_UPDATE for stream 0";
    PriorityUpdateIdle, "h2.priority-update.idle", "RFC 9218 §7.1", Connection, PROTOCOL_ERROR, "PRIORITY_UPDATE for a pushed stream that is idle";

    PriorityUpdateFromServer, "h2.priority-update.from-server", "RFC 9218 §7.1", Connection, PROTOCOL_ERROR, "a server sends PRIORITY_UPDATE";

    // Malformed messages
    FieldNameEmpty, "h2.field-name.empty", "RFC 9113 §8.2.1", Stream, PROTOCOL_ERROR, "a header name is empty";
    FieldNameUppercase, "h2.field-name.uppercase", "RFC 9113 §8.2.1", Stream, PROTOCOL_ERROR, "a header name has an uppercase letter";
    FieldNameForbidden, "h2.field-name.forbidden", "RFC 9113 §8.2.1", Stream, PROTOCOL_ERROR, "a header name has a byte that is not allowed in names";
    FieldValueForbidden, "h2.field-value.forbidden", "RFC 9113 §8.2.1", Stream, PROTOCOL_ERROR, "a header value has NUL, CR or LF";
    FieldValueWhitespace, "h2.field-value.whitespace", "RFC 9113 §8.2.1", Stream, PROTOCOL_ERROR, "a header value begins or ends with whitespace";
    ConnectionSpecific, "h2.field.connection-specific", "RFC 9113 §8.2.2", Stream, PROTOCOL_ERROR, "a connection-specific header";
    TeNotTrailers, "h2.field.te", "RFC 9113 §8.2.2", Stream, PROTOCOL_ERROR, "te has a value other than trailers";
    HostDiffers, "h2.field.host", "RFC 9113 §8.3.1", Stream, PROTOCOL_ERROR, "host differs from :authority";
    PseudoUnknown, "h2.pseudo.unknown", "RFC 9113 §8.3", Stream, PROTOCOL_ERROR, "a pseudo-header that this message must not have";
    PseudoAfterField, "h2.pseudo.after-field", "RFC 9113 §8.3", Stream, PROTOCOL_ERROR, "a pseudo-header after another header";
    PseudoDuplicate, "h2.pseudo.duplicate", "RFC 9113 §8.3", Stream, PROTOCOL_ERROR, "a pseudo-header appears twice";
    PseudoMissing, "h2.pseudo.missing", "RFC 9113 §8.3.1", Stream, PROTOCOL_ERROR, "a required pseudo-header is missing";
    PseudoInTrailers, "h2.pseudo.trailers", "RFC 9113 §8.1", Stream, PROTOCOL_ERROR, "a pseudo-header in trailers";
    MethodInvalid, "h2.pseudo.method", "RFC 9113 §8.3.1", Stream, PROTOCOL_ERROR, ":method is not a token";
    SchemeInvalid, "h2.pseudo.scheme", "RFC 9113 §8.3.1", Stream, PROTOCOL_ERROR, ":scheme is not a scheme";
    PathInvalid, "h2.pseudo.path", "RFC 9113 §8.3.1", Stream, PROTOCOL_ERROR, ":path is empty or does not begin with a slash";
    AuthorityInvalid, "h2.pseudo.authority", "RFC 9113 §8.3.1", Stream, PROTOCOL_ERROR, ":authority is not a host with an optional port";
    ConnectForm, "h2.connect.form", "RFC 9113 §8.5", Stream, PROTOCOL_ERROR, "CONNECT with :scheme or :path, or without :authority";
    ProtocolNotAnnounced, "h2.connect.protocol-not-announced", "RFC 8441 §4", Stream, PROTOCOL_ERROR, ":protocol, but our SETTINGS_ENABLE_CONNECT_PROTOCOL is not 1";
    ProtocolForm, "h2.connect.protocol-form", "RFC 8441 §4", Stream, PROTOCOL_ERROR, ":protocol with another method than CONNECT, or without :scheme, :path and :authority";
    ContentLengthInvalid, "h2.content-length.invalid", "RFC 9110 §8.6", Stream, PROTOCOL_ERROR, "content-length is not one decimal number";
    ContentLengthMismatch, "h2.content-length.mismatch", "RFC 9113 §8.1.1", Stream, PROTOCOL_ERROR, "the DATA frames do not add up to content-length";
    StatusMissing, "h2.status.missing", "RFC 9113 §8.3.2", Stream, PROTOCOL_ERROR, "a response without :status";
    StatusInvalid, "h2.status.invalid", "RFC 9110 §15", Stream, PROTOCOL_ERROR, ":status is not a number of three digits, 100 or more";
    StatusSwitching, "h2.status.101", "RFC 9113 §8.6", Stream, PROTOCOL_ERROR, "status 101, which HTTP/2 does not have";
    ResponseInterimEnd, "h2.response.interim-end", "RFC 9113 §8.1", Stream, PROTOCOL_ERROR, "an interim response with END_STREAM";
    ResponseDataFirst, "h2.response.data-first", "RFC 9113 §8.1", Stream, PROTOCOL_ERROR, "DATA before the header section of a final response";
    ResponseContent, "h2.response.content", "RFC 9110 §6.4.1", Stream, PROTOCOL_ERROR, "content in a response that has none: to HEAD, or with 204 or 304";
    PromiseMethod, "h2.promise.method", "RFC 9113 §8.4", Stream, PROTOCOL_ERROR, "a promised request whose method is not safe and cacheable";
    PromiseContent, "h2.promise.content", "RFC 9113 §8.4", Stream, PROTOCOL_ERROR, "a promised request with content";
    PromiseAuthority, "h2.promise.authority", "RFC 9113 §8.4", Stream, PROTOCOL_ERROR, "a promised request without :authority";
    TunnelHeaders, "h2.connect.headers", "RFC 9113 §8.5", Stream, PROTOCOL_ERROR, "HEADERS on the stream of a CONNECT tunnel";
    TrailersEndStream, "h2.trailers.end-stream", "RFC 9113 §8.1", Stream, PROTOCOL_ERROR, "a second header section without END_STREAM";

    // Limits: floods that are within the letter of the RFC (RFC 9113 §10.5)
    LimitFieldSection, "h2.limit.field-section", "RFC 9113 §10.5.1", Stream, ENHANCE_YOUR_CALM, "the headers are larger than our SETTINGS_MAX_HEADER_LIST_SIZE";
    LimitFieldBlock, "h2.limit.field-block", "RFC 9113 §10.5.1", Connection, ENHANCE_YOUR_CALM, "a header block has too many bytes";
    LimitContinuations, "h2.limit.continuations", "RFC 9113 §10.5.1", Connection, ENHANCE_YOUR_CALM, "a header block is split into too many CONTINUATION frames";
    LimitResets, "h2.limit.resets", "RFC 9113 §10.5", Connection, ENHANCE_YOUR_CALM, "too many streams were reset by the peer";
    LimitErrors, "h2.limit.errors", "RFC 9113 §10.5", Connection, ENHANCE_YOUR_CALM, "too many streams had to be reset because of what the peer sent";
    LimitRefused, "h2.limit.refused", "RFC 9113 §10.5", Connection, ENHANCE_YOUR_CALM, "too many streams were opened beyond our SETTINGS_MAX_CONCURRENT_STREAMS";
    LimitSettings, "h2.limit.settings", "RFC 9113 §10.5", Connection, ENHANCE_YOUR_CALM, "too many SETTINGS";
    LimitPings, "h2.limit.pings", "RFC 9113 §10.5", Connection, ENHANCE_YOUR_CALM, "too many PINGs";
    LimitPriorities, "h2.limit.priorities", "RFC 9113 §10.5", Connection, ENHANCE_YOUR_CALM, "too many PRIORITY or PRIORITY_UPDATE";
    LimitEmptyData, "h2.limit.empty-data", "RFC 9113 §10.5", Connection, ENHANCE_YOUR_CALM, "too many DATA frames without data";
    LimitWindowUpdates, "h2.limit.window-updates", "RFC 9113 §10.5", Connection, ENHANCE_YOUR_CALM, "too many WINDOW_UPDATEs for what we sent";
    LimitUnknown, "h2.limit.unknown", "RFC 9113 §10.5", Connection, ENHANCE_YOUR_CALM, "too many frames that we ignore";
    LimitPromises, "h2.limit.promises", "RFC 9113 §10.5", Connection, ENHANCE_YOUR_CALM, "too many promised streams wait for their response";
    LimitFrameTime, "h2.limit.frame-time", "RFC 9113 §10.5", Connection, ENHANCE_YOUR_CALM, "a frame or header block that has begun does not end in time";
    LimitStall, "h2.limit.stall", "RFC 9113 §10.5", Connection, ENHANCE_YOUR_CALM, "content waits for the peer's windows, and the peer says nothing (limits.stall_timeout)";
    LimitQueued, "h2.limit.queued", "RFC 9113 §10.5", Connection, ENHANCE_YOUR_CALM, "the peer makes us answer but does not read the answers";
}

impl Rule {
    /// The rule with this id.
    pub fn by_id(id: &str) -> Option<Rule> {
        Self::ALL.iter().copied().find(|rule| rule.id() == id)
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.id(), self.section(), self.text())
    }
}
