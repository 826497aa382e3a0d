//! Files that are damaged, or from another program.

use super::{Recorder, hub, octets_of, record, sent};
use crate::http::transport::{Cause, CloseReason, PeerClosed};
use crate::transcript::{DropReason, Options, Record, RecordKind, Saved, Snapshot, lines_begin};
use crate::wire::frame::{FrameType, RawFrame};

fn lines() -> String {
    let hub = hub(Options::default());
    let recorder: Recorder = record(&hub, 1);
    for _ in 0..3 {
        let ping = octets_of(&RawFrame::new(FrameType::PING, 0, 0, vec![0; 8]));
        recorder.http2(None, 0, &sent(&ping, Cause::Checked));
    }
    recorder.ending()(CloseReason::Peer(PeerClosed::Reset));
    let snapshot = hub.transcript(1).expect("it is kept").snapshot();
    // As a file begins that is written while the connection is open.
    let begun = hub.transcript(1).expect("it is kept").facts_at_start().clone();
    let rest = snapshot.to_lines().split_once('\n').expect("lines").1.to_owned();
    format!("{}{rest}", lines_begin(&begun))
}

fn saved(text: &str) -> Saved {
    Snapshot::read_saved(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn remarks(text: &str) -> (usize, Vec<String>) {
    let saved = saved(text);
    (saved.snapshot.records.len(), saved.remarks.iter().map(ToString::to_string).collect())
}

#[test]
fn a_file_that_ends_in_the_middle_of_a_line_is_read_up_to_there() {
    let lines = lines();
    assert_eq!(remarks(&lines), (4, vec![]));
    let cut = &lines[..lines.len() - 20];
    assert_eq!(remarks(cut), (3, vec!["line 5: the file ends in the middle of this line".to_owned()]));
    // Without its line end, the last line is all there.
    assert_eq!(remarks(lines.trim_end()), (4, vec![]));
    let head = lines.split_once('\n').expect("lines").0;
    assert_eq!(remarks(head), (0, vec![]));
    let error = Snapshot::read_saved(&lines.as_bytes()[..40]).expect_err("half a head");
    assert!(error.text.starts_with("this is not a transcript"), "{error}");
}

#[test]
fn lines_that_mean_nothing_here_are_left_out_with_a_word() {
    let lines = lines();
    let unknown = lines.replacen("\"what\":\"frame\"", "\"what\":\"hologram\"", 1);
    let (count, said) = remarks(&unknown);
    assert_eq!((count, said.len()), (3, 1));
    assert!(said[0].starts_with("line 2: not known to this version of wireserve: `hologram`, expected"), "{said:?}");
    let damaged = lines.replacen("\"seq\":2", "\"seq\":\u{0}2", 1);
    assert_eq!((remarks(&damaged).0, remarks(&damaged).1.len()), (3, 1));
    let mut octets = lines.clone().into_bytes();
    let last = octets.len() - 5;
    octets[last] = 0xff;
    assert_eq!(Snapshot::read_saved(&octets).expect("the rest is fine").remarks.len(), 1);
    // However many there are, a few are told.
    let many = format!("{lines}{}", "nonsense\n".repeat(1_000));
    assert!(remarks(&many).1.len() < 50);
    assert_eq!(saved(&many).left_out, 1_000);
    let other = lines.replacen("\"version\":1", "\"version\":2", 1);
    let error = Snapshot::read_saved(other.as_bytes()).expect_err("another version");
    assert_eq!(error.to_string(), "line 1: this is version 2 of the transcript format; this program reads version 1");
}

#[test]
fn what_a_file_says_of_the_connection_comes_from_its_last_line_or_from_its_records() {
    let lines = lines();
    let closed = |saved: &Saved| saved.snapshot.facts.closed.as_ref().map(|ending| ending.closed.why.clone());
    assert_eq!(closed(&saved(&lines)).as_deref(), Some("client-reset"));
    let head = lines.split_once('\n').expect("lines").0;
    let named = head.replace("\"profile\":null", "\"profile\":\"at the end\"");
    let both = format!("{lines}{named}\n");
    let read = saved(&both);
    assert_eq!((read.snapshot.facts.profile.as_deref(), closed(&read)), (Some("at the end"), None));
}

#[test]
fn a_gap_in_a_file_is_a_record() {
    let gap = "{\"seq\":7,\"time\":1.5,\"what\":\"dropped\",\"records\":5,\"why\":\"too-fast\"}";
    let record: Record = serde_json::from_str(gap).expect("a record");
    let RecordKind::Dropped(dropped) = record.kind else { panic!("{record:?}") };
    assert_eq!((dropped.records, dropped.why), (5, DropReason::TooFast));
}
