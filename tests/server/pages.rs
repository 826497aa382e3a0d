//! The program's own pages: errors for browsers and for others, sources of scripts.

use crate::support::http1::Answer;
use crate::support::raw::exchange;
use crate::support::server::Server;
use std::fs;

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
                "in `helper`, called at",
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
