//! The sans-IO modules of wireserve, which need nothing of the others.

#[path = "../src/h1/mod.rs"]
pub mod h1;
#[path = "../src/h2/mod.rs"]
pub mod h2;
#[path = "../src/http/mod.rs"]
pub mod http;
#[path = "../src/transcript/mod.rs"]
pub mod transcript;
#[path = "../src/wire/mod.rs"]
pub mod wire;
#[path = "../src/client/decode/stream.rs"]
pub mod decode_stream;

/// Of the commands, what reads bytes.
pub mod internal {
    pub mod decode {
        pub use crate::decode_stream as stream;
    }
}
