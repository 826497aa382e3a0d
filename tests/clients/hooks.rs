//! Hooks, as foreign clients see them.

use super::{Client, Ending, Request};
use crate::support::server::Server;

const HOOK: &str = r#"
fn on_request(request, response) {
    if request.path == "/denied.txt" { return [403, #{ "x-by": "hook" }, "denied"]; }
}
fn on_response(request, response) {
    response.headers.set("x-answered", `${response.status}`);
    response.trailers.set("x-end", request.path);
}"#;

#[test]
fn curl_and_others_see_what_hooks_answer_and_add() {
    let server = Server::builder()
        .file("hooks/hook.rhai", HOOK)
        .file("page.txt", "page")
        .file("denied.txt", "never")
        .config("hooks.scripts = \"hooks/hook.rhai\"")
        .start();
    for client in [Client::Curl, Client::PythonH2, Client::Node] {
        for (path, status, octets) in
            [("/page.txt", 200, 4), ("/denied.txt", 403, 6), ("/handlers/hello.rhai", 200, 14)]
        {
            let Some(outcome) = client.fetch(&Request::get(server.url("h2c", path))) else { continue };
            assert_eq!((outcome.result, outcome.status), (Ending::Complete, Some(status)), "{outcome:?}");
            assert_eq!(outcome.body_octets, octets, "{outcome:?}");
            assert_eq!(outcome.get("x-answered"), Some(&*status.to_string()), "{outcome:?}");
        }
    }
}
