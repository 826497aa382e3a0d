//! The inspector in browsers: what was sent is seen, found, told apart and saved.

use super::{Browser, Trust, page};
use crate::support::server::Server;
use serde_json::json;

/// Opens the inspector beside the page, and waits for what it shows instead of for time to pass.
///
/// What is looked at is on a connection of its own, that of a profile.
const OPEN: &str = r##"
    const elsewhere = location.origin.replace("//", "//ping-silence.conn.");
    const get = path => fetch(elsewhere + path, { mode: "no-cors", cache: "no-store" });
    const frame = document.createElement("iframe");
    Object.assign(frame, { src: "/_wire/", width: 1280, height: 800 });
    await new Promise(loaded => { frame.onload = loaded; document.body.append(frame); });
    const seen = frame.contentDocument;
    const until = found => new Promise(resolve => {
        const observer = new MutationObserver(check);
        function check() {
            const value = found();
            if (value) { observer.disconnect(); resolve(value); }
        }
        observer.observe(seen, { attributes: true, characterData: true, childList: true, subtree: true });
        check();
    });
    const all = selector => [...seen.querySelectorAll(selector)];
    const text = selector => seen.querySelector(selector)?.textContent ?? "";
    const row = name => all(".row").find(row => row.querySelector(".c-type").textContent === name);
    const filter = words => {
        const query = seen.getElementById("query");
        query.value = words;
        query.dispatchEvent(new frame.contentWindow.Event("input", { bubbles: true }));
    };
    await until(() => text("#live-text") === "live" && !seen.querySelector("[aria-busy]"));"##;

/// What can be saved, with status and type of the response.
const MENU: [&str; 8] = [
    "JSON Lines: 200 application/jsonl",
    "JSON: 200 application/json",
    "Text: 200 text/plain; charset=utf-8",
    "HAR: 200 application/json",
    "qlog: 200 application/qlog+json-seq",
    "pcapng, for Wireshark: 200 application/x-pcapng",
    "Bytes of the client: 200 application/octet-stream",
    "Bytes of the server: 200 application/octet-stream",
];

#[test]
fn a_frame_is_seen_found_told_apart_and_saved() {
    let script = format!(
        r##"{OPEN}
        await get("/handlers/continuation/split.rhai");
        await until(() => row("CONTINUATION"));
        const total = text("#counts");
        filter("type:CONTINUATION");
        await until(() => text("#counts").startsWith("1 of "));
        const rows = all(".row").length;
        row("CONTINUATION").click();
        await until(() => text("#detail h2").startsWith("CONTINUATION"));
        const part = all(".part").find(part => part.querySelector(".name").textContent === "x-split");
        part.click();
        const octets = all(".byte").filter(byte => byte.classList.contains("pinned")).length;
        all(".byte").at(-1).click();
        const deepest = text(".part.pinned");
        const around = text(".where");
        const link = all("#save-menu a").find(link => link.textContent === "JSON Lines");
        const file = (await (await fetch(link.href)).text()).trim().split("\n").map(line => JSON.parse(line));
        const saved = file.find(record => record.type === "CONTINUATION").octets;
        const menu = [];
        for (const {{ href, textContent }} of all("#save-menu a")) {{
            const response = await fetch(href);
            menu.push(`${{textContent}}: ${{response.status}} ${{response.headers.get("content-type")}}`);
        }}
        const shown = all(".byte").map(byte => byte.textContent).join("");
        const hash = frame.contentWindow.location.hash.replace(/\d+/g, "N");
        filter("is:odd");
        await until(() => !seen.getElementById("query-fault").hidden);
        const fault = text("#query-fault");
        return {{ total: /^(\d+) of \1 frames$/.test(total), rows, octets, deepest, around: around.split("  ")[0],
                  same: shown === saved, first: file[0].what, menu, hash, fault: fault.startsWith("is: expects error"),
                  own: all(".row").every(row => !row.textContent.includes("/_wire/")) }};"##
    );
    let server = Server::builder().file("page.html", page(&script).replace("<script>", "<body><script>")).start();
    for browser in Browser::ALL {
        let Some(report) = browser.report(&Trust::of(&server), &server.url("h2", "/page.html")) else { continue };
        let expected = json!({
            "total": true, "rows": 1, "octets": 34, "deepest": "value",
            "around": "header block › x-split › value", "same": true, "first": "connection", "menu": MENU,
            "hash": "#filter=type:CONTINUATION&frame=N:N", "fault": true, "own": true,
        });
        assert_eq!(report, expected, "{browser:?}");
    }
}

#[test]
fn a_view_has_a_link_and_a_pause() {
    let script = format!(
        r##"{OPEN}
        await get("/handlers/hello.rhai");
        (await until(() => row("DATA"))).click();
        await until(() => text("#detail h2").startsWith("DATA"));
        const hash = frame.contentWindow.location.hash;
        seen.getElementById("pause").click();
        const before = text("#counts");
        await get("/handlers/hello.rhai");
        seen.getElementById("pause").click();
        await until(() => text("#counts") !== before);
        const again = document.createElement("iframe");
        Object.assign(again, {{ src: `/_wire/${{hash}}`, width: 390, height: 800 }});
        await new Promise(loaded => {{ again.onload = loaded; document.body.append(again); }});
        const narrow = again.contentDocument;
        await new Promise(resolve => {{
            const check = () => narrow.querySelector("#detail h2")?.textContent.startsWith("DATA") && resolve();
            new MutationObserver(check).observe(narrow, {{ childList: true, subtree: true, attributes: true }});
            check();
        }});
        const visible = () => ["connections", "frames", "detail"].filter(id => again.contentWindow.getComputedStyle(narrow.getElementById(id)).display !== "none").join();
        const steps = [visible()];
        for (let back = 0; back < 2; back++) {{
            narrow.getElementById("back").click();
            steps.push(visible());
        }}
        const wide = narrow.documentElement.scrollWidth;
        return {{ hash: /^#frame=\d+:\d+$/.test(hash), steps, wide: wide <= 390 }};"##
    );
    let server = Server::builder().file("page.html", page(&script).replace("<script>", "<body><script>")).start();
    for browser in Browser::ALL {
        let Some(report) = browser.report(&Trust::of(&server), &server.url("h2", "/page.html")) else { continue };
        let expected = json!({ "hash": true, "steps": ["detail", "frames", "connections"], "wide": true });
        assert_eq!(report, expected, "{browser:?}");
    }
}
