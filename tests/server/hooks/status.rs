//! What hooks add to the status page.

use super::with;
use crate::support::ask::{self, Ask};
use crate::support::server::Server;
use serde_json::{Value, json};

fn status(server: &Server) -> Value {
    let answer = ask::over_http2(server, &Ask::get("/_wire/status?json"));
    serde_json::from_str(&answer.text()).expect("JSON")
}

#[test]
fn hooks_add_lines_that_people_and_programs_read() {
    let count = r#"
fn on_request(request) { server.context.update("requests", |old| if old == () { 1 } else { old + 1 }); }
fn on_status(status) {
    status.add("Requests <counted>", server.context.requests);
    status.add("By method", #{ "GET": 2 });
}"#;
    let server = with(&[("count", count), ("late", "fn on_status(status) { sleep(60); }")], "")
        .arguments(["--workers", "2"])
        .start();
    for _ in 0..3 {
        ask::over_http1(&server, &Ask::get("/handlers/hello.rhai"));
    }
    let hooks = status(&server)["hooks"].take();
    let lines = json!([{"name": "Requests <counted>", "value": 3}, {"name": "By method", "value": {"GET": 2}}]);
    assert_eq!(hooks["lines"], lines);
    assert_eq!(hooks["failures"][0]["error"], "error: it took longer than 1 s");
    let scripts: Vec<&str> = hooks["scripts"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert!(scripts[0].ends_with("hooks/count.rhai") && scripts[1].ends_with("hooks/late.rhai"), "{scripts:?}");
    let page = ask::over_http1(&server, &Ask::get("/_wire/status")).text();
    for part in
        ["<th>Requests &lt;counted&gt;<td>3\n", "<th>Failed hook: on_status<td>2 times, most recently: error: it took"]
    {
        assert!(page.contains(part), "{part} is not in:\n{page}");
    }
}

#[test]
fn failures_are_there_until_the_script_is_edited() {
    let bad = "fn on_request(request) {\n    throw \"by hand\";\n}\nfn on_status(status) {\n    loop { }\n}";
    let broken = "fn on_request(";
    let server = with(&[("bad", bad), ("broken", broken)], "[limits.script]\noperations = 10000\n").start();
    for _ in 0..3 {
        ask::over_http1(&server, &Ask::get("/handlers/hello.rhai"));
    }
    let told = status(&server);
    let failures = told["hooks"]["failures"].as_array().expect("a list");
    let told_of = |function: &str| {
        failures.iter().find(|failure| failure["function"] == function).unwrap_or_else(|| panic!("{function}: {told}"))
    };
    let request = told_of("on_request");
    assert_eq!(request["times"], 3);
    let error = request["error"].as_str().expect("text");
    assert!(error.starts_with("error: by hand (") && error.ends_with("hooks/bad.rhai:2:5)"), "{error}");
    assert!(told_of("on_status")["error"].to_string().contains("10000 operations"), "{told}");
    assert!(told_of("(loading)")["error"].to_string().contains("broken.rhai:1:"), "{told}");
    assert!(told["limits_met"]["script.operations"].as_u64() >= Some(1), "{told}");
    assert!(told["script_errors"].to_string().contains("broken.rhai:1:"), "{told}");

    server.write("hooks/bad.rhai", "fn on_request(request) { }");
    server.write("hooks/broken.rhai", "fn on_request(request) { }");
    assert_eq!(status(&server)["hooks"]["failures"], json!([]));
}

#[test]
fn hooks_cannot_keep_anybody_from_the_status_page() {
    let deny = "fn on_request(request, response) { response.status = 403; true }\n\
                fn on_response(request, response) { response.status = 500; }";
    let server = with(&[("deny", deny)], "").start();
    assert_eq!(ask::over_http1(&server, &Ask::get("/handlers/hello.rhai")).status, 500);
    assert_eq!(ask::over_http1(&server, &Ask::get("/_wire/status")).status, 200);
    assert_eq!(ask::over_http2(&server, &Ask::get("/_wire/connections")).status, 200);
}

#[test]
fn a_line_of_a_hook_is_no_longer_than_a_page_can_bear() {
    let long = r#"
fn on_status(status) {
    status.add("short", 1);
    let text = "x";
    text.pad(70000, "x");
    status.add("long", text);
}"#;
    let server = with(&[("long", long)], "").start();
    let failures = status(&server)["hooks"]["failures"].take();
    let error = failures[0]["error"].as_str().expect("an error");
    assert!(error.contains("a line of the status page has at most 65536 bytes"), "{error}");
}
