//! Which side of a connection we are, and what follows from it.

/// One side of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Role {
    /// It opens streams by requests.
    Client,
    /// It responds, and promises streams.
    Server,
}

impl Role {
    /// Its name, for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }

    /// The other side.
    pub const fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// The first stream identifier of this side; all others of it are as odd or as even (RFC 9113 §5.1.1).
    pub const fn first_stream(self) -> u32 {
        match self {
            Self::Client => 1,
            Self::Server => 2,
        }
    }

    /// Whether a stream with this identifier, which is not 0, begins on this side (RFC 9113 §5.1.1).
    pub const fn begins(self, stream: u32) -> bool {
        stream % 2 == self.first_stream() % 2
    }
}
