//! `test_pipes.py`.

use super::{Ask, DOCUMENT, both, over_http1, over_http2};
use crate::support::server::Server;
use std::io::Read;
use std::time::{Duration, Instant};

fn document() -> Server {
    Server::builder().file("document.txt", DOCUMENT).start()
}

/// Asks for the document through pipes.
fn through(pipes: &str, check: impl Fn(&crate::support::http1::Answer)) {
    both(&document(), &Ask::get(&format!("/document.txt?pipe={pipes}")), check);
}

#[test]
fn status_sets_the_status() {
    through("status(202)", |answer| assert_eq!(answer.status, 202));
}

#[test]
fn header_sets_replaces_and_appends() {
    through("header(X-TEST,PASS)", |answer| assert_eq!(answer.values("x-test"), ["PASS"]));
    through("header(Content-Type,text/html)", |answer| assert_eq!(answer.values("content-type"), ["text/html"]));
    through("header(X-Test,PASS)|header(Content-Type,text/html)", |answer| {
        assert_eq!((answer.values("x-test"), answer.values("content-type")), (vec!["PASS"], vec!["text/html"]));
    });
    through("header(Content-Type,FAIL)|header(Content-Type,text/html)", |answer| {
        assert_eq!(answer.values("content-type"), ["text/html"]);
    });
    through("header(X-Test,1)|header(X-Test,2,True)", |answer| assert_eq!(answer.values("x-test"), ["1", "2"]));
}

#[test]
fn arguments_may_have_any_character() {
    through("header(Refresh,3;url=http://example.com)", |answer| {
        assert_eq!(answer.get("refresh"), Some("3;url=http://example.com"));
    });
    through("header(Expires,Thu\\,%2014%20Aug%201986%2018:00:00%20GMT)", |answer| {
        assert_eq!(answer.get("expires"), Some("Thu, 14 Aug 1986 18:00:00 GMT"));
    });
    through("header(User-Agent,Mozilla/5.0%20(X11;%20Linux%20x86_64;%20rv:12.0\\))", |answer| {
        assert_eq!(answer.get("user-agent"), Some("Mozilla/5.0 (X11; Linux x86_64; rv:12.0)"));
    });
}

#[test]
fn slice_cuts_as_python_does() {
    through("slice(1,10)", |answer| assert_eq!(answer.text(), DOCUMENT[1..10]));
    through("slice(1)", |answer| assert_eq!(answer.text(), DOCUMENT[1..]));
    through("slice(null,10)", |answer| assert_eq!(answer.text(), DOCUMENT[..10]));
}

fn text(server: &Server, ask: &Ask<'_>, wanted: &str) {
    both(server, ask, |answer| assert_eq!((answer.status, answer.text().trim_end()), (200, wanted)));
}

#[test]
fn sub_knows_the_configuration() {
    let server = Server::builder()
        .file("sub.txt", "{{host}} {{domains[]}} {{ports[http][0]}}\n")
        .file("sub_url_base.sub.txt", "Before {{url_base}} After\n")
        .file("sub_var.sub.txt", "{{$first:host}} {{$second:ports[http][0]}} A {{$second}} B {{$first}} C\n")
        .start();
    let port = server.port("http");
    text(&server, &Ask::get("/sub.txt?pipe=sub"), &format!("localhost localhost {port}"));
    text(&server, &Ask::get("/sub_url_base.sub.txt"), "Before / After");
    text(&server, &Ask::get("/sub_url_base.sub.txt?pipe=slice(5,10)"), "e / A");
    text(&server, &Ask::get("/sub_var.sub.txt"), &format!("localhost {port} A {port} B localhost C"));
}

#[test]
fn sub_hashes_files() {
    let template = "md5: {{file_hash(md5, document.txt)}}\nsha1: {{file_hash(sha1, document.txt)}}\n\
                    sha224: {{file_hash(sha224, document.txt)}}\nsha256: {{file_hash(sha256, document.txt)}}\n\
                    sha384: {{file_hash(sha384, document.txt)}}\nsha512: {{file_hash(sha512, document.txt)}}\n";
    let server = Server::builder()
        .file("document.txt", DOCUMENT)
        .file("hash.sub.txt", template)
        .file("unknown.sub.txt", "{{file_hash(sha007, document.txt)}}")
        .start();
    text(&server, &Ask::get("/hash.sub.txt"), HASHES);
    both(&server, &Ask::get("/unknown.sub.txt"), |answer| assert_eq!(answer.status, 500));
}

/// What Python's `hashlib` and `base64` say of [`DOCUMENT`].
const HASHES: &str = "\
md5: mupgoyazLjvfbchsoMtupQ==\n\
sha1: hX2wI782utExxHN0eXdp+aPZ0Js=\n\
sha224: y0YbAGGT+vND5GFvLzcQPBGAoY3nYf1ggvn8VA==\n\
sha256: Z2YQVzRkRI7j7GxrCeHMfM3rN5CrxhALJshwFC7ro2Q=\n\
sha384: UUoO2pGhe7pxBqBwByi5NDIFwaPNn23PhiuLG9ZmQKJczj9uH0ZN3POIOGK5TedM\n\
sha512: TJerlGkYjS38OCAQgVL+2P2Y99v6c+Hwv1cHN7jIH8Bw1Er8XiM2sb5kK2KFmPjDufqqrUL3iN/wfbHGQU4cTg==";

#[test]
fn sub_knows_the_request() {
    let server = Server::builder()
        .file("sub_headers.txt", "{{headers[X-Test]}}\n")
        .file("sub_params.txt", "{{GET[plus pct-20 pct-3D=]}}\n")
        .file(
            "sub_default.sub.txt",
            "{{header_or_default(X-Present, present-default)}}\n{{header_or_default(X-Absent, absent-default)}}\n",
        )
        .file("sub_uuid.sub.txt", "Before {{uuid()}} After\n")
        .start();
    text(&server, &Ask::get("/sub_headers.txt?pipe=sub").with("x-test", "PASS"), "PASS");
    let query = "/sub_params.txt?plus+pct-20%20pct-3D%3D=PLUS+PCT-20%20PCT-3D%3D&pipe=sub";
    text(&server, &Ask::get(query), "PLUS PCT-20 PCT-3D=");
    text(&server, &Ask::get("/sub_default.sub.txt").with("x-present", "OK"), "OK\nabsent-default");
    both(&server, &Ask::get("/sub_uuid.sub.txt"), |answer| {
        let text = answer.text();
        let id = text.strip_prefix("Before ").and_then(|rest| rest.strip_suffix(" After\n")).expect("a UUID");
        assert!(uuid::Uuid::parse_str(id).is_ok(), "{id}");
    });
}

#[test]
fn sub_knows_the_location() {
    let names = ["host", "hostname", "path", "pathname", "port", "query", "scheme", "server"];
    let template: String = names.iter().map(|name| format!("{name}: {{{{location[{name}]}}}}\n")).collect();
    let server = Server::builder().file("sub_location.sub.txt", template).start();
    let ask = Ask::get("/sub_location.sub.txt?query_string");
    for (kind, answer) in [("http", over_http1(&server, &ask)), ("h2c", over_http2(&server, &ask))] {
        let port = server.port(kind);
        let wanted = format!(
            "host: localhost:{port}\nhostname: localhost\npath: /sub_location.sub.txt\npathname: /sub_location.sub.txt\n\
             port: {port}\nquery: ?query_string\nscheme: http\nserver: http://localhost:{port}\n"
        );
        assert_eq!(answer.text(), wanted);
    }
}

#[test]
fn sub_names_files() {
    let template = "{{fs_path(sub_path.sub.txt)}}\n{{fs_path(../sub_path.sub.txt)}}\n{{fs_path(/sub_path.sub.txt)}}\n";
    let server = Server::builder().file("subdir/sub_path.sub.txt", template).start();
    let root = server.folder().display();
    let wanted = format!("{root}/subdir/sub_path.sub.txt\n{root}/sub_path.sub.txt\n{root}/sub_path.sub.txt");
    text(&server, &Ask::get("/subdir/sub_path.sub.txt"), &wanted);
}

#[test]
fn trickle_takes_its_time() {
    let server = document();
    let ask = Ask::get("/document.txt?pipe=trickle(1:d0.2:5:d0.1:r2)");
    for ask_over in [over_http1, over_http2] {
        let started = Instant::now();
        assert_eq!(ask_over(&server, &ask).text(), DOCUMENT);
        // One octet, 0.2 s, then five at a time with 0.1 s between.
        let pauses = u32::try_from(DOCUMENT.len() / 5).expect("it is short");
        assert!(started.elapsed() >= Duration::from_millis(200) + Duration::from_millis(100) * (pauses - 1));
    }
}

#[test]
fn trickled_content_is_not_to_be_cached() {
    through("trickle(d0.01)", |answer| {
        assert_eq!(answer.get("cache-control"), Some("no-cache, no-store, must-revalidate"));
        assert_eq!((answer.get("pragma"), answer.get("expires")), (Some("no-cache"), Some("0")));
    });
}

#[test]
fn gzip_packs_the_content() {
    through("gzip", |answer| {
        assert_eq!((answer.status, answer.get("content-encoding")), (200, Some("gzip")));
        let mut text = String::new();
        flate2::read::GzDecoder::new(&answer.body[..]).read_to_string(&mut text).expect("gzip");
        assert_eq!(text, DOCUMENT);
    });
}

#[test]
fn pipes_act_on_what_a_script_returns() {
    let server = Server::builder()
        .handler("string.rhai", r#"fn main(request, response) { "PASS" }"#)
        .handler("json.rhai", r#"fn main(request, response) { to_json(to_json(#{ data: "PASS" })) }"#)
        .file("string.rhai", r#"fn main(request, response) { "PASS" }"#)
        .start();
    for path in ["/handlers/string.rhai", "/string.rhai"] {
        both(&server, &Ask::get(&format!("{path}?pipe=slice(null,2)")), |answer| assert_eq!(answer.text(), "PA"));
    }
    both(&server, &Ask::get("/handlers/json.rhai?pipe=slice(null,2)"), |answer| assert_eq!(answer.text(), "\"{"));
}

#[test]
fn pipes_leave_alone_what_a_script_writes_itself() {
    let script = r#"fn main(request, response) {
        let writer = response.writer;
        if request.protocol == "HTTP/2" {
            writer.write_headers(200, #{});
            writer.write_data("CONTENT", true);
        } else {
            writer.write_content("CONTENT");
        }
    }"#;
    let server = super::handler(script);
    for pipe in ["slice(null,2)", "header(X-TEST,FAIL)"] {
        both(&server, &Ask::get(&format!("/handlers/test.rhai?pipe={pipe}")), |answer| {
            assert_eq!((answer.get("x-test"), &*answer.text()), (None, "CONTENT"));
        });
    }
}

#[test]
fn pipes_leave_asis_files_alone_but_for_their_pace() {
    let text = "HTTP/1.1 202 Giraffe\r\nX-TEST: PASS\r\nContent-Length: 7\r\n\r\nContent";
    let server = Server::builder().file("test.asis", text).start();
    for pipe in ["slice(null,2)", "header(X-TEST,FAIL)", "trickle(1:d0.02:5:d0.01:r2)"] {
        let target = format!("/test.asis?pipe={pipe}");
        assert_eq!(String::from_utf8_lossy(&super::octets(&server, &Ask::get(&target))), text);
        let answer = over_http2(&server, &Ask::get(&target));
        assert_eq!((answer.status, answer.values("x-test"), &*answer.text()), (202, vec!["PASS"], "Content"));
    }
}
