//! `response`: status, headers, content, cookies, errors.

use super::{bare, ends, get, http1, http2, main, serve, shown, stays};

#[test]
fn every_form_of_a_status() {
    for (status, line) in [
        ("404", "404 Not Found"),
        ("299", "299 "),
        ("[200, \"Own words\"]", "200 Own words"),
        ("[200, \"\"]", "200 "),
        ("[200, ()]", "200 OK"),
        ("[200, 7]", "200 7"),
        ("[200, \"\\u00e9\"]", "200 \u{e9}"),
        ("[200, blob([0xe9])]", "200 \u{e9}"),
    ] {
        let server = serve(&bare(&format!("response.status = {status};")));
        let expected = format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\n\r\n");
        assert_eq!(get(&server), stays(&expected), "{status}");
    }
}

#[test]
fn main_returns_content_fields_and_status_in_every_form() {
    for (returned, expected) in [
        ("\"caf\\u00e9\"", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\ncaf\u{c3}\u{a9}"),
        ("blob([0xff])", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n\u{ff}"),
        (
            "[[[\"X-A\", \"1\"], [\"X-A\", 2]], \"b\"]",
            "HTTP/1.1 200 OK\r\nX-A: 1\r\nX-A: 2\r\ncontent-length: 1\r\n\r\nb",
        ),
        ("[#{ \"X-A\": [\"1\", \"2\"] }, \"\"]", "HTTP/1.1 200 OK\r\nX-A: 1\r\nX-A: 2\r\ncontent-length: 0\r\n\r\n"),
        ("[[201, \"Made\"], [], \"b\"]", "HTTP/1.1 201 Made\r\ncontent-length: 1\r\n\r\nb"),
        ("[204, [], ()]", "HTTP/1.1 204 No Content\r\n\r\n"),
        (
            "[200, [], [\"a\", || \"b\", || (), blob(1, 99)]]",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n",
        ),
    ] {
        assert_eq!(get(&serve(&bare(returned))), stays(expected), "{returned}");
    }
}

#[test]
fn fields_keep_case_order_and_repetition() {
    let body = r#"let headers = response.headers;
        headers.set("X-A", "1");
        headers.append("x-a", "2");
        headers.update([["X-A", "3"], ["X-B", "1"]]);
        headers.set("x-b", "4");
        headers["X-C"] = 5;
        let seen = `${headers.items().len()} ${headers.get("x-a")} ${headers.get("no", "none")} ${"x-C" in headers}`;
        headers.delete("x-c");
        seen"#;
    let server = serve(&bare(body));
    let expected =
        "HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nX-A: 3\r\nx-b: 4\r\ncontent-length: 19\r\n\r\n5 1, 2, 3 none true";
    assert_eq!(get(&server), stays(expected));
    assert!(shown(&http2(&server, "GET", &[], b"")).contains("x-a: 1\nx-a: 2\nx-a: 3\nx-b: 4\n"));
}

#[test]
fn a_wrong_length_is_honoured_over_both_protocols() {
    for length in ["3", "99", "many"] {
        let server = serve(&bare(&format!("response.headers.set(\"Content-Length\", \"{length}\"); \"four\"")));
        let expected = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nfour");
        assert_eq!(get(&server), ends(&expected));
        let answer = http2(&server, "GET", &[], b"");
        assert_eq!(shown(&answer), format!(":status: 200\ncontent-length: {length}\n\nfour"));
        assert_eq!(answer.reset, None);
    }
    let server = serve(&bare(
        "response.headers.append(\"content-length\", 4); response.headers.append(\"content-length\", 5); \"four\"",
    ));
    assert_eq!(get(&server), ends("HTTP/1.1 200 OK\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nfour"));
    assert_eq!(shown(&http2(&server, "GET", &[], b"")), ":status: 200\ncontent-length: 4\ncontent-length: 5\n\nfour");
    let server = serve(&bare("response.headers.set(\"transfer-encoding\", \"chunked\"); \"no chunk\""));
    assert_eq!(get(&server), stays("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nno chunk"));
}

#[test]
fn head_gets_no_content_unless_the_handler_wants_that() {
    let plain = serve(&bare("[[[\"X-Test\", \"TEST\"]], \"body\\r\\n\"]"));
    assert_eq!(http1(&plain, "HEAD", "\r\n"), stays("HTTP/1.1 200 OK\r\nX-Test: TEST\r\ncontent-length: 6\r\n\r\n"));
    let forced = serve(&bare("response.send_body_for_head_request = true; \"body\""));
    assert_eq!(http1(&forced, "HEAD", "\r\n"), ends("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody"));
    assert_eq!(shown(&http2(&forced, "HEAD", &[], b"")), ":status: 200\ncontent-length: 4\n\nbody");
    let written = "response.headers.set(\"content-length\", 4); response.content = \"body\";
        response.write_status_headers(); response.write_content();";
    assert_eq!(http1(&serve(&bare(written)), "HEAD", "\r\n"), stays("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"));
}

#[test]
fn fields_that_break_http_1_are_refused_with_the_line_that_sends_them() {
    let server = serve(&bare("response.headers.set(\"x\", \"a\\r\\nb: c\"); \"\""));
    let super::Came::Stays(came) = get(&server) else { panic!("the connection is fine") };
    assert!(came.starts_with("HTTP/1.1 500 ") && came.contains("writer.write_header"), "{came}");
}

#[test]
fn errors_are_wptserves_json() {
    let server =
        serve(&bare("response.headers.set(\"x-gone\", \"1\"); response.set_error(418, \"short \\\"and\\\" stout\");"));
    let page = r#"{"error":{"code":418,"message":"short \"and\" stout"}}"#;
    let head = "HTTP/1.1 418 I'm a teapot\r\ncontent-type: application/json\r\ncontent-length: 54\r\n\r\n";
    assert_eq!(get(&server), stays(&format!("{head}{page}")));
    let answer = http2(&serve(&main("response.set_error(503)")), "GET", &[], b"");
    assert_eq!((answer.status(), answer.text().as_str()), (Some(503), r#"{"error":{"code":503,"message":""}}"#));
}

#[test]
fn cookies_as_wptserve_writes_them() {
    let set = |call: &str| {
        let answer = http2(&serve(&bare(&format!("{call}; \"\""))), "GET", &[], b"");
        answer.get("set-cookie").unwrap_or_default()
    };
    assert_eq!(set("response.set_cookie(\"n\", \"v\")"), "n=v; Path=/");
    assert_eq!(set("response.set_cookie(\"n\", \"v\", #{ path: (), domain: (), max_age: () })"), "n=v");
    let all = "#{ path: \"/p\", domain: \"d.test\", max_age: 9, secure: true, httponly: true, samesite: \"Lax\" }";
    assert_eq!(
        set(&format!("response.set_cookie(\"n\", \"v\", {all})")),
        "n=v; Domain=d.test; HttpOnly; Max-Age=9; Path=/p; SameSite=Lax; Secure"
    );
    let deleted = set("response.delete_cookie(\"n\", #{ domain: \"d.test\" })");
    assert!(
        deleted.starts_with("n=; Domain=d.test; expires=") && deleted.ends_with(" GMT; Max-Age=0; Path=/"),
        "{deleted}"
    );
    let deleted =
        set("response.set_cookie(\"n\", (), #{ path: \"/p\", max_age: 9, samesite: \"None\", secure: true })");
    assert!(deleted.ends_with(" GMT; Max-Age=0; Path=/p; SameSite=None; Secure"), "{deleted}");
    assert_eq!(
        set("response.set_cookie(\"a\", \"1\"); response.set_cookie(\"b\", \"2\"); response.unset_cookie(\"a\")"),
        "b=2; Path=/"
    );
}
