//! Every name and rule of templates.

use super::*;
use crate::exchange::RawHead;
use crate::http::Fields;
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use tempfile::TempDir;

/// A document root, a request and a server to be asked about.
struct Stage {
    folder: TempDir,
    request: Request,
    peer: Peer,
    environment: Environment,
    hidden: Vec<PathBuf>,
    url_base: &'static str,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let names = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, host)| ((*name).to_owned(), (*host).to_owned())).collect::<BTreeMap<_, _>>()
        };
        let browser = names(&[("", "wpt.test"), ("www", "www.wpt.test"), ("élève", "xn--lve-6lad.wpt.test")]);
        let alternate = names(&[("", "other.test"), ("www", "www.other.test")]);
        let absent = names(&[("nonexistent", "nonexistent.wpt.test")]);
        let environment = Environment {
            browser_host: "wpt.test".to_owned(),
            hosts: [(String::new(), browser), ("alt".to_owned(), alternate)].into(),
            not_hosts: [(String::new(), absent)].into(),
            ports: [("http".to_owned(), vec![8000, 8001]), ("h2".to_owned(), vec![9000])].into(),
            doc_root: folder.path().canonicalize().unwrap(),
            config: json!({
                "check_subdomains": true, "bind_address": "127.0.0.1", "server_host": null,
                "aliases": [{ "url-path": "/a/", "local-dir": "a" }], "logging": { "level": "info" }, "latency": 5,
            }),
        };
        let fields = [("X-Test", "PASS"), ("x-twice", "1"), ("X-Twice", "2"), ("x-raw", "<'\"&>")];
        let octets = |text: &'static str| Bytes::from_static(text.as_bytes());
        let request = Request {
            method: octets("GET"),
            scheme: octets("https"),
            authority: octets("WWW.wpt.test:9000"),
            target: octets("/sub/dir/file.sub.txt?a=1&a=2&empty=&plus=x+y%26&%C3%A9=e&raw=%ff"),
            connect_protocol_known: true,
            fields: Fields::from(fields),
            raw: RawHead::Pushed,
            routing: crate::exchange::Routing::default(),
        };
        let peer = Peer { server_port: 8443, ..Peer::default() };
        Self { folder, request, peer, environment, hidden: Vec::new(), url_base: "/" }
    }

    fn substitute(&self, content: &[u8], escape: Escape) -> Result<Vec<u8>, TemplateError> {
        let Self { request, peer, environment, hidden, url_base, .. } = self;
        substitute(
            content,
            &Scope { request, peer, url_base, doc_root: &environment.doc_root, environment, hidden },
            escape,
        )
    }

    fn text(&self, content: &str) -> String {
        String::from_utf8(self.substitute(content.as_bytes(), Escape::None).unwrap()).unwrap()
    }

    fn error(&self, content: &str) -> String {
        self.substitute(content.as_bytes(), Escape::None).unwrap_err().to_string()
    }

    fn file(&self, name: &str, content: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

#[test]
fn hosts_and_ports() {
    let stage = Stage::new();
    for (template, text) in [
        ("{{host}}", "wpt.test"),
        ("{{domains[]}} {{domains[www]}}", "wpt.test www.wpt.test"),
        ("{{domains[élève]}}", "xn--lve-6lad.wpt.test"),
        ("{{domains[nonexistent]}} {{not_domains[][nonexistent]}}", "nonexistent.wpt.test nonexistent.wpt.test"),
        ("{{hosts[][]}} {{hosts[][www]}}", "wpt.test www.wpt.test"),
        ("{{hosts[alt][]}} {{hosts[alt][www]}}", "other.test www.other.test"),
        ("{{ports[http][0]}} {{ports[http][1]}} {{ports[http][-1]}} {{ports[h2][0]}}", "8000 8001 8001 9000"),
    ] {
        assert_eq!(stage.text(template), text, "{template}");
    }
}

#[test]
fn the_request() {
    let stage = Stage::new();
    for (template, text) in [
        ("{{headers[X-Test]}} {{headers[x-test]}} {{headers[X-TWICE]}}", "PASS PASS 1, 2"),
        ("{{header_or_default(X-Test, absent)}} {{header_or_default(X-None, not there)}}", "PASS not there"),
        ("{{header_or_default(X-None,)}}|", "|"),
        ("{{GET[a]}} {{GET[plus]}} {{GET[é]}} [{{GET[empty]}}{{GET[none]}}]", "1 x y& e []"),
        ("{{location[server]}}", "https://www.wpt.test:9000"),
        ("{{location[scheme]}} {{location[host]}}", "https www.wpt.test:9000"),
        ("{{location[hostname]}} {{location[port]}}", "www.wpt.test 9000"),
        ("{{location[path]}} {{location[pathname]}}", "/sub/dir/file.sub.txt /sub/dir/file.sub.txt"),
        ("{{location[query]}}", "?a=1&a=2&empty=&plus=x+y%26&%C3%A9=e&raw=%ff"),
        ("{{url_base}}", "/"),
    ] {
        assert_eq!(stage.text(template), text, "{template}");
    }
    assert_eq!(stage.substitute(b"{{GET[raw]}}", Escape::Html).unwrap(), b"\xff", "octets stay what they are");
}

#[test]
fn a_location_always_has_its_port_and_its_question_mark() {
    let mut stage = Stage::new();
    stage.request.authority = Bytes::from_static(b"wpt.test");
    stage.request.target = Bytes::from_static(b"/");
    assert_eq!(stage.text("{{location[host]}} {{location[query]}}"), "wpt.test:8443 ?");
    stage.request.authority = Bytes::from_static(b"[::1]");
    assert_eq!(stage.text("{{location[host]}} {{location[hostname]}}"), "[::1]:8443 [::1]");
    stage.request.authority = Bytes::from_static(b"[::1]:80");
    assert_eq!(stage.text("{{location[host]}} {{location[port]}}"), "[::1]:80 80");
    stage.request.authority = Bytes::new();
    assert_eq!(stage.text("{{location[server]}}"), "https://wpt.test:8443");
}

#[test]
fn the_configuration() {
    let stage = Stage::new();
    for (template, text) in [
        ("{{check_subdomains}} {{bind_address}} {{latency}}", "True 127.0.0.1 5"),
        ("{{logging[level]}} {{aliases[0][url-path]}} {{aliases[-1][local-dir]}}", "info /a/ a"),
    ] {
        assert_eq!(stage.text(template), text, "{template}");
    }
    assert!(stage.error("{{logging}}").ends_with("logging is not a single value; choose one with [key]"));
    assert!(stage.error("{{logging[color]}}").ends_with("logging has no [color]; it has [level]"));
    assert!(stage.error("{{aliases[1]}}").ends_with("aliases has no [1]; it has [0] alone"));
    assert!(stage.error("{{aliases[0][url-path][x]}}").contains("has no parts"));
    assert!(stage.error("{{server_host}}").contains("it is not set"));
}

#[test]
fn variables() {
    let stage = Stage::new();
    let text = stage.text("{{$id:uuid()}} {{$id}} {{$p:ports[http][1]}} {{$p}} {{$q:$p}} {{$q}}");
    let words: Vec<&str> = text.split(' ').collect();
    assert_eq!(words[0], words[1]);
    assert!(uuid::Uuid::try_parse(words[0]).is_ok(), "{text}");
    assert_eq!(words[2..], ["8001", "8001", "8001", "8001"]);
    assert_ne!(stage.text("{{uuid()}}"), stage.text("{{uuid()}}"));
    assert!(stage.error("{{$x}}").contains("the variable $x is not set"));
}

#[test]
fn hashes_are_those_of_wptserve() {
    let stage = Stage::new();
    stage.file("sub_file_hash.txt", "abc");
    for (algorithm, hash) in [
        ("md5", "kAFQmDzST7DWlj99KOF/cg=="),
        ("sha1", "qZk+NkcGgWq6PiVxeFDCbJzQ2J0="),
        ("sha224", "Iwl9IjQF2CKGQqR3vaJVsyqtvOS9oLP342ydpw=="),
        ("sha256", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="),
        ("sha384", "ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn"),
        ("sha512", "3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw=="),
    ] {
        assert_eq!(stage.text(&format!("{{{{file_hash({algorithm}, sub_file_hash.txt)}}}}")), hash);
        assert_eq!(stage.text(&format!("{{{{file_hash({algorithm},/sub_file_hash.txt)}}}}")), hash);
    }
    assert!(stage.error("{{file_hash(sha3, x)}}").contains("md5, sha1, sha224, sha256, sha384 or sha512"));
    assert!(stage.error("{{file_hash(md5, none.txt)}}").contains("the file none.txt cannot be read"));
    assert!(stage.error("{{file_hash(md5)}}").contains("file_hash(algorithm, path)"));
    fs::create_dir(stage.folder.path().join("folder")).unwrap();
    assert!(stage.error("{{file_hash(md5, folder)}}").contains("the file folder is not a regular file"));
}

#[test]
fn paths_in_the_file_system() {
    let stage = Stage::new();
    let root = stage.environment.doc_root.to_string_lossy().into_owned();
    for (template, path) in [
        ("{{fs_path(x.txt)}}", "sub/dir/x.txt"),
        ("{{fs_path(../x.txt)}}", "sub/x.txt"),
        ("{{fs_path(../../x.txt)}}", "x.txt"),
        ("{{fs_path(/x.txt)}}", "x.txt"),
        ("{{fs_path(/a/../x.txt)}}", "x.txt"),
    ] {
        assert_eq!(stage.text(template), format!("{root}/{path}"), "{template}");
    }
    let mut mounted = Stage::new();
    mounted.url_base = "/sub/";
    let root = mounted.environment.doc_root.to_string_lossy().into_owned();
    assert_eq!(mounted.text("{{fs_path(x.txt)}} {{url_base}}"), format!("{root}/dir/x.txt /sub/"));
}

#[test]
fn no_file_outside_the_root_nor_a_hidden_one() {
    let mut stage = Stage::new();
    // Without the dot that names of temporary folders begin with.
    let outside = tempfile::Builder::new().prefix("outside").tempdir().unwrap();
    fs::write(outside.path().join("secret"), "x").unwrap();
    stage.file("keys/key.pem", "x");
    stage.file(".git/config", "x");
    stage.hidden = vec![stage.folder.path().join("keys").canonicalize().unwrap()];
    std::os::unix::fs::symlink(outside.path(), stage.folder.path().join("link")).unwrap();
    std::os::unix::fs::symlink(stage.folder.path().join("keys"), stage.folder.path().join("shown")).unwrap();
    let absolute = outside.path().join("secret");
    for name in [
        "../../../secret",
        "/../secret",
        "/link/secret",
        "/link/none",
        "/keys/key.pem",
        "/keys/none",
        "/shown/key.pem",
        "/.git/config",
        "/a\\b",
        "/a\0b",
    ] {
        for function in ["fs_path(", "file_hash(md5,"] {
            let error = stage.error(&format!("{{{{{function}{name})}}}}"));
            assert!(error.ends_with("is outside the document root, or hidden"), "{name}: {error}");
        }
    }
    let absolute = absolute.to_string_lossy();
    assert!(stage.error(&format!("{{{{file_hash(md5, {absolute})}}}}")).contains("cannot be read"), "{absolute}");
}

#[test]
fn escaping_by_file_type() {
    let stage = Stage::new();
    let html = stage.substitute(b"<p>{{headers[x-raw]}}</p>", Escape::Html).unwrap();
    assert_eq!(html, b"<p>&lt;&#x27;&quot;&amp;&gt;</p>");
    assert_eq!(stage.text("{{headers[x-raw]}}"), "<'\"&>");
    for (name, escape) in [
        ("a.sub.html", Escape::Html),
        ("a.sub.htm", Escape::Html),
        ("a.sub.xht", Escape::Html),
        ("a.sub.xhtml", Escape::Html),
        ("a.sub.xml", Escape::Html),
        ("a.sub.svg", Escape::Html),
        ("a.sub.js", Escape::None),
        ("a.sub.HTML", Escape::None),
        ("html", Escape::None),
        ("a.html.sub.txt", Escape::None),
    ] {
        assert_eq!(Escape::by_file_name(name), escape, "{name}");
    }
    assert!(is_template("a.sub.html") && is_template("a.sub.any.js") && !is_template("sub.html"));
}

#[test]
fn what_is_no_expression_stays() {
    let stage = Stage::new();
    for same in ["", "{", "{{", "{{host", "{{host}", "{{host} }", "{{ho}st}}", "{host}}", "}}{{", "{{\n}", "{{{{{{"] {
        assert_eq!(stage.text(same), same);
    }
    assert_eq!(stage.text("{{a}b}}{{host}}{{"), "{{a}b}}wpt.test{{");
    assert_eq!(stage.text("{{host}}}"), "wpt.test}");
    // As in wptserve, what cannot be read after an expression is passed over.
    assert_eq!(stage.text("{{host }}{{host|x}}{{host[}}{{host(}}"), "wpt.testwpt.testwpt.testwpt.test");
}

#[test]
fn what_means_nothing_is_named_with_its_place() {
    let stage = Stage::new();
    let unknown = stage.error("first\nä {{domain}}");
    assert_eq!(unknown, "{{domain}} at line 2, column 3: there is no name domain; did you mean domains?");
    assert!(stage.error("{{zzzz}}").contains("there is no name zzzz, in templates"));
    for wrong in ["{{}}", "{{ host}}", "{{{host}}}", "{{[x]}}", "{{$a:}}", "{{$}}", "{{host[0]host}}", "{{é}}"] {
        assert!(stage.error(wrong).contains("an expression is a name"), "{wrong}: {}", stage.error(wrong));
    }
    for (wrong, text) in [
        ("{{hosts[none][]}}", "hosts has no [none]; it has [], [alt]"),
        ("{{domains[none]}}", "domains has no [none]; it has [], [www], [élève], [nonexistent]"),
        ("{{ports[wss][0]}}", "ports has no [wss]; it has [h2], [http]; [ports] of the configuration opens more"),
        ("{{ports[h2c][0]}}", "ports has no [h2c]; it has [h2], [http]; `wireserve serve --h2c` opens it"),
        ("{{ports[http][2]}}", "ports[http] has no [2]; it has [0] to [1]"),
        ("{{ports[http][x]}}", "ports[http] has no [x]"),
        ("{{ports[http]}}", "ports[http] is not a single value; choose one with [index]"),
        ("{{headers[none]}}", "headers has no [none]; header_or_default"),
        ("{{location[hash]}}", "location has no [hash]; it has [server]"),
        ("{{headers}}", "choose one with [name]"),
        ("{{uuid}}", "uuid is a function; it is called as uuid()"),
        ("{{uuid(1)}}", "it is called as uuid()"),
        ("{{host()}}", "\"wpt.test\" is not a function"),
        ("{{host[0]}}", "\"wpt.test\" has no parts"),
    ] {
        let error = stage.error(wrong);
        assert!(error.contains(text), "{wrong}: {error}");
    }
    let not_utf8 = stage.substitute(b"{{GET[\xff]}}", Escape::None).unwrap_err();
    assert!(not_utf8.to_string().ends_with("is not UTF-8"), "{not_utf8}");
}

#[test]
#[cfg(unix)]
fn what_is_no_regular_file_is_not_hashed() {
    let stage = Stage::new();
    let _listener = std::os::unix::net::UnixListener::bind(stage.folder.path().join("socket")).unwrap();
    assert!(stage.error("{{file_hash(md5, socket)}}").ends_with("the file socket is not a regular file"));
}

#[test]
fn one_template_hashes_so_much_and_no_more() {
    let stage = Stage::new();
    let file = fs::File::create(stage.folder.path().join("half")).unwrap();
    file.set_len(functions::MAX_HASHED / 2).unwrap();
    let hash = "{{file_hash(md5, half)}}";
    assert_eq!(stage.text(&hash.repeat(2)).len(), 2 * 24);
    let error = stage.error(&hash.repeat(3));
    assert!(error.contains("line 1, column 49: the file half is too long"), "{error}");
    file.set_len(1 << 40).unwrap();
    assert!(stage.error(hash).contains("the file half is too long"));
}

#[test]
fn an_error_is_one_line_that_a_terminal_can_show() {
    let error = Stage::new().error("{{\n\u{1b}[2J\u{9b}}}");
    assert!(error.starts_with(r"{{\n\u{1b}[2J\u{9b}}} at line 1"), "{error}");
}

#[test]
fn results_are_bounded() {
    let mut stage = Stage::new();
    stage.request.fields = Fields::from([("x-long", "x".repeat(60_000))]);
    let error = stage.substitute("{{headers[x-long]}}".repeat(2_000).as_bytes(), Escape::None).unwrap_err();
    assert_eq!(error.fault, Fault::TooLarge(MAX_RESULT));
}

#[test]
fn bombs_take_linear_time() {
    let stage = Stage::new();
    let huge = 4 << 20;
    for part in ["{", "{{", "{{}", "{{a} ", "}", "{{{}"] {
        let bomb = part.repeat(huge / part.len());
        assert_eq!(stage.substitute(bomb.as_bytes(), Escape::None).unwrap(), bomb.as_bytes(), "{part}");
    }
    let inside = |part: &str| format!("{{{{host{}}}}}", part.repeat(huge / part.len()));
    for part in ["[", "(", "(,", " ", "$"] {
        assert!(stage.text(&inside(part)).starts_with("wpt.test"), "{part}");
    }
    for part in ["[]", "()", "a"] {
        assert!(stage.substitute(inside(part).as_bytes(), Escape::None).is_err(), "{part}");
    }
}

proptest! {
    #![proptest_config(crate::properties::config(256))]

    #[test]
    fn any_octets_are_replaced_or_refused(content: Vec<u8>) {
        let stage = Stage::new();
        // No more than that it comes to an end.
        let _ = stage.substitute(&content, Escape::Html);
    }

    #[test]
    fn any_expression_is_replaced_or_refused(content in "(\\{\\{[$a-zA-Z_\\[\\](), :0-9-]{0,20}\\}\\}|[ {}])*") {
        let stage = Stage::new();
        if let Err(error) = stage.substitute(content.as_bytes(), Escape::None) {
            prop_assert!(error.to_string().contains("at line 1"));
        }
    }
}
