//! The tables of both sides against a second copy of RFC 9113 §5.1, written by hand from its prose.

use crate::h2::{Effect, Input, Role, Rule, State};

/// RFC 9113 §5.1, state by state, as sentences.
fn by_the_prose(role: Role, state: State, input: Input) -> (Effect, State) {
    use Input::*;
    use State::*;
    let stay = |effect| (effect, state);
    let violation = |rule| (Effect::Violation(rule), state);
    // "PRIORITY frames can be sent and received in any stream state" (RFC 9113 §5.1, §6.3)
    if matches!(input, SendPriority | ReceivePriority) {
        return stay(Effect::Proceed);
    }
    // "A client cannot push. Thus, servers MUST treat the receipt of a PUSH_PROMISE frame as a connection error of type
    // PROTOCOL_ERROR" (RFC 9113 §8.4); "A server ... cannot initiate" a stream by HEADERS: it promises it first, and if
    // an idle "stream is initiated by the server, ... then receiving a HEADERS frame MUST also be treated as a connection
    // error of type PROTOCOL_ERROR"
    match (role, state, input) {
        (Role::Client, _, SendPushPromise) => return stay(Effect::Refuse),
        (Role::Server, _, ReceivePushPromise) => return violation(Rule::PushPromiseFromClient),
        (Role::Client, Idle, ReceiveHeaders) => return violation(Rule::IdleHeaders),
        (Role::Server, Idle, SendHeaders) => return stay(Effect::Refuse),
        _ => {}
    }
    // "Sending or receiving a PUSH_PROMISE reserves an idle stream"
    match (state, input) {
        (Idle, SendPushPromise) => return (Effect::Proceed, ReservedLocal),
        (Idle, ReceivePushPromise) => return (Effect::Proceed, ReservedRemote),
        (_, SendPushPromise) => return stay(Effect::Refuse),
        (_, ReceivePushPromise) => return violation(Rule::StreamIdDecreasing),
        _ => {}
    }
    // "Either endpoint can send a RST_STREAM frame from this state", in all states but idle and closed
    let alive = !matches!(state, Idle | Closed | ClosedSentReset | ClosedReceivedReset);
    match input {
        SendReset if alive => return (Effect::Close, ClosedSentReset),
        ReceiveReset if alive => return (Effect::Close, ClosedReceivedReset),
        SendReset => return stay(Effect::Refuse),
        _ => {}
    }
    match state {
        // "Receiving any frame other than HEADERS or PRIORITY on a stream in this state MUST be treated as a
        // connection error of type PROTOCOL_ERROR"
        Idle => match input {
            SendHeaders | ReceiveHeaders => (Effect::Open, Open),
            ReceiveData | ReceiveEndStream | ReceiveReset | ReceiveWindowUpdate => violation(Rule::IdleFrame),
            _ => stay(Effect::Refuse),
        },
        // "The endpoint can send a HEADERS frame. This causes the stream to open in a half-closed (remote) state."
        ReservedLocal => match input {
            SendHeaders => (Effect::Open, HalfClosedRemote),
            ReceiveWindowUpdate => stay(Effect::Proceed),
            ReceiveHeaders | ReceiveData | ReceiveEndStream => violation(Rule::ReservedFrame),
            _ => stay(Effect::Refuse),
        },
        // "Receiving a HEADERS frame causes the stream to transition to half-closed (local)"; "An endpoint MUST NOT send
        // any type of frame other than RST_STREAM, WINDOW_UPDATE, or PRIORITY"
        ReservedRemote => match input {
            ReceiveHeaders => (Effect::Open, HalfClosedLocal),
            SendWindowUpdate => stay(Effect::Proceed),
            ReceiveData | ReceiveEndStream | ReceiveWindowUpdate => violation(Rule::ReservedFrame),
            _ => stay(Effect::Refuse),
        },
        // "may be used by both peers to send frames of any type"
        Open => match input {
            SendEndStream => (Effect::Proceed, HalfClosedLocal),
            ReceiveEndStream => (Effect::Proceed, HalfClosedRemote),
            _ => stay(Effect::Proceed),
        },
        // "cannot be used for sending frames other than WINDOW_UPDATE, PRIORITY, and RST_STREAM"
        HalfClosedLocal => match input {
            SendHeaders | SendData | SendEndStream => stay(Effect::Refuse),
            ReceiveEndStream => (Effect::Close, Closed),
            _ => stay(Effect::Proceed),
        },
        // "If an endpoint receives additional frames, other than WINDOW_UPDATE, PRIORITY, or RST_STREAM, ... it MUST
        // respond with a stream error of type STREAM_CLOSED"
        HalfClosedRemote => match input {
            ReceiveHeaders | ReceiveData | ReceiveEndStream => violation(Rule::HalfClosedFrame),
            SendEndStream => (Effect::Close, Closed),
            _ => stay(Effect::Proceed),
        },
        // "MUST NOT send frames other than PRIORITY on a closed stream"; WINDOW_UPDATE and RST_STREAM may be late; after
        // our own reset anything may be
        Closed | ClosedSentReset | ClosedReceivedReset => match input {
            SendHeaders | SendData | SendEndStream | SendWindowUpdate => stay(Effect::Refuse),
            ReceiveWindowUpdate | ReceiveReset => stay(Effect::Discard),
            _ if state == ClosedSentReset => stay(Effect::Discard),
            _ if state == ClosedReceivedReset => violation(Rule::ResetFrame),
            _ => violation(Rule::ClosedFrame),
        },
    }
}

#[test]
fn table_says_what_the_prose_says() {
    for role in [Role::Client, Role::Server] {
        for state in State::ALL {
            for input in Input::ALL {
                let expected = by_the_prose(role, state, input);
                assert_eq!(state.step(role, input), expected, "{role:?}, {state:?}, {input:?}");
            }
        }
    }
}

#[test]
fn rows_and_columns_are_in_order() {
    assert_eq!((Role::Client as usize, Role::Server as usize), (0, 1));
    for (index, state) in State::ALL.into_iter().enumerate() {
        assert_eq!(state as usize, index);
    }
    for (index, input) in Input::ALL.into_iter().enumerate() {
        assert_eq!(input as usize, index);
    }
}
