//! Files of made-up connections.

use super::*;
use crate::http::peer::{Peer, Protocol};
use crate::http::transport::{CloseReason, PeerClosed};
use crate::net;
use crate::transcript::{DropReason, Options, RecordKind, Recorder, Saved, Side, Snapshot};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

const ENDED: CloseReason = CloseReason::Peer(PeerClosed::Clean);

fn hub(connection: usize) -> Arc<Hub> {
    Hub::new(Options { connection, ..Options::default() }, net::now, |_| None)
}

/// The connection that began this many seconds after 1970.
fn record(hub: &Arc<Hub>, id: u64) -> Recorder {
    let opened = SystemTime::UNIX_EPOCH + Duration::from_secs(id);
    let peer = Peer { id, ..Peer::default() };
    Recorder::begin(hub, Side::Server, &peer, Protocol::Http2, net::now(), opened).expect("it records")
}

fn folder(path: &Path) -> Folder {
    Folder { path: path.join("transcripts"), file_size: 16 << 10, files: 3 }
}

/// Writes all that the hub has.
fn write_all(folder: Folder, hub: &Arc<Hub>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(TranscriptFiles::start(folder, hub).expect("it starts").finish());
}

fn files(folder: &Folder) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(&folder.path).expect("a directory");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

fn read(path: &Path) -> Snapshot {
    let Saved { snapshot, remarks, .. } =
        Snapshot::read_saved(&std::fs::read(path).expect("a file")).expect("a transcript");
    assert!(remarks.is_empty(), "{remarks:?}");
    snapshot
}

/// What is not in a file, and the number of the last record.
fn gaps(snapshot: &Snapshot) -> (Vec<(u64, DropReason)>, u64) {
    let gap = |kind: &RecordKind| match kind {
        RecordKind::Dropped(dropped) => Some((dropped.records, dropped.why)),
        _ => None,
    };
    let gaps = snapshot.records.iter().filter_map(|record| gap(&record.kind)).collect();
    (gaps, snapshot.records.last().expect("records").seq)
}

#[test]
fn a_file_has_what_the_transcript_has() {
    let temporary = tempfile::tempdir().expect("a directory");
    let (folder, hub) = (folder(temporary.path()), hub(64 << 10));
    let (ended, open) = (record(&hub, 1), record(&hub, 2));
    for recorder in [&ended, &open] {
        recorder.notice(None, None, "one");
        recorder.notice(None, Some(3), "two");
    }
    ended.ending()(ENDED);
    write_all(folder.clone(), &hub);
    let [first, second] = &files(&folder)[..] else { panic!("two: {:?}", files(&folder)) };
    assert_eq!(first.file_name().and_then(|name| name.to_str()), Some("19700101-000001-000001-h2.jsonl"));
    assert_eq!(read(first), hub.transcript(1).expect("it is kept").snapshot());
    assert_eq!(read(second), hub.transcript(2).expect("it is open").snapshot());
    let lines = std::fs::read_to_string(first).expect("text");
    assert!(lines.starts_with("{\"what\":\"connection\",\"version\":1,\"program\":\"wireserve "), "{lines}");
    assert_eq!(lines.lines().count(), 1 + 3 + 1);
}

#[test]
fn records_that_had_to_go_before_they_were_written_are_counted_where_they_are_missing() {
    let temporary = tempfile::tempdir().expect("a directory");
    let (folder, hub) = (folder(temporary.path()), hub(4 << 10));
    let recorder = record(&hub, 1);
    (0..200).for_each(|number| recorder.notice(None, None, &format!("note {number}")));
    recorder.ending()(ENDED);
    write_all(folder.clone(), &hub);
    let snapshot = read(&files(&folder)[0]);
    let ([(missing, DropReason::TooFast)], 201) = (&gaps(&snapshot).0[..], gaps(&snapshot).1) else {
        panic!("{:?}", gaps(&snapshot))
    };
    assert_eq!((snapshot.records[0].seq, snapshot.records.len() as u64), (*missing, 1 + 201 - missing));
}

#[test]
fn a_file_that_is_full_has_its_end_and_counts_the_rest() {
    let temporary = tempfile::tempdir().expect("a directory");
    let (folder, hub) = (folder(temporary.path()), hub(1 << 20));
    let recorder = record(&hub, 1);
    (0..500).for_each(|number| recorder.notice(None, None, &format!("note {number}")));
    recorder.ending()(ENDED);
    write_all(folder.clone(), &hub);
    let path = &files(&folder)[0];
    assert!(std::fs::metadata(path).expect("a file").len() <= folder.file_size);
    let snapshot = read(path);
    let ([(missing, DropReason::FileFull)], 501) = (&gaps(&snapshot).0[..], gaps(&snapshot).1) else {
        panic!("{:?}", gaps(&snapshot))
    };
    assert!(*missing > 100 && snapshot.records.len() as u64 == 501 - missing + 1, "{missing}");
    assert!(snapshot.facts.closed.is_some());
}

#[test]
fn the_oldest_files_go_and_other_files_stay() {
    let temporary = tempfile::tempdir().expect("a directory");
    let folder = folder(temporary.path());
    std::fs::create_dir(&folder.path).expect("a directory");
    for name in ["19690101-000000-000009-h1.jsonl", "notes.jsonl", "20260101-page.txt"] {
        std::fs::write(folder.path.join(name), "").expect("it is written");
    }
    let hub = hub(4 << 10);
    for id in 1..=5 {
        record(&hub, id).ending()(ENDED);
    }
    // Some are done when others begin, some are not: the last start removes what is too much.
    write_all(folder.clone(), &hub);
    record(&hub, 6).ending()(ENDED);
    let last = Hub::new(Options::default(), net::now, |_| None);
    record(&last, 6).ending()(ENDED);
    write_all(folder.clone(), &last);
    let names: Vec<String> =
        files(&folder).iter().filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect();
    let ours =
        ["19700101-000004-000004-h2.jsonl", "19700101-000005-000005-h2.jsonl", "19700101-000006-000006-h2.jsonl"];
    assert_eq!(names, [&ours[..], &["20260101-page.txt", "notes.jsonl"]].concat());
}

#[test]
fn two_connections_of_one_name_have_two_files() {
    let temporary = tempfile::tempdir().expect("a directory");
    let folder = folder(temporary.path());
    for _ in 0..2 {
        let hub = hub(4 << 10);
        record(&hub, 1).ending()(ENDED);
        write_all(folder.clone(), &hub);
    }
    let names: Vec<PathBuf> = files(&folder);
    assert!(names.iter().any(|path| path.ends_with("19700101-000001-000001-h2-2.jsonl")), "{names:?}");
    names.iter().for_each(|path| drop(read(path)));
}

#[test]
fn what_a_disk_refused_is_written_once_it_takes_it() {
    let temporary = tempfile::tempdir().expect("a directory");
    let folder = folder(temporary.path());
    // A file where the directory is to be: nothing can be written, until it goes.
    std::fs::write(&folder.path, "in the way").expect("it is written");
    let disk = Disk::new(folder.clone());
    let hub = hub(4 << 10);
    let recorder = record(&hub, 1);
    recorder.notice(None, None, "kept");
    let mut follow = recorder.transcript().follow(0);
    let mut file = File::new(recorder.transcript().facts_at_start().clone(), disk.max_size());
    file.add(follow.try_next().expect("a record"));
    assert!(!disk.write(&mut file) && !disk.write(&mut file) && file.has_text());
    std::fs::remove_file(&folder.path).expect("it goes");
    assert!(disk.write(&mut file) && !file.has_text());
    // What was written in part is not there twice, and what was removed is said to be gone.
    let path = files(&folder)[0].clone();
    let half = std::fs::read_to_string(&path).expect("text") + "{\"seq\":2,\"ti";
    std::fs::write(&path, half).expect("it is written");
    recorder.notice(None, None, "second");
    file.add(follow.try_next().expect("a record"));
    assert!(disk.write(&mut file));
    assert_eq!(read(&path).records.len(), 2);
    std::fs::remove_dir_all(&folder.path).expect("it goes");
    recorder.notice(None, None, "third");
    file.add(follow.try_next().expect("a record"));
    assert!(disk.write(&mut file));
    let snapshot = read(&files(&folder)[0]);
    assert_eq!((gaps(&snapshot), snapshot.records.len()), ((vec![(2, DropReason::FileRemoved)], 3), 2));
}
