//! The program's own pages: errors for browsers and for others, sources of scripts.

use crate::support::http1::Answer;
use crate::support::programs;
use crate::support::raw::{Client, exchange, tls};
use crate::support::server::{Server, wireserve};
use std::fs;
use std::path::Path;
use std::process::Command;
use wireserve::wire::frame::{FrameType, RawFrame, flag};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

fn ask(server: &Server, method: &str, path: &str, accept: &str) -> Answer {
    let host = server.authority("http");
    let request = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\naccept: {accept}\r\nconnection: close\r\n\r\n");
    Answer::read(&exchange(server.connect("http"), request.as_bytes())).expect("a response")
}

#[test]
fn errors_are_pages_for_browsers_and_text_for_others() {
    let bad = "fn helper(x) {\n  missing_function(x)\n}\nfn main(request, response) {\n  helper(\"<b>\")\n}\n";
    let server = Server::builder().handler("bad.rhai", bad).file("a.txt", "").start();
    let http2 = format!("href=\"{}/handlers/frames/cut.rhai\"", server.base("h2"));
    for (method, path, status, parts) in [
        (
            "GET",
            "/handlers/helo.rhai?<b>",
            404,
            &["href=\"/handlers/hello.rhai\"", "href=\"/handlers/\"", "?&lt;b&gt;"][..],
        ),
        ("POST", "/a.txt", 405, &["GET and HEAD"]),
        ("GET", "/handlers/frames/cut.rhai", 505, &[&http2, "wireserve open"]),
        (
            "GET",
            "/handlers/bad.rhai",
            500,
            &[
                "<i class=f>missing_function</i>(x)",
                "href=\"/_wire/source/handlers/bad.rhai#L2\"",
                "in <code>helper</code>, called at",
            ],
        ),
        ("GET", "/_wire/nothing", 404, &["/_wire/source/"]),
    ] {
        let page = ask(&server, method, path, BROWSER);
        assert_eq!((page.status, page.get("content-type")), (status, Some("text/html; charset=utf-8")), "{path}");
        let html = page.text();
        for part in parts.iter().chain(&["/_wire/assets/wireserve.css", "<nav class=\"bar\""]) {
            assert!(html.contains(part), "{path}: {part} is not in {html}");
        }
        let text = ask(&server, method, path, "*/*");
        assert_eq!((text.status, text.get("content-type")), (status, Some("text/plain; charset=utf-8")), "{path}");
        assert_eq!((text.get("vary"), page.get("vary")), (Some("accept"), Some("accept")), "{path}");
        assert!(!text.text().contains("<nav"), "{path}");
    }
}

#[test]
fn a_failed_script_has_a_link_to_its_source_wherever_it_responds() {
    let bad = "fn main(request, response) {\n  missing_function(1)\n}\n";
    let import = "import \"library\" as library;\nfn main(request, response) { library::fail() }\n";
    let library = "fn fail() { missing_function(1) }\n";
    let routes = "[[routes]]\npath = \"/api/{name}/*\"\nscript = \"handlers/bad.rhai\"\n";
    let server = Server::builder()
        .config(routes)
        .handler("bad.rhai", bad)
        .handler("importing.rhai", import)
        .handler("library.rhai", library)
        .handler("syntax.rhai", "fn main(request, response) {\n  let = 1\n}\n")
        .start();
    for (path, link) in [
        ("/handlers/bad.rhai?a=/x.rhai", Some("/_wire/source/handlers/bad.rhai#L2")),
        ("/handlers/bad.py", Some("/_wire/source/handlers/bad.py#L2")),
        ("/api/users/1", Some("/_wire/source/api/users/1#L2")),
        ("/handlers/syntax.rhai", Some("/_wire/source/handlers/syntax.rhai#L2")),
        ("/handlers/importing.rhai", None),
    ] {
        let page = ask(&server, "GET", path, BROWSER);
        let html = page.text();
        assert_eq!(page.status, 500, "{path}: {html}");
        let shown = html.split("href=\"").filter_map(|rest| rest.split('"').next());
        let shown = shown.into_iter().find(|link| link.starts_with("/_wire/source"));
        assert_eq!(shown, link, "{path}: {html}");
        if let Some(link) = link {
            let source = ask(&server, "GET", link.split('#').next().unwrap_or_default(), "*/*");
            assert!(source.status == 200 && source.text().contains("id=\"L2\""), "{link}: {}", source.text());
        }
    }
}

#[test]
fn errors_of_http2_connections_are_pages_for_browsers_too() {
    let server = Server::start();
    let of = |path: &str, authority: &str, accept: &str| {
        let mut client = Client::h2c(&server);
        let fields =
            [(":method", "GET"), (":scheme", "http"), (":authority", authority), (":path", path), ("accept", accept)];
        let block = client.encode(&fields);
        let stream = client.take_stream();
        client.send(&RawFrame::new(FrameType::HEADERS, flag::END_HEADERS | flag::END_STREAM, stream, block));
        let response = client.response(stream);
        (response.status(), response.text())
    };
    let local = server.authority("h2c").to_owned();
    let unknown = format!("nowhere.conn.localhost:{}", server.port("h2c"));
    for (path, authority, status, part) in [
        ("/handlers/helo.rhai", &local, 404, "/handlers/hello.rhai"),
        ("/handlers/hello.rhai", &unknown, 404, "nowhere"),
    ] {
        let (got, html) = of(path, authority, BROWSER);
        assert!(got == Some(status) && html.contains("<nav class=\"bar\"") && html.contains(part), "{path}: {html}");
        let (got, text) = of(path, authority, "*/*");
        assert!(got == Some(status) && !text.contains("<nav") && text.contains(part), "{path}: {text}");
    }
}

#[test]
fn http1_on_a_port_for_http2_gets_a_page_with_the_url_that_works() {
    let server = Server::start();
    let authority = format!("tiny-window.conn.localhost:{}", server.port("h2"));
    for (accept, is_page) in [(BROWSER, true), ("*/*", false)] {
        let request = format!(
            "GET /handlers/hello.rhai HTTP/1.1\r\nhost: {authority}\r\naccept: {accept}\r\nconnection: close\r\n\r\n"
        );
        let stream = tls(&server.connect("h2"), &authority, &server.ca(), &[b"http/1.1"]);
        let answer = Answer::read(&exchange(stream, request.as_bytes())).expect("a response");
        let text = answer.text();
        assert!(answer.status == 505 && text.contains("<nav") == is_page, "{accept}: {} {text}", answer.status);
    }
}

#[test]
fn sources_are_shown_of_what_is_served_and_of_nothing_else() {
    let script = "// Says <hello>.\nfn main(request, response) { \"</pre><script>\" }\n";
    let server =
        Server::builder().handler("own.rhai", script).file("in/root.rhai", script).file("a.txt", "secret").start();
    let outside = tempfile::tempdir().expect("a folder");
    fs::write(outside.path().join("out.rhai"), script).expect("a file");
    #[cfg(unix)]
    std::os::unix::fs::symlink(outside.path().join("out.rhai"), server.folder().join("handlers/link.rhai"))
        .expect("a link");
    for path in ["handlers/own.rhai", "own.rhai", "in/root.rhai"] {
        let page = ask(&server, "GET", &format!("/_wire/source/{path}"), "*/*");
        assert_eq!(page.status, 200, "{path}");
        let html = page.text();
        assert!(html.contains("id=\"L2\"") && html.contains("&lt;/pre&gt;&lt;script&gt;"), "{path}: {html}");
        assert!(page.get("content-security-policy").is_some_and(|policy| policy.contains("default-src 'none'")));
    }
    let shipped = ask(&server, "GET", "/_wire/source/handlers/connection/goaway.rhai", "*/*").text();
    assert!(shipped.contains("What clients do") && shipped.contains("python-h2: connection-error"), "{shipped}");
    let list = ask(&server, "GET", "/_wire/source/", "*/*").text();
    for path in ["own.rhai", "hello.rhai", "profiles/goaway-mid.rhai"] {
        assert!(list.contains(&format!("href=\"/_wire/source/handlers/{path}\"")), "{path}: {list}");
    }
    for path in ["a.txt", "handlers/link.rhai", "../wpt.toml", "%2e%2e/certs/ca.pem", "certs/ca.pem", ".hidden.rhai"] {
        assert_eq!(ask(&server, "GET", &format!("/_wire/source/{path}"), "*/*").status, 404, "{path}");
    }
    let stranger = "GET /_wire/source/own.rhai HTTP/1.1\r\nhost: attacker.example\r\nconnection: close\r\n\r\n";
    let refused = Answer::read(&exchange(server.connect("http"), stranger.as_bytes())).expect("a response");
    assert_eq!(refused.status, 403);
}

#[test]
fn the_docs_are_served_as_pages_and_searched() {
    let server = Server::start();
    let start = ask(&server, "GET", "/_wire/docs/", "*/*");
    assert_eq!((start.status, start.get("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(start.get("content-security-policy").is_some_and(|policy| policy.contains("form-action 'self'")));
    assert!(start.text().contains("<a href=\"/_wire/docs/profiles\">Profiles</a>"), "{}", start.text());
    for (path, part) in [
        ("/_wire/docs/api/connection", "id=\"connectiongoaway\""),
        ("/_wire/docs/recipes/", "<h1 id=\"recipes\">"),
        ("/_wire/docs?q=goaway", "href=\"/_wire/docs/api/connection#connectiongoaway\""),
        ("/_wire/docs/?q=", "<h1 id=\"documentation\">"),
    ] {
        let page = ask(&server, "GET", path, "*/*");
        assert!(page.status == 200 && page.text().contains(part), "{path}: {}", page.text());
    }
    for (path, status) in
        [("/_wire/docs/nothing", 404), ("/_wire/docs/../../Cargo.toml", 404), ("/_wire/docs/?x=1", 400)]
    {
        assert_eq!(ask(&server, "GET", path, "*/*").status, status, "{path}");
    }
    assert_eq!(ask(&server, "POST", "/_wire/docs/", "*/*").status, 405);
    let stranger = "GET /_wire/docs/ HTTP/1.1\r\nhost: attacker.example\r\nconnection: close\r\n\r\n";
    let refused = Answer::read(&exchange(server.connect("http"), stranger.as_bytes())).expect("a response");
    assert_eq!(refused.status, 403);
}

#[test]
fn the_docs_are_markdown_for_programs_and_laid_out_for_people() {
    let docs = |words: &[&str]| wireserve(Path::new("."), &[&["docs"], words].concat());
    let one = docs(&["profiles"]);
    let page = include_str!("../../docs/profiles.md");
    assert_eq!((one.code(), one.text()), (Some(0), format!("<!-- docs/profiles.md -->\n\n{page}")));
    let none = docs(&["no", "such", "wording"]);
    assert_eq!(none.code(), Some(1));
    assert!(none.stderr.starts_with("error: no section of the docs has"), "{}", none.stderr);
    #[cfg(unix)]
    if let Some(script) = programs::require("script") {
        let command = format!("{} docs connection.wait_for_frame", env!("CARGO_BIN_EXE_wireserve"));
        let shown = Command::new(script).args(["-qec", &command, "/dev/null"]).output().expect("script runs");
        let text = String::from_utf8_lossy(&shown.stdout);
        assert!(text.contains("connection.wait_for_frame") && !text.contains("###") && !text.contains("```"), "{text}");
    }
}

#[test]
fn scripts_api_is_printed_and_written_for_editors() {
    let server = Server::start();
    let run = |words: &[&str]| wireserve(server.folder(), words);
    let all = run(&["api"]);
    assert_eq!((all.code(), all.text()), (Some(0), include_str!("../../docs/api/README.md").to_owned()));
    let one = run(&["api", "write_push"]).text();
    assert!(one.contains("writer.write_push(") && one.contains("### `writer.write_push`"), "{one}");
    let none = run(&["api", "wrte_push"]);
    assert_eq!(none.code(), Some(1));
    assert!(none.stderr.contains("help: a similar name exists: `write_push`"), "{}", none.stderr);
    let written = run(&["definitions", "a/b"]);
    assert_eq!(written.code(), Some(0), "{}", written.stderr);
    let file = fs::read_to_string(server.folder().join("a/b/frame.d.rhai")).expect("a file");
    assert!(file.starts_with("module frame;\n") && file.contains("fn goaway(last_stream_id: int"), "{file}");
    server.write("a-file", "");
    assert_eq!(run(&["definitions", "a-file/x"]).code(), Some(2));
}
