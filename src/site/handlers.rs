//! The handlers that there are, by name, with their text: for `wireserve show` and `wireserve new --from`.

use super::head::Head;
use super::shipped;
use crate::http::words::most_similar;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Names that are suggested for one that is wrong.
const SUGGESTIONS: usize = 3;

/// Characters of a summary.
const MAX_SUMMARY: usize = 100;

/// A handler or profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handler {
    /// Its path below `handlers/`, such as `connection/goaway.rhai`.
    pub name: String,
    pub text: String,
    /// Its file; `None` for one that is in the program.
    pub file: Option<PathBuf>,
}

/// No handler has this name.
#[derive(Debug)]
pub struct NoHandler {
    name: String,
    similar: Vec<String>,
}

impl fmt::Display for NoHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no handler {:?}", self.name)?;
        match &self.similar[..] {
            [] => f.write_str("\nhelp: `wireserve show` lists all"),
            similar => write!(f, "\nhelp: similar: {}; `wireserve show` lists all", similar.join(", ")),
        }
    }
}

impl std::error::Error for NoHandler {}

impl Handler {
    /// Whether it shapes connections instead of answering requests.
    pub fn is_profile(&self) -> bool {
        self.name.starts_with("profiles/")
    }

    /// What it sends, in one short line, as its head says.
    pub fn summary(&self) -> String {
        let sends = Head::parse(&self.text).sends;
        let sentence = sends.find(". ").and_then(|end| sends.get(..=end)).unwrap_or(&sends);
        match sentence.char_indices().nth(MAX_SUMMARY) {
            Some((end, _)) => format!("{}…", sentence.get(..end).unwrap_or_default().trim_end()),
            None => sentence.to_owned(),
        }
    }
}

/// The handler of this name, with or without `.rhai` or `handlers/` in front, or of this file.
///
/// # Errors
/// [`NoHandler`], with names that are similar.
pub fn find(name: &str, roots: &[PathBuf]) -> Result<Handler, NoHandler> {
    let plain = name.trim_start_matches("./").trim_start_matches('/').trim_start_matches("handlers/");
    let plain = plain.strip_suffix(".rhai").unwrap_or(plain);
    let mut all = all(roots);
    if let Some(handler) = all.remove(plain) {
        return Ok(handler);
    }
    if let Ok(text) = std::fs::read_to_string(name) {
        let file = Path::new(name);
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        return Ok(Handler { name, text, file: Some(file.to_owned()) });
    }
    // A name without its directory is enough to find it.
    let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let same = all.keys().filter(|path| last(path) == last(plain)).map(String::as_str);
    let near = most_similar(plain, all.keys().map(String::as_str), SUGGESTIONS);
    let near =
        if plain.contains('/') { near.into_iter().chain(same).collect() } else { same.chain(near).collect::<Vec<_>>() };
    let mut similar: Vec<String> = near.into_iter().take(SUGGESTIONS).map(str::to_owned).collect();
    similar.dedup();
    Err(NoHandler { name: name.to_owned(), similar })
}

/// Every handler by its path below its directory, without `.rhai`; a file hides what the program has by its name.
pub fn all(roots: &[PathBuf]) -> BTreeMap<String, Handler> {
    let shipped = shipped::shipped_handlers().filter_map(|path| {
        let text = shipped::shipped_handler(&path)?.into_owned();
        Some(Handler { name: path.into_owned(), text, file: None })
    });
    let own = roots.iter().rev().flat_map(|root| {
        let files = WalkDir::new(root).into_iter().filter_map(Result::ok).map(walkdir::DirEntry::into_path);
        files.filter_map(move |file| {
            let name = file.strip_prefix(root).ok()?.to_str()?.replace('\\', "/");
            let text = name.ends_with(".rhai").then(|| std::fs::read_to_string(&file).ok())??;
            Some(Handler { name, text, file: Some(file) })
        })
    });
    shipped.chain(own).map(|handler| (handler.name.trim_end_matches(".rhai").to_owned(), handler)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handlers_are_found_by_name_and_file() {
        let folder = tempfile::tempdir().unwrap();
        let roots = [folder.path().to_owned()];
        std::fs::create_dir(folder.path().join("data")).unwrap();
        std::fs::write(folder.path().join("data/mine.rhai"), "// Sends mine. And more.\nfn main() {}\n").unwrap();
        std::fs::write(folder.path().join("hello.rhai"), "own").unwrap();
        for name in ["connection/goaway", "connection/goaway.rhai", "/handlers/connection/goaway.rhai"] {
            let found = find(name, &roots).unwrap();
            assert_eq!((found.name.as_str(), found.file.is_none()), ("connection/goaway.rhai", true), "{name}");
        }
        assert_eq!(find("data/mine", &roots).unwrap().summary(), "Sends mine.");
        assert_eq!(find("hello", &roots).unwrap().text, "own");
        let file = folder.path().join("data/mine.rhai");
        assert_eq!(find(file.to_str().unwrap(), &roots).unwrap().name, "mine.rhai");
        assert!(find("profiles/tiny-window", &roots).unwrap().is_profile());
    }

    #[test]
    fn similar_names_are_suggested() {
        let text = find("conection/goawya", &[]).unwrap_err().to_string();
        assert!(text.contains("connection/goaway"), "{text}");
        assert!(find("goaway", &[]).unwrap_err().to_string().contains("connection/goaway"));
        assert_eq!(
            find("qqqqqqqq", &[]).unwrap_err().to_string(),
            "there is no handler \"qqqqqqqq\"\nhelp: `wireserve show` lists all"
        );
    }
}
