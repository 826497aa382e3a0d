//! The HPACK decoder, builder and encoder: see the driver.
#![no_main]

#[path = "../drivers/wire.rs"]
mod drivers;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| drivers::hpack(octets));
