//! `wireserve new NAME`: a handler and a page that shows what it answers.

use crate::site::handlers::Handler;
use std::fmt;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub name: String,
    pub handler: PathBuf,
    /// `None` for a profile, which answers nothing by itself.
    pub page: Option<PathBuf>,
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

impl Written {
    /// What was written, and what to do next; `profile_hosts` is what the hosts of profiles end with.
    pub fn text(&self, profile_hosts: &str) -> String {
        let Self { name, handler, page } = self;
        let handler = handler.display();
        match page {
            Some(page) => format!(
                "Wrote {handler}, the handler, and {}, its page.\n\
                 Next:\n    wireserve serve --h2\n\
                 and beside it, for a browser that trusts the server:\n    wireserve open /{name}.html\n\
                 Then edit the handler and reload the page.",
                page.display()
            ),
            None => format!(
                "Wrote {handler}, a profile.\n\
                 Next:\n    wireserve serve --h2\n\
                 and beside it, for a connection that it shapes:\n    \
                 wireserve open https://{name}{profile_hosts}:9000/handlers/hello.rhai"
            ),
        }
    }
}

const HANDLER: &str = include_str!("new_handler.rhai");
const PAGE: &str = include_str!("new_page.html");

/// Writes `NAME.rhai` below `handlers` and `NAME.html` into `doc_root`, both or none. The handler is a commented first
/// one, or a copy of `from`; a copy of a profile is in `profiles/` and has no page.
///
/// # Errors
/// [`NewError`]; what exists is never overwritten.
pub fn new(name: &str, from: Option<&Handler>, handlers: &Path, doc_root: &Path) -> Result<Written, NewError> {
    check_name(name)?;
    let page = doc_root.strip_prefix(".").unwrap_or(doc_root).join(format!("{name}.html"));
    let is_profile = from.is_some_and(Handler::is_profile);
    let folder = if is_profile { handlers.join("profiles") } else { handlers.to_owned() };
    let written = Written {
        name: name.to_owned(),
        handler: folder.join(format!("{name}.rhai")),
        page: (!is_profile).then_some(page),
    };
    for file in [Some(&written.handler), written.page.as_ref()].into_iter().flatten() {
        if file.symlink_metadata().is_ok() {
            return Err(NewError::Exists(file.clone()));
        }
    }
    let handler = from.map_or_else(|| HANDLER.replace("NAME", name), |from| from.text.clone());
    write(&written.handler, &handler)?;
    if let Some(page) = &written.page
        && let Err(error) = write(page, &PAGE.replace("NAME", name))
    {
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
        let written = new("my-test", None, &handlers, folder.path()).unwrap();
        assert!(written.text("").contains("wireserve open /my-test.html"));
        let report = check(std::slice::from_ref(&handlers), &Places::default(), &Limits::default(), |_| None);
        assert_eq!((report.good.len(), report.errors.len()), (1, 0), "{report:?}");
        let page = std::fs::read_to_string(written.page.as_ref().unwrap()).unwrap();
        assert!(page.contains("/handlers/my-test.rhai"));
        std::fs::write(&written.handler, "mine").unwrap();
        assert!(new("my-test", None, &handlers, folder.path()).is_err());
        assert_eq!(std::fs::read_to_string(&written.handler).unwrap(), "mine");
        for name in ["", "a/b", "..", ".x", "a\\b", "a b", "x.rhai", "é"] {
            let error = new(name, None, &handlers, folder.path()).unwrap_err().to_string();
            assert!(error.contains("cannot be the name"), "{error}");
        }
    }

    #[test]
    fn a_copy_has_the_text_of_what_it_is_from_and_a_profile_has_no_page() {
        let folder = tempfile::tempdir().unwrap();
        for (from, file, has_page) in
            [("hello", "mine.rhai", true), ("profiles/tiny-window", "profiles/mine.rhai", false)]
        {
            let from = crate::site::handlers::find(from, &[]).unwrap();
            let written = new("mine", Some(&from), &folder.path().join("handlers"), folder.path()).unwrap();
            assert_eq!(written.handler, folder.path().join("handlers").join(file));
            assert_eq!(std::fs::read_to_string(&written.handler).unwrap(), from.text);
            assert_eq!(written.page.is_some_and(|page| page.exists()), has_page);
        }
    }
}
