//! The frame reader and writer: see the driver.
#![no_main]

#[path = "../drivers/wire.rs"]
mod drivers;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| drivers::frames(octets));
