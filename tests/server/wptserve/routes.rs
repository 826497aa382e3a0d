//! The pages and scripts that `serve.py` makes of a test: the part of `test_handlers.py` about them, and more.

use super::{Ask, both};
use crate::support::server::Server;

const EVERYWHERE: &str = "// META: global=window,dedicatedworker,sharedworker,serviceworker,shadowrealm,window-module,\
                          dedicatedworker-module,sharedworker-module,serviceworker-module\n";

fn server() -> Server {
    let meta = "// META: title=A & <title>\n// META: timeout=long\n// META: script=/common/a.js\n// META: script=b.js?x=\"1\"\n";
    Server::builder()
        .file("resources/testharness.js", "")
        .file("resources/testharnessreport.js", "")
        .file("test/foo.any.js", format!("{EVERYWHERE}test(() => {{}});\n"))
        .file("test/foo.any.js.headers", "X-Test: yes\nCross-Origin-Opener-Policy: same-origin\n")
        .file("test/foo.worker.js", "")
        .file("test/foo.window.js", "")
        .file("test/meta.any.js", meta)
        .file("test/default.any.js", "")
        .start()
}

#[test]
fn each_generated_page_has_its_type_and_scripts() {
    let server = server();
    let module = "{ type: \"module\" }";
    let pages: [(&str, &[&str]); 11] = [
        ("foo.any.html", &["<script src=\"/test/foo.any.js\"></script>"]),
        ("foo.window.html", &["<script src=\"/test/foo.window.js\"></script>"]),
        ("foo.any.window-module.html", &["type=module", "src=\"/test/foo.any.js\""]),
        ("foo.worker.html", &["new Worker(\"/test/foo.worker.js?a=1\")"]),
        ("foo.any.worker.html", &["new Worker(\"/test/foo.any.worker.js?a=1\")"]),
        ("foo.any.worker-module.html", &["new Worker(\"/test/foo.any.worker-module.js?a=1\"", module]),
        ("foo.any.sharedworker.html", &["new SharedWorker(\"/test/foo.any.worker.js?a=1\")"]),
        ("foo.any.sharedworker-module.html", &["new SharedWorker(\"/test/foo.any.worker-module.js?a=1\"", module]),
        ("foo.any.serviceworker.html", &["navigator.serviceWorker.register(\"/test/foo.any.worker.js?a=1\""]),
        ("foo.any.serviceworker-module.html", &["\"/test/foo.any.worker-module.js?a=1\"", "'module'"]),
        ("foo.any.shadowrealm.html", &["new ShadowRealm()", "/test/foo.any.js"]),
    ];
    for (name, words) in pages {
        both(&server, &Ask::get(&format!("/test/{name}?a=1")), |answer| {
            let text = answer.text();
            assert_eq!((answer.status, answer.get("content-type")), (200, Some("text/html")), "{text}");
            assert!(text.starts_with("<!doctype html>"), "{text}");
            let harness = ["/resources/testharness.js", "/resources/testharnessreport.js"];
            for word in words.iter().chain(&harness) {
                let quotes = |text: &str| text.replace('\'', "\"");
                assert!(quotes(&text).contains(&quotes(word)), "{name}: no {word} in {text}");
            }
        });
    }
}

#[test]
fn each_generated_script_has_its_type_and_imports() {
    let server = server();
    let scripts = [
        ("foo.any.worker.js", "importScripts(\"/resources/testharness.js\")", "importScripts(\"/test/foo.any.js\")"),
        ("foo.any.worker-module.js", "import \"/resources/testharness.js\"", "import \"/test/foo.any.js\""),
    ];
    for (name, harness, test) in scripts {
        both(&server, &Ask::get(&format!("/test/{name}")), |answer| {
            let text = answer.text();
            assert_eq!((answer.status, answer.get("content-type")), (200, Some("text/javascript")), "{text}");
            let places = [harness, test, "done()"].map(|word| text.find(word));
            assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} in {text}");
        });
    }
}

#[test]
fn meta_comments_go_into_the_page() {
    let server = server();
    both(&server, &Ask::get("/test/meta.any.html"), |answer| {
        let text = answer.text();
        for word in [
            "<title>A &amp; &lt;title>",
            "<meta name=\"timeout\" content=\"long\">",
            "<script src=\"/common/a.js\"></script>",
            "<script src=\"b.js?x=&quot;1&quot;\"></script>",
        ] {
            let text = text.replace("&gt;", ">");
            assert!(text.contains(word), "no {word} in {text}");
        }
    });
    both(&server, &Ask::get("/test/meta.any.worker.js"), |answer| {
        // A script may come to stand in a page, where `<` is better escaped.
        let text = answer.text().replace("\\u003c", "<");
        for word in
            ["META_TITLE = \"A & <title>\"", "importScripts(\"/common/a.js\")", "importScripts(\"b.js?x=\\\"1\\\"\")"]
        {
            assert!(text.contains(word), "no {word} in {text}");
        }
    });
}

#[test]
fn a_wrong_global_is_404_that_says_so() {
    let server = server();
    for (name, status) in
        [("html", 200), ("worker.html", 200), ("sharedworker.html", 404), ("serviceworker-module.html", 404)]
    {
        both(&server, &Ask::get(&format!("/test/default.any.{name}")), |answer| {
            assert_eq!(answer.status, status, "{}", answer.text());
            assert_eq!(status == 404, answer.text().contains("cannot be loaded in"), "{}", answer.text());
        });
    }
    both(&server, &Ask::get("/test/missing.any.html"), |answer| assert_eq!(answer.status, 404));
}

#[test]
fn fields_of_the_script_apply_to_its_page() {
    let server = server();
    for name in ["foo.any.html", "foo.any.worker.html", "foo.any.worker.js"] {
        both(&server, &Ask::get(&format!("/test/{name}")), |answer| {
            assert_eq!(answer.values("x-test"), ["yes"]);
            assert_eq!(answer.get("cross-origin-opener-policy"), Some("same-origin"));
        });
    }
    both(&server, &Ask::get("/test/foo.any.html?pipe=header(X-Test,no)|status(299)"), |answer| {
        assert_eq!((answer.status, answer.values("x-test")), (299, vec!["no"]));
    });
}

#[test]
fn what_serve_withholds_is_404_but_for_its_runner() {
    let mut builder = Server::builder();
    for path in ["_certs/x.txt", "tools/x.txt", "dom/tools/x.txt", "tools/runner/x.txt", "results/x.txt"] {
        builder = builder.file(path, "here");
    }
    let server = builder.start();
    for path in ["/_certs/x.txt", "/tools/x.txt", "/dom/tools/x.txt", "/results/"] {
        both(&server, &Ask::get(path), |answer| assert_eq!(answer.status, 404, "{path}"));
    }
    for path in ["/tools/runner/x.txt", "/results/x.txt"] {
        both(&server, &Ask::get(path), |answer| assert_eq!((answer.status, &*answer.text()), (200, "here"), "{path}"));
    }
}
