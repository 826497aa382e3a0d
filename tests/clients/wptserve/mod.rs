//! The real wptserve beside ours: the same files, the same requests, the same answers but for what is meant to differ.

mod allowed;
mod both;
mod difference;
mod folder;
mod grid;
mod scripts;

use allowed::ALLOWED;
use both::Both;
use difference::Pair;
use grid::Request;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Asks both each request, and gives the ids of the rows of [`ALLOWED`] that were needed.
///
/// # Panics
/// If anything else differs.
fn compare(both: &Both, requests: Vec<Request>, over_http2: bool) -> BTreeSet<&'static str> {
    let (mut used, mut wrong, mut count) = (BTreeSet::new(), String::new(), 0);
    for request in requests {
        let pair = Pair::ask(both, request, over_http2);
        let mut complaints = String::new();
        for difference in pair.differences() {
            let row = pair.answers().and_then(|(wptserve, ours)| {
                ALLOWED.iter().find(|row| (row.covers)(&pair, &difference, wptserve, ours))
            });
            match row {
                Some(row) => drop(used.insert(row.id)),
                None => drop(writeln!(complaints, "    {}", pair.describe(&difference))),
            }
        }
        if !complaints.is_empty() {
            count += 1;
            let _ = write!(wrong, "{}\n{complaints}", pair.request);
        }
    }
    assert!(wrong.is_empty(), "{count} requests are answered differently:\n{wrong}");
    used
}

#[test]
fn files_pipes_templates_and_scripts_are_answered_as_wptserve_answers_them() {
    let Some(both) = Both::start() else { return };
    let mut used = compare(&both, grid::requests(), false);
    used.extend(compare(&both, scripts::requests(), false));
    for row in ALLOWED.iter().filter(|row| row.id != "http2-location") {
        assert!(used.contains(row.id), "no request needs the allowed difference {:?} any more: {}", row.id, row.reason);
    }
}

#[test]
fn http_2_answers_as_wptserve_over_http_2() {
    let Some(both) = Both::start() else { return };
    let used = compare(&both, grid::requests_over_http2(), true);
    assert!(used.contains("http2-location"), "the row of HTTP/2 alone is not needed any more");
}

#[test]
fn there_are_hundreds_of_different_requests() {
    let all = |requests: Vec<Request>| requests.iter().map(Request::to_string).collect::<BTreeSet<_>>().len();
    assert!(all(grid::requests()) >= 900, "{} requests for files", all(grid::requests()));
    assert!(all(scripts::requests()) >= 250, "{} requests for scripts", all(scripts::requests()));
    assert!(all(grid::requests_over_http2()) >= 300, "{} requests over HTTP/2", all(grid::requests_over_http2()));
}

#[test]
fn the_documentation_has_the_table_of_what_differs() {
    let docs = include_str!("../../../docs/maintainers/wptserve.md");
    let table = docs.split_once("| Difference | Why |").expect("the table is there").1;
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| `")).collect();
    let wanted: Vec<String> = ALLOWED.iter().map(|row| format!("| `{}` | {} |", row.id, row.reason)).collect();
    assert_eq!(rows, wanted);
}
