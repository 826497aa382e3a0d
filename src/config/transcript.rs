//! `[transcript]`.

use super::section::{future_folder, whole};
use super::table::keys;
use crate::transcript::Options;
use std::path::PathBuf;

const KIB: u64 = 1 << 10;
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
        /// A directory to write transcripts to as well, a file of JSON Lines per connection; made if it is missing.
        folder: Option<PathBuf> = None, |item| future_folder(item).map(Some), Start,
            "--transcript" => |given| given.transcript.clone().map(Some);
        /// Bytes of one file in `folder`; records beyond them are only counted.
        file_size: u64 = 64 << 20, whole(16 * KIB..=1024 * GIB), Start;
        /// Files in `folder`; when there are more, the oldest go.
        files: usize = 1000, whole(1..=1_000_000), Start;
    }
}

impl Transcript {
    /// As the hub of transcripts takes them.
    pub fn options(&self) -> Options {
        let mut options = Options::default();
        self.apply(&mut options);
        options
    }

    /// The files to write; `None` if no directory is named.
    pub fn folder(&self) -> Option<Folder> {
        let path = self.folder.value.clone()?;
        Some(Folder { path, file_size: self.file_size.value, files: self.files.value })
    }
}

/// Where transcripts are written, and how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// The directory.
    pub path: PathBuf,
    /// Bytes of one file.
    pub file_size: u64,
    /// Files in the directory.
    pub files: usize,
}
