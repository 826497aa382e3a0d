//! Both ways against Python's package `hpack` (RFC 7541).

use crate::support::programs::python_with;
use crate::support::properties::config;
use bytes::BytesMut;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestCaseResult, TestRunner};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use wireserve::wire::hpack::{Decoder, Encoder};

type List = Vec<(Vec<u8>, Vec<u8>)>;

/// The Python process; ends when its input closes.
struct Peer {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Peer {
    fn start(python: &Path) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/hpack_python.py");
        let mut command = Command::new(python);
        let mut child =
            command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python starts");
        let (input, output) = (child.stdin.take(), child.stdout.take().expect("a pipe"));
        Self { child, input, output: BufReader::new(output) }
    }

    fn ask(&mut self, question: &Value) -> Value {
        let input = self.input.as_mut().expect("open until dropped");
        writeln!(input, "{question}").expect("python reads");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("python answers");
        serde_json::from_str(&line).expect("an answer is JSON")
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex digits")).collect()
}

fn hex_list(fields: &List) -> Value {
    fields.iter().map(|(name, value)| json!([hex(name), hex(value)])).collect()
}

fn any_list() -> impl Strategy<Value = List> {
    let name = prop_oneof![
        4 => prop::sample::select(vec![
            ":method", ":status", ":path", ":authority", "cookie", "set-cookie", "authorization", "content-length",
            "x-a", "x-b", "user-agent", "accept", "accept-charset", "www-authenticate", "accept-encoding",
        ]).prop_map(|name| name.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..40),
    ];
    let value = prop_oneof![
        3 => prop::sample::select(vec!["", "GET", "/", "200", "gzip, deflate", "a", "b", "a longer value than others"])
            .prop_map(|value| value.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
        1 => "[ -~]{0,300}".prop_map(String::into_bytes),
    ];
    prop::collection::vec((name, value), 0..12)
}

/// A field list, or a changed table size before the next one.
fn any_steps() -> impl Strategy<Value = Vec<Result<List, usize>>> {
    let size = prop_oneof![Just(0), 0..300_usize, Just(4096)];
    prop::collection::vec(prop_oneof![4 => any_list().prop_map(Ok), 1 => size.prop_map(Err)], 1..12)
}

fn run(check: impl Fn(&Path, &[Result<List, usize>]) -> TestCaseResult) {
    let Some(python) = python_with("hpack") else {
        return;
    };
    // Each case starts a process, so that its tables are empty.
    let file = FileFailurePersistence::Direct("proptest-regressions/hpack_python.txt");
    let config = Config { source_file: Some(file!()), failure_persistence: Some(Box::new(file)), ..config(24) };
    let mut runner = TestRunner::new(config);
    if let Err(error) = runner.run(&any_steps(), |steps| check(&python, &steps)) {
        panic!("{error}");
    }
}

#[test]
fn what_is_encoded_here_is_decoded_by_python() {
    run(|python, steps| {
        let mut peer = Peer::start(python);
        let mut encoder = Encoder::new();
        for step in steps {
            match step {
                Err(size) => {
                    encoder.set_max_table_size(*size);
                    peer.ask(&json!({ "decoder_table_size": size }));
                }
                Ok(fields) => {
                    let mut block = BytesMut::new();
                    encoder.encode(fields.iter().map(|(name, value)| (&name[..], &value[..])), &mut block);
                    let answer = peer.ask(&json!({ "decode": hex(&block) }));
                    prop_assert_eq!(&answer["fields"], &hex_list(fields), "{}", answer);
                }
            }
        }
        Ok(())
    });
}

#[test]
fn what_is_encoded_by_python_is_decoded_here() {
    run(|python, steps| {
        let mut peer = Peer::start(python);
        let mut decoder = Decoder::default();
        let (mut last_size, mut changed) = (4096, false);
        for (step, huffman) in steps.iter().zip([true, false].into_iter().cycle()) {
            match step {
                // Told the same size twice, Python's encoder forgets to signal it; told two in a row, it signals the
                // first even if it is above the second. One change before a block is what it does right.
                Err(size) if changed || *size == last_size => {}
                Err(size) => {
                    (last_size, changed) = (*size, true);
                    decoder.set_max_table_size(*size);
                    peer.ask(&json!({ "encoder_table_size": size }));
                }
                Ok(fields) => {
                    changed = false;
                    let answer = peer.ask(&json!({ "encode": hex_list(fields), "huffman": huffman }));
                    let block = unhex(answer["block"].as_str().unwrap_or_default());
                    let block = decoder
                        .decode(block.into(), usize::MAX)
                        .map_err(|error| TestCaseError::fail(error.to_string()))?;
                    let decoded: List =
                        block.fields().map(|field| (field.name.to_vec(), field.value.to_vec())).collect();
                    prop_assert_eq!(&decoded, fields);
                }
            }
        }
        Ok(())
    });
}
