//! The stash in a Redis server: several servers share it, it may go away and come back, nothing is lost.

use crate::support::DEADLINE;
use crate::support::ask::{Ask, over_http1};
use crate::support::process::Process;
use crate::support::programs::require;
use crate::support::raw::Client;
use crate::support::server::Server;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use wireserve::internal::stash::error::StashError;
use wireserve::internal::stash::key::Key;
use wireserve::internal::stash::lock::Lock;
use wireserve::internal::stash::{Backend, Options, Stash};
use wireserve::wire::frame::flag;

/// A Redis server that keeps nothing on disk, on a port of its own.
struct Redis {
    program: PathBuf,
    folder: TempDir,
    port: u16,
    process: Process,
}

impl Redis {
    /// `None` if the program is not installed.
    fn start() -> Option<Self> {
        let program = require("redis-server")?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let process = run(&program, &folder, port);
        Some(Self { program, folder, port, process })
    }

    /// Ends at once, and forgets everything.
    fn stop(&mut self) {
        self.process.signal("KILL");
        self.process.wait(DEADLINE).expect("it ends");
    }

    fn start_again(&mut self) {
        self.process = run(&self.program, &self.folder, self.port);
    }

    fn url(&self) -> String {
        url(self.port)
    }
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).expect("a free port").port()
}

fn url(port: u16) -> String {
    format!("redis://:secret@127.0.0.1:{port}/0")
}

fn run(program: &PathBuf, folder: &TempDir, port: u16) -> Process {
    let mut command = Command::new(program);
    command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--requirepass", "secret"]);
    command.args(["--port", &port.to_string()]).current_dir(folder.path());
    let process = Process::start(&mut command);
    while let Some(line) = process.line(DEADLINE) {
        if line.contains("Ready to accept connections") {
            return process;
        }
    }
    panic!("redis-server does not start: {}", process.stderr());
}

const HANDLER: &str = r#"
fn main(request, response) {
    let key = "k";
    switch request.GET["do"] {
        "put" => { stash.put(key, #{ text: request.GET["value"], list: [1, 2.5, (), 'x'], octets: blob(2, 255) }); "put" }
        "take" => show(stash.take(key)),
        "peek" => show(stash.peek(key)),
        "count" => `${stash.update("n", |old| if old == () { 1 } else { old + 1 })}`,
        "many" => { for i in 0..6 { stash.put(`m${i}`, i); } "many" }
        "large" => { stash.put(key, "x".to_blob() + blob(3000, 1)); "large" }
        "wait" => {
            response.writer.write_headers(200, []);
            response.writer.write_data(show(stash.wait(key, 30)), true);
        }
    }
}
fn show(value) {
    if value == () { return "nothing"; }
    `${value.text} ${type_of(value.list[1])} ${type_of(value.list[3])} ${value.octets.as_hex()}`
}"#;

fn server(url: &str) -> Server {
    Server::builder()
        .arguments(["--workers", "2", "--state-token", "token"])
        .config(&format!("[stash]\nbackend = \"{url}\"\nany_key = true\nmax_entries = 5\nmax_octets = 2000\n"))
        .handler("stash.rhai", HANDLER)
        .start()
}

fn ask(server: &Server, what: &str) -> String {
    let mut client = Client::h2c(server);
    let stream = client.get(&format!("/handlers/stash.rhai?do={what}"));
    client.response(stream).text()
}

fn begin_to_wait(server: &Server) -> (Client, u32) {
    let mut client = Client::h2c(server);
    let stream = client.get("/handlers/stash.rhai?do=wait");
    client.until(|frame| frame.fields.is_some());
    (client, stream)
}

fn rest((client, stream): &mut (Client, u32)) -> String {
    let frames = client.until(|frame| frame.header.stream_id == *stream && frame.header.has(flag::END_STREAM));
    frames.iter().map(|frame| String::from_utf8_lossy(&frame.payload).into_owned()).collect()
}

#[test]
fn servers_of_a_farm_share_their_stash() {
    let Some(redis) = Redis::start() else { return };
    let [one, other] = [server(&redis.url()), server(&redis.url())];
    assert_eq!(ask(&one, "put&value=a"), "put");
    assert!(ask(&other, "put&value=b").contains("take it first"));
    assert_eq!(ask(&other, "peek"), "a f64 char ffff");
    assert_eq!(ask(&other, "take"), "a f64 char ffff");
    assert_eq!(ask(&one, "take"), "nothing");
    for (waits, puts) in [(&one, &other), (&other, &one), (&one, &one)] {
        let mut waiter = begin_to_wait(waits);
        assert_eq!(ask(puts, "put&value=w"), "put");
        assert_eq!(rest(&mut waiter), "w f64 char ffff");
    }
}

#[test]
fn what_is_bounded_in_memory_is_bounded_in_redis() {
    let Some(redis) = Redis::start() else { return };
    let server = server(&redis.url());
    let large = ask(&server, "large");
    assert!(large.contains("more than 2000 bytes") && large.contains("max_octets"), "{large}");
    let many = ask(&server, "many");
    assert!(many.contains("it has 5 unclaimed values") && many.contains("max_entries"), "{many}");
}

#[test]
fn what_one_server_forgets_is_gone_for_all() {
    let Some(redis) = Redis::start() else { return };
    let [one, other] = [server(&redis.url()), server(&redis.url())];
    assert!(ask(&one, "many").contains("it has 5 unclaimed values"));
    let delete = Ask { method: "DELETE", ..Ask::get("/_wire/state") }.with("authorization", "Bearer token");
    assert_eq!(over_http1(&other, &delete).status, 204);
    assert_eq!(ask(&one, "put&value=a"), "put", "there is room again");
    assert_eq!(over_http1(&one, &delete).status, 204);
    assert_eq!(ask(&other, "take"), "nothing");
}

#[test]
fn a_server_that_goes_is_named_and_one_that_comes_is_used() {
    let Some(mut redis) = Redis::start() else { return };
    let server = server(&redis.url());
    assert_eq!(ask(&server, "put&value=a"), "put");
    let mut waiter = {
        ask(&server, "take");
        begin_to_wait(&server)
    };
    // Answered after the first look of the one who waits, on the same connection.
    assert_eq!(ask(&server, "peek"), "nothing");
    redis.stop();
    for _ in 0..2 {
        let lost = ask(&server, "peek");
        let place = format!("the stash at redis://:***@127.0.0.1:{}/0 cannot be reached: ", redis.port);
        assert!(lost.contains(&place) && lost.contains("stash.rhai:7"), "{lost}");
    }
    redis.start_again();
    assert_eq!(ask(&server, "peek"), "nothing");
    assert_eq!(ask(&server, "put&value=b"), "put");
    assert_eq!(rest(&mut waiter), "b f64 char ffff", "who waited all the time gets it");
    assert!(!server.log().contains("secret"), "{}", server.log());
}

#[test]
fn a_wrong_password_is_told_and_not_shown() {
    let Some(redis) = Redis::start() else { return };
    let server = server(&redis.url().replace("secret", "mistaken"));
    let refused = ask(&server, "peek");
    assert!(
        refused.contains("refuses this: ") && refused.contains("WRONGPASS") && !refused.contains("mistaken"),
        "{refused}"
    );
    assert!(!server.log().contains("mistaken"), "{}", server.log());
}

#[test]
fn who_waits_gets_what_came_while_the_server_was_out_of_reach() {
    let Some(mut redis) = Redis::start() else { return };
    let server = server(&redis.url());
    let mut waiter = begin_to_wait(&server);
    // Answered after the first look of the one who waits, on the same connection.
    assert_eq!(ask(&server, "peek"), "nothing");
    redis.stop();
    assert!(ask(&server, "peek").contains("cannot be reached"));
    redis.start_again();
    let client = redis::Client::open(redis.url()).expect("an address");
    let mut connection = client.get_connection().expect("a connection");
    let name = "20:/handlers/stash.rhai:k";
    let value = r#"{"text":"t","list":[1,2.5,null,{"$char":"x"}],"octets":{"$octets":"/w=="}}"#;
    redis::cmd("SET").arg(format!("wireserve:stash:value:{name}")).arg(value).exec(&mut connection).expect("an answer");
    // Should ours have been faster: else nobody hears it.
    redis::cmd("PUBLISH").arg("wireserve:stash:changed").arg(name).exec(&mut connection).expect("an answer");
    assert_eq!(rest(&mut waiter), "t f64 char ff");
}

#[test]
fn what_others_left_in_redis_is_no_value() {
    let Some(redis) = Redis::start() else { return };
    let server = server(&redis.url());
    let client = redis::Client::open(redis.url()).expect("an address");
    let mut connection = client.get_connection().expect("a connection");
    let name = "wireserve:stash:value:20:/handlers/stash.rhai:k";
    redis::cmd("SET").arg(name).arg("{").exec(&mut connection).expect("an answer");
    let foreign = ask(&server, "peek");
    assert!(
        foreign.contains(r#"what Redis has for "k" (path "/handlers/stash.rhai") is not a stash value"#),
        "{foreign}"
    );
    redis::cmd("DEL").arg(name).exec(&mut connection).expect("an answer");
    redis::cmd("LPUSH").arg(name).arg("x").exec(&mut connection).expect("an answer");
    let refused = ask(&server, "peek");
    assert!(refused.contains("refuses this: ") && refused.contains("WRONGTYPE"), "{refused}");
}

#[test]
fn a_server_that_is_not_there_yet_does_not_keep_ours_from_starting() {
    let Some(mut redis) = Redis::start() else { return };
    redis.stop();
    let server = server(&redis.url());
    assert!(ask(&server, "take").contains("cannot be reached"));
    redis.start_again();
    assert_eq!(ask(&server, "take"), "nothing");
}

#[test]
fn counting_from_two_servers_misses_nothing() {
    let Some(redis) = Redis::start() else { return };
    let servers = [server(&redis.url()), server(&redis.url())];
    let mut clients: Vec<Client> = servers.iter().chain(&servers).map(Client::h2c).collect();
    for client in &mut clients {
        for _ in 0..25 {
            client.get("/handlers/stash.rhai?do=count");
        }
    }
    for client in &mut clients {
        let mut left = 25;
        client.until(|frame| {
            left -= i32::from(frame.header.stream_id > 0 && frame.header.has(flag::END_STREAM));
            left == 0
        });
    }
    assert_eq!(ask(&servers[0], "count"), "101");
}

/// A stash without a server around it.
fn with_stash<F: Future<Output = ()>>(redis: &Redis, test: impl FnOnce(Arc<Stash>) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let options = Options {
            backend: Backend::Redis(redis.url()),
            any_key: true,
            max_age: Duration::from_secs(100),
            ..Options::default()
        };
        let test = test(Stash::new(options).expect("a stash"));
        tokio::time::timeout(2 * DEADLINE, test).await.expect("it comes to an end");
    });
}

fn key(name: &str) -> Key {
    Key::new("/a", name, true).expect("a key")
}

#[test]
fn nothing_is_lost_whenever_a_waiter_leaves() {
    let Some(redis) = Redis::start() else { return };
    with_stash(&redis, async |stash| {
        let key = key("k");
        for turns in 0..200 {
            let waiting = tokio::spawn({
                let (stash, key) = (Arc::clone(&stash), key.clone());
                async move { stash.wait(&key, DEADLINE).await }
            });
            let putting = tokio::spawn({
                let (stash, key) = (Arc::clone(&stash), key.clone());
                async move { stash.put(&key, "v".into()).await }
            });
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
            waiting.abort();
            let got = waiting.await;
            putting.await.expect("it ends").expect("it was empty");
            match got {
                Ok(value) => assert_eq!(value, Ok(Some("v".into()))),
                Err(_) => assert_eq!(stash.wait(&key, DEADLINE).await, Ok(Some("v".into())), "after {turns} turns"),
            }
        }
    });
}

#[test]
fn locks_and_values_end_by_themselves_in_redis() {
    let Some(redis) = Redis::start() else { return };
    let client = redis::Client::open(redis.url()).expect("an address");
    with_stash(&redis, async |stash| {
        let mut connection = client.get_multiplexed_async_connection().await.expect("a connection");
        let mut left = async |name: &str| -> i64 {
            redis::cmd("PTTL").arg(name).query_async(&mut connection).await.expect("an answer")
        };
        stash.put(&key("k"), "v".into()).await.expect("room");
        for name in ["value:2:/a:k", "ages", "sizes"] {
            let left = left(&format!("wireserve:stash:{name}")).await;
            assert!((90_000..=100_000).contains(&left), "{name}: {left} ms");
        }
        assert_eq!(left("wireserve:stash:lock:/a").await, -2, "no lock");
        let lock = Lock::acquire(Arc::clone(&stash), "/a").await.expect("a lock");
        assert!((1..=10_000).contains(&left("wireserve:stash:lock:/a").await));
        let mut next = std::pin::pin!(Lock::acquire(Arc::clone(&stash), "/a"));
        let early = tokio::time::timeout(Duration::from_millis(20), next.as_mut()).await;
        assert!(early.is_err(), "it is held");
        drop(lock);
        let begin = std::time::Instant::now();
        drop(next.await.expect("a lock"));
        assert!(begin.elapsed() < Duration::from_secs(5), "given back, not run out");
    });
}

#[test]
fn a_swap_sees_what_others_did() {
    let Some(redis) = Redis::start() else { return };
    with_stash(&redis, async |stash| {
        let key = key("k");
        assert_eq!(stash.swap(&key, Some("a".into()), Some("b".into())).await, Ok(false));
        assert_eq!(stash.swap(&key, None, Some("b".into())).await, Ok(true));
        assert_eq!(stash.swap(&key, None, Some("c".into())).await, Ok(false));
        assert_eq!(stash.put(&key, "c".into()).await, Err(StashError::Exists(key.clone())));
        assert_eq!(stash.swap(&key, Some("b".into()), None).await, Ok(true));
        assert_eq!(stash.peek(&key).await, Ok(None));
        let sum: Option<i64> = {
            let client = redis::Client::open(redis.url()).expect("an address");
            let mut connection = client.get_multiplexed_async_connection().await.expect("a connection");
            redis::cmd("HGET")
                .arg("wireserve:stash:sizes")
                .arg("")
                .query_async(&mut connection)
                .await
                .expect("an answer")
        };
        assert_eq!(sum, Some(0), "what is gone is not counted");
    });
}
