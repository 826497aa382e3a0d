//! What the test binaries share: the server as a process, foreign programs, a raw HTTP/2 client.
//!
//! Every wait has a deadline; nothing sleeps to wait for something.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::disallowed_methods, reason = "tests read the clock and the environment")]

pub mod ask;
pub mod attack;
pub mod cookbook;
pub mod examples;
pub mod http1;
pub mod process;
pub mod programs;
pub mod properties;
pub mod raw;
pub mod relay;
pub mod report;
pub mod server;
pub mod toy;

use std::time::Duration;

/// How long any single wait may take before the test fails. Generous: debug builds share two cores with browsers.
pub const DEADLINE: Duration = Duration::from_secs(20);
