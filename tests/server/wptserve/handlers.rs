//! `test_handlers.py`.

use super::{Ask, DOCUMENT, both, handler, on, over_http1, over_http2, run};
use crate::support::raw::Client;
use crate::support::server::Server;

fn document() -> Server {
    Server::builder().file("document.txt", DOCUMENT).start()
}

#[test]
fn a_file_has_its_type_and_content() {
    both(&document(), &Ask::get("/document.txt"), |answer| {
        assert_eq!((answer.status, answer.get("content-type")), (200, Some("text/plain")));
        assert_eq!(answer.text(), DOCUMENT);
    });
}

#[test]
fn a_file_of_fields_adds_to_the_response() {
    let fields = "Content-Type: text/html\nCustom-Header: PASS\nAnother-Header: {{$id:uuid()}}\nSame-Value-Header: {{$id}}\n\
                  Double-Header: PA\nDouble-Header: SS\n";
    let server = Server::builder().file("with_headers.txt", "x").file("with_headers.txt.sub.headers", fields).start();
    both(&server, &Ask::get("/with_headers.txt"), |answer| {
        assert_eq!(answer.values("content-type"), ["text/html"]);
        assert_eq!(answer.get("custom-header"), Some("PASS"));
        let id = answer.get("another-header").expect("a UUID");
        assert!(uuid::Uuid::parse_str(id).is_ok(), "{id}");
        assert_eq!(answer.get("same-value-header"), Some(id));
        assert_eq!(answer.values("double-header"), ["PA", "SS"]);
    });
}

#[test]
fn a_range_gives_that_part() {
    let server = document();
    let length = DOCUMENT.len();
    let ranges = [
        ("bytes=10-19", format!("bytes 10-19/{length}"), &DOCUMENT[10..20]),
        ("bytes=10-", format!("bytes 10-{}/{length}", length - 1), &DOCUMENT[10..]),
        ("bytes=-10", format!("bytes {}-{}/{length}", length - 10, length - 1), &DOCUMENT[length - 10..]),
    ];
    for (range, content_range, text) in &ranges {
        both(&server, &Ask::get("/document.txt").with("range", *range), |answer| {
            assert_eq!((answer.status, answer.get("content-range")), (206, Some(content_range.as_str())));
            assert_eq!(answer.get("content-length"), Some(text.len().to_string().as_str()));
            assert_eq!(answer.text(), **text);
        });
    }
}

#[test]
fn several_ranges_are_parts_and_neighbours_are_one() {
    both(&document(), &Ask::get("/document.txt").with("range", "bytes=1-2,5-7,6-10"), |answer| {
        assert_eq!(answer.status, 206);
        let content_type = answer.get("content-type").expect("a type");
        let boundary = content_type.strip_prefix("multipart/byteranges; boundary=").expect("a boundary");
        let text = answer.text();
        let parts: Vec<&str> = text.split(&format!("--{}", boundary.trim_matches('"'))).collect();
        let [before, first, second, after] = parts[..] else { panic!("{parts:?}") };
        assert_eq!((before.trim(), after.trim_end()), ("", "--"));
        for (part, range, content) in [(first, "1-2", &DOCUMENT[1..3]), (second, "5-10", &DOCUMENT[5..11])] {
            let (head, body) = part.split_once("\r\n\r\n").expect("a head");
            let head = head.to_lowercase();
            assert!(head.contains("content-type: text/plain"), "{head}");
            assert!(head.contains(&format!("content-range: bytes {range}/{}", DOCUMENT.len())), "{head}");
            assert_eq!(body, format!("{content}\r\n"));
        }
    });
}

#[test]
fn a_range_that_is_not_there_is_416() {
    let server = document();
    let beyond = format!("bytes={}-{}", DOCUMENT.len(), DOCUMENT.len() + 10);
    for range in ["bytes=11-10", beyond.as_str()] {
        both(&server, &Ask::get("/document.txt").with("range", range), |answer| {
            assert_eq!(answer.status, 416);
            assert_eq!(answer.get("content-range"), Some(format!("bytes */{}", DOCUMENT.len()).as_str()));
        });
    }
}

#[test]
fn sub_in_the_name_fills_in_the_file() {
    let server = Server::builder()
        .file("sub.sub.txt", "{{host}} {{domains[]}} {{ports[http][0]}}\n")
        .file("sub_headers.sub.txt", "{{headers[X-Test]}}\n")
        .file("sub_params.sub.txt", "{{GET[test]}}\n")
        .start();
    let text = format!("localhost localhost {}\n", server.port("http"));
    both(&server, &Ask::get("/sub.sub.txt"), |answer| assert_eq!(answer.text(), text));
    both(&server, &Ask::get("/sub_headers.sub.txt").with("x-test", "PASS"), |answer| {
        assert_eq!(answer.text(), "PASS\n")
    });
    both(&server, &Ask::get("/sub_params.sub.txt?test=PASS"), |answer| assert_eq!(answer.text(), "PASS\n"));
}

#[test]
fn a_string_is_the_body() {
    run(r#"fn main(request, response) { "test data" }"#, |answer| {
        assert_eq!((answer.status, answer.get("content-length")), (200, Some("9")));
        assert_eq!(answer.text(), "test data");
    });
}

#[test]
fn an_array_is_fields_and_body_or_status_too() {
    run(r#"fn main(request, response) { [#{ "test-header": "test-value" }, "test data"] }"#, |answer| {
        assert_eq!((answer.status, answer.get("test-header")), (200, Some("test-value")));
        assert_eq!(answer.text(), "test data");
    });
    run(r#"fn main(request, response) { [202, [["test-header", "test-value"]], "test data"] }"#, |answer| {
        assert_eq!((answer.status, answer.get("test-header")), (202, Some("test-value")));
        assert_eq!(answer.text(), "test data");
    });
}

#[test]
fn a_status_may_have_its_words() {
    let server = handler(
        r#"fn main(request, response) { [[202, "Some Status"], #{ "test-header": "test-value" }, "test data"] }"#,
    );
    let ask = Ask::get("/handlers/test.rhai");
    assert_eq!(over_http1(&server, &ask).reason, "Some Status");
    both(&server, &ask, |answer| assert_eq!((answer.status, answer.get("test-header")), (202, Some("test-value"))));
}

#[test]
fn a_wrong_length_is_sent_as_it_is_written() {
    let server = handler(
        r#"fn main(request, response) { [#{ "content-length": 4, "test-header": "test-value" }, "test data"] }"#,
    );
    let ask = Ask::get("/handlers/test.rhai");
    let answer = over_http1(&server, &ask);
    assert_eq!((answer.status, answer.get("content-length"), answer.text().as_str()), (200, Some("4"), "test data"));
    let answer = over_http2(&server, &ask);
    assert_eq!((answer.status, answer.get("content-length"), answer.text().as_str()), (200, Some("4"), "test data"));
}

#[test]
fn an_array_of_any_other_length_is_500() {
    for result in ["[]", r#"[202, #{ "test-header": "test-value" }, "test data", "garbage"]"#] {
        run(&format!("fn main(request, response) {{ {result} }}"), |answer| assert_eq!(answer.status, 500));
    }
}

#[test]
fn nothing_is_an_empty_response() {
    run("fn main(request, response) { }", |answer| assert_eq!((answer.status, answer.body.len()), (200, 0)));
}

#[test]
fn json_is_a_string_with_its_type() {
    let script = r#"fn main(request, response) {
        response.headers.set("content-type", "application/json");
        let data = to_json(#{ data: "test data" });
        switch request.query {
            "two" => [#{ "test-header": "test-value" }, data],
            "three" => [[202, "Giraffe"], #{ "test-header": "test-value" }, data],
            _ => data,
        }
    }"#;
    let server = handler(script);
    for (query, status, header) in
        [("", 200, None), ("?two", 200, Some("test-value")), ("?three", 202, Some("test-value"))]
    {
        both(&server, &Ask::get(&format!("/handlers/test.rhai{query}")), |answer| {
            assert_eq!((answer.status, answer.get("test-header")), (status, header));
            assert_eq!(answer.get("content-type"), Some("application/json"));
            let value: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
            assert_eq!(value, serde_json::json!({"data": "test data"}));
        });
    }
    assert_eq!(over_http1(&server, &Ask::get("/handlers/test.rhai?three")).reason, "Giraffe");
}

#[test]
fn a_script_anywhere_below_the_root_answers() {
    let server = Server::builder()
        .file("string.rhai", r#"fn main(request, response) { response.headers.set("Content-Type", "text/plain"); "PASS" }"#)
        .file("two.rhai", r#"fn main(request, response) { [[["Content-Type", "text/html"], ["X-Test", "PASS"]], "PASS"] }"#)
        .file("three.rhai", r#"fn main(request, response) { [[202, "Giraffe"], [["Content-Type", "text/html"], ["X-Test", "PASS"]], "PASS"] }"#)
        .start();
    both(&server, &Ask::get("/string.rhai"), |answer| {
        assert_eq!((answer.status, answer.get("content-type"), &*answer.text()), (200, Some("text/plain"), "PASS"));
    });
    for (path, status) in [("/two.rhai", 200), ("/three.rhai", 202)] {
        both(&server, &Ask::get(path), |answer| {
            assert_eq!((answer.status, answer.get("content-type")), (status, Some("text/html")));
            assert_eq!((answer.get("x-test"), &*answer.text()), (Some("PASS"), "PASS"));
        });
    }
    assert_eq!(over_http1(&server, &Ask::get("/three.rhai")).reason, "Giraffe");
}

#[test]
fn a_script_imports_its_neighbour() {
    let server = Server::builder()
        .handler("sub/library.rhai", r#"fn pass() { "PASS" }"#)
        .handler("sub/test.rhai", r#"import "sub/library" as library; fn main(request, response) { library::pass() }"#)
        .start();
    both(&server, &Ask::get("/handlers/sub/test.rhai"), |answer| {
        assert_eq!((answer.status, &*answer.text()), (200, "PASS"))
    });
}

#[test]
fn a_script_that_cannot_answer_is_500_and_none_is_404() {
    let server = Server::builder()
        .file("no_main.rhai", "fn other() { 1 }")
        .file("invalid.rhai", "fn main(request, response) { let = }")
        .start();
    for (path, status, words) in
        [("/no_main.rhai", 500, "main"), ("/invalid.rhai", 500, "invalid.rhai"), ("/missing.rhai", 404, "")]
    {
        both(&server, &Ask::get(path), |answer| {
            assert_eq!(answer.status, status);
            assert!(answer.text().contains(words), "{}", answer.text());
        });
    }
}

#[test]
fn a_folder_is_a_list_and_its_address_ends_in_a_slash() {
    let server = Server::builder().file("subdir/file.txt", "x").start();
    for path in ["/", "/subdir/"] {
        both(&server, &Ask::get(path), |answer| {
            assert_eq!(answer.status, 200);
            assert!(answer.get("content-type").is_some_and(|value| value.starts_with("text/html")));
        });
    }
    both(&server, &Ask::get("/subdir/"), |answer| assert!(answer.text().contains("file.txt\">")));
    both(&server, &Ask::get("/subdir"), |answer| {
        assert_eq!(answer.status, 301);
        assert!(answer.get("location").is_some_and(|location| location.ends_with("/subdir/")));
    });
}

#[test]
fn an_asis_file_is_the_whole_response() {
    let text = "HTTP/1.1 202 Giraffe\r\nX-TEST: PASS\r\nContent-Length: 7\r\n\r\nContent";
    let server = Server::builder().file("test.asis", text).start();
    let ask = Ask::get("/test.asis");
    assert_eq!(String::from_utf8_lossy(&super::octets(&server, &ask)), text);
    let answer = over_http2(&server, &ask);
    assert_eq!((answer.status, answer.get("x-test"), &*answer.text()), (202, Some("PASS"), "Content"));
}

const HEADERS: &str = r#"fn handle_headers(frame, request, response) {
    response.status = 203;
    response.headers.update(#{ test: "passed" });
    response.write_status_headers();
}"#;

const DATA: &str = r#"fn handle_data(frame, request, response) {
    let text = text(frame.payload);
    let reversed = "";
    for character in text { reversed = character + reversed; }
    response.content = [reversed];
}"#;

const THREE: &str =
    r#"fn main(request, response) { [[202, "Giraffe"], #{ "Content-Type": "text/html", "X-Test": "PASS" }, "PASS"] }"#;

#[test]
fn the_functions_of_a_handler_are_called_in_turn() {
    let both_functions = format!("{HEADERS}\n{DATA}");
    let server = Server::builder()
        .handler("headers.rhai", HEADERS)
        .handler("data.rhai", DATA)
        .handler("both.rhai", &both_functions)
        .start();
    both(&server, &Ask::get("/handlers/headers.rhai"), |answer| {
        assert_eq!((answer.status, answer.get("test"), answer.body.len()), (203, Some("passed"), 0));
    });
    both(&server, &Ask::post("/handlers/data.rhai", b"hello world!"), |answer| {
        assert_eq!((answer.status, &*answer.text()), (200, "!dlrow olleh"));
    });
    both(&server, &Ask::post("/handlers/both.rhai", b"hello world!"), |answer| {
        assert_eq!((answer.status, answer.get("test"), &*answer.text()), (203, Some("passed"), "!dlrow olleh"));
    });
}

#[test]
fn one_connection_has_many_resources() {
    let server = Server::builder().handler("headers.rhai", HEADERS).handler("three.rhai", THREE).start();
    let mut client = Client::h2c(&server);
    for (path, status, text) in [("headers", 203, ""), ("three", 202, "PASS"), ("headers", 203, "")] {
        let answer = on(&mut client, &Ask::get(&format!("/handlers/{path}.rhai")));
        assert_eq!((answer.status, &*answer.text()), (status, text));
    }
    for path in ["/handlers/no_exist.rhai", "/no_exist.txt"] {
        assert_eq!(on(&mut client, &Ask::get(path)).status, 404);
    }
}
