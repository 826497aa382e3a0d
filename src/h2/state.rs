//! The life of a stream as a table: state × input → effect, next state (RFC 9113 §5.1).

use super::rules::Rule;
use crate::http::role::Role;

/// The states of RFC 9113 §5.1. "closed" is kept apart by how it came about, because what may still arrive differs.
///
/// ```text
///                              +--------+
///                      send PP |        | recv PP
///                     ,--------+  idle  +--------.
///                    /         |        |         \
///                   v          +--------+          v
///            +----------+          |           +----------+
///            |          |          | send H /  |          |
///     ,------+ reserved |          | recv H    | reserved +------.
///     |      | (local)  |          |           | (remote) |      |
///     |      +---+------+          v           +------+---+      |
///     |          |             +--------+             |          |
///     |          |     recv ES |        | send ES     |          |
///     |   send H |     ,-------+  open  +-------.     | recv H   |
///     |          |    /        |        |        \    |          |
///     |          v   v         +---+----+         v   v          |
///     |      +----------+          |           +----------+      |
///     |      |   half-  |          |           |   half-  |      |
///     |      |  closed  |          | send R /  |  closed  |      |
///     |      | (remote) |          | recv R    | (local)  |      |
///     |      +----+-----+          |           +-----+----+      |
///     |           |                |                 |           |
///     |           | send ES /      |       recv ES / |           |
///     |           |  send R /      v        send R / |           |
///     |           |  recv R    +--------+   recv R   |           |
///     | send R /  `----------->|        |<-----------'  send R / |
///     | recv R                 | closed |               recv R   |
///     `----------------------->|        |<-----------------------'
///                              +--------+
/// H: HEADERS, PP: PUSH_PROMISE (on the promised stream), ES: END_STREAM, R: RST_STREAM
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum State {
    /// Nothing was sent or received.
    Idle,
    /// We promised it.
    ReservedLocal,
    /// The peer promised it.
    ReservedRemote,
    /// Both may send.
    Open,
    /// We ended our half.
    HalfClosedLocal,
    /// The peer ended its half.
    HalfClosedRemote,
    /// Both ended their halves.
    Closed,
    /// We sent RST_STREAM: anything may still arrive.
    ClosedSentReset,
    /// The peer sent RST_STREAM.
    ClosedReceivedReset,
}

/// What happens to a stream. END_STREAM is an input of its own, after that of its frame.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "the names of frames")]
pub enum Input {
    SendHeaders,
    SendData,
    SendEndStream,
    SendReset,
    SendPushPromise,
    SendWindowUpdate,
    SendPriority,
    ReceiveHeaders,
    ReceiveData,
    ReceiveEndStream,
    ReceiveReset,
    ReceivePushPromise,
    ReceiveWindowUpdate,
    ReceivePriority,
}

/// What follows from an input.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Effect {
    /// It is in order.
    Proceed,
    /// It is in order, and from here on the stream counts as open.
    Open,
    /// It is in order, and the stream is over.
    Close,
    /// It is late but allowed: process what concerns the connection and discard the rest.
    Discard,
    /// The peer may not send it.
    Violation(Rule),
    /// We may not send it.
    Refuse,
}

impl State {
    /// All states, in the order of the table.
    pub const ALL: [State; 9] = [
        State::Idle,
        State::ReservedLocal,
        State::ReservedRemote,
        State::Open,
        State::HalfClosedLocal,
        State::HalfClosedRemote,
        State::Closed,
        State::ClosedSentReset,
        State::ClosedReceivedReset,
    ];

    /// The effect of an input in this state for this side, and the state after it.
    pub fn step(self, role: Role, input: Input) -> (Effect, State) {
        let (effect, next) = TABLES[role as usize][self as usize][input as usize];
        (effect, next.unwrap_or(self))
    }

    /// Whether the stream is over.
    pub fn is_closed(self) -> bool {
        matches!(self, Self::Closed | Self::ClosedSentReset | Self::ClosedReceivedReset)
    }
}

impl Input {
    /// All inputs, in the order of the table.
    pub const ALL: [Input; 14] = [
        Input::SendHeaders,
        Input::SendData,
        Input::SendEndStream,
        Input::SendReset,
        Input::SendPushPromise,
        Input::SendWindowUpdate,
        Input::SendPriority,
        Input::ReceiveHeaders,
        Input::ReceiveData,
        Input::ReceiveEndStream,
        Input::ReceiveReset,
        Input::ReceivePushPromise,
        Input::ReceiveWindowUpdate,
        Input::ReceivePriority,
    ];
}

type Cell = (Effect, Option<State>);

const OK: Cell = (Effect::Proceed, None);
const NO: Cell = (Effect::Refuse, None);
const LATE: Cell = (Effect::Discard, None);
const SENT_RESET: Cell = (Effect::Close, Some(State::ClosedSentReset));
const GOT_RESET: Cell = (Effect::Close, Some(State::ClosedReceivedReset));
const ENDED: Cell = (Effect::Close, Some(State::Closed));

const fn opens(next: State) -> Cell {
    (Effect::Open, Some(next))
}

const fn to(next: State) -> Cell {
    (Effect::Proceed, Some(next))
}

const fn bad(rule: Rule) -> Cell {
    (Effect::Violation(rule), None)
}

/// A promised stream that is not idle (RFC 9113 §5.1.1).
const USED: Cell = bad(Rule::StreamIdDecreasing);
const IDLE: Cell = bad(Rule::IdleFrame);
const RESERVED: Cell = bad(Rule::ReservedFrame);
const HALF: Cell = bad(Rule::HalfClosedFrame);
const CLOSED: Cell = bad(Rule::ClosedFrame);
const RESET: Cell = bad(Rule::ResetFrame);

type Table = [[Cell; 14]; 9];

/// The tables of both sides, in the order of [`Role`].
const TABLES: [Table; 2] = [client(), server()];

/// Only a client opens streams, and only a server promises them (RFC 9113 §5.1, §8.4).
const fn client() -> Table {
    let mut table = BOTH;
    let mut state = 0;
    while state < table.len() {
        table[state][Input::SendPushPromise as usize] = NO;
        state += 1;
    }
    table[State::Idle as usize][Input::ReceiveHeaders as usize] = bad(Rule::IdleHeaders);
    table
}

const fn server() -> Table {
    let mut table = BOTH;
    let mut state = 0;
    while state < table.len() {
        table[state][Input::ReceivePushPromise as usize] = bad(Rule::PushPromiseFromClient);
        state += 1;
    }
    table[State::Idle as usize][Input::SendHeaders as usize] = NO;
    table
}

/// What both sides have in common. One row per state; columns: send H, DATA, ES, R, PP, WINDOW_UPDATE, PRIORITY, then the same received.
#[rustfmt::skip]
const BOTH: Table = [
    // idle
    [opens(State::Open), NO, NO, NO, to(State::ReservedLocal), NO, OK,
     opens(State::Open), IDLE, IDLE, IDLE, to(State::ReservedRemote), IDLE, OK],
    // reserved (local)
    [opens(State::HalfClosedRemote), NO, NO, SENT_RESET, NO, NO, OK,
     RESERVED, RESERVED, RESERVED, GOT_RESET, USED, OK, OK],
    // reserved (remote)
    [NO, NO, NO, SENT_RESET, NO, OK, OK,
     opens(State::HalfClosedLocal), RESERVED, RESERVED, GOT_RESET, USED, RESERVED, OK],
    // open
    [OK, OK, to(State::HalfClosedLocal), SENT_RESET, NO, OK, OK,
     OK, OK, to(State::HalfClosedRemote), GOT_RESET, USED, OK, OK],
    // half-closed (local)
    [NO, NO, NO, SENT_RESET, NO, OK, OK,
     OK, OK, ENDED, GOT_RESET, USED, OK, OK],
    // half-closed (remote)
    [OK, OK, ENDED, SENT_RESET, NO, OK, OK,
     HALF, HALF, HALF, GOT_RESET, USED, OK, OK],
    // closed: both ended
    [NO, NO, NO, NO, NO, NO, OK,
     CLOSED, CLOSED, CLOSED, LATE, USED, LATE, OK],
    // closed: we reset it
    [NO, NO, NO, NO, NO, NO, OK,
     LATE, LATE, LATE, LATE, USED, LATE, OK],
    // closed: the peer reset it
    [NO, NO, NO, NO, NO, NO, OK,
     RESET, RESET, RESET, LATE, USED, LATE, OK],
];
