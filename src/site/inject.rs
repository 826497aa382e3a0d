//! `inject_script`: a script put into HTML before everything else.

use crate::exchange::{Content, NextPiece, Pieces, Prepared};
use crate::http::media_type;
use bytes::Bytes;
use std::fs;
use std::io;
use std::path::Path;

/// A script element, ready to be put into pages. It removes itself from the page once it has run.
#[derive(Clone, Debug)]
pub struct Injection(Bytes);

impl Injection {
    /// Reads the script.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        let script = fs::read(path)?;
        let element = [
            &b"<script>\n"[..],
            &script,
            b"\n// Leaves no trace in the page.\ndocument.currentScript.remove();\n</script>\n",
        ];
        Ok(Self(element.concat().into()))
    }

    /// As [`Injection::apply`], also to a file that is sent in pieces: it has its head in the first of them.
    pub(super) async fn apply_to_file(&self, prepared: &mut Prepared) {
        if !is_page(prepared) {
            return;
        }
        let Content::Pieces(pieces) = &mut prepared.content else { return self.apply(prepared) };
        if pieces.length().is_none() {
            return;
        }
        // What cannot be read breaks off when it is sent.
        let first = pieces.next().await.unwrap_or_default().unwrap_or_default();
        let first = self.injected(&first).unwrap_or(first);
        let content = std::mem::take(&mut prepared.content);
        if let Content::Pieces(rest) = content {
            prepared.content = Content::Pieces(Box::new(Injected { first: Some(first), rest }));
        }
        prepared.head.fields.remove("content-length");
        prepared.head.fields.remove("etag");
    }

    /// Puts the script into a complete HTML page: after doctype and the tags `<html>` and `<head>` with blanks and
    /// comments around them, before anything else. What is no HTML, encoded, partial, made while it is sent, or has
    /// nothing after its head, stays as it is.
    pub(super) fn apply(&self, prepared: &mut Prepared) {
        let Content::Whole(page) = &prepared.content else { return };
        if let Some(injected) = is_page(prepared).then(|| self.injected(page)).flatten() {
            prepared.content = injected.into();
            prepared.head.fields.remove("content-length");
            // It is the file's, which the page is no more.
            prepared.head.fields.remove("etag");
        }
    }

    fn injected(&self, page: &[u8]) -> Option<Bytes> {
        let (head, rest) = page.split_at(place(page)?);
        Some([head, &self.0, rest].concat().into())
    }
}

/// Whether it is all of an HTML page, as it is.
fn is_page(prepared: &Prepared) -> bool {
    let fields = &prepared.head.fields;
    let is_html = fields.get("content-type").is_some_and(|value| media_type::parse(value).0 == "text/html");
    is_html && prepared.head.status != 206 && !fields.contains("content-encoding")
}

/// A page in pieces, the script in the first of them.
#[derive(Debug)]
struct Injected {
    first: Option<Bytes>,
    rest: Box<dyn Pieces>,
}

impl Pieces for Injected {
    fn length(&self) -> Option<u64> {
        let first = self.first.as_ref().map_or(0, Bytes::len) as u64;
        Some(self.rest.length()? + first)
    }

    fn next(&mut self) -> NextPiece<'_> {
        match self.first.take() {
            Some(first) => Box::pin(std::future::ready(Ok(Some(first)))),
            None => self.rest.next(),
        }
    }
}

/// Where the first content of a page begins; `None` if it has none, or is not in an encoding that extends ASCII.
fn place(page: &[u8]) -> Option<usize> {
    if page.starts_with(b"\xff\xfe") || page.starts_with(b"\xfe\xff") {
        return None;
    }
    let mut rest = page.strip_prefix(b"\xef\xbb\xbf").unwrap_or(page);
    loop {
        rest = rest.trim_ascii_start();
        match skipped(rest)? {
            0 => return Some(page.len() - rest.len()),
            length => rest = rest.get(length..)?,
        }
    }
}

/// The length of the comment, doctype or start tag of `html` or `head` that `rest` begins with; 0 if it begins with
/// anything else, `None` if it ends before that does.
fn skipped(rest: &[u8]) -> Option<usize> {
    let first = rest.first()?;
    if *first != b'<' {
        return Some(0);
    }
    if let Some(comment) = rest.strip_prefix(b"<!--") {
        // `<!-->` and `<!--->` are comments too.
        return [&b">"[..], b"->"]
            .iter()
            .find(|end| comment.starts_with(end))
            .map(|end| 4 + end.len())
            .or_else(|| memchr::memmem::find(comment, b"-->").map(|at| 4 + at + 3));
    }
    if matches!(rest.get(1)?, b'!' | b'?') {
        return memchr::memchr(b'>', rest).map(|at| at + 1);
    }
    for name in [&b"html"[..], b"head"] {
        let after = rest.get(1..1 + name.len()).filter(|tag| tag.eq_ignore_ascii_case(name));
        if after.is_some() && rest.get(1 + name.len()).is_none_or(|next| b" \t\n\r\x0c/>".contains(next)) {
            return tag_length(rest);
        }
    }
    Some(0)
}

/// The length of a tag: a `>` in a quoted value of an attribute does not end it.
fn tag_length(tag: &[u8]) -> Option<usize> {
    let mut quote = None;
    for (at, octet) in tag.iter().enumerate() {
        let value_begins = || tag.get(..at).is_some_and(|before| before.trim_ascii_end().ends_with(b"="));
        match (quote, octet) {
            (Some(open), octet) if open == octet => quote = None,
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') if value_begins() => quote = Some(octet),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::ResponseHead;

    fn injected(page: &str) -> String {
        respond(200, &[("content-type", "text/html")], page)
    }

    fn respond(status: u16, fields: &[(&str, &str)], page: &str) -> String {
        let mut head = ResponseHead { status, ..ResponseHead::default() };
        fields.iter().for_each(|(name, value)| head.fields.append(name.to_string(), value.to_string()));
        let mut prepared =
            Prepared { head, content: Bytes::copy_from_slice(page.as_bytes()).into(), ..Prepared::default() };
        Injection(Bytes::from_static(b"[X]")).apply(&mut prepared);
        let Content::Whole(content) = prepared.content else { panic!("content in pieces") };
        String::from_utf8_lossy(&content).into_owned()
    }

    #[test]
    fn the_script_comes_before_the_first_content() {
        for page in [
            "<!doctype html>\n|<title>x</title>",
            "<!DOCTYPE html PUBLIC \"a\">\n<!-- <p> -->\n<HTML lang='>'><head\n a=\"b>c\" d='\"'>\n|<meta charset=utf-8>",
            "<html>|<body>",
            "<head/>|x",
            "|x",
            "  |</html>",
            "|<header>",
            "|<p><html>",
            "<html a=b'c>|<p>'>",
            "\u{feff}<!doctype html>|\u{e9}",
            "<!--><?xml?><!x>|<p>",
        ] {
            assert_eq!(injected(&page.replace('|', "")), page.replace('|', "[X]"), "{page}");
        }
    }

    #[test]
    fn a_page_without_content_stays() {
        for page in ["", " \n", "<!doctype html>", "<html", "<html a=\">x", "<!-- x", "<"] {
            assert_eq!(injected(page), page);
        }
        assert_eq!(injected("\u{feff}"), "\u{feff}");
    }

    #[test]
    fn what_is_no_complete_html_stays() {
        let html = ("content-type", "text/html; charset=utf-8");
        assert_eq!(respond(200, &[html], "x"), "[X]x");
        assert_eq!(respond(404, &[html, ("content-length", "1")], "x"), "[X]x");
        assert_eq!(respond(206, &[html], "x"), "x");
        assert_eq!(respond(200, &[html, ("content-encoding", "gzip")], "x"), "x");
        assert_eq!(respond(200, &[("content-type", "text/plain")], "x"), "x");
        assert_eq!(respond(200, &[], "x"), "x");
    }
}
