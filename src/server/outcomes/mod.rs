//! Outcomes: what became of the requests that bore one token, for pages and programs that ask.
//!
//! A request bears a token in its query, `?wire=TOKEN`, or in the header `wire-token`. [`Watch`] sees the events of one
//! connection. From the first token on it also reads the connection's records, and folds them into attempts, one for
//! each request. [`Outcomes`] keeps them for all workers. A connection without tokens pays one look per event.
//!
//! | file | what |
//! |---|---|
//! | [`Token`] | the name, and where a request has it |
//! | `facts`, `attempt` | what is known of a request; a fold over records, without clock or socket |
//! | `flow` | what the client's windows have left |
//! | [`Watch`] | fills the attempts of one connection |
//! | [`Outcomes`] | keeps and forgets them, and waits for them |
//! | [`Outcome`] | the JSON, and its published schema |

mod attempt;
mod facts;
mod flow;
mod store;
#[cfg(test)]
mod tests;
mod token;
mod view;
mod watch;

pub(super) use store::{Event, MAX_PER_TOKEN, Outcomes, Wanted};
pub(super) use token::Token;
pub(super) use view::{Outcome, SCHEMA};
pub(super) use watch::Watch;
