//! `wireserve fetch`: from arguments to connections, their lines and a summary.

use super::arguments::FetchArguments;
use super::exit::{Exit, Failure, say};
use super::print::Printer;
use super::recorded::{self, Recording};
use super::requests::{Request, Requests};
use super::session::{Ended, Transcript, client_config, dialed_peer, no_automatic, run};
use super::steps::{After, Steps};
use super::target::{Origin, Target};
use super::{http1, plan, strict};
use crate::h2::{Action, Auto, Config, Connection};
use crate::http::peer::Protocol;
use crate::net::dial::{Dialed, Trust, dial, own_authority};
use crate::net::now;
use crate::transcript::{Side, Snapshot};
use ::http::Method;
use bytes::Bytes;
use std::io::Read;
use std::time::Instant;

/// Fetches, prints everything on standard output, and how it ended on standard error.
pub fn fetch(arguments: &FetchArguments) -> Exit {
    let fetched = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::usage(format!("cannot start: {error}")))
        .and_then(|runtime| runtime.block_on(Fetch::new(arguments)?.run()));
    fetched.unwrap_or_else(Failure::tell)
}

struct Fetch<'a> {
    arguments: &'a FetchArguments,
    targets: Vec<Target>,
    trust: Trust,
    printer: Printer,
    headers: Vec<(String, String)>,
    body: Bytes,
    connections: u64,
}

impl<'a> Fetch<'a> {
    fn new(arguments: &'a FetchArguments) -> Result<Self, Failure> {
        let targets = arguments.urls.iter().map(|url| Target::parse(url)).collect::<Result<Vec<_>, _>>()?;
        let trust = match (arguments.insecure, &arguments.cacert[..]) {
            (true, _) => Trust::Anything,
            (false, []) => Trust::System(own_authority().map(Into::into).into_iter().collect()),
            (false, files) => Trust::Files(files.to_vec()),
        };
        let printer = Printer::new(&arguments.print, arguments.quiet, Side::Client)?;
        let headers = arguments.headers.iter().map(|header| parse_header(header)).collect::<Result<Vec<_>, _>>()?;
        if let Some((name, _)) = headers.iter().find(|(name, _)| arguments.http1 && name.starts_with(':')) {
            return Err(Failure::usage(format!(
                "HTTP/1.1 has no pseudo-headers such as {name}\nhelp: leave --http1 out"
            )));
        }
        Ok(Self { arguments, targets, trust, printer, headers, body: body(arguments)?, connections: 0 })
    }

    async fn run(mut self) -> Result<Exit, Failure> {
        if let Some(path) = &self.arguments.replay {
            return self.replay(&recorded::read(path)?).await;
        }
        if let Some(path) = &self.arguments.plan {
            let plan = plan::read(path)?;
            let target = self.only_target()?;
            let steps = Steps::new(plan.steps, After::Responses);
            return self.send_steps(&target.origin, steps, plan.automatic).await;
        }
        let mut worst = Exit::Success;
        while let Some(first) = self.targets.first() {
            let origin = first.origin.clone();
            let (here, others) = self.targets.drain(..).partition(|target| target.origin == origin);
            self.targets = others;
            let fetched = match self.arguments.http1 {
                true => self.fetch_http1(&origin, here).await,
                false => self.fetch_http2(&origin, here).await,
            };
            // What is wrong with one server says nothing of the next.
            worst = worst.max(fetched.unwrap_or_else(Failure::tell));
        }
        Ok(worst)
    }

    fn only_target(&self) -> Result<Target, Failure> {
        match &self.targets[..] {
            [target] => Ok(target.clone()),
            _ => Err(Failure::usage("--plan and --replay take one URL, and ignore its path")),
        }
    }

    /// Connects within the time. Gives the instant at which that is over, too.
    async fn dial(&mut self, origin: &Origin) -> Result<(Dialed, Instant), Failure> {
        self.connections += 1;
        let deadline = now() + self.arguments.timeout;
        let protocols: &[&str] = if self.arguments.http1 { &["http/1.1"] } else { &["h2"] };
        let tls = origin.is_tls.then_some((&self.trust, protocols));
        let dialing = dial(&origin.host, origin.port, tls);
        let Ok(dialed) = tokio::time::timeout_at(deadline.into(), dialing).await else {
            let Origin { host, port, .. } = origin;
            let text = format!("no connection to {host}, port {port}, within {:?}", self.arguments.timeout);
            return Err(Failure { exit: Exit::Timeout, text });
        };
        let dialed = dialed?;
        let is_other = |tls: &crate::net::tls::TlsInfo| tls.alpn.as_deref() != Some("h2");
        if !self.arguments.http1 && dialed.tls.as_ref().is_some_and(is_other) {
            let text = "the server did not select HTTP/2 in the TLS handshake (ALPN)\nhelp: try --http1";
            return Err(Failure { exit: Exit::TlsError, text: text.to_owned() });
        }
        Ok((dialed, deadline))
    }

    async fn fetch_http2(&mut self, origin: &Origin, targets: Vec<Target>) -> Result<Exit, Failure> {
        let requests: Vec<Request> = targets.iter().map(|target| self.request(target)).collect();
        let (dialed, deadline) = self.dial(origin).await?;
        let config = client_config();
        let ended = self.connect(dialed, config, None, Requests::new(requests), deadline).await?;
        ended.job.summary().iter().for_each(|line| say(line));
        let exit = ended.job.exit();
        self.finish(ended.received, ended.is_whole, ended.requests, 1).await;
        Ok(self.late(ended.is_late).unwrap_or(exit))
    }

    /// Sends the client's part of a recorded connection.
    async fn replay(&mut self, snapshot: &Snapshot) -> Result<Exit, Failure> {
        let Recording { steps, streams: _, after, num_filled } = Recording::of(snapshot, Side::Client)?;
        let origin = match &self.targets[..] {
            [] => recorded_origin(snapshot)?,
            _ => self.only_target()?.origin,
        };
        if num_filled > 0 {
            say(&format!("warning: the transcript kept only a part of {num_filled} frames; dots stand for the rest"));
        }
        self.send_steps(&origin, Steps::new(steps, after), false).await
    }

    async fn send_steps(&mut self, origin: &Origin, steps: Steps, automatic: bool) -> Result<Exit, Failure> {
        let (dialed, deadline) = self.dial(origin).await?;
        let mut config = client_config();
        config.policy.set_all(Action::Ignore);
        let auto = (!automatic).then(no_automatic);
        let Ended { job, requests, received, is_whole, is_late } =
            self.connect(dialed, config, auto, steps, deadline).await?;
        for (stream, code) in &job.resets {
            say(&format!("stream {stream}: the server reset it with {code}"));
        }
        job.unanswered().for_each(|stream| say(&format!("stream {stream}: no complete response")));
        if let Some(code) = job.goaway {
            say(&format!("the server sent GOAWAY {code}"));
        }
        if job.num_left() > 0 {
            say(&format!("{} steps were left when the connection ended", job.num_left()));
        }
        let num_settings = job.num_settings + usize::from(automatic);
        self.finish(received, is_whole, requests, num_settings).await;
        Ok(self.late(is_late).unwrap_or(job.exit()))
    }

    /// Runs a connection. `auto`: without preface and SETTINGS of ours, and with these switches.
    async fn connect<J: super::session::Job>(
        &mut self,
        dialed: Dialed,
        mut config: Config,
        auto: Option<Auto>,
        job: J,
        deadline: Instant,
    ) -> Result<Ended<J>, Failure> {
        let peer = dialed_peer(self.connections, &dialed);
        let transcript = Transcript::begin(&mut self.printer, Side::Client, &peer, Protocol::Http2);
        let Some(transcript) = transcript else { return Err(Failure::usage("nothing can be recorded")) };
        config.record_frames = true;
        config.record_data = transcript.content();
        config.wait_for_start = auto.is_some();
        config.auto = auto.unwrap_or(config.auto);
        let mut connection = Connection::client(config, now());
        if auto.is_some() {
            connection.start_without_settings();
        }
        Ok(run(dialed.stream, connection, transcript, job, Some(deadline)).await)
    }

    /// Says what a strict client makes of what arrived.
    async fn finish(&self, received: Vec<u8>, is_whole: bool, requests: Vec<(u32, Method)>, num_settings: usize) {
        if is_whole {
            say(&strict::judge(strict::Connection { received, requests, num_settings }).await);
        } else {
            let max = super::session::MAX_CAPTURE >> 20;
            say(&format!("no verdict of a strict client: more than {max} MiB arrived"));
        }
    }

    /// Says that the time is over.
    fn late(&self, is_late: bool) -> Option<Exit> {
        if !is_late {
            return None;
        }
        say(&format!(
            "error: not complete within {:?}\nhelp: allow more with --timeout SECONDS",
            self.arguments.timeout
        ));
        Some(Exit::Timeout)
    }

    fn method(&self) -> &str {
        let default = if self.body.is_empty() { "GET" } else { "POST" };
        self.arguments.method.as_deref().unwrap_or(default)
    }

    /// Pseudo-headers, then those of the arguments and those that are missing.
    fn request(&self, target: &Target) -> Request {
        let scheme = if target.origin.is_tls { "https" } else { "http" };
        let mut fields = vec![
            (":method".to_owned(), self.method().to_owned()),
            (":scheme".to_owned(), scheme.to_owned()),
            (":authority".to_owned(), target.authority.clone()),
            (":path".to_owned(), target.path.clone()),
        ];
        if self.method() == "CONNECT" {
            fields.retain(|(name, _)| name == ":method" || name == ":authority");
        }
        for (name, value) in &self.headers {
            let name = name.to_ascii_lowercase();
            match fields.iter_mut().find(|(known, _)| name.starts_with(':') && *known == name) {
                Some((_, known)) => known.clone_from(value),
                None => fields.push((name, value.clone())),
            }
        }
        self.add_defaults(&mut fields);
        // Pseudo-headers come first (RFC 9113 §8.3).
        fields.sort_by_key(|(name, _)| !name.starts_with(':'));
        let bytes = |text: String| Bytes::from(crate::http::latin1::octets_of_text(&text));
        let fields = fields.into_iter().map(|(name, value)| (bytes(name), bytes(value))).collect();
        Request { url: target.url.clone(), fields, body: self.body.clone() }
    }

    fn add_defaults(&self, fields: &mut Vec<(String, String)>) {
        let agent = concat!("wireserve/", env!("CARGO_PKG_VERSION"));
        let mut defaults = vec![("user-agent", agent.to_owned()), ("accept", "*/*".to_owned())];
        if !self.body.is_empty() {
            defaults.push(("content-length", self.body.len().to_string()));
        }
        for (name, value) in defaults {
            if !fields.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                fields.push((name.to_owned(), value));
            }
        }
    }

    async fn fetch_http1(&mut self, origin: &Origin, targets: Vec<Target>) -> Result<Exit, Failure> {
        let requests = targets.iter().map(|target| self.request_http1(target)).collect();
        let (dialed, deadline) = self.dial(origin).await?;
        let peer = dialed_peer(self.connections, &dialed);
        let transcript = Transcript::begin(&mut self.printer, Side::Client, &peer, Protocol::Http1);
        let Some(transcript) = transcript else { return Err(Failure::usage("nothing can be recorded")) };
        let (lines, exit) = http1::run(dialed.stream, requests, transcript, deadline).await;
        lines.iter().for_each(|line| say(line));
        Ok(exit)
    }

    fn request_http1(&self, target: &Target) -> http1::Request {
        let mut fields = self.headers.clone();
        if !fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            fields.insert(0, ("host".to_owned(), target.authority.clone()));
        }
        self.add_defaults(&mut fields);
        let method = self.method();
        let mut head = format!("{method} {} HTTP/1.1\r\n", target.path);
        fields.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        let octets = [crate::http::latin1::octets_of_text(&(head + "\r\n")), self.body.to_vec()].concat();
        http1::Request { url: target.url.clone(), is_head: method == "HEAD", octets: octets.into() }
    }
}

fn parse_header(header: &str) -> Result<(String, String), Failure> {
    let wrong = || Failure::usage(format!("{header:?} is not a header\nhelp: write it as -H 'NAME: VALUE'"));
    // A pseudo-header begins with a colon.
    let colon = header.get(1..).and_then(|rest| rest.find(':')).ok_or_else(wrong)? + 1;
    let (name, value) = header.split_at_checked(colon).ok_or_else(wrong)?;
    let is_token = |octet: u8| octet.is_ascii_graphic() && octet != b',';
    if !name.bytes().all(is_token) || value.contains(['\r', '\n', '\0']) {
        return Err(wrong());
    }
    Ok((name.to_owned(), value.trim_start_matches(':').trim().to_owned()))
}

fn body(arguments: &FetchArguments) -> Result<Bytes, Failure> {
    let Some(path) = &arguments.data_file else {
        return Ok(arguments.data.clone().unwrap_or_default().into());
    };
    let mut octets = Vec::new();
    let read = match path.to_str() {
        Some("-") => std::io::stdin().lock().read_to_end(&mut octets),
        _ => std::fs::File::open(path).and_then(|mut file| file.read_to_end(&mut octets)),
    };
    read.map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
    Ok(octets.into())
}

/// The server of a recorded connection.
fn recorded_origin(snapshot: &Snapshot) -> Result<Origin, Failure> {
    let address: std::net::SocketAddr = snapshot.facts.server_address.parse().map_err(|_| {
        Failure::usage("the transcript does not say where its server was\nhelp: name it: fetch --replay FILE URL")
    })?;
    let tls = snapshot.facts.tls.as_ref();
    let host = tls.and_then(|tls| tls.sni.clone()).unwrap_or_else(|| address.ip().to_string());
    Ok(Origin { is_tls: tls.is_some(), host, port: address.port() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_have_a_name_and_a_value() {
        let parse = |header| parse_header(header).ok();
        let pair = |name: &str, value: &str| Some((name.to_owned(), value.to_owned()));
        assert_eq!(parse("Accept: a, b:c"), pair("Accept", "a, b:c"));
        assert_eq!(parse(":path: *"), pair(":path", "*"));
        assert_eq!(parse("x:"), pair("x", ""));
        for wrong in ["", ":", "name", "a b: c", "a: b\r\nc: d", "é"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
