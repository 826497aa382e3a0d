//! What is wrong with a configuration.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::values::Origin;

/// One thing that is wrong. Displays as `file:line:column: what`, the line itself, and a caret with advice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    place: Option<Box<Place>>,
    what: String,
    advice: Option<String>,
    missing: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    path: PathBuf,
    line: usize,
    column: usize,
    /// The line itself, and how many of its characters are meant.
    text: String,
    width: usize,
}

impl ConfigError {
    /// A fault without a place.
    pub(super) fn plain(what: impl Into<String>) -> ConfigError {
        ConfigError { place: None, what: what.into(), advice: None, missing: false }
    }

    pub(super) fn of_flag(flag: &str, what: impl fmt::Display) -> ConfigError {
        ConfigError::plain(format!("{flag}: {what}"))
    }

    pub(super) fn is_missing(&self) -> bool {
        self.missing
    }

    /// The line in the file, counted from 1, if the fault has a place there.
    pub fn line(&self) -> Option<usize> {
        self.place.as_ref().map(|place| place.line)
    }

    /// The column in the line, counted from 1 in characters.
    pub fn column(&self) -> Option<usize> {
        self.place.as_ref().map(|place| place.column)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(place) = &self.place else {
            f.write_str(&self.what)?;
            return self.advice.as_ref().map_or(Ok(()), |advice| write!(f, " ({advice})"));
        };
        let Place { path, line, column, text, width } = place.as_ref();
        writeln!(f, "{}:{line}:{column}: {}", path.display(), self.what)?;
        let number = line.to_string();
        writeln!(f, " {number} | {text}")?;
        // Tabs stay tabs, so that the caret stands where the eye expects it.
        let indent: String =
            text.chars().take(column - 1).map(|character| if character == '\t' { '\t' } else { ' ' }).collect();
        write!(f, " {:1$} | {indent}{2}", "", number.len(), "^".repeat((*width).max(1)))?;
        self.advice.as_ref().map_or(Ok(()), |advice| write!(f, " {advice}"))
    }
}

impl std::error::Error for ConfigError {}

/// Everything that is wrong, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            write!(f, "{}{error}", if index > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// A file that errors point into.
pub(super) struct Source {
    path: Arc<Path>,
    text: String,
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Source, ConfigError> {
        let fail = |what: String, missing| ConfigError { missing, ..ConfigError::plain(what) };
        match std::fs::read(path) {
            Ok(octets) => match String::from_utf8(octets) {
                Ok(text) => Ok(Source::new(path, text)),
                Err(error) => {
                    let before = String::from_utf8_lossy(
                        error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default(),
                    )
                    .into_owned();
                    let source = Source::new(path, before);
                    let end = source.text.len();
                    Err(source.error(end..end, "this is no UTF-8", None))
                }
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(fail(format!("there is no file {}", path.display()), true))
            }
            Err(error) => Err(fail(format!("cannot read {}: {error}", path.display()), false)),
        }
    }

    pub(super) fn new(path: &Path, text: String) -> Source {
        Source { path: Arc::from(path), text }
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
        Origin::File { path: self.path.clone(), line: self.position(at).0 }
    }

    /// An error about the octets `span` of the text.
    pub(super) fn error(&self, span: Range<usize>, what: impl Into<String>, advice: Option<String>) -> ConfigError {
        let (line, start) = self.position(span.start);
        let text = self.text.get(start..).unwrap_or_default().lines().next().unwrap_or_default().to_owned();
        let count = |range: Range<usize>| self.text.get(range).map_or(0, |part| part.chars().count());
        let column = count(start..span.start) + 1;
        // What goes on in further lines is marked in the first only.
        let width = count(span.start..span.end.min(start + text.len()).max(span.start));
        let place = Place { path: self.path.to_path_buf(), line, column, text, width };
        ConfigError { place: Some(Box::new(place)), what: what.into(), advice, missing: false }
    }

    /// The number of the line around an octet, and where that line begins.
    fn position(&self, at: usize) -> (usize, usize) {
        let before = self.text.as_bytes().get(..at).unwrap_or(self.text.as_bytes());
        let line = before.iter().filter(|octet| **octet == b'\n').count() + 1;
        let start = before.iter().rposition(|octet| *octet == b'\n').map_or(0, |index| index + 1);
        (line, start)
    }
}
