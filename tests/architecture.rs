//! The source tree against its own rules: which module may use which (the table in `src/lib.rs`), what the core must not
//! name, where `unsafe` may be, how long a file may be. And the fuzz targets' seeds, run as ordinary tests.

#![allow(clippy::disallowed_methods, reason = "tests read the environment")]

#[path = "tree/circles.rs"]
mod circles;
#[path = "tree/owners.rs"]
mod owners;
#[path = "tree/pages.rs"]
mod pages;
#[path = "tree/rules.rs"]
mod rules;
#[path = "tree/seeds.rs"]
mod seeds;
#[path = "tree/source.rs"]
mod source;

use circles::Graph;
use pages::Page;
use rules::Rules;
use source::Source;
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn the_tree_keeps_its_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = std::fs::read_to_string(root.join("src/lib.rs")).expect("src/lib.rs");
    let rules = Rules::from_table(&library).expect("src/lib.rs has the table of modules");
    let sources = Source::read_all(&root.join("src"));
    assert!(sources.len() > rules.modules().count(), "each module has a file at least");
    let broken: Vec<String> = sources.iter().flat_map(|source| rules.check(source)).collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn the_table_is_the_one_of_the_design() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = std::fs::read_to_string(root.join("src/lib.rs")).expect("src/lib.rs");
    let rules = Rules::from_table(&library).expect("src/lib.rs has the table of modules");
    for (module, uses) in [
        ("wire", &[][..]),
        ("http", &[]),
        ("h1", &["http"]),
        ("h2", &["http", "wire"]),
        ("exchange", &["h1", "h2", "http", "wire"]),
        ("site", &["exchange", "http"]),
        ("script", &["exchange", "http", "wire"]),
        ("transcript", &["h1", "h2", "http", "wire"]),
        ("net", &["http"]),
        ("client", &["h1", "h2", "http", "net", "transcript", "wire"]),
        ("config", &["client", "exchange", "h1", "h2", "net", "script", "site", "transcript", "wire"]),
        ("setup", &["config", "net", "script", "site"]),
    ] {
        assert_eq!(rules.uses(module), uses, "{module}");
    }
}

/// Circles of files that use each other, as [`circles`] defines it, and why each may be. A row names files, or whole
/// directories by a `/` at their end.
const CIRCLES: &[(&[&str], &str)] = &[
    (
        &["exchange/connection.rs", "exchange/conversation.rs"],
        "events find an exchange by its connection, and what an exchange sends goes out on its connection",
    ),
    (&["h1/connection.rs", "h1/respond.rs"], "the commands of `Connection` are in a file of their own"),
    (
        &["script/api/line_writer.rs", "script/api/response.rs", "script/api/writer.rs"],
        "a response and the ways to write it name each other",
    ),
    (&["script/stash/error.rs", "script/stash/key.rs"], "an error names the key, and a key may be wrong"),
    (&["site/files.rs", "site/files/", "site/pipes/mod.rs"], "files are piped, and a piped file may be sent as it is"),
    (&["site/pipes/call.rs", "site/pipes/error.rs"], "an error lists the pipes"),
    (&["site/template/"], "values of templates are made by functions of values"),
    (&["site/wrappers/"], "pages and scripts generated around tests name each other"),
    (&["wire/frame/"], "the enum `Payload` and its members name each other"),
    (&["wire/hpack/static_table.rs", "wire/hpack/table.rs"], "an index is into either table"),
];

#[test]
fn files_use_each_other_only_in_circles_with_a_reason() {
    let sources = Source::read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let circles = Graph::new(&sources).circles();
    let is_in = |file: &str, row: &[&str]| {
        row.iter().any(|name| file == *name || name.ends_with('/') && file.starts_with(name))
    };
    let unnamed =
        circles.iter().filter(|circle| !CIRCLES.iter().any(|(row, _)| circle.iter().all(|file| is_in(file, row))));
    let unnamed: Vec<&BTreeSet<&str>> = unnamed.collect();
    assert!(unnamed.is_empty(), "circles that CIRCLES does not allow: {unnamed:#?}");
    let in_circles: BTreeSet<&str> = circles.into_iter().flatten().collect();
    for name in CIRCLES.iter().flat_map(|(row, _)| *row) {
        let is_used = in_circles.iter().any(|file| is_in(file, &[*name]));
        assert!(is_used, "{name} is not in a circle: take it out of CIRCLES");
    }
}

/// Files stand from the bottom of their module up, so the table says what may call what inside of a module, too.
#[test]
fn the_page_lists_each_file_with_what_it_owns() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/maintainers/architecture.md"))
        .expect("docs/maintainers/architecture.md");
    let wrong = owners::check(&page, &Source::read_all(&root.join("src")));
    assert!(wrong.is_empty(), "docs/maintainers/architecture.md, \"Files and their owners\":\n{}", wrong.join("\n"));
}

#[test]
fn pages_have_live_links_and_plain_words() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = Page::read_all(root);
    assert!(pages.len() > 20, "only {} pages", pages.len());
    let wrong: Vec<String> = pages.iter().flat_map(|page| page.check(root, &pages)).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn comments_of_scripts_help_and_errors_use_plain_words() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = ["handlers", "src", "wpt.toml"].into_iter().flat_map(|name| walkdir::WalkDir::new(root.join(name)));
    let mut wrong = Vec::new();
    for entry in files.map(|entry| entry.expect("the tree can be read")) {
        let name = entry.path().strip_prefix(root).expect("below the root").to_string_lossy().into_owned();
        let read = || std::fs::read_to_string(entry.path()).expect("text");
        match name.rsplit_once('.') {
            Some((_, "rhai" | "toml")) => wrong.extend(pages::check_comments(&name, &read())),
            Some((_, "rs")) if !name.contains("tests") => wrong.extend(pages::check_texts(&name, &read())),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn plain_words_are_asked_of_texts_alone() {
    let text = "//! nobody\n#[cfg(test)]\nmod t { fn f() { g(\"anew\") } }\nfn f() { g(\"there is no x: nobody\") }\n";
    assert_eq!(pages::check_texts("a.rs", text), ["a.rs:4: \"nobody\": use a plainer word"]);
    let help = "/// Nobody\nstruct A;";
    assert_eq!(pages::check_texts("a/arguments.rs", help), ["a/arguments.rs:1: \"nobody\": use a plainer word"]);
    assert_eq!(pages::check_comments("a.rhai", "// anew\nlet anew = 1;"), ["a.rhai:1: \"anew\": use a plainer word"]);
}

#[test]
fn each_fault_of_a_page_is_found() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text =
        "# A `b.c`\n[x](#a-bc) [x](README.md) [x](docs/none.md) [x](#none)\nWhoever `whoever`\n\n    [x](anew.md)\n";
    let wrong = Page::new("a.md", text).check(root, &[Page::new("a.md", text)]);
    let expected = [
        "a.md:3: \"whoever\": use a plainer word",
        "a.md: the link to docs/none.md: there is no such file",
        "a.md: the link to #none: that page has no such heading",
    ];
    assert_eq!(wrong, expected);
}

/// Property tests with a configuration of their own would fail in CI at random, and forget what failed.
#[test]
fn property_tests_share_one_configuration() {
    const OPEN: &str = "proptest! {";
    let files = walkdir::WalkDir::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).into_iter();
    for file in files.map(|entry| entry.expect("src can be read").into_path()).filter(|path| path.is_file()) {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        for after in text.split(OPEN).skip(1) {
            assert!(
                after.trim_start().starts_with("#![proptest_config(crate::properties::config("),
                "{}: `proptest!` must begin with `#![proptest_config(crate::properties::config(cases))]`",
                file.display()
            );
        }
    }
}

/// A table of three modules, for tests of the rules themselves.
const TABLE: &str = "//! | module | what lives there | may use |\n//! |---|---|---|\n//! | [`wire`] | octets | – |\n\
                     //! | [`h2`] | engine | `wire` |\n//! | [`server`] | all | all above |\n";

/// What the rules say of one file.
fn judge(path: &str, text: &str) -> Vec<String> {
    Rules::from_table(TABLE).expect("a table").check(&Source::new(path, text))
}

#[test]
fn a_good_file_passes() {
    let text = "use crate::wire::{frame::{Flag, RawFrame}, hpack};\nuse std::{fmt, collections::HashMap};\n\
                /// Not `tokio::spawn`, nor \"unwrap()\".\nfn f() -> &'static str { \"std::net unsafe tokio::x\" }\n\
                #[cfg(test)]\nmod tests {\n    use std::fs;\n    fn g() { None::<u8>.unwrap(); }\n}\n\
                #[cfg(all(test, unix))]\nmod more { fn h() { None::<u8>.unwrap(); } }\n";
    assert_eq!(judge("h2/mod.rs", text), [""; 0]);
    assert_eq!(judge("server/mod.rs", "use crate::h2::Connection;\nuse std::net::TcpStream;"), [""; 0]);
    assert_eq!(
        judge("script/coroutine.rs", "fn f() { unsafe { } }")[..1],
        ["script/coroutine.rs: module `script` is not in the table"]
    );
}

#[test]
fn each_breach_is_found() {
    let breach = |path: &str, text: &str, words: &str| {
        let found = judge(path, text);
        assert!(found.iter().any(|line| line.contains(words)), "{path}: {text:?} gave {found:?}");
    };
    breach("wire/a.rs", "use crate::h2::Connection;", "`wire` may not use `h2`");
    breach(
        "wire/a.rs",
        "use crate::{\n    wire::x,\n    h2::{Connection},\n};",
        "wire/a.rs:3: `wire` may not use `h2`",
    );
    breach("wire/a.rs", "fn f() { crate::h2::go() }", "`wire` may not use `h2`");
    breach("wire/frame/a.rs", "use super::super::super::h2::Connection;", "climbs out of its module");
    breach("h2/mod.rs", "use super::wire;", "climbs out of its module");
    breach("h2/a.rs", "use crate::server;", "`h2` may not use `server`");
    for name in [
        "tokio::spawn()",
        "std::net::TcpStream",
        "std::fs::read()",
        "std::env::var()",
        "std::time::Instant::now()",
        "Instant::now()",
        "SystemTime::now()",
        "rand::random()",
        "tracing::info!()",
        "rhai::Engine",
        "serde_json::json!()",
        "std::thread::sleep()",
    ] {
        breach("h2/a.rs", &format!("fn f() {{ {name} }}"), "the core may not name");
    }
    breach("wire/a.rs", "use std::{fmt, net::SocketAddr};", "the core may not name `std::net`");
    breach("wire/a.rs", "#[derive(serde::Serialize)] struct A;", "the core may not name `serde`");
    breach("server/a.rs", "fn f() { unsafe { g() } }", "`unsafe`");
    breach("server/a.rs", "fn f() {\n    g()\n        .unwrap();\n}", "server/a.rs:3: `.unwrap()`");
    breach("server/a.rs", "fn f() { g().expect(\"never\") }", "`.expect(`");
    breach("server/a.rs", "fn f() { todo!() }", "`todo!`");
    breach("server/a.rs", &"\n".repeat(601), "601 lines");
    breach("new/a.rs", "", "`new` is not in the table");
    breach("h2/a.rs", "#[cfg(test)] mod tests { }\nuse crate::server;", "h2/a.rs:2: `h2` may not use `server`");
}
