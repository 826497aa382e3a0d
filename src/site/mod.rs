//! What a URL means: files and scripts below the document root, pages generated around tests, routes, rewrites and
//! aliases, and the page that lists the handlers.
//!
//! | module | what lives there |
//! |---|---|
//! | `snapshot`, `options`, `environment` | a [`Site`] and what it is made of |
//! | `roots`, `resolve`, `routes` | from a method and a path to a [`Meaning`] |
//! | `files` | files as responses, `.headers`, ranges, preconditions, lists of folders, `.asis` |
//! | `template` | substitution: `{{…}}` |
//! | `pipes` | what `?pipe=` does to a response and to the way it goes out |
//! | `wrappers` | pages and scripts generated around tests |
//! | `inject` | a script put into every page |
//! | `index`, `catalogue`, `recorded`, `shipped` | the page of the handlers; what known clients do; what the binary brings with it |
//! | [`handlers`] | the handlers that there are, by name |
//! | [`head`] | what a script says of itself in its leading comment: what it sends, and what a client is to do |
//! | `pages`, `deliver` | what the server says by itself; sending a response that is decided |
//! | `source` | a script as a page |
//! | [`docs`] | the pages of `docs/` |
//! | `layout` | the header and the stylesheet of all pages |
//! | `render`, `highlight` | pages with placeholders; scripts in color |
//! | `escape` | text inside of HTML, URLs and JavaScript |
//!
//! A [`Site`] is all that a configuration says of it, never changed and swapped whole. Files on disk come first, then
//! what the binary brings with it. A path is resolved segment by segment after decoding
//! ([`http::path`](crate::http::path)), and what would leave a root, or is not to be seen, is a 404.

mod catalogue;
mod deliver;
pub mod docs;
mod environment;
mod escape;
mod files;
pub mod handlers;
pub mod head;
mod highlight;
mod index;
mod inject;
mod layout;
mod options;
mod pages;
mod pipes;
mod recorded;
mod render;
mod resolve;
mod roots;
mod routes;
mod shipped;
mod snapshot;
mod source;
mod template;
mod wrappers;

/// What to say where the document root has no testharness.js or what belongs to it.
pub const NO_HARNESS: &str = "The harness of web-platform-tests is not in the served directory: it needs \
                              /resources/testharness.js, testharnessreport.js and their helpers. Serve a checkout of WPT \
                              (--root), or copy testharness.js from `npm pack wpt-runner`, and a testharnessreport.js that \
                              may be empty, into the directory resources.";

pub use deliver::send;
pub use environment::Environment;
pub use files::{FileCache, Files, add_slash, file, listing, own_fields, send_as_is};
pub use index::{Index, Ports};
pub use layout::{Title, page};
pub use options::{Alias, Options, Rewrite, Route, Target};
pub use pages::{dressed, html_page, status_page, status_page_with};
pub use pipes::{PipeError, Pipeline, send_piped};
pub use render::render;
pub use resolve::{Found, Meaning, Source};
pub use roots::{Roots, is_among};
pub use routes::Pattern;
pub use shipped::{shipped_handler, shipped_handlers, shipped_octets, shipped_page};
pub use snapshot::{Site, SiteError};
pub use source::{source_page, sources_page};
pub use template::Scope;
pub use wrappers::Generated;
