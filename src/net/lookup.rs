//! Where host names lead to, as the operating system says, and whether somebody listens there.

use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

/// A server on this machine accepts at once.
const PATIENCE: Duration = Duration::from_secs(1);

/// The addresses of `host`; none if it does not resolve.
pub async fn addresses(host: &str) -> Vec<IpAddr> {
    let found = tokio::net::lookup_host((host, 0)).await;
    found.map_or_else(|_| Vec::new(), |found| found.map(|address| address.ip()).collect())
}

/// Whether a server that is bound to `bound` is found at `address` by this machine.
pub fn is_here(address: IpAddr, bound: IpAddr) -> bool {
    // Only its own addresses can a machine bind to.
    address == bound || bound.is_unspecified() && UdpSocket::bind((address, 0)).is_ok()
}

/// Whether a connection can be made.
pub fn listens(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, PATIENCE).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_found_where_it_is_bound() {
        let here = |address: &str, bound: &str| is_here(address.parse().unwrap(), bound.parse().unwrap());
        assert!(here("127.0.0.1", "127.0.0.1"));
        assert!(here("127.0.0.1", "0.0.0.0"));
        assert!(!here("127.0.1.1", "127.0.0.1"));
        assert!(!here("192.0.2.1", "0.0.0.0"), "an address for documentation is nobody's");
    }

    #[test]
    fn an_open_port_listens_and_a_closed_one_does_not() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        assert!(listens(address));
        drop(listener);
        assert!(!listens(address));
    }

    #[tokio::test]
    async fn localhost_is_this_machine() {
        assert!(addresses("localhost").await.iter().all(IpAddr::is_loopback));
        assert!(!addresses("localhost").await.is_empty());
    }
}
