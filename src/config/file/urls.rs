//! What URLs mean: `aliases`, `[[routes]]`, `[[rewrites]]`, `inject_script`, `refuse_h2_over_http1`.

use std::path::PathBuf;

use super::super::section::{self, Item, Read, Reader, Section, boolean, text, whole, wrong, wrong_with};
use super::super::{Config, Value};
use crate::site::{Alias, Pattern, Rewrite, Route, Target};

/// Reads the keys about URLs, at the top of the file.
pub(super) fn read(reader: &mut Reader<'_>, top: &mut Section<'_>, config: &mut Config) {
    let source = reader.source;
    top.read(reader, "inject_script", &mut config.inject_script, |item| section::file(source)(item).map(Some));
    top.read(reader, "refuse_h2_over_http1", &mut config.refuse_h2_over_http1, boolean);
    config.aliases = top.tables(reader, "aliases", |reader, mut alias, _| {
        let url_path = alias.required(reader, "url-path", path);
        let local_dir = alias.required(reader, "local-dir", section::future_folder(source));
        alias.finish(reader);
        Some(Alias { url_path: url_path?, local_dir: local_dir? })
    });
    config.routes = top.tables(reader, "routes", route);
    config.rewrites = top.tables(reader, "rewrites", |reader, mut rewrite, _| {
        let methods = rewrite.accepted(reader, "methods", methods).map(|methods| methods.value);
        let from = rewrite.required(reader, "from", path);
        let to = rewrite.required(reader, "to", path);
        rewrite.finish(reader);
        Some(Rewrite { methods: methods.unwrap_or_default(), from: from?, to: to? })
    });
}

fn route(reader: &mut Reader<'_>, mut route: Section<'_>, item: Item<'_>) -> Option<Route> {
    let source = reader.source;
    let errors = reader.count();
    let methods = route.accepted(reader, "methods", methods).map(|methods| methods.value);
    let path = route.required(reader, "path", pattern);
    let script = route.accepted(reader, "script", section::file(source));
    let file = route.accepted(reader, "file", section::file(source));
    let directory = route.accepted(reader, "directory", section::future_folder(source));
    let code = route.accepted(reader, "status", |item| whole::<u16>(200..=599)(item));
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
        // A target that is wrong was told already.
        (None, _) if reader.count() > errors => None,
        _ => {
            let advice = "script = \"…\", file = \"…\", directory = \"…\" or status = 404".to_owned();
            reader.fail(item.span.clone(), "a route leads to exactly one thing", Some(advice));
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
        wrong_with(item, "is no method", "such as \"GET\", or \"*\" for every method")
    })?;
    Ok(if methods.iter().any(|method| method == "*") { Vec::new() } else { methods })
}

fn path(item: Item<'_>) -> Read<String> {
    let path = text(item)?;
    if !path.starts_with('/') {
        return wrong(item, "begins with a slash");
    }
    if path.contains(['?', '#']) {
        return wrong(item, "is a path, without ? and #");
    }
    Ok(path)
}

/// The path of a route.
fn pattern(item: Item<'_>) -> Read<String> {
    let advice = "literals, {name} for one segment, * for anything";
    let pattern = text(item)?;
    if !pattern.starts_with(['/', '*']) {
        return wrong_with(item, "begins with a slash or *", advice);
    }
    if pattern.contains(['?', '#']) {
        return wrong_with(item, "is a path, without ? and #", advice);
    }
    match Pattern::parse(&pattern) {
        Ok(_) => Ok(pattern),
        Err(error) => wrong_with(item, "is no path of a route", error.to_string()),
    }
}
