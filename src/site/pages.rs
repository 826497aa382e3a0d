//! Responses that the server makes up itself: a status with a sentence, a generated page.

use super::escape::html;
use super::highlight;
use super::layout::{Title, page};
use super::render::render;
use crate::exchange::{Excerpt, Prepared, Request, ResponseHead, Words};
use crate::http::{accept, status};
use bytes::Bytes;
use serde_json::{Value, json};
use std::io;

const ERROR: &str = include_str!("error.html");

/// A short text: what happened, and what to do.
pub fn status_page(status: u16, text: &str) -> Prepared {
    status_page_with(status, Words { text: text.to_owned(), ..Words::default() })
}

/// The same with what works instead, each on a line of its own.
pub fn status_page_with(status: u16, words: Words) -> Prepared {
    let mut head = ResponseHead { status, ..ResponseHead::default() };
    head.fields.append("content-type", "text/plain; charset=utf-8");
    let mut text = format!("{status} {}\n\n{}\n", status::reason_phrase(status), words.text);
    for link in &words.links {
        text.push_str(&format!("  {link}\n"));
    }
    Prepared { head, content: Bytes::from(text).into(), words: Some(Box::new(words)), ..Prepared::default() }
}

/// What the server says in words, as a page if the client would rather have HTML.
pub fn dressed(request: &Request, mut prepared: Prepared) -> Prepared {
    let Some(words) = prepared.words.take() else { return prepared };
    prepared.head.fields.append("vary", "accept");
    if accept::prefers(&request.fields, "text/html", "text/plain") {
        prepared.head.fields.set("content-type", "text/html; charset=utf-8");
        prepared.content = Bytes::from(error_page(request, prepared.head.status, &words)).into();
    }
    prepared
}

fn error_page(request: &Request, status: u16, words: &Words) -> String {
    let reason = status::reason_phrase(status);
    let name = format!("{status} {reason}");
    // What scripts throw has lines; sentences have none.
    let paragraphs = words.text.lines().filter(|line| !line.trim().is_empty()).map(|line| json!(with_code(line)));
    let data = json!({
        "status": status,
        "reason": reason,
        "request": format!("{} {}", request.method.escape_ascii(), String::from_utf8_lossy(&request.target)),
        "paragraphs": paragraphs.collect::<Value>(),
        "links": words.links,
        "excerpt": words.excerpt.as_ref().map(|excerpt| excerpted(request, excerpt)),
    });
    page(&Title { name: name.trim_end(), ..Title::default() }, &render(ERROR, &data))
}

fn excerpted(request: &Request, excerpt: &Excerpt) -> Value {
    // Tabs stay tabs, so that the caret stands below its character.
    let before = excerpt.code.chars().take(excerpt.column.saturating_sub(1));
    let indent: String = before.map(|char| if char == '\t' { '\t' } else { ' ' }).collect();
    let path = String::from_utf8_lossy(request.path());
    json!({
        "spot": excerpt.spot,
        // The page of the source knows only what has a URL.
        "source": excerpt.is_at_url.then(|| format!("/_wire/source{path}{}", anchor(excerpt.line))),
        "line": excerpt.line,
        "code": highlight::rhai(&excerpt.code),
        "caret": (excerpt.column > 0).then(|| format!("{indent}^")),
        "calls": excerpt.calls.iter().map(|call| with_code(call)).collect::<Vec<_>>(),
        "help": excerpt.help.as_deref().map(with_code),
    })
}

/// A sentence as HTML, with what it has between backticks as code.
fn with_code(text: &str) -> String {
    let parts: Vec<String> = text.split('`').map(html).collect();
    let mut shown = String::new();
    for (at, part) in parts.iter().enumerate() {
        match (at % 2, at + 1 == parts.len()) {
            // A backtick without another one is a backtick.
            (1, true) => shown.push('`'),
            (1, false) => shown.push_str("<code>"),
            (_, _) if at > 0 => shown.push_str("</code>"),
            _ => {}
        }
        shown.push_str(part);
    }
    shown
}

fn anchor(line: usize) -> String {
    if line == 0 { String::new() } else { format!("#L{line}") }
}

/// A generated HTML page, whatever the method.
pub fn html_page(page: String) -> Prepared {
    let mut head = ResponseHead { status: 200, ..ResponseHead::default() };
    head.fields.append("content-type", "text/html; charset=utf-8");
    Prepared { head, content: Bytes::from(page).into(), ..Prepared::default() }
}

/// The answer to a request for a file or folder (`what`) that was there when it was looked up.
pub fn unreadable(what: &str, error: &io::Error) -> Prepared {
    if is_gone(error) {
        return status_page(404, &format!("The {what} was here a moment ago, and is gone."));
    }
    status_page(500, &format!("The {what} exists but cannot be read: {error}."))
}

/// Whether an error means that a file is not there, or not any more.
pub fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{Content, RawHead, Routing};
    use crate::http::Fields;

    fn said(accept: Option<&str>, words: Words) -> (Prepared, String) {
        let mut request = Request {
            method: "GET".into(),
            scheme: "http".into(),
            authority: "h".into(),
            target: "/handlers/a.rhai?<x>".into(),
            connect_protocol_known: true,
            fields: Fields::new(),
            raw: RawHead::Pushed,
            routing: Routing::default(),
        };
        accept.into_iter().for_each(|accept| request.fields.append("accept", accept.to_owned()));
        let prepared = dressed(&request, status_page_with(500, words));
        let Content::Whole(content) = &prepared.content else { panic!("it is whole") };
        let text = String::from_utf8_lossy(content).into_owned();
        (prepared, text)
    }

    #[test]
    fn browsers_get_a_page_and_others_text() {
        let words = || Words { text: "Not <so>.".to_owned(), links: vec!["/a?b&c".to_owned()], excerpt: None };
        for accept in [None, Some("*/*"), Some("text/plain, text/html;q=0.9"), Some("text/html;q=0, */*")] {
            let (prepared, text) = said(accept, words());
            assert_eq!(text, "500 Internal Server Error\n\nNot <so>.\n  /a?b&c\n", "{accept:?}");
            assert_eq!(prepared.head.fields.get("vary").map(|value| &value[..]), Some(&b"accept"[..]));
        }
        let (prepared, page) = said(Some("text/html,*/*;q=0.8"), words());
        assert_eq!(
            prepared.head.fields.get("content-type").map(|value| &value[..]),
            Some(&b"text/html; charset=utf-8"[..])
        );
        for part in [
            "<title>500 Internal Server Error",
            "Not &lt;so&gt;.",
            "href=\"/a?b&amp;c\"",
            "?&lt;x&gt;",
            "href=\"/handlers/\"",
        ] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
    }

    #[test]
    fn backticks_are_code() {
        for (text, shown) in [
            ("a < b", "a &lt; b"),
            ("`a`", "<code>a</code>"),
            ("x `<a>` y `b`.", "x <code>&lt;a&gt;</code> y <code>b</code>."),
            ("one ` only", "one ` only"),
            ("`a` and `", "<code>a</code> and `"),
        ] {
            assert_eq!(with_code(text), shown, "{text}");
        }
    }

    #[test]
    fn a_page_shows_the_line_of_a_script_that_is_wrong() {
        let excerpt = Excerpt {
            spot: "/folder/a.rhai:3:5".to_owned(),
            is_at_url: true,
            line: 3,
            column: 5,
            code: "let x = \"<\";".to_owned(),
            calls: vec!["in `<f>`".to_owned()],
            help: Some("a & b".to_owned()),
        };
        let page = |is_at_url: bool| {
            let excerpt = Excerpt { is_at_url, ..excerpt.clone() };
            said(Some("text/html"), Words { text: "wrong".to_owned(), excerpt: Some(excerpt), links: Vec::new() }).1
        };
        let own = page(true);
        for part in [
            "<a href=\"/_wire/source/handlers/a.rhai#L3\">/folder/a.rhai:3:5</a>",
            "<mark><i class=k>let</i> x = <i class=s>&quot;&lt;&quot;</i>;</mark>",
            "    ^</b>",
            "in <code>&lt;f&gt;</code>",
            "a &amp; b",
        ] {
            assert!(own.contains(part), "{part} is not in {own}");
        }
        // The page of the source is about the script that has the URL.
        assert!(!page(false).contains("/_wire/source"));
    }
}
