//! The real wptserve beside ours: the same files, the same requests, the same answers but for what is meant to differ.

mod allowed;
mod both;
mod difference;
mod folder;
mod grid;

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
fn files_pipes_and_templates_are_answered_as_wptserve_answers_them() {
    let Some(both) = Both::start() else { return };
    let requests = grid::requests();
    assert!(requests.len() >= 300, "only {} requests", requests.len());
    let used = compare(&both, requests, false);
    for row in &ALLOWED {
        assert!(used.contains(row.id), "no request needs the allowed difference {:?} any more: {}", row.id, row.reason);
    }
}

#[test]
fn http_2_answers_as_wptserve_over_http_2() {
    let Some(both) = Both::start() else { return };
    compare(&both, grid::requests_over_http2(), true);
}
