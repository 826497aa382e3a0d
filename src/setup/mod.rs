//! What prepares a machine for the server, and never serves: certificates, trust, host names, browsers, a first handler.
//!
//! | module | what lives there |
//! |---|---|
//! | [`certificates`], [`certs`] | the certificates of a configuration; what `wireserve certs` prints, and renewing |
//! | `trust`, [`open`] | what browsers must be told, printed or done: `wireserve open` |
//! | [`hosts`] | lines for a hosts file; whether names resolve to this server |
//! | [`profiles`] | which profiles there are, and their hosts |
//! | [`new`] | a first handler and its page: `wireserve new` |
//! | [`check`] | everything that is wrong with a configuration and its scripts: `wireserve check` |

pub mod certificates;
pub mod certs;
pub mod check;
pub mod hosts;
pub mod new;
pub mod open;
pub mod profiles;
mod trust;
