//! The commands that talk to a server, or read what was said: `wireserve fetch`, `decode` and `replay`.
//!
//! | file | what |
//! |---|---|
//! | `arguments` | the options of the three commands |
//! | `target` | what a URL means |
//! | `exit` | how a command ended: exit codes, and what is said on standard error |
//! | [`fetch`] | from arguments to a connection, its lines and a summary |
//! | `session` | an HTTP/2 connection of ours under the pump, recorded and printed as it runs; a `session::Job` says what is sent |
//! | `requests` | the job of plain requests |
//! | `progress` | how far one end of a connection is |
//! | `plan`, `steps` | frames as a file gives them; the job that sends steps and waits between them |
//! | `recorded` | one side of a recorded connection as steps |
//! | `http1` | a small client for HTTP/1.1 |
//! | `strict` | what the crate h2 makes of the bytes that a server sent |
//! | [`decode`] | captured bytes as the same lines |
//! | [`replay`] | serves what the server of a recorded connection sent, or writes it as a script |
//! | `print` | records as lines, with hex, as JSON |

mod arguments;
pub mod decode;
mod exit;
pub mod fetch;
mod http1;
mod plan;
mod print;
mod progress;
mod recorded;
pub mod replay;
mod requests;
mod session;
mod steps;
mod strict;
mod target;

pub use arguments::{DecodeArguments, FetchArguments, ReplayArguments};
