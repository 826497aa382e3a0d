//! Which clients may read what: the pages of the server itself, its configuration, its keys.

use crate::support::http1::Answer;
use crate::support::raw::{self, Client};
use crate::support::server::{Server, wireserve};

/// The status of a GET over HTTP/1.1 with these fields, `host` among them.
fn status(server: &Server, path: &str, fields: &[(&str, &str)]) -> u16 {
    get(server, path, fields).status
}

fn get(server: &Server, path: &str, fields: &[(&str, &str)]) -> Answer {
    let fields: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let request = format!("GET {path} HTTP/1.1\r\n{fields}connection: close\r\n\r\n");
    Answer::read(&raw::exchange(server.connect("http"), request.as_bytes())).expect("an answer")
}

/// The status of a GET over HTTP/2 with these fields, pseudo-fields included.
fn status_h2(server: &Server, path: &str, authority: &str, extra: &[(&str, &str)]) -> Option<u16> {
    let mut client = Client::over_tcp(server.connect("h2c"), authority);
    client.handshake(&[]);
    let stream = client.request("GET", path, extra, true);
    client.response(stream).status()
}

const PAGES: [&str; 8] = [
    "/_wire/",
    "/_wire/connections",
    "/_wire/connections/1",
    "/_wire/rows?connection=1",
    "/_wire/record?connection=1&number=1",
    "/_wire/overview?connection=1",
    "/_wire/status",
    "/_wire/status?json",
];

#[test]
fn own_pages_are_for_known_hosts_only() {
    let config = "browser_host = \"web-platform.test\"\nalternate_hosts = { alt = \"other.test\" }\n\
                  [inspector]\nallowed_hosts = [\"proxy.example\", \"192.0.2.7\"]\n";
    let server = Server::builder().config(config).file("page.txt", "here").start();
    let known = [
        "web-platform.test",
        "WEB-Platform.Test:8000",
        "www.web-platform.test",
        "www1.www.other.test:80",
        "xn--lve-6lad.web-platform.test",
        "localhost",
        "localhost.:1",
        "www.localhost",
        "127.0.0.1:8000",
        "127.9.9.9",
        "[::1]:8000",
        "proxy.example:443",
        "192.0.2.7",
    ];
    for host in known {
        for page in PAGES {
            assert_eq!(status(&server, page, &[("host", host)]), 200, "{host} {page}");
        }
        assert_eq!(status_h2(&server, "/_wire/status", host, &[]), Some(200), "{host}");
    }
    // The host of a profile is known, but for connections of that profile.
    assert_eq!(status(&server, "/_wire/status", &[("host", "tiny-window.conn.web-platform.test")]), 421);
    let foreign = [
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "evillocalhost",
        "nonexistent.web-platform.test",
        "evilweb-platform.test",
        "web-platform.test.evil.example",
        "x.conn.web-platform.test.evil.example",
        "127.0.0.1.evil.example",
        "192.0.2.8",
        "[2001:db8::1]",
        "10.0.0.1",
    ];
    for host in foreign {
        for page in PAGES.into_iter().chain(["/_wire/live", "/_wire/nothing"]) {
            let answer = get(&server, page, &[("host", host)]);
            assert_eq!(answer.status, 403, "{host} {page}");
            assert!(answer.text().contains("allowed_hosts"), "{}", answer.text());
        }
        assert_eq!(status_h2(&server, "/_wire/connections", host, &[]), Some(403), "{host}");
        assert_eq!(status(&server, "/_wire/assets/wireserve.css", &[("host", host)]), 200, "style is for every page");
        assert_eq!(status(&server, "/page.txt", &[("host", host)]), 200, "what is served is for everyone: {host}");
    }
    // The host of an absolute target counts, not the field (RFC 9112 §3.2.2).
    let absolute = "http://evil.example/_wire/connections";
    assert_eq!(status(&server, absolute, &[("host", "localhost")]), 403);
}

#[test]
fn own_pages_are_not_for_other_sites() {
    let server = Server::start();
    let host = ("host", "localhost");
    let page = "/_wire/connections";
    for origin in ["http://localhost:8000", "https://www.localhost", "http://127.0.0.1:3000", "http://alt.localhost"] {
        assert_eq!(status(&server, page, &[host, ("origin", origin)]), 200, "{origin}");
        assert_eq!(status_h2(&server, page, "localhost", &[("origin", origin)]), Some(200), "{origin}");
    }
    for origin in ["http://evil.example", "null", "https://localhost.evil.example", "localhost", "file://", ""] {
        assert_eq!(status(&server, page, &[host, ("origin", origin)]), 403, "{origin}");
        assert_eq!(status_h2(&server, page, "localhost", &[("origin", origin)]), Some(403), "{origin}");
    }
    // What a browser says of a script or an image in a page of another site, which has no origin.
    let site = |site: &'static str, mode: &'static str| [host, ("sec-fetch-site", site), ("sec-fetch-mode", mode)];
    assert_eq!(status(&server, page, &site("cross-site", "no-cors")), 403);
    assert_eq!(status(&server, page, &site("cross-site", "navigate")), 200, "a link shows the page to its user alone");
    for same in ["same-origin", "same-site", "none"] {
        assert_eq!(status(&server, page, &site(same, "no-cors")), 200, "{same}");
    }
}

#[test]
fn a_server_for_other_machines_says_so() {
    let server = Server::builder().arguments(["--bind", "0.0.0.0"]).start();
    server.logged("other machines");
    assert_eq!(status(&server, "/_wire/status", &[("host", "127.0.0.1")]), 200);
    assert_eq!(status(&server, "/_wire/status", &[("host", "evil.example")]), 403);
    let server = Server::start();
    assert!(!server.log().contains("other machines"), "{}", server.log());
}

#[cfg(unix)]
#[test]
fn the_configuration_and_keys_are_never_shown() {
    use std::os::unix::fs::symlink;
    let own = "backend = \"memory\" # password";
    let server = Server::builder()
        .config(&format!(
            "[stash]\n{own}\n[[aliases]]\nurl-path = \"/mounted/\"\nlocal-dir = \".\"\n\
             [[routes]]\npath = \"/routed\"\nfile = \"wpt.toml\"\n[[routes]]\npath = \"/all/*\"\ndirectory = \".\"\n"
        ))
        .file("page.sub.txt", "{{file_hash(md5, wpt.toml)}}")
        .file("folder/file.txt", "here")
        .handler("read.rhai", "fn main(request, response) { read_file(request.GET.first(\"file\")).text() }")
        .start();
    let folder = server.folder();
    symlink(folder.join("wpt.toml"), folder.join("link.txt")).expect("a link");
    symlink(folder.join("wpt.toml"), folder.join("folder/index.html")).expect("a link");
    symlink(folder.join("certs/ca.key"), folder.join("key.txt")).expect("a link");
    symlink(folder, folder.join("folder/up")).expect("a link");
    std::fs::hard_link(folder.join("wpt.toml"), folder.join("hard.txt")).expect("a link");
    std::fs::hard_link(folder.join("certs/ca.key"), folder.join("folder/hard.key")).expect("a link");
    std::fs::hard_link(folder.join("folder/file.txt"), folder.join("other.txt")).expect("a link");
    assert_eq!(status(&server, "/other.txt", &[("host", "localhost")]), 200);
    for path in [
        "/wpt.toml",
        "/%77pt.toml",
        "/wpt%2Etoml",
        "/./wpt.toml",
        "/folder/../wpt.toml",
        "/link.txt",
        "/hard.txt",
        "/folder/hard.key",
        "/mounted/hard.txt",
        "/folder/up/wpt.toml",
        "/mounted/wpt.toml",
        "/mounted/link.txt",
        "/routed",
        "/all/wpt.toml",
        "/key.txt",
        "/mounted/certs/ca.key",
        "/folder/up/certs/leaf.key",
    ] {
        assert_eq!(status(&server, path, &[("host", "localhost")]), 404, "{path}");
        assert_eq!(status(&server, &format!("{path}?pipe=sub"), &[("host", "localhost")]), 404, "{path}");
    }
    let index = get(&server, "/folder/", &[("host", "localhost")]);
    assert!(!index.text().contains("password"), "{}", index.text());
    for path in [
        "/page.sub.txt",
        "/handlers/read.rhai?file=wpt.toml",
        "/handlers/read.rhai?file=../wpt.toml",
        "/handlers/read.rhai?file=/hard.txt",
    ] {
        let answer = get(&server, path, &[("host", "localhost")]);
        assert_eq!(answer.status, 500, "{path}: {}", answer.text());
        assert!(!answer.text().contains("password"), "{path}: {}", answer.text());
    }
    for list in ["/?list", "/mounted/?list", "/folder/up/?list"] {
        let list = get(&server, list, &[("host", "localhost")]);
        assert!(list.text().contains("page.sub.txt"), "{}", list.text());
        for hidden in ["wpt.toml", "link.txt", "hard.txt", "key.txt", "certs"] {
            assert!(!list.text().contains(hidden), "{hidden}: {}", list.text());
        }
    }
}

#[cfg(unix)]
#[test]
fn a_configuration_that_is_not_read_is_a_file_like_others() {
    let server = Server::builder().file("config.json", "{\"name\": \"of another program\"}").start();
    assert_eq!(status(&server, "/config.json", &[("host", "localhost")]), 200);
    // It would be read if it appeared, whatever is wrong with it.
    server.write("wpt.toml", "[stash]\nbackend = \"redis://:password@localhost/\"\nwrong\n");
    assert_eq!(status(&server, "/wpt.toml", &[("host", "localhost")]), 404);

    let folder = tempfile::tempdir().expect("a folder");
    let theirs = "{\"browser_host\": \"localhost\", \"doc_root\": \".\"}";
    std::fs::write(folder.path().join("config.json"), theirs).expect("a file");
    let path = folder.path().join("config.json").display().to_string();
    let root = folder.path().display().to_string();
    let server = Server::builder().arguments(["--config", &path]).replace("--root", &root).start();
    assert_eq!(status(&server, "/config.json", &[("host", "localhost")]), 404);
}

#[test]
fn a_password_is_not_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "[stash]\nbackend = \"redis://user:secret@127.0.0.1:6379/0\"\n";
    std::fs::write(folder.path().join("wpt.toml"), text).expect("a file");
    let finished = wireserve(folder.path(), &["config"]);
    assert_eq!(finished.code(), Some(0), "{}", finished.stderr);
    assert!(finished.text().contains("redis://") && !finished.text().contains("secret"), "{}", finished.text());
    assert!(!finished.stderr.contains("secret"), "{}", finished.stderr);
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::start();
    let (ca, key) = (server.folder().join("certs/ca.pem"), server.folder().join("certs/ca.key"));
    let text = |path| std::fs::read_to_string(path).expect("a file");
    let config = "[ssl]\ncertificate = \"own.pem\"\nkey = \"own.key\"\n";
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).expect("a file");
    write("own.pem", text(&ca));
    write("own.key", text(&key));
    write("wpt.toml", config.to_owned());
    let mode = |mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(folder.path().join("own.key"), permissions).expect("a mode");
    };
    let told = |finished: &crate::support::process::Finished| finished.stderr.contains("can be read by other users");
    for (bits, expected) in [(0o644, true), (0o640, true), (0o600, false), (0o400, false)] {
        mode(bits);
        let finished = wireserve(folder.path(), &["certs"]);
        assert_eq!(finished.code(), Some(0), "{}", finished.stderr);
        assert_eq!(told(&finished), expected, "{bits:o}: {}", finished.stderr);
    }
}

#[cfg(unix)]
#[test]
fn check_follows_only_the_links_that_the_server_follows() {
    use std::os::unix::fs::symlink;
    let (folder, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let handlers = folder.path().join("handlers");
    std::fs::create_dir(&handlers).expect("a folder");
    std::fs::write(handlers.join("good.rhai"), "fn main(request, response) {}").expect("a file");
    std::fs::write(other.path().join("broken.rhai"), "fn (").expect("a file");
    symlink(handlers.join("good.rhai"), handlers.join("inside.rhai")).expect("a link");
    symlink(other.path().join("broken.rhai"), handlers.join("outside.rhai")).expect("a link");
    symlink(other.path(), handlers.join("folder")).expect("a link");
    let finished = wireserve(folder.path(), &["check"]);
    assert_eq!(finished.code(), Some(0), "{}", finished.stderr);
    assert!(finished.text().contains("2 scripts and the configuration: OK"), "{}", finished.text());
    for link in ["outside.rhai", "folder"] {
        assert!(finished.stderr.contains(&format!("{link} leads out of its directory")), "{}", finished.stderr);
    }
}
