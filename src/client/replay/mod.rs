//! `wireserve replay`: serves to a client what the server of a recorded connection sent.

mod script;

use super::arguments::ReplayArguments;
use super::exit::{Exit, Failure, say};
use super::print::Printer;
use super::recorded::{self, Recording};
use super::session::{Transcript, no_automatic, peer, run};
use super::steps::Steps;
use crate::h2::{Action, Config, Connection};
use crate::http::peer::Protocol;
use crate::net::certificates::Certificates;
use crate::net::listen::Listener;
use crate::net::tls::{Tls, TlsInfo};
use crate::net::transport::Transport;
use crate::net::{now, wall_clock};
use crate::transcript::{RecordKind, Side, Snapshot};
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

/// How long a client may take for the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(20);

/// Serves a recording, or writes it as a script.
pub fn replay(arguments: &ReplayArguments) -> Exit {
    let replayed = recorded::read(&arguments.transcript).and_then(|snapshot| {
        if arguments.as_script {
            // A reader that has read enough is no failure.
            let _ = std::io::stdout().write_all(script::write(&snapshot)?.as_bytes());
            return Ok(Exit::Success);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Failure::usage(format!("cannot start: {error}")))?;
        runtime.block_on(serve(arguments, &snapshot))
    });
    replayed.unwrap_or_else(Failure::tell)
}

async fn serve(arguments: &ReplayArguments, snapshot: &Snapshot) -> Result<Exit, Failure> {
    let recording = Recording::of(snapshot, Side::Server)?;
    if recording.num_filled > 0 {
        let count = recording.num_filled;
        say(&format!("warning: the transcript kept only a part of {count} frames; dots stand for the rest"));
    }
    let mut printer = Printer::new(&arguments.print, arguments.quiet, Side::Server)?;
    let tls = snapshot.facts.tls.as_ref().map(|_| tls(arguments)).transpose()?;
    let listener = Listener::bind(arguments.bind, arguments.port.unwrap_or(0), "--port")
        .map_err(|error| Failure::usage(error.to_string()))?;
    announce(listener.address(), tls.is_some(), snapshot);
    for number in 1.. {
        let (stream, client) = listener.accept().await;
        let socket = TcpStream::from_std(stream).map_err(|error| Failure::usage(format!("cannot serve: {error}")))?;
        let server = socket.local_addr().unwrap_or_else(|_| listener.address());
        let ends = (number, client, server);
        let is_done = match &tls {
            None => play(socket, None, ends, &recording, &mut printer).await,
            Some(tls) => match shake_hands(tls, socket).await {
                Ok((stream, info)) => play(stream, Some(&info), ends, &recording, &mut printer).await,
                Err(text) => {
                    say(&format!("{client}: {text}"));
                    false
                }
            },
        };
        if is_done && arguments.once {
            break;
        }
    }
    Ok(Exit::Success)
}

fn tls(arguments: &ReplayArguments) -> Result<Tls, Failure> {
    let certificates = Certificates::in_folder(&arguments.certs, &[], wall_clock())
        .map_err(|error| Failure::usage(error.to_string()))?;
    say(&format!("clients must trust {}", certificates.trusted().display()));
    Tls::new(certificates.resolver(), &["h2"], HANDSHAKE).map_err(|error| Failure::usage(error.to_string()))
}

async fn shake_hands(tls: &Tls, stream: TcpStream) -> Result<(impl Transport, TlsInfo), String> {
    let hello = tls.hello(stream).await.map_err(|error| error.to_string())?;
    hello.accept(None, |_, _| {}).await.map_err(|error| error.to_string())
}

/// Says where the recording is served.
fn announce(address: SocketAddr, is_tls: bool, snapshot: &Snapshot) {
    let path = snapshot.records.iter().find_map(|record| match &record.kind {
        RecordKind::Frame(frame) if record.from == Some(Side::Client) => {
            let path = frame.fields()?.ok()?.get(b":path")?;
            Some(path.escape_ascii().to_string())
        }
        _ => None,
    });
    let host = if address.ip().is_loopback() { "localhost".to_owned() } else { address.ip().to_string() };
    let scheme = if is_tls { "https" } else { "http" };
    let path = path.filter(|path| path.starts_with('/')).unwrap_or_else(|| "/".to_owned());
    let id = snapshot.facts.id;
    say(&format!("connection {id} is replayed at {scheme}://{host}:{}{path}  (Ctrl-C ends)", address.port()));
}

/// Serves the recording on one connection. Gives whether all of it was sent.
async fn play(
    stream: impl Transport,
    tls: Option<&TlsInfo>,
    (number, client, server): (u64, SocketAddr, SocketAddr),
    recording: &Recording,
    printer: &mut Printer,
) -> bool {
    let peer = peer(number, client, server, tls);
    let Some(transcript) = Transcript::begin(printer, Side::Server, &peer, Protocol::Http2) else { return false };
    let mut config = Config::default();
    config.policy.set_all(Action::Ignore);
    let limits = &mut config.limits;
    (limits.preface_timeout, limits.frame_timeout, limits.stall_timeout, limits.idle_timeout) =
        (None, None, None, None);
    config.auto = no_automatic();
    config.wait_for_start = true;
    config.record_frames = true;
    config.record_data = transcript.content();
    let mut connection = Connection::server(config, now());
    connection.start_without_settings();
    let steps = Steps::new(recording.steps.clone(), recording.after).with_streams(recording.streams.clone());
    let ended = run(stream, connection, transcript, steps, None).await;
    if ended.job.num_left() > 0 {
        say(&format!("the client left before the last {} steps", ended.job.num_left()));
    }
    ended.job.num_left() == 0
}
