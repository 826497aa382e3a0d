//! Pages and scripts that are generated around a test: `x.any.js` also answers at `x.any.html`, `x.any.worker.html` and
//! so on, `x.window.js` at `x.window.html`, as with WPT's serve.py.

mod meta;
mod pages;
mod realms;
mod table;
mod test262;
#[cfg(test)]
mod tests;

pub(in crate::site) use table::{Wrapper, find};

use self::meta::Metadata;
use self::pages::Parts;
use super::pages::is_gone;
use crate::exchange::{Prepared, ResponseHead};
use crate::http::path::uri_encoded;
use bytes::Bytes;
use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::PathBuf;

/// Octets of a test whose text is put into a page or script.
const MAX_TEXT: u64 = 16 << 20;

/// A page or script that is generated from a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Generated {
    wrapper: &'static Wrapper,
    source: PathBuf,
    loads: Vec<u8>,
    has_harness: bool,
}

/// Why a page is not there; displays as what a person should know.
#[derive(Debug)]
pub enum WrapError {
    /// The test says that it runs elsewhere.
    OtherGlobal {
        /// Where it does not run.
        wanted: &'static str,
        /// Its `// META: global=`, if it has one.
        declared: Option<String>,
    },
    /// The text of the test is to be put into the page, and is too long for that.
    TooLong(PathBuf),
    /// The file was there a moment ago.
    Unreadable(PathBuf, io::Error),
}

impl fmt::Display for WrapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherGlobal { wanted, declared } => {
                write!(f, "This test cannot be loaded in {wanted} mode. ")?;
                match declared {
                    Some(declared) => write!(f, "It says `// META: global={declared}`."),
                    None => f.write_str("It has no `// META: global=`, which means window,dedicatedworker."),
                }
            }
            Self::TooLong(path) => {
                write!(f, "The file {} is longer than {MAX_TEXT} bytes, too long for a generated page.", path.display())
            }
            Self::Unreadable(path, error) => write!(f, "The file {} cannot be read: {error}.", path.display()),
        }
    }
}

impl std::error::Error for WrapError {}

impl WrapError {
    /// The status that tells of it.
    pub fn status(&self) -> u16 {
        match self {
            Self::OtherGlobal { .. } => 404,
            Self::Unreadable(_, error) if is_gone(error) => 404,
            Self::TooLong(..) | Self::Unreadable(..) => 500,
        }
    }
}

impl Generated {
    /// What `wrapper` makes of the path `path` (as it came, with the wrapper's suffix) and the file at `source`.
    /// `has_harness` is false if the server has no testharness.js, which a page then says.
    pub(in crate::site) fn new(wrapper: &'static Wrapper, path: &[u8], source: PathBuf, has_harness: bool) -> Self {
        let stem = path.strip_suffix(wrapper.suffix.as_bytes()).unwrap_or(path);
        Self { wrapper, source, loads: [stem, wrapper.loads.as_bytes()].concat(), has_harness }
    }

    /// The file of the test: its `.headers` are the ones of the page.
    pub fn source(&self) -> &std::path::Path {
        &self.source
    }

    /// The file name of what the page or script loads: `.sub.` in it asks for substitution.
    pub fn loads_name(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.loads.rsplit(|octet| *octet == b'/').next().unwrap_or_default())
    }

    /// The response; `query` is the request's, without its `?`.
    ///
    /// # Errors
    /// [`WrapError`].
    pub fn prepare(&self, query: Option<&[u8]>) -> Result<Prepared, WrapError> {
        let unreadable = |error| WrapError::Unreadable(self.source.clone(), error);
        let mut file = File::open(&self.source).map_err(unreadable)?;
        let meta = Metadata::read(&mut file).map_err(unreadable)?;
        if let Some(wanted) = self.wrapper.global.filter(|global| !meta.runs_in(global)) {
            return Err(WrapError::OtherGlobal { wanted, declared: meta.global().map(str::to_owned) });
        }
        let query = query
            .filter(|query| !query.is_empty())
            .map_or_else(String::new, |query| format!("?{}", uri_encoded(query)));
        let kind = self.wrapper.kind;
        let mut text = Vec::new();
        if kind.needs_text() {
            let read = file.rewind().and_then(|()| file.take(MAX_TEXT + 1).read_to_end(&mut text));
            if read.map_err(unreadable)? as u64 > MAX_TEXT {
                return Err(WrapError::TooLong(self.source.clone()));
            }
        }
        let parts = Parts {
            meta: &meta,
            text: &String::from_utf8_lossy(&text),
            path: &uri_encoded(&self.loads),
            query: &query,
            note: (!self.has_harness).then_some(super::NO_HARNESS),
        };
        let text = kind.text(&parts);
        let mut head = ResponseHead { status: 200, ..ResponseHead::default() };
        head.fields.append("content-type", if kind.is_page() { "text/html" } else { "text/javascript" });
        kind.fields().iter().for_each(|(name, value)| head.fields.append(*name, *value));
        Ok(Prepared { head, content: Bytes::from(text).into(), ..Prepared::default() })
    }
}
