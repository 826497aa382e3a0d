//! What `wireserve decode` makes of bytes: see the driver.
#![no_main]

#[path = "../drivers/decode.rs"]
mod drivers;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| drivers::decode(octets));
