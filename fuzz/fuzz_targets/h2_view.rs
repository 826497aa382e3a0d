//! What raw octets make a peer see: see the driver.
#![no_main]

#[path = "../drivers/h2.rs"]
#[allow(dead_code, reason = "each target uses its part")]
mod drivers;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| drivers::view(octets));
