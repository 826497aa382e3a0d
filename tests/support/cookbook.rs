//! The scripts of `docs/cookbook.md`.

use super::examples::scripts;
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
    let path = |line: &'static str| line.strip_prefix("`handlers/")?.strip_suffix("`:");
    let recipe = |(before, code): (Vec<&'static str>, String)| Recipe {
        path: before.into_iter().rev().find_map(path).expect("the name of a script stands above it"),
        code,
    };
    scripts(PAGE).into_iter().map(recipe).collect()
}

/// A server that has all of them.
pub fn builder() -> Builder {
    recipes().iter().fold(Server::builder(), |builder, recipe| builder.handler(recipe.path, &recipe.code))
}
