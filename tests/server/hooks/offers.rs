//! `hooks::register` and `hooks::call`.

use super::{text, with};
use crate::support::ask::{self, Ask};
use crate::support::raw::Client;

const MATHS: &str = r#"
import "lib" as lib;
let calls = 0;
hooks::register("sum", |a, b| a + b + lib::nothing());
hooks::register("calls", || { calls += 1; calls });
fn on_script_load(path) { hooks::register("late", |text| text.to_upper()); }
"#;

const CALLS: &str = r#"
fn main(request, response) {
    `${hooks::call("sum", 2, 3)} ${hooks::call("late", "loud")} ${hooks::call("twice", 21)}`
}"#;

const LIBRARY: &str = "fn nothing() { 0 }";

#[test]
fn scripts_offer_functions_to_each_other_on_every_worker() {
    let second = "hooks::register(\"twice\", Fn(\"twice\"));\nfn twice(x) { hooks::call(\"sum\", x, x) }";
    let server = with(&[("maths", MATHS), ("twice", second)], "")
        .file("hooks/lib.rhai", LIBRARY)
        .handler("calls.rhai", CALLS)
        .arguments(["--workers", "3"])
        .start();
    for _ in 0..3 {
        assert_eq!(text(&server, "/handlers/calls.rhai"), "5 LOUD 42");
    }
}

#[test]
fn a_closure_keeps_what_it_holds_on_its_worker() {
    let server = with(&[("maths", MATHS)], "")
        .file("hooks/lib.rhai", LIBRARY)
        .handler("count.rhai", "fn main(request, response) { `${hooks::call(\"calls\")}` }")
        .arguments(["--workers", "1"])
        .start();
    for count in ["1", "2", "3"] {
        assert_eq!(ask::over_http1(&server, &Ask::get("/handlers/count.rhai")).text(), count);
    }
}

#[test]
fn what_nobody_offers_is_told_with_what_there_is() {
    let server = with(&[("maths", MATHS)], "")
        .file("hooks/lib.rhai", LIBRARY)
        .handler("typo.rhai", "fn main(request, response) {\n    hooks::call(\"summ\", 1)\n}")
        .handler("few.rhai", "fn main(request, response) { hooks::call(\"sum\", 1) }")
        .handler("hands.rhai", "fn main(request, response) { hooks::call(\"sum\", |x| x, 1) }")
        .handler("own.rhai", "fn main(request, response) { hooks::register(\"mine\", |x| x) }")
        .start();
    for (target, parts) in [
        (
            "/handlers/typo.rhai",
            &[
                "no hook script has registered a function \"summ\": did you mean \"sum\"?; there are calls, late, sum",
                "typo.rhai:2:",
            ][..],
        ),
        ("/handlers/few.rhai", &["there is no function", "few.rhai:1:"]),
        ("/handlers/hands.rhai", &["a function belongs to its script", "hands.rhai:1:"]),
        ("/handlers/own.rhai", &["hooks::register is for hook scripts", "own.rhai:1:"]),
    ] {
        let told = text(&server, target);
        assert!(parts.iter().all(|part| told.contains(part)), "{told}");
    }
}

#[test]
fn an_error_inside_names_both_files_and_lines() {
    let hook = "hooks::register(\"check\", Fn(\"check\"));\n\nfn check(token) {\n    throw `no ${token}`;\n}";
    let handler =
        "fn inner() {\n    hooks::call(\"check\", \"way\")\n}\n\nfn main(request, response) {\n    inner()\n}";
    let server = with(&[("check", hook)], "").handler("asks.rhai", handler).start();
    let told = text(&server, "/handlers/asks.rhai");
    for part in [
        "error: no way",
        "check.rhai:4:5",
        "throw `no ${token}`",
        "hooks::call(\"check\")`, called at",
        "asks.rhai:2:",
        "asks.rhai:6:",
    ] {
        assert!(told.contains(part), "{part} is not in:\n{told}");
    }
}

#[test]
fn what_reaches_one_worker_alone_is_refused() {
    let hook = "hooks::register(\"a\", |x| x);\nfn on_start(server) {\n    hooks::register(\"b\", |x| x);\n}";
    let other = "hooks::register(\"a\", |x| x + 1);";
    let server = with(&[("first", hook), ("second", other)], "")
        .handler("a.rhai", "fn main(request, response) { `${hooks::call(\"a\", 1)}` }")
        .start();
    server.logged("here hooks::register would reach this worker alone");
    server.logged("first.rhai:3:");
    server.logged("first.rhai has registered a function \"a\" already: choose another name");
    assert_eq!(text(&server, "/handlers/a.rhai"), "1");
}

#[test]
fn functions_that_call_each_other_for_ever_are_ended() {
    let hook = "hooks::register(\"a\", |x| hooks::call(\"b\", x));\nhooks::register(\"b\", |x| hooks::call(\"a\", x));\n\
                hooks::register(\"busy\", |x| { loop { } });";
    let server = with(&[("loop", hook)], "[limits.script]\noperations = 300000\n")
        .handler("deep.rhai", "fn main(request, response) { hooks::call(\"a\", 1) }")
        .handler("busy.rhai", "fn main(request, response) { hooks::call(\"busy\", 1) }")
        .start();
    for (target, part) in [("/handlers/deep.rhai", "nested"), ("/handlers/busy.rhai", "operations")] {
        let answer = ask::over_http1(&server, &Ask::get(target));
        assert_eq!(answer.status, 500);
        assert!(answer.text().contains(part), "{}", answer.text());
    }
    assert_eq!(ask::over_http1(&server, &Ask::get("/handlers/hello.rhai")).status, 200);
}

#[test]
fn an_edit_takes_away_what_was_offered() {
    let server = with(&[("maths", MATHS)], "")
        .file("hooks/lib.rhai", LIBRARY)
        .handler("calls.rhai", "fn main(request, response) { `${hooks::call(\"sum\", 2, 3)}` }")
        .start();
    assert_eq!(text(&server, "/handlers/calls.rhai"), "5");
    server.write("hooks/maths.rhai", "hooks::register(\"sum\", |a, b| a * b);");
    assert_eq!(text(&server, "/handlers/calls.rhai"), "6");
    server.write("hooks/maths.rhai", "hooks::register(\"product\", |a, b| a * b);");
    let told = text(&server, "/handlers/calls.rhai");
    assert!(told.contains("there are product"), "{told}");
}

#[test]
fn what_an_offered_closure_holds_does_not_grow_for_ever() {
    let grow = r#"
let kept = ();
hooks::register("grow", || { for number in 0..100 { let former = kept; kept = || former; } });
"#;
    let server = with(&[("grow", grow)], "")
        .handler("grow.rhai", "fn main(request, response) { hooks::call(\"grow\"); }")
        .arguments(["--workers", "1"])
        .start();
    let mut client = Client::h2c(&server);
    let refused =
        (0..400).map(|_| ask::on(&mut client, &Ask::get("/handlers/grow.rhai"))).find(|one| one.status == 500);
    let told = refused.expect("it has an end").text();
    // A look at the call may find it before the look at what stays after it.
    let either =
        ["what the function \"grow\" holds is nested too deep", "closures that contain each other are nested too deep"];
    assert!(either.iter().any(|text| told.contains(text)), "{told}");
}
