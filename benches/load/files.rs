//! Files: small and large, with substitutions, not modified; beside nghttpd and wptserve.

use crate::load::{Neighbour, Shape, certificate, free_port, load, start_nghttpd, wait_for};
use crate::support::process::{Process, run as run_process};
use crate::support::programs::{find, python_with};
use crate::support::server::Server;
use crate::{Options, median};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const MIB: usize = 1 << 20;
/// What wptserve is asked at most: it answers about a hundred requests a second.
const WPTSERVE_REQUESTS: u32 = 200;

struct Row {
    name: &'static str,
    path: &'static str,
    shape: Shape,
    /// Whether nghttpd serves the same octets.
    nghttpd: bool,
}

/// Rates and CPU times of one server for one row.
#[derive(Default)]
struct Samples(Vec<f64>, Vec<f64>);

/// Puts the files of all rows into a folder.
fn write_files(folder: &Path) {
    let page = format!("<p>{{{{host}}}} {{{{GET[x]}}}} {{{{location[path]}}}}</p>\n{}", "<!-- filler -->\n".repeat(60));
    for (name, content) in
        [("1k.bin", vec![b'x'; 1024]), ("1m.bin", vec![b'x'; MIB]), ("page.sub.html", page.into_bytes())]
    {
        std::fs::write(folder.join(name), content).expect("a file");
    }
}

fn rows(options: &Options, etag: String) -> Vec<Row> {
    let small = Shape::small(options.requests);
    let large = Shape { clients: 8, streams: 4, requests: options.requests / 100, ..small.clone() };
    let unmodified = Shape { field: Some(format!("if-none-match: {etag}")), class: "3xx", ..small.clone() };
    vec![
        Row { name: "static file of 1 KiB", path: "/1k.bin", shape: small.clone(), nghttpd: true },
        Row { name: "static file of 1 MiB", path: "/1m.bin", shape: large, nghttpd: true },
        Row { name: "page with three substitutions", path: "/page.sub.html?x=y", shape: small, nghttpd: false },
        Row { name: "304 for a file of 1 KiB", path: "/1k.bin", shape: unmodified, nghttpd: false },
    ]
}

pub fn run(options: &Options) {
    let (Some(h2load), Some(curl)) = (find("h2load"), find("curl")) else {
        eprintln!("skipped: files (h2load or curl is not installed: apt-get install nghttp2-client curl)");
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    write_files(folder.path());
    let keys = tempfile::tempdir().expect("a temporary folder");
    let certificate = certificate(&keys);
    let server = Server::builder().replace("--root", &folder.path().to_string_lossy()).start();
    let nghttpd = find("nghttpd").map(|nghttpd| start_nghttpd(&nghttpd, folder.path(), &certificate).1);
    let python = python_with("wptserve.server");
    let ours = server.port("h2");
    let rows = rows(options, etag(&curl, &server.url("h2c", "/1k.bin")));
    println!("\nFiles over TLS, medians of {} alternating runs:\n", options.runs);
    println!("| what | requests/s | to nghttpd | to wptserve | server CPU |\n|---|---|---|---|---|");
    for row in rows {
        let url = |port: u16| format!("https://127.0.0.1:{port}{}", row.path);
        let mut samples: [Samples; 2] = Default::default();
        for round in 0..=options.runs {
            let shape = Shape { requests: row.shape.requests / if round == 0 { 10 } else { 1 }, ..row.shape.clone() };
            let nghttpd = nghttpd.as_ref().filter(|_| row.nghttpd).map(|nghttpd| (nghttpd.port, nghttpd.process.pid()));
            for (samples, target) in samples.iter_mut().zip([Some((ours, server.pid())), nghttpd]) {
                let Some((port, pid)) = target else { continue };
                let (rate, cpu) = load(&h2load, &url(port), pid, &shape);
                if round > 0 {
                    samples.0.push(rate);
                    samples.1.push(cpu);
                }
            }
        }
        let rate = median(samples[0].0.clone());
        let ratio = |other: f64| if other.is_nan() { "–".to_owned() } else { format!("{:.2}", rate / other) };
        // One for each row: it may burn a core after its connections have ended.
        let slow = python.as_ref().map_or(f64::NAN, |python| {
            let wptserve = start_wptserve(python, &folder, &certificate);
            wptserve_rate(&h2load, &url(wptserve.port), &wptserve, &row)
        });
        let cpu = median(samples[0].1.clone());
        println!(
            "| {} | {rate:.0} | {} | {} | {cpu:.2} µs |",
            row.name,
            ratio(median(samples[1].0.clone())),
            ratio(slow)
        );
    }
}

/// wptserve knows no entity tags: its 304 row is a plain answer.
fn wptserve_rate(h2load: &Path, url: &str, wptserve: &Neighbour, row: &Row) -> f64 {
    let shape = Shape { clients: 2, streams: 1, requests: WPTSERVE_REQUESTS, field: None, class: "2xx" };
    let shape = if row.path == "/1m.bin" { Shape { requests: 20, ..shape } } else { shape };
    load(h2load, url, wptserve.process.pid(), &shape).0
}

fn start_wptserve(python: &Path, folder: &TempDir, certificate: &(PathBuf, PathBuf)) -> Neighbour {
    let port = free_port();
    let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/load/wptserve_files.py");
    let mut command = Command::new(python);
    command.arg(driver).arg(port.to_string()).arg(folder.path()).args([&certificate.1, &certificate.0]);
    let process = Process::start(&mut command);
    assert_eq!(process.line(Duration::from_secs(10)).as_deref(), Some("ready"), "wptserve: {}", process.stderr());
    wait_for(port);
    Neighbour { process, port }
}

fn etag(curl: &Path, url: &str) -> String {
    let finished =
        run_process(Command::new(curl).args(["-sI", "--http2-prior-knowledge", url]), Duration::from_secs(10));
    let head = finished.text();
    let found = head.lines().find_map(|line| line.strip_prefix("etag: "));
    found.unwrap_or_else(|| panic!("{url} has no etag:\n{head}")).trim().to_owned()
}
