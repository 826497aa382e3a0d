//! The server under test as a process of its own, in a folder of its own, on ports of its own.

use super::DEADLINE;
use super::process::{Finished, Process};
use serde_json::Value;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use tempfile::TempDir;

/// What to start; see [`Server::builder`].
pub struct Builder {
    folder: TempDir,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    /// Flags with other values than [`Server::builder`] says.
    replaced: Vec<(String, String)>,
}

impl Builder {
    /// More arguments after those that [`Server::builder`] names.
    pub fn arguments<'a>(mut self, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        self.arguments.extend(arguments.into_iter().map(str::to_owned));
        self
    }

    /// Gives a flag that [`Server::builder`] sets (`--port`, `--root`, …) another value.
    pub fn replace(mut self, flag: &str, value: &str) -> Self {
        self.replaced.push((flag.to_owned(), value.to_owned()));
        self
    }

    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Puts a script where it answers at `/handlers/NAME`.
    pub fn handler(self, name: &str, source: &str) -> Self {
        self.file(&format!("handlers/{name}"), source)
    }

    /// Puts a file below the document root, where it answers at `/PATH`.
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        write(self.folder.path(), path, content.as_ref());
        self
    }

    /// The text of `wpt.toml`.
    pub fn config(self, text: &str) -> Self {
        let path = self.folder.path().join("wpt.toml").to_string_lossy().into_owned();
        self.file("wpt.toml", text).arguments(["--config", &path])
    }

    fn command(&self) -> Command {
        let folder = self.folder.path();
        let mut command = Command::new(env!("CARGO_BIN_EXE_wireserve"));
        command.current_dir(folder).envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.args(["serve", "--h2", "--h2c"]);
        let (root, certs) =
            (folder.to_string_lossy().into_owned(), folder.join("certs").to_string_lossy().into_owned());
        let ports = ["--port", "--https-port", "--h2-port", "--h2c-port"].map(|flag| (flag, "auto"));
        for (flag, value) in ports.into_iter().chain([("--root", root.as_str()), ("--certs", certs.as_str())]) {
            let replaced = self.replaced.iter().find(|(replaced, _)| replaced == flag);
            command.args([flag, replaced.map_or(value, |(_, value)| value.as_str())]);
        }
        command.args(&self.arguments);
        command
    }

    /// The command as a line for a shell.
    pub fn command_line(&self) -> String {
        let command = self.command();
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        words.map(|word| format!("'{}'", word.to_string_lossy())).collect::<Vec<_>>().join(" ")
    }

    /// Starts it and waits until all ports are open.
    ///
    /// # Panics
    /// If it ends before, or does not say so in time.
    pub fn start(self) -> Server {
        let process = Process::start(&mut self.command());
        self.started(process)
    }

    /// As [`Builder::start`], with a standard input that is open.
    pub fn start_with_input(self) -> Server {
        let process = Process::start_with_input(&mut self.command());
        self.started(process)
    }

    /// As [`Builder::start`], but nobody reads its log.
    pub fn start_unread(self) -> Server {
        let process = Process::start_unread(&mut self.command());
        self.started(process)
    }

    fn started(self, mut process: Process) -> Server {
        let Some(line) = process.line(DEADLINE) else {
            let state = if process.is_running() { "still runs" } else { "has ended" };
            panic!("no ready line; the server {state}; its standard error:\n{}", process.stderr());
        };
        let ready: Value =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("ready line {line:?} is not JSON: {error}"));
        assert_eq!(ready["event"], "ready", "{line}");
        Server { process, ready, folder: self.folder }
    }

    /// Runs it where it should end by itself (bad arguments, bad configuration).
    pub fn run_to_end(self) -> Finished {
        super::process::run(&mut self.command(), DEADLINE)
    }
}

/// A running server; dropping it kills it, and shows its log if the test failed.
pub struct Server {
    process: Process,
    ready: Value,
    folder: TempDir,
}

impl Server {
    /// A server with all four ports open, `auto`, whose working directory, document root (with `handlers/` in it) and
    /// certificates are in a fresh folder.
    pub fn builder() -> Builder {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Builder { folder, arguments: Vec::new(), environment: Vec::new(), replaced: Vec::new() }
    }

    /// As [`Server::builder`], started with nothing but the shipped handlers.
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// The base URL of a port by its kind, `http`, `https`, `h2` or `h2c`, without the last slash.
    pub fn base(&self, kind: &str) -> &str {
        let url = self.ready["urls"][kind][0].as_str();
        url.unwrap_or_else(|| panic!("no {kind} URL in {}", self.ready)).trim_end_matches('/')
    }

    /// `path` (with its leading slash) on a port by its kind.
    pub fn url(&self, kind: &str, path: &str) -> String {
        format!("{}{path}", self.base(kind))
    }

    /// `localhost:PORT` of a port by its kind.
    pub fn authority(&self, kind: &str) -> &str {
        self.base(kind).split_once("://").expect("a URL has a scheme").1
    }

    pub fn port(&self, kind: &str) -> u16 {
        self.authority(kind).rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a URL has a port")
    }

    /// Where a port listens, by its kind.
    pub fn address(&self, kind: &str) -> SocketAddr {
        // Binds loopback unless told otherwise; `localhost` may resolve to ::1 first.
        SocketAddr::from(([127, 0, 0, 1], self.port(kind)))
    }

    pub fn connect(&self, kind: &str) -> TcpStream {
        connect(self.address(kind))
    }

    /// The certificate authority's PEM file.
    pub fn ca(&self) -> PathBuf {
        // Relative to the server's own working directory if it was given so.
        self.folder.path().join(self.ready["ca"].as_str().expect("the ready line names the CA"))
    }

    /// Base64 of SHA-256 of the authority's public key, for Chromium.
    pub fn spki(&self) -> &str {
        self.ready["spki"].as_str().expect("the ready line has the SPKI")
    }

    pub fn ready(&self) -> &Value {
        &self.ready
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes or replaces a file below the document root.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        write(self.folder.path(), path, content.as_ref());
    }

    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Waits until the log has `part`, and gives the line.
    ///
    /// # Panics
    /// If it does not come in time.
    pub fn logged(&self, part: &str) -> String {
        let end = std::time::Instant::now() + DEADLINE;
        loop {
            let log = self.log();
            if let Some(line) = log.lines().find(|line| line.contains(part)) {
                return line.to_owned();
            }
            assert!(std::time::Instant::now() < end, "{part:?} is not in the log:\n{log}");
            // Nothing tells of a line that is not there yet.
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }

    /// Waits until so many lines of the log have `part`.
    ///
    /// # Panics
    /// If they do not come in time, or there are more.
    pub fn logged_times(&self, part: &str, times: usize) {
        let end = std::time::Instant::now() + DEADLINE;
        loop {
            let log = self.log();
            let found = log.lines().filter(|line| line.contains(part)).count();
            if found == times {
                return;
            }
            let late = found > times || std::time::Instant::now() >= end;
            assert!(!late, "{part:?} is {found} times in the log, not {times}:\n{log}");
            // Nothing tells of a line that is not there yet.
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }

    /// The log so far.
    pub fn log(&self) -> String {
        self.process.stderr()
    }

    pub fn is_running(&mut self) -> bool {
        self.process.is_running()
    }

    /// Sends `TERM` or `INT`.
    pub fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    /// Writes to its standard input.
    pub fn input(&mut self, text: &str) {
        self.process.input(text);
    }

    /// Ends its standard input.
    pub fn end_input(&mut self) {
        self.process.end_input();
    }

    /// The next line of its standard output after the ready line; `None` if none comes in time.
    pub fn line(&self) -> Option<String> {
        self.process.line(DEADLINE)
    }

    /// Waits for its end; `None` if it still runs at the deadline.
    pub fn wait(&mut self) -> Option<ExitStatus> {
        self.process.wait(DEADLINE)
    }

    /// Threads, open descriptors, resident octets and CPU time now, from `/proc`.
    pub fn usage(&self) -> Usage {
        Usage::of(self.pid())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("---- log of the server ----\n{}---- end of the log ----", self.log());
        }
    }
}

/// What a process uses.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    pub threads: usize,
    pub descriptors: usize,
    pub resident_octets: u64,
    /// The most that were resident at once.
    pub peak_octets: u64,
    /// User and system time in clock ticks (1/100 s).
    pub cpu_ticks: u64,
}

impl Usage {
    pub fn of(pid: u32) -> Self {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the process is alive");
        let number = |name: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or_default()
        };
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process is alive");
        // The name, in parentheses, may have spaces; utime and stime are fields 14 and 15.
        let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
        let ticks =
            |field: usize| -> u64 { fields.get(field).and_then(|ticks| ticks.parse().ok()).unwrap_or_default() };
        let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).expect("our own child").count();
        Self {
            threads: number("Threads:") as usize,
            descriptors,
            resident_octets: number("VmRSS:") * 1024,
            peak_octets: number("VmHWM:") * 1024,
            cpu_ticks: ticks(11) + ticks(12),
        }
    }
}

/// Runs another command of the program in `folder`, to its end.
pub fn wireserve(folder: &Path, arguments: &[&str]) -> Finished {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wireserve"));
    super::process::run(command.args(arguments).current_dir(folder), DEADLINE)
}

/// A connection whose reads and writes fail at the deadline.
pub fn connect(address: impl ToSocketAddrs) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the port is open");
    stream.set_nodelay(true).expect("a socket option");
    stream.set_read_timeout(Some(DEADLINE)).expect("a socket option");
    stream.set_write_timeout(Some(DEADLINE)).expect("a socket option");
    stream
}

fn write(folder: &Path, path: &str, content: &[u8]) {
    let file = folder.join(path);
    std::fs::create_dir_all(file.parent().expect("a file is in a folder")).expect("a folder can be made");
    std::fs::write(file, content).expect("a file can be written");
}
