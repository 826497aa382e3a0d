//! The HTTP/2 engine as a client, by what its user does: see the driver.
#![no_main]

#[path = "../drivers/h2.rs"]
#[allow(dead_code, reason = "each target uses its part")]
mod drivers;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| drivers::client_operations(octets));
