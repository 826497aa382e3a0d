//! PRIORITY and PRIORITY_UPDATE: checked and reported, with no effect on what is sent.

use crate::h2::connection::Connection;
use crate::h2::events::Event;
use crate::h2::limits::within;
use crate::h2::rules::Rule;
use crate::h2::state::State;
use crate::wire::frame::{FrameHeader, Priority, PriorityUpdate, RawFrame};

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

    fn count_priority(&mut self, header: FrameHeader) -> bool {
        within(&mut self.inbound.counts.num_priorities, self.limits.max_priorities)
            || self.violation(Rule::LimitPriorities, 0, Some(header), "")
    }
}
