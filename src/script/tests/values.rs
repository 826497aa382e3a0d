//! Values of every size through the functions of the host.

use super::*;

/// The script with all of the API that needs no request.
fn run_with_api(text: &str) -> Result<Dynamic, ScriptError> {
    on_worker(start(&runtime_with(alone(), crate::script::api::register), text))
}

#[test]
fn values_too_deep_for_json_are_an_error() {
    let text = "fn main() { let a = []; for i in 0..9000 { a = [a]; } to_json(a) }";
    assert!(run_with_api(text).unwrap_err().to_string().contains("nested deeper than 127"));
    let text = "fn main() { let a = 1; for i in 0..127 { a = [a]; } to_json(parse_json(to_json(a))) }";
    assert_eq!(run_with_api(text).unwrap().into_string(), Ok(format!("{}1{}", "[".repeat(127), "]".repeat(127))));
}

#[test]
fn many_handles_on_the_same_octets_are_not_written_out_without_bound() {
    let list = "let b = blob(60000000, 97); let a = []; for i in 0..1000 { a.push(b); }";
    let error = run_with_api(&format!("fn main() {{ {list} to_json(a) }}")).unwrap_err().to_string();
    assert!(error.contains("bytes of JSON"), "{error}");
    let printed = run_with_api(&format!("fn main() {{ {list} `${{a}}`.len }}"));
    assert!(printed.unwrap().as_int().unwrap() < 3_000_000);
    let error = run_with_api(&format!("fn main() {{ {list} hpack::encode(a.map(|b| [\"a\", b])) }}")).unwrap_err();
    assert!(error.to_string().contains("these headers have"), "{error}");
}

#[test]
fn string_functions_look_at_the_size_of_their_result_first() {
    let large = "let s = \"a\"; for i in 0..24 { s += s; }";
    for call in [
        "s.replace(\"a\", s)",
        "s.replace('a', s)",
        "s.replace(\"\", \"abc\")",
        "s.split(\"\")",
        "s.split('a')",
        "s.split_rev(\"a\")",
        "s.to_chars()",
    ] {
        let error = run(&format!("fn main() {{ {large} {call} }}")).unwrap_err().to_string();
        assert!(error.contains("(limits.script."), "{call}: {error}");
    }
    for (call, expected) in [
        ("s.replace(\"b\", \"xyz\"); s", "axyzcxyz"),
        ("s.replace('b', '-'); s", "a-c-"),
        ("s.replace(\"bc\", ''); s", "ab"),
        ("s.split(\"\").len.to_string()", "6"),
        ("s.split('b').to_string()", r#"["a", "c", ""]"#),
        ("s.split(\"b\", 2).to_string()", r#"["a", "cb"]"#),
        ("s.split_rev(\"b\", 2).to_string()", r#"["", "abc"]"#),
        ("s.split(\"b\", -3).to_string()", r#"["abcb"]"#),
        ("\"\".split(\"\").to_string()", r#"[""]"#),
        ("\" x  y \".split().to_string()", r#"["x", "y"]"#),
        ("s.split(1).to_string()", r#"["a", "bcb"]"#),
    ] {
        let call = call.replace("''", "\"\"");
        let result = run(&format!("fn main() {{ let s = \"abcb\"; {call} }}")).unwrap().into_string();
        assert_eq!(result.as_deref(), Ok(expected), "{call}");
    }
}

#[test]
fn a_search_in_octets_takes_no_longer_than_both_are_long() {
    let begin = Instant::now();
    let text = "fn main() { let b = blob(8000000, 97); let c = blob(4000000, 97); c.push(98); b.index_of(c) }";
    assert_eq!(run(text).unwrap().as_int(), Ok(-1));
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
}

#[test]
fn messages_are_of_a_size_for_people() {
    let text = "fn main() { let s = \"z\"; for i in 0..20 { s += s; } throw s; }";
    let error = run(text).unwrap_err().to_string();
    assert!(error.len() < 5000 && error.contains("… (1048576 octets)"), "{} octets", error.len());
}

#[test]
fn lists_are_joined_and_searched_from_their_end() {
    for (call, expected) in [
        ("[1, \"b\", true, ()].join(\"-\")", "1-b-true-"),
        ("[].join(\"-\")", ""),
        ("`${[1, 2, 1, \"1\"].last_index_of(1)} ${[1].last_index_of(\"1\")}`", "2 -1"),
        ("`${\"äbcäbc\".last_index_of(\"bc\")} ${\"äbc\".last_index_of('x')} ${\"ab\".last_index_of(\"\")}`", "4 -1 2"),
        ("`${\"abab\".to_blob().last_index_of(\"ab\")}`", "2"),
        ("assert(1 < 2); assert(true, \"fine\"); \"passed\"", "passed"),
    ] {
        let result = run_with_api(&format!("fn main() {{ {call} }}")).unwrap().into_string();
        assert_eq!(result.as_deref(), Ok(expected), "{call}");
    }
    let error =
        run_with_api("fn main() { let s = \"a\"; for i in 0..22 { s += s; } [s, s, s, s, s].join(\"\") }").unwrap_err();
    assert!(error.to_string().contains("this string is longer than a script may have"), "{error}");
}

#[test]
fn what_is_missing_is_told_with_a_remedy() {
    for (call, message, help) in [
        ("parse_int(())", "there is no function `parse_int` for (())", "as in `value ?? 0`"),
        ("let x = (); x.len()", "there is no method `len` on () without arguments", "as in `value ?? 0`"),
        ("() + 1", "there is no operator `+` for () and integer", "as in `value ?? 0`"),
        ("let x = (); if x { 1 }", "a value of type bool is needed here, not of type ()", "as in `value ?? 0`"),
        ("[1, 2, 3][0..2]", "an index must be an integer, not a range", "`array.extract(1..3)`"),
        ("assert(1 > 2, \"one is less\")", "assertion failed: one is less", ""),
    ] {
        let error = run_with_api(&format!("fn main() {{ {call} }}")).unwrap_err().to_string();
        assert!(error.contains(message) && error.contains(help), "{call}\n{error}");
    }
}
