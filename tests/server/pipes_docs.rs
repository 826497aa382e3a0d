//! Every example of `docs/pipes.md` answers what the page says, over both protocols.
//!
//! A block ```` ```file NAME ```` is a file below the document root, without its last end of line. A block ```` ```example ````
//! has requests, each followed by what comes back: a status, fields, the content in quotes, and, for HTTP/2 alone, frames:
//! `DATA octets+padding flags`, `RST_STREAM code`, `end` of the connection. The table of names is one template.

use crate::support::http1::Answer;
use crate::support::raw::{self, Client, Received};
use crate::support::server::Server;
use std::fmt::Write;
use wireserve::wire::frame::{FrameType, flag};

const DOCS: &str = include_str!("../../docs/pipes.md");

/// What a template can name; the functions too.
const NAMES: [&str; 13] = [
    "host",
    "hosts[",
    "domains[",
    "not_domains[",
    "ports[",
    "headers[",
    "header_or_default(",
    "GET[",
    "location[",
    "uuid(",
    "file_hash(",
    "fs_path(",
    "url_base",
];

#[derive(Default)]
struct Example {
    request: String,
    status: Option<u16>,
    fields: Vec<(String, String)>,
    content: Option<String>,
    frames: Vec<String>,
}

/// The blocks of a language, with what stands behind it.
fn blocks(language: &str) -> Vec<(String, Vec<&'static str>)> {
    let fence = format!("```{language}");
    let mut lines = DOCS.lines();
    let mut all = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(title) = line.strip_prefix(&fence) {
            let block = lines.by_ref().take_while(|line| *line != "```").collect();
            all.push((title.trim().to_owned(), block));
        }
    }
    all
}

fn examples() -> Vec<Example> {
    let mut all: Vec<Example> = Vec::new();
    for line in blocks("example").into_iter().flat_map(|(_, lines)| lines) {
        if let Some(request) = line.strip_prefix("GET ") {
            all.push(Example { request: request.to_owned(), ..Example::default() });
            continue;
        }
        let example = all.last_mut().expect("a block begins with a request");
        if let Ok(status) = line.parse() {
            example.status = Some(status);
        } else if let Some(text) = line.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
            example.content = Some(text.replace("\\n", "\n").replace("\\\"", "\""));
        } else if let Some((name, value)) = line.split_once(": ") {
            example.fields.push((name.to_owned(), value.to_owned()));
        } else {
            example.frames.push(line.to_owned());
        }
    }
    all
}

fn server() -> Server {
    let mut builder = Server::builder().file("folder/data.txt", "data").file("folder/page.sub.txt", template());
    for (name, lines) in blocks("file") {
        builder = builder.file(&name, lines.join("\n"));
    }
    builder.start()
}

impl Example {
    /// What differs over HTTP/2.
    fn ask_http2(&self, server: &Server) -> Result<(), String> {
        let mut client = Client::h2c(server);
        let stream = client.get(&self.request);
        let mut frames: Vec<Received> = Vec::new();
        let mut over = false;
        while !over {
            let Some(frame) = client.frame() else { break };
            over = frame.header.stream_id == stream
                && (frame.is(FrameType::RST_STREAM) || frame.header.has(flag::END_STREAM));
            frames.push(frame);
        }
        let mut shown: Vec<String> =
            frames.iter().filter(|frame| frame.header.stream_id == stream).filter_map(show).collect();
        if !over {
            shown.push("end".to_owned());
        }
        let answer = raw::assemble(&frames, stream);
        let values = |name: &str| {
            let same = answer.fields.iter().filter(|(field, _)| field == name.as_bytes());
            same.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
        };
        self.judge(answer.status(), &answer.text(), &values)?;
        if !self.frames.is_empty() && shown != self.frames {
            return Err(format!("the frames {shown:?}, not {:?}", self.frames));
        }
        Ok(())
    }

    fn ask_http1(&self, server: &Server) -> Result<(), String> {
        let request =
            format!("GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.request, server.authority("http"));
        let octets = raw::exchange(server.connect("http"), request.as_bytes());
        let answer = Answer::read(&octets)?;
        let values = |name: &str| answer.values(name).into_iter().map(str::to_owned).collect();
        self.judge(Some(answer.status), &answer.text(), &values)
    }

    fn judge(&self, status: Option<u16>, content: &str, values: &dyn Fn(&str) -> Vec<String>) -> Result<(), String> {
        if status != self.status {
            return Err(format!("the status {status:?}, not {:?}: {content}", self.status));
        }
        if self.content.as_ref().is_some_and(|expected| expected != content) {
            return Err(format!("the content {content:?}"));
        }
        for (name, _) in &self.fields {
            let expected: Vec<&str> =
                self.fields.iter().filter(|(field, _)| field == name).map(|(_, value)| value.as_str()).collect();
            if values(name) != expected {
                return Err(format!("{name}: {:?}", values(name)));
            }
        }
        Ok(())
    }

    /// Whether HTTP/1.1 has nothing that corresponds.
    fn is_for_http2(&self) -> bool {
        ["pad(", "reset(", "close"].iter().any(|pipe| self.request.contains(pipe))
    }
}

fn show(frame: &Received) -> Option<String> {
    match frame.header.frame_type {
        FrameType::DATA => {
            let content = raw::fragment(frame).len();
            let mut text = format!("DATA {content}");
            if frame.header.has(flag::PADDED) {
                let _ = write!(text, "+{}", frame.payload.len() - content - 1);
            }
            if frame.header.has(flag::END_STREAM) {
                text.push_str(" END_STREAM");
            }
            Some(text)
        }
        FrameType::RST_STREAM => Some(format!("RST_STREAM {}", frame.word(0))),
        _ => None,
    }
}

#[test]
fn every_example_of_the_pipes_documentation_answers_what_it_says() {
    let (server, examples) = (server(), examples());
    let mut wrong = String::new();
    for example in &examples {
        let mut judge = |protocol: &str, outcome: Result<(), String>| {
            if let Err(complaint) = outcome {
                let _ = writeln!(wrong, "{} over {protocol} gave {complaint}", example.request);
            }
        };
        judge("HTTP/2", example.ask_http2(&server));
        if !example.is_for_http2() {
            judge("HTTP/1.1", example.ask_http1(&server));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// The rows of the table of names: expression and what it gives.
fn names() -> Vec<(&'static str, &'static str)> {
    let cell = |cell: &'static str| cell.trim().strip_prefix('`').and_then(|cell| cell.strip_suffix('`'));
    let row = |line: &'static str| {
        let mut cells = line.strip_prefix("| `{{").map(|_| line.split('|').skip(1))?;
        Some((cell(cells.next()?)?, cell(cells.next()?)?))
    };
    DOCS.lines().filter_map(row).collect()
}

fn template() -> String {
    names().iter().map(|(expression, _)| format!("{expression}\n")).collect()
}

#[test]
fn every_name_of_the_pipes_documentation_gives_what_it_says() {
    let server = server();
    let request = format!(
        "GET /folder/page.sub.txt?a=1&a=%3C&b= HTTP/1.1\r\nHost: {}\r\nX-Test: PASS\r\nConnection: close\r\n\r\n",
        server.authority("http")
    );
    let answer = Answer::read(&raw::exchange(server.connect("http"), request.as_bytes())).expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let root = server.folder().canonicalize().expect("the folder is there");
    let port = server.port("http").to_string();
    assert_eq!(answer.text().lines().count(), names().len());
    let mut wrong = String::new();
    for ((expression, expected), given) in names().iter().zip(answer.text().lines()) {
        let expected = expected.replace("PORT", &port).replace("ROOT", &root.to_string_lossy());
        let is_uuid = given.len() == 36 && given.bytes().filter(|octet| *octet == b'-').count() == 4;
        if given != expected && !(expected == "UUID" && is_uuid) {
            let _ = writeln!(wrong, "{expression} gave {given}, not {expected}");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn the_pipes_documentation_names_everything() {
    let server = Server::builder().file("a.txt", "").start();
    let error = Answer::read(&raw::exchange(
        server.connect("http"),
        b"GET /a.txt?pipe=zzzz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ));
    let text = error.expect("an answer").text();
    let pipes = text.split_once("There are ").and_then(|(_, list)| list.split_once('.')).expect("all are listed").0;
    let examples = examples();
    for pipe in pipes.split(", ") {
        assert!(DOCS.lines().any(|line| line.starts_with(&format!("### {pipe}"))), "{pipe} has no heading");
        assert!(examples.iter().any(|example| example.request.contains(pipe)), "{pipe} has no example");
    }
    for name in NAMES {
        let row = format!("{{{{{name}");
        assert!(names().iter().any(|(expression, _)| expression.starts_with(&row)), "{name} is not in the table");
    }
}
