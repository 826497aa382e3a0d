use super::*;
use crate::site::options::{Alias, Options, Rewrite, Route};
use crate::site::{Environment, Roots, SiteError};
use tempfile::TempDir;

struct Served {
    folder: TempDir,
    options: Options,
}

impl Served {
    /// A folder with these files; below it, `doc` is the document root and `handlers` has the handlers.
    fn new(files: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("doc")).unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        Self { folder, options: Options::default() }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn alias(mut self, url_path: &str, folder: &str) -> Self {
        let local_dir = self.path(folder);
        self.options.aliases.push(Alias { url_path: url_path.to_owned(), local_dir });
        self
    }

    fn route(mut self, methods: &[&str], path: &str, target: Target) -> Self {
        let methods = methods.iter().map(|method| (*method).to_owned()).collect();
        self.options.routes.push(Route { methods, path: path.to_owned(), target });
        self
    }

    fn rewrite(mut self, from: &str, to: &str) -> Self {
        self.options.rewrites.push(Rewrite { methods: Vec::new(), from: from.to_owned(), to: to.to_owned() });
        self
    }

    fn site(&self) -> Site {
        let roots = Roots {
            document: self.path("doc"),
            handlers: vec![self.path("handlers")],
            hidden: self.path("secret").canonicalize().into_iter().collect(),
            mounted: Vec::new(),
        };
        Site::new(roots, &self.options, Environment::default()).unwrap()
    }

    fn found(&self, method: &str, path: &str) -> Found {
        self.site().resolve(method.as_bytes(), path.as_bytes())
    }

    fn meaning(&self, path: &str) -> Meaning {
        self.found("GET", path).meaning
    }

    /// The file that answers, below the folder.
    fn file(&self, path: &str) -> String {
        let file = match self.meaning(path) {
            Meaning::File(file) | Meaning::Script(Source::File(file)) => file,
            Meaning::Generated(generated) => generated.source().to_path_buf(),
            other => panic!("{path}: {other:?}"),
        };
        file.strip_prefix(self.folder.path()).unwrap().to_string_lossy().into_owned()
    }
}

#[test]
fn pages_are_generated_where_their_test_is() {
    let served = Served::new(&[
        "doc/a/x.any.js",
        "doc/a/y.https.any.js",
        "doc/a/z.window.js",
        "doc/a/own.any.html",
        "doc/a/both.any.js",
        "doc/a/both.any.html",
        "doc/caf\u{e9} x.any.js",
        "handlers/h.any.js",
    ]);
    for (path, file) in [
        ("/a/x.any.html", "doc/a/x.any.js"),
        ("/a/x.any.worker.js", "doc/a/x.any.js"),
        ("/a/x.https.any.shadowrealm-in-serviceworker.html", "doc/a/x.any.js"),
        ("/a/y.https.any.shadowrealm-in-serviceworker.html", "doc/a/y.https.any.js"),
        ("/a/z.window.html", "doc/a/z.window.js"),
        ("/caf%C3%A9%20x.any.html", "doc/caf\u{e9} x.any.js"),
        ("/handlers/h.any.html", "handlers/h.any.js"),
        ("/a/both.any.html", "doc/a/both.any.js"),
    ] {
        assert_eq!(served.file(path), file, "{path}");
        assert!(matches!(served.meaning(path), Meaning::Generated(_)), "{path}");
    }
    // A page of one's own is there if no test is.
    assert_eq!(served.meaning("/a/own.any.html"), Meaning::File(served.path("doc/a/own.any.html")));
    for path in ["/a/none.any.html", "/a/z.any.html", "/a/x.window.html", "/a/x.any.html/", "/../a/x.any.html"] {
        assert_eq!(served.meaning(path), Meaning::Missing, "{path}");
    }
}

#[test]
fn the_later_alias_hides_the_earlier_and_the_document_root() {
    let served =
        Served::new(&["doc/m/a", "doc/m/b", "one/b", "one/x.any.js", "one/s.rhai", "two/b", "two/in/c", "one/f.js"])
            .alias("/m/", "one")
            .alias("/m/n/", "two")
            .alias("/m/n/in/", "one")
            .alias("/scripts/g.js", "two");
    for (path, file) in [
        ("/m/b", "one/b"),
        ("/m/x.any.html", "one/x.any.js"),
        ("/m/s.rhai", "one/s.rhai"),
        ("/m/n/b", "two/b"),
        ("/m/n/in/b", "one/b"),
    ] {
        assert_eq!(served.file(path), file, "{path}");
    }
    for path in ["/m/a", "/m/n/in/c", "/m/..%2fdoc", "/m/../doc/m/a", "/scripts/b", "/scripts/g.js/", "/scripts/g.js"] {
        assert_eq!(served.meaning(path), Meaning::Missing, "{path}");
    }
    assert_eq!((served.meaning("/m"), served.meaning("/m/n/in")), (Meaning::AddSlash, Meaning::AddSlash));
    let mount = served.found("GET", "/m/n/b").mount.unwrap();
    assert_eq!((mount.url_base.as_str(), &mount.folder), ("/m/n/", &served.path("two")));
    assert_eq!(served.found("GET", "/b").mount, None);
}

#[test]
fn an_alias_without_slash_mounts_one_file() {
    let served = Served::new(&["doc/lib/a.js", "doc/lib/b.js", "other/a.js", "other/b.js"]).alias("/lib/a.js", "other");
    assert_eq!(served.file("/lib/a.js"), "other/a.js");
    assert_eq!(served.file("/lib/b.js"), "doc/lib/b.js");
    assert_eq!(served.found("GET", "/lib/a.js").mount.unwrap().url_base, "/lib/");
}

#[test]
fn routes_come_before_files_and_lead_anywhere() {
    let served = Served::new(&["doc/a", "x/y/f.txt", "x/y/t.any.js", "x/s.rhai", "secret/key", "doc/both"]);
    let folder = || Target::Directory(served.path("x/y"));
    let (script, file) = (Target::Script(served.path("x/s.rhai")), Target::File(served.path("x/y/f.txt")));
    let (secret, gone) = (Target::File(served.path("secret/key")), Target::Script(served.path("gone.rhai")));
    let (below, one) = (folder(), folder());
    let served = served
        .route(&[], "/a", Target::Status(410))
        .route(&["POST"], "/both", script)
        .route(&["POST"], "/only/{what}", file)
        .route(&[], "/files/*", below)
        .route(&[], "/v{n}/one/{name}", one)
        .route(&[], "/secret", secret)
        .route(&[], "/gone", gone);
    assert_eq!(served.meaning("/a"), Meaning::Status(410));
    assert_eq!(served.file("/files/f.txt"), "x/y/f.txt");
    assert_eq!(served.file("/files/t.any.html"), "x/y/t.any.js");
    assert_eq!(served.file("/v2/one/f.txt"), "x/y/f.txt");
    for path in ["/secret", "/gone", "/files/g", "/files/../s.rhai", "/files/%2e%2e/s.rhai", "/v2/one/.."] {
        assert_eq!(served.meaning(path), Meaning::Missing, "{path}");
    }
    let found = served.found("GET", "/v2/one/f.txt");
    assert_eq!(found.matched, [("n".to_owned(), "2".to_owned()), ("name".to_owned(), "f.txt".to_owned())]);
    assert_eq!(served.found("GET", "/files/f.txt").mount.unwrap().url_base, "/files/");
    // A file answers what its routes do not take, but no other method.
    assert_eq!(served.file("/both"), "doc/both");
    assert_eq!(served.found("POST", "/both").meaning, Meaning::Script(Source::File(served.path("x/s.rhai"))));
    let others = |methods: &[&str]| Meaning::OtherMethods(methods.iter().map(|method| (*method).to_owned()).collect());
    assert_eq!(served.found("PUT", "/both").meaning, others(&["GET", "HEAD", "POST"]));
    assert_eq!(served.meaning("/only/x"), others(&["POST"]));
    let by_method = |path: &str| served.found("GET", path).by_method;
    assert_eq!((by_method("/both"), by_method("/only/x"), by_method("/x")), (true, true, false));
}

#[test]
fn a_rewrite_puts_one_path_in_place_of_another_once() {
    let served = Served::new(&["doc/b", "doc/c", "doc/resources/webidl2/lib/webidl2.js"])
        .rewrite("/a", "/b")
        .rewrite("/b", "/c");
    assert_eq!((served.file("/a"), served.file("/b")), ("doc/b".to_owned(), "doc/c".to_owned()));
    assert_eq!(served.found("GET", "/a").rewritten.as_deref(), Some(&b"/b"[..]));
    assert_eq!(served.file("/resources/WebIDLParser.js"), "doc/resources/webidl2/lib/webidl2.js");
    let found = served.found("POST", "/resources/WebIDLParser.js");
    assert_eq!((found.rewritten, found.by_method), (None, true));
}

#[test]
fn what_serve_py_does_not_show_is_not_shown() {
    let served = Served::new(&[
        "doc/_certs/key",
        "doc/tools/serve.py",
        "doc/tools/runner/index.html",
        "doc/spec/tools/x",
        "doc/spec/deep/tools/x",
        "doc/results/x",
        "doc/.git/config",
        "doc/.well-known/change-password",
    ])
    .alias("/t/", "doc/tools");
    for path in ["/_certs/key", "/_certs/", "/tools/serve.py", "/tools/", "/spec/tools/x", "/spec/tools/", "/results/"]
    {
        assert_eq!(served.meaning(path), Meaning::Withheld, "{path}");
    }
    for (path, file) in [
        ("/tools/runner/index.html", "doc/tools/runner/index.html"),
        ("/spec/deep/tools/x", "doc/spec/deep/tools/x"),
        ("/results/x", "doc/results/x"),
        ("/.well-known/change-password", "doc/.well-known/change-password"),
    ] {
        assert_eq!(served.file(path), file, "{path}");
    }
    assert_eq!(served.meaning("/t/serve.py"), Meaning::Python);
    assert_eq!(served.meaning("/.git/config"), Meaning::Missing);
}

#[test]
fn a_script_of_the_same_name_stands_in_for_a_python_handler() {
    let served = Served::new(&[
        "doc/a.py",
        "doc/b.h2.py",
        "doc/b.h2.rhai",
        "doc/c.rhai",
        "doc/.well-known/web-identity",
        "doc/.well-known/private-aggregation/report",
        "doc/.well-known/private-aggregation/report.rhai",
        "handlers/d.rhai",
    ]);
    assert_eq!(served.meaning("/a.py"), Meaning::Python);
    assert_eq!(served.file("/b.h2.py"), "doc/b.h2.rhai");
    assert_eq!(served.file("/c.py"), "doc/c.rhai");
    assert_eq!(served.file("/handlers/d.py"), "handlers/d.rhai");
    assert_eq!(served.meaning("/none.py"), Meaning::Missing);
    assert_eq!(served.meaning("/.well-known/web-identity"), Meaning::Python);
    assert_eq!(
        served.file("/.well-known/private-aggregation/report"),
        "doc/.well-known/private-aggregation/report.rhai"
    );
    assert_eq!(served.meaning("/handlers/hello.py"), Meaning::Script(Source::Shipped("hello.rhai".to_owned())));
}

#[test]
fn tests_about_http_2_are_told_by_their_file_name() {
    let served = Served::new(&["doc/x.h2.any.js", "doc/d.h2.d/x.html"]);
    let is_for_http2 = |path: &str| served.found("GET", path).is_for_http2;
    assert!(is_for_http2("/x.h2.any.html") && is_for_http2("/x.h2.any.worker.js"));
    assert!(!is_for_http2("/d.h2.d/x.html") && !is_for_http2("/x.html"));
}

#[test]
fn a_missing_harness_is_told_from_a_missing_file() {
    let served = Served::new(&["doc/x.any.js"]);
    assert_eq!(served.meaning("/resources/testharness.js"), Meaning::NoHarness);
    let text = |served: &Served| format!("{:?}", served.meaning("/x.any.html"));
    assert!(text(&served).contains("has_harness: false"));
    let served = Served::new(&["doc/x.any.js", "doc/resources/testharness.js"]);
    assert!(text(&served).contains("has_harness: true"));
    let routed = Served::new(&["doc/x.any.js", "wpt/testharness.js"]);
    let target = Target::Directory(routed.path("wpt"));
    assert!(text(&routed.route(&[], "/resources/*", target)).contains("has_harness: true"));
}

#[test]
fn bad_options_are_named() {
    let served = Served::new(&[]).route(&[], "/{", Target::Status(200));
    let site = |options: &Options| {
        let roots =
            Roots { document: "/nowhere".into(), handlers: Vec::new(), hidden: Vec::new(), mounted: Vec::new() };
        Site::new(roots, options, Environment::default()).map(drop)
    };
    let error = site(&served.options).unwrap_err();
    assert!(matches!(&error, SiteError::Route(path, _) if path == "/{"), "{error}");
    let served = Served::new(&[]).alias("m/", "one");
    assert!(matches!(site(&served.options), Err(SiteError::Alias(_))));
    let options = Options { inject_script: Some("/nowhere/x.js".into()), ..Options::default() };
    assert!(site(&options).unwrap_err().to_string().contains("/nowhere/x.js"));
}
