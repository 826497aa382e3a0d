//! `--transcript DIR`: transcripts as files. How files are written is tested beside the code.

use crate::support::DEADLINE;
use crate::support::ask::{Ask, over_http1};
use crate::support::raw::Client;
use crate::support::server::{Server, wireserve};
use std::path::{Path, PathBuf};
use std::time::Instant;
use wireserve::transcript::{RecordKind, SCHEMA, Snapshot};

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

/// The first complete transcript in a directory that has a request for a path; waits for it.
fn transcript(folder: &Path, path: &str) -> Snapshot {
    let end = Instant::now() + DEADLINE;
    loop {
        for file in files(folder) {
            let octets = std::fs::read(&file).unwrap_or_default();
            let Ok(saved) = Snapshot::read_saved(&octets) else { continue };
            let snapshot = saved.snapshot;
            let is_wanted = snapshot.facts.requests.iter().any(|request| request.path == path);
            if is_wanted && snapshot.facts.closed.is_some() && saved.remarks.is_empty() {
                return snapshot;
            }
        }
        assert!(Instant::now() < end, "no transcript of {path} in {:?}", files(folder));
    }
}

#[test]
fn each_connection_is_a_file_that_its_directory_does_not_serve() {
    // Below the document root, and two levels that are not there.
    let server = Server::builder().arguments(["--transcript", "made/transcripts"]).file("page.txt", "here").start();
    let folder = server.folder().join("made/transcripts");
    let mut client = Client::h2(&server);
    let stream = client.get("/page.txt?h2");
    assert_eq!(client.response(stream).status(), Some(200));
    drop(client);
    let snapshot = transcript(&folder, "/page.txt?h2");
    let has = |kind: fn(&RecordKind) -> bool| snapshot.records.iter().any(|record| kind(&record.kind));
    assert!(has(|kind| matches!(kind, RecordKind::Preface)) && has(|kind| matches!(kind, RecordKind::Ended(_))));
    assert_eq!(snapshot.facts.requests[0].status, Some(200));
    over_http1(&server, &Ask::get("/page.txt?h1"));
    assert_eq!(transcript(&folder, "/page.txt?h1").facts.requests[0].status, Some(200));
    let name = files(&folder)[0].file_name().expect("a name").to_string_lossy().into_owned();
    assert_eq!(over_http1(&server, &Ask::get(&format!("/made/transcripts/{name}"))).status, 404);
    assert_eq!(over_http1(&server, &Ask::get("/made/transcripts/")).status, 404);
}

#[test]
fn open_connections_are_written_when_the_server_stops() {
    let mut server = Server::builder().arguments(["--transcript", "transcripts"]).file("page.txt", "here").start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/page.txt");
    client.response(stream);
    server.signal("TERM");
    client.until_end();
    drop(client);
    assert!(server.wait().is_some_and(|status| status.success()));
    let snapshot = transcript(&server.folder().join("transcripts"), "/page.txt");
    assert!(matches!(snapshot.records.last().map(|record| &record.kind), Some(RecordKind::Ended(_))));
}

#[test]
fn a_directory_that_is_gone_is_one_warning_and_is_written_again() {
    let server = Server::builder().arguments(["--transcript", "transcripts"]).file("page.txt", "here").start();
    let folder = server.folder().join("transcripts");
    over_http1(&server, &Ask::get("/page.txt?before"));
    transcript(&folder, "/page.txt?before");
    std::fs::remove_dir_all(&folder).expect("it goes");
    std::fs::write(&folder, "in the way").expect("it is written");
    for number in 0..5 {
        assert_eq!(over_http1(&server, &Ask::get(&format!("/page.txt?{number}"))).status, 200);
    }
    server.logged("transcripts: cannot write to ");
    std::fs::remove_file(&folder).expect("it goes");
    server.logged("can be written again");
    for number in 0..5 {
        transcript(&folder, &format!("/page.txt?{number}"));
    }
    assert_eq!(server.log().matches("transcripts: cannot write to ").count(), 1, "{}", server.log());
}

#[test]
fn a_directory_that_cannot_be_made_is_an_error_at_the_start() {
    let finished = Server::builder().file("file", "").arguments(["--transcript", "file/below"]).run_to_end();
    assert_eq!(finished.code(), Some(2));
    assert!(finished.stderr.contains("cannot make the directory file/below for transcripts"), "{}", finished.stderr);
}

#[test]
fn the_schema_is_printed() {
    let folder = tempfile::tempdir().expect("a directory");
    let finished = wireserve(folder.path(), &["schema", "transcript"]);
    assert_eq!((finished.code(), finished.text()), (Some(0), SCHEMA.to_owned()));
}
