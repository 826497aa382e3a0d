//! What URLs mean besides files: generated pages, routes, rewrites, aliases, tests about HTTP/2; over both protocols.

use crate::support::ask::{self, Ask};
use crate::support::http1::Answer;
use crate::support::server::Server;
use std::fmt::Write;

/// Status, `content-type` or another field, and body of an answer, whatever the protocol.
#[derive(Debug, PartialEq)]
struct Got {
    status: u16,
    fields: Vec<(String, String)>,
    body: String,
}

impl Got {
    fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl From<Answer> for Got {
    fn from(answer: Answer) -> Self {
        Self { status: answer.status, body: answer.text(), fields: answer.fields }
    }
}

fn over_http1(server: &Server, method: &str, path: &str) -> Got {
    ask::over_http1(server, &Ask { method, ..Ask::get(path) }).into()
}

fn over_http2(server: &Server, method: &str, path: &str) -> Got {
    ask::over_http2(server, &Ask { method, ..Ask::get(path) }).into()
}

/// The answers over both protocols.
fn both(server: &Server, method: &str, path: &str) -> [Got; 2] {
    [over_http1(server, method, path), over_http2(server, method, path)]
}

/// Checks status and body over both protocols.
#[track_caller]
fn expect(server: &Server, method: &str, path: &str, status: u16, words: &[&str]) {
    for (protocol, got) in ["HTTP/1.1", "HTTP/2"].into_iter().zip(both(server, method, path)) {
        assert_eq!(got.status, status, "{method} {path} over {protocol}: {}", got.body);
        for word in words {
            assert!(got.body.contains(word), "{method} {path} over {protocol}: no {word:?} in {}", got.body);
        }
    }
}

#[test]
fn pages_are_generated_around_a_test() {
    let test = "// META: title=Everywhere\n// META: global=window,worker\n// META: script=helper.js\ntest(() => {});\n";
    let server = Server::builder()
        .file("a/x.any.js", test)
        .file("a/x.any.js.headers", "X-Test: yes\n")
        .file("a/w.window.js", "")
        .file("resources/testharness.js", "")
        .start();
    for got in both(&server, "GET", "/a/x.any.html?q=1") {
        assert_eq!((got.status, got.get("content-type")), (200, Some("text/html")));
        assert!(
            got.body.contains("<title>Everywhere</title>") && got.body.contains("src=\"/a/x.any.js\""),
            "{}",
            got.body
        );
        assert!(!got.body.contains("wpt-runner"), "{}", got.body);
    }
    expect(&server, "GET", "/a/x.any.worker.html?q=1", 200, &["new Worker(\"/a/x.any.worker.js?q=1\")"]);
    expect(&server, "GET", "/a/w.window.html", 200, &["src=\"/a/w.window.js\""]);
    for got in both(&server, "GET", "/a/x.any.worker.js") {
        assert_eq!((got.status, got.get("content-type")), (200, Some("text/javascript")));
        assert!(got.body.contains("importScripts(\"helper.js\")"), "{}", got.body);
    }
    let refused = ["cannot be loaded in dedicatedworker-module mode", "global=window,worker"];
    expect(&server, "GET", "/a/x.any.worker-module.html", 404, &refused);
    expect(&server, "GET", "/a/y.any.html", 404, &[]);
    for got in both(&server, "HEAD", "/a/x.any.html") {
        assert_eq!((got.status, got.body.as_str()), (200, ""));
        assert!(got.get("content-length").is_some_and(|length| length != "0"));
    }
    for got in both(&server, "POST", "/a/x.any.html") {
        assert_eq!((got.status, got.get("allow")), (405, Some("GET, HEAD")));
    }
}

#[test]
fn generated_pages_have_the_fields_of_their_test_and_go_through_pipes() {
    let fields = "Content-Type: text/html;charset=x\nX-Twice: 1\nX-Twice: {{GET[a]}}\n";
    let server = Server::builder()
        .file("x.any.js", "// META: title={{GET[a]}}\n")
        .file("x.any.js.sub.headers", fields)
        .file("__dir__.headers", "X-Folder: yes\n")
        .file("y.sub.window.js", "// META: title={{GET[a]}}\n")
        .start();
    for got in both(&server, "GET", "/x.any.html?a=1&pipe=status(203)") {
        let values: Vec<_> = got.fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("x-twice")).collect();
        assert_eq!(
            (got.status, values.len(), got.get("x-twice"), got.get("x-folder")),
            (203, 1, Some("1"), Some("yes"))
        );
        assert_eq!(got.get("content-type"), Some("text/html;charset=x"));
        assert!(got.body.contains("<title>{{GET[a]}}</title>"), "{}", got.body);
    }
    expect(&server, "GET", "/y.sub.window.html?a=1", 200, &["<title>1</title>", "src=\"/y.sub.window.js\""]);
}

#[test]
fn a_missing_harness_is_explained() {
    let server = Server::builder().file("x.any.js", "").start();
    expect(&server, "GET", "/resources/testharness.js", 404, &["npm pack wpt-runner", "--root"]);
    expect(&server, "GET", "/x.any.html", 200, &["<p>The harness", "npm pack wpt-runner"]);
    server.write("resources/testharness.js", "// here");
    expect(&server, "GET", "/resources/testharness.js", 200, &["// here"]);
}

#[test]
fn routes_lead_to_scripts_files_folders_and_statuses() {
    let script = r#"fn main(request, response) {
        let parts = [];
        for name in request.route_match.keys() { parts.push(`${name}=${request.route_match[name]}`); }
        parts.sort();
        `${request.method} ${request.path} ${parts}`
    }"#;
    let config = r#"
        [[routes]]
        methods = ["GET", "POST"]
        path = "/api/{collection}/*"
        script = "elsewhere/api.rhai"

        [[routes]]
        path = "/api/status/{number}"
        status = 418

        [[routes]]
        path = "/one"
        file = "elsewhere/one.txt"

        [[routes]]
        path = "/all/*"
        directory = "elsewhere"
    "#;
    let server = Server::builder()
        .file("elsewhere/api.rhai", script)
        .file("elsewhere/one.txt", "one")
        .file("elsewhere/two.txt", "two")
        .file("elsewhere/two.txt.headers", "x-two: 2")
        .file("elsewhere/t.window.js", "")
        .config(config)
        .start();
    expect(&server, "GET", "/api/books/a/b?c", 200, &["GET /api/books/a/b [\"*=a/b\", \"collection=books\"]"]);
    expect(&server, "POST", "/api/books/", 200, &["POST /api/books/ [\"*=\", \"collection=books\"]"]);
    expect(&server, "GET", "/api/status/1", 418, &["wpt.toml"]);
    expect(&server, "GET", "/one", 200, &["one"]);
    expect(&server, "GET", "/all/t.window.html", 200, &["src=\"/all/t.window.js\""]);
    expect(&server, "GET", "/all/..%2fwpt.toml", 404, &[]);
    for got in both(&server, "GET", "/all/two.txt") {
        assert_eq!((got.body.as_str(), got.get("x-two")), ("two", Some("2")));
    }
    for got in both(&server, "DELETE", "/api/books/a") {
        assert_eq!((got.status, got.get("allow")), (405, Some("GET, POST")));
    }
    expect(&server, "HEAD", "/api/books/a", 200, &[]);
    // Without a route there is nothing to match.
    server.write("handlers/plain.rhai", script);
    expect(&server, "GET", "/handlers/plain.rhai", 200, &["GET /handlers/plain.rhai []"]);
}

#[test]
fn rewrites_keep_the_query_and_scripts_see_the_new_path() {
    let script =
        "fn main(request, response) { `${request.path} ${request.query} ${request.GET.first(\"a\")} ${request.url}` }";
    let config = "[[rewrites]]\nfrom = \"/old\"\nto = \"/handlers/new.rhai\"\n";
    let server = Server::builder()
        .handler("new.rhai", script)
        .file("resources/webidl2/lib/webidl2.js", "idl")
        .config(config)
        .start();
    for (kind, got) in ["http", "h2c"].into_iter().zip(both(&server, "GET", "/old?a=1&b")) {
        let url = server.url(kind, "/handlers/new.rhai?a=1&b");
        assert_eq!(got.body, format!("/handlers/new.rhai a=1&b 1 {url}"));
    }
    expect(&server, "GET", "/resources/WebIDLParser.js", 200, &["idl"]);
}

#[test]
fn aliases_mount_folders_and_files() {
    let mut config = String::new();
    for (url_path, local_dir) in [("/mounted/", "one"), ("/lib/file.js", "two")] {
        let _ = writeln!(config, "[[aliases]]\nurl-path = \"{url_path}\"\nlocal-dir = \"{local_dir}\"");
    }
    let server = Server::builder()
        .file("one/page.html", "one")
        .file("one/page.html.headers", "x-one: 1")
        .file("one/t.any.js", "")
        .file("one/s.rhai", "fn main(request, response) { \"script\" }")
        .file("two/file.js", "two")
        .file("two/other.js", "two")
        .file("mounted/hidden.html", "hidden")
        .file("one/in/t.sub.txt", "{{url_base}} {{fs_path(x)}}")
        .file("one/root.rhai", "fn main(request, response) { request.doc_root }")
        .config(&config)
        .start();
    for got in both(&server, "GET", "/mounted/page.html") {
        assert_eq!((got.body.as_str(), got.get("x-one")), ("one", Some("1")));
    }
    expect(&server, "GET", "/mounted/t.any.html", 200, &["src=\"/mounted/t.any.js\""]);
    expect(&server, "GET", "/mounted/s.rhai", 200, &["script"]);
    expect(&server, "GET", "/mounted/hidden.html", 404, &[]);
    expect(&server, "GET", "/mounted/", 200, &["page.html"]);
    for got in both(&server, "GET", "/mounted") {
        assert_eq!((got.status, got.get("location")), (301, Some("/mounted/")));
    }
    expect(&server, "GET", "/lib/file.js", 200, &["two"]);
    let folder = server.folder().join("one");
    let below = format!("/mounted/ {}", folder.join("in/x").display());
    expect(&server, "GET", "/mounted/in/t.sub.txt", 200, &[&below]);
    expect(&server, "GET", "/mounted/root.rhai", 200, &[&folder.to_string_lossy()]);
    expect(&server, "GET", "/lib/other.js", 404, &[]);
}

#[test]
fn a_test_about_http_2_is_refused_over_http_1() {
    let files = || {
        let script = "fn main(request, response) { request.protocol }";
        Server::builder().file("t.h2.any.js", "").file("t.h2.html", "page").file("s.h2.rhai", script)
    };
    let server = files().start();
    for path in ["/t.h2.any.html", "/t.h2.html?q", "/s.h2.rhai"] {
        let got = over_http1(&server, "GET", path);
        assert_eq!(got.status, 505, "{path}");
        let elsewhere = server.url("h2", path);
        assert!(got.body.contains(&elsewhere) && got.body.contains("refuse_h2_over_http1"), "{}", got.body);
        assert_eq!(over_http2(&server, "GET", path).status, 200, "{path}");
    }
    assert_eq!(over_http1(&server, "GET", "/none.h2.html").status, 404);
    let server = files().config("refuse_h2_over_http1 = false").start();
    assert_eq!(over_http1(&server, "GET", "/s.h2.rhai").body, "HTTP/1.1");
}

#[test]
fn python_handlers_are_named_and_scripts_stand_in_for_them() {
    let script = "fn main(request, response) { \"Rhai\" }";
    let server = Server::builder().file("a.py", "").file("b.py", "").file("b.rhai", script).start();
    expect(&server, "GET", "/a.py?x", 501, &["Python", "docs/porting-from-wptserve.md"]);
    expect(&server, "POST", "/b.py", 200, &["Rhai"]);
    expect(&server, "GET", "/c.py", 404, &[]);
    expect(&server, "GET", "/handlers/hello.py", 200, &["Hello"]);
}

#[test]
fn what_serve_py_withholds_is_withheld() {
    let server = Server::builder().file("tools/x.html", "").file("dom/tools/x.html", "").start();
    expect(&server, "GET", "/tools/x.html", 404, &["serve.py", "alias"]);
    expect(&server, "GET", "/dom/tools/x.html", 404, &["serve.py"]);
}

#[test]
fn a_script_is_put_into_pages() {
    let server = Server::builder()
        .file("page.html", "<!doctype html>\n<html><head>\n<title>x</title>")
        .file("page.txt", "<title>x</title>")
        .file("t.window.js", "// META: title=T")
        .file("own/inject.js", "window.injected = true;")
        .handler("page.rhai", "fn main(request, response) { [[[\"content-type\", \"text/html\"]], \"<p>\"] }")
        .config("inject_script = \"own/inject.js\"\n")
        .start();
    for got in both(&server, "GET", "/page.html") {
        let (before, after) = got.body.split_once("<script>\nwindow.injected = true;\n").expect("the script");
        assert_eq!(before, "<!doctype html>\n<html><head>\n");
        assert!(
            after.contains("document.currentScript.remove();") && after.ends_with("</script>\n<title>x</title>"),
            "{after}"
        );
        assert_eq!(got.get("content-length"), Some(got.body.len().to_string().as_str()));
    }
    for got in both(&server, "GET", "/t.window.html") {
        assert!(got.body.starts_with("<!doctype html>\n<script>\nwindow.injected"), "{}", got.body);
    }
    // A file that is sent in pieces.
    server.write("large.html", format!("<!doctype html><p>{}", "x".repeat(600_000)));
    for got in both(&server, "GET", "/large.html") {
        assert!(got.body.starts_with("<!doctype html><script>\nwindow.injected"), "{}", &got.body[..200]);
        assert_eq!(got.get("content-length"), Some(got.body.len().to_string().as_str()));
        assert!(got.body.ends_with(&format!("</script>\n<p>{}", "x".repeat(600_000))));
    }
    for path in ["/page.txt", "/handlers/page.rhai", "/page.html?pipe=gzip"] {
        for got in both(&server, "GET", path) {
            assert!(!got.body.contains("injected"), "{path}: {}", got.body);
        }
    }
}

#[test]
fn options_that_are_of_no_use_stop_the_start() {
    for (config, word) in
        [("[[routes]]\npath = \"/{a\"\nstatus = 404\n", "/{a"), ("inject_script = \"gone.js\"\n", "gone.js")]
    {
        let ended = Server::builder().config(config).run_to_end();
        assert_eq!(ended.status.and_then(|status| status.code()), Some(2), "{}", ended.stderr);
        assert!(ended.stderr.contains(word), "{}", ended.stderr);
    }
}
