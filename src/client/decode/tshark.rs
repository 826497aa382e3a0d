//! What tshark decrypts of a capture.

use super::super::exit::Failure;
use super::capture::{Connection, Direction};
use super::input::octets_of_text;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// TLS connections that are asked for.
const MAX_CONNECTIONS: usize = 1000;

/// The TLS connections of a capture whose keys are in `keylog`, decrypted by tshark.
///
/// # Errors
/// tshark is not there, or fails.
pub fn connections(capture: &Path, keylog: &Path) -> Result<Vec<Connection>, Failure> {
    if capture.to_str() == Some("-") {
        return Err(Failure::usage("--keylog needs the capture as a file, because tshark reads it"));
    }
    if !keylog.is_file() {
        return Err(Failure::usage(format!("there is no key log {}", keylog.display())));
    }
    let mut all = Vec::new();
    for number in 0..MAX_CONNECTIONS {
        let Some(connection) = follow(capture, keylog, number)? else { break };
        if !connection.sent.octets.is_empty() || !connection.received.octets.is_empty() {
            all.push(connection);
        }
    }
    Ok(all)
}

/// The connection with this number, as `-z follow,tls,raw` shows it; `None` if there is none.
fn follow(capture: &Path, keylog: &Path, number: usize) -> Result<Option<Connection>, Failure> {
    let output = Command::new("tshark")
        .arg("-r")
        .arg(capture)
        .arg("-o")
        .arg(format!("tls.keylog_file:{}", keylog.display()))
        .args(["-q", "-z", &format!("follow,tls,raw,{number}")])
        .output();
    let output = output.map_err(|error| {
        let help = "install tshark (part of Wireshark), or decode a capture without TLS";
        Failure::usage(format!("cannot run tshark, which decrypts captures: {error}\nhelp: {help}"))
    })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().last().unwrap_or("no reason given");
        return Err(Failure::usage(format!("tshark cannot read the capture: {said}")));
    }
    Ok(parse(&String::from_utf8_lossy(&output.stdout)))
}

/// Lines of hexadecimal digits; those of the second node begin with a tab.
fn parse(text: &str) -> Option<Connection> {
    let node = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<SocketAddr>().ok());
    let (client, server) = (node("Node 0:")?, node("Node 1:")?);
    if client.port() == 0 && server.port() == 0 {
        return None;
    }
    let (mut sent, mut received) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
    // It gives no times; the order of the pieces stands for them.
    for (order, line) in text.lines().skip_while(|line| !line.starts_with("Node 1:")).skip(1).enumerate() {
        let Some(octets) = octets_of_text(line) else { continue };
        let (all, times): &mut (Vec<u8>, Vec<(usize, Duration)>) =
            if line.starts_with('\t') { &mut received } else { &mut sent };
        times.push((all.len(), Duration::from_micros(order as u64)));
        all.extend(octets);
    }
    let direction = |(octets, times): (Vec<u8>, _)| Direction { octets: octets.into(), times, has_gap: false };
    Some(Connection { client, server, sent: direction(sent), received: direction(received) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tshark_prints_is_read() {
        let text = "\n====\nFollow: tls,raw\nFilter: tls.stream eq 0\nNode 0: 127.0.0.1:5000\nNode 1: 127.0.0.1:9000\n\
                    5052\n\t000102\n49\n====\n";
        let connection = parse(text).unwrap();
        assert_eq!((&connection.sent.octets[..], &connection.received.octets[..]), (&b"PRI"[..], &[0, 1, 2][..]));
        assert_eq!(connection.sent.time(2), Duration::from_micros(2));
        assert!(parse("Node 0: :0\nNode 1: :0\n").is_none());
        assert!(parse("").is_none());
    }
}
