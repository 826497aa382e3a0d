//! By what one state of a file is told from another.

use std::fs::{self, Metadata};
use std::hash::Hash;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// File systems write times down in steps of up to two seconds: what changed within one step looks unchanged.
const STEP: Duration = Duration::from_secs(2);

/// Two equal stamps mean an unchanged file, unless it was [young](Stamp::is_young) when it was read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::site) struct Stamp {
    pub length: u64,
    modified: Option<SystemTime>,
    /// Modified, renamed, or its modification time set.
    changed: Option<SystemTime>,
    identity: u64,
}

impl Stamp {
    pub fn of(metadata: &Metadata) -> Self {
        let modified = metadata.modified().ok();
        let (changed, identity) = details(metadata);
        Self { length: metadata.len(), modified, changed, identity }
    }

    /// Of a regular file; `None` if there is none.
    pub fn look(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().filter(Metadata::is_file).map(|metadata| Self::of(&metadata))
    }

    /// As [`Stamp::look`], with the reason why there is none.
    pub fn try_look(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        if metadata.is_file() { Ok(Self::of(&metadata)) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    /// Whether the file may change after `now` and its times stay what they are.
    pub fn is_young(&self, now: SystemTime) -> bool {
        match self.changed.max(self.modified) {
            // A time in the future says nothing.
            Some(time) => now.duration_since(time).map_or(true, |age| age < STEP),
            None => true,
        }
    }
}

#[cfg(unix)]
fn details(metadata: &Metadata) -> (Option<SystemTime>, u64) {
    use std::os::unix::fs::MetadataExt;
    let seconds = u64::try_from(metadata.ctime()).unwrap_or_default();
    let nanoseconds = u32::try_from(metadata.ctime_nsec()).unwrap_or_default();
    (SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, nanoseconds)), metadata.ino())
}

#[cfg(not(unix))]
fn details(_metadata: &Metadata) -> (Option<SystemTime>, u64) {
    (None, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_young_for_two_seconds_and_while_its_time_is_in_the_future() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "x").unwrap();
        let stamp = Stamp::look(&path).unwrap();
        let written = stamp.changed.max(stamp.modified).unwrap();
        assert!(stamp.is_young(written) && stamp.is_young(written + Duration::from_millis(1_999)));
        assert!(!stamp.is_young(written + STEP));
        assert!(stamp.is_young(written - Duration::from_secs(60)));
    }

    #[test]
    #[cfg(unix)]
    fn another_file_of_the_same_time_and_length_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&a, "x").unwrap();
        fs::write(&b, "y").unwrap();
        let time = fs::metadata(&a).unwrap().modified().unwrap();
        fs::File::options().write(true).open(&b).unwrap().set_modified(time).unwrap();
        assert_ne!(Stamp::look(&a), Stamp::look(&b));
        let before = Stamp::look(&a);
        fs::rename(&b, &a).unwrap();
        assert_ne!(Stamp::look(&a), before);
    }

    #[test]
    fn what_is_no_regular_file_has_none() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Stamp::look(folder.path()), None);
        assert_eq!(Stamp::try_look(folder.path()).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
