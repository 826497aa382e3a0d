//! Where a test page in a browser sends its result: a listener of a few lines in the test itself.

use super::DEADLINE;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

/// Pages run `fetch(report_url, { method: "POST", mode: "no-cors", body: JSON.stringify(result) })`; plain HTTP on
/// 127.0.0.1 is no mixed content to browsers.
pub struct Reports {
    address: SocketAddr,
    reports: Receiver<Value>,
    stop: Arc<AtomicBool>,
}

impl Reports {
    pub fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let (sender, reports) = mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let sender = sender.clone();
                // Browsers open connections in advance: each on its own.
                std::thread::spawn(move || answer(stream, &sender));
            }
        });
        Self { address, reports, stop }
    }

    /// What pages post to.
    pub fn url(&self) -> String {
        format!("http://{}/report", self.address)
    }

    /// The next report, or `None` when the time is over.
    pub fn next(&self, within: Duration) -> Option<Value> {
        self.reports.recv_timeout(within).ok()
    }
}

impl Drop for Reports {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

/// Reads one request; a POST's body is a report. Everything gets 204 with CORS allowed.
fn answer(stream: TcpStream, reports: &Sender<Value>) -> Option<()> {
    stream.set_read_timeout(Some(DEADLINE)).ok()?;
    let mut reader = BufReader::new(&stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let is_report = line.starts_with("POST ");
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let head = "HTTP/1.1 204 No Content\r\naccess-control-allow-origin: *\r\naccess-control-allow-headers: *\r\n\
                access-control-allow-private-network: true\r\nconnection: close\r\n\r\n";
    (&stream).write_all(head.as_bytes()).ok()?;
    if is_report {
        let text = String::from_utf8_lossy(&body).into_owned();
        reports.send(serde_json::from_str(&text).unwrap_or(Value::String(text))).ok()?;
    }
    Some(())
}
