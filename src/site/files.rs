//! Files as responses.

use crate::exchange::{ErrorCode, Exchange, ResponseHead, SendError};
use crate::http::{Fields, date, media_type, status};
use bytes::{Bytes, BytesMut};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Files up to this many octets are kept in memory while they do not change.
const MAX_CACHED_FILE: u64 = 256 * 1024;
/// Octets of all cached files of a worker together.
const MAX_CACHE: u64 = 64 << 20;
/// Octets read, and queued, at a time from a larger file.
const CHUNK: usize = 64 * 1024;

/// Small files that were served before, valid while size and modification time stand. One per worker.
#[derive(Default)]
pub struct FileCache {
    files: RefCell<HashMap<PathBuf, Cached>>,
    octets: RefCell<u64>,
}

#[derive(Clone)]
struct Cached {
    modified: Option<SystemTime>,
    head: ResponseHead,
    content: Bytes,
}

impl FileCache {
    fn get(&self, path: &Path, metadata: &fs::Metadata) -> Option<Cached> {
        let files = self.files.borrow();
        let cached = files.get(path)?;
        (cached.modified == metadata.modified().ok() && cached.content.len() as u64 == metadata.len())
            .then(|| cached.clone())
    }

    fn put(&self, path: &Path, cached: &Cached) {
        let mut files = self.files.borrow_mut();
        let mut octets = self.octets.borrow_mut();
        if *octets + cached.content.len() as u64 > MAX_CACHE {
            files.clear();
            *octets = 0;
        }
        *octets += cached.content.len() as u64;
        if let Some(old) = files.insert(path.to_path_buf(), cached.clone()) {
            *octets -= old.content.len() as u64;
        }
    }
}

/// Answers GET and HEAD with a file; `common` are fields that every response has.
pub async fn serve_file(exchange: &Exchange, path: &Path, cache: &FileCache, common: Fields) -> Result<(), SendError> {
    let found = fs::metadata(path).and_then(|metadata| {
        if let Some(cached) = cache.get(path, &metadata) {
            return Ok((cached, None));
        }
        let mut file = File::open(path)?;
        let head = file_head(path, &metadata);
        if metadata.len() > MAX_CACHED_FILE {
            let cached = Cached { modified: None, head, content: Bytes::new() };
            return Ok((cached, Some((file, metadata.len()))));
        }
        let mut content = Vec::with_capacity(metadata.len() as usize);
        file.read_to_end(&mut content)?;
        let cached = Cached { modified: metadata.modified().ok(), head, content: content.into() };
        cache.put(path, &cached);
        Ok((cached, None))
    });
    match found {
        Ok((cached, None)) => answer(exchange, cached.head, cached.content, common).await,
        Ok((cached, Some((file, length)))) => stream(exchange, cached.head, common, file, length).await,
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

async fn respond(exchange: &Exchange, mut head: ResponseHead, content: Bytes, common: Fields) -> Result<(), SendError> {
    head.fields.append("content-length", content.len().to_string());
    head.fields.extend(common);
    if exchange.request().is_head() || content.is_empty() {
        return exchange.send_head(&head, true);
    }
    exchange.send_head(&head, false)?;
    exchange.send_data(content, true)
}

/// Sends a large file in constant memory: the next piece is read when the one before it has gone to the wire.
async fn stream(
    exchange: &Exchange,
    mut head: ResponseHead,
    common: Fields,
    mut file: File,
    length: u64,
) -> Result<(), SendError> {
    if !matches!(&exchange.request().method[..], b"GET" | b"HEAD") {
        return answer(exchange, head, Bytes::new(), common).await;
    }
    head.fields.append("content-length", length.to_string());
    head.fields.extend(common);
    if exchange.request().is_head() {
        return exchange.send_head(&head, true);
    }
    exchange.send_head(&head, false)?;
    let mut left = length;
    while left > 0 {
        let mut piece = BytesMut::zeroed(CHUNK.min(usize::try_from(left).unwrap_or(CHUNK)));
        if file.read_exact(&mut piece).is_err() {
            // The announced length can no longer be kept, whatever the cause (the file was cut meanwhile, say).
            return exchange.reset(ErrorCode::INTERNAL_ERROR);
        }
        left -= piece.len() as u64;
        exchange.send_data(piece.freeze(), left == 0)?;
        exchange.drained().await?;
    }
    Ok(())
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
