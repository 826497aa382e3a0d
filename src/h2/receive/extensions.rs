//! PRIORITY, and frames that other RFCs define: checked and reported, with no effect on what is sent.

use crate::h2::connection::Connection;
use crate::h2::events::Event;
use crate::h2::limits::within;
use crate::h2::rules::Rule;
use crate::h2::state::State;
use crate::http::role::Role;
use crate::wire::frame::{AltSvc, FrameHeader, Origin, Priority, PriorityUpdate, RawFrame};

impl Connection {
    pub(super) fn on_priority(&mut self, frame: &RawFrame) {
        let header = frame.header;
        let id = header.stream_id;
        if id == 0 {
            self.violation(Rule::PriorityStreamZero, 0, Some(header), "");
            return;
        }
        if !self.count_priority(header) {
            return;
        }
        match Priority::parse(frame) {
            Ok(priority) if priority.dependency == id => {
                self.violation(Rule::PrioritySelfDependency, id, Some(header), "");
            }
            Ok(_) => {}
            Err(error) => {
                self.violation(Rule::PriorityLength, id, Some(header), error.to_string());
            }
        }
    }

    pub(super) fn on_priority_update(&mut self, frame: &RawFrame) {
        let header = frame.header;
        if header.stream_id != 0 && !self.violation(Rule::PriorityUpdateStream, header.stream_id, Some(header), "") {
            return;
        }
        if self.role == Role::Client && !self.violation(Rule::PriorityUpdateFromServer, 0, Some(header), "") {
            return;
        }
        if !self.count_priority(header) {
            return;
        }
        let (id, value) = match PriorityUpdate::parse(frame) {
            Ok(PriorityUpdate { prioritized_stream_id, value, .. }) => (prioritized_stream_id, value),
            Err(error) => {
                self.violation(Rule::PriorityUpdateLength, 0, Some(header), error.to_string());
                return;
            }
        };
        if id == 0 {
            self.violation(Rule::PriorityUpdateZero, 0, Some(header), "");
            return;
        }
        let idle_push = !self.streams.is_peers(id) && self.streams.state(id) == State::Idle;
        if idle_push && !self.violation(Rule::PriorityUpdateIdle, 0, Some(header), id.to_string()) {
            return;
        }
        self.events.push(Event::PriorityUpdate { stream: id, value });
    }

    /// An alternative service; invalid ones are ignored, and so are those of a client (RFC 7838 §4).
    pub(super) fn on_altsvc(&mut self, frame: &RawFrame) {
        let header = frame.header;
        let stream = header.stream_id;
        match AltSvc::parse(frame) {
            Ok(AltSvc { origin, value }) if self.role == Role::Client && (stream == 0) != origin.is_empty() => {
                self.events.push(Event::AltSvc { stream, origin, value });
            }
            _ => self.count_unknown(header),
        }
    }

    /// Origins; those on a stream, with a flag or of a client are ignored (RFC 8336 §2.1, §2.2).
    pub(super) fn on_origin(&mut self, frame: &RawFrame) {
        let header = frame.header;
        match Origin::parse(frame) {
            Ok(Origin { entries }) if self.role == Role::Client && header.stream_id == 0 && header.flags & 0xf == 0 => {
                self.events.push(Event::Origin { origins: entries });
            }
            _ => self.count_unknown(header),
        }
    }

    fn count_priority(&mut self, header: FrameHeader) -> bool {
        within(&mut self.inbound.counts.num_priorities, self.limits.max_priorities)
            || self.violation(Rule::LimitPriorities, 0, Some(header), "")
    }
}
