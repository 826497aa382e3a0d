//! h2load against each server in turn.

use crate::support::process::{Process, run as run_process};
use crate::support::programs::find;
use crate::support::server::{Server, Usage};
use crate::{Options, median};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// What the scripted hello, the file and hyper all answer.
const BODY: &str = "Hello, world!\n";

/// Clock ticks per second in /proc (USER_HZ, the same on every Linux).
const TICKS: f64 = 100.0;

struct Target {
    name: &'static str,
    pid: u32,
    tls: String,
    h2c: String,
    tls_pid: u32,
}

#[derive(Default)]
struct Samples {
    rate: Vec<f64>,
    cpu: Vec<f64>,
}

impl Samples {
    fn rate(&self) -> f64 {
        median(self.rate.clone())
    }

    fn cpu(&self) -> f64 {
        median(self.cpu.clone())
    }
}

/// Starts all servers, loads them in alternation, prints the table.
pub fn run_all(options: &Options, h2load: &Path, nghttpd: Option<&Path>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let certificate = certificate(&folder);
    let server = Server::builder().file("hello.txt", BODY).start();
    let mut others = Vec::new();
    let mut targets = Vec::new();
    for (name, path) in
        [("wireserve, scripted hello", "/handlers/hello.rhai"), ("wireserve, static file", "/hello.txt")]
    {
        let url = |scheme: &str, kind: &str| format!("{scheme}://127.0.0.1:{}{path}", server.port(kind));
        let (tls, h2c) = (url("https", "h2"), url("http", "h2c"));
        targets.push(Target { name, pid: server.pid(), tls, h2c, tls_pid: server.pid() });
    }
    if let Some(nghttpd) = nghttpd {
        std::fs::write(folder.path().join("hello.txt"), BODY).expect("a file");
        let (clear, tls) = start_nghttpd(nghttpd, folder.path(), &certificate);
        targets.push(Target {
            name: "nghttpd",
            pid: clear.process.pid(),
            tls_pid: tls.process.pid(),
            h2c: format!("http://127.0.0.1:{}/hello.txt", clear.port),
            tls: format!("https://127.0.0.1:{}/hello.txt", tls.port),
        });
        others.extend([clear.process, tls.process]);
    }
    let hyper = build_hyper();
    for (name, flavour) in
        [("hyper + h2, thread per core", "thread-per-core"), ("hyper + h2, tokio multi-thread", "multi-thread")]
    {
        let clear = Process::start(Command::new(&hyper).args(["--flavour", flavour]));
        let tls = Process::start(
            Command::new(&hyper).args(["--flavour", flavour, "--tls"]).args([&certificate.0, &certificate.1]),
        );
        let port = |process: &Process| process.line(Duration::from_secs(10)).expect("hyper_hello prints its port");
        targets.push(Target {
            name,
            pid: clear.pid(),
            h2c: format!("http://127.0.0.1:{}/", port(&clear)),
            tls: format!("https://127.0.0.1:{}/", port(&tls)),
            tls_pid: tls.pid(),
        });
        others.extend([clear, tls]);
    }
    let mut samples: Vec<[Samples; 2]> = targets.iter().map(|_| Default::default()).collect();
    // Caches, allocators and branch predictors get warm on a run that does not count.
    for round in 0..=options.runs {
        for (target, samples) in targets.iter().zip(&mut samples) {
            for (index, (url, pid)) in
                [(&target.tls, target.tls_pid), (&target.h2c, target.pid)].into_iter().enumerate()
            {
                let requests = if round == 0 { options.requests / 10 } else { options.requests };
                let (rate, cpu) = load(h2load, url, pid, &Shape::small(requests));
                if round > 0 {
                    samples[index].rate.push(rate);
                    samples[index].cpu.push(cpu);
                }
            }
        }
    }
    print_table(options, &targets, &samples);
}

pub fn run(options: &Options) {
    let Some(h2load) = find("h2load") else {
        eprintln!("skipped: load (h2load is not installed: apt-get install nghttp2-client)");
        return;
    };
    let nghttpd = find("nghttpd");
    if nghttpd.is_none() {
        eprintln!("no ratios: nghttpd is not installed (apt-get install nghttp2-server)");
    }
    run_all(options, &h2load, nghttpd.as_deref());
}

fn print_table(options: &Options, targets: &[Target], samples: &[[Samples; 2]]) {
    let base = targets.iter().position(|target| target.name == "nghttpd").map(|index| &samples[index]);
    println!("\nh2load -c 8 -m 32 -n {}, medians of {} alternating runs:\n", options.requests, options.runs);
    println!("| server | TLS: requests/s | to nghttpd | server CPU | h2c: requests/s | to nghttpd | server CPU |");
    println!("|---|---|---|---|---|---|---|");
    for (target, samples) in targets.iter().zip(samples) {
        let mut row = format!("| {} |", target.name);
        for (index, sample) in samples.iter().enumerate() {
            let ratio =
                base.map_or_else(|| "–".to_owned(), |base| format!("{:.2}", sample.rate() / base[index].rate()));
            row += &format!(" {:.0} | {ratio} | {:.2} µs |", sample.rate(), sample.cpu());
        }
        println!("{row}");
    }
}

/// What h2load is to do, and what every answer has to be.
#[derive(Clone)]
pub struct Shape {
    pub clients: u32,
    pub streams: u32,
    pub requests: u32,
    /// A field of every request, `name: value`.
    pub field: Option<String>,
    /// `2xx` or `3xx`.
    pub class: &'static str,
}

impl Shape {
    /// Many small answers.
    pub fn small(requests: u32) -> Self {
        Self { clients: 8, streams: 32, requests, field: None, class: "2xx" }
    }
}

/// Requests per second, and the server's CPU microseconds per request.
pub fn load(h2load: &Path, url: &str, pid: u32, shape: &Shape) -> (f64, f64) {
    let Shape { clients, streams, requests, field, class } = shape;
    let before = Usage::of(pid).cpu_ticks;
    let mut command = Command::new(h2load);
    for (flag, value) in [("-c", clients), ("-m", streams), ("-t", &1), ("-n", requests)] {
        command.args([flag, &value.to_string()]);
    }
    command.args(field.iter().flat_map(|field| ["-H", field])).arg(url);
    let finished = run_h2load(&mut command);
    let after = Usage::of(pid).cpu_ticks;
    let rate = finished.lines().find_map(|line| {
        let (_, rest) = line.split_once("finished in ")?;
        rest.split_once(", ")?.1.split_once(" req/s")?.0.parse().ok()
    });
    let statuses = finished.lines().find_map(|line| line.strip_prefix("status codes: ")).unwrap_or_default();
    let wanted = format!("{requests} {class}");
    let right = statuses.split(", ").any(|count| count == wanted);
    assert!(right, "{url} did not answer every request with {class}:\n{finished}");
    let rate = rate.unwrap_or_else(|| panic!("h2load printed no rate:\n{finished}"));
    (rate, (after - before) as f64 / TICKS * 1e6 / f64::from(*requests))
}

fn run_h2load(command: &mut Command) -> String {
    let finished = run_process(command, Duration::from_secs(120));
    assert_eq!(finished.code(), Some(0), "{command:?}: {}", finished.stderr);
    finished.text()
}

/// A self-signed leaf; nobody checks it here.
pub fn certificate(folder: &TempDir) -> (PathBuf, PathBuf) {
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".into()]).expect("a certificate");
    let (certificate, key) = (folder.path().join("leaf.pem"), folder.path().join("leaf.key"));
    std::fs::write(&certificate, certified.cert.pem()).expect("a file");
    std::fs::write(&key, certified.signing_key.serialize_pem()).expect("a file");
    (certificate, key)
}

/// A neighbour that listens on a port.
pub struct Neighbour {
    pub process: Process,
    pub port: u16,
}

/// nghttpd on a folder, in clear and over TLS.
pub fn start_nghttpd(nghttpd: &Path, folder: &Path, certificate: &(PathBuf, PathBuf)) -> (Neighbour, Neighbour) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from).to_string();
    let start = |extra: &[&str], files: &[&PathBuf]| {
        let port = free_port();
        let mut command = Command::new(nghttpd);
        command.args(["-a", "127.0.0.1", "-n", &cores]).args(extra).arg("-d").arg(folder);
        let process = Process::start(command.arg(port.to_string()).args(files));
        wait_for(port);
        Neighbour { process, port }
    };
    (start(&["--no-tls"], &[]), start(&[], &[&certificate.1, &certificate.0]))
}

/// For programs that cannot choose a port by themselves.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port()
}

pub fn wait_for(port: u16) {
    let end = std::time::Instant::now() + Duration::from_secs(10);
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(std::time::Instant::now() < end, "nothing listens on {port}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Examples are not built by `cargo bench`.
fn build_hyper() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root).args(["build", "--release", "--example", "hyper_hello", "--message-format", "json"]);
    let finished = run_process(&mut command, Duration::from_secs(900));
    assert_eq!(finished.code(), Some(0), "{}", finished.stderr);
    let messages = finished.text();
    let executables = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let mut executables = executables.filter(|message| message["target"]["name"] == "hyper_hello");
    let found = executables.find_map(|message| Some(PathBuf::from(message["executable"].as_str()?)));
    found.expect("cargo names the executable that it built")
}
