//! Files that are open, each once, for all that read them.

use super::stamp::Stamp;
use bytes::Bytes;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::Path;
use std::rc::{Rc, Weak};

/// Entries from which on those of closed files are removed.
const MANY: usize = 64;

/// An open file, read by position, so that any number of responses share it. It is closed with the last of them.
#[derive(Clone, Debug)]
pub(in crate::site) struct Opened(Rc<File>);

impl Opened {
    /// Bytes of it at present.
    ///
    /// # Errors
    /// The system does not say.
    pub fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    /// `count` bytes from `first` on.
    ///
    /// # Errors
    /// It cannot be read, or has fewer.
    pub fn read(&self, first: u64, count: usize) -> io::Result<Bytes> {
        let mut piece = vec![0; count];
        read_exact_at(&self.0, &mut piece, first)?;
        Ok(piece.into())
    }

    /// Up to `count` bytes from its beginning.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn begin(&self, count: u64) -> io::Result<Bytes> {
        let count = usize::try_from(self.length()?.min(count)).unwrap_or(usize::MAX);
        self.read(0, count)
    }
}

impl From<File> for Opened {
    fn from(file: File) -> Self {
        Self(Rc::new(file))
    }
}

/// The open files of a worker, by path.
#[derive(Default)]
pub(super) struct OpenFiles(RefCell<HashMap<OsString, Weak<File>>>);

impl OpenFiles {
    /// The regular file at `path`: as it is open already, if that is still the file there.
    ///
    /// # Errors
    /// It cannot be opened, or is not a regular file.
    pub fn open(&self, path: &Path) -> io::Result<Opened> {
        let there = Stamp::try_look(path)?;
        let known = self.0.borrow().get(path.as_os_str()).and_then(Weak::upgrade);
        if let Some(file) = known
            && file.metadata().is_ok_and(|metadata| Stamp::of(&metadata) == there)
        {
            return Ok(Opened(file));
        }
        let file = Rc::new(File::open(path)?);
        let mut files = self.0.borrow_mut();
        if files.len() >= MANY {
            files.retain(|_, file| file.strong_count() > 0);
        }
        files.insert(path.into(), Rc::downgrade(&file));
        Ok(Opened(file))
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, piece: &mut [u8], first: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, piece, first)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut piece: &mut [u8], mut first: u64) -> io::Result<()> {
    while !piece.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, piece, first)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        piece = piece.get_mut(read..).unwrap_or_default();
        first += read as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_is_open_once_until_another_takes_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "first").unwrap();
        let files = OpenFiles::default();
        let (one, other) = (files.open(&path).unwrap(), files.open(&path).unwrap());
        assert!(Rc::ptr_eq(&one.0, &other.0));
        fs::write(folder.path().join("b"), "second").unwrap();
        fs::rename(folder.path().join("b"), &path).unwrap();
        let replaced = files.open(&path).unwrap();
        assert_eq!((&one.read(1, 4).unwrap()[..], &replaced.read(0, 6).unwrap()[..]), (&b"irst"[..], &b"second"[..]));
        drop((one, other, replaced));
        assert!(files.0.borrow().values().all(|file| file.strong_count() == 0), "closed with the last reader");
    }

    #[test]
    fn a_part_that_is_not_there_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "12345").unwrap();
        let file = OpenFiles::default().open(&path).unwrap();
        assert_eq!((&file.begin(3).unwrap()[..], &file.begin(9).unwrap()[..]), (&b"123"[..], &b"12345"[..]));
        assert_eq!(file.read(3, 3).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(OpenFiles::default().open(folder.path()).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
