//! The HTTP/2 engine, by what its user does: see the driver.
#![no_main]

#[path = "../drivers/h2.rs"]
mod drivers;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| drivers::operations(octets));
