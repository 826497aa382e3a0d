//! How a raw command is meant.

use crate::h2::misuse::CallSite;

/// Whether local state follows a raw frame.
///
/// What the peer has seen is remembered in either case: that a stream was ended or reset, what header section and how
/// much content it got, what blocks did to its dynamic table, how far its windows are used up, where in a frame or
/// field block it is. Checked commands refuse to contradict that ([`Misuse::Contradicts`](crate::h2::Misuse)), and frames
/// that the peer could not read there wait.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Track {
    /// The frame counts like a checked one, as far as it can be read: HEADERS open our stream, END_STREAM and RST_STREAM
    /// end our half, SETTINGS apply once they are acknowledged, GOAWAY bounds new streams, the stream of a PUSH_PROMISE
    /// can be used.
    Yes,
    /// Our own state stays as it is: a stream that was ended or reset is still read until [`settle`], streams above
    /// that of a GOAWAY are still accepted, and the peer may follow SETTINGS or not.
    ///
    /// [`settle`]: crate::h2::Connection::settle
    No,
}

/// How a raw command is meant, and where it came from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RawCall {
    /// Whether local state follows.
    pub track: Track,
    /// What a contradiction names as its cause.
    pub site: CallSite,
}

impl Track {
    /// A raw command from there.
    pub fn at(self, site: CallSite) -> RawCall {
        RawCall { track: self, site }
    }
}

impl From<Track> for RawCall {
    fn from(track: Track) -> Self {
        track.at(CallSite::default())
    }
}
