//! The HPACK decoder, builder and encoder: see the driver.
#![no_main]

#[path = "../drivers/wire.rs"]
#[allow(dead_code, reason = "each target uses its part")]
mod drivers;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| drivers::hpack(octets));
