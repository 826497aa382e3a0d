//! Substitution: `{{…}}` in files with `.sub.` in their name, in `.sub.headers`, and by the pipe `sub`.
//!
//! What stands between the braces names something of the request, of the server or of the configuration, as in
//! wptserve. Time and memory are linear in the template and in what it is replaced by, whatever it holds.

mod error;
mod expression;
mod functions;
#[cfg(test)]
mod tests;
mod value;

pub use error::{Fault, TemplateError};

use super::environment::Environment;
use super::escape::reference;
use crate::exchange::{Exchange, Peer, Request};
use std::path::{Path, PathBuf};
use value::Variables;

/// Octets that a template may become.
const MAX_RESULT: usize = 64 << 20;

/// File name extensions whose substitutions are escaped for HTML.
const MARKUP: [&str; 6] = ["html", "htm", "xht", "xhtml", "xml", "svg"];

/// How a value is written into the text around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// `&`, `<`, `>` and both quotes as character references.
    Html,
    /// As it is.
    None,
}

impl Escape {
    /// What a file's name asks for: [`Escape::Html`] for markup.
    pub fn by_file_name(name: &str) -> Self {
        match name.rsplit_once('.') {
            Some((_, extension)) if MARKUP.contains(&extension) => Self::Html,
            _ => Self::None,
        }
    }
}

/// What a template can name.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The request that is answered.
    pub request: &'a Request,
    /// Both ends of its connection.
    pub peer: &'a Peer,
    /// The part of the path that a mounted folder stands for, with its last slash; `/` for the document root.
    pub url_base: &'a str,
    /// That folder.
    pub doc_root: &'a Path,
    /// The server.
    pub environment: &'a Environment,
    /// Canonical folders of which nothing is shown: private keys.
    pub hidden: &'a [PathBuf],
}

impl<'a> Scope<'a> {
    /// For a request below the document root.
    pub fn new(exchange: &'a Exchange, environment: &'a Environment, hidden: &'a [PathBuf]) -> Self {
        let peer = exchange.connection().peer();
        let request = exchange.request();
        let (url_base, doc_root) = match request.routing.mount() {
            Some(mount) => (mount.url_base.as_str(), mount.folder.as_path()),
            None => ("/", environment.doc_root.as_path()),
        };
        Self { request, peer, url_base, doc_root, environment, hidden }
    }
}

/// Whether a file's name asks for substitution.
pub fn is_template(name: &str) -> bool {
    memchr::memmem::find(name.as_bytes(), b".sub.").is_some()
}

/// Replaces every `{{…}}` that has no `}` inside; everything else stays as it is.
///
/// # Errors
/// The first expression that means nothing, with its place.
pub fn substitute(content: &[u8], scope: &Scope<'_>, escape: Escape) -> Result<Vec<u8>, TemplateError> {
    let mut result = Vec::with_capacity(content.len());
    let mut variables = Variables::default();
    let mut rest = 0;
    while let Some((start, end)) = next_expression(content, rest) {
        let expression = content.get(start + 2..end - 2).unwrap_or_default();
        result.extend_from_slice(content.get(rest..start).unwrap_or_default());
        let written = variables.evaluate(expression, scope).and_then(|value| {
            write(&value, escape, &mut result);
            if result.len() > MAX_RESULT { Err(Fault::TooLarge(MAX_RESULT)) } else { Ok(()) }
        });
        written.map_err(|fault| TemplateError::new(content, start, expression, fault))?;
        rest = end;
    }
    result.extend_from_slice(content.get(rest..).unwrap_or_default());
    Ok(result)
}

/// Start and end of the first `{{…}}` from `from` on. Each octet is looked at a fixed number of times: where the next
/// `}` is not doubled, nothing before it can begin an expression.
fn next_expression(content: &[u8], mut from: usize) -> Option<(usize, usize)> {
    loop {
        let start = from + memchr::memmem::find(content.get(from..)?, b"{{")?;
        let brace = start + 2 + memchr::memchr(b'}', content.get(start + 2..)?)?;
        if content.get(brace + 1) == Some(&b'}') {
            return Some((start, brace + 2));
        }
        from = brace + 1;
    }
}

fn write(value: &[u8], escape: Escape, result: &mut Vec<u8>) {
    if escape == Escape::None {
        return result.extend_from_slice(value);
    }
    for octet in value {
        match reference(*octet) {
            Some(reference) => result.extend_from_slice(reference.as_bytes()),
            None => result.push(*octet),
        }
    }
}
