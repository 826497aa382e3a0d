//! Raw and tracked calls of one handler, read by decoders that are not ours.

use super::{Client, Ending, Request};
use crate::support::server::Server;

/// Two raw blocks, one of them in three frames, put fields into the client's dynamic table; the final section, from the
/// checked calls, uses what is there.
const SCRIPT: &str = r#"
fn main(request, response) {
    let writer = response.writer;
    let block = hpack::block().without_indexing(":status", "103").incremental("x-one", "first").incremental("x-two", "second").bytes();
    writer.write_raw_header_frame(block, #{ end_headers: true });
    let first = frame::headers(request.stream_id, block[0..3]);
    first.end_headers = false;
    writer.write_raw_frame(first);
    writer.write_raw_continuation_frame(block[3..9]);
    writer.write_raw_continuation_frame(block[9..block.len], #{ end_headers: true });
    writer.write_headers(200, [["x-two", "second"], ["x-one", "first"], ["x-one", "other"]]);
    writer.write_raw_data_frame("raw, ");
    writer.write_data("and tracked\n", true);
}"#;

#[test]
fn foreign_decoders_agree_about_the_table_after_raw_blocks() {
    let server = Server::builder().handler("lanes.rhai", SCRIPT).start();
    for client in [Client::PythonH2, Client::Httpx, Client::Curl, Client::Node] {
        let Some(outcome) = client.fetch(&Request::get(server.url("h2c", "/handlers/lanes.rhai"))) else { continue };
        assert_eq!((outcome.result, outcome.status), (Ending::Complete, Some(200)), "{outcome:?}");
        assert_eq!(outcome.body_octets, 17, "{outcome:?}");
        let found =
            |name: &str, value: &str| outcome.headers.iter().any(|(key, all)| key == name && all.contains(value));
        assert!(found("x-two", "second") && found("x-one", "first") && found("x-one", "other"), "{outcome:?}");
    }
}
