//! The HTTP/1.1 engine: see the driver.
#![no_main]

#[path = "../drivers/h1.rs"]
mod drivers;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| drivers::h1(octets));
