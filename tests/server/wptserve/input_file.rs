//! `test_input_file.py`, and the part of `test_request.py` that is about the same object: the content as a file.

use super::{Ask, DOCUMENT, both, handler};

/// Posts `body` to a handler that says, with `file` in its hands, what `expression` gives: pieces joined by `|`.
fn read(body: &[u8], expression: &str, wanted: &[u8]) {
    let script = format!(
        "fn main(request, response) {{
            let file = request.raw_input;
            let pieces = {expression};
            let joined = [];
            for piece in pieces {{ if !joined.is_empty() {{ joined.push(\"|\"); }} joined.push(piece); }}
            response.content = joined;
        }}"
    );
    both(&handler(&script), &Ask::post("/handlers/test.rhai", body), |answer| {
        assert!(answer.body == wanted, "{} gives {:?}", expression, answer.text());
    });
}

/// Longer than what either engine takes before a handler asks.
fn long() -> Vec<u8> {
    (0..20_000).flat_map(|number: u32| format!("this is line {number}\n").into_bytes()).collect()
}

#[test]
fn a_place_can_be_sought_forwards_and_backwards() {
    let body = DOCUMENT.as_bytes();
    read(body, "{ file.seek(2); let a = file.read(1); file.seek(4); [a, file.read(1)] }", b"i| ");
    read(
        body,
        "{ file.seek(2); let a = file.tell(); let b = file.read(1); let c = file.tell(); file.seek(0); [`${a}`, b, `${c}`, file.read(1)] }",
        b"2|i|3|T",
    );
    read(
        b"12345ab\ncdef",
        "{ file.seek(5); let a = file.read(2); let b = file.tell(); file.seek(0); let c = file.readline(); let d = file.tell(); [a, `${b}`, c, `${d}`, file.read(), `${file.tell()}`] }",
        b"ab|7|12345ab\n|8|cdef|12",
    );
}

#[test]
fn a_place_before_the_start_is_an_error() {
    read(
        b"abc",
        "{ let outcome = \"taken\"; try { file.seek(-1); } catch (error) { outcome = \"refused\"; } [outcome] }",
        b"refused",
    );
}

#[test]
fn everything_can_be_read_at_once() {
    read(DOCUMENT.as_bytes(), "[file.read()]", DOCUMENT.as_bytes());
    read(&long(), "[file.read()]", &long());
}

#[test]
fn lines_can_be_read_one_by_one() {
    let body = DOCUMENT.as_bytes();
    read(
        body,
        "{ let a = file.readline(); let b = file.readline(); file.seek(0); [a, b, file.readline()] }",
        b"This is a test document\n|With new lines\n|This is a test document\n",
    );
    read(body, "[file.readline(12), file.readline(24)]", b"This is a te|st document\n");
    read(body, "[file.readline(1000), file.readline(1000)]", b"This is a test document\n|With new lines\n");
}

#[test]
fn all_lines_can_be_read_at_once() {
    read(DOCUMENT.as_bytes(), "file.readlines()", b"This is a test document\n|With new lines\n|Several in fact...\n");
    read(b"12345ab\ncdef", "file.readlines()", b"12345ab\n|cdef");
}

#[test]
fn a_loop_goes_over_the_lines() {
    read(
        b"12345\nabcdef\r\nzyxwv",
        "{ let all = []; for line in file { all.push(line); } all }",
        b"12345\n|abcdef\r\n|zyxwv",
    );
}

#[test]
fn content_longer_than_any_buffer_is_read_the_same() {
    let body = long();
    read(
        &body,
        "{ file.seek(200000); let a = file.read(4); file.seek(2); [a, file.read(4), `${file.tell()}`] }",
        &[&body[200_000..200_004], b"|is i|6"].concat(),
    );
    read(&body, "{ file.seek(200000); file.readline(); [file.readline()] }", next_line(&body, 200_000));
    read(&body, "{ let count = 0; for line in file { count += 1; } [`${count}`] }", b"20000");
}

/// The second line after a place.
fn next_line(body: &[u8], place: usize) -> &[u8] {
    let mut lines = body[place..].split_inclusive(|octet| *octet == b'\n');
    lines.nth(1).expect("two more lines")
}
