//! Functions that templates can call.

use super::Scope;
use super::error::{Fault, shown};
use crate::http::latin1::octets_of_text;
use crate::http::path;
use crate::site::roots::is_visible;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest;
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

/// Octets of files that one template may have hashed: nobody else's request is answered meanwhile.
pub(super) const MAX_HASHED: u64 = 64 << 20;

/// A function that a template can call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Uuid,
    FileHash,
    FsPath,
    HeaderOrDefault,
}

impl Function {
    pub const ALL: [Self; 4] = [Self::Uuid, Self::FileHash, Self::FsPath, Self::HeaderOrDefault];

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.name() == name)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Uuid => "uuid",
            Self::FileHash => "file_hash",
            Self::FsPath => "fs_path",
            Self::HeaderOrDefault => "header_or_default",
        }
    }

    /// How it is called, as a fault.
    pub const fn usage(self) -> Fault {
        Fault::Call(
            self.name(),
            match self {
                Self::Uuid => "uuid()",
                Self::FileHash => "file_hash(algorithm, path) with md5, sha1, sha224, sha256, sha384 or sha512",
                Self::FsPath => "fs_path(path)",
                Self::HeaderOrDefault => "header_or_default(name, default)",
            },
        )
    }

    /// `hashed` counts the octets of files that the template has hashed so far.
    pub fn call<'a>(self, arguments: &[&'a str], scope: &Scope<'_>, hashed: &mut u64) -> Result<Cow<'a, [u8]>, Fault> {
        match (self, arguments) {
            (Self::Uuid, []) => Ok(uuid::Uuid::new_v4().to_string().into_bytes().into()),
            (Self::FileHash, [algorithm, path]) => file_hash(algorithm, path, scope, hashed).map(Cow::Owned),
            (Self::FsPath, [path]) => fs_path(path, scope).map(Cow::Owned),
            (Self::HeaderOrDefault, [name, default]) => {
                let value = scope.request.fields.combined(octets_of_text(name));
                Ok(value.map_or(default.as_bytes().into(), |value| value.to_vec().into()))
            }
            _ => Err(self.usage()),
        }
    }
}

/// Base64 of a file's hash; the path counts from the document root.
fn file_hash(algorithm: &str, name: &str, scope: &Scope<'_>, hashed: &mut u64) -> Result<Vec<u8>, Fault> {
    let mut digest = digest(algorithm).ok_or(Function::FileHash.usage())?;
    let path = below_root(name, "", scope)?;
    let fault = |why: String| Fault::File(shown(name.as_bytes()), why);
    let unreadable = |error: io::Error| fault(format!("cannot be read: {error}"));
    // What else may have a name (a pipe, a device) might never end.
    if !std::fs::metadata(&path).map_err(unreadable)?.is_file() {
        return Err(fault("is not a regular file".to_owned()));
    }
    let mut file = File::open(&path).map_err(unreadable)?;
    let mut piece = vec![0; 64 * 1024];
    loop {
        let length = file.read(&mut piece).map_err(unreadable)?;
        if length == 0 {
            return Ok(STANDARD.encode(digest.finalize()).into_bytes());
        }
        *hashed += length as u64;
        if *hashed > MAX_HASHED {
            return Err(fault(format!("is too long: one template hashes at most {MAX_HASHED} bytes in total")));
        }
        digest.update(piece.get(..length).unwrap_or_default());
    }
}

fn digest(algorithm: &str) -> Option<Box<dyn sha2::digest::DynDigest>> {
    Some(match algorithm {
        "md5" => Box::new(md5::Md5::new()),
        "sha1" => Box::new(sha1::Sha1::new()),
        "sha224" => Box::new(sha2::Sha224::new()),
        "sha256" => Box::new(sha2::Sha256::new()),
        "sha384" => Box::new(sha2::Sha384::new()),
        "sha512" => Box::new(sha2::Sha512::new()),
        _ => return None,
    })
}

/// The absolute path of a file, there or not. Without a slash in front it counts from the folder of the request's
/// path.
fn fs_path(name: &str, scope: &Scope<'_>) -> Result<Vec<u8>, Fault> {
    let request = String::from_utf8_lossy(scope.request.path());
    let below = request.strip_prefix(scope.url_base).unwrap_or(&request);
    let folder = below.rsplit_once('/').map_or("", |(folder, _)| folder);
    let folder = path::percent_decoded(folder.as_bytes());
    let path = below_root(name, &String::from_utf8_lossy(&folder), scope)?;
    Ok(path.into_os_string().into_encoded_bytes())
}

/// A file below the document root, and not hidden, there or not. `from` is the folder that a relative name counts
/// from.
fn below_root(name: &str, from: &str, scope: &Scope<'_>) -> Result<PathBuf, Fault> {
    let fault = |why: &str| Fault::File(shown(name.as_bytes()), why.to_owned());
    let outside = || fault("is outside the document root, or hidden");
    let from = if name.starts_with('/') { "" } else { from };
    let mut segments: Vec<&str> = Vec::new();
    for segment in from.split('/').chain(name.split('/')) {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop().ok_or_else(outside)?),
            _ if segment.starts_with('.') || segment.contains(['\\', '\0']) => return Err(outside()),
            _ => segments.push(segment),
        }
    }
    if segments.is_empty() && !name.starts_with('/') {
        return Err(fault("is not a file"));
    }
    let root = scope.doc_root;
    let mut path = root.to_path_buf();
    path.extend(segments);
    // What does not exist is judged by the folder that it would be in.
    let there = path.ancestors().find(|there| there.exists());
    let visible = there.is_some_and(|there| is_visible(root, there, scope.hidden));
    if visible { Ok(path) } else { Err(outside()) }
}
