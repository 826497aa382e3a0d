//! What a URL means: files below the document root, scripts, and the page that lists the handlers.
//!
//! Files on disk come first, then what the binary brings with it. A path is resolved segment by segment after
//! decoding ([`http::path`](crate::http)), and what would leave a root, or is not to be seen, is a 404.

mod catalogue;
mod deliver;
mod environment;
mod escape;
mod files;
mod index;
mod options;
mod pages;
mod pipes;
mod resolve;
mod shipped;
mod template;

pub use deliver::send;
pub use environment::Environment;
pub use files::{FileCache, Files, file, listing, send_as_is};
pub use index::index_page;
pub use options::{Alias, Options, Rewrite, Route, Target};
pub use pages::{add_slash, html_page, shipped_page, status_page};
pub use pipes::{PipeError, Pipeline, send_piped};
pub use resolve::{Meaning, Roots, Source};
pub use shipped::{shipped_handler, shipped_handlers, shipped_octets};
pub use template::{Escape, Scope, TemplateError, is_template, substitute};
