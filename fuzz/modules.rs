//! The sans-IO modules of wireserve, which need nothing of the others.

#[path = "../src/h1/mod.rs"]
pub mod h1;
#[path = "../src/h2/mod.rs"]
pub mod h2;
#[path = "../src/http/mod.rs"]
pub mod http;
#[path = "../src/wire/mod.rs"]
pub mod wire;
