//! Files as responses.

use super::deliver::send;
use crate::exchange::{Content, ContentError, Exchange, NextPiece, Pieces, Prepared, ResponseHead, SendError};
use crate::http::{Fields, date, media_type, status};
use bytes::{Bytes, BytesMut};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

/// Files up to this many octets are kept in memory while they do not change.
const MAX_CACHED_FILE: u64 = 256 * 1024;
/// Octets of all cached files of a worker together.
const MAX_CACHE: u64 = 64 << 20;
/// Octets read, and queued, at a time from a larger file.
const CHUNK: usize = 64 * 1024;

/// How long a look at size and modification time is trusted: less than a client takes from one answer to the next
/// request, yet under load most requests go without the system call.
const STAMP_AGE: Duration = Duration::from_micros(100);

/// Small files that were served before, valid while size and modification time stand. One per worker.
#[derive(Default)]
pub struct FileCache {
    /// By path as it is written, which is quicker to hash than its components.
    files: RefCell<HashMap<OsString, Rc<Cached>>>,
    octets: RefCell<u64>,
}

struct Cached {
    modified: Option<SystemTime>,
    looked: Cell<Instant>,
    head: ResponseHead,
    content: Bytes,
}

impl FileCache {
    /// What was served before, if that was looked at just now.
    fn get_fresh(&self, path: &Path, now: Instant) -> Option<Rc<Cached>> {
        let files = self.files.borrow();
        let cached = files.get(path.as_os_str())?;
        (now.saturating_duration_since(cached.looked.get()) < STAMP_AGE).then(|| Rc::clone(cached))
    }

    fn get(&self, path: &Path, metadata: &fs::Metadata, now: Instant) -> Option<Rc<Cached>> {
        let files = self.files.borrow();
        let cached = files.get(path.as_os_str())?;
        let same = cached.modified == metadata.modified().ok() && cached.content.len() as u64 == metadata.len();
        same.then(|| {
            cached.looked.set(now);
            Rc::clone(cached)
        })
    }

    fn put(&self, path: &Path, cached: &Rc<Cached>) {
        let mut files = self.files.borrow_mut();
        let mut octets = self.octets.borrow_mut();
        if *octets + cached.content.len() as u64 > MAX_CACHE {
            files.clear();
            *octets = 0;
        }
        *octets += cached.content.len() as u64;
        if let Some(old) = files.insert(path.into(), Rc::clone(cached)) {
            *octets -= old.content.len() as u64;
        }
    }
}

enum Found {
    Small(Rc<Cached>),
    Large(ResponseHead, File, u64),
}

fn find(path: &Path, cache: &FileCache, now: Instant) -> io::Result<Found> {
    if let Some(cached) = cache.get_fresh(path, now) {
        return Ok(Found::Small(cached));
    }
    let metadata = fs::metadata(path)?;
    if let Some(cached) = cache.get(path, &metadata, now) {
        return Ok(Found::Small(cached));
    }
    let mut file = File::open(path)?;
    let head = file_head(path, &metadata);
    if metadata.len() > MAX_CACHED_FILE {
        return Ok(Found::Large(head, file, metadata.len()));
    }
    let mut content = Vec::with_capacity(metadata.len() as usize);
    file.read_to_end(&mut content)?;
    let modified = metadata.modified().ok();
    let cached = Rc::new(Cached { modified, looked: Cell::new(now), head, content: content.into() });
    cache.put(path, &cached);
    Ok(Found::Small(cached))
}

/// Answers GET and HEAD with a file; `common` are fields that every response has.
pub async fn serve_file(
    exchange: &Exchange,
    path: &Path,
    cache: &FileCache,
    now: Instant,
    common: Fields,
) -> Result<(), SendError> {
    match find(path, cache, now) {
        Ok(Found::Small(cached)) => answer(exchange, cached.head.clone(), cached.content.clone(), common).await,
        Ok(Found::Large(head, file, length)) => stream(exchange, head, common, file, length).await,
        Err(error) => {
            let why = format!("The file exists but cannot be read: {error}.");
            status_page(exchange, 500, &why, common).await
        }
    }
}

/// Answers GET and HEAD with octets, typed by the file name `name`.
pub async fn serve_octets(exchange: &Exchange, name: &str, content: Bytes, common: Fields) -> Result<(), SendError> {
    let mut head = ResponseHead { status: 200, ..ResponseHead::default() };
    head.fields.append("content-type", content_type(name));
    answer(exchange, head, content, common).await
}

/// Answers any method with a generated HTML page.
pub async fn serve_page(exchange: &Exchange, page: String, common: Fields) -> Result<(), SendError> {
    let mut head = ResponseHead { status: 200, ..ResponseHead::default() };
    head.fields.append("content-type", "text/html; charset=utf-8");
    respond(exchange, head, page.into(), common).await
}

/// Answers with a short text: what happened, and what to do.
pub async fn status_page(exchange: &Exchange, status: u16, text: &str, common: Fields) -> Result<(), SendError> {
    let reason = status::reason_phrase(status);
    let mut head = ResponseHead { status, ..ResponseHead::default() };
    head.fields.append("content-type", "text/plain; charset=utf-8");
    let content = Bytes::from(format!("{status} {reason}\n\n{text}\n"));
    respond(exchange, head, content, common).await
}

/// Sends the client to the same path with a slash at its end, query kept.
pub async fn add_slash(exchange: &Exchange, mut common: Fields) -> Result<(), SendError> {
    let request = exchange.request();
    // One slash in front: two would name another host (RFC 3986 §4.2).
    let mut location = BytesMut::from(&b"/"[..]);
    location.extend(request.path().iter().skip_while(|octet| **octet == b'/'));
    location.extend_from_slice(b"/");
    if let Some(query) = request.query() {
        location.extend_from_slice(b"?");
        location.extend_from_slice(query);
    }
    common.append("location", location);
    status_page(exchange, 301, "A folder's address ends in a slash.", common).await
}

async fn answer(exchange: &Exchange, head: ResponseHead, content: Bytes, mut common: Fields) -> Result<(), SendError> {
    match &exchange.request().method[..] {
        b"GET" | b"HEAD" => respond(exchange, head, content, common).await,
        _ => {
            common.append("allow", "GET, HEAD");
            status_page(exchange, 405, "A file answers GET and HEAD.", common).await
        }
    }
}

async fn respond(exchange: &Exchange, head: ResponseHead, content: Bytes, common: Fields) -> Result<(), SendError> {
    send(exchange, Prepared { head, content: content.into(), ..Prepared::default() }, common).await
}

/// Sends a large file in constant memory.
async fn stream(
    exchange: &Exchange,
    head: ResponseHead,
    common: Fields,
    file: File,
    length: u64,
) -> Result<(), SendError> {
    if !matches!(&exchange.request().method[..], b"GET" | b"HEAD") {
        return answer(exchange, head, Bytes::new(), common).await;
    }
    let content = Content::Pieces(Box::new(FilePieces { file, left: length }));
    send(exchange, Prepared { head, content, ..Prepared::default() }, common).await
}

/// What is left of a file.
#[derive(Debug)]
struct FilePieces {
    file: File,
    left: u64,
}

impl FilePieces {
    fn read(&mut self) -> Result<Option<Bytes>, ContentError> {
        if self.left == 0 {
            return Ok(None);
        }
        let mut piece = BytesMut::zeroed(CHUNK.min(usize::try_from(self.left).unwrap_or(CHUNK)));
        // The announced length can no longer be kept, whatever the cause (the file was cut meanwhile, say).
        self.file.read_exact(&mut piece).map_err(|error| ContentError(format!("The file cannot be read: {error}.")))?;
        self.left -= piece.len() as u64;
        Ok(Some(piece.freeze()))
    }
}

impl Pieces for FilePieces {
    fn length(&self) -> Option<u64> {
        Some(self.left)
    }

    fn next(&mut self) -> NextPiece<'_> {
        Box::pin(std::future::ready(self.read()))
    }
}

fn file_head(path: &Path, metadata: &fs::Metadata) -> ResponseHead {
    let mut head = ResponseHead { status: 200, ..ResponseHead::default() };
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    head.fields.append("content-type", content_type(&name));
    if let Ok(modified) = metadata.modified() {
        head.fields.append("last-modified", date::format(modified));
    }
    head
}

fn content_type(name: &str) -> &'static str {
    media_type::by_file_name(name)
}
