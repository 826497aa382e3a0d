//! What is said of scripts that fail: the place, the limit, the words; and what is logged.

use crate::support::raw::{Client, Response};
use crate::support::server::Server;
use std::process::Command;
use wireserve::wire::frame::{FrameType, RawFrame};

fn answer(client: &mut Client, path: &str) -> Response {
    let stream = client.get(path);
    client.response(stream)
}

/// The error page of a script.
fn told(script: &str) -> String {
    let server = Server::builder().handler("bad.rhai", script).start();
    let response = answer(&mut Client::h2c(&server), "/handlers/bad.rhai");
    assert_eq!(response.status(), Some(500), "{script}\n{}", response.text());
    response.text()
}

#[test]
fn a_limit_is_named_with_its_key_its_value_and_its_line() {
    let text = told("fn main(request, response) {\n  let out = [];\n  for k in 0..20000 {\n    out.push(k);\n  }\n}\n");
    assert!(text.contains("limits.script.array = 10000") && text.contains("bad.rhai:4:"), "{text}");
    assert!(text.contains(" 4 |     out.push(k);"), "{text}");
    let text = told("fn main(request, response) {\n  let s = \"x\";\n  loop {\n    s += s;\n  }\n}\n");
    assert!(text.contains("limits.script.string = 16777216") && text.contains("bad.rhai:4:"), "{text}");
}

#[test]
fn what_is_found_when_a_response_is_sent_names_the_line_that_decided_it() {
    let helper = "fn decide(response) {\n  response.headers.set(\"a b\", \"1\");\n}\n\
                  fn main(request, response) {\n  decide(response);\n  \"x\"\n}\n";
    let text = told(helper);
    assert!(text.contains("bad.rhai:2:") && text.contains("invalid header name \"a b\""), "{text}");
    assert!(text.contains("in `decide`, called at") && text.contains("help: "), "{text}");
    let text = told(
        "fn main(request, response) {\n  let value = \"a\\r\\nb\";\n  response.headers.append(\"x\", value);\n}\n",
    );
    assert!(text.contains("bad.rhai:3:") && text.contains("CR, LF or NUL"), "{text}");
    let text = told("fn main(request, response) {\n  response.headers.update(#{ \"\": 1 });\n}\n");
    assert!(text.contains("bad.rhai:2:"), "{text}");
}

#[test]
fn a_status_that_is_none_is_placed_where_it_was_set() {
    for value in ["5", "1000", "[99, \"Odd\"]"] {
        let text = told(&format!("fn main(request, response) {{\n  response.status = {value};\n  \"x\"\n}}\n"));
        assert!(text.contains("bad.rhai:2:") && text.contains("a status code is 100 to 999"), "{text}");
    }
}

#[test]
fn a_function_that_fails_while_sorting_is_told() {
    for call in ["sort", "sort_by", "dedup"] {
        let text = told(&format!(
            "fn main(request, response) {{\n  let a = [2, 1];\n  a.{call}(|x, y| {{\n    throw \"lost\"\n  }});\n  \"x\"\n}}\n"
        ));
        assert!(text.contains("error: lost") && text.contains("bad.rhai:4:"), "{call}: {text}");
    }
    let text = told("fn main(request, response) {\n  [2, 1].sort(|x, y| \"less\");\n}\n");
    assert!(text.contains("must return a whole number") && text.contains("bad.rhai:2:"), "{text}");
}

#[test]
fn arrays_are_sorted_as_a_function_says() {
    let script = "fn main(request, response) {\n  let a = [3, 1, 2, 11, 21];\n  a.sort(|x, y| y - x);\n  let b = [\"bb\", \
                  \"a\", \"cc\", \"d\"];\n  b.sort_by(|x, y| x.len - y.len);\n  let c = [2, 1];\n  c.sort(|x, y| x < y);\n  \
                  let d = [1, 3, 5, 2];\n  d.dedup(|x, y| x % 2 == y % 2);\n  `${a} ${b} ${c} ${d}`\n}\n";
    let server = Server::builder().handler("sort.rhai", script).start();
    let response = answer(&mut Client::h2c(&server), "/handlers/sort.rhai");
    assert_eq!(response.text(), "[21, 11, 3, 2, 1] [\"a\", \"d\", \"bb\", \"cc\"] [1, 2] [1, 2]");
}

#[test]
fn what_main_returned_is_placed_at_what_it_returned() {
    let text = told("fn main(request, response) {\n  let x = 1;\n  #{ a: x }\n}\n");
    assert!(text.contains("bad.rhai:3:3") && text.contains("main returned map"), "{text}");
    for (value, part) in
        [("[200, [[\"a b\", \"v\"]], \"x\"]", "invalid header name"), ("[9, [], \"x\"]", "a status code is")]
    {
        let text = told(&format!("fn main(request, response) {{\n  let x = 1;\n  {value}\n}}\n"));
        assert!(text.contains("bad.rhai:3:3") && text.contains(part), "{text}");
    }
    let text = told("fn main(request, response) {\n  if request.path == \"\" { return 3; }\n  4\n}\n");
    assert!(text.contains("bad.rhai:1:") && text.contains("main returned integer"), "{text}");
}

#[test]
fn wrong_names_and_types_are_told_in_plain_words() {
    for (line, parts) in [
        (
            "response.headers.Set(\"a\", \"b\");",
            &["there is no method `Set` on response.headers for (string, string)", "a similar method exists: `set`"][..],
        ),
        (
            "response.body = \"x\";",
            &["there is no property `body` on response", "a similar property exists: `content`"],
        ),
        ("request.boddy;", &["there is no property `boddy` on request", "`body`"]),
        ("request.cookie;", &["`cookies`"]),
        ("K;", &["there is no variable `K`", "`global::K`"]),
        ("nonesuch;", &["there is no variable `nonesuch`"]),
        ("uuidd();", &["there is no function `uuidd` without arguments", "a similar function exists: `uuid`"]),
        ("response.writer.flsh();", &["there is no method `flsh` on response.writer without arguments"]),
        ("frame::pong([1]);", &["there is no function `frame::pong` for (array)"]),
        ("1 + #{};", &["there is no operator `+` for integer and map"]),
        ("request.text;", &["`text` of request is a method", "call it: `text()`"]),
        ("response.writer.write_data(5);", &["content is a string or a blob, not integer"]),
    ] {
        let text = told(&format!("const K = 1;\nfn main(request, response) {{\n  {line}\n}}\n"));
        assert!(text.contains("bad.rhai:3:"), "{line}\n{text}");
        for part in parts {
            assert!(text.contains(part), "{line}: {part} is not in\n{text}");
        }
    }
}

#[test]
fn everything_that_scripts_see_is_printed_readably() {
    let script = "fn main(request, response) {\n\
        log(request.headers); log(\"two\", 3, [frame::ping(\"12345678\")], request.GET); log(blob(\"octets\"));\n\
        log(request, response, request.connection, response.writer, request.server, request.context);\n\
        log([request.headers, blob(\"in a list\")]);\n\
        `${response.headers} ${[request]}` }\n";
    let server = Server::builder().handler("log.rhai", script).start();
    let mut client = Client::h2c(&server);
    let stream = client.request("GET", "/handlers/log.rhai?a=1&b=two", &[("x-one", "1")], true);
    let response = client.response(stream);
    assert_eq!(response.status(), Some(200), "{}", response.text());
    assert!(response.text().contains("/handlers/log.rhai?a=1"), "{}", response.text());
    for part in ["x-one: 1", "two 3 [PING on stream 0", "{a: 1, b: two}", "octets", "connection 1 (HTTP/2)", "696e2061"]
    {
        server.logged(part);
    }
    assert!(!server.log().contains("::"), "a Rust name in\n{}", server.log());
}

#[test]
fn a_handler_that_ends_in_the_middle_of_something_is_warned_of_once() {
    let block =
        "fn main(request, response) {\n  response.writer.write_raw_header_frame([[\":status\", \"200\"]]);\n}\n";
    let frame = "fn main(request, response) {\n  let ping = frame::data(request.stream_id, \"x\");\n  ping.length = 9;\n  \
                 response.writer.write_raw_frame(ping);\n}\n";
    let server = Server::builder().handler("block.rhai", block).handler("frame.rhai", frame).start();
    for (name, place, what) in [("block", "block.rhai:2", "header block"), ("frame", "frame.rhai:4", "frame begun")] {
        let mut client = Client::h2c(&server);
        client.get(&format!("/handlers/{name}.rhai"));
        let line = server.logged(place);
        assert!(line.contains("WARN") && line.contains(what), "{line}");
        server.logged_times(place, 1);
    }
    let mut client = Client::h2c(&server);
    answer(&mut client, "/handlers/hello.rhai");
    server.logged_times("the handler has ended, but", 2);
}

#[test]
fn a_script_that_is_gone_between_look_up_and_opening_is_missing() {
    let server = Server::builder()
        .handler("race.rhai", "fn main(request, response) { \"there\" }")
        .handler("hello.rhai", "fn main(request, response) { \"mine\" }")
        .start();
    let mut client = Client::h2c(&server);
    let handlers = server.folder().join("handlers");
    for _ in 0..20 {
        server.write("handlers/race.rhai", "fn main(request, response) { \"there\" }");
        assert_eq!(answer(&mut client, "/handlers/race.rhai").text(), "there");
        std::fs::rename(handlers.join("race.rhai"), handlers.join("away.rhai")).expect("renamed");
        assert_eq!(answer(&mut client, "/handlers/race.rhai").status(), Some(404));
    }
    server.write("handlers/race.rhai", "fn main(request, response) { \"there\" }");
    assert_eq!(answer(&mut client, "/handlers/race.rhai").text(), "there");
    std::fs::remove_file(handlers.join("race.rhai")).expect("removed");
    std::fs::create_dir(handlers.join("race.rhai")).expect("a folder of that name");
    assert_eq!(answer(&mut client, "/handlers/race.rhai").status(), Some(301), "it is a directory now");
    // The shipped handler of that name shows through.
    assert_eq!(answer(&mut client, "/handlers/hello.rhai").text(), "mine");
    std::fs::remove_file(handlers.join("hello.rhai")).expect("removed");
    assert_eq!(answer(&mut client, "/handlers/hello.rhai").text(), "Hello, world!\n");
    assert!(!server.log().contains("WARN"), "{}", server.log());
}

#[test]
fn a_byte_order_mark_in_front_of_any_text_file_is_skipped() {
    let script = "\u{feff}fn main(request, response) {\n  \"marked\"\n}\n";
    let server = Server::builder()
        .config("\u{feff}[limits.script]\noperations = 3000000\n")
        .handler("marked.rhai", script)
        .handler("broken.rhai", "\u{feff}fn main(request, response) { let x = ; }")
        .file("a.txt", "a")
        .file("a.txt.headers", "\u{feff}X-Marked: yes\n")
        .start();
    let mut client = Client::h2c(&server);
    for _ in 0..2 {
        assert_eq!(answer(&mut client, "/handlers/marked.rhai").text(), "marked");
    }
    assert_eq!(answer(&mut client, "/a.txt").get("x-marked").as_deref(), Some("yes"));
    let text = answer(&mut client, "/handlers/broken.rhai").text();
    assert!(text.contains("broken.rhai:1:38"), "{text}");
}

#[test]
fn an_error_of_the_operating_system_is_not_remembered() {
    let server = Server::builder().handler("late.rhai", "fn main(request, response) { \"read\" }").start();
    let mut client = Client::h2c(&server);
    assert_eq!(answer(&mut client, "/handlers/hello.rhai").status(), Some(200));
    let limit = |files: &str| {
        let pid = server.pid().to_string();
        Command::new("prlimit")
            .args(["--pid", &pid, &format!("--nofile={files}:")])
            .status()
            .is_ok_and(|done| done.success())
    };
    if !limit("4") {
        return eprintln!("prlimit is not installed: skipped");
    }
    let text = answer(&mut client, "/handlers/late.rhai");
    assert_eq!(text.status(), Some(500), "{}", text.text());
    assert!(text.text().contains("Too many open files"), "{}", text.text());
    assert!(limit("1024"));
    assert_eq!(answer(&mut client, "/handlers/late.rhai").text(), "read");
}

#[test]
fn a_hook_reads_the_body_of_a_request_whatever_the_handler_says() {
    let server = Server::builder()
        .file("hook.rhai", "hooks::register(\"len\", |request| request.body.len());\nfn on_start(server) { }")
        .config("[hooks]\nscripts = [\"hook.rhai\"]\n")
        .handler("len.rhai", "fn main(request, response) { `${hooks::call(\"len\", request)}` }")
        .start();
    let mut client = Client::h2c(&server);
    let stream = client.request("POST", "/handlers/len.rhai", &[], false);
    client.data(stream, b"abc", false);
    client.data(stream, b"def", true);
    assert_eq!(client.response(stream).text(), "6");
}

#[test]
fn a_policy_says_what_happens_to_a_broken_rule() {
    let profile =
        |action: &str| format!("fn on_connect(connection) {{ connection.policy(\"h2.ping.length\", \"{action}\"); }}");
    let server = Server::builder()
        .handler("profiles/lenient.rhai", &profile("ignore"))
        .handler("profiles/reporting.rhai", &profile("report"))
        .handler("profiles/strict.rhai", &profile("enforce"))
        .handler("allow.rhai", "fn main(request, response) { request.connection.policy(\"h2.ping.length\", \"ignore\"); request.connection.policy(\"h2.ping.length\") }")
        .handler("typo.rhai", "fn main(request, response) {\n  request.connection.policy(\"h2.ping.lenght\", \"ignore\");\n}\n")
        .handler("action.rhai", "fn main(request, response) {\n  request.connection.policy(\"h2.ping.length\", \"forgive\");\n}\n")
        .start();
    let short = RawFrame::new(FrameType::PING, 0, 0, &b"abc"[..]);
    for (name, survives) in [("lenient", true), ("reporting", true), ("strict", false)] {
        let (mut client, _) = crate::profiles::handshake(&server, name);
        client.send(&short);
        if survives {
            assert_eq!(answer(&mut client, "/handlers/hello.rhai").status(), Some(200), "{name}");
        } else {
            assert_eq!(client.connection_error(), 6, "{name}");
        }
    }
    let mut client = Client::h2c(&server);
    assert_eq!(answer(&mut client, "/handlers/allow.rhai").text(), "ignore");
    client.send(&short);
    let text = answer(&mut client, "/handlers/typo.rhai").text();
    assert!(
        text.contains("there is no rule \"h2.ping.lenght\"") && text.contains("similar rules: h2.ping.length"),
        "{text}"
    );
    let text = answer(&mut client, "/handlers/action.rhai").text();
    assert!(text.contains("action.rhai:2:") && text.contains("enforce"), "{text}");
}

#[test]
fn a_leading_slash_means_the_roots_for_import_and_read_file() {
    let server = Server::builder()
        .handler("lib.rhai", "fn f() { 1 }")
        .handler("deep/lib.rhai", "fn f() { 2 }")
        .handler(
            "deep/a.rhai",
            "fn main(request, response) { import \"/lib\" as l; import \"lib\" as m; `${l::f()}${m::f()}` }",
        )
        .file("notes.txt", "root")
        .handler("deep/notes.txt", "beside")
        .handler(
            "deep/b.rhai",
            "fn main(request, response) { read_file(\"/notes.txt\").text() + read_file(\"notes.txt\").text() }",
        )
        .start();
    let mut client = Client::h2c(&server);
    assert_eq!(answer(&mut client, "/handlers/deep/a.rhai").text(), "12");
    assert_eq!(answer(&mut client, "/handlers/deep/b.rhai").text(), "rootbeside");
}
