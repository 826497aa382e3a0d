//! What the scripts of `docs/recipes/` send, byte by byte, is what the pages say.

mod ending;
mod fields;
mod windows;

use crate::support::cookbook::{INDEX, PAGES, recipes};
use crate::support::raw::{Client, Received, Response};
use crate::support::server::Server;
use wireserve::wire::frame::{FrameType, RawFrame, flag};

const TESTS: [&str; 3] = [include_str!("ending.rs"), include_str!("fields.rs"), include_str!("windows.rs")];

fn server() -> Server {
    crate::support::cookbook::builder().start()
}

fn ask(client: &mut Client, path: &str) -> Response {
    let stream = client.get(path);
    client.response(stream)
}

fn acknowledge(client: &mut Client, ping: &Received) {
    client.send(&RawFrame::new(FrameType::PING, flag::ACK, 0, ping.payload.clone()));
}

fn acknowledge_settings(client: &mut Client) {
    client.send(&RawFrame::new(FrameType::SETTINGS, flag::ACK, 0, Vec::new()));
}

/// Types of the frames on a stream.
fn kinds(frames: &[Received], stream: u32) -> Vec<String> {
    let here = frames.iter().filter(|frame| frame.header.stream_id == stream);
    here.map(|frame| frame.header.frame_type.to_string()).collect()
}

#[test]
fn every_script_is_short_and_tested() {
    let recipes = recipes();
    assert!(recipes.len() >= 17, "{} scripts", recipes.len());
    for recipe in recipes {
        let lines = recipe.code.lines().count();
        assert!(lines <= 25, "{} has {lines} lines", recipe.path);
        assert!(recipe.code.lines().all(|line| line.chars().count() <= 120), "{} has a long line", recipe.path);
        assert!(recipe.code.starts_with("// "), "{} does not begin with what it does", recipe.path);
        let name = recipe.path.trim_start_matches("profiles/").trim_end_matches(".rhai");
        assert!(TESTS.iter().any(|test| test.contains(name)), "no test names {name}");
    }
}

#[test]
fn the_index_has_every_question() {
    let titles = |page: &'static str| page.lines().filter_map(|line| line.strip_prefix("### "));
    let listed = PAGES.iter().flat_map(|(file, page)| titles(page).map(move |title| format!("- [{title}]({file}#")));
    let listed: Vec<String> = listed.collect();
    // Long ones go on in the next line.
    let index = INDEX.replace("\n  ", " ");
    let lines: Vec<&str> = index.lines().filter(|line| line.starts_with("- [")).collect();
    assert_eq!(lines.len(), listed.len());
    for (line, expected) in lines.iter().zip(listed) {
        assert!(line.starts_with(&expected), "{line} should be {expected}");
    }
}
