use super::{Reference, files, page};
use std::path::Path;

/// `WIRESERVE_WRITE_DOCS=1` writes the page.
#[test]
#[allow(clippy::disallowed_methods, reason = "tests read the environment")]
fn the_page_lists_what_is_registered() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(super::PAGE);
    let expected = page();
    if std::env::var_os("WIRESERVE_WRITE_DOCS").is_some() {
        std::fs::write(&path, &expected).expect("the page can be written");
    }
    let written = std::fs::read_to_string(&path).expect("the page");
    assert!(written == expected, "docs/api/README.md is old: `cargo xtask record` writes it");
}

#[test]
fn members_have_parameters_types_and_a_place() {
    let reference = Reference::new();
    let entries = reference.entries();
    let of = |name: &str| {
        let mut found = entries.iter().filter(|entry| entry.full_name() == name);
        found.next().unwrap_or_else(|| panic!("no {name}"))
    };
    for (name, short, anchor) in [
        ("connection.cut_after", "cut_after(bytes, how)", "connectioncut_after"),
        ("frame::data", "frame::data(stream_id, bytes)", "framedata-frameheaders-framecontinuation"),
        ("request.method", "method", "requestmethod-requestpath-requestquery-requesturl"),
        ("sleep", "sleep(seconds)", "sleep"),
    ] {
        let entry = of(name);
        let place = entry.section.as_ref().map(|section| section.anchor.as_str());
        assert_eq!((entry.short(), place), (vec![short.to_owned()], Some(anchor)), "{name}");
    }
    let goaway = ["goaway(last_stream_id?, code?, debug?)", "goaway(code, debug)"];
    assert_eq!(of("connection.goaway").short(), goaway);
    let long = of("connection.goaway").long();
    assert!(long.iter().any(|line| line.starts_with("connection.goaway(code: ")), "{long:?}");
    assert!(long.iter().any(|line| line.starts_with("connection.goaway(last_stream_id: ")), "{long:?}");
    assert_eq!(of("sleep").long(), ["sleep(seconds: float or integer)"]);
    assert_eq!(of("response.status").long(), ["response.status  (read and set)"]);
    assert_eq!(of("request.method").long(), ["request.method  (read)"]);
    let lost: Vec<String> =
        entries.iter().filter(|entry| entry.section.is_none()).map(super::Entry::full_name).collect();
    assert!(lost.is_empty(), "no section for {lost:?}");
}

#[test]
fn definitions_are_in_the_form_that_editors_read() {
    let files = files();
    let file = |name: &str| files.get(name).map_or("", String::as_str);
    for (name, part) in [
        ("wireserve.d.rhai", "module static;\n\n"),
        ("wireserve.d.rhai", "fn get method(request: Request) -> ?;\n"),
        ("wireserve.d.rhai", "fn sleep(seconds: float) -> ?;\n"),
        ("frame.d.rhai", "module frame;\n\n"),
        ("frame.d.rhai", "fn data(stream_id: int, bytes: ?) -> ?;\n"),
        ("error.d.rhai", "const NO_ERROR: int;\n"),
    ] {
        assert!(file(name).contains(part), "{part:?} is not in {name}: {}", file(name));
    }
    let is_known =
        |line: &str| ["", "///", "fn", "const", "module"].contains(&line.split(' ').next().unwrap_or_default());
    assert!(files.values().flat_map(|text| text.lines()).all(is_known));
}
