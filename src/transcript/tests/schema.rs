//! The published schema against transcripts, and against what is not one.

use super::round_trip::{facts, record};
use crate::transcript::{Facts, Record, SCHEMA, Snapshot, line, lines_begin};
use boon::{Compiler, SchemaIndex, Schemas};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::LazyLock;

static VALIDATOR: LazyLock<(Schemas, SchemaIndex)> = LazyLock::new(|| {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    let schema = serde_json::from_str(SCHEMA).expect("JSON");
    compiler.add_resource(NAME, schema).expect("a name");
    let index = compiler.compile(NAME, &mut schemas).expect("a schema");
    (schemas, index)
});

const NAME: &str = "urn:wireserve:schema:transcript:1";

fn wrong(value: &Value) -> Option<String> {
    let (schemas, index) = &*VALIDATOR;
    schemas.validate(value, *index).err().map(|error| format!("{error:#} in {value:#}"))
}

fn is_valid(text: &str) -> Result<(), TestCaseError> {
    let value: Value = serde_json::from_str(text).expect("JSON");
    wrong(&value).map_or(Ok(()), |error| Err(TestCaseError::fail(error)))
}

proptest! {
    #![proptest_config(crate::properties::config(100))]

    #[test]
    fn whatever_is_written_is_in_the_schema(facts in facts(), records in vec(record(), 0..6)) {
        is_valid(&Snapshot { facts: facts.clone(), records: records.clone() }.to_json())?;
        is_valid(&lines_begin(&facts))?;
        for record in &records {
            is_valid(&line(record))?;
        }
    }
}

/// A record of each kind that the tests below change.
fn example(json: Value) -> Value {
    let record: Record = serde_json::from_value(json).expect("a record");
    serde_json::from_str(&line(&record)).expect("JSON")
}

#[test]
fn what_is_not_a_transcript_is_not_in_the_schema() {
    let goaway = "0000080700000000000000000000000001";
    let goaway = example(json!({"seq": 1, "time": 0.5, "from": "client", "what": "frame", "octets": goaway}));
    assert_eq!(wrong(&goaway), None);
    assert_eq!(goaway["code"], "PROTOCOL_ERROR");
    let changes: [(&str, Value); 12] = [
        ("seq", json!("1")),
        ("time", json!(-1)),
        ("time", Value::Null),
        ("from", json!("browser")),
        ("cause", json!("unknown")),
        ("what", json!("fram")),
        ("code", Value::Null),
        ("code_number", json!(-1)),
        ("increment", json!(1)),
        ("octets", json!("0")),
        ("flags", json!(256)),
        ("fields", json!([["a", "b", "often"]])),
    ];
    for (key, value) in changes {
        let mut changed = goaway.clone();
        changed[key] = value;
        assert!(wrong(&changed).is_some(), "{changed:#}");
    }
    for key in ["seq", "what", "type", "octets", "whole", "debug"] {
        let mut changed = goaway.clone();
        changed.as_object_mut().expect("an object").remove(key);
        assert!(wrong(&changed).is_some(), "without {key}: {changed:#}");
    }
    for other in [json!({}), json!([]), json!("transcript"), json!({"what": "connection", "version": 1})] {
        assert!(wrong(&other).is_some(), "{other}");
    }
}

#[test]
fn another_version_is_not_in_the_schema() {
    let text = json!({"id": 1, "protocol": "HTTP/2", "recorded_by": "server", "client_address": "", "server_address": "",
        "server_port": 1, "tls": null, "profile": null, "opened": 0.0, "closed": null, "requests_total": 0,
        "requests": [], "client_goaway": null, "resets": [],
        "errors": {"violations": 0, "peer_resets": 0, "peer_goaway": null}, "expectations": [],
        "expectations_failed": 0, "expectations_dropped": 0, "records_dropped": 0});
    let facts: Facts = serde_json::from_value(text).expect("facts");
    let mut head: Value = serde_json::from_str(&lines_begin(&facts)).expect("JSON");
    assert_eq!(wrong(&head), None);
    head["version"] = json!(2);
    assert!(wrong(&head).is_some());
}
