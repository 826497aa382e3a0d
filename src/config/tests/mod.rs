mod changes;
mod documentation;
mod garbage;
mod json;
mod print;
mod rules;
mod urls;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use clap::Parser;
use tempfile::{TempDir, tempdir};

use super::source::Source;
use super::*;

const SHIPPED: &str = include_str!("../../../wpt.toml");

/// A folder with a `wpt.toml`, and the folders that tests name.
fn folder_with(text: &str) -> (TempDir, PathBuf) {
    let folder = tempdir().unwrap();
    fs::create_dir(folder.path().join("handlers")).unwrap();
    fs::create_dir(folder.path().join("pages")).unwrap();
    let file = folder.path().join("wpt.toml");
    fs::write(&file, text).unwrap();
    (folder, file)
}

/// The flags as `wireserve serve` takes them.
fn flags(flags: &[&str]) -> ServeArguments {
    let arguments = Arguments::try_parse_from(["wireserve", "serve"].iter().chain(flags)).unwrap();
    match arguments.command {
        Command::Serve(serve) => *serve,
        other => panic!("{other:?}"),
    }
}

fn resolve_text(text: &str, more: &[&str]) -> Result<Config, String> {
    let (folder, file) = folder_with(text);
    let arguments = ServeArguments { config: Some(file), ..flags(more) };
    resolve(&arguments)
        .map_err(|errors| brief(&errors.to_string()).replace(&format!("{}/", folder.path().display()), ""))
}

/// Errors as `file:line:column: what`, the line itself, and carets with what to do.
fn brief(errors: &str) -> String {
    let one = |error: &str| {
        let (error, help) = error.split_once("\nhelp: ").unwrap_or((error, ""));
        let space = if help.is_empty() { "" } else { " " };
        match error.split_once("\n --> ") {
            Some((what, place)) => {
                let (place, rest) = place.split_once('\n').unwrap();
                format!("{place}: {what}\n{rest}{space}{help}")
            }
            None => format!("{error}{space}{help}"),
        }
    };
    let errors = errors.strip_prefix("error: ").unwrap_or(errors).split("\n\nerror: ");
    errors.map(one).collect::<Vec<_>>().join("\n")
}

/// What is wrong with a file, with its name shortened.
fn wrong(text: &str) -> String {
    resolve_text(text, &[]).unwrap_err()
}

#[test]
fn the_shipped_file_says_exactly_the_defaults_with_every_key() {
    let source = Source::new(Path::new("wpt.toml"), SHIPPED.to_owned());
    let mut config = Config::default();
    config.handler_roots.value.clear();
    let mut errors = Vec::new();
    file::read(&source, &mut config, &mut errors);
    assert_eq!((errors, config.hints.as_slice()), (Vec::new(), &[][..]));
    for key in keys::keys().filter(|key| !key.is_set(&config) && key.name() != "rules") {
        let (_, name) = key.place();
        let shown = [format!("\n# {name} = "), format!("\n# [[{name}]]\n")];
        assert!(shown.iter().any(|shown| SHIPPED.contains(shown)), "{} is not in wpt.toml", key.name());
    }
    config.files.clear();
    assert_eq!(config, Config::default());
}

#[test]
fn without_a_file_there_are_defaults_and_without_flags_two_ports() {
    let (_folder, file) = folder_with("");
    let config = resolve(&ServeArguments { config: Some(file), ..flags(&[]) }).unwrap();
    assert_eq!(config.ports.of(PortKind::Http), [Port::Number(8000), Port::Auto]);
    assert_eq!(config.ports.of(PortKind::Https), [Port::Number(8443), Port::Auto]);
    let kinds: Vec<_> = config.ports.all().map(|wanted| wanted.kind.name()).collect();
    assert_eq!(kinds, ["http", "http", "https", "https"]);
    assert!(config.ports.lists().all(|(_, ports)| ports.origin == Origin::Default));
    let config = resolve_text("", &["--h2", "--h2c"]).unwrap();
    assert_eq!(config.ports.of(PortKind::H2), [Port::Number(9000)]);
    assert_eq!(config.ports.of(PortKind::H2c), [Port::Number(9001)]);
}

#[test]
fn a_checkout_of_the_suite_gets_the_ports_that_its_tests_name() {
    let suite = |text: &str, switches: &[&str]| {
        let (folder, file) = folder_with(text);
        std::fs::create_dir(folder.path().join("resources")).unwrap();
        std::fs::write(folder.path().join("resources/testharness.js"), "").unwrap();
        let root = folder.path().to_string_lossy().into_owned();
        let arguments = ServeArguments { config: Some(file), root: Some(root.into()), ..flags(switches) };
        resolve(&arguments).unwrap().ports
    };
    let ports = suite("[ports]\nws = [81]\nwss = []\n", &[]);
    assert_eq!(ports.of(PortKind::HttpLocal), [Port::Auto]);
    assert_eq!(ports.of(PortKind::HttpsPublic), [Port::Auto]);
    assert_eq!((ports.of(PortKind::Ws), ports.of(PortKind::Wss)), (&[Port::Number(81)][..], &[][..]));
    let ports = suite("[ssl]\ntype = \"none\"\n", &[]);
    assert_eq!((ports.of(PortKind::Ws), ports.of(PortKind::Wss)), (&[Port::Auto][..], &[][..]));
}

#[test]
fn a_checkout_of_the_suite_gets_the_ways_of_wptserve_unless_the_file_says_otherwise() {
    let (folder, file) = folder_with("");
    let root = Some(folder.path().to_owned());
    let resolved =
        || resolve(&ServeArguments { config: Some(file.clone()), root: root.clone(), ..flags(&[]) }).unwrap();
    let ways = |config: Config| {
        let alternate = config.alternate_hosts.value["alt"].clone();
        (config.browser_host.value, alternate, config.interim_delay.value.0.as_millis(), config.close_after_files.value)
    };
    assert_eq!(ways(resolved()), ("localhost".to_owned(), "alt.localhost".to_owned(), 0, false));
    std::fs::create_dir(folder.path().join("resources")).unwrap();
    std::fs::write(folder.path().join("resources/testharness.js"), "").unwrap();
    assert_eq!(ways(resolved()), ("web-platform.test".to_owned(), "not-web-platform.test".to_owned(), 3, true));
    std::fs::write(&file, "browser_host = \"a.test\"\ninterim_delay = 7\nclose_after_files = false").unwrap();
    assert_eq!(ways(resolved()), ("a.test".to_owned(), "not-a.test".to_owned(), 7, false));
}

#[test]
fn a_named_file_has_to_be_there() {
    let arguments = ServeArguments { config: Some("/nowhere/my.toml".into()), ..flags(&[]) };
    assert_eq!(resolve(&arguments).unwrap_err().to_string(), "error: /nowhere/my.toml does not exist");
    let folder = tempdir().unwrap();
    let arguments = ServeArguments { config: Some(folder.path().into()), ..flags(&[]) };
    assert!(resolve(&arguments).unwrap_err().to_string().starts_with("error: cannot read "));
}

#[test]
fn flags_win_over_the_file_and_the_file_over_defaults() {
    let text = "workers = 3\nbrowser_host = \"tests.example\"\n\n[ports]\nhttp = [81]\nhttps = \"auto\"\nh2 = 0x1\n[logging]\nlevel = \"debug\"\n";
    assert!(wrong(text).contains("`ports.h2` must be a number or \"auto\""));
    let text = &text.replace("0x1", "8_080");
    let config = resolve_text(text, &["--port", "auto", "--h2", "--log", "trace", "--bind", "::1"]).unwrap();
    assert_eq!(config.ports.of(PortKind::Http), [Port::Auto]);
    let (_, http) = config.ports.lists().next().unwrap();
    assert_eq!((&http.origin, http.origin.to_string().as_str()), (&Origin::Flag("--port"), "--port"));
    assert_eq!(config.ports.of(PortKind::Https), [Port::Auto]);
    assert_eq!(config.ports.of(PortKind::H2), [Port::Number(8080)]);
    assert_eq!(config.log.value, LogLevel::Trace);
    assert_eq!((config.workers.value, config.bind_address.to_string()), (3, "::1".to_owned()));
    assert!(matches!(config.workers.origin, Origin::File { line: 1, .. }));
    let (_, https) = config.ports.lists().nth(1).unwrap();
    assert!(https.origin.to_string().ends_with("wpt.toml:6"));
    assert_eq!(config.browser_host.value, "tests.example");
}

#[test]
fn paths_are_relative_to_where_they_are_written() {
    let (folder, file) = folder_with("doc_root = \"./pages\"\n[ssl]\nfolder = \"keys\"\n");
    let config = resolve(&ServeArguments { config: Some(file.clone()), ..flags(&[]) }).unwrap();
    assert_eq!(config.doc_root.value, folder.path().join("pages"));
    assert_eq!(config.ssl.folder.value, folder.path().join("keys"));
    assert_eq!(config.handler_roots.value, [folder.path().join("pages/handlers")]);
    let root = folder.path().to_str().unwrap();
    let config = resolve(&ServeArguments { config: Some(file), ..flags(&["--root", root, "--certs", "x"]) }).unwrap();
    assert_eq!(config.doc_root.value, folder.path());
    assert_eq!(config.handler_roots.value, [folder.path().join("handlers")]);
    assert_eq!(config.ssl.folder, Value { value: "x".into(), origin: Origin::Flag("--certs") });
    let config = resolve_text("[handlers]\nroots = [\"handlers\", \"pages\"]", &[]).unwrap();
    assert_eq!(config.handler_roots.value.len(), 2);
    assert_eq!(values::join(Path::new(""), Path::new("./handlers")), Path::new("handlers"));
    assert_eq!(values::join(Path::new(""), Path::new(".")), Path::new("."));
}

#[test]
fn an_unknown_key_is_shown_with_what_was_meant() {
    assert_eq!(
        wrong("# first\n[prots]\nhttp = 1\n"),
        "wpt.toml:2:2: unknown key `prots`\n 2 | [prots]\n   |  ^^^^^ a similar key exists: `ports`"
    );
    assert_eq!(
        wrong("[logging]\n\tlevl = \"info\""),
        "wpt.toml:2:2: unknown key `levl` in [logging]\n 2 | \tlevl = \"info\"\n   | \t^^^^ a similar key exists: `level`"
    );
    assert!(
        wrong("[logging]\ncolour = true").ends_with("^^^^^^ known here: level, format, suppress_handler_traceback")
    );
    assert!(wrong("[limits.http2]\nstream = 3").contains("a similar key exists: `streams`"));
}

#[test]
fn bad_values_are_told_with_what_is_allowed() {
    let cases = [
        ("ports = 80", "`ports` must be a table, not a whole number"),
        ("[ports]\nhttp = 65536", "`ports.http` is not a port: a port is a number from 1 to 65535, or \"auto\""),
        ("[ports]\nhttp = 0", "is not a port"),
        ("[ports]\nhttp = \"Auto\"", "is not a port"),
        ("[ports]\nhttp = -1", "is not a port"),
        ("bind_address = \"localhost\"", "`bind_address` is not an IP address"),
        ("browser_host = \"a b\"", "`browser_host` is not a host name"),
        ("browser_host = 3", "`browser_host` must be a string in quotes, not a whole number"),
        ("alternate_hosts = \"a.test\"", "`alternate_hosts` must be a table, not a string"),
        ("[alternate_hosts]\nalt = \"a b\"", "wpt.toml:2:7: `alternate_hosts` is not a host name"),
        ("subdomains = [\"a.b\"]", "wpt.toml:1:15: `subdomains` is not a label of a host name"),
        ("not_subdomains = [\"A\"]", "is not a label"),
        ("check_subdomains = \"yes\"", "`check_subdomains` must be true or false, not a string"),
        ("doc_root = \"\"", "`doc_root` must not be empty"),
        ("doc_root = \"nowhere\"", "`doc_root` must name a directory: nowhere does not exist"),
        ("workers = 0", "`workers` must be from 1 to 1024"),
        ("workers = \"many\"", "`workers` must be a whole number, or \"auto\""),
        (
            "[handlers]\nroots = [\"no\", \"wpt.toml\"]",
            "wpt.toml:2:16: `handlers.roots` must name a directory: wpt.toml is a file",
        ),
        ("[logging]\nlevel = \"inof\"", "a similar level exists: \"info\""),
        ("[logging]\nlevel = \"loud\"", "one of off, error, warn, info, access, debug, trace"),
        ("[ssl]\nkey = \"k\"", "`ssl.key` needs `ssl.certificate` beside it"),
        ("[ssl]\ncertificate = \"k\"", "`ssl.certificate` needs `ssl.key` beside it"),
        ("[limits.script]\ntime = -1", "`limits.script.time` must be from 0.001 to 86400"),
        ("[limits.script]\ntime = nan", "must be from 0.001"),
        ("[limits.script]\ntime = inf", "must be from 0.001"),
        ("[limits.script]\ntime = \"1s\"", "must be a number of seconds, not a string"),
        ("[limits.script]\ncall_depth = 65", "`limits.script.call_depth` must be from 1 to 64"),
        ("[limits.http2]\nframe_size = 1", "must be from 16384 to 16777215"),
        ("[limits]\nbody = 99999999999999999999999999", "must be from 0 to"),
        ("[limits]\nbody = 1.5", "must be a whole number, not a number with a fraction"),
    ];
    for (text, expected) in cases {
        let told = wrong(text);
        assert!(told.contains(expected), "{text}\n{told}");
        assert_eq!(told.lines().count(), 3, "one error with its line: {told}");
    }
}

#[test]
fn everything_wrong_is_told_at_once_in_order() {
    let told = wrong("workers = 0\nport = 3\n[ports]\nhttp = false\nh3 = 1\n[logging]\nlevel = 'x'\n");
    let heads: Vec<_> = told.lines().step_by(3).map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(heads, ["wpt.toml:1:11", "wpt.toml:2:1", "wpt.toml:4:8", "wpt.toml:5:1", "wpt.toml:7:9"]);
}

#[test]
fn broken_syntax_is_told_with_its_line_and_the_rest_still_checked() {
    let told = wrong("workers = 0\n[ports\nhttp = 80\nhttps = = 1\n");
    assert!(told.starts_with("wpt.toml:1:11: `workers` must be"), "{told}");
    assert!(told.contains("wpt.toml:2:"), "{told}");
    assert!(told.contains("wpt.toml:4:"), "{told}");
    assert!(wrong("workers = 1\nworkers = 2").contains("wpt.toml:2:1: duplicate key"));
}

#[test]
fn the_line_of_an_error_has_no_password() {
    let told = wrong("[stash]\nbackend = \"redis://me:se:cr@et@host/1 2\"");
    assert!(told.contains("redis://me:********@host/1 2") && !told.contains("cr@et"), "{told}");
}

#[test]
fn alternate_hosts_are_other_sites() {
    let alternate = |text| resolve_text(text, &[]).unwrap().alternate_hosts.value["alt"].clone();
    assert_eq!(alternate(""), "alt.localhost");
    assert_eq!(alternate("browser_host = \"web-platform.test\""), "not-web-platform.test");
    let config = resolve_text("browser_host = \"web-platform.test\"\n[alternate_hosts]\nx = \"other.test\"", &[]);
    assert_eq!(
        config.unwrap().alternate_hosts.value.into_iter().collect::<Vec<_>>(),
        [("x".into(), "other.test".into())]
    );
    let told = "`alternate_hosts.alt` is the same site as browser_host, a.test";
    for host in ["a.test", "b.a.test", "test"] {
        let told_here = wrong(&format!("alternate_hosts.alt = \"{host}\"\nbrowser_host = \"a.test\""));
        assert!(told_here.starts_with(&format!("wpt.toml:1:23: {told}")), "{told_here}");
    }
    assert!(resolve_text("alternate_hosts.alt = \"b.test\"\nbrowser_host = \"a.test\"", &[]).is_ok());
    assert!(resolve_text("alternate_hosts.alt = \"b.localhost\"\nbrowser_host = \"a.localhost\"", &[]).is_ok());
    assert!(wrong("alternate_hosts.alt = \"localhost\"").contains("is the same site"));
    assert!(wrong("alternate_hosts.\"\" = \"a.test\"").contains("a name that is empty"));
}

#[test]
fn the_server_host_is_the_browser_host_unless_told_otherwise() {
    let host = |text| resolve_text(text, &[]).unwrap().server_host.value;
    assert_eq!(host("browser_host = \"a.test\""), "a.test");
    assert_eq!(host("browser_host = \"a.test\"\nserver_host = \"127.0.0.1\""), "127.0.0.1");
}

#[test]
fn text_that_is_no_utf8_is_told_with_its_place() {
    let (_folder, file) = folder_with("");
    fs::write(&file, b"workers = 1\n# caf\xe9\n").unwrap();
    let told = resolve(&ServeArguments { config: Some(file), ..flags(&[]) }).unwrap_err().to_string();
    let told = brief(&told);
    assert!(told.contains("wpt.toml:2:6: not UTF-8"), "{told}");
}

#[test]
fn one_port_for_two_protocols_is_told_with_both_origins() {
    let told = resolve_text("[ports]\nhttps = 8000", &[]).unwrap_err();
    assert_eq!(told, "port 8000 is used twice: for http (default) and for https (wpt.toml:2)");
    // A port that is not opened is in nobody's way.
    assert!(resolve_text("[ports]\nh2 = 8000", &[]).is_ok());
    assert!(resolve_text("[ports]\nh2 = 8000", &["--h2"]).is_err());
    assert!(resolve_text("", &["--port", "auto", "--https-port", "auto"]).is_ok());
}

#[test]
fn the_users_own_certificate() {
    let own = "[ssl]\ncertificate = \"c.pem\"\nkey = \"k.pem\"\n";
    let config = resolve_text(own, &[]).unwrap();
    assert!(config.ssl.own().unwrap().key.ends_with("k.pem"));
    assert_eq!(resolve_text(own, &["--certs", "x"]).unwrap().ssl.own(), None);
}

#[test]
fn flags_are_checked() {
    let parse = |flags: &[&str]| Arguments::try_parse_from(["wireserve"].iter().chain(flags));
    for bad in [
        &["serve", "--port", "0"][..],
        &["serve", "--port", "65536"],
        &["serve", "--workers", "0"],
        &["serve", "--bind", "localhost"],
        &["serve", "--log", "loud"],
        &["serve", "--unknown"],
        &["serve", "one", "two"],
        &["serve", "--ports", "8000"],
        &["serve", "one", "--root", "two"],
        &["new"],
        &["what"],
        &[],
    ] {
        assert_eq!(parse(bad).unwrap_err().exit_code(), 2, "{bad:?}");
    }
    for good in [&["check"][..], &["check", "a", "b"], &["new", "x"], &["--version"], &["serve", "--help"]] {
        assert!(parse(good).map_or_else(|error| error.exit_code() == 0, |_| true), "{good:?}");
    }
    assert_eq!(flags(&["--h2c-port", "auto"]).h2c_port, Some(Port::Auto));
    assert!(flags(&["--http2"]).h2);
    let told = resolve_text("", &["--root", "/nowhere"]).unwrap_err();
    assert_eq!(told, "--root: /nowhere does not exist");
}

#[test]
fn a_port_flag_opens_its_port() {
    let config = resolve_text("", &["--h2c-port", "7000"]).unwrap();
    assert_eq!(config.ports.of(PortKind::H2c), [Port::Number(7000)]);
    assert_eq!(config.ports.of(PortKind::H2), []);
}

#[test]
fn the_ready_line() {
    let folder = tempdir().unwrap();
    let mut urls = ready::Urls::new("::1");
    urls.push(PortKind::Http, 8000);
    urls.push(PortKind::H2, 9000);
    urls.push(PortKind::Http, 8001);
    let ca = std::path::absolute("certs/ca.pem").unwrap();
    let mut ready = Ready::new(urls, BTreeMap::new(), (Path::new("certs/ca.pem"), "BASE64".to_owned()), None);
    let line = format!(
        r#"{{"event":"ready","urls":{{"http":["http://[::1]:8000/","http://[::1]:8001/"],"h2":["https://[::1]:9000/"]}},"inspector":"http://[::1]:8000/_wire/","ca":{ca:?},"spki":"BASE64","pid":{}}}"#,
        std::process::id()
    );
    assert_eq!(ready.line(), line);
    let file = folder.path().join("ready");
    fs::write(&file, "old").unwrap();
    ready.write(&file).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("{line}\n"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert!(ready.write(&folder.path().join("no/where")).is_err());
    ready.profiles.insert("p".to_owned(), vec![ready::url("http", "localhost", 9)]);
    assert!(ready.line().contains(r#"]},"profiles":{"p":["http://localhost:9/"]},"inspector""#), "{}", ready.line());
}

#[test]
fn profiles_have_ports_of_their_own() {
    let table = |port: &str, kind: &str, profile: &str| {
        format!("[[profile_ports]]\nport = {port}\nkind = \"{kind}\"\nprofile = \"{profile}\"\n")
    };
    let text = format!("{}{}", table("9443", "h2", "tiny-window"), table("\"auto\"", "h2c", "mine"));
    let config = resolve_text(&text, &[]).unwrap();
    let own = |port, kind, profile: &str| ProfilePort { kind, port, profile: profile.to_owned() };
    let expected = [own(Port::Number(9443), PortKind::H2, "tiny-window"), own(Port::Auto, PortKind::H2c, "mine")];
    assert_eq!(config.profile_ports.iter().map(|port| port.value.clone()).collect::<Vec<_>>(), expected);
    assert!(super::print::print(&config, false).contains("\nport = 9443\nkind = \"h2\"\nprofile = \"tiny-window\"\n"));
    for (text, told) in [
        (table("0x1", "h2", "mine"), "`profile_ports.port` must be a number or \"auto\""),
        (table("1", "https", "mine"), "`profile_ports.kind` must be \"h2\" or \"h2c\""),
        (table("1", "h2", "Mine.rhai"), "`profile_ports.profile` is not a profile's name"),
        (table("8000", "h2", "mine"), "port 8000 is used twice: for http"),
        (table("1", "h2", "mine") + "[ssl]\ntype = \"none\"\n", "needs TLS, which `ssl.type`"),
        ("[[profile_ports]]\nport = 1\n".to_owned(), "kind"),
    ] {
        assert!(wrong(&text).contains(told), "{told}: {}", wrong(&text));
    }
}
