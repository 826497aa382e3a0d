//! Every example of the pages for script authors is a whole handler and does what the comment above it promises.
//!
//! `<!-- test: PROTOCOLS STATUS key="value" … -->` stands before a ```` ```rhai ```` block, as often as the example is to
//! be asked. PROTOCOLS is `both`, `h1` or `h2`; STATUS a code, `reset=CODE`, `none` (no status came), or `end` (the connection ends). Keys of the
//! request: `query`, `method`, `content`, `type`, `header`; of the answer: `body`, `contains`, `field`, `field-start`,
//! `no-field`, `trailer`, `informational`, `pushed` (the content of the stream that was promised), `frames` (type and flags
//! of all frames on the stream but WINDOW_UPDATE); `library` is a script to import.

use crate::support::raw::{Client, Fields, exchange};
use crate::support::server::{Builder, Server};
use std::fmt::Write;
use std::path::Path;
use wireserve::wire::frame::{FrameType, flag};

const TOUR: &str = include_str!("../../docs/porting-from-wptserve.md");

/// Pages besides those in `docs/api/` whose examples are whole handlers, and how many they have at least.
const PAGES: [(&str, usize); 4] =
    [("handlers.md", 5), ("rhai.md", 6), ("fuzzing.md", 10), ("porting-from-wptserve.md", 10)];

/// The text of a page below `docs/`.
fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of the pages about the objects of scripts.
fn api_pages() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/api");
    let pages = std::fs::read_dir(folder).expect("docs/api").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = pages.map(|name| format!("api/{}", name.to_string_lossy())).collect();
    // The list of all functions, which is made.
    names.retain(|name| name != "api/README.md");
    names.sort();
    names
}

#[derive(Default)]
struct Example {
    heading: String,
    line: usize,
    markers: Vec<Vec<(String, String)>>,
    code: String,
}

/// All examples of a page, in order.
fn examples(page: &str) -> Vec<Example> {
    let (mut all, mut next, mut heading, mut in_code) = (Vec::new(), Example::default(), String::new(), false);
    for (number, line) in page.lines().enumerate() {
        if in_code && line == "```" {
            in_code = false;
            all.push(std::mem::take(&mut next));
        } else if in_code {
            next.code.push_str(line);
            next.code.push('\n');
        } else if let Some(title) = line.strip_prefix("### ") {
            heading = title.to_owned();
        } else if let Some(marker) = line.strip_prefix("<!-- test: ").and_then(|line| line.strip_suffix(" -->")) {
            next.markers.push(words(marker));
        } else if line == "```rhai" {
            in_code = true;
            next.heading.clone_from(&heading);
            next.line = number + 1;
        }
    }
    all
}

/// `a b="c d"` as (a, "") and (b, "c d"), with `\n`, `\r` and `\"` in values.
pub fn words(text: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut characters = text.chars().peekable();
    while characters.peek().is_some() {
        let (mut word, mut quoted) = (String::new(), false);
        while let Some(character) = characters.next() {
            match (character, quoted) {
                ('\\', true) => word.push(match characters.next() {
                    Some('n') => '\n',
                    Some('r') => '\r',
                    Some(other) => other,
                    None => panic!("a lone backslash in {text}"),
                }),
                ('"', _) => quoted = !quoted,
                (' ', false) => break,
                (other, _) => word.push(other),
            }
        }
        match word.split_once('=') {
            Some((key, value)) => all.push((key.to_owned(), value.to_owned())),
            None => all.push((word, String::new())),
        }
    }
    all
}

/// What came back, over either protocol.
#[derive(Default, Debug)]
struct Answer {
    status: Option<u16>,
    reset: Option<u32>,
    informational: Vec<u16>,
    fields: Vec<String>,
    trailers: Vec<String>,
    body: String,
    pushed: String,
    frames: String,
}

#[test]
fn every_example_of_the_pages_for_script_authors_does_what_it_promises() {
    for (name, least) in PAGES {
        keeps_its_promises(name, &page(name), least);
    }
}

#[test]
fn every_example_of_the_pages_about_objects_does_what_it_promises() {
    let pages = api_pages();
    assert!(pages.len() >= 7, "{pages:?}");
    for name in pages {
        keeps_its_promises(&name, &page(&name), 4);
    }
}

/// The page has at least so many examples, and each does what it says.
#[track_caller]
fn keeps_its_promises(name: &str, page: &str, least: usize) {
    let examples = examples(page);
    assert!(examples.len() >= least, "only {} examples in {name}", examples.len());
    let mut builder = Server::builder();
    for example in &examples {
        builder = example.put(builder);
    }
    let server = builder.start();
    let mut wrong = String::new();
    for example in &examples {
        for marker in &example.markers {
            for protocol in protocols(marker) {
                let ask = std::panic::AssertUnwindSafe(|| example.ask(&server, protocol, marker));
                let outcome = std::panic::catch_unwind(ask);
                let complaint = outcome.unwrap_or_else(|_| Err("nothing that could be read".to_owned()));
                if let Err(complaint) = complaint {
                    let _ =
                        writeln!(wrong, "{name}:{} ({}) over {protocol}: {complaint}", example.line, example.heading);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn every_entry_of_the_handler_documentation_has_an_example_that_uses_it() {
    for file in ["handlers.md", "fuzzing.md"].map(str::to_owned).into_iter().chain(api_pages()) {
        let page = page(&file);
        let examples = examples(&page);
        for example in &examples {
            assert!(!example.markers.is_empty(), "{file}:{}: an example without a test", example.line);
        }
        for heading in page.lines().filter_map(|line| line.strip_prefix("### ")) {
            let code: String =
                examples.iter().filter(|example| example.heading == heading).map(|example| &*example.code).collect();
            for entry in heading.split('`').skip(1).step_by(2) {
                let name = entry.split('(').next().unwrap_or(entry).trim_end_matches("::");
                let name = name.rsplit(['.', ':']).next().unwrap_or(name);
                assert!(code.contains(name), "no example in {file} uses {entry} below \"{heading}\"");
            }
        }
    }
}

#[test]
fn whatever_the_tour_says_is_here_is_in_the_handler_documentation() {
    let docs: String = api_pages().iter().map(|name| page(name)).chain([page("handlers.md")]).collect();
    let (mut named, mut missing) = (0, Vec::new());
    let sections = TOUR.split("\n## ").filter(|section| section.starts_with("The "));
    for row in sections.flat_map(str::lines).filter(|line| line.starts_with("| `")) {
        let row = row.replace("\\|", "!");
        let mut cells = row.split('|').skip(1);
        let (there, here) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
        let calls = if here.contains("the same") { format!("{there}{here}") } else { here.to_owned() };
        // Names after a dot in code: odd pieces between backticks.
        for code in calls.split('`').skip(1).step_by(2) {
            for name in code.split('.').skip(1) {
                let name: String = name.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                named += usize::from(!name.is_empty());
                if !docs.contains(&name) {
                    missing.push(format!("{name} in {code}"));
                }
            }
        }
    }
    assert!(named > 80, "only {named} names");
    assert!(missing.is_empty(), "the pages about objects do not name {missing:#?}");
}

fn protocols(marker: &[(String, String)]) -> &'static [&'static str] {
    match marker.first().map(|(word, _)| &**word) {
        Some("both") => &["HTTP/1.1", "HTTP/2"],
        Some("h1") => &["HTTP/1.1"],
        Some("h2") => &["HTTP/2"],
        other => panic!("{other:?} is no protocol"),
    }
}

fn all<'a>(marker: &'a [(String, String)], key: &'a str) -> impl Iterator<Item = &'a str> {
    marker.iter().filter(move |(word, _)| word == key).map(|(_, value)| &**value)
}

impl Example {
    fn folder(&self) -> String {
        format!("line-{}", self.line)
    }

    fn put(&self, mut builder: Builder) -> Builder {
        for marker in &self.markers {
            for library in all(marker, "library") {
                builder = builder.handler(&format!("{}/library.rhai", self.folder()), library);
            }
        }
        builder.handler(&format!("{}/example.rhai", self.folder()), &self.code)
    }

    fn ask(&self, server: &Server, protocol: &str, marker: &[(String, String)]) -> Result<(), String> {
        let first = |key| all(marker, key).next();
        let path = format!("/handlers/{}/example.rhai{}", self.folder(), first("query").unwrap_or_default());
        let mut fields: Vec<(String, String)> = Vec::new();
        for header in all(marker, "header") {
            let (name, value) = header.split_once(": ").expect("name: value");
            fields.push((name.to_owned(), value.to_owned()));
        }
        fields.extend(first("type").map(|value| ("content-type".to_owned(), value.to_owned())));
        let request = (first("method").unwrap_or("GET"), &*path, &*fields, first("content").unwrap_or_default());
        let answer = if protocol == "HTTP/2" { over_http2(server, request) } else { over_http1(server, request) };
        judge(&answer, marker).map_err(|why| format!("{why}, but it answered {answer:#?}"))
    }
}

fn judge(answer: &Answer, marker: &[(String, String)]) -> Result<(), String> {
    match marker.get(1).map(|(word, value)| (&**word, &**value)) {
        Some(("reset", code)) if answer.reset.map(|code| code.to_string()).as_deref() == Some(code) => {}
        Some(("end" | "none", _)) if answer.status.is_none() => {}
        Some((code, "")) if answer.status.map(|code| code.to_string()).as_deref() == Some(code) => {}
        wanted => return Err(format!("it should give {wanted:?}")),
    }
    for (key, value) in marker {
        let has = |fields: &[String]| fields.iter().any(|field| field == value);
        let holds = match &**key {
            "body" => answer.body == *value,
            "contains" => answer.body.contains(&**value),
            "field" => has(&answer.fields),
            "field-start" => answer.fields.iter().any(|field| field.starts_with(&**value)),
            "no-field" => !answer.fields.iter().any(|field| field.starts_with(&format!("{value}:"))),
            "trailer" => has(&answer.trailers),
            "pushed" => answer.pushed == *value,
            "frames" => answer.frames == *value,
            "informational" => answer.informational.iter().any(|status| status.to_string() == *value),
            _ => true,
        };
        if !holds {
            return Err(format!("{key} should be {value:?}"));
        }
    }
    Ok(())
}

type Request<'a> = (&'a str, &'a str, &'a [(String, String)], &'a str);

fn over_http2(server: &Server, (method, path, fields, content): Request<'_>) -> Answer {
    let mut client = Client::h2c(server);
    let extra: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    let stream = client.request(method, path, &extra, content.is_empty());
    if !content.is_empty() {
        client.data(stream, content.as_bytes(), true);
    }
    let (mut frames, mut is_final) = (Vec::new(), false);
    while let Some(frame) = client.frame() {
        if frame.is(FrameType::PING) && !frame.header.has(flag::ACK) {
            let mut answer = frame.frame.clone();
            answer.header.flags = flag::ACK;
            client.send(&answer);
        }
        let here = frame.header.stream_id == stream;
        is_final |=
            here && frame.header.has(flag::END_STREAM) && (frame.is(FrameType::DATA) || frame.is(FrameType::HEADERS));
        let whole = frame.fields.is_some() || !(frame.is(FrameType::HEADERS) || frame.is(FrameType::CONTINUATION));
        let reset = here && frame.is(FrameType::RST_STREAM);
        frames.push(frame);
        if reset || (is_final && whole) {
            break;
        }
    }
    let response = crate::support::raw::assemble(&frames, stream);
    let here = frames.iter().filter(|frame| frame.header.stream_id == stream && !frame.is(FrameType::WINDOW_UPDATE));
    let here: Vec<String> = here.map(|frame| format!("{}/{:x}", frame.header.frame_type, frame.header.flags)).collect();
    let lines =
        |fields: &Fields| fields.iter().map(|(name, value)| format!("{}: {}", text(name), text(value))).collect();
    let code = |fields: &Fields| lines_status(fields).unwrap_or_default();
    Answer {
        status: response.status(),
        reset: response.reset,
        informational: response.informational.iter().map(code).collect(),
        fields: lines(&response.fields),
        trailers: lines(&response.trailers),
        body: response.text(),
        pushed: crate::support::raw::assemble(&frames, 2).text(),
        frames: here.join(" "),
    }
}

fn lines_status(fields: &Fields) -> Option<u16> {
    let (_, value) = fields.iter().find(|(name, _)| name == b":status")?;
    text(value).parse().ok()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

fn over_http1(server: &Server, (method, path, fields, content): Request<'_>) -> Answer {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", server.authority("http"));
    for (name, value) in fields {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if !content.is_empty() {
        let _ = write!(head, "content-length: {}\r\n", content.len());
    }
    let received = exchange(server.connect("http"), format!("{head}\r\n{content}").as_bytes());
    let mut rest = &*text(&received);
    let mut answer = Answer::default();
    while let Some((head, after)) = rest.split_once("\r\n\r\n") {
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        rest = after;
        if let Some(interim @ 100..200) = status {
            answer.informational.push(interim);
            continue;
        }
        answer.status = status;
        answer.fields = lines.map(str::to_owned).collect();
        break;
    }
    let chunked = answer.fields.iter().any(|field| field.eq_ignore_ascii_case("transfer-encoding: chunked"));
    if chunked {
        unchunk(rest, &mut answer)
    } else {
        rest.clone_into(&mut answer.body)
    }
    answer
}

/// The content and trailers of a chunked body (RFC 9112 §7.1).
fn unchunk(mut rest: &str, answer: &mut Answer) {
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap_or_else(|_| panic!("{size:?} is no chunk size"));
        if size == 0 {
            answer.trailers = after.split("\r\n").filter(|line| !line.is_empty()).map(str::to_owned).collect();
            return;
        }
        answer.body.push_str(&after[..size]);
        rest = after[size..].strip_prefix("\r\n").expect("a chunk ends its line");
    }
}

#[test]
fn the_handlers_of_the_readme_do_what_it_says() {
    let blocks: Vec<&str> = include_str!("../../README.md").split("```rhai\n").skip(1).collect();
    let [hello, rule] = blocks[..] else { panic!("{} handlers", blocks.len()) };
    let code = |block: &str| block.split("\n```").next().unwrap_or_default().to_owned();
    let server = Server::builder().handler("hi.rhai", &code(hello)).handler("rule.rhai", &code(rule)).start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/hi.rhai?name=you");
    assert_eq!(client.response(stream).text(), "Hello, you, over HTTP/2!\n");
    client.get("/handlers/rule.rhai");
    let frames = client.until(|frame| frame.is(FrameType::DATA) && frame.header.has(flag::END_STREAM));
    let headers = frames.iter().find(|frame| frame.is(FrameType::HEADERS)).expect("HEADERS");
    let fields = headers.fields.as_ref().and_then(|fields| fields.as_ref().ok()).expect("a whole block");
    assert_eq!(fields.iter().map(|(name, _)| text(name)).collect::<Vec<_>>(), ["content-type", ":status"]);
}
