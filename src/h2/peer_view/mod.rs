//! What raw commands have made the peer see.
//!
//! The engine's own state says what it means to send. Once raw frames were sent, the peer may have seen something else:
//! a stream that ended, half a field block, a window that is used up. [`PeerView`] reads every raw byte as the peer does,
//! remembers what matters, and says what follows for the connection as a list of [`Consequence`]s. It knows no
//! connection, and a connection without raw commands has no `PeerView`.

mod call;
mod frame_rules;
mod open_block;
mod reading;
mod rules;
mod sections;
mod view;

pub use call::{RawCall, Track};
pub(super) use reading::{Consequence, Context};
pub(super) use view::PeerView;
