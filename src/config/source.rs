//! A file that errors point into.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::error::{ConfigError, Place, replace_control_chars};
use super::tree::{self, Node, SyntaxError};
use super::values::Origin;

/// A larger file is a mistake.
const MAX_OCTETS: u64 = 1 << 20;
/// Characters of a line that an error shows.
const MAX_SHOWN: usize = 160;
/// Of those, before what is meant.
const BEFORE: usize = 60;

/// What a configuration is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Ours.
    Toml,
    /// web-platform-tests'.
    Json,
}

/// A configuration file.
pub(super) struct Source {
    path: Arc<Path>,
    text: String,
    /// Where each line begins.
    lines: Vec<usize>,
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Source, ConfigError> {
        let octets = match read(path) {
            Ok(octets) => octets,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ConfigError::missing(format!("{} does not exist", path.display())));
            }
            Err(error) => return Err(ConfigError::plain(format!("cannot read {}: {error}", path.display()))),
        };
        if octets.len() as u64 > MAX_OCTETS {
            let what = format!("{} is larger than 1 MiB, too large for a configuration", path.display());
            return Err(ConfigError::plain(what));
        }
        // A byte order mark, with which editors on Windows begin UTF-8, is not part of the text.
        let octets = octets.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec).unwrap_or(octets);
        String::from_utf8(octets).map(|text| Source::new(path, text)).map_err(|error| {
            let valid = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
            let source = Source::new(path, String::from_utf8_lossy(valid).into_owned());
            let end = source.text.len();
            source.error(end..end, "not UTF-8", None)
        })
    }

    pub(super) fn new(path: &Path, text: String) -> Source {
        let lines = [0].into_iter().chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1)).collect();
        Source { path: Arc::from(path), text, lines }
    }

    /// By the name's ending.
    pub(super) fn format(&self) -> Format {
        let json = self.path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        if json { Format::Json } else { Format::Toml }
    }

    /// What the file says, as far as it can be read, and what is wrong with the rest.
    pub(super) fn parse(&self) -> (Node, Vec<SyntaxError>) {
        match self.format() {
            Format::Toml => tree::from_toml(&self.text),
            Format::Json => tree::from_json(&self.text),
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that paths in the file are relative to.
    pub(super) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    pub(super) fn origin(&self, at: usize) -> Origin {
        Origin::File { path: self.path.clone(), line: self.line(at) }
    }

    /// An error about the octets `span` of the text.
    pub(super) fn error(&self, span: Range<usize>, what: impl Into<String>, advice: Option<String>) -> ConfigError {
        let (line, start) = self.position(span.start);
        let text = self.text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
        let count = |range: Range<usize>| self.text.get(range).map_or(0, |part| part.chars().count());
        let before = count(start..span.start);
        // What goes on in further lines is marked in the first only.
        let width = count(span.start..span.end.min(start + text.len()).max(span.start));
        let (text, indent) = clip(&without_password(text), before);
        let width = width.min(text.chars().count().saturating_sub(indent));
        let place = Place { path: self.path.to_path_buf(), line, column: before + 1, text, indent, width };
        ConfigError::at(place, what.into(), advice)
    }

    /// The number of the line around an octet.
    pub(super) fn line(&self, at: usize) -> usize {
        self.position(at).0
    }

    /// The number of the line around an octet, and where that line begins.
    fn position(&self, at: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= at);
        (line.max(1), self.lines.get(line.saturating_sub(1)).copied().unwrap_or_default())
    }
}

/// The file's octets, but no more than show that it is too large.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    if is_pipe(path)? {
        return Err(io::Error::other("it is a pipe, and a configuration is read more than once"));
    }
    File::open(path)?.take(MAX_OCTETS + 1).read_to_end(&mut octets)?;
    Ok(octets)
}

/// Whether reading might wait forever for a writer.
#[cfg(unix)]
fn is_pipe(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::FileTypeExt;
    Ok(std::fs::metadata(path)?.file_type().is_fifo())
}

#[cfg(not(unix))]
fn is_pipe(_path: &Path) -> io::Result<bool> {
    Ok(false)
}

/// A line with stars for the password of a URL in it, as many as it has characters.
fn without_password(line: &str) -> Cow<'_, str> {
    let password = || {
        let authority = line.find("://")? + 3;
        let end = authority + line.get(authority..)?.rfind('@')?;
        let start = authority + line.get(authority..end)?.find(':')? + 1;
        Some((line.get(..start)?, line.get(start..end)?, line.get(end..)?))
    };
    match password() {
        Some((before, password, after)) => {
            Cow::Owned(format!("{before}{}{after}", "*".repeat(password.chars().count())))
        }
        None => Cow::Borrowed(line),
    }
}

/// The part of a long line around its character `at`, and where that is in the part. Nothing that a terminal would
/// obey is left in it.
fn clip(line: &str, at: usize) -> (String, usize) {
    let skipped = if at >= MAX_SHOWN { at - BEFORE } else { 0 };
    let mut rest = line.chars().skip(skipped);
    let mut text = String::new();
    if skipped > 0 {
        text.push('…');
    }
    text.extend(rest.by_ref().take(MAX_SHOWN));
    if rest.next().is_some() {
        text.push('…');
    }
    (replace_control_chars(&text), if skipped > 0 { BEFORE + 1 } else { at })
}
