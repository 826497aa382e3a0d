//! Pages that assert with wire.js what their browser did.

use super::{Browser, Trust, page};
use crate::support::server::Server;
use serde_json::json;

const DOCS: &str = include_str!("../../docs/outcomes.md");

/// The handler of the documentation: it breaks a rule that ends the connection.
fn breaks() -> &'static str {
    let block = DOCS.split_once("```rhai\n").expect("a handler").1;
    block.split_once("```").expect("its end").0
}

/// `fetch` says nothing but that it failed.
const SCRIPT: &str = r#"
    const { response, error, outcome } = await wire.fetch("/handlers/breaks.rhai", {}, { wait: 30 });
    assert_goaway(outcome, "PROTOCOL_ERROR");
    let message;
    try { assert_goaway(outcome, "NO_ERROR"); } catch (error) { message = error.message; }
    const { connection, stream } = outcome.attempts.at(-1);
    const link = `${location.origin}/_wire/#connection=${connection}&stream=${stream}`;
    return { response, failed: error instanceof TypeError, why: outcome.why, link: message.includes(link),
      frames: /← HEADERS stream \d+[^]*→ WINDOW_UPDATE stream 0[^]*← GOAWAY stream 0/.test(message) };"#;

#[test]
fn a_page_whose_fetch_fails_asserts_what_the_browser_sent() {
    let classic = r#"
        await new Promise((loaded, failed) => {
            const script = document.createElement("script");
            Object.assign(script, { src: "/resources/wire.js", onload: loaded, onerror: failed });
            document.head.append(script);
        });"#;
    let module = r#"const { wire, assert_goaway } = await import("/resources/wire.mjs");"#;
    let server = Server::builder()
        .handler("breaks.rhai", breaks())
        .file("classic.html", page(&format!("{classic}{SCRIPT}")))
        .file("module.html", page(&format!("{module}{SCRIPT}")))
        .start();
    let expected = json!({ "response": null, "failed": true, "why": "goaway", "link": true, "frames": true });
    for browser in Browser::ALL {
        for name in ["classic", "module"] {
            let url = server.url("h2", &format!("/{name}.html"));
            let Some(report) = browser.report(&Trust::of(&server), &url) else { continue };
            assert_eq!(report, expected, "{browser:?} {name}");
        }
    }
}

/// A page on the port for HTTP/1.1 asks about its own requests at the port for HTTP/2.
#[test]
fn a_page_of_another_origin_of_the_server_may_ask() {
    let script = r#"
        const { wire } = await import("/resources/wire.mjs");
        const other = new URLSearchParams(location.search).get("other");
        const token = wire.token();
        await fetch(wire.url(`${other}/handlers/hello.rhai`, token), { mode: "no-cors" });
        wire.server = other;
        const outcome = await wire.outcome(token);
        await wire.forget(token);
        const { why } = await wire.outcome(token, { wait: 0 });
        return { protocol: outcome.attempts[0].protocol, why: outcome.why, forgotten: why };"#;
    let server = Server::builder().file("page.html", page(script)).start();
    for browser in Browser::ALL {
        let url = server.url("https", &format!("/page.html?other={}", server.base("h2")));
        let Some(report) = browser.report(&Trust::of(&server), &url) else { continue };
        let expected = json!({ "protocol": "HTTP/2", "why": "stream-ended", "forgotten": "never-came" });
        assert_eq!(report, expected, "{browser:?}");
    }
}
