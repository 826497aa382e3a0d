//! `test_request.py`.

use super::{Ask, both, handler};
use crate::support::server::Server;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

/// どうも in Shift JIS: not UTF-8.
const DOMO: &[u8] = b"\x82\xc7\x82\xa4\x82\xe0";

/// The same, percent-encoded.
const ENCODED: &str = "%82%C7%82%A4%82%E0";

#[test]
fn the_body_is_whole_wherever_reading_has_come() {
    let script = r#"fn main(request, response) {
        request.raw_input.seek(5);
        request.body
    }"#;
    both(&handler(script), &Ask::post("/handlers/test.rhai", b"12345ab\ncdef"), |answer| {
        assert_eq!(answer.body, b"12345ab\ncdef");
    });
}

#[test]
fn a_route_gives_its_matches() {
    let server = Server::builder()
        .file(
            "match.rhai",
            r#"fn main(request, response) { `${request.route_match["match"]} ${request.route_match["*"]}` }"#,
        )
        .config("[[routes]]\nmethods = [\"GET\"]\npath = \"/test/{match}_*\"\nscript = \"match.rhai\"\n")
        .start();
    both(&server, &Ask::get("/test/some_route"), |answer| assert_eq!(answer.text(), "some route"));
}

#[test]
fn fields_may_have_any_octets() {
    let server = handler(r#"fn main(request, response) { request.headers.get_bytes("foo") }"#);
    for value in ["你好".as_bytes(), DOMO] {
        let ask = Ask::get("/handlers/test.rhai").with("foo", value);
        both(&server, &ask, |answer| assert_eq!(answer.body, value));
    }
}

#[test]
fn parameters_of_the_query_may_have_any_octets() {
    let server = handler(r#"fn main(request, response) { request.GET.get_bytes("foo") }"#);
    let target = format!("/handlers/test.rhai?foo={ENCODED}");
    both(&server, &Ask::get(&target), |answer| assert_eq!(answer.body, DOMO));
}

#[test]
fn parameters_of_a_form_may_have_any_octets() {
    let server = handler(r#"fn main(request, response) { request.POST.get_bytes("foo") }"#);
    let body = format!("foo={ENCODED}");
    let ask =
        Ask::post("/handlers/test.rhai", body.as_bytes()).with("content-type", "application/x-www-form-urlencoded");
    both(&server, &ask, |answer| assert_eq!(answer.body, DOMO));
}

#[test]
fn basic_authentication_gives_name_and_password() {
    // Strings of one character per octet, as the values of fields are.
    let script = r#"fn main(request, response) {
        response.headers.set("x-name", request.auth.username);
        response.headers.set("x-password", request.auth.password);
    }"#;
    let server = handler(script);
    for [name, password] in [[&b"test"[..], b"PASS"], [DOMO, DOMO]] {
        let value = format!("Basic {}", BASE64.encode([name, b":", password].concat()));
        let ask = Ask::get("/handlers/test.rhai").with("authorization", &value);
        both(&server, &ask, |answer| {
            let octets =
                |name| answer.get(name).unwrap_or_default().chars().map(|octet| octet as u8).collect::<Vec<_>>();
            assert_eq!((octets("x-name"), octets("x-password")), (name.to_vec(), password.to_vec()));
        });
    }
}
