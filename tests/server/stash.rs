//! The stash between connections, ports, protocols and workers.

use crate::support::raw::{Client, exchange, rst_stream};
use crate::support::server::Server;
use wireserve::wire::frame::flag;

const KEY: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

const PUT: &str = r#"
fn main(request, response) {
    stash.put(request.GET["key"], request.GET["value"], "/shared");
    "put"
}"#;

const TAKE: &str = r#"
fn main(request, response) {
    let value = request.server.stash.take(request.GET["key"], "/shared");
    if value == () { "nothing" } else { value }
}"#;

const WAIT: &str = r#"
fn main(request, response) {
    response.writer.write_headers(200, [["x-state", "waiting"]]);
    let value = stash.wait(request.GET["key"], 30, "/shared");
    response.writer.write_data(if value == () { "nothing" } else { value }, true);
}"#;

const COUNT: &str = r#"
fn main(request, response) {
    `${stash.update(request.GET["key"], |old| if old == () { 1 } else { old + 1 })}`
}"#;

fn server() -> Server {
    Server::builder()
        .arguments(["--workers", "3", "--log", "debug"])
        .handler("put.rhai", PUT)
        .handler("take.rhai", TAKE)
        .handler("wait.rhai", WAIT)
        .handler("count.rhai", COUNT)
        .start()
}

fn put(value: &str) -> String {
    format!("/handlers/put.rhai?key={KEY}&value={value}")
}

fn take() -> String {
    format!("/handlers/take.rhai?key={KEY}")
}

fn wait() -> String {
    format!("/handlers/wait.rhai?key={KEY}")
}

/// A request on a connection of its own, so on the next worker.
fn h2(server: &Server, path: &str) -> String {
    let mut client = Client::h2(server);
    let stream = client.get(path);
    client.response(stream).text()
}

fn h1(server: &Server, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", server.authority("http"));
    let answer = exchange(server.connect("http"), request.as_bytes());
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer.split_once("\r\n\r\n").expect("a head").1.to_owned()
}

/// Begins a wait whose handler is at work for sure: its fields are out.
fn waiting(server: &Server) -> (Client, u32) {
    let mut client = Client::h2c(server);
    let stream = client.get(&wait());
    client.until(|frame| frame.fields.is_some());
    (client, stream)
}

fn rest(client: &mut Client, stream: u32) -> String {
    let frames = client.until(|frame| frame.header.stream_id == stream && frame.header.has(flag::END_STREAM));
    frames.iter().map(|frame| String::from_utf8_lossy(&frame.payload).into_owned()).collect()
}

#[test]
fn what_one_port_puts_another_takes() {
    let server = server();
    for value in ["1", "2", "3", "4"] {
        assert_eq!(h1(&server, &put(value)), "put");
        assert!(h2(&server, &put("again")).contains("take it first"));
        assert_eq!(h2(&server, &take()), value);
        assert_eq!(h1(&server, &take()), "nothing");
    }
}

#[test]
fn who_waits_gets_what_another_worker_puts_in_order() {
    let server = server();
    let mut waiters: Vec<_> = (0..5).map(|_| waiting(&server)).collect();
    for (number, (client, stream)) in waiters.iter_mut().enumerate() {
        assert_eq!(h1(&server, &put(&format!("v{number}"))), "put");
        assert_eq!(rest(client, *stream), format!("v{number}"));
    }
    assert_eq!(h2(&server, &take()), "nothing");
}

#[test]
fn nothing_is_lost_when_a_waiting_client_leaves() {
    let server = server();
    let (mut gone, stream) = waiting(&server);
    let (closed, _) = waiting(&server);
    let (mut stays, waits) = waiting(&server);
    gone.send(&rst_stream(stream, 8));
    drop(closed);
    // It may be another worker's.
    server.logged("closed: the client");
    // Whoever answers this has dealt with what came before it.
    for _ in 0..2 {
        let next = gone.get("/handlers/hello.rhai");
        assert_eq!(gone.response(next).status(), Some(200));
    }
    assert_eq!(h1(&server, &put("kept")), "put");
    assert_eq!(rest(&mut stays, waits), "kept");
}

#[test]
fn a_counter_counts_each_of_many_requests() {
    let server = server();
    let count = format!("/handlers/count.rhai?key={KEY}");
    let mut clients: Vec<Client> = (0..6).map(|_| Client::h2c(&server)).collect();
    for client in &mut clients {
        for _ in 0..50 {
            client.get(&count);
        }
    }
    for client in &mut clients {
        let mut left = 50;
        client.until(|frame| {
            left -= i32::from(frame.header.stream_id > 0 && frame.header.has(flag::END_STREAM));
            left == 0
        });
    }
    assert_eq!(h1(&server, &count), "301");
    assert_eq!(h2(&server, &count), "302");
}

#[test]
fn a_lock_whose_holder_leaves_is_free() {
    const HOLD: &str = r#"
fn main(request, response) {
    stash.with_lock(|| {
        response.writer.write_headers(200, []);
        sleep(30);
    }, "/shared");
}"#;
    const NEXT: &str = "fn main(request, response) { stash.with_lock(|| \"mine\", \"/shared\") }";
    let server =
        Server::builder().arguments(["--workers", "2"]).handler("hold.rhai", HOLD).handler("next.rhai", NEXT).start();
    let mut holder = Client::h2c(&server);
    holder.get("/handlers/hold.rhai");
    holder.until(|frame| frame.fields.is_some());
    let mut next = Client::h2c(&server);
    let stream = next.get("/handlers/next.rhai");
    next.barrier();
    drop(holder);
    assert_eq!(next.response(stream).text(), "mine");
}

#[test]
fn a_backend_that_is_no_address_is_told_at_start() {
    let ended = Server::builder().config("[stash]\nbackend = \"redis://me:secret@127.0.0.1:port/\"\n").run_to_end();
    assert_eq!(ended.code(), Some(2), "{}", ended.stderr);
    let told = "cannot set up the stash: \"redis://me:***@127.0.0.1:port/\" is not the address of a Redis server: ";
    assert!(ended.stderr.contains(told) && !ended.stderr.contains("secret"), "{}", ended.stderr);
}
