//! What scripts keep for each other: `request.context`, `connection.context`, `server.context`.

use super::{text, with};
use crate::support::ask::{self, Ask};
use crate::support::raw::{Client, assemble};
use wireserve::wire::frame::flag;

/// Counts requests in `server.context`, and lists the names that are there.
const COUNT: &str = r#"
fn main(request, response) {
    let count = request.server.context.update("count", |old| if old == () { 1 } else { old + 1 });
    `${count}`
}"#;

#[test]
fn the_context_of_the_server_is_one_for_all_workers() {
    let server = with(&[("start", "fn on_start(server) { server.context.count = 100; }")], "")
        .handler("count.rhai", COUNT)
        .arguments(["--workers", "3"])
        .start();
    let counts: Vec<String> =
        (0..9).map(|_| ask::over_http1(&server, &Ask::get("/handlers/count.rhai")).text()).collect();
    assert_eq!(counts, (101..110).map(|count| count.to_string()).collect::<Vec<_>>());
}

#[test]
fn no_update_is_lost() {
    let server = with(&[("start", "fn on_start(server) {}")], "")
        .handler("count.rhai", COUNT)
        .arguments(["--workers", "2"])
        .start();
    let mut clients: Vec<Client> = (0..4).map(|_| Client::h2c(&server)).collect();
    let streams: Vec<Vec<u32>> =
        clients.iter_mut().map(|client| (0..25).map(|_| client.get("/handlers/count.rhai")).collect()).collect();
    let mut counts = Vec::new();
    for (client, streams) in clients.iter_mut().zip(streams) {
        let mut left = streams.len();
        let frames = client.until(|frame| {
            left -= usize::from(frame.header.stream_id > 0 && frame.header.has(flag::END_STREAM));
            left == 0
        });
        counts.extend(streams.iter().map(|stream| assemble(&frames, *stream).text().parse::<u32>().expect("a count")));
    }
    counts.sort_unstable();
    assert_eq!(counts, (1..=100).collect::<Vec<_>>());
}

#[test]
fn the_context_of_the_server_is_a_map_of_copies() {
    let script = r#"
fn main(request, response) {
    server.context.other = 1;
    server.context.clear();
    let context = server.context;
    context.list = [1, "two", #{ three: 3.5 }];
    context["a b"] = request.server.context.list;
    context.list[0] += 1;
    let copy = context.list;
    copy[1] = "changed";
    context.gone = 1;
    context.gone = ();
    let missing = if context.missing == () { "missing" } else { "there" };
    let removed = context.remove("a b");
    `${context.list} ${removed} ${context.keys()} ${context.contains("gone")} ${missing}`
}"#;
    let server = with(&[("start", "fn on_start(server) {}")], "")
        .handler("map.rhai", script)
        .handler("closure.rhai", "fn main(request, response) { server.context.f = [|x| x]; }")
        .start();
    let wanted = "[2, \"two\", #{\"three\": 3.5}] [1, \"two\", #{\"three\": 3.5}] [\"list\"] false missing";
    assert_eq!(text(&server, "/handlers/map.rhai"), wanted);
    let told = text(&server, "/handlers/closure.rhai");
    assert!(
        told.contains("cannot store a Fn in server.context (at value[0])") && told.contains("closure.rhai:1:"),
        "{told}"
    );
}

#[test]
fn a_request_and_a_connection_have_one_context_for_hooks_and_handlers() {
    let hook = r#"
fn on_connection(connection) { connection.context.requests = 0; }
fn on_request(request) {
    request.connection.context.requests += 1;
    request.context.number = request.connection.context.requests;
}
fn on_response(request, response) { response.headers.set("x-number", `${request.context.number}${request.context.by}`); }"#;
    let handler = "fn main(request, response) { request.context.by = \"h\"; `${request.context.number}` }";
    let server = with(&[("number", hook)], "").handler("number.rhai", handler).file("page.txt", "page").start();
    let mut client = Client::h2c(&server);
    for (number, target) in [(1, "/handlers/number.rhai"), (2, "/page.txt"), (3, "/handlers/number.rhai")] {
        let answer = ask::on(&mut client, &Ask::get(target));
        let by = if number == 2 { "" } else { "h" };
        assert_eq!(answer.get("x-number"), Some(&*format!("{number}{by}")), "{answer:?}");
    }
    let mut other = Client::h2c(&server);
    assert_eq!(ask::on(&mut other, &Ask::get("/handlers/number.rhai")).text(), "1");
}

#[test]
fn the_context_of_the_server_outlives_an_edit_of_the_configuration() {
    let server = with(&[("start", "fn on_start(server) { server.context.count = 5; }")], "")
        .handler("count.rhai", COUNT)
        .start();
    assert_eq!(ask::over_http1(&server, &Ask::get("/handlers/count.rhai")).text(), "6");
    server.write("wpt.toml", "latency = 1\n[hooks]\nscripts = [\"hooks/start.rhai\"]\n");
    server.logged("changed are latency");
    assert_eq!(ask::over_http1(&server, &Ask::get("/handlers/count.rhai")).text(), "7");
}

#[test]
fn a_context_keeps_no_closure_that_grows_with_every_request() {
    let grow = r#"
fn main(request, response) {
    let context = request.connection.context;
    let kept = context.kept;
    for number in 0..100 { let former = kept; kept = || former; }
    context.kept = kept;
}"#;
    let server = with(&[("start", "fn on_start(server) {}")], "").handler("grow.rhai", grow).start();
    let mut client = Client::h2c(&server);
    let refused =
        (0..400).map(|_| ask::on(&mut client, &Ask::get("/handlers/grow.rhai"))).find(|one| one.status == 500);
    let told = refused.expect("it has an end").text();
    assert!(told.contains("nested too deep") && told.contains("grow.rhai:"), "{told}");
}

#[test]
fn a_function_of_update_that_changes_the_value_itself_is_told_so() {
    let script = r#"
fn main(request, response) {
    server.context.update("count", |old| { server.context.count = uuid(); 1 });
}"#;
    let deep = r#"
fn main(request, response) {
    let list = [];
    for level in 0..200 { list = [list]; }
    server.context.list = list;
}"#;
    let server = with(&[("start", "fn on_start(server) {}")], "")
        .handler("deep.rhai", deep)
        .handler("itself.rhai", script)
        .start();
    let told = text(&server, "/handlers/itself.rhai");
    assert!(told.contains("count was changed 1000 times") && told.contains("itself.rhai:3:"), "{told}");
    let told = text(&server, "/handlers/deep.rhai");
    assert!(told.contains("server.context stores values at most 127 levels deep"), "{told}");
}
