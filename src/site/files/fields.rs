//! `NAME.headers` and `__dir__.headers`: fields that a file's author gives to its response.
//!
//! Four names are looked for, as wptserve does: `__dir__.sub.headers`, else `__dir__.headers`, for every file of a
//! folder; then `NAME.sub.headers`, else `NAME.headers`. The folder's fields come first, then the file's; lines of
//! one name stand together, and all of them are sent.

use super::stamp::Stamp;
use crate::exchange::ResponseHead;
use crate::http::words::mark_length;
use crate::http::{Fields, media_type};
use crate::site::template::{Escape, Scope, substitute};
use bytes::Bytes;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Octets of one `.headers` file, also after substitution: as large as the largest field section that Chromium takes.
pub(super) const MAX_OCTETS: u64 = 256 * 1024;

/// A `.headers` file that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub path: PathBuf,
    pub template: bool,
    pub stamp: Stamp,
}

/// Those of the file at `path`, the folder's first.
pub(super) fn look(path: &Path) -> Vec<Found> {
    let bases = [path.with_file_name("__dir__"), path.to_path_buf()];
    bases
        .iter()
        .filter_map(|base| found(base, ".sub.headers", true).or_else(|| found(base, ".headers", false)))
        .collect()
}

fn found(base: &Path, suffix: &str, template: bool) -> Option<Found> {
    let mut path = OsString::from(base);
    path.push(suffix);
    let path = PathBuf::from(path);
    Stamp::look(&path).map(|stamp| Found { path, template, stamp })
}

/// A `.headers` file as it was read.
#[derive(Debug)]
pub(super) struct Source {
    /// For messages.
    pub name: String,
    pub text: Bytes,
    pub template: bool,
}

impl Source {
    /// Reads it. An error is a sentence; a file that vanished meanwhile is none.
    pub fn read(found: &Found) -> Result<Option<Self>, String> {
        let name = found.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut text = Vec::new();
        let read = File::open(&found.path).and_then(|file| file.take(MAX_OCTETS + 1).read_to_end(&mut text));
        match read {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("{name} exists but cannot be read: {error}.")),
        }
        check_length(&name, &text)?;
        text.drain(..mark_length(&text));
        Ok(Some(Self { name, text: text.into(), template: found.template }))
    }
}

fn check_length(name: &str, text: &[u8]) -> Result<(), String> {
    if text.len() as u64 > MAX_OCTETS {
        return Err(format!("{name} is too long: a .headers file has at most {MAX_OCTETS} bytes."));
    }
    Ok(())
}

/// The fields that the sources give, and no others; as [`head`].
pub(super) fn own(sources: &[Source], scope: Option<&Scope<'_>>) -> Result<Fields, String> {
    let mut fields = Fields::new();
    read_all(sources, scope)?.into_fields(&mut fields);
    Ok(fields)
}

/// The head of a whole response with the file at `path`; templates are substituted if there is a scope. An error is a
/// sentence that names file and line.
pub(super) fn head(path: &Path, sources: &[Source], scope: Option<&Scope<'_>>) -> Result<ResponseHead, String> {
    let groups = read_all(sources, scope)?;
    let mut head = ResponseHead { status: 200, ..ResponseHead::default() };
    if !groups.by_name.contains_key(&b"content-type"[..]) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        head.fields.append("content-type", media_type::by_file_name(&name));
    }
    groups.into_fields(&mut head.fields);
    Ok(head)
}

fn read_all(sources: &[Source], scope: Option<&Scope<'_>>) -> Result<Groups, String> {
    let mut groups = Groups::default();
    for source in sources {
        let text = match scope.filter(|_| source.template) {
            Some(scope) => {
                let text = substitute(&source.text, scope, Escape::None);
                text.map_err(|error| format!("{}: {error}", source.name))?.into()
            }
            None => source.text.clone(),
        };
        check_length(&source.name, &text)?;
        groups.read(&source.name, &text)?;
    }
    Ok(groups)
}

/// Fields by name, in the order of their first lines; a name is written as in its first line.
#[derive(Default)]
struct Groups {
    list: Vec<(Bytes, Vec<Bytes>)>,
    by_name: HashMap<Vec<u8>, usize>,
}

impl Groups {
    fn read(&mut self, file: &str, text: &Bytes) -> Result<(), String> {
        for (index, line) in lines(text).enumerate() {
            if line.trim_ascii().is_empty() {
                continue;
            }
            let wrong = |what: &str| Err(format!("{file}, line {}: {what}", index + 1));
            let Some(colon) = line.iter().position(|octet| *octet == b':') else {
                return wrong("a line is a name, a colon and a value; this one has no colon.");
            };
            let (name, value) = line.split_at(colon);
            let (name, value) = (name.trim_ascii(), value.get(1..).unwrap_or_default().trim_ascii());
            if name.is_empty() {
                return wrong("there is no name before the colon.");
            }
            if line.contains(&0) {
                return wrong("there is a NUL. A script can send headers that HTTP does not allow.");
            }
            self.add(text.slice_ref(name), text.slice_ref(value));
        }
        Ok(())
    }

    fn add(&mut self, name: Bytes, value: Bytes) {
        let next = self.list.len();
        let at = *self.by_name.entry(name.to_ascii_lowercase()).or_insert(next);
        match self.list.get_mut(at) {
            Some((_, values)) => values.push(value),
            None => self.list.push((name, vec![value])),
        }
    }

    fn into_fields(self, fields: &mut Fields) {
        for (name, values) in self.list {
            fields.extend(values.into_iter().map(|value| (name.clone(), value)));
        }
    }
}

/// Lines that end in CRLF, LF or CR.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = memchr::memchr2(b'\r', b'\n', text) else {
            rest = None;
            return Some(text);
        };
        let (line, end) = text.split_at(end);
        rest = end.strip_prefix(b"\r\n").or_else(|| end.get(1..));
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn source(name: &str, text: &[u8]) -> Source {
        Source { name: name.into(), text: Bytes::copy_from_slice(text), template: name.contains(".sub.") }
    }

    fn fields(sources: &[(&str, &[u8])]) -> Result<Vec<String>, String> {
        let sources: Vec<Source> = sources.iter().map(|(name, text)| source(name, text)).collect();
        let head = head(Path::new("/x/a.html"), &sources, None)?;
        Ok(head.fields.iter().map(|f| format!("{}: {}", f.name.escape_ascii(), f.value.escape_ascii())).collect())
    }

    #[test]
    fn the_folders_fields_come_first_and_lines_of_one_name_stand_together() {
        let found = fields(&[("__dir__.headers", b"X-A: dir\nZ : z"), ("a.html.headers", b"x-a: 1\r\nY:2\rX-a:\n")]);
        assert_eq!(found.unwrap(), ["content-type: text/html", "X-A: dir", "X-A: 1", "X-A: ", "Z: z", "Y: 2"]);
    }

    #[test]
    fn a_type_is_guessed_only_if_none_is_given() {
        let found = fields(&[("a.html.headers", b"A: 1\n\n  \nCONTENT-TYPE: text/x; a:b\n")]);
        assert_eq!(found.unwrap(), ["A: 1", "CONTENT-TYPE: text/x; a:b"]);
        assert_eq!(fields(&[]).unwrap(), ["content-type: text/html"]);
    }

    #[test]
    fn what_is_no_field_is_named_by_file_and_line() {
        for (text, said) in [
            (&b"a: 1\r\n\r\nnonsense\n"[..], "x.headers, line 3: a line is a name"),
            (b": 1", "x.headers, line 1: there is no name"),
            (b"a: 1\nb: \0", "x.headers, line 2: there is a NUL"),
        ] {
            let error = fields(&[("x.headers", text)]).unwrap_err();
            assert!(error.starts_with(said), "{error}");
        }
    }

    #[test]
    fn a_file_that_is_too_long_is_not_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(folder.path().join("a.headers"), "a: b\n".repeat(2 << 20)).unwrap();
        let found = look(&path);
        assert_eq!(found.len(), 1);
        let error = Source::read(&found[0]).unwrap_err();
        assert_eq!(error, "a.headers is too long: a .headers file has at most 262144 bytes.");
    }

    #[test]
    fn a_sub_form_comes_before_the_plain_one() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["__dir__.headers", "a.headers", "a.sub.headers"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        std::fs::create_dir(folder.path().join("__dir__.sub.headers")).unwrap();
        let names: Vec<_> =
            look(&folder.path().join("a")).into_iter().map(|found| (found.path, found.template)).collect();
        let path = |name| folder.path().join(name);
        assert_eq!(names, [(path("__dir__.headers"), false), (path("a.sub.headers"), true)]);
    }

    #[test]
    fn many_names_take_linear_time() {
        let text: String = (0..40_000).map(|number| format!("{number:x}:\n")).collect();
        assert_eq!(fields(&[("a.headers", text.as_bytes())]).unwrap().len(), 40_001);
    }

    proptest! {
        #![proptest_config(crate::properties::config(256))]

        #[test]
        fn anything_can_be_read(text in "[a:\\x00 \r\n-]*", octets in vec(any::<u8>(), 0..200)) {
            for text in [text.as_bytes(), &octets] {
                if let Ok(fields) = fields(&[("a.headers", text)]) {
                    prop_assert!(fields.len() <= 1 + text.iter().filter(|octet| **octet == b':').count());
                }
                prop_assert_eq!(lines(text).map(<[u8]>::len).sum::<usize>(), text.iter().filter(|octet| !b"\r\n".contains(octet)).count());
            }
        }
    }
}
