//! Both servers on the same folder, and what each answers to a request.

use super::folder;
use super::grid::Request;
use super::scripts;
use crate::support::DEADLINE;
use crate::support::ask::answer;
use crate::support::http1::Answer;
use crate::support::process::Process;
use crate::support::programs::python_with;
use crate::support::raw::{Client, PREFACE};
use crate::support::server::{Server, connect};
use serde_json::{Value, json};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use wireserve::wire::frame::{FrameType, RawFrame};

/// Seconds after which wptserve ends by itself, whatever becomes of the test.
const LIFE: u32 = 300;

/// What our server is told; [`Both::start`] tells wptserve the same.
const CONFIG: &str = "browser_host = \"localhost\"\n";

/// The two servers.
pub struct Both {
    pub ours: Server,
    _wptserve: Process,
    ports: Value,
    certificate: PathBuf,
}

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    Wptserve,
    Ours,
}

impl Both {
    /// `None` where wptserve is not installed (see `support::programs`).
    pub fn start() -> Option<Self> {
        let python = python_with("wptserve")?;
        let mut builder = Server::builder().config(CONFIG);
        for (path, content) in folder::files().into_iter().chain(scripts::files()) {
            builder = builder.file(&path, content);
        }
        let ours = builder.start();
        let (certificate, key) = self_signed(ours.folder());
        let plan = json!({
            "root": ours.folder(),
            "certificate": certificate,
            "key": key,
            "browser_host": "localhost",
            "alternate_hosts": {"alt": "alt.localhost"},
            "subdomains": ["www", "www1", "www2", "天気の良い日", "élève"],
            "not_subdomains": ["nonexistent"],
            "life": LIFE,
        });
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/wptserve/server.py");
        let wptserve = Process::start(Command::new(python).args([script, &plan.to_string()]));
        let line = wptserve.line(DEADLINE).unwrap_or_else(|| panic!("wptserve does not start: {}", wptserve.stderr()));
        let ports = serde_json::from_str(&line).expect("the script prints JSON");
        Some(Self { ours, _wptserve: wptserve, ports, certificate })
    }

    /// The port of a server by its kind, `http` or `h2`.
    pub fn port(&self, side: Side, kind: &str) -> u16 {
        match side {
            Side::Ours => self.ours.port(kind),
            Side::Wptserve => self.ports[kind].as_u64().and_then(|port| port.try_into().ok()).expect("a port"),
        }
    }

    fn connect(&self, side: Side, kind: &str) -> (TcpStream, String) {
        let port = self.port(side, kind);
        (connect(SocketAddr::from(([127, 0, 0, 1], port))), format!("localhost:{port}"))
    }

    /// Asks over HTTP/1.1, on a connection of its own.
    ///
    /// # Errors
    /// What came instead of an answer, in words.
    pub fn ask(&self, side: Side, request: &Request) -> Result<Answer, String> {
        let (mut socket, authority) = self.connect(side, "http");
        socket.write_all(&request.octets(&authority)).map_err(|error| error.to_string())?;
        let mut octets = Vec::new();
        match socket.read_to_end(&mut octets) {
            Ok(_) => {}
            // Closed before the request's body was read: what had come counts.
            Err(error) if error.kind() == ErrorKind::ConnectionReset && !octets.is_empty() => {}
            Err(error) => return Err(format!("{error}; so far {:?}", String::from_utf8_lossy(&octets))),
        }
        Answer::read(&octets).map_err(|error| format!("{error} in {:?}", String::from_utf8_lossy(&octets)))
    }

    /// Asks over HTTP/2, on a connection of its own.
    ///
    /// # Errors
    /// What came instead of an answer, in words.
    pub fn ask_over_http2(&self, side: Side, request: &Request) -> Result<Answer, String> {
        let (socket, authority) = self.connect(side, "h2");
        let ca = match side {
            Side::Ours => self.ours.ca(),
            Side::Wptserve => self.certificate.clone(),
        };
        let mut client = Client::over_tls(socket, &authority, &ca);
        // wptserve acknowledges SETTINGS with its next response: nothing is waited for.
        client.send_octets(PREFACE);
        client.open_windows();
        let names: Vec<String> = request.headers.iter().map(|(name, _)| name.to_lowercase()).collect();
        let extra: Vec<(&str, &str)> =
            names.iter().zip(&request.headers).map(|(name, (_, value))| (name.as_str(), value.as_str())).collect();
        let stream = client.request(request.method, &request.target, &extra, true);
        // The client panics at its deadline, or when the connection ends.
        let response =
            catch_unwind(AssertUnwindSafe(|| client.response(stream))).map_err(|_| "no answer".to_owned())?;
        client.try_send_octets(&goaway());
        match (response.reset, response.status()) {
            (Some(code), _) => Err(format!("RST_STREAM with code {code}")),
            (_, None) => Err("no :status".to_owned()),
            (None, Some(_)) => Ok(answer(&response)),
        }
    }
}

/// The frame without which wptserve goes on burning CPU.
fn goaway() -> Vec<u8> {
    let mut octets = bytes::BytesMut::new();
    RawFrame::new(FrameType::GOAWAY, 0, 0, vec![0; 8]).write(&mut octets);
    octets.to_vec()
}

/// A certificate for `localhost` and its key, outside of what the servers show.
fn self_signed(folder: &Path) -> (PathBuf, PathBuf) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let (certificate, key) = (folder.join("certs/wptserve.pem"), folder.join("certs/wptserve-key.pem"));
    std::fs::write(&certificate, made.cert.pem()).expect("a file can be written");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("a file can be written");
    (certificate, key)
}
