//! `docs/maintainers/wptserve.md`: every test that a row names is there, and every test of wptserve's suite has its row.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const DOCS: &str = include_str!("../../../docs/maintainers/wptserve.md");

/// How many tests each file of wptserve's functional suite has, in the newest version that we know.
const SUITE: [(&str, usize); 8] = [
    ("test_handlers.py", 45),
    ("test_pipes.py", 36),
    ("test_response.py", 20),
    ("test_input_file.py", 14),
    ("test_request.py", 10),
    ("test_server.py", 9),
    ("test_cookies.py", 4),
    ("test_stash.py", 1),
];

/// A row of one of the tables, and the heading above it.
struct Row {
    heading: &'static str,
    line: usize,
    cells: Vec<&'static str>,
}

/// The rows of all tables with four columns, without their heads.
fn rows() -> Vec<Row> {
    let (mut rows, mut heading) = (Vec::new(), "");
    for (number, line) in DOCS.lines().enumerate() {
        if let Some(title) = line.strip_prefix("## ") {
            heading = title;
        }
        let Some(inner) = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |")) else { continue };
        let cells: Vec<&str> = inner.split(" | ").collect();
        if cells.len() == 4 && !["Shown by", "---"].contains(&cells[3]) {
            rows.push(Row { heading, line: number + 1, cells });
        }
    }
    rows
}

/// The text between backticks.
fn names(cell: &'static str) -> impl Iterator<Item = &'static str> {
    cell.split('`').skip(1).step_by(2)
}

/// Whether `module::test` names a test: a function below `#[test]` in the file of that module below `tests/`.
fn is_test(name: &str) -> bool {
    let Some((module, function)) = name.rsplit_once("::") else { return false };
    let below = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(module.replace("::", "/"));
    let text =
        [below.with_extension("rs"), below.join("mod.rs")].iter().find_map(|path| std::fs::read_to_string(path).ok());
    text.is_some_and(|text| text.contains(&format!("#[test]\nfn {function}()")))
}

#[test]
fn each_row_names_tests_that_are_there() {
    let rows = rows();
    for row in &rows {
        let tests: Vec<&str> = names(row.cells[3]).collect();
        assert!(!tests.is_empty(), "docs/maintainers/wptserve.md:{}: no test shows it", row.line);
        for test in tests {
            assert!(is_test(test), "docs/maintainers/wptserve.md:{}: there is no test {test}", row.line);
        }
    }
}

#[test]
fn each_test_of_the_suite_has_one_row() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for row in rows().iter().filter(|row| row.heading.contains("test_")) {
        assert!(seen.insert((row.heading, row.cells[0])), "docs/maintainers/wptserve.md:{}: twice", row.line);
        *counts.entry(row.heading.trim_matches('`')).or_default() += 1;
    }
    assert_eq!(counts, BTreeMap::from(SUITE));
}

#[test]
fn each_row_says_whether_ours_is_the_same() {
    for row in rows() {
        let ours = row.cells[2];
        let said = ours == "same" || ours.starts_with("same; ") || ours.starts_with("different: ");
        assert!(said, "docs/maintainers/wptserve.md:{}: {ours:?}", row.line);
    }
}
