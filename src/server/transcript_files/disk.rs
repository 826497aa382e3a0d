//! The directory with the files: writing, keeping their number, and what the log says when it fails.

use super::file::File;
use crate::config::transcript::Folder;
use crate::net;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashSet};
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::time::Instant;

/// Connections that may wait for a disk that fails, before those that have ended are given up.
const MAX_WAITING: usize = 1_000;
/// Files about which the log says that records are missing.
const MAX_TOLD: u32 = 20;

/// The directory.
pub(super) struct Disk {
    folder: Folder,
    /// The names of all files in it.
    names: RefCell<BTreeSet<String>>,
    /// Those that are being written.
    open: RefCell<HashSet<String>>,
    /// Since when nothing can be written.
    failing: Cell<Option<Instant>>,
    waiting: Cell<usize>,
    /// Connections that were given up or missed.
    lost: Cell<u64>,
    told: Cell<u32>,
}

/// Counts something that waits, until it is dropped.
pub(super) struct Waiting<'a>(&'a Cell<usize>);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Disk {
    pub fn new(folder: Folder) -> Self {
        let names = fs::read_dir(&folder.path).into_iter().flatten().flatten();
        let names = names.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| is_ours(name));
        Self {
            names: RefCell::new(names.collect()),
            folder,
            open: RefCell::default(),
            failing: Cell::new(None),
            waiting: Cell::new(0),
            lost: Cell::new(0),
            told: Cell::new(0),
        }
    }

    /// Bytes of one file.
    pub fn max_size(&self) -> u64 {
        self.folder.file_size
    }

    /// Writes the text of a file; false if the disk refuses it.
    pub fn write(&self, file: &mut File) -> bool {
        match self.try_write(file) {
            Ok(()) => {
                if let Some(since) = self.failing.take() {
                    let time = net::now().saturating_duration_since(since).as_secs();
                    tracing::info!("transcripts: {} can be written again, after {time} s", self.shown());
                }
                true
            }
            Err(error) => {
                if self.failing.get().is_none() {
                    self.failing.set(Some(net::now()));
                    tracing::warn!(
                        "transcripts: cannot write to {}: {error}; the server goes on and tries again every second; \
                         records that do not fit into memory meanwhile are dropped",
                        self.shown()
                    );
                }
                false
            }
        }
    }

    fn try_write(&self, file: &mut File) -> io::Result<()> {
        let name = match file.name.clone() {
            Some(name) if self.folder.path.join(&name).exists() => name,
            Some(name) => {
                tracing::warn!("transcripts: {name} was removed while it was written; it begins again");
                self.open.borrow_mut().remove(&name);
                file.name = None;
                file.was_removed();
                self.create(file)?
            }
            None => self.create(file)?,
        };
        append(&self.folder.path.join(name), file.size, file.text())?;
        file.wrote();
        Ok(())
    }

    /// Makes the file, with its first line.
    fn create(&self, file: &mut File) -> io::Result<String> {
        let stem = file.facts.file_name();
        let head = file.head();
        for number in 1_u32.. {
            let name = if number == 1 { format!("{stem}.jsonl") } else { format!("{stem}-{number}.jsonl") };
            let path = self.folder.path.join(&name);
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            let made = options.open(&path).or_else(|error| match error.kind() {
                ErrorKind::NotFound => {
                    fs::create_dir_all(&self.folder.path)?;
                    options.open(&path)
                }
                _ => Err(error),
            });
            match made {
                Ok(mut made) => {
                    if let Err(error) = made.write_all(head.as_bytes()) {
                        // An empty file says nothing.
                        let _ = fs::remove_file(&path);
                        return Err(error);
                    }
                    (file.name, file.size) = (Some(name.clone()), head.len() as u64);
                    self.add(&name);
                    return Ok(name);
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    /// A file is there: the oldest go if there are too many.
    fn add(&self, name: &str) {
        let (mut names, mut open) = (self.names.borrow_mut(), self.open.borrow_mut());
        names.insert(name.to_owned());
        open.insert(name.to_owned());
        while names.len() > self.folder.files
            && let Some(oldest) = names.iter().find(|name| !open.contains(*name)).cloned()
        {
            names.remove(&oldest);
            match fs::remove_file(self.folder.path.join(&oldest)) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    tracing::warn!("transcripts: cannot remove {oldest}: {error}");
                }
                _ => {}
            }
        }
    }

    /// A file is complete.
    pub fn done(&self, file: &File) {
        let Some(name) = &file.name else { return };
        self.open.borrow_mut().remove(name);
        if file.dropped > 0 && self.told.get() < MAX_TOLD {
            self.told.set(self.told.get() + 1);
            let (id, count) = (file.facts.id, file.dropped);
            tracing::warn!(connection = id, "transcripts: {count} records are not in {name}, which says where and why");
        }
    }

    /// A file stays incomplete, or was not made.
    pub fn give_up(&self, file: &File) {
        if let Some(name) = &file.name {
            self.open.borrow_mut().remove(name);
        }
        self.skip(1);
    }

    /// Connections have no file, or an incomplete one.
    pub fn skip(&self, count: u64) {
        if self.lost.replace(self.lost.get() + count) == 0 {
            tracing::warn!(
                "transcripts: a connection ended before it could be written; more are counted until the end"
            );
        }
    }

    /// Counts the caller among those that wait for the disk.
    pub fn wait(&self) -> Waiting<'_> {
        self.waiting.set(self.waiting.get() + 1);
        Waiting(&self.waiting)
    }

    /// Whether more connections wait for the disk than are kept for it.
    pub fn is_crowded(&self) -> bool {
        self.waiting.get() > MAX_WAITING
    }

    /// Nothing follows.
    pub fn finish(&self) {
        let lost = self.lost.get();
        if lost > 0 {
            tracing::warn!("transcripts: {lost} connections are not, or not completely, in {}", self.shown());
        }
    }

    fn shown(&self) -> impl std::fmt::Display + '_ {
        self.folder.path.display()
    }
}

/// Adds a text to a file of `size` bytes. What was written in part before is cut off.
fn append(path: &Path, size: u64, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).open(path)?;
    if file.metadata()?.len() != size {
        file.set_len(size)?;
    }
    let written = file.write_all(text.as_bytes());
    if written.is_err() {
        // Tried again before the next write.
        let _ = file.set_len(size);
    }
    written
}

/// Whether a file is named as ours are: `20261201-003011-000007-h2.jsonl`.
fn is_ours(name: &str) -> bool {
    let Some(parts) = name.strip_suffix(".jsonl").map(|stem| stem.split('-').collect::<Vec<_>>()) else { return false };
    let is_number = |text: &str, min: usize| text.len() >= min && text.bytes().all(|octet| octet.is_ascii_digit());
    match parts[..] {
        [date, time, id, protocol, ref more @ ..] => {
            is_number(date, 8)
                && is_number(time, 6)
                && is_number(id, 6)
                && matches!(protocol, "h1" | "h2")
                && matches!(more, [] | [_])
        }
        _ => false,
    }
}
