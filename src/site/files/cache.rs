//! Files that were served before, and what their responses begin with.

use super::opened::OpenFiles;
use super::stamp::Stamp;
use super::{Files, fields};
use crate::exchange::ResponseHead;
use crate::http::conditional::EntityTag;
use crate::site::template::is_template;
use bytes::Bytes;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Files up to this many octets are kept in memory while they do not change.
const MAX_CACHED_FILE: u64 = 1 << 20;
/// Files up to this many octets have a tag of their content.
const MAX_HASHED_FILE: usize = 256 * 1024;
/// Octets of all cached files of a worker together.
const MAX_CACHE: u64 = 64 << 20;
/// What an entry counts for besides its content.
const ENTRY: u64 = 1024;

/// How long a look at the files is trusted: less than a client takes from one answer to the next request, yet under
/// load most requests go without a system call.
const TRUST: Duration = Duration::from_micros(100);

/// Files that were served before, valid while they and their `.headers` files stand unchanged. One per worker.
#[derive(Default)]
pub struct FileCache {
    /// By path as it is written, which is quicker to hash than its components.
    files: RefCell<HashMap<OsString, Rc<Cached>>>,
    octets: Cell<u64>,
    /// Those that are too large to be kept, while responses read them.
    pub(super) open_files: OpenFiles,
}

/// A file and its `.headers` files as they were read.
pub(super) struct Cached {
    state: State,
    /// Read so soon after a change that another one might leave the stamps as they are.
    young: bool,
    looked: Cell<Instant>,
    pub fields: Head,
    pub stored: Stored,
}

/// What the response begins with.
pub(super) enum Head {
    /// The same for every request.
    Fixed(ResponseHead),
    /// Another for every request.
    Templates(Vec<fields::Source>),
    /// The `.headers` files cannot be used, for this reason.
    Wrong(String),
}

pub(super) enum Stored {
    Small(Bytes),
    /// Not kept; this many octets.
    Large(u64),
}

#[derive(PartialEq, Eq)]
struct State {
    file: Stamp,
    headers: Vec<fields::Found>,
}

impl State {
    fn look(path: &Path) -> io::Result<Self> {
        Ok(Self { file: Stamp::try_look(path)?, headers: fields::look(path) })
    }
}

impl FileCache {
    fn get(&self, path: &Path) -> Option<Rc<Cached>> {
        self.files.borrow().get(path.as_os_str()).cloned()
    }

    fn put(&self, path: &Path, cached: &Rc<Cached>) {
        let mut files = self.files.borrow_mut();
        if self.octets.get() + cached.size() > MAX_CACHE {
            files.clear();
            self.octets.set(0);
        }
        let old = files.insert(path.into(), Rc::clone(cached)).map_or(0, |old| old.size());
        self.octets.set(self.octets.get() + cached.size() - old);
    }
}

impl Cached {
    fn size(&self) -> u64 {
        ENTRY
            + match &self.stored {
                Stored::Small(octets) => octets.len() as u64,
                Stored::Large(_) => 0,
            }
    }
}

/// The file at `path`, from the cache if it did not change.
///
/// # Errors
/// It cannot be read, or is no regular file.
pub(super) fn find(path: &Path, files: &Files<'_>) -> io::Result<Rc<Cached>> {
    let cached = files.cache.get(path);
    if let Some(cached) = &cached
        && files.now.saturating_duration_since(cached.looked.get()) < TRUST
    {
        return Ok(Rc::clone(cached));
    }
    let state = State::look(path)?;
    if let Some(cached) = cached.filter(|cached| !cached.young && cached.state == state) {
        cached.looked.set(files.now);
        return Ok(cached);
    }
    let cached = Rc::new(load(path, state, files)?);
    files.cache.put(path, &cached);
    Ok(cached)
}

fn load(path: &Path, state: State, files: &Files<'_>) -> io::Result<Cached> {
    let time = (files.wall_clock)();
    let young = state.file.is_young(time) || state.headers.iter().any(|found| found.stamp.is_young(time));
    let stored = match state.file.length {
        length if length > MAX_CACHED_FILE => Stored::Large(length),
        length => {
            let mut content = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
            // It may be growing.
            File::open(path)?.take(MAX_CACHED_FILE).read_to_end(&mut content)?;
            Stored::Small(content.into())
        }
    };
    let fields = match read_fields(path, &state.headers, files) {
        Ok(sources) if sources.iter().any(|source| source.template) => Head::Templates(sources),
        Ok(sources) => match fields::head(path, &sources, None) {
            Ok(mut head) => {
                add_entity_tag(&mut head, path, &state, &stored);
                Head::Fixed(head)
            }
            Err(text) => Head::Wrong(text),
        },
        Err(text) => Head::Wrong(text),
    };
    Ok(Cached { state, young, looked: Cell::new(files.now), fields, stored })
}

/// Reads the `.headers` files of the file at `path`; an error is a sentence.
pub(super) fn read_fields(
    path: &Path,
    headers: &[fields::Found],
    files: &Files<'_>,
) -> Result<Vec<fields::Source>, String> {
    let mut sources = Vec::with_capacity(headers.len());
    // Next to a file that is served lies what is served, but for a link that leads elsewhere.
    for found in headers.iter().filter(|found| !leads_elsewhere(path, found, files)) {
        sources.extend(fields::Source::read(found)?);
    }
    Ok(sources)
}

fn leads_elsewhere(path: &Path, found: &fields::Found, files: &Files<'_>) -> bool {
    let is_link = std::fs::symlink_metadata(&found.path).is_ok_and(|metadata| metadata.is_symlink());
    let elsewhere = is_link && !files.roots.shows(&found.path);
    if elsewhere {
        tracing::warn!("{} is a link out of what is served: not used for {}", found.path.display(), path.display());
    }
    elsewhere
}

/// A strong tag (RFC 9110 §8.8.3): of the content where that is quick, else of what tells one state of the file from
/// another; and of the fields, which a client would not learn otherwise. A template's content is another for every
/// request and gets none.
fn add_entity_tag(head: &mut ResponseHead, path: &Path, state: &State, stored: &Stored) {
    let is_template = path.file_name().is_some_and(|name| is_template(&name.to_string_lossy()));
    if is_template || head.fields.contains("etag") {
        return;
    }
    let mut hasher = DefaultHasher::new();
    match stored {
        Stored::Small(octets) if octets.len() <= MAX_HASHED_FILE => octets.hash(&mut hasher),
        _ => state.file.hash(&mut hasher),
    }
    for field in &head.fields {
        field.hash(&mut hasher);
    }
    head.fields.append("etag", EntityTag::strong(format!("{:016x}", hasher.finish())).to_value());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::roots::Roots;
    use std::fs;
    use std::time::SystemTime;

    const NAME: &str = "a.txt";

    struct Folder {
        folder: tempfile::TempDir,
        roots: Roots,
        cache: FileCache,
        start: Instant,
    }

    impl Folder {
        #[expect(clippy::disallowed_methods, reason = "the cache compares instants")]
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let roots =
                Roots { document: folder.path().into(), handlers: Vec::new(), hidden: Vec::new(), mounted: Vec::new() };
            Self { folder, roots, cache: FileCache::default(), start: Instant::now() }
        }

        fn write(&self, name: &str, text: &str) {
            fs::write(self.folder.path().join(name), text).unwrap();
        }

        /// What is found this many microseconds after the start, while the file system's clock is far from the files'.
        fn find_old(&self, microseconds: u64) -> Rc<Cached> {
            self.find(microseconds, || SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40))
        }

        fn find(&self, microseconds: u64, wall_clock: fn() -> SystemTime) -> Rc<Cached> {
            let files = Files {
                roots: &self.roots,
                cache: &self.cache,
                now: self.start + Duration::from_micros(microseconds),
                wall_clock,
            };
            find(&self.folder.path().join(NAME), &files).unwrap()
        }
    }

    fn content(cached: &Cached) -> &[u8] {
        match &cached.stored {
            Stored::Small(octets) => octets,
            Stored::Large(length) => panic!("{length} octets"),
        }
    }

    fn tag(cached: &Cached) -> Bytes {
        match &cached.fields {
            Head::Fixed(head) => head.fields.get("etag").unwrap().clone(),
            _ => panic!("no fixed head"),
        }
    }

    #[test]
    fn an_unchanged_file_is_read_once() {
        let folder = Folder::new();
        folder.write(NAME, "x");
        let first = folder.find_old(0);
        assert!(Rc::ptr_eq(&first, &folder.find_old(1_000)) && Rc::ptr_eq(&first, &folder.find_old(1_000_000)));
    }

    #[test]
    fn a_change_is_seen_after_a_tenth_of_a_millisecond() {
        let folder = Folder::new();
        folder.write(NAME, "x");
        let first = folder.find_old(0);
        folder.write(NAME, "xy");
        assert_eq!(content(&folder.find_old(99)), b"x");
        let second = folder.find_old(100);
        assert_eq!(content(&second), b"xy");
        assert_ne!(tag(&first), tag(&second));
        // What stands beside it counts as well, be it new, changed or gone.
        for (number, text) in [(2, "a: 1"), (3, "a: 2")] {
            folder.write("__dir__.headers", text);
            assert_ne!(tag(&folder.find_old(number * 100)), tag(&second));
        }
        fs::remove_file(folder.folder.path().join("__dir__.headers")).unwrap();
        assert_eq!(tag(&folder.find_old(400)), tag(&second));
    }

    #[test]
    fn a_file_that_changed_just_now_is_read_again() {
        let folder = Folder::new();
        folder.write(NAME, "x");
        // Its stamps may be what they are after the next change too.
        let first = folder.find(0, || SystemTime::UNIX_EPOCH);
        assert!(!Rc::ptr_eq(&first, &folder.find(1_000, || SystemTime::UNIX_EPOCH)));
        let old = folder.find_old(2_000);
        assert!(Rc::ptr_eq(&old, &folder.find_old(3_000)));
    }

    #[test]
    fn all_files_together_stay_below_the_limit() {
        let folder = Folder::new();
        folder.write(NAME, "x");
        let cached = folder.find_old(0);
        let each = cached.size();
        for number in 0..(MAX_CACHE / each + 10) {
            folder.cache.put(Path::new(&number.to_string()), &cached);
        }
        let files = folder.cache.files.borrow();
        assert!(files.len() as u64 * each <= MAX_CACHE);
        assert_eq!(folder.cache.octets.get(), files.len() as u64 * each);
    }
}
