//! The shipped handlers that take the wire into their own hands, each in every variant that its `Try:` comment names,
//! fetched with every installed client: what a client must do is asserted here, what it does beyond that is recorded
//! in `fixtures/outcomes.json`.

use super::outcomes::Golden;
use super::{Client, Ending, Outcome};
use crate::support::programs::REQUIRE;
use crate::support::server::Server;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What clients must do.
#[derive(Clone, Copy, Debug)]
pub enum Expect {
    /// A final response with that status, to its end.
    Complete(i32),
    /// RST_STREAM with that code, by either side.
    StreamError(u32),
    /// GOAWAY with that code, by either side.
    ConnectionError(u32),
    /// RST_STREAM or GOAWAY with that code: a client may treat a stream error as a connection error (RFC 9113 §5.4.2).
    Error(u32),
    /// Anything but a complete response.
    Refused,
}

impl Expect {
    pub fn holds(self, outcome: &Outcome) -> bool {
        let is = |ending: Ending, code: u32| outcome.result == ending && outcome.code == Some(code);
        match self {
            Self::Complete(status) => outcome.result == Ending::Complete && outcome.status == Some(status),
            Self::StreamError(code) => is(Ending::StreamError, code),
            Self::ConnectionError(code) => is(Ending::ConnectionError, code),
            Self::Error(code) => is(Ending::StreamError, code) || is(Ending::ConnectionError, code),
            Self::Refused => outcome.result != Ending::Complete,
        }
    }
}

/// Seconds after which a client that still waits is recorded as such.
const PATIENCE: u32 = 4;

/// At least this many clients must have fetched each URL.
const CLIENTS: usize = 3;

/// Fetches at once: most of the time of a hostile fetch is waiting.
const AT_ONCE: usize = 8;

/// How often a client is asked again that did something else than recorded.
const RETRIES: usize = 2;

/// Folders below `handlers/` whose scripts break rules.
const FOLDERS: [&str; 9] = ["connection", "continuation", "data", "fields", "flow", "frames", "fuzz", "grpc", "hpack"];

/// Clients that judge by the letter: what RFC 9113 asks is what they do.
const STRICT: &[Client] = &[Client::Curl, Client::Nghttp, Client::PythonH2];
/// The same, and the crate, which says PROTOCOL_ERROR for most things.
const STRICT_AND_CRATE: &[Client] = &[Client::Curl, Client::Nghttp, Client::PythonH2, Client::CrateH2];

// Error codes (RFC 9113 §7).
const PROTOCOL_ERROR: u32 = 1;
const INTERNAL_ERROR: u32 = 2;
const FLOW_CONTROL_ERROR: u32 = 3;
const FRAME_SIZE_ERROR: u32 = 6;
const REFUSED_STREAM: u32 = 7;
const CANCEL: u32 = 8;
const COMPRESSION_ERROR: u32 = 9;

/// Answers that hold a time: their length is not recorded.
const TIMED: &[&str] = &["/handlers/connection/ping.rhai"];

/// What is asserted of a URL, and of which clients.
const ROWS: &[(&str, &[Client], Expect)] = &[
    ("/handlers/connection/goaway-payload.rhai?length=7", STRICT, Expect::ConnectionError(FRAME_SIZE_ERROR)),
    ("/handlers/connection/goaway-payload.rhai?length=0", STRICT, Expect::ConnectionError(FRAME_SIZE_ERROR)),
    ("/handlers/connection/ping-frame.rhai?kind=length", STRICT, Expect::ConnectionError(FRAME_SIZE_ERROR)),
    ("/handlers/connection/settings-frame.rhai?kind=length", STRICT, Expect::ConnectionError(FRAME_SIZE_ERROR)),
    ("/handlers/data/oversized.rhai?by=1", STRICT, Expect::ConnectionError(FRAME_SIZE_ERROR)),
    ("/handlers/data/oversized-headers.rhai?by=1", STRICT, Expect::ConnectionError(FRAME_SIZE_ERROR)),
    ("/handlers/flow/payload.rhai?length=3", STRICT, Expect::ConnectionError(FRAME_SIZE_ERROR)),
    ("/handlers/frames/rst-stream-payload.rhai?length=3", STRICT, Expect::ConnectionError(FRAME_SIZE_ERROR)),
    (
        "/handlers/connection/settings-frame.rhai?kind=ack-payload",
        &[Client::Curl, Client::Nghttp],
        Expect::ConnectionError(FRAME_SIZE_ERROR),
    ),
    ("/handlers/connection/settings.rhai?id=4&value=2147483648", STRICT, Expect::ConnectionError(FLOW_CONTROL_ERROR)),
    ("/handlers/flow/overflow.rhai?on=connection", STRICT, Expect::ConnectionError(FLOW_CONTROL_ERROR)),
    ("/handlers/flow/overflow.rhai?on=stream", STRICT, Expect::StreamError(FLOW_CONTROL_ERROR)),
    ("/handlers/connection/settings.rhai?id=2&value=2", STRICT_AND_CRATE, Expect::ConnectionError(PROTOCOL_ERROR)),
    ("/handlers/connection/settings.rhai?id=5&value=16383", STRICT_AND_CRATE, Expect::ConnectionError(PROTOCOL_ERROR)),
    (
        "/handlers/connection/settings.rhai?id=5&value=16777216",
        STRICT_AND_CRATE,
        Expect::ConnectionError(PROTOCOL_ERROR),
    ),
    ("/handlers/connection/goaway-twice.rhai?order=raise", STRICT_AND_CRATE, Expect::ConnectionError(PROTOCOL_ERROR)),
    ("/handlers/continuation/alone.rhai?when=before", STRICT_AND_CRATE, Expect::ConnectionError(PROTOCOL_ERROR)),
    ("/handlers/continuation/interleaved.rhai?frame=ping", STRICT_AND_CRATE, Expect::ConnectionError(PROTOCOL_ERROR)),
    ("/handlers/continuation/interleaved.rhai?frame=data", STRICT_AND_CRATE, Expect::ConnectionError(PROTOCOL_ERROR)),
    (
        "/handlers/continuation/interleaved.rhai?frame=unknown",
        STRICT_AND_CRATE,
        Expect::ConnectionError(PROTOCOL_ERROR),
    ),
    (
        "/handlers/continuation/interleaved.rhai?frame=headers",
        STRICT_AND_CRATE,
        Expect::ConnectionError(PROTOCOL_ERROR),
    ),
    ("/handlers/continuation/missing.rhai", STRICT_AND_CRATE, Expect::ConnectionError(PROTOCOL_ERROR)),
    ("/handlers/continuation/other-stream.rhai?stream=0", STRICT_AND_CRATE, Expect::ConnectionError(PROTOCOL_ERROR)),
    ("/handlers/continuation/other-stream.rhai?stream=1001", STRICT_AND_CRATE, Expect::ConnectionError(PROTOCOL_ERROR)),
    (
        "/handlers/flow/window-update.rhai?increment=0&on=connection",
        STRICT_AND_CRATE,
        Expect::ConnectionError(PROTOCOL_ERROR),
    ),
    ("/handlers/frames/padding.rhai?kind=too-long", STRICT_AND_CRATE, Expect::ConnectionError(PROTOCOL_ERROR)),
    (
        "/handlers/frames/padding.rhai?kind=too-long&frame=headers",
        STRICT_AND_CRATE,
        Expect::ConnectionError(PROTOCOL_ERROR),
    ),
    ("/handlers/frames/push-promise.rhai?promised=0", STRICT_AND_CRATE, Expect::ConnectionError(PROTOCOL_ERROR)),
    ("/handlers/frames/push-promise.rhai?promised=3", STRICT_AND_CRATE, Expect::ConnectionError(PROTOCOL_ERROR)),
    ("/handlers/frames/push-stream-zero.rhai", STRICT_AND_CRATE, Expect::ConnectionError(PROTOCOL_ERROR)),
    ("/handlers/frames/wrong-stream.rhai?frame=headers", STRICT_AND_CRATE, Expect::ConnectionError(PROTOCOL_ERROR)),
    (
        "/handlers/frames/wrong-stream.rhai?frame=settings&stream=1",
        STRICT_AND_CRATE,
        Expect::ConnectionError(PROTOCOL_ERROR),
    ),
    (
        "/handlers/frames/wrong-stream.rhai?frame=ping&stream=1",
        STRICT_AND_CRATE,
        Expect::ConnectionError(PROTOCOL_ERROR),
    ),
    (
        "/handlers/frames/wrong-stream.rhai?frame=data&stream=1000001",
        STRICT_AND_CRATE,
        Expect::ConnectionError(PROTOCOL_ERROR),
    ),
    ("/handlers/flow/window-update.rhai?increment=0", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/frames/data-before-headers.rhai", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/frames/headers-twice.rhai", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/frames/informational.rhai?kind=end", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/frames/informational.rhai?kind=late", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/frames/informational.rhai?kind=content", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/fields/order.rhai", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/fields/trailers.rhai?kind=open", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/fields/trailers.rhai?kind=uppercase", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/fields/name.rhai?name=X-Upper-Case", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/fields/name.rhai?name=with%20space", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/fields/name.rhai?name=", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/fields/name.rhai?name=%00", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/fields/name.rhai?name=colon:inside", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/fields/name.rhai?name=tab%09", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/fields/name.rhai?name=%7F", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/fields/value.rhai?kind=nul", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/fields/value.rhai?kind=cr", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/fields/value.rhai?kind=lf", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/fields/value.rhai?kind=crlf", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/fields/pseudo.rhai?kind=duplicate", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/fields/pseudo.rhai?kind=conflict", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/fields/pseudo.rhai?kind=unknown", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/fields/pseudo.rhai?kind=missing", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/fields/connection-specific.rhai?name=connection", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/fields/connection-specific.rhai?name=keep-alive", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    (
        "/handlers/fields/connection-specific.rhai?name=proxy-connection",
        STRICT_AND_CRATE,
        Expect::Error(PROTOCOL_ERROR),
    ),
    (
        "/handlers/fields/connection-specific.rhai?name=transfer-encoding",
        STRICT_AND_CRATE,
        Expect::Error(PROTOCOL_ERROR),
    ),
    ("/handlers/fields/connection-specific.rhai?name=upgrade", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/fields/content-length.rhai?length=15", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/fields/content-length.rhai?length=5", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/fields/content-length.rhai?length=0", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/fields/content-length.rhai?length=-1", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/fields/content-length.rhai?length=10,11", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    ("/handlers/fields/content-length.rhai?length=ten", STRICT_AND_CRATE, Expect::Error(PROTOCOL_ERROR)),
    (
        "/handlers/hpack/huffman.rhai?kind=padding",
        &[Client::Curl, Client::Nghttp, Client::Node],
        Expect::ConnectionError(COMPRESSION_ERROR),
    ),
    (
        "/handlers/hpack/huffman.rhai?kind=zeros",
        &[Client::Curl, Client::Nghttp, Client::Node],
        Expect::ConnectionError(COMPRESSION_ERROR),
    ),
    (
        "/handlers/hpack/huffman.rhai?kind=eos",
        &[Client::Curl, Client::Nghttp, Client::Node],
        Expect::ConnectionError(COMPRESSION_ERROR),
    ),
    (
        "/handlers/hpack/index.rhai?index=0",
        &[Client::Curl, Client::Nghttp, Client::Node],
        Expect::ConnectionError(COMPRESSION_ERROR),
    ),
    (
        "/handlers/hpack/index.rhai?index=200",
        &[Client::Curl, Client::Nghttp, Client::Node],
        Expect::ConnectionError(COMPRESSION_ERROR),
    ),
    (
        "/handlers/hpack/integer.rhai?kind=overflow",
        &[Client::Curl, Client::Nghttp, Client::Node],
        Expect::ConnectionError(COMPRESSION_ERROR),
    ),
    (
        "/handlers/hpack/integer.rhai?kind=endless",
        &[Client::Curl, Client::Nghttp, Client::Node],
        Expect::ConnectionError(COMPRESSION_ERROR),
    ),
    (
        "/handlers/hpack/size-update.rhai?kind=large",
        &[Client::Curl, Client::Nghttp, Client::Node],
        Expect::ConnectionError(COMPRESSION_ERROR),
    ),
    (
        "/handlers/hpack/size-update.rhai?kind=late",
        &[Client::Curl, Client::Nghttp, Client::Node],
        Expect::ConnectionError(COMPRESSION_ERROR),
    ),
    (
        "/handlers/hpack/truncated.rhai?octets=10",
        &[Client::Curl, Client::Nghttp, Client::Node],
        Expect::ConnectionError(COMPRESSION_ERROR),
    ),
    ("/handlers/fuzz/mutate.rhai?frame=rst_stream&seed=8", STRICT, Expect::ConnectionError(FRAME_SIZE_ERROR)),
    ("/handlers/fuzz/mutate.rhai?frame=data&seed=11", STRICT_AND_CRATE, Expect::ConnectionError(PROTOCOL_ERROR)),
    ("/handlers/fuzz/mutate.rhai?frame=ping&seed=5", STRICT_AND_CRATE, Expect::ConnectionError(PROTOCOL_ERROR)),
    ("/handlers/fuzz/mutate.rhai?frame=settings&seed=9", STRICT_AND_CRATE, Expect::ConnectionError(PROTOCOL_ERROR)),
    ("/handlers/fuzz/mutate.rhai?seed=10", STRICT_AND_CRATE, Expect::ConnectionError(PROTOCOL_ERROR)),
    ("/handlers/fuzz/flood.rhai?kind=continuation&count=8", &Client::ALL, Expect::Complete(200)),
    ("/handlers/fuzz/flood.rhai?kind=unknown", &Client::ALL, Expect::Complete(200)),
    ("/handlers/fuzz/flood.rhai?kind=priority", &Client::ALL, Expect::Complete(200)),
    ("/handlers/fuzz/flood.rhai?kind=window_update", &Client::ALL, Expect::Complete(200)),
    ("/handlers/fuzz/flood.rhai?kind=informational", &Client::ALL, Expect::Complete(200)),
    ("/handlers/fuzz/flood.rhai?kind=hpack_bomb&count=16000", &Client::ALL, Expect::Refused),
    (
        "/handlers/fuzz/mutate.rhai?seed=8",
        &[Client::Curl, Client::Nghttp, Client::Node],
        Expect::ConnectionError(COMPRESSION_ERROR),
    ),
    ("/handlers/frames/rst-stream.rhai?code=8", &Client::ALL, Expect::StreamError(CANCEL)),
    ("/handlers/frames/rst-stream.rhai?code=7&when=start", &Client::ALL, Expect::StreamError(REFUSED_STREAM)),
    ("/handlers/frames/rst-stream.rhai?code=2&when=headers", &Client::ALL, Expect::StreamError(INTERNAL_ERROR)),
    ("/handlers/frames/rst-stream.rhai?code=1&when=body", &Client::ALL, Expect::StreamError(PROTOCOL_ERROR)),
    ("/handlers/frames/rst-stream.rhai?code=3735928559", &Client::ALL, Expect::StreamError(0xdead_beef)),
    ("/handlers/frames/cut.rhai?octets=20", &Client::ALL, Expect::Refused),
    ("/handlers/frames/cut.rhai?octets=4", &Client::ALL, Expect::Refused),
    ("/handlers/frames/cut.rhai?octets=20&how=abort", &Client::ALL, Expect::Refused),
    ("/handlers/connection/end.rhai?how=close", &Client::ALL, Expect::Refused),
    ("/handlers/connection/end.rhai?how=abort", &Client::ALL, Expect::Refused),
    ("/handlers/connection/end.rhai?how=half-close", &Client::ALL, Expect::Refused),
    ("/handlers/connection/goaway.rhai?code=11", &Client::ALL, Expect::Refused),
    ("/handlers/connection/altsvc.rhai?value=clear", &Client::ALL, Expect::Complete(200)),
    ("/handlers/connection/origin.rhai?origin=https%3A%2F%2Fexample.com", &Client::ALL, Expect::Complete(200)),
    ("/handlers/connection/ping-flood.rhai?count=100", &Client::ALL, Expect::Complete(200)),
    ("/handlers/connection/settings.rhai?id=190&value=1", &Client::ALL, Expect::Complete(200)),
    ("/handlers/connection/write-size.rhai?octets=1", &Client::ALL, Expect::Complete(200)),
    ("/handlers/continuation/empty.rhai?count=3&first=1", &Client::ALL, Expect::Complete(200)),
    ("/handlers/continuation/end-stream.rhai?flag=continuation", &Client::ALL, Expect::Complete(200)),
    ("/handlers/continuation/split.rhai?at=0", &Client::ALL, Expect::Complete(200)),
    ("/handlers/continuation/split.rhai?at=1", &Client::ALL, Expect::Complete(200)),
    ("/handlers/continuation/split.rhai?at=2", &Client::ALL, Expect::Complete(200)),
    ("/handlers/continuation/split.rhai?at=17", &Client::ALL, Expect::Complete(200)),
    ("/handlers/continuation/split.rhai?at=30", &Client::ALL, Expect::Complete(200)),
    ("/handlers/continuation/split.rhai?at=1000", &Client::ALL, Expect::Complete(200)),
    ("/handlers/data/empty.rhai?count=10", &Client::ALL, Expect::Complete(200)),
    ("/handlers/data/sizes.rhai?octets=100000&size=16384", &Client::ALL, Expect::Complete(200)),
    ("/handlers/flow/initial-window.rhai?size=0", &Client::ALL, Expect::Complete(200)),
    ("/handlers/flow/window-update.rhai?increment=1", &Client::ALL, Expect::Complete(200)),
    ("/handlers/frames/padding.rhai?kind=right", &Client::ALL, Expect::Complete(200)),
    ("/handlers/frames/padding.rhai?kind=right&frame=headers", &Client::ALL, Expect::Complete(200)),
    ("/handlers/frames/reserved.rhai", &Client::ALL, Expect::Complete(200)),
    ("/handlers/frames/unknown.rhai?type=190", &Client::ALL, Expect::Complete(200)),
    ("/handlers/frames/unknown.rhai?type=190&stream=0", &Client::ALL, Expect::Complete(200)),
    ("/handlers/hpack/huffman.rhai?kind=right", &Client::ALL, Expect::Complete(200)),
    ("/handlers/hpack/integer.rhai?extra=1", &Client::ALL, Expect::Complete(200)),
    ("/handlers/hpack/representations.rhai", &Client::ALL, Expect::Complete(200)),
];

/// Each script's URL with each query of its `Try:` lines, or bare where it has none.
fn urls() -> Vec<String> {
    let handlers = Path::new(env!("CARGO_MANIFEST_DIR")).join("handlers");
    let mut urls = BTreeSet::new();
    for folder in FOLDERS {
        for file in walkdir::WalkDir::new(handlers.join(folder)) {
            let file = file.expect("handlers/ can be read");
            if file.path().extension().is_none_or(|extension| extension != "rhai") {
                continue;
            }
            let path = file.path().strip_prefix(&handlers).expect("a path below handlers/").to_string_lossy();
            let source = std::fs::read_to_string(file.path()).expect("a script can be read");
            urls.extend(variants(&source).into_iter().map(|query| format!("/handlers/{path}{query}")));
        }
    }
    urls.into_iter().collect()
}

/// Each query that a line like `// Try:  ?at=0 ?at=1&size=5` names, or none.
fn variants(source: &str) -> Vec<String> {
    let tries = source.lines().filter_map(|line| line.strip_prefix("//")?.trim().strip_prefix("Try:"));
    let queries: Vec<String> = tries.flat_map(str::split_whitespace).map(str::to_owned).collect();
    if queries.is_empty() { vec![String::new()] } else { queries }
}

/// What is wrong with an outcome: it is not what the client must do, or not what is recorded.
fn judge(url: &str, client: Client, outcome: &Outcome, recorded: &Golden) -> Option<String> {
    let mut rows = ROWS.iter().filter(|(row, clients, _)| *row == url && clients.contains(&client));
    if let Some((_, _, expect)) = rows.find(|(_, _, expect)| !expect.holds(outcome)) {
        let (did, detail) = (outcome.summary(), &outcome.detail);
        return Some(format!("{url}: {} must {expect:?} but did {did} ({detail})", client.name()));
    }
    if Golden::is_recording() { None } else { recorded.difference(url, outcome) }
}

fn fetch(server: SocketAddr, url: &str, client: Client) -> Option<Outcome> {
    let mut outcome = client.fetch_recorded(server, url, PATIENCE)?;
    if TIMED.contains(&url) {
        outcome.body_octets = 0;
    }
    Some(outcome)
}

/// Every URL with every installed client, several at once.
fn fetch_all(server: SocketAddr, urls: &[String]) -> Vec<(&str, Client, Outcome)> {
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let pairs: Vec<(&str, Client)> =
        urls.iter().flat_map(|url| Client::ALL.map(|client| (url.as_str(), client))).collect();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(&(url, client)) = pairs.get(next.fetch_add(1, Ordering::SeqCst)) {
                    if let Some(outcome) = fetch(server, url, client) {
                        outcomes.lock().expect("no driver panics here").push((url, client, outcome));
                    }
                }
            });
        }
    });
    outcomes.into_inner().expect("no driver panicked")
}

#[test]
fn every_malformed_handler_is_fetched_and_judged() {
    let server = Server::start();
    let address = server.address("h2c");
    let urls = urls();
    assert!(!urls.is_empty(), "handlers/ has none of {FOLDERS:?}");
    let mut golden = Golden::read("outcomes.json");
    golden.keep(&urls);
    let mut broken = Vec::new();
    let mut clients: BTreeMap<&str, usize> = BTreeMap::new();
    for (url, client, mut outcome) in fetch_all(address, &urls) {
        *clients.entry(url).or_default() += 1;
        let mut problem = judge(url, client, &outcome, &golden);
        // On a busy machine a client may run into its time limit, or see its own error before the server's: what it
        // really does comes again when it is asked alone.
        for _ in 0..RETRIES {
            if problem.is_none() {
                break;
            }
            outcome = fetch(address, url, client).expect("it was there before");
            problem = judge(url, client, &outcome, &golden);
        }
        broken.extend(problem);
        golden.insert(url, &outcome);
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    if std::env::var_os(REQUIRE).is_some_and(|value| value == "1") {
        let few = urls.iter().find(|url| clients.get(url.as_str()).is_none_or(|count| *count < CLIENTS));
        assert_eq!(few, None, "fetched by too few clients");
    }
    if Golden::is_recording() {
        golden.write();
    }
}

#[test]
fn every_row_is_about_a_shipped_handler() {
    let urls = urls();
    for (row, _, _) in ROWS {
        assert!(urls.iter().any(|url| url == row), "{row} is in no handler's `Try:` line");
    }
}

#[test]
fn variants_are_read_from_comments() {
    let source = "// Sends.\n// Try:  ?a=1 ?a=2&b=3\n// Try: ?c=4\nfn main(request, response) { }\n";
    assert_eq!(variants(source), ["?a=1", "?a=2&b=3", "?c=4"]);
    assert_eq!(variants("// Sends.\nfn main(request, response) { }\n"), [""]);
}
