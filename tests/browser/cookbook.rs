//! What browsers make of scripts of `docs/recipes/`: they try again where they may, and their user notices nothing.

use super::{Browser, Trust, page};
use crate::support::cookbook::builder;
use crate::support::raw::Client;
use crate::support::server::Server;
use serde_json::json;

/// Reports status and text of each answer.
const ASKING: &str = r#"
    const answers = {};
    const ask = async (name, host, options) => {
        const response = await fetch(`https://${host}:${location.port}/handlers/${name}.rhai`, options);
        answers[name] = [response.status, await response.text()];
    };
    await ask("misdirected", "www.web-platform.test", { credentials: "include" });
    await ask("early-response", location.hostname, { method: "POST", body: "x".repeat(1000000) });
    const rest = ["refused-once", "goaway-below", "goaway-seen", "many-informational", "many-fields", "empty-trailers",
        "slow-fields", "http-1-1-required"];
    for (const name of rest) {
        await ask(name, location.hostname);
    }
    return answers;"#;

/// Whether the server sent this status on any connection, by its transcripts.
fn has_sent(server: &Server, status: u16) -> bool {
    let field = format!("[\":status\",\"{status}\"");
    (1..100).any(|id| {
        let mut client = Client::h2c(server);
        client.open_windows();
        let stream = client.get(&format!("/_wire/connections/{id}"));
        client.response(stream).text().split_whitespace().collect::<String>().contains(&field)
    })
}

#[test]
fn browsers_try_again_where_they_may() {
    let config = "browser_host = \"web-platform.test\"\nrefuse_h2_over_http1 = false\n";
    let wanted = json!({
        // A connection that was made for another host, 421, and a connection of its own.
        "misdirected": [200, "This connection is for www.web-platform.test.\n"],
        "early-response": [413, "Too large.\n"],
        "refused-once": [200, "This is try 2.\n"],
        "goaway-below": [200, "This is try 2.\n"],
        "goaway-seen": [200, "The first GOAWAY was read before this was sent.\n"],
        "many-informational": [200, "100 came before this.\n"],
        "many-fields": [200, "300 fields.\n"],
        "empty-trailers": [200, ""],
        "slow-fields": [200, "Slowly.\n"],
        "http-1-1-required": [200, "Over HTTP/1.1, as required.\n"],
    });
    for browser in Browser::ALL {
        let server = builder().config(config).file("page.html", page(ASKING)).start();
        let url = format!("https://web-platform.test:{}/page.html", server.port("h2"));
        let Some(report) = browser.report(&Trust::of(&server), &url) else { continue };
        assert_eq!(report, wanted, "{browser:?}");
        assert!(has_sent(&server, 421), "{browser:?} used no connection for another host");
    }
}
