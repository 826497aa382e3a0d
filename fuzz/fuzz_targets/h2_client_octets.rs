//! The HTTP/2 engine as a client, by what a server sends: see the driver.
#![no_main]

#[path = "../drivers/h2.rs"]
#[allow(dead_code, reason = "each target uses its part")]
mod drivers;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| drivers::client_octets(octets));
