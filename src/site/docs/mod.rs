//! The pages of `docs/`: read from the binary, made when they are asked for.

mod html;
mod page;
mod search;
mod terminal;
#[cfg(test)]
mod tests;

pub use html::{found, page};
pub use page::{Page, Section};
pub use search::{Hit, exact, hits};
pub use terminal::terminal;
