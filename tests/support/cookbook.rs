//! The scripts of `docs/cookbook.md`.

use super::server::{Builder, Server};

pub const PAGE: &str = include_str!("../../docs/cookbook.md");

/// A script with the name that stands above it.
pub struct Recipe {
    /// Its path below `handlers/`, as `refused-once.rhai` and `profiles/no-window-update.rhai`.
    pub path: &'static str,
    pub code: String,
}

/// All of them, in the order of the page.
pub fn recipes() -> Vec<Recipe> {
    let (mut all, mut path, mut code) = (Vec::new(), None, None::<String>);
    for line in PAGE.lines() {
        if let Some(name) = line.strip_prefix("`handlers/").and_then(|line| line.strip_suffix("`:")) {
            path = Some(name);
        } else if line == "```rhai" {
            code = Some(String::new());
        } else if line == "```" {
            let path = path.take().expect("the name of a script stands above it");
            all.push(Recipe { path, code: code.take().expect("a block ends that has begun") });
        } else if let Some(code) = &mut code {
            code.push_str(line);
            code.push('\n');
        }
    }
    all
}

/// A server that has all of them.
pub fn builder() -> Builder {
    recipes().iter().fold(Server::builder(), |builder, recipe| builder.handler(recipe.path, &recipe.code))
}
