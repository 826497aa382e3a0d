//! Chromium and Firefox against the server.

#![allow(clippy::disallowed_methods, reason = "tests read the clock and the environment")]

mod browser;
mod support;
