//! The HTTP/1.1 engine: see the driver.
#![no_main]

#[path = "../drivers/h1.rs"]
#[allow(dead_code, reason = "each target uses its part")]
mod drivers;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| drivers::h1(octets));
