//! Hooks that fail: named in the log with their place, and nothing else is different.

use super::{both, text, with};
use crate::support::ask::{self, Ask};
use crate::support::raw::Client;

#[test]
fn a_request_is_answered_as_if_a_hook_that_fails_did_not_exist() {
    let failing = r#"
fn on_start(server) {
    throw "at start"; }
fn on_connection(connection) {
    throw "at open"; }
fn on_connection_close(connection, reason) {
    throw "at close"; }
fn on_script_load(path) {
    nowhere }
fn on_request(request, response) {
    response.status = 500;
    response.headers.set("x-half", "done");
    request.no_such_thing }
fn on_response(request, response) {
    response.status = 500;
    response.content = "half";
    loop { } }
"#;
    let good = "fn on_response(request, response) { response.headers.set(\"x-mark\", \"good\"); }";
    let server = with(&[("bad", failing), ("good", good)], "[limits.script]\noperations = 100000\n")
        .file("page.txt", "page")
        .start();
    for (target, body) in [("/page.txt", "page"), ("/handlers/hello.rhai", "Hello")] {
        for answer in both(&server, target) {
            assert_eq!((answer.status, answer.get("x-half"), answer.get("x-mark")), (200, None, Some("good")));
            assert!(answer.text().contains(body), "{}", answer.text());
        }
    }
    for (hook, place) in [
        ("on_start", 3),
        ("on_connection", 5),
        ("on_connection_close", 7),
        ("on_script_load", 9),
        ("on_request", 13),
        ("on_response", 17),
    ] {
        server.logged(&format!("hook {hook} of "));
        server.logged(&format!("bad.rhai:{place}:"));
    }
    assert!(server.log().contains("the script made more than 100000 operations"), "{}", server.log());
}

#[test]
fn what_cannot_be_sent_is_the_fault_of_the_hook_that_wants_it() {
    for wrong in [
        "response.status = 99;",
        "response.status = 100;",
        "response.status = 70000;",
        "response.headers.set(\"x\", \"a\\r\\nb: c\");",
        "response.headers.set(\"\", \"a\");",
        "response.trailers.set(\"x\", \"a\\r\\nb: c\");",
        "response.trailers.set(\":status\", \"200\");",
        "response.content = 7;",
        "response.content = || \"made\";",
        "response.write(\"now\");",
        "response.writer.write_headers(200, []);",
        "response.write_status_headers();",
    ] {
        let hook = format!("\nfn on_response(request, response) {{ {wrong} }}");
        let server = with(&[("wrong", &hook)], "").file("page.txt", "page").start();
        for answer in both(&server, "/page.txt") {
            assert_eq!((answer.status, &*answer.text()), (200, "page"), "{wrong}");
        }
        assert!(text(&server, "/handlers/hello.rhai").contains("Hello"), "{wrong}");
        server.logged("hook on_response of ");
        server.logged("wrong.rhai:2:");
    }
}

#[test]
fn a_response_that_a_hook_began_and_could_not_end_is_cut_off() {
    let hook = "fn on_request(request, response) { if request.path == \"/begun\" { response.write(\"begun\"); throw \"x\"; } \
                if request.path == \"/wrong\" { return [7]; } }";
    let server = with(&[("half", hook)], "").start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/begun");
    assert_eq!(client.stream_error(stream), 2);
    server.logged("half.rhai:1:");
    assert_eq!(ask::on(&mut client, &Ask::get("/wrong")).status, 404);
    server.logged("on_request returned a list of 1");
    assert_eq!(ask::on(&mut client, &Ask::get("/handlers/hello.rhai")).status, 200);
}

#[test]
fn a_script_that_is_no_hook_is_told_and_left_out() {
    let server = with(
        &[
            ("broken", "fn on_request(request) {\n let = ; }"),
            ("throws", "fn on_response(request, response) { }\nthrow \"outside\";"),
            ("empty", "fn helper() { }"),
            ("loops", "loop { }\nfn on_request(request) { }"),
            ("good", "fn on_response(request, response) { response.headers.set(\"x-mark\", \"good\"); }"),
        ],
        "[limits.script]\noperations = 100000\n",
    )
    .file("page.txt", "page")
    .start();
    for answer in both(&server, "/page.txt") {
        assert_eq!((&*answer.text(), answer.get("x-mark")), ("page", Some("good")));
    }
    for place in ["broken.rhai:2:", "throws.rhai:2:", "this script is not a hook", "loops.rhai:1:"] {
        server.logged(place);
    }
}

#[test]
fn an_endless_hook_is_ended_by_its_budget_and_nobody_else_waits() {
    let hook = "fn on_request(request) { if request.path == \"/looped.txt\" { loop { } } \
                if request.path == \"/slow.txt\" { sleep(60); } request.GET.integer(\"n\", 1, 0, 9); }";
    let server = with(&[("loops", hook)], "[limits.script]\noperations = 3000000\ntime = 1\n")
        .file("looped.txt", "looped")
        .file("slow.txt", "slow")
        .arguments(["--workers", "1"])
        .start();
    let mut client = Client::h2c(&server);
    let (looped, slow) = (client.get("/looped.txt"), client.get("/slow.txt"));
    let quick = client.get("/handlers/hello.rhai?n=x");
    let frames = client.until(|frame| {
        // The one that is quick comes first.
        assert!(frame.header.stream_id == 0 || frame.header.stream_id == quick, "{frame:?}");
        frame.header.stream_id == quick && frame.header.has(wireserve::wire::frame::flag::END_STREAM)
    });
    assert_eq!(crate::support::raw::assemble(&frames, quick).text(), "Hello, world!\n");
    let frames = client.until({
        let mut left = 2;
        move |frame| {
            left -= usize::from(frame.header.has(wireserve::wire::frame::flag::END_STREAM));
            left == 0
        }
    });
    let texts = [looped, slow].map(|stream| crate::support::raw::assemble(&frames, stream).text());
    assert_eq!(texts, ["looped", "slow"]);
    // On a busy machine its time is over before its operations are.
    server.logged_times("hook on_request of ", 3);
}

#[test]
fn a_pause_ends_with_the_hook_that_has_made_it_and_failed() {
    let failing = r#"
fn on_connection(connection) { connection.pause_reading(); throw "at open"; }
fn on_request(request) { request.connection.pause_writing(); throw "at the request"; }
fn on_response(request, response) { request.connection.pause_writing(); throw "at the response"; }
"#;
    let server = with(&[("failing", failing)], "").file("page.txt", "page").start();
    for answer in both(&server, "/page.txt") {
        assert_eq!((answer.status, &*answer.text()), (200, "page"));
    }
}
