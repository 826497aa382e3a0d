//! Binding ports and accepting connections.

#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};

/// Connections that wait for `accept`, at most; the system may allow fewer.
const BACKLOG: u32 = 4096;
/// How long to wait when the process or the system has no resources for one more connection.
const PAUSE: Duration = Duration::from_millis(50);

/// An open port.
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Opens `port` on `address`; port 0 is any that is free. `flag` is the option that sets the port,
    /// for the error message. To be called within a tokio runtime.
    ///
    /// # Errors
    /// See [`ListenError`].
    pub fn bind(address: IpAddr, port: u16, flag: &'static str) -> Result<Listener, ListenError> {
        let address = SocketAddr::new(address, port);
        open(address).map_err(|error| ListenError { address, flag, error })
    }

    /// The address with the port that was opened.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next connection, without Nagle's delay, not yet bound to a runtime, so that any worker can
    /// take it. Goes on after whatever goes wrong: a peer that left, file descriptors that ran out.
    pub async fn accept(&self) -> (std::net::TcpStream, SocketAddr) {
        let mut complained = false;
        loop {
            match self.listener.accept().await.and_then(|(stream, peer)| {
                stream.set_nodelay(true)?;
                Ok((stream.into_std()?, peer))
            }) {
                Ok(accepted) => return accepted,
                Err(error) if is_of_one_connection(&error) => {
                    tracing::debug!("a connection to {} ended before it was accepted: {error}", self.address);
                }
                Err(error) => {
                    if !complained {
                        tracing::warn!("no connection can be accepted on {}, for now: {error}", self.address);
                        complained = true;
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
}

fn open(address: SocketAddr) -> io::Result<Listener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Else a restart finds its own port in use for a minute. (On Windows it would allow two owners.)
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener = socket.listen(BACKLOG)?;
    let address = listener.local_addr()?;
    Ok(Listener { listener, address })
}

/// Whether the error is of the one connection, and the next may be tried at once.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::NotConnected
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::Interrupted
    )
}

/// Why a port can't be opened. Displays as one sentence that says what to do.
#[derive(Debug)]
pub struct ListenError {
    address: SocketAddr,
    flag: &'static str,
    error: io::Error,
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ListenError { address, flag, error } = self;
        let (ip, port) = (address.ip(), address.port());
        match error.kind() {
            io::ErrorKind::AddrInUse => write!(
                f,
                "port {port} on {ip} is in use by another program\nhelp: choose another with {flag} N, or any with {flag} auto"
            ),
            io::ErrorKind::PermissionDenied => write!(
                f,
                "no permission to open port {port} on {ip} (ports below 1024 often need root)\n\
                 help: choose another with {flag} N, or any with {flag} auto"
            ),
            io::ErrorKind::AddrNotAvailable => {
                write!(f, "this machine does not have the address {ip}\nhelp: choose another with --bind ADDRESS")
            }
            _ => write!(f, "cannot open port {port} on {ip}: {error}"),
        }
    }
}

impl std::error::Error for ListenError {}
