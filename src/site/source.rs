//! A script as a page: its text in color, what its head says, and what known clients do.

use super::escape;
use super::head::{GRPC, Head};
use super::highlight;
use super::layout::{Title, page};
use super::recorded;
use super::render::render;
use super::resolve::{Meaning, Source};
use super::shipped::shipped_handler;
use super::snapshot::Site;
use serde_json::{Value, json};
use std::fs;
use std::io::ErrorKind;

const PAGE: &str = include_str!("source.html");
const LIST: &str = include_str!("sources.html");

/// Bytes of a script that are shown: larger ones are no tests.
const MAX_BYTES: u64 = 1 << 20;

/// The page of the script that responds at a URL path; `None` if none does. Only what is served is shown.
///
/// # Errors
/// The script cannot be shown: a sentence.
pub fn source_page(site: &Site, path: &[u8], title: &Title<'_>) -> Option<Result<String, String>> {
    let Meaning::Script(source) = site.resolve(b"GET", path).meaning else { return None };
    let text = match &source {
        Source::Shipped(name) => shipped_handler(name)?.into_owned(),
        Source::File(file) => match fs::metadata(file).and_then(|facts| Ok((facts, fs::read(file)?))) {
            Ok((facts, _)) if facts.len() > MAX_BYTES => {
                return Some(Err(format!("The script has more than {MAX_BYTES} bytes, which are not shown.")));
            }
            Ok((_, text)) => String::from_utf8_lossy(&text).into_owned(),
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            Err(error) => return Some(Err(format!("The script cannot be read: {error}."))),
        },
    };
    Some(Ok(shown(&String::from_utf8_lossy(path), &source, &text, title)))
}

/// The page that lists scripts, by their paths.
pub fn sources_page(scripts: &[String], title: &Title<'_>) -> String {
    let scripts: Value = scripts.iter().map(|path| json!(escape::url_path(path))).collect();
    page(title, &render(LIST, &json!({ "scripts": scripts })))
}

fn shown(path: &str, source: &Source, text: &str, title: &Title<'_>) -> String {
    let head = Head::parse(text);
    let code = highlight::rhai(text.trim_end_matches('\n'));
    let lines = code.lines().enumerate().map(|(at, code)| json!({"number": at + 1, "code": code}));
    let name = path.rsplit('/').next().unwrap_or(path);
    let cases = match source {
        Source::Shipped(name) => cases(name, &head),
        Source::File(_) => Vec::new(),
    };
    let is_profile = path.starts_with("/handlers/profiles/");
    let versions = recorded::clients().map(|(name, version)| version_of(name, version)).collect::<Vec<_>>().join(", ");
    let data = json!({
        "name": name,
        "url": path,
        "from": path.strip_prefix("/handlers/").and_then(|path| path.strip_suffix(".rhai")),
        "link": !is_profile && head.only.as_deref() != Some(GRPC),
        "shipped": matches!(source, Source::Shipped(_)),
        "only": head.only,
        "sends": head.sends,
        "client": head.client,
        "lines": lines.collect::<Value>(),
        "has_cases": !cases.is_empty(),
        "cases": cases,
        "versions": versions,
    });
    page(&Title { name, ..*title }, &render(PAGE, &data))
}

/// Each query to try with what is expected, and what each recorded client did. Tests fetch with every client the
/// handlers whose heads expect something, outside the top of the folder.
fn cases(path: &str, head: &Head) -> Vec<Value> {
    if !path.contains('/') || path.starts_with("profiles/") || path.starts_with("stash/") {
        return Vec::new();
    }
    let case = |query: &str| {
        let expected = head.expected(query)?;
        let reactions: Vec<String> = expected.reactions.iter().map(ToString::to_string).collect();
        let deviations: Vec<_> = recorded::deviations(path).filter(|one| one.query == query).collect();
        let as_expected: Vec<&str> = recorded::clients()
            .map(|(name, _)| name)
            .filter(|name| deviations.iter().all(|one| one.client != *name))
            .collect();
        let mut did = vec![json!({"clients": as_expected.join(", "), "outcome": "as expected", "differs": false})];
        did.retain(|_| !as_expected.is_empty());
        let other = |one: &recorded::Deviation<'_>| json!({"clients": one.client, "outcome": one.outcomes.join(", or "), "differs": true});
        did.extend(deviations.iter().map(other));
        Some(json!({"query": query, "expected": reactions.join(" or "), "did": did}))
    };
    head.queries().into_iter().filter_map(case).collect()
}

/// A client with the number of its version, out of what it says itself.
fn version_of(name: &str, version: &str) -> String {
    let number =
        version.split([' ', '/']).find(|word| word.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit()));
    format!("{name} {}", number.unwrap_or(version))
}
