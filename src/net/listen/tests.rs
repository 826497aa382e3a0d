use std::net::Ipv4Addr;

use tokio::net::TcpStream;

use super::*;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

#[tokio::test]
async fn port_0_is_any_free_port_and_connections_come_in_without_delay() {
    let listener = Listener::bind(HERE, 0, "--port").unwrap();
    assert_ne!(listener.address().port(), 0);
    let (client, (stream, peer)) = tokio::join!(TcpStream::connect(listener.address()), listener.accept());
    assert_eq!(client.unwrap().local_addr().unwrap(), peer);
    assert!(stream.nodelay().unwrap());
}

#[tokio::test]
async fn a_port_in_use_is_one_sentence_that_says_what_to_do() {
    let first = Listener::bind(HERE, 0, "--port").unwrap();
    let port = first.address().port();
    let error = Listener::bind(HERE, port, "--h2-port").unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "port {port} on 127.0.0.1 is in use by another program\nhelp: choose another with --h2-port N, or any with --h2-port auto"
        )
    );
}

#[tokio::test]
async fn an_address_of_another_machine_is_told() {
    let error = Listener::bind("192.0.2.1".parse().unwrap(), 0, "--port").unwrap_err();
    assert_eq!(
        error.to_string(),
        "this machine does not have the address 192.0.2.1\nhelp: choose another with --bind ADDRESS"
    );
}
