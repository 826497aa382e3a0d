//! Octets ⇄ raw frames ⇄ HPACK representations.
//!
//! Total functions over byte slices: reading keeps every bit, writing can produce every octet
//! string. Nothing here knows a connection or judges a peer; the rules live in `h2`.

pub mod flood;
pub mod frame;
pub mod fuzz;
pub mod hpack;
