//! Tables of `[[aliases]]`, `[[routes]]` and `[[rewrites]]`.

use std::path::PathBuf;

use super::super::Value;
use super::super::section::{self, Item, Read, Reader, Section, text, whole, wrong, wrong_with};
use crate::site::{Alias, Pattern, Rewrite, Route, Target};

/// Reads a table of `[[aliases]]`.
pub(in crate::config) fn alias(reader: &mut Reader<'_>, mut alias: Section<'_>, _item: Item<'_>) -> Option<Alias> {
    let url_path = alias.required(reader, "url-path", path);
    let local_dir = alias.required(reader, "local-dir", section::future_folder);
    alias.finish(reader);
    Some(Alias { url_path: url_path?, local_dir: local_dir? })
}

/// Reads a table of `[[rewrites]]`.
pub(in crate::config) fn rewrite(
    reader: &mut Reader<'_>,
    mut rewrite: Section<'_>,
    _item: Item<'_>,
) -> Option<Rewrite> {
    let methods = rewrite.optional(reader, "methods", methods).map(|methods| methods.value);
    let from = rewrite.required(reader, "from", path);
    let to = rewrite.required(reader, "to", path);
    rewrite.finish(reader);
    Some(Rewrite { methods: methods.unwrap_or_default(), from: from?, to: to? })
}

/// Reads a table of `[[routes]]`.
pub(in crate::config) fn route(reader: &mut Reader<'_>, mut route: Section<'_>, item: Item<'_>) -> Option<Route> {
    let errors = reader.count();
    let methods = route.optional(reader, "methods", methods).map(|methods| methods.value);
    let path = route.required(reader, "path", pattern);
    let script = route.optional(reader, "script", section::file);
    let file = route.optional(reader, "file", section::file);
    let directory = route.optional(reader, "directory", section::future_folder);
    let code = route.optional(reader, "status", |item| whole::<u16>(200..=599)(item));
    route.finish(reader);
    let of = |path: Option<Value<PathBuf>>, target: fn(PathBuf) -> Target| path.map(|path| target(path.value));
    let targets = [
        of(script, Target::Script),
        of(file, Target::File),
        of(directory, Target::Directory),
        code.map(|code| Target::Status(code.value)),
    ];
    let mut targets = targets.into_iter().flatten();
    match (targets.next(), targets.next()) {
        (Some(target), None) => Some(Route { methods: methods.unwrap_or_default(), path: path?, target }),
        // An error about its target was reported already.
        (None, _) if reader.count() > errors => None,
        _ => {
            let advice = "script = \"…\", file = \"…\", directory = \"…\" or status = 404".to_owned();
            reader.fail(item.span.clone(), "a route must have exactly one target", Some(advice));
            None
        }
    }
}

/// Methods as clients send them: `"GET"`, a list, or `"*"` for every method.
fn methods(item: Item<'_>) -> Read<Vec<String>> {
    let methods = section::list(item, |item| {
        let method = text(item)?;
        // A token (RFC 9110 §5.6.2).
        if method.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet)) {
            return Ok(method);
        }
        wrong_with(item, "is not a method", "such as \"GET\", or \"*\" for every method")
    })?;
    Ok(if methods.iter().any(|method| method == "*") { Vec::new() } else { methods })
}

fn path(item: Item<'_>) -> Read<String> {
    let path = text(item)?;
    if !path.starts_with('/') {
        return wrong(item, "must begin with a slash");
    }
    if path.contains(['?', '#']) {
        return wrong(item, "must be a path, without ? and #");
    }
    Ok(path)
}

/// The path of a route.
fn pattern(item: Item<'_>) -> Read<String> {
    let advice = "literals, {name} for one segment, * for anything";
    let pattern = text(item)?;
    if !pattern.starts_with(['/', '*']) {
        return wrong_with(item, "must begin with a slash or *", advice);
    }
    if pattern.contains(['?', '#']) {
        return wrong_with(item, "must be a path, without ? and #", advice);
    }
    match Pattern::parse(&pattern) {
        Ok(_) => Ok(pattern),
        Err(error) => wrong_with(item, "is not the path of a route", error.to_string()),
    }
}
