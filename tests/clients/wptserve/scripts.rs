//! Handlers in Python and the same in Rhai: `NAME.py` and `NAME.rhai` side by side, both asked for as `NAME.py`.

use super::grid::Request;

/// Name, Python, Rhai; each is the body of `main(request, response)`.
pub const SCRIPTS: [(&str, &str, &str); 23] = [
    ("string", "return 'test data'", r#""test data""#),
    ("unicode", "return 'h\\xe9 \\u65e5'", r#""h\u00e9 \u65e5""#),
    ("octets", "return b'\\x00\\xff'", "blob([0, 255])"),
    ("nothing", "return None", "()"),
    (
        "two",
        "return [('X-Test', 'PASS'), ('Content-Type', 'text/plain')], 'two'",
        r#"[[["X-Test", "PASS"], ["Content-Type", "text/plain"]], "two"]"#,
    ),
    ("three", "return 202, [('X-Test', 'PASS')], 'three'", r#"[202, [["X-Test", "PASS"]], "three"]"#),
    (
        "words",
        "return (202, 'Giraffe'), [('X-Test', 'PASS')], 'words'",
        r#"[[202, "Giraffe"], [["X-Test", "PASS"]], "words"]"#,
    ),
    ("four", "return 202, [], 'four', 'garbage'", r#"[202, [], "four", "garbage"]"#),
    ("fails", "raise Exception('on purpose')", r#"throw "on purpose""#),
    (
        "fields",
        "response.headers.append('X-One', '1'); response.headers.append('x-one', '2'); response.headers.set('X-Two', 'a'); response.headers.set('x-two', 'b'); return ''",
        r#"response.headers.append("X-One", "1"); response.headers.append("x-one", "2"); response.headers.set("X-Two", "a"); response.headers.set("x-two", "b"); """#,
    ),
    (
        "deleted",
        "response.headers.set('X-One', '1'); response.headers.set('X-Two', '2'); del response.headers['X-One']; return 'x'",
        r#"response.headers.set("X-One", "1"); response.headers.set("X-Two", "2"); response.headers.delete("X-One"); "x""#,
    ),
    (
        "status",
        "response.status = 404; response.content = 'gone'",
        r#"response.status = 404; response.content = "gone";"#,
    ),
    (
        "reason",
        "response.status = (299, 'Odd One'); response.content = 'odd'",
        r#"response.status = [299, "Odd One"]; response.content = "odd";"#,
    ),
    (
        "pieces",
        "response.content = [b'one ', b'two ', lambda: b'three']",
        r#"response.content = ["one ", "two ", "three"];"#,
    ),
    ("redirect", "return 302, [('Location', '/elsewhere')], ''", r#"[302, [["Location", "/elsewhere"]], ""]"#),
    (
        "cookies",
        "response.set_cookie(b'a', b'1'); response.set_cookie(b'b', b'2', path='/p', max_age=5, httponly=True, secure=True); return 'baked'",
        r#"response.set_cookie("a", "1"); response.set_cookie("b", "2", #{ path: "/p", max_age: 5, httponly: true, secure: true }); "baked""#,
    ),
    ("method", "return request.method", "request.method"),
    (
        "unset",
        "response.set_cookie(b'a', b'1'); response.unset_cookie(b'a'); return 'raw'",
        r#"response.set_cookie("a", "1"); response.unset_cookie("a"); "raw""#,
    ),
    (
        "query",
        "return request.GET.first(b'a', b'none') + b'|' + b','.join(request.GET.get_list(b'b'))",
        r#"let all = ""; for b in request.GET.get_list("b") { all += if all == "" { b } else { "," + b }; } request.GET.first("a", "none") + "|" + all"#,
    ),
    ("header", "return request.headers.get(b'X-Test', b'none')", r#"request.headers.get("X-Test", "none")"#),
    ("cookie", "return request.cookies.first(b'name').value", r#"request.cookies.first("name")"#),
    ("body", "return request.body", "request.body"),
    (
        "raw",
        "response.writer.write_raw_content(b'HTTP/1.1 202 Giraffe\\r\\nX-Test: PASS\\r\\n\\r\\nraw'); response.close_connection = True",
        r#"response.writer.write_raw_content("HTTP/1.1 202 Giraffe\r\nX-Test: PASS\r\n\r\nraw"); response.close_connection = true;"#,
    ),
];

/// The files of the handlers.
pub fn files() -> impl Iterator<Item = (String, Vec<u8>)> {
    SCRIPTS.iter().flat_map(|(name, python, rhai)| {
        let python = format!("def main(request, response):\n    {python}\n");
        let rhai = format!("fn main(request, response) {{ {rhai} }}\n");
        [(format!("scripts/{name}.py"), python.into_bytes()), (format!("scripts/{name}.rhai"), rhai.into_bytes())]
    })
}

/// Each handler with several methods, with parameters and fields, and through pipes.
pub fn requests() -> Vec<Request> {
    let mut all = Vec::new();
    for (name, _, _) in SCRIPTS {
        all.extend(["GET", "HEAD", "POST", "PUT", "DELETE"].map(|method| ask(name, "").method(method)));
        for pipe in
            ["slice(null,2)", "slice(1)", "header(X-Pipe,1)", "status(203)", "gzip", "sub", "trickle(1:d0.001)", "nope"]
        {
            all.push(ask(name, &format!("&pipe={pipe}")));
        }
    }
    all.extend(["missing", "query", "header"].map(|name| Request::get(format!("/scripts/{name}.py"))));
    all
}

fn ask(name: &str, query: &str) -> Request {
    let target = format!("/scripts/{name}.py?a=1%2B&b=x+y&b=%C3%A9{query}");
    Request::get(target).with("X-Test", "PASS").with("Cookie", "name=value; other=2")
}
