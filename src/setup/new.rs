//! `wireserve new NAME`: a first handler and a page that shows what it answers.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub name: String,
    pub handler: PathBuf,
    pub page: PathBuf,
}

/// Why nothing was written.
#[derive(Debug)]
pub enum NewError {
    /// The name cannot be that of a file in a URL.
    Name { name: String, why: &'static str },
    /// There is something already, which stays as it is.
    Exists(PathBuf),
    /// The file cannot be written.
    Write { file: PathBuf, error: std::io::Error },
}

impl fmt::Display for NewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { name, why } => write!(f, "{name:?} cannot be the name of a handler: {why}"),
            Self::Exists(file) => write!(f, "{} exists already; nothing was written", file.display()),
            Self::Write { file, error } => write!(f, "cannot write {}: {error}", file.display()),
        }
    }
}

impl std::error::Error for NewError {}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Wrote {}, the handler, and {}, its page.", self.handler.display(), self.page.display())?;
        writeln!(f, "Next:")?;
        writeln!(f, "    wireserve serve --h2")?;
        writeln!(f, "and beside it, for a browser that trusts the server:")?;
        writeln!(f, "    wireserve open /{}.html", self.name)?;
        write!(f, "Then edit the handler and reload the page.")
    }
}

const HANDLER: &str = include_str!("new_handler.rhai");
const PAGE: &str = include_str!("new_page.html");

/// Writes `handlers/NAME.rhai` below `handlers` and `NAME.html` into `doc_root`, both or none.
///
/// # Errors
/// [`NewError`]; what exists is never overwritten.
pub fn new(name: &str, handlers: &Path, doc_root: &Path) -> Result<Written, NewError> {
    check_name(name)?;
    let written = Written {
        name: name.to_owned(),
        handler: handlers.join(format!("{name}.rhai")),
        page: doc_root.strip_prefix(".").unwrap_or(doc_root).join(format!("{name}.html")),
    };
    for file in [&written.handler, &written.page] {
        if file.symlink_metadata().is_ok() {
            return Err(NewError::Exists(file.clone()));
        }
    }
    write(&written.handler, &HANDLER.replace("NAME", name))?;
    if let Err(error) = write(&written.page, &PAGE.replace("NAME", name)) {
        // Made a moment ago by ourselves.
        let _ = std::fs::remove_file(&written.handler);
        return Err(error);
    }
    Ok(written)
}

fn check_name(name: &str) -> Result<(), NewError> {
    let why = if name.is_empty() {
        "it is empty"
    } else if name.contains(['/', '\\']) {
        "it has a path separator; use a plain name, such as my-test"
    } else if name.starts_with(['.', '-']) {
        "it begins with a dot or a dash"
    } else if name.ends_with(".rhai") || name.ends_with(".html") {
        "leave out the ending; .rhai and .html are added"
    } else if name.len() > 100 {
        "it is longer than 100 bytes"
    } else if !name.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.')) {
        "letters, digits, '-', '_' and '.' only, so that it needs no escapes in a URL"
    } else {
        return Ok(());
    };
    Err(NewError::Name { name: name.to_owned(), why })
}

fn write(file: &Path, text: &str) -> Result<(), NewError> {
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::AlreadyExists => NewError::Exists(file.to_owned()),
        _ => NewError::Write { file: file.to_owned(), error },
    };
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut output = OpenOptions::new().write(true).create_new(true).open(file).map_err(failed)?;
    output.write_all(text.as_bytes()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::check::{Places, check};
    use crate::script::limits::Limits;

    #[test]
    fn new_writes_a_handler_that_compiles_and_never_overwrites() {
        let folder = tempfile::tempdir().unwrap();
        let handlers = folder.path().join("handlers");
        let written = new("my-test", &handlers, folder.path()).unwrap();
        assert!(written.to_string().contains("wireserve open /my-test.html"), "{written}");
        let report = check(std::slice::from_ref(&handlers), &Places::default(), &Limits::default(), |_| None);
        assert_eq!((report.good.len(), report.errors.len()), (1, 0), "{report:?}");
        let page = std::fs::read_to_string(&written.page).unwrap();
        assert!(page.contains("/handlers/my-test.rhai"));
        std::fs::write(&written.handler, "mine").unwrap();
        assert!(new("my-test", &handlers, folder.path()).is_err());
        assert_eq!(std::fs::read_to_string(&written.handler).unwrap(), "mine");
        for name in ["", "a/b", "..", ".x", "a\\b", "a b", "x.rhai", "é"] {
            let error = new(name, &handlers, folder.path()).unwrap_err().to_string();
            assert!(error.contains("cannot be the name"), "{error}");
        }
    }
}
