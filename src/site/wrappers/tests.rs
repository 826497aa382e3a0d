use super::*;
use crate::exchange::Content;
use std::path::Path;

/// The text that is generated at `path` around a test with this text, or why it is not.
fn generate(path: &str, query: Option<&str>, test: &str) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("test.js");
    std::fs::write(&source, test).unwrap();
    let wrapper = find(path.as_bytes()).next().unwrap_or_else(|| panic!("nothing is generated at {path}"));
    let generated = Generated::new(wrapper, path.as_bytes(), source, true);
    let prepared = generated.prepare(query.map(str::as_bytes)).map_err(|error| error.to_string())?;
    let Content::Whole(content) = prepared.content else { panic!("content in pieces") };
    Ok(String::from_utf8(content.to_vec()).unwrap())
}

fn page(path: &str, test: &str) -> String {
    generate(path, None, test).unwrap()
}

/// Checks that the words come in this order.
#[track_caller]
fn in_order(text: &str, words: &[&str]) {
    let mut rest = text;
    for word in words {
        let Some((_, after)) = rest.split_once(word) else { panic!("{word:?} does not follow in {text}") };
        rest = after;
    }
}

const HARNESS: [&str; 2] = [
    "<script src=\"/resources/testharness.js\"></script>",
    "<script src=\"/resources/testharnessreport.js\"></script>",
];

#[test]
fn a_window_page_has_title_timeout_harness_scripts_and_the_test_in_this_order() {
    let test =
        "// META: script=/common/a.js?a&b=\"c\"\n// META: title=A & <b>\n// META: timeout=long\n// META: script=b.js\n";
    let expected = [
        "<!doctype html>",
        "<meta charset=utf-8>",
        "<title>A &amp; &lt;b></title>",
        "<meta name=\"timeout\" content=\"long\">",
        HARNESS[0],
        HARNESS[1],
        "<script src=\"/common/a.js?a&amp;b=&quot;c&quot;\"></script>",
        "<script src=\"b.js\"></script>",
        "<div id=log></div>",
    ];
    let window = page("/a/x.window.html", test);
    in_order(&window, &[&expected[..], &["<script src=\"/a/x.window.js\"></script>"]].concat());
    assert!(!window.contains("GLOBAL"));
    let any = page("/a/x.any.html", test);
    in_order(&any, &[&expected[..], &["<script src=\"/a/x.any.js\"></script>"]].concat());
    in_order(&any, &["isWindow() { return true; }", "isWorker() { return false; }", HARNESS[0]]);
    let module = page("/x.any.window-module.html", "// META: global=window-module");
    in_order(&module, &["<script type=module src=\"/x.any.js\"></script>"]);
    let extension = page("/x.extension.html", "");
    in_order(
        &extension,
        &[HARNESS[1], "testdriver.js?feature=extensions", "web-extensions-helper.js", "x.extension.js"],
    );
    for timeout in ["// META: timeout=short", "// META: timeout=", ""] {
        assert!(!page("/x.window.html", timeout).contains("timeout"), "{timeout}");
    }
}

#[test]
fn worker_pages_pass_the_query_on_and_leave_the_scripts_to_the_worker() {
    for (global, path, expected) in [
        ("dedicatedworker", "/x.any.worker.html", "new Worker(\"/x.any.worker.js?a=1&b\"))"),
        (
            "dedicatedworker-module",
            "/x.any.worker-module.html",
            "new Worker(\"/x.any.worker-module.js?a=1&b\", { type: \"module\" }))",
        ),
        ("sharedworker", "/x.any.sharedworker.html", "new SharedWorker(\"/x.any.worker.js?a=1&b\"))"),
        (
            "sharedworker-module",
            "/x.any.sharedworker-module.html",
            "new SharedWorker(\"/x.any.worker-module.js?a=1&b\", { type: \"module\" }))",
        ),
        ("serviceworker", "/x.any.serviceworker.html", "register(\"/x.any.worker.js?a=1&b\", { scope })"),
        (
            "serviceworker-module",
            "/x.any.serviceworker-module.html",
            "register(\"/x.any.worker-module.js?a=1&b\", { scope, type: \"module\" })",
        ),
        (
            "shadowrealm",
            "/x.any.shadowrealm-in-dedicatedworker.html",
            "new Worker(\"/x.any.worker-shadowrealm.js?a=1&b\"))",
        ),
        (
            "shadowrealm",
            "/x.any.shadowrealm-in-sharedworker.html",
            "new SharedWorker(\"/x.any.worker-shadowrealm.js?a=1&b\"))",
        ),
        (
            "shadowrealm",
            "/x.https.any.shadowrealm-in-serviceworker.html",
            "register(\"/x.any.serviceworker-shadowrealm.js?a=1&b\", { scope })",
        ),
        ("worker", "/x.worker.html", "new Worker(\"/x.worker.js?a=1&b\"))"),
        (
            "dedicatedworker-module",
            "/x.worker-module.html",
            "new Worker(\"/x.worker.js?a=1&b\", { type: \"module\" }))",
        ),
    ] {
        let test = format!("// META: global={global}\n// META: script=helper.js\n// META: title=T");
        let text = generate(path, Some("a=1&b"), &test).unwrap();
        in_order(&text, &["<title>T</title>", HARNESS[0], HARNESS[1], "<div id=log></div>", expected]);
        assert!(!text.contains("helper.js"), "{text}");
        assert!(!page(path, &test).contains('?'), "no query, no question mark: {path}");
    }
}

#[test]
fn worker_scripts_import_the_harness_the_scripts_and_the_test() {
    let test = "// META: title=A \"b\"\n// META: script=/a.js\n// META: script=b.js?\"\\\n";
    in_order(
        &page("/d/x.any.worker.js", test),
        &[
            "isWindow() { return false; }",
            "isWorker() { return true; }",
            "importScripts(\"/resources/testharness.js\");",
            "self.META_TITLE = \"A \\\"b\\\"\";",
            "importScripts(\"/a.js\");",
            "importScripts(\"b.js?\\\"\\\\\");",
            "importScripts(\"/d/x.any.js\");",
            "done();",
        ],
    );
    in_order(
        &page("/d/x.any.worker-module.js", test),
        &[
            "isWorker",
            "import \"/resources/testharness.js\";",
            "import \"/a.js\";",
            "import \"/d/x.any.js\";",
            "done();",
        ],
    );
    // A bare name would be looked for in an import map.
    in_order(&page("/d/x.any.worker-module.js", test), &["import \"./b.js?"]);
    for url in ["https://h/a.js", "../a.js", "./a.js", "//h/a.js", "data:text/javascript,"] {
        let script = page("/x.any.worker-module.js", &format!("// META: script={url}"));
        in_order(&script, &[&format!("import \"{url}\";")]);
    }
}

#[test]
fn realms_load_the_harness_and_the_test_inside() {
    let test = "// META: global=shadowrealm\n// META: title=T\n// META: script=a.js?`${x}";
    let window = page("/x.any.shadowrealm-in-window.html", test);
    let code = [
        "testharness-shadowrealm-outer.js\"></script>",
        "new ShadowRealm()",
        "testharness-shadowrealm-inner.js",
        "import(\"/resources/testharness.js\")",
        "setShadowRealmGlobalProperties",
        "await import(\"./a.js?\\`\\${x}\");",
        "await import(\"/x.any.js\");",
        "fetch_tests_from_shadow_realm(realm)",
    ];
    in_order(&window, &code);
    assert_eq!(page("/x.any.shadowrealm.html", test), window);
    let inner = page("/x.any.shadowrealm-in-shadowrealm.html", test);
    in_order(
        &inner,
        &["outer = new ShadowRealm()", "inner = new ShadowRealm()", "./a.js?\\\\\\`\\\\\\${x}", "/x.any.js"],
    );
    let worklet = page("/x.https.any.shadowrealm-in-audioworklet.html", test);
    in_order(&worklet, &["AudioContext", "\"/x.any.audioworklet-shadowrealm.js\"", "fetch_tests_from_worker"]);
    for (path, import) in [
        ("/x.any.worker-shadowrealm.js", "await import"),
        ("/x.any.serviceworker-shadowrealm.js", "await fakeDynamicImport"),
        ("/x.any.audioworklet-shadowrealm.js", "await fakeDynamicImport"),
    ] {
        let script = generate(path, Some("q"), test).unwrap();
        let import = format!("{import}(\"/x.any.js\")");
        in_order(&script, &["new ShadowRealm()", "META_TITLE = \"T\"", &import, "begin_shadow_realm_tests"]);
        assert_eq!(script.contains("\"?q\""), !path.contains("worklet"), "{script}");
    }
}

#[test]
fn tests_of_test262_run_in_a_frame_that_loads_what_they_include() {
    let test =
        "/*---\nincludes: [compareArray.js]\nflags: [async]\nnegative:\n  phase: parse\n  type: SyntaxError\n---*/\n1;";
    for (page_path, frame) in [
        ("/x.test262.html", "/x.test262-test.html"),
        ("/x.test262-module.html", "/x.test262-module-test.html"),
        ("/x.test262.strict.html", "/x.test262-test.strict.html"),
    ] {
        in_order(&page(page_path, test), &[HARNESS[0], HARNESS[1], "test262HarnessDone", &format!("src=\"{frame}\"")]);
    }
    let expected = [
        "test262-reporter.js",
        "/third_party/test262/harness/assert.js",
        "sta.js",
        "test262-provider.js",
        "/third_party/test262/harness/compareArray.js",
        "doneprintHandle.js",
        "test262Negative(\"SyntaxError\", \"parse\")",
        "test262IsAsync(true)",
        "test262Setup()",
    ];
    let runs = |path: &str, test_path: &str| in_order(&page(path, test), &[&expected[..], &[test_path]].concat());
    runs("/x.test262-test.html", "<script src=\"/x.js\"");
    runs("/x.test262-test.strict.html", "<script src=\"/x.test262.strict.js\"");
    runs("/x.test262-module-test.html", "import(\"/x.js\")");
    in_order(&page("/x.test262.strict.js", test), &["\"use strict\";", "\n1;"]);
}

#[test]
fn a_test_that_runs_elsewhere_has_no_page() {
    let test = "// META: global=window";
    let refused = generate("/x.any.worker.html", None, test).unwrap_err();
    in_order(&refused, &["This test cannot be loaded in dedicatedworker mode", "global=window"]);
    let refused = generate("/x.any.sharedworker.html", None, "").unwrap_err();
    in_order(&refused, &["sharedworker mode", "window,dedicatedworker"]);
    for path in
        ["/x.any.worker-module.html", "/x.any.window-module.html", "/x.worker-module.html", "/x.any.shadowrealm.html"]
    {
        assert!(generate(path, None, "").is_err(), "{path}");
    }
    // The worker's script is there whoever asks.
    assert!(generate("/x.any.worker.js", None, test).is_ok());
    let wrapper = find(b"/x.any.html").next().unwrap();
    let gone = Generated::new(wrapper, b"/x.any.html", Path::new("/nowhere/x.any.js").into(), true);
    let error = gone.prepare(None).unwrap_err();
    assert_eq!((error.status(), error.to_string().contains("/nowhere/x.any.js")), (404, true));
}

#[test]
fn a_path_and_a_query_cannot_break_out() {
    let hostile = "/\"><img>`${a}\\\u{e9}.any.html";
    let text = generate(hostile, Some("\"));alert(1)//</script>"), "").unwrap();
    in_order(&text, &["src=\"/%22%3E%3Cimg%3E%60$%7Ba%7D%5C%C3%A9.any.js\""]);
    let text = generate("/&.any.worker.html", Some("\"));alert(1)//</script>"), "").unwrap();
    in_order(&text, &["new Worker(\"/&.any.worker.js?%22));alert(1)//%3C/script%3E\")"]);
    in_order(&page("/&.any.html", ""), &["src=\"/&amp;.any.js\""]);
}

#[test]
fn a_page_without_harness_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("x.any.js");
    std::fs::write(&source, "").unwrap();
    let generated = Generated::new(find(b"/x.any.html").next().unwrap(), b"/x.any.html", source, false);
    let Content::Whole(content) = generated.prepare(None).unwrap().content else { panic!("content in pieces") };
    in_order(&String::from_utf8_lossy(&content), &[HARNESS[1], "<p>The harness", "wpt-runner", "</p>", "<div id=log>"]);
}

/// Every end that serve.py has a route for.
#[test]
fn the_table_is_whole() {
    for end in [
        "worker.html",
        "worker-module.html",
        "window.html",
        "extension.html",
        "test262.html",
        "test262-test.html",
        "test262-module.html",
        "test262-module-test.html",
        "test262.strict.html",
        "test262-test.strict.html",
        "test262.strict.js",
        "any.html",
        "any.sharedworker.html",
        "any.sharedworker-module.html",
        "any.serviceworker.html",
        "any.serviceworker-module.html",
        "any.shadowrealm-in-window.html",
        "any.shadowrealm-in-shadowrealm.html",
        "any.shadowrealm-in-dedicatedworker.html",
        "any.shadowrealm-in-sharedworker.html",
        "any.shadowrealm-in-serviceworker.html",
        "any.shadowrealm-in-audioworklet.html",
        "any.window-module.html",
        "any.worker.js",
        "any.worker-module.js",
        "any.serviceworker-shadowrealm.js",
        "any.worker-shadowrealm.js",
        "any.audioworklet-shadowrealm.js",
    ] {
        assert!(find(format!("/x.{end}").as_bytes()).next().is_some(), "{end}");
    }
    for path in ["/x.any.js", "/x.html", "/any.html", "/x.window.js", "/x.worker.js", "/x.any.htm", "/x.ANY.html"] {
        assert!(find(path.as_bytes()).next().is_none(), "{path}");
    }
}

#[test]
fn a_test_that_is_too_long_for_a_page_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("test.js");
    let file = std::fs::File::create(&source).unwrap();
    let generate = |path: &[u8]| {
        let wrapper = find(path).next().unwrap();
        Generated::new(wrapper, path, source.clone(), true).prepare(None)
    };
    file.set_len(MAX_TEXT).unwrap();
    assert!(generate(b"/test.test262-test.html").is_ok());
    file.set_len(1 << 40).unwrap();
    let error = generate(b"/test.test262-test.html").unwrap_err();
    assert!(matches!(error, WrapError::TooLong(_)) && error.status() == 500, "{error}");
    assert!(generate(b"/test.window.html").is_ok(), "whose text is not in the page");
}
