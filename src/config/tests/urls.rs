//! Routes, rewrites, aliases, the stash, and the flags of wptserve.

use super::*;
use crate::script::stash;
use crate::site::{self, Alias, Rewrite, Route, Target};

#[test]
fn the_defaults_are_those_of_the_modules() {
    let config = resolve_text("", &[]).unwrap();
    assert_eq!(config.stash.options(), stash::Options::default());
    assert_eq!(config.site(), site::Options::default());
}

#[test]
fn routes_rewrites_and_aliases_are_read() {
    let (folder, file) = folder_with(
        "inject_script = \"a.js\"\nrefuse_h2_over_http1 = false\n\
         [[aliases]]\nurl-path = \"/a/\"\nlocal-dir = \"pages\"\n\
         [[routes]]\npath = \"/s\"\nscript = \"a.js\"\n\
         [[routes]]\nmethods = \"POST\"\npath = \"/f/{name}\"\nfile = \"a.js\"\n\
         [[routes]]\nmethods = [\"GET\", \"*\"]\npath = \"*\"\ndirectory = \"pages\"\n\
         [[routes]]\npath = \"/gone\"\nstatus = 410\n\
         [[rewrites]]\nmethods = \"GET\"\nfrom = \"/x\"\nto = \"/y\"\n",
    );
    fs::write(folder.path().join("a.js"), "").unwrap();
    let config = resolve(&ServeArguments { config: Some(file), ..flags(&[]) }).unwrap();
    let site = config.site();
    let (script, pages) = (folder.path().join("a.js"), folder.path().join("pages"));
    assert_eq!((site.inject_script.as_ref(), site.refuse_h2_over_http1), (Some(&script), false));
    assert_eq!(site.aliases, [Alias { url_path: "/a/".into(), local_dir: pages.clone() }]);
    let route = |methods: &[&str], path: &str, target| Route {
        methods: methods.iter().map(|method| (*method).to_owned()).collect(),
        path: path.to_owned(),
        target,
    };
    let expected = [
        route(&[], "/s", Target::Script(script.clone())),
        route(&["POST"], "/f/{name}", Target::File(script)),
        route(&[], "*", Target::Directory(pages)),
        route(&[], "/gone", Target::Status(410)),
    ];
    assert_eq!(site.routes, expected);
    assert_eq!(site.rewrites, [Rewrite { methods: vec!["GET".into()], from: "/x".into(), to: "/y".into() }]);
    assert!(config.routes[1].origin.to_string().ends_with("wpt.toml:9"), "{}", config.routes[1].origin);
}

#[test]
fn what_is_wrong_with_them_is_told() {
    let cases = [
        ("[[routes]]\npath = \"/a\"", "wpt.toml:1:1: a route must have exactly one target"),
        ("[[routes]]\npath = \"/a\"\nstatus = 404\nfile = \"wpt.toml\"", "a route must have exactly one target"),
        ("[[routes]]\nstatus = 404", "wpt.toml:1:1: `path` is missing in [[routes]]"),
        ("[[routes]]\npath = \"a\"\nstatus = 404", "wpt.toml:2:8: `routes.path` must begin with a slash or *"),
        ("[[routes]]\npath = \"/{a\"\nstatus = 404", "`routes.path` is not the path of a route"),
        ("[[routes]]\npath = \"/a}\"\nstatus = 404", "A brace has no partner"),
        ("[[routes]]\npath = \"/{a/b}\"\nstatus = 404", "letters, digits and _ only"),
        ("[[routes]]\npath = \"/a\"\nstatus = 99", "`routes.status` must be from 200 to 599"),
        ("[[routes]]\npath = \"/a\"\nscript = \"no.rhai\"", "`routes.script` must name a file"),
        ("[[routes]]\npath = \"/a\"\nstatus = 404\nmethods = \"G T\"", "`routes.methods` is not a method"),
        ("[[routes]]\npath = \"/a\"\nscirpt = \"x\"", "a similar key exists: `script`"),
        ("[routes]\npath = \"/a\"", "`routes` must be a list of tables, not a table"),
        ("[hooks]\nscripts = [\".\"]", " is a directory"),
        ("[[rewrites]]\nfrom = \"/a\"", "`to` is missing in [[rewrites]]"),
        ("[[rewrites]]\nfrom = \"/a?b\"\nto = \"/b\"", "must be a path, without ? and #"),
        ("[[aliases]]\nurl-path = \"/a\"\nlocal-dir = \"wpt.toml\"", "`aliases.local-dir` must name a directory"),
        ("inject_script = \"no.js\"", "`inject_script` must name a file"),
        ("latency = 600001", "`latency` must be from 0 to 600000"),
        ("stash.backend = \"memroy\"", "`stash.backend` is not a place to keep values"),
        ("stash.backend = \"redis://\"", "is not a place to keep values"),
        ("stash.max_entries = 0", "`stash.max_entries` must be from 1"),
        (
            "\n[hooks]\nscripts = [\"no.rhai\"]",
            "wpt.toml:3:12: `hooks.scripts` must name a file: no.rhai does not exist",
        ),
        ("[hooks]\nscripts = [\"wpt.toml\", \"wpt.toml\"]", "wpt.toml:2:24: `hooks.scripts` names this script twice"),
        ("[hooks]\nscirpts = []", "a similar key exists: `scripts`"),
    ];
    for (text, expected) in cases {
        let told = wrong(text);
        assert!(told.contains(expected), "{text}\n{told}");
    }
}

#[test]
fn the_flags_of_wptserve_are_known() {
    let (folder, file) = folder_with("latency = 3");
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    fs::write(path("aliases"), "/a/, pages\n\n/b/,handlers\n").unwrap();
    let root = path("pages");
    let more =
        ["--doc_root", &root, "--ws_doc_root", &root, "--latency", "250", "--verbose", "--no-h2", "--inject-script"];
    let more: Vec<&str> = more.into_iter().chain(["aliases", "--alias_file", "aliases"]).collect();
    let mut arguments = flags(&more);
    for given in [&mut arguments.inject_script, &mut arguments.alias_file] {
        *given = Some(folder.path().join("aliases"));
    }
    let config = resolve(&ServeArguments { config: Some(file.clone()), ..arguments.clone() }).unwrap();
    assert_eq!((config.doc_root.value.as_path(), config.latency.0.as_millis()), (Path::new(&root), 250));
    assert_eq!((config.log.value, config.ports.of(PortKind::H2)), (LogLevel::Debug, &[][..]));
    assert_eq!(config.aliases[1].value, Alias { url_path: "/b/".into(), local_dir: "handlers".into() });
    assert_eq!(config.inject_script.origin, Origin::Flag("--inject-script"));
    fs::write(path("aliases"), "/a/ pages\n").unwrap();
    let told = resolve(&ServeArguments { config: Some(file), ..arguments }).unwrap_err().to_string();
    let told = brief(&told);
    assert!(told.contains("aliases:1:1: not an alias"), "{told}");
    assert!(Arguments::try_parse_from(["wireserve", "serve", "--latency", "-1"]).is_err());
    assert_eq!(flags(&["--h2", "--no-h2", "--h2"]).h2 as u8 + flags(&["--h2", "--no-h2"]).h2 as u8, 1);
}

#[test]
fn wptserves_bind_address_is_a_boolean() {
    let bind = |text| resolve_text(text, &[]).unwrap().bind_address.to_string();
    assert_eq!(bind("bind_address = true"), "127.0.0.1");
    assert_eq!(bind("bind_address = true\nbrowser_host = \"a.test\""), "127.0.0.1");
    assert_eq!(bind("bind_address = true\nserver_host = \"192.0.2.1\""), "192.0.2.1");
    assert_eq!(bind("server_host = \"192.0.2.1\""), "192.0.2.1");
    assert_eq!(bind("bind_address = false"), "0.0.0.0");
    assert_eq!(bind("bind_address = \"::1\"\nserver_host = \"192.0.2.1\""), "::1");
}
