//! Host names: what `wireserve hosts` prints, what is said at start, what certificates are for.

use crate::support::server::{Server, wireserve};

const WPT: &str = "browser_host = \"web-platform.test\"\n";

#[test]
fn hosts_prints_the_lines_that_web_platform_tests_prints() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("wpt.toml"), WPT).expect("a file");
    let finished = wireserve(folder.path(), &["hosts"]);
    assert_eq!(finished.code(), Some(0), "{}", finished.stderr);
    let text = finished.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 64, "{text}");
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
