//! Host names: what `wireserve hosts` prints, what is said at start, what certificates are for.

use crate::support::server::{Server, wireserve};
use serde_json::Value;
use std::path::Path;

const WPT: &str = "browser_host = \"web-platform.test\"\n";

#[test]
fn hosts_prints_the_lines_that_web_platform_tests_prints() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("wpt.toml"), WPT).expect("a file");
    let finished = wireserve(folder.path(), &["hosts"]);
    assert_eq!(finished.code(), Some(0), "{}", finished.stderr);
    let text = finished.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines[63], lines[64]), ("# End web-platform-tests hosts", "# Start wireserve profiles"), "{text}");
    assert!(lines[64..].contains(&"127.0.0.1\ttiny-window.conn.web-platform.test"), "{text}");
    assert_eq!(
        lines[..3],
        [
            "# Start web-platform-tests hosts",
            "127.0.0.1\tnot-web-platform.test",
            "127.0.0.1\twww.not-web-platform.test"
        ]
    );
    assert!(lines.contains(&"127.0.0.1\txn--lve-6lad.xn--n8j6ds53lwwkrqhv28a.web-platform.test"), "{text}");
    assert!(!text.contains("nonexistent"), "{text}");

    let finished = wireserve(folder.path(), &["hosts", "192.0.2.7"]);
    assert!(finished.text().contains("\n192.0.2.7\tweb-platform.test\n"), "{}", finished.text());
    std::fs::create_dir_all(folder.path().join("wpt/resources")).expect("a folder");
    std::fs::write(folder.path().join("wpt/resources/testharness.js"), "").expect("a file");
    std::fs::remove_file(folder.path().join("wpt.toml")).expect("the file of before");
    for (arguments, name) in [(&["hosts"][..], "www.localhost"), (&["hosts", "--root", "wpt"], "www.web-platform.test")]
    {
        let finished = wireserve(folder.path(), arguments);
        assert!(finished.text().contains(&format!("\t{name}\n")), "{}", finished.text());
    }
    std::fs::write(folder.path().join("other.toml"), "browser_host = \"a b\"\n").expect("a file");
    let finished = wireserve(folder.path(), &["hosts", "--config", "other.toml"]);
    assert_eq!(finished.code(), Some(2));
    assert!(finished.stderr.contains("other.toml:1:16"), "{}", finished.stderr);
}

#[test]
fn names_that_lead_elsewhere_are_told_with_what_to_do() {
    let server = Server::builder().config("browser_host = \"wireserve.invalid\"\n").start();
    let line = server.logged("names of this server");
    assert!(line.contains("none of the 62 names") && line.contains("wireserve hosts"), "{line}");
}

fn certs(folder: &Path, arguments: &[&str]) -> Value {
    let finished = wireserve(folder, &[&["certs", "--json"], arguments].concat());
    assert_eq!(finished.code(), Some(0), "{}", finished.stderr);
    serde_json::from_str(&finished.text()).expect("JSON")
}

#[test]
fn certs_tells_what_a_server_shows() {
    let server = Server::builder().config(WPT).start();
    let shown = certs(server.folder(), &[]);
    assert_eq!(shown["spki"], server.spki());
    assert_eq!(shown["authority"]["spki"], server.spki());
    assert_eq!(shown["chromium"]["arguments"][0], format!("--ignore-certificate-errors-spki-list={}", server.spki()));
    assert_eq!(shown["hosts"].as_array().map(Vec::len), Some(62));
    let names = shown["leaf"]["names"].as_array().expect("names");
    assert!(names.contains(&"*.xn--lve-6lad.not-web-platform.test".into()), "{shown:#}");

    let text = wireserve(server.folder(), &["certs"]).text();
    let rules = shown["chromium"]["arguments"][1].as_str().expect("an argument");
    for part in
        ["certs/ca.pem", server.spki(), rules, "user_pref(\"network.dns.localDomains\"", "-t C,, -i certs/ca.pem"]
    {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

#[test]
fn certs_renews_the_leaf_and_only_when_asked_the_authority() {
    let folder = tempfile::tempdir().expect("a folder");
    let renew = |arguments: &[&str]| wireserve(folder.path(), &[&["certs", "renew"], arguments].concat());
    let spkis = || {
        let shown = certs(folder.path(), &["--certs", "kept"]);
        (shown["authority"]["spki"].clone(), shown["leaf"]["spki"].clone())
    };
    let (authority, leaf) = spkis();
    let finished = renew(&["--certs", "kept"]);
    assert!(finished.text().contains("leaf-localhost.pem is new"), "{}", finished.text());
    let (same, renewed) = spkis();
    assert_eq!(authority, same);
    assert_ne!(leaf, renewed);
    assert!(renew(&["--certs", "kept", "--authority"]).text().contains("not trusted yet"));
    assert_ne!(authority, spkis().0);
}

#[test]
fn certs_shows_ones_own_certificate_and_leaves_it_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = certs(folder.path(), &["--certs", "made"]);
    let config = "[ssl]\ncertificate = \"made/leaf-localhost.pem\"\nkey = \"made/leaf-localhost.key\"\n";
    std::fs::write(folder.path().join("wpt.toml"), config).expect("a file");
    let own = certs(folder.path(), &[]);
    assert_eq!(own["leaf"]["spki"], made["leaf"]["spki"]);
    assert_eq!(own["spki"], made["leaf"]["spki"]);
    assert_eq!(own["authority"], Value::Null);
    let finished = wireserve(folder.path(), &["certs", "renew"]);
    assert_eq!(finished.code(), Some(2));
    assert!(finished.stderr.contains("wpt.toml:2) is your own certificate"), "{}", finished.stderr);
    let text = wireserve(folder.path(), &["certs"]).text();
    assert!(text.contains("AUTHORITY.pem is the one that signed your certificate"), "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn open_gives_a_browser_what_certs_prints_and_leaves_nothing_behind() {
    let server = Server::builder().config(WPT).start();
    let folder = server.folder();
    let ready = folder.join("ready.json");
    std::fs::write(&ready, server.ready().to_string()).expect("a file");
    // A program that shows its arguments and ends, in the place of a browser.
    let open = |browser: &str| {
        let arguments = ["open", "/x?y", "--ready-file", "ready.json", "--browser", browser, "--", "--more"];
        wireserve(folder, &arguments)
    };
    let finished = open("/bin/echo");
    assert_eq!(finished.code(), Some(0), "{}", finished.stderr);
    let said = finished.text();
    let shown = certs(folder, &[]);
    for argument in shown["chromium"]["arguments"].as_array().expect("arguments") {
        assert!(said.contains(argument.as_str().expect("text")), "{argument} is not in {said}");
    }
    assert!(said.ends_with(&format!(" --more {}\n", server.url("h2", "/x?y"))), "{said}");
    let profile = said.strip_prefix("--user-data-dir=").and_then(|rest| rest.split(' ').next()).expect("a profile");
    assert!(!Path::new(profile).exists(), "{profile}");
    let is_root = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").expect("proc")) == 0;
    assert_eq!(said.contains("--no-sandbox"), is_root, "{said}");

    let finished = open("/bin/false");
    assert_eq!(finished.code(), Some(2));
    assert!(finished.stderr.contains("/bin/false failed (exit status: 1)"), "{}", finished.stderr);
    let finished = wireserve(folder, &["open", "/x", "--ready-file", "ready.json", "--certs", "other"]);
    assert_eq!(finished.code(), Some(2));
    assert!(finished.stderr.contains("shows other certificates"), "{}", finished.stderr);
}
