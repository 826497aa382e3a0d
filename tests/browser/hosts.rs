//! Host names in browsers that `wireserve open` starts: subdomains, other sites, other scripts, names that lead nowhere.

use super::{Browser, Trust, page};
use crate::support::server::{Server, wireserve};
use serde_json::{Value, json};

/// Tells any origin who was asked and how, or on which connection.
const HANDLER: &str = r#"
    fn main(request, response) {
        let origin = [["access-control-allow-origin", request.headers["origin"] ?? "*"], ["access-control-allow-credentials", "true"]];
        [origin, if request.GET.contains("id") { `${request.connection.id}` }
            else { `${request.url_parts.hostname} ${request.protocol}` }]
    }"#;

/// Reports how the page itself came, and what each of `hosts` answers.
fn asking(hosts: &[&str], query: &str) -> String {
    let hosts = json!(hosts);
    page(&format!(
        r#"
        const answers = {{}};
        for (const host of {hosts}) {{
            try {{
                const url = `https://${{host}}:${{location.port}}/handlers/who.rhai{query}`;
                answers[host] = await (await fetch(url, {{ credentials: "include" }})).text();
            }} catch {{
                answers[host] = null;
            }}
        }}
        const [navigation] = performance.getEntriesByType("navigation");
        return {{ host: location.hostname, protocol: navigation.nextHopProtocol, answers }};"#,
    ))
}

/// Opens the page at `host`, and says what came of it.
fn reported(browser: Browser, server: &Server, host: &str) -> Option<Value> {
    browser.report(&Trust::of(server), &format!("https://{host}:{}/page.html", server.port("h2")))
}

#[test]
fn a_browser_knows_the_names_of_the_configuration_and_trusts_their_certificate() {
    let hosts = [
        "www.web-platform.test",
        "not-web-platform.test",
        "天気の良い日.www2.web-platform.test",
        "élève.élève.not-web-platform.test",
        "nonexistent.web-platform.test",
        "nonexistent.nonexistent.not-web-platform.test",
    ];
    let config = "browser_host = \"web-platform.test\"\n";
    let server =
        Server::builder().config(config).file("page.html", asking(&hosts, "")).handler("who.rhai", HANDLER).start();
    let ascii = ["www.web-platform.test", "xn--n8j6ds53lwwkrqhv28a.xn--lve-6lad.web-platform.test"];
    for browser in Browser::ALL {
        for (host, ascii) in ["www.web-platform.test", "天気の良い日.élève.web-platform.test"].into_iter().zip(ascii)
        {
            let Some(report) = reported(browser, &server, host) else { continue };
            let told = json!({ "host": ascii, "protocol": "h2", "answers": {
                "www.web-platform.test": "www.web-platform.test HTTP/2",
                "not-web-platform.test": "not-web-platform.test HTTP/2",
                "天気の良い日.www2.web-platform.test": "xn--n8j6ds53lwwkrqhv28a.www2.web-platform.test HTTP/2",
                "élève.élève.not-web-platform.test": "xn--lve-6lad.xn--lve-6lad.not-web-platform.test HTTP/2",
                "nonexistent.web-platform.test": null,
                "nonexistent.nonexistent.not-web-platform.test": null,
            } });
            assert_eq!(report, told, "{browser:?}");
        }
    }
}

#[test]
fn hosts_of_one_certificate_share_a_connection() {
    let hosts = ["www.web-platform.test", "www1.web-platform.test", "élève.www.web-platform.test"];
    let config = "browser_host = \"web-platform.test\"\n";
    let server =
        Server::builder().config(config).file("page.html", asking(&hosts, "?id")).handler("who.rhai", HANDLER).start();
    for browser in Browser::ALL {
        let Some(report) = reported(browser, &server, "web-platform.test") else { continue };
        let ids = hosts.map(|host| report["answers"][host].as_str());
        assert!(ids[0].is_some() && ids.iter().all(|id| *id == ids[0]), "{browser:?}: {report}");
    }
}

/// Lawful profiles, whose connections answer as any other.
const PROFILES: [&str; 2] = ["ping-silence", "max-streams-1"];

#[test]
fn hosts_of_profiles_have_connections_of_their_own_whatever_the_browser_host() {
    for browser_host in ["localhost", "web-platform.test"] {
        let profiles = PROFILES.map(|profile| format!("{profile}.conn.{browser_host}"));
        let subdomain = format!("www.{browser_host}");
        let hosts = [browser_host, &profiles[0], &profiles[1], &subdomain];
        let config = format!("browser_host = \"{browser_host}\"\n");
        let page = asking(&hosts, "?id");
        let server = Server::builder().config(&config).file("page.html", page).handler("who.rhai", HANDLER).start();
        for browser in Browser::ALL {
            let Some(report) = reported(browser, &server, browser_host) else { continue };
            let [plain, one, other, subdomain] = hosts.map(|host| report["answers"][host].as_str());
            assert!(plain.is_some() && one.is_some() && other.is_some(), "{browser:?}: {report}");
            assert!(plain != one && plain != other && one != other, "{browser:?}: {report}");
            // What is of one certificate does share a connection, so that the others could have; but below localhost
            // Chromium uses one for each host.
            assert!(plain == subdomain || browser_host == "localhost", "{browser:?}: {report}");
        }
    }
}

#[test]
fn names_below_localhost_work_without_any_configuration() {
    let hosts = ["localhost", "www.localhost", "élève.www.alt.localhost", "nonexistent.localhost"];
    let server = Server::builder().file("page.html", asking(&hosts, "")).handler("who.rhai", HANDLER).start();
    for browser in Browser::ALL {
        let Some(report) = reported(browser, &server, "alt.localhost") else { continue };
        assert_eq!(report["protocol"], "h2", "{browser:?}: {report}");
        assert_eq!(report["answers"]["localhost"], "localhost HTTP/2", "{browser:?}: {report}");
        assert_eq!(report["answers"]["www.localhost"], "www.localhost HTTP/2", "{browser:?}: {report}");
        assert_eq!(
            report["answers"]["élève.www.alt.localhost"], "xn--lve-6lad.www.alt.localhost HTTP/2",
            "{browser:?}: {report}"
        );
        // Firefox leads every such name here and cannot be told otherwise.
        if browser == Browser::Chromium {
            assert_eq!(report["answers"]["nonexistent.localhost"], Value::Null, "{report}");
        }
    }
}

#[test]
fn a_browser_that_is_not_there_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let finished = wireserve(folder.path(), &["open", "--browser", "no-such-browser", "https://localhost/"]);
    assert_eq!(finished.code(), Some(2));
    assert!(finished.stderr.contains("looked for no-such-browser"), "{}", finished.stderr);
}
