//! `[transcript]`.

use super::section::whole;
use super::table::keys;
use crate::transcript::Options;

const GIB: u64 = 1 << 30;

keys! {
    /// What is recorded of connections, and for how long: `[transcript]`.
    Transcript for options: Options, in "transcript." {
        /// Bytes of [transcript](transcripts.md) per connection, the newest records; 0 records nothing.
        connection: usize => options.connection, whole(0..=GIB), Start;
        /// Bytes of transcript for all connections, in addition to the first 4 KiB of each open one.
        total: usize => options.total, whole(0..=64 * GIB), Start;
        /// Bytes kept of each DATA frame's content, and of each run of bytes over HTTP/1.1.
        data: usize => options.data, whole(0..=GIB), Start;
        /// Closed connections whose transcripts are kept.
        closed: usize => options.closed, whole(0..=1_000_000), Start;
    }
}

impl Transcript {
    /// As the hub of transcripts takes them.
    pub fn options(&self) -> Options {
        let mut options = Options::default();
        self.apply(&mut options);
        options
    }
}
