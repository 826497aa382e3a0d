//! A protocol that is selected whether the client offers it or not (RFC 7301 §3.2 forbids that).
//!
//! rustls selects only what was offered. So it is told of a ClientHello that offers one protocol more, while the hash of
//! the handshake, on which both sides must agree, goes over what the client did say.

use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

use rustls::crypto::hash::{Context, Hash, HashAlgorithm, Output};
use rustls::crypto::{CipherSuiteCommon, CryptoProvider};
use rustls::server::{Accepted, Acceptor, NoServerSessionStorage};
use rustls::{ServerConfig, ServerConnection, SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite};
use tokio_rustls::{Accept, StartHandshake};

use super::super::transport::Transport;

/// The type of a record with handshake messages (RFC 8446 §5.1).
const HANDSHAKE: u8 = 22;
/// The most octets of a record's content (RFC 8446 §5.1).
const MAX_RECORD: usize = 1 << 14;
/// The type of the extension (RFC 7301 §3.1).
const ALPN: u16 = 16;

/// Shakes hands over `stream`, where `octets` with a ClientHello were read, and selects `protocol`. Gives the stream back
/// if the client offers no protocol at all, or that cannot be done for it.
pub(super) fn start<S: Transport>(
    octets: &[u8],
    stream: S,
    usual: &ServerConfig,
    protocol: &str,
    early: impl FnOnce(&mut ServerConnection),
) -> Result<Accept<S>, S> {
    let protocol = protocol.as_bytes();
    let begin = || {
        let (said, rest) = client_hello(octets)?;
        let told = with_protocol(&said, protocol)?;
        let accepted = read(&told, rest)?;
        Some((accepted, Arc::new(config(usual, protocol)?), Heard { said, told }))
    };
    let Some((accepted, config, heard)) = begin() else { return Err(stream) };
    HEARD.set(Some(heard));
    // All that is hashed of the ClientHello is hashed here.
    let accept = StartHandshake::from_parts(accepted, stream).into_stream_with(config, early);
    HEARD.set(None);
    Ok(accept)
}

/// The first handshake message, and what follows its last record.
fn client_hello(octets: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (mut message, mut rest) = (Vec::new(), octets);
    loop {
        let [HANDSHAKE, _, _, high, low, content @ ..] = rest else { return None };
        let (content, after) = content.split_at_checked(usize::from(u16::from_be_bytes([*high, *low])))?;
        message.extend_from_slice(content);
        rest = after;
        if let [_, a, b, c, ..] = message[..] {
            let length = 4 + usize::try_from(u32::from_be_bytes([0, a, b, c])).ok()?;
            if message.len() >= length {
                return (message.len() == length).then_some((message, rest));
            }
        }
    }
}

/// The same ClientHello (RFC 8446 §4.1.2), but `protocol` is offered too; `None` if none is offered.
fn with_protocol(message: &[u8], protocol: &[u8]) -> Option<Vec<u8>> {
    let name = [&[u8::try_from(protocol.len()).ok().filter(|length| *length > 0)?], protocol].concat();
    // Type and length, version and random, then the session's id, cipher suites, compression methods.
    let (_, mut rest) = message.split_at_checked(4 + 2 + 32)?;
    rest = skip(rest, 1)?;
    rest = skip(rest, 2)?;
    rest = skip(rest, 1)?;
    let (head, mut extensions) = message.split_at_checked(message.len() - rest.len() + 2)?;
    let (mut all, mut found) = (Vec::new(), false);
    while let [a, b, ..] = *extensions {
        let after = skip(extensions.get(2..)?, 2)?;
        let (extension, _) = extensions.split_at_checked(extensions.len() - after.len())?;
        if u16::from_be_bytes([a, b]) == ALPN {
            let names = [extension.get(6..)?, &name].concat();
            all.extend_from_slice(&ALPN.to_be_bytes());
            all.extend_from_slice(&u16::try_from(names.len() + 2).ok()?.to_be_bytes());
            all.extend_from_slice(&u16::try_from(names.len()).ok()?.to_be_bytes());
            all.extend_from_slice(&names);
            found = true;
        } else {
            all.extend_from_slice(extension);
        }
        extensions = after;
    }
    let mut told = head.to_vec();
    told.truncate(head.len() - 2);
    told.extend_from_slice(&u16::try_from(all.len()).ok()?.to_be_bytes());
    told.extend_from_slice(&all);
    let length = u32::try_from(told.len() - 4).ok()?.to_be_bytes();
    told.get_mut(1..4)?.copy_from_slice(&length[1..]);
    found.then_some(told)
}

/// What follows a vector whose length is written in this many octets.
fn skip(octets: &[u8], width: usize) -> Option<&[u8]> {
    let (length, rest) = octets.split_at_checked(width)?;
    let length = length.iter().fold(0, |length, octet| length << 8 | usize::from(*octet));
    rest.get(length..)
}

fn read(hello: &[u8], rest: &[u8]) -> Option<Accepted> {
    let mut octets = Vec::new();
    for content in hello.chunks(MAX_RECORD) {
        octets.extend_from_slice(&[HANDSHAKE, 3, 1]);
        octets.extend_from_slice(&u16::try_from(content.len()).ok()?.to_be_bytes());
        octets.extend_from_slice(content);
    }
    octets.extend_from_slice(rest);
    let (mut acceptor, mut octets) = (Acceptor::default(), &octets[..]);
    while !octets.is_empty() {
        acceptor.read_tls(&mut octets).ok().filter(|count| *count > 0)?;
    }
    acceptor.accept().ok()?
}

/// Resumes nothing: a ticket's proof is about the ClientHello too.
fn config(usual: &ServerConfig, protocol: &[u8]) -> Option<ServerConfig> {
    let versions = ServerConfig::builder_with_provider(PROVIDER.clone());
    let versions = versions.with_safe_default_protocol_versions().ok()?;
    let mut config = versions.with_no_client_auth().with_cert_resolver(usual.cert_resolver.clone());
    config.alpn_protocols = vec![protocol.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Some(config)
}

/// A ClientHello as the client said it, and as rustls was told of it.
struct Heard {
    said: Vec<u8>,
    told: Vec<u8>,
}

thread_local! {
    static HEARD: RefCell<Option<Heard>> = const { RefCell::new(None) };
}

/// The usual cryptography, but for what is hashed in place of a ClientHello.
static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
    let mut provider = rustls::crypto::ring::default_provider();
    provider.cipher_suites.iter_mut().for_each(|suite| *suite = honest(suite));
    Arc::new(provider)
});

/// rustls wants suites that live for ever; each is made once.
fn honest(suite: &SupportedCipherSuite) -> SupportedCipherSuite {
    let common = |common: &CipherSuiteCommon| {
        let CipherSuiteCommon { suite, hash_provider, confidentiality_limit } = *common;
        CipherSuiteCommon { suite, hash_provider: Box::leak(Box::new(Honest(hash_provider))), confidentiality_limit }
    };
    match *suite {
        SupportedCipherSuite::Tls12(suite) => SupportedCipherSuite::Tls12(Box::leak(Box::new(Tls12CipherSuite {
            common: common(&suite.common),
            ..*suite
        }))),
        SupportedCipherSuite::Tls13(suite) => SupportedCipherSuite::Tls13(Box::leak(Box::new(Tls13CipherSuite {
            common: common(&suite.common),
            ..*suite
        }))),
    }
}

/// A hash function that hashes what was said where it is given what was told.
struct Honest(&'static dyn Hash);

struct HonestContext(Box<dyn Context>);

fn of_said<T>(octets: &[u8], hash: impl FnOnce(&[u8]) -> T) -> T {
    HEARD.with_borrow(|heard| match heard {
        Some(Heard { said, told }) if told == octets => hash(said),
        _ => hash(octets),
    })
}

impl Hash for Honest {
    fn start(&self) -> Box<dyn Context> {
        Box::new(HonestContext(self.0.start()))
    }

    fn hash(&self, data: &[u8]) -> Output {
        of_said(data, |data| self.0.hash(data))
    }

    fn output_len(&self) -> usize {
        self.0.output_len()
    }

    fn algorithm(&self) -> HashAlgorithm {
        self.0.algorithm()
    }
}

impl Context for HonestContext {
    fn fork_finish(&self) -> Output {
        self.0.fork_finish()
    }

    fn fork(&self) -> Box<dyn Context> {
        Box::new(HonestContext(self.0.fork()))
    }

    fn finish(self: Box<Self>) -> Output {
        self.0.finish()
    }

    fn update(&mut self, data: &[u8]) {
        of_said(data, |data| self.0.update(data));
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::ServerName;
    use rustls::{ClientConfig, ClientConnection, RootCertStore};

    use super::*;

    /// What a client sends first.
    fn hello(offered: &[&[u8]]) -> Vec<u8> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let mut config = versions.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
        config.alpn_protocols = offered.iter().map(|name| name.to_vec()).collect();
        let name = ServerName::try_from("localhost").unwrap();
        let mut octets = Vec::new();
        ClientConnection::new(Arc::new(config), name).unwrap().write_tls(&mut octets).unwrap();
        octets
    }

    #[test]
    fn one_protocol_more_is_offered() {
        let octets = [&hello(&[b"h2", b"http/1.1"])[..], b"rest"].concat();
        let (said, rest) = client_hello(&octets).unwrap();
        assert_eq!(rest, b"rest");
        let told = read(&with_protocol(&said, b"h3").unwrap(), &[]).unwrap();
        let offered: Vec<&[u8]> = told.client_hello().alpn().unwrap().collect();
        assert_eq!(offered, [&b"h2"[..], b"http/1.1", b"h3"]);
        assert_eq!(told.client_hello().server_name(), Some("localhost"));
        assert_eq!(with_protocol(&client_hello(&hello(&[])).unwrap().0, b"h3"), None, "none is offered");
        assert_eq!(with_protocol(&said, &[b'x'; 256]), None, "no name is that long");
    }

    #[test]
    fn a_hello_in_several_records_is_put_together() {
        let whole = hello(&[b"h2"]);
        let cut: Vec<u8> =
            whole[5..].chunks(50).flat_map(|part| [&[22, 3, 1, 0, part.len() as u8], part].concat()).collect();
        assert_eq!(client_hello(&cut), client_hello(&whole));
    }

    #[test]
    fn no_octets_are_too_odd() {
        let whole = hello(&[b"h2", b"http/1.1"]);
        for length in 0..whole.len() {
            assert_eq!(client_hello(&whole[..length]), None);
            with_protocol(&whole[5..length.max(5)], b"h3");
        }
        for at in 0..whole.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut odd = whole.clone();
                odd[at] = value;
                if let Some((said, rest)) = client_hello(&odd) {
                    with_protocol(&said, b"h3").and_then(|told| read(&told, rest));
                }
            }
        }
    }
}
