//! Files, their `.headers`, ranges, preconditions, folders and `.asis`, over both protocols.

use crate::support::ask::{self, Ask};
use crate::support::http1::Answer;
use crate::support::raw::{Client, exchange};
use crate::support::server::Server;
use std::fs;
use std::io::Write;

const LONG: &str = "0123456789abcdefghijklmnopqrstuvwxyz";

fn ask<'a>(method: &'a str, path: &'a str, fields: &'a [(&str, &str)]) -> Ask<'a> {
    let headers = fields.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    Ask { method, headers, ..Ask::get(path) }
}

/// The answer over HTTP/1.1, the connection ended by it.
fn http1(server: &Server, method: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    ask::over_http1(server, &ask(method, path, fields))
}

/// The answer over HTTP/2, in the same form.
fn http2(server: &Server, method: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    ask::over_http2(server, &ask(method, path, fields))
}

/// The answer over both, which must be the same but for what each connection adds.
fn both(server: &Server, method: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let (first, second) = (http1(server, method, path, fields), http2(server, method, path, fields));
    let shown = |answer: &Answer| {
        let of_message = |name: &str| !["connection", "keep-alive", "date"].contains(&name);
        let fields = answer.fields.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
        (answer.status, fields.filter(|(name, _)| of_message(name)).collect::<Vec<_>>(), answer.text())
    };
    assert_eq!(shown(&first), shown(&second), "{method} {path}");
    second
}

fn get(server: &Server, path: &str) -> Answer {
    both(server, "GET", path, &[])
}

#[test]
fn a_file_has_its_type_a_tag_and_no_date_of_its_own() {
    let server = Server::builder().file("a.event_stream", "x").file("b.woff2", "y").file("c.unheard", "").start();
    let answer = get(&server, "/a.event_stream");
    assert_eq!(
        (answer.status, answer.get("content-type"), answer.text().as_str()),
        (200, Some("text/event-stream"), "x")
    );
    assert_eq!((answer.get("content-length"), answer.get("last-modified")), (Some("1"), None));
    assert!(answer.get("etag").is_some_and(|tag| tag.starts_with('"')));
    assert_eq!(get(&server, "/b.woff2").get("content-type"), Some("font/woff2"));
    let empty = get(&server, "/c.unheard");
    assert_eq!((empty.get("content-type"), empty.get("content-length")), (Some("application/octet-stream"), Some("0")));
    let head = both(&server, "HEAD", "/a.event_stream", &[]);
    assert_eq!((head.status, head.get("content-length"), head.body.len()), (200, Some("1"), 0));
    let post = both(&server, "POST", "/a.event_stream", &[]);
    assert_eq!((post.status, post.get("allow")), (405, Some("GET, HEAD")));
}

#[test]
fn headers_files_of_folder_and_file() {
    let server = Server::builder()
        .file("x/__dir__.headers", "X-A: dir\nX-B : dir\n")
        .file("x/a.txt", "content")
        .file("x/a.txt.headers", "x-a: 1\r\nX-C:2\r\n\r\nx-a: 3\nContent-Type: text/html;charset=utf-8\n")
        .file("x/b.txt", "{{GET[q]}}")
        .file("x/b.txt.headers", "x-plain: 1")
        .file("x/b.txt.sub.headers", "x-sub: {{GET[q]}} \nx-host: {{host}}\n")
        .start();
    let answer = http1(&server, "GET", "/x/a.txt", &[]);
    let names: Vec<&str> = answer.fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names[..6], ["X-A", "X-A", "X-A", "X-B", "X-C", "Content-Type"]);
    assert_eq!(answer.values("x-a"), ["dir", "1", "3"]);
    assert_eq!(answer.get("content-type"), Some("text/html;charset=utf-8"));
    let same = http2(&server, "GET", "/x/a.txt", &[]);
    assert_eq!((same.values("x-a"), same.values("x-b")), (vec!["dir", "1", "3"], vec!["dir"]));
    let answer = get(&server, "/x/b.txt?q=%3Cv%3E");
    assert_eq!((answer.get("x-sub"), answer.get("x-plain")), (Some("<v>"), None));
    assert_eq!((answer.get("x-host"), answer.text().as_str()), (Some("localhost"), "{{GET[q]}}"));
    assert_eq!(answer.get("etag"), None, "another for every request");
    let itself = get(&server, "/x/a.txt.headers");
    assert_eq!((itself.get("content-type"), itself.get("x-a")), (Some("text/plain"), Some("dir")));
}

#[test]
fn headers_files_win_over_what_the_server_adds() {
    let server = Server::builder()
        .file("a.txt", "content")
        .file(
            "a.txt.headers",
            "Date: never\nServer: mine\nETag: \"own\"\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\n\
               Connection: close\nKeep-Alive: x\n",
        )
        .start();
    for answer in [http1(&server, "GET", "/a.txt", &[]), http2(&server, "GET", "/a.txt", &[])] {
        assert_eq!((answer.values("date"), answer.values("server")), (vec!["never"], vec!["mine"]));
        assert_eq!((answer.values("etag"), answer.text().as_str()), (vec!["\"own\""], "content"));
    }
    let since = both(&server, "GET", "/a.txt", &[("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT")]);
    assert_eq!(since.status, 304);
    assert_eq!(both(&server, "GET", "/a.txt", &[("if-none-match", "\"own\"")]).status, 304);
}

#[test]
fn headers_files_of_no_use_are_named() {
    let server = Server::builder()
        .file("line.txt", "x")
        .file("line.txt.headers", "a: b\nno colon\n")
        .file("nul.txt", "x")
        .file("nul.txt.headers", "a: \0\n")
        .file("name.txt", "x")
        .file("name.txt.headers", "a b: c\n")
        .file("template.txt", "x")
        .file("template.txt.sub.headers", "a: b\nc: {{nonsense}}\n")
        .file("large.txt", "x")
        .file("large.txt.headers", "a: bcdefg\n".repeat(1 << 20))
        .start();
    for (path, said) in [
        ("/line.txt", "line.txt.headers, line 2: a line is a name, a colon and a value"),
        ("/nul.txt", "nul.txt.headers, line 1: there is a NUL"),
        ("/template.txt", "nonsense"),
        ("/large.txt", "large.txt.headers is too long: a .headers file has at most 262144 bytes"),
    ] {
        let answer = get(&server, path);
        assert_eq!(answer.status, 500, "{path}");
        assert!(answer.text().contains(said), "{path}: {}", answer.text());
    }
    for answer in [http1(&server, "GET", "/name.txt", &[]), http2(&server, "GET", "/name.txt", &[])] {
        assert_eq!(answer.status, 500);
        assert!(answer.text().contains("a b"), "{}", answer.text());
    }
}

#[test]
fn an_edit_is_seen_at_once() {
    let server = Server::builder().file("a.txt", "first").file("a.txt.headers", "x-a: 1").start();
    let mut client = Client::h2c(&server);
    let mut ask = |wanted: &str| {
        let stream = client.get("/a.txt");
        let response = client.response(stream);
        assert_eq!(format!("{} {}", response.text(), response.get("x-a").unwrap_or_default()), wanted);
        response.get("etag").expect("a tag")
    };
    let first = ask("first 1");
    let file = |name: &str| server.folder().join(name);
    // As long as before, and most likely within the same tick of the file system's clock.
    let mut tags = vec![first];
    for number in 0..50 {
        let text = format!("{number:05}");
        fs::write(file("a.txt"), &text).expect("a file");
        tags.push(ask(&format!("{text} 1")));
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 51, "another content, another tag");
    fs::write(file("a.txt.headers"), "x-a: 2").expect("a file");
    let changed = ask("00049 2");
    assert!(!tags.contains(&changed), "a client must learn of the new fields");
    fs::remove_file(file("a.txt.headers")).expect("it was there");
    ask("00049 ");
    fs::write(file("__dir__.headers"), "x-a: 3").expect("a file");
    ask("00049 3");
}

#[test]
fn preconditions() {
    let server =
        Server::builder().file("a.txt", LONG).file("a.txt.headers", "X-Policy: p").file("b.sub.txt", "x").start();
    let tag = get(&server, "/a.txt").get("etag").expect("a tag").to_owned();
    for (name, value, status) in [
        ("if-none-match", tag.as_str(), 304),
        ("if-none-match", "*", 304),
        ("if-none-match", "\"other\"", 200),
        ("if-match", tag.as_str(), 200),
        ("if-match", "\"other\"", 412),
        // There is no date to compare with.
        ("if-modified-since", "Fri, 31 Dec 2100 23:59:59 GMT", 200),
        ("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT", 200),
    ] {
        assert_eq!(both(&server, "GET", "/a.txt", &[(name, value)]).status, status, "{name}: {value}");
    }
    let answer = both(&server, "GET", "/a.txt", &[("if-none-match", &tag)]);
    assert_eq!((answer.get("etag"), answer.get("x-policy"), answer.body.len()), (Some(tag.as_str()), Some("p"), 0));
    assert_eq!((answer.get("content-type"), answer.get("content-length")), (None, None));
    assert_eq!(both(&server, "HEAD", "/a.txt", &[("if-none-match", &tag)]).status, 304);
    // A page that is another for each request is no older one.
    for path in ["/b.sub.txt", "/a.txt?pipe=slice(0,5)"] {
        assert_eq!(both(&server, "GET", path, &[("if-none-match", "*")]).get("etag"), None, "{path}");
    }
}

#[test]
fn one_range() {
    let server = Server::builder().file("a.txt", LONG).file("empty.txt", "").start();
    for (range, content_range, content) in [
        ("bytes=10-19", "bytes 10-19/36", &LONG[10..20]),
        ("bytes=10-", "bytes 10-35/36", &LONG[10..]),
        ("bytes=-10", "bytes 26-35/36", &LONG[26..]),
        ("bytes=-100", "bytes 0-35/36", LONG),
        ("bytes=0-99999999999999999999", "bytes 0-35/36", LONG),
        ("bytes=3-5,4-9,10-10", "bytes 3-10/36", &LONG[3..11]),
        ("bytes=0-1,50-60", "bytes 0-1/36", &LONG[..2]),
    ] {
        let answer = both(&server, "GET", "/a.txt", &[("range", range)]);
        assert_eq!((answer.status, answer.get("content-range")), (206, Some(content_range)), "{range}");
        assert_eq!((answer.text().as_str(), answer.get("content-type")), (content, Some("text/plain")), "{range}");
        assert_eq!(answer.get("content-length"), Some(content.len().to_string().as_str()), "{range}");
    }
    for range in ["bytes=36-", "bytes=40-50", "bytes=-0", "bytes=11-10", "bytes=x", "bytes=0-1-2", "bytes=-"] {
        let answer = both(&server, "GET", "/a.txt", &[("range", range)]);
        assert_eq!((answer.status, answer.get("content-range")), (416, Some("bytes */36")), "{range}");
    }
    assert_eq!(both(&server, "GET", "/empty.txt", &[("range", "bytes=0-")]).status, 416);
    // Another unit, and another method than GET (RFC 9110 §14.2).
    assert_eq!(both(&server, "GET", "/a.txt", &[("range", "lines=1-2")]).status, 200);
    assert_eq!(both(&server, "HEAD", "/a.txt", &[("range", "bytes=0-1")]).status, 200);
}

#[test]
fn if_range_takes_the_range_only_of_the_same_file() {
    let server = Server::builder().file("a.txt", LONG).start();
    let tag = get(&server, "/a.txt").get("etag").expect("a tag").to_owned();
    let weak = format!("W/{tag}");
    for (value, status) in
        [(tag.as_str(), 206), (&weak, 200), ("\"other\"", 200), ("Sun, 06 Nov 1994 08:49:37 GMT", 200)]
    {
        let answer = both(&server, "GET", "/a.txt", &[("range", "bytes=0-1"), ("if-range", value)]);
        assert_eq!(answer.status, status, "{value}");
    }
}

#[test]
fn several_ranges_of_small_and_large_files() {
    let large: Vec<u8> = (0..3_000_000_u32).map(|number| b'a' + (number % 26) as u8).collect();
    let server = Server::builder().file("a.txt", LONG).file("large.js", &large).start();
    for (path, content, media_type) in
        [("/a.txt", LONG.as_bytes(), "text/plain"), ("/large.js", &large, "text/javascript")]
    {
        let length = content.len();
        for answer in [
            http1(&server, "GET", path, &[("range", "bytes=20-25,1-2,-3")]),
            http2(&server, "GET", path, &[("range", "bytes=20-25,1-2,-3")]),
        ] {
            assert_eq!(answer.status, 206);
            assert_eq!(answer.get("content-length"), Some(answer.body.len().to_string().as_str()));
            let kind = answer.get("content-type").expect("a type");
            let boundary = kind.strip_prefix("multipart/byteranges; boundary=").expect("a boundary");
            let mut wanted = Vec::new();
            for (first, last) in [(1, 2), (20, 25), (length - 3, length - 1)] {
                wanted.extend_from_slice(
                    format!("\r\n--{boundary}\r\nContent-Type: {media_type}\r\nContent-Range: bytes {first}-{last}/{length}\r\n\r\n").as_bytes(),
                );
                wanted.extend_from_slice(&content[first..=last]);
            }
            wanted.extend_from_slice(format!("\r\n--{boundary}--").as_bytes());
            assert_eq!(answer.text(), String::from_utf8_lossy(&wanted));
        }
    }
    let answer = both(&server, "GET", "/large.js", &[("range", "bytes=100000-2899999")]);
    assert_eq!((answer.status, answer.body.as_slice()), (206, &large[100_000..2_900_000]));
    let whole = get(&server, "/large.js");
    assert_eq!((whole.body.as_slice(), whole.get("content-length")), (&large[..], Some("3000000")));
    let tag = whole.get("etag").expect("a tag").to_owned();
    assert_eq!(both(&server, "GET", "/large.js", &[("if-none-match", &tag)]).status, 304);
}

#[test]
fn a_large_file_that_is_cut_meanwhile_breaks_off() {
    let server = Server::builder().file("large.bin", vec![b'x'; 8 << 20]).start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/large.bin");
    client.until(|frame| frame.header.stream_id == stream);
    fs::File::options()
        .write(true)
        .open(server.folder().join("large.bin"))
        .and_then(|file| file.set_len(1 << 20))
        .expect("it is cut");
    client.open_windows();
    assert_eq!(client.stream_error(stream), 2, "INTERNAL_ERROR");
}

#[test]
fn what_is_gone_since_it_was_looked_up_is_404() {
    let server = Server::builder()
        .file("a.txt", "a")
        .file("b.asis", "HTTP/1.1 200 OK\r\n\r\nb")
        .file("c.sub.txt", "{{host}}")
        .file("d.any.js", "test(() => {});")
        .file("e/x", "")
        .start();
    let mut client = Client::h2c(&server);
    let mut ask = |path: &str| {
        let stream = client.get(path);
        client.response(stream)
    };
    for (path, file) in [
        ("/a.txt", "a.txt"),
        ("/a.txt?pipe=slice(0)", "a.txt"),
        ("/b.asis", "b.asis"),
        ("/c.sub.txt", "c.sub.txt"),
        ("/d.any.html", "d.any.js"),
        ("/d.any.worker.js", "d.any.js"),
        ("/e/", "e"),
    ] {
        let (file, away) = (server.folder().join(file), server.folder().join("away"));
        assert_eq!(ask(path).status(), Some(200), "{path}");
        fs::rename(&file, &away).expect("renamed");
        let answer = ask(path);
        assert_eq!(answer.status(), Some(404), "{path}: {}", answer.text());
        fs::rename(&away, &file).expect("renamed back");
    }
    assert!(!server.log().contains("WARN"), "{}", server.log());
}

#[test]
fn a_folder_is_listed() {
    let server = Server::builder()
        .file("x/b.html", "")
        .file("x/b.html.headers", "")
        .file("x/b.html-x", "")
        .file("x/a b&\"<é>:.txt", "odd")
        .file("x/sub/c", "")
        .file("x/.hidden", "")
        .file("x/__dir__.headers", "x-a: b")
        .file("y/index.html", "page")
        .start();
    let answer = get(&server, "/x/");
    assert_eq!((answer.status, answer.get("content-type")), (200, Some("text/html")));
    let page = answer.text();
    let items: Vec<&str> = page.lines().filter(|line| line.starts_with("<li")).collect();
    assert_eq!(
        items,
        [
            "<li class=\"dir\"><a href=\"../?list\">..</a></li>",
            "<li class=\"file\"><a href=\"__dir__.headers\">__dir__.headers</a></li>",
            "<li class=\"file\"><a href=\"a%20b%26%22%3C%C3%A9%3E%3A.txt\">a b&amp;&quot;&lt;é&gt;:.txt</a></li>",
            "<li class=\"file\"><a href=\"b.html\">b.html</a> (<a href=\"b.html.headers\">.headers</a>)</li>",
            "<li class=\"file\"><a href=\"b.html-x\">b.html-x</a></li>",
            "<li class=\"dir\"><a href=\"sub/\">sub</a></li>",
        ]
    );
    assert_eq!(get(&server, "/x/a%20b%26%22%3C%C3%A9%3E%3A.txt").text(), "odd");
    let slash = get(&server, "/x?a=b&c");
    assert_eq!((slash.status, slash.get("location")), (301, Some("/x/?a=b&c")));
    assert_eq!(get(&server, "/y/").text(), "page");
    assert!(get(&server, "/y/?list").text().contains("\"index.html\""));
    let root = get(&server, "/?list").text();
    assert!(root.contains("\"x/\"") && !root.contains("\">..<"), "{root}");
    assert!(!root.contains("certs"), "the keys are nobody's: {root}");
    assert!(http2(&server, "GET", "/", &[]).text().contains("href=\"/?list\""));
    assert_eq!(both(&server, "POST", "/x/", &[]).status, 405);
}

#[test]
fn as_is_octet_for_octet_over_http1_and_by_its_meaning_over_http2() {
    let text =
        b"HTTP/1.1 202 Giraffe\nX-TEST: PASS\nConnection: close\nX-Odd: \xff\0no field, but here it is\n\nContent";
    let plain = "HTTP/1.0 203\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\nx-a: 2\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    let with_head = format!("HTTP/1.1 200 OK\n\n{}", "x".repeat(3 << 20));
    let server = Server::builder()
        .file("odd.asis", text)
        .file("a.asis", plain)
        .file("no.asis", "nothing of HTTP")
        .file("large.asis", &with_head)
        .start();
    let request = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: a.test\r\n\r\n").into_bytes();
    assert_eq!(exchange(server.connect("http"), &request("/odd.asis")), text, "and the connection ends");
    assert_eq!(exchange(server.connect("http"), &request("/a.asis")), plain.as_bytes());
    assert_eq!(exchange(server.connect("http"), &request("/no.asis")), b"nothing of HTTP");
    let large = exchange(server.connect("http"), &request("/large.asis"));
    assert!(large == with_head.as_bytes(), "{} octets of {}", large.len(), with_head.len());
    assert_eq!(http2(&server, "GET", "/large.asis", &[]).body.len(), 3 << 20);
    let head = http2(&server, "HEAD", "/large.asis", &[]);
    assert_eq!((head.status, head.get("content-length"), head.body.len()), (200, Some("3145728"), 0));
    let answer = http2(&server, "GET", "/a.asis", &[]);
    assert_eq!((answer.status, answer.text().as_str()), (203, "abc"));
    assert_eq!(
        answer.fields.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>(),
        ["content-type: a/b", "x-a: 1", "x-a: 2", "content-length: 3"]
    );
    for (path, said) in [("/no.asis", "its first line is `nothing of HTTP`"), ("/odd.asis", "x-odd")] {
        let answer = http2(&server, "GET", path, &[]);
        assert_eq!(answer.status, 500);
        assert!(answer.text().contains(said), "{}", answer.text());
    }
    assert_eq!(both(&server, "POST", "/a.asis", &[]).status, 405);
}

#[test]
#[cfg(unix)]
fn links_lead_no_one_out() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().expect("a folder");
    for (name, text) in [("secret.txt", "secret"), ("secret.headers", "x-secret: 1")] {
        fs::File::create(outside.path().join(name))
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .expect("a file");
    }
    let server = Server::builder().file("a.txt", "a").file("b.txt", "b").file("in.headers", "x-in: 1").start();
    let file = |name: &str| server.folder().join(name);
    symlink(outside.path().join("secret.txt"), file("out.txt")).expect("a link");
    symlink(outside.path(), file("out")).expect("a link");
    symlink(outside.path().join("secret.headers"), file("a.txt.headers")).expect("a link");
    symlink("in.headers", file("b.txt.headers")).expect("a link");
    symlink("a.txt", file("within.txt")).expect("a link");
    for path in ["/out.txt", "/out/secret.txt", "/out/", "/out/?list", "/a.txt.headers"] {
        assert_eq!(get(&server, path).status, 404, "{path}");
    }
    assert_eq!(get(&server, "/within.txt").text(), "a");
    assert_eq!(get(&server, "/a.txt").get("x-secret"), None);
    assert_eq!(get(&server, "/b.txt").get("x-in"), Some("1"));
    let listed = get(&server, "/?list").text();
    assert!(listed.contains("within.txt") && !listed.contains("out"), "{listed}");
}

#[test]
fn no_way_of_writing_a_path_leads_out() {
    let server = Server::builder().file("a/in.txt", "inside").start();
    let name = format!("wireserve-outside-{}.txt", std::process::id());
    let outside = server.folder().parent().expect("a folder").join(&name);
    fs::write(&outside, "outside").expect("a file");
    let ups = [
        "..",
        "%2e%2e",
        "%2E.",
        ".%2e",
        "..%00",
        "..%2f",
        "%2e%2e%2f",
        "..%5c",
        "..\\",
        "%252e%252e",
        "%c0%ae%c0%ae",
        "%e0%80%ae%e0%80%ae",
        "..;",
        "%uff0e%uff0e",
        "/..",
        "./..",
        "....//",
        ".../...",
    ];
    for up in ups {
        for path in [format!("/{up}/{name}"), format!("/a/{up}/{up}/{name}")] {
            let answer = get(&server, &path);
            assert_eq!(answer.status, 404, "{path}: {}", answer.text());
        }
    }
    for path in ["//etc/passwd", "/%2fetc/passwd", "/a//in.txt/", "/a/in.txt/x", "/a/in.txt%2f", "/a/in.txt%00.html"] {
        assert_eq!(get(&server, path).status, 404, "{path}");
    }
    // One and the same file all the same.
    for path in ["/a/in.txt", "//a/./in.txt", "/%61/in%2etxt"] {
        assert_eq!(get(&server, path).text(), "inside", "{path}");
    }
    fs::remove_file(outside).expect("it is there");
}

#[test]
fn hidden_names_are_nobodys_but_well_known_is() {
    let server = Server::builder().file(".git/config", "x").file(".well-known/a.json", "{}").start();
    assert_eq!(get(&server, "/.git/config").status, 404);
    assert_eq!(get(&server, "/.well-known/a.json").get("content-type"), Some("application/json"));
    let listed = get(&server, "/?list").text();
    assert!(listed.contains("\".well-known/\"") && !listed.contains(".git"), "{listed}");
}
