//! Floods by one client against wireserve and nghttpd, one worker each, with a neighbour beside it.

use crate::Options;
use crate::load::{Neighbour, free_port, wait_for};
use crate::support::attack::{Attack, LARGE, RAW, RAW_SCRIPT, SMALL, neighbour};
use crate::support::process::Process;
use crate::support::programs::find;
use crate::support::server::{Server, Usage};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const MIB: f64 = 1024.0 * 1024.0;

/// What one server suffered.
struct Suffered {
    p50: f64,
    p99: f64,
    longest: f64,
    peak: f64,
    descriptors: usize,
}

impl Suffered {
    /// Lets a neighbour ask while the attack lasts; none: no attack.
    fn under(attack: Option<Attack>, address: SocketAddr, pid: u32, upload: &'static str, time: Duration) -> Self {
        let running = attack.map(|attack| attack.start(address, upload));
        let end = Instant::now() + time;
        let mut descriptors = 0;
        let latencies = neighbour(address, |answers| {
            if answers.is_multiple_of(64) {
                descriptors = descriptors.max(Usage::of(pid).descriptors);
            }
            Instant::now() < end
        });
        descriptors = descriptors.max(Usage::of(pid).descriptors);
        drop(running);
        let at = |part: f64| {
            let index = (latencies.len().saturating_sub(1) as f64 * part) as usize;
            latencies.get(index).map_or(f64::NAN, |latency| latency.as_secs_f64() * 1e3)
        };
        let peak = Usage::of(pid).peak_octets as f64 / MIB;
        Self { p50: at(0.5), p99: at(0.99), longest: at(1.0), peak, descriptors }
    }

    fn row(&self) -> String {
        let Self { p50, p99, longest, peak, descriptors } = self;
        format!("{p50:.2} | {p99:.2} | {longest:.1} | {peak:.0} | {descriptors}")
    }
}

pub fn run(options: &Options) {
    let time = Duration::from_secs(options.seconds.min(4));
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join(&SMALL[1..]), "small\n").expect("a file");
    std::fs::write(folder.path().join(&LARGE[1..]), vec![b'x'; 4 << 20]).expect("a file");
    let nghttpd = find("nghttpd");
    if nghttpd.is_none() {
        eprintln!("no nghttpd beside it: it is not installed (apt-get install nghttp2-server)");
    }
    println!("\nOne client floods, one worker; a neighbour's p50, p99 and longest wait in ms, peak memory in MiB:\n");
    println!(
        "| flood | p50 | p99 | longest | memory | descriptors | nghttpd: p50 | p99 | longest | memory | descriptors |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for attack in std::iter::once(None).chain(Attack::ALL.map(Some)) {
        let root = folder.path().to_string_lossy().into_owned();
        let server = Server::builder()
            .arguments(["--workers", "1"])
            .handler(RAW.trim_start_matches("/handlers/"), RAW_SCRIPT)
            .replace("--root", &root)
            .start();
        let ours = Suffered::under(attack, server.address("h2c"), server.pid(), "/handlers/echo.rhai", time);
        let theirs = nghttpd.as_deref().filter(|_| !attack.is_some_and(Attack::is_scripted)).map(|nghttpd| {
            let Neighbour { process, port } = start_nghttpd(nghttpd, folder.path());
            Suffered::under(attack, SocketAddr::from(([127, 0, 0, 1], port)), process.pid(), SMALL, time).row()
        });
        let name = attack.map_or_else(|| "none".to_owned(), |attack| format!("{attack:?}"));
        println!("| {name} | {} | {} |", ours.row(), theirs.unwrap_or_else(|| "– | – | – | – | –".to_owned()));
    }
}

/// One thread, without TLS.
fn start_nghttpd(nghttpd: &Path, folder: &Path) -> Neighbour {
    let port = free_port();
    let mut command = Command::new(nghttpd);
    command.args(["-a", "127.0.0.1", "-n", "1", "--no-tls", "-d"]).arg(folder).arg(port.to_string());
    let process = Process::start(&mut command);
    wait_for(port);
    Neighbour { process, port }
}
