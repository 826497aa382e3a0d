//! Foreign clients and suites against the server.

#![allow(clippy::disallowed_methods, reason = "tests read the clock and the environment")]

mod clients;
mod conformance;
mod support;
