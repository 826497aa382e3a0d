//! What browsers make of the server's answers.

use super::{Browser, Trust, page};
use crate::support::server::Server;
use serde_json::json;

#[test]
fn a_handler_answers_a_page_over_h2() {
    let script = r#"
        const response = await fetch("/handlers/hello.rhai");
        const text = await response.text();
        const entry = performance.getEntriesByName(response.url)[0];
        return { status: response.status, empty: text.length === 0, protocol: entry.nextHopProtocol };"#;
    let server = Server::builder().file("page.html", page(script)).start();
    for browser in Browser::ALL {
        let Some(report) = browser.report(&Trust::of(&server), &server.url("h2", "/page.html")) else { continue };
        assert_eq!(report, json!({ "status": 200, "empty": false, "protocol": "h2" }), "{browser:?}");
    }
}

#[test]
fn a_script_that_breaks_the_protocol_fails_the_fetch_and_nothing_else() {
    let handler = r#"
        fn handle_headers(frame, request, response) {
            response.writer.rst_stream(2);
        }"#;
    let script = r#"
        let failed = false;
        try { await (await fetch("/handlers/reset.rhai")).text(); } catch { failed = true; }
        const after = await fetch("/handlers/hello.rhai");
        return { failed, status: after.status };"#;
    let server = Server::builder().handler("reset.rhai", handler).file("page.html", page(script)).start();
    for browser in Browser::ALL {
        let Some(report) = browser.report(&Trust::of(&server), &server.url("h2", "/page.html")) else { continue };
        assert_eq!(report, json!({ "failed": true, "status": 200 }), "{browser:?}");
    }
}

/// Shipped handlers, and whether both browsers take the answer; after each refusal the page goes on.
const SHIPPED: [(&str, bool); 12] = [
    ("/handlers/early-hints.rhai?count=2", true),
    ("/handlers/trailers.rhai", true),
    ("/handlers/continuation/split.rhai?at=5", true),
    ("/handlers/continuation/empty.rhai", true),
    ("/handlers/frames/unknown.rhai", true),
    ("/handlers/frames/rst-stream.rhai?code=1&when=body", false),
    ("/handlers/fields/name.rhai?name=X-Upper-Case", false),
    ("/handlers/hpack/index.rhai?index=0", false),
    ("/handlers/data/oversized.rhai?by=3616", false),
    ("/handlers/continuation/interleaved.rhai", false),
    ("/handlers/frames/cut.rhai", false),
    ("/handlers/hello.rhai", true),
];

#[test]
fn browsers_take_what_is_lawful_and_refuse_what_is_not() {
    let paths = serde_json::to_string(&SHIPPED.map(|(path, _)| path)).expect("strings are JSON");
    let script = format!(
        r#"
        const taken = [];
        for (const path of {paths}) {{
            try {{
                const response = await fetch(path, {{ cache: "no-store", signal: AbortSignal.timeout(8000) }});
                await response.text();
                taken.push(response.ok);
            }} catch {{
                taken.push(false);
            }}
        }}
        return {{ taken }};"#
    );
    let server = Server::builder().file("page.html", page(&script)).start();
    for browser in Browser::ALL {
        let Some(report) = browser.report(&Trust::of(&server), &server.url("h2", "/page.html")) else { continue };
        for (number, (path, taken)) in SHIPPED.iter().enumerate() {
            assert_eq!(report["taken"][number], *taken, "{browser:?} {path}: {report}");
        }
    }
}

/// The start page in a frame, and a click on the first button of one of its handlers.
const INDEX: &str = r#"
        const frame = document.createElement("iframe");
        frame.src = "/";
        await new Promise(loaded => { frame.onload = loaded; document.documentElement.append(frame); });
        const page = frame.contentDocument;
        const fetched = (article, wanted) => {
            const seen = new Promise(seen => {
                const look = () => {
                    const found = article.querySelector(wanted);
                    if (found) seen(found);
                };
                new frame.contentWindow.MutationObserver(look).observe(article, { childList: true, subtree: true });
            });
            article.querySelector("button").click();
            return seen;
        };"#;

#[test]
fn the_index_page_fetches_at_a_click() {
    let script = r#"
        const article = page.getElementById("hello.rhai");
        const shown = () => article.querySelector("output")?.textContent ?? "";
        const { textContent, hash } = await fetched(article, "output li a");
        return {
            shown: /200[^]*content-type: text\/plain[^]*Hello, world![^]* ms/.test(shown()),
            outcome: /^stream-ended: stream \d+ of connection \d+: request and response are complete$/.test(textContent),
            link: /^#connection=\d+&stream=\d+$/.test(hash),
        };"#;
    let server = Server::builder().file("page.html", page(&format!("{INDEX}{script}"))).start();
    for browser in Browser::ALL {
        let Some(report) = browser.report(&Trust::of(&server), &server.url("h2", "/page.html")) else { continue };
        assert_eq!(report, json!({ "shown": true, "outcome": true, "link": true }), "{browser:?}");
    }
}

#[test]
fn the_index_page_over_http1_fetches_over_http2_and_says_what_it_finds() {
    let script = r#"
        const article = page.getElementById("frames/cut.rhai");
        const { className, textContent } = await fetched(article, "output li");
        const found = text => {
            const filter = page.getElementById("filter");
            filter.value = text;
            filter.dispatchEvent(new frame.contentWindow.Event("input"));
            return page.getElementById("found").textContent.split(":")[0];
        };
        return {
            outcome: /stream \d+ of connection/.test(textContent) && className === "wrong" || textContent,
            one: found("hello.rhai smallest"),
            none: found("xyzzy"),
            all: found(""),
        };"#;
    let server = Server::builder().file("page.html", page(&format!("{INDEX}{script}"))).start();
    for browser in Browser::ALL {
        let Some(report) = browser.report(&Trust::of(&server), &server.url("http", "/page.html")) else { continue };
        let expected = json!({ "outcome": true, "one": "1 found", "none": "Nothing found", "all": "" });
        assert_eq!(report, expected, "{browser:?}");
    }
}
