//! The scripts of the recipes, `docs/recipes/`.

use super::examples::scripts;
use super::server::{Builder, Server};

/// The list of all questions.
pub const INDEX: &str = include_str!("../../docs/recipes/README.md");

/// The pages in the order of the list: file name and text.
pub const PAGES: [(&str, &str); 6] = [
    ("goaway.md", include_str!("../../docs/recipes/goaway.md")),
    ("early-end.md", include_str!("../../docs/recipes/early-end.md")),
    ("windows.md", include_str!("../../docs/recipes/windows.md")),
    ("headers.md", include_str!("../../docs/recipes/headers.md")),
    ("hosts.md", include_str!("../../docs/recipes/hosts.md")),
    ("grpc.md", include_str!("../../docs/recipes/grpc.md")),
];

/// A script with the name that stands above it.
pub struct Recipe {
    /// Its path below `handlers/`, as `refused-once.rhai` and `profiles/no-window-update.rhai`.
    pub path: &'static str,
    pub code: String,
}

/// All of them, in the order of the list.
pub fn recipes() -> Vec<Recipe> {
    let path = |line: &'static str| line.strip_prefix("`handlers/")?.strip_suffix("`:");
    let recipe = |(before, code): (Vec<&'static str>, String)| Recipe {
        path: before.into_iter().rev().find_map(path).expect("the name of a script stands above it"),
        code,
    };
    PAGES.iter().flat_map(|(_, page)| scripts(page)).map(recipe).collect()
}

/// A server that has all of them.
pub fn builder() -> Builder {
    recipes().iter().fold(Server::builder(), |builder, recipe| builder.handler(recipe.path, &recipe.code))
}
