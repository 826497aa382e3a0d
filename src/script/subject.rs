//! What a call of a script is about.

use super::entries::Entry;
use crate::exchange::{Connection, Exchange};

/// Set by whoever starts the call.
#[derive(Default)]
pub enum Subject {
    /// The server as a whole, or nothing at all.
    #[default]
    Server,
    /// A request: a handler, or a hook of requests and responses.
    Request(Exchange),
    /// A connection: a profile's function, or a hook of connections.
    Connection {
        /// The connection.
        connection: Connection,
        /// The function that is called, if what can be done depends on it.
        entry: Option<Entry>,
    },
}

impl Subject {
    /// The request, if it is about one.
    pub fn exchange(&self) -> Option<&Exchange> {
        match self {
            Self::Request(exchange) => Some(exchange),
            Self::Server | Self::Connection { .. } => None,
        }
    }

    /// The connection, that of the request too.
    pub fn connection(&self) -> Option<&Connection> {
        match self {
            Self::Request(exchange) => Some(exchange.connection()),
            Self::Connection { connection, .. } => Some(connection),
            Self::Server => None,
        }
    }

    /// The function of a profile that is called.
    pub fn profile_call(&self) -> Option<Entry> {
        match self {
            Self::Connection { entry, .. } => *entry,
            Self::Server | Self::Request(_) => None,
        }
    }
}
