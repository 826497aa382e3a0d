//! What makes a message malformed (RFC 9113 §8), and what our own messages must not contain.

mod octets;
mod received;
mod sent;

pub(super) use received::{Faults, read_promise, read_request, read_response, trailer_faults};
pub use sent::check_head;
pub(super) use sent::{Status, check_promise, check_request, check_response, check_trailers};
