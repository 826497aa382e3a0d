//! Many handlers asleep, quick handlers beside endless ones, idle connections, connections that a profile holds silent.

use crate::Options;
use crate::client::{Connection, block_on, finish};
use crate::support::raw::{Client, PREFACE, settings_frame};
use crate::support::server::{Server, Usage};
use std::cell::{Cell, RefCell};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::rc::Rc;
use std::time::{Duration, Instant};
use wireserve::wire::frame::{FrameType, RawFrame, flag};

const SLEEPERS: usize = 10_000;
const SLEEPERS_PER_CONNECTION: usize = 100;
const LOOPS: usize = 4;
const QUICK_CONNECTIONS: usize = 4;
const IDLE: usize = 1_000;
const SILENT: usize = 10_000;

const MIB: f64 = 1024.0 * 1024.0;

/// Memory and threads while 10,000 handlers sleep, and whether all wake.
pub fn sleepers() {
    let script = "fn main(request, response) { sleep(6.0); \"awake\" }";
    let server = Server::builder().handler("asleep.rhai", script).start();
    let address = server.address("h2c");
    let before = server.usage();
    block_on(Duration::from_secs(90), async {
        let began = Instant::now();
        let mut waiting = Vec::with_capacity(SLEEPERS);
        for _ in 0..SLEEPERS / SLEEPERS_PER_CONNECTION {
            let mut connection = Connection::open(address).await;
            for _ in 0..SLEEPERS_PER_CONNECTION {
                let response = connection.get("/handlers/asleep.rhai").await;
                waiting.push(tokio::spawn(finish(response)));
            }
        }
        let asked = began.elapsed();
        // All have been asked; the last are asleep well before the first wake.
        tokio::time::sleep(Duration::from_secs(4).saturating_sub(asked)).await;
        let asleep = server.usage();
        let mut awake = 0;
        for response in waiting {
            let status = response.await.expect("a task");
            awake += usize::from(status.is_ok_and(|status| status == 200));
        }
        let elapsed = began.elapsed().as_secs_f64();
        let memory = (asleep.resident_octets.saturating_sub(before.resident_octets)) as f64;
        println!("\n| {SLEEPERS} handlers asleep for 6 s at once | |\n|---|---|");
        println!("| answered with 200 | {awake} |");
        println!("| from the first request to the last answer | {elapsed:.1} s |");
        println!("| per sleeper, its connection included | {:.1} KiB |", memory / SLEEPERS as f64 / 1024.0);
        print_usage(&before, &asleep);
    });
}

/// The latency of a quick handler, alone and beside four that loop until their budget ends, again and again.
pub fn loops(options: &Options) {
    let server = Server::builder().handler("endless.rhai", "fn main(request, response) { loop { } }").start();
    println!(
        "\n| quick handlers, {QUICK_CONNECTIONS} connections | requests/s | p50 | p99 | longest |\n|---|---|---|---|---|"
    );
    for (name, loops) in [("alone", 0), ("beside four endless loops", LOOPS)] {
        print_latencies(name, &server, loops, options);
    }
}

/// Measures quick handlers, and prints a row of the table.
fn print_latencies(name: &str, server: &Server, loops: usize, options: &Options) {
    let limit = Duration::from_secs(options.seconds + 60);
    let latencies = block_on(limit, measure(server, loops, Duration::from_secs(options.seconds)));
    let at = |part: f64| {
        let index = ((latencies.len() - 1) as f64 * part) as usize;
        latencies[index].as_secs_f64() * 1e3
    };
    let rate = latencies.len() as f64 / options.seconds as f64;
    println!("| {name} | {rate:.0} | {:.3} ms | {:.3} ms | {:.1} ms |", at(0.5), at(0.99), at(1.0));
}

/// Sorted latencies.
async fn measure(server: &Server, loops: usize, time: Duration) -> Vec<Duration> {
    let local = tokio::task::LocalSet::new();
    let address = server.address("h2c");
    let stop = Rc::new(Cell::new(false));
    let started = Rc::new(Cell::new(0));
    for _ in 0..loops {
        // Each on a connection of its own: they spread over all workers.
        let (stop, started) = (Rc::clone(&stop), Rc::clone(&started));
        local.spawn_local(async move {
            let mut connection = Connection::open(address).await;
            while !stop.get() {
                let response = connection.get("/handlers/endless.rhai").await;
                started.set(started.get() + 1);
                let status = finish(response).await;
                assert!(!status.is_ok_and(|status| status == 200), "an endless loop cannot succeed");
            }
        });
    }
    let latencies = Rc::new(RefCell::new(Vec::new()));
    local
        .run_until(async {
            let end = Instant::now() + time;
            let mut quick = Vec::new();
            for _ in 0..QUICK_CONNECTIONS {
                let latencies = Rc::clone(&latencies);
                quick.push(tokio::task::spawn_local(async move {
                    let mut connection = Connection::open(address).await;
                    while Instant::now() < end {
                        let began = Instant::now();
                        let status = finish(connection.get("/handlers/hello.rhai").await).await;
                        assert_eq!(status.ok(), Some(200));
                        latencies.borrow_mut().push(began.elapsed());
                    }
                }));
            }
            for task in quick {
                task.await.expect("a quick handler's client");
            }
        })
        .await;
    stop.set(true);
    assert!(started.get() >= loops, "the endless loops never ran");
    let mut latencies = latencies.take();
    latencies.sort_unstable();
    latencies
}

fn print_usage(before: &Usage, after: &Usage) {
    println!(
        "| server's memory | {:.0} MiB ({:.0} MiB before) |",
        after.resident_octets as f64 / MIB,
        before.resident_octets as f64 / MIB
    );
    println!("| threads | {} ({} before) |", after.threads, before.threads);
}

/// Memory of 1,000 connections over TLS that have had one answer each and now say nothing.
pub fn idle() {
    let server = Server::builder().start();
    let visit = || {
        let mut client = Client::h2(&server);
        let stream = client.get("/handlers/hello.rhai");
        assert_eq!(client.response(stream).status(), Some(200));
        client
    };
    // What is made once, at first use, is no connection's.
    (0..50).for_each(|_| drop(visit()));
    let before = server.usage();
    let connections: Vec<Client> = (0..IDLE).map(|_| visit()).collect();
    let after = server.usage();
    let memory = after.resident_octets.saturating_sub(before.resident_octets) as f64;
    println!("\n| {} idle TLS connections | |\n|---|---|", connections.len());
    println!("| per connection | {:.1} KiB |", memory / IDLE as f64 / 1024.0);
    print_usage(&before, &after);
}

/// 10,000 connections that a profile holds silent for ever, each with a request that is never answered, and quick handlers
/// beside them.
pub fn silent(options: &Options) {
    let config = "[[profile_ports]]\nport = \"auto\"\nkind = \"h2c\"\nprofile = \"stall-after-preface\"\n";
    let server = Server::builder().config(config).start();
    let url = server.ready()["profiles"]["stall-after-preface"][0].as_str().expect("a URL").trim_end_matches('/');
    let port = url.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port");
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let path = b"/handlers/hello.rhai";
    let block = [&[0x82, 0x86, 0x04, path.len() as u8], &path[..], &[0x01, 1], b"a"].concat();
    let mut begin = bytes::BytesMut::from(PREFACE);
    settings_frame(&[]).write(&mut begin);
    RawFrame::new(FrameType::HEADERS, flag::END_HEADERS | flag::END_STREAM, 1, block).write(&mut begin);
    println!(
        "\n| quick handlers, {QUICK_CONNECTIONS} connections | requests/s | p50 | p99 | longest |\n|---|---|---|---|---|"
    );
    print_latencies("alone", &server, 0, options);
    let before = server.usage();
    let began = Instant::now();
    let connections: Vec<TcpStream> = (0..SILENT)
        .map(|_| {
            let mut socket = TcpStream::connect(address).expect("the port is open");
            socket.write_all(&begin).expect("it takes octets");
            socket.read_exact(&mut [0; 9]).expect("SETTINGS");
            socket
        })
        .collect();
    let elapsed = began.elapsed().as_secs_f64();
    print_latencies("beside 10,000 silent connections", &server, 0, options);
    let after = server.usage();
    let memory = after.resident_octets.saturating_sub(before.resident_octets) as f64;
    println!("\n| {} connections that a profile holds silent | |\n|---|---|", connections.len());
    println!("| opened in | {elapsed:.1} s |");
    println!("| per connection | {:.1} KiB |", memory / SILENT as f64 / 1024.0);
    print_usage(&before, &after);
}
