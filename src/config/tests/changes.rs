//! What an edit changes.

use super::*;

/// What differs from a file without anything.
fn changes(text: &str) -> Changes {
    let (_folder, file) = folder_with("");
    let read = |text: &str| {
        fs::write(&file, text).unwrap();
        resolve(&ServeArguments { config: Some(file.clone()), ..flags(&["--h2"]) }).unwrap()
    };
    let (running, mut edited) = (read(""), read(text));
    let changes = edited.keep_from_start(&running);
    let kept = edited.keep_from_start(&running);
    assert_eq!((&kept.at_once, kept.at_start.as_slice()), (&changes.at_once, &[][..]), "{text}");
    changes
}

#[test]
fn an_edit_that_says_the_same_changes_nothing() {
    let told = changes("# nothing\n\nlatency = 0\n[ports]\nhttp = [8000, \"auto\"]");
    assert!(told.at_once.is_empty() && told.at_start.is_empty());
}

#[test]
fn keys_that_change_are_named() {
    let told = changes(
        "latency = 1\nworkers = 77\nports.ws = 1\nports.http = 2\nbrowser_host = \"a.test\"\nstash.any_key = true\n\
         ssl.folder = \"x\"\ncheck_subdomains = false\nbind_address = false\nlogging.level = \"debug\"\n\
         limits.handshake_timeout = 1\nlimits.shutdown_timeout = 1\nlimits.http2.streams = 1\nhandlers.roots = \"pages\"\n\
         rewrites = [{ from = \"/a\", to = \"/b\" }]\nroutes = [{ path = \"/a\", status = 404 }]\n\
         aliases = [{ url-path = \"/a\", local-dir = \"pages\" }]\nhooks.scripts = \"wpt.toml\"",
    );
    assert_eq!(
        told.at_start.join(" "),
        "bind_address browser_host check_subdomains limits.handshake_timeout ports.http ports.ws server_host ssl.folder \
         stash.any_key workers"
    );
    assert_eq!(
        told.at_once.join(" "),
        "aliases handlers.roots hooks.scripts latency limits.http2.streams limits.shutdown_timeout logging.level \
         rewrites routes"
    );
}

#[test]
fn each_part_of_a_route_is_looked_at() {
    for edit in ["path = \"/b\"", "status = 405", "methods = \"GET\""] {
        let (_folder, file) = folder_with("");
        let read = |text: &str| {
            fs::write(&file, text).unwrap();
            resolve(&ServeArguments { config: Some(file.clone()), ..flags(&[]) }).unwrap()
        };
        let first = "[[routes]]\npath = \"/a\"\nstatus = 404\n";
        let key = edit.split(' ').next().unwrap();
        let kept: String =
            first.lines().filter(|line| !line.starts_with(key)).map(|line| format!("{line}\n")).collect();
        let running = read(first);
        let told = read(&format!("{kept}{edit}\n")).keep_from_start(&running);
        assert_eq!(told.at_once, ["routes"], "{edit}");
    }
}
