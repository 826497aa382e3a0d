//! Opening connections: TCP, and TLS as a client.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{AlertDescription, ClientConfig, DigitallySignedStruct, InvalidMessage, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::certificates;
use super::tls::{TlsInfo, agreed};
use super::transport::Transport;

/// Which certificates a client accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Those that the system trusts, and those that the authorities in these PEM files signed.
    System(Vec<PathBuf>),
    /// Those that the authorities in these PEM files signed.
    Files(Vec<PathBuf>),
    /// Any.
    Anything,
}

/// An open connection.
pub struct Dialed {
    /// What is sent and received goes through TLS if `tls` is some.
    pub stream: Box<dyn Transport>,
    /// What TLS agreed on.
    pub tls: Option<TlsInfo>,
    /// Our address.
    pub local: SocketAddr,
    /// The server's.
    pub remote: SocketAddr,
}

/// Connects to a port of a host, a name or an address without brackets. Names below `localhost` are this machine
/// (RFC 6761 §6.3). `tls`: whom to trust, and the protocols to offer, the preferred one first (RFC 7301).
///
/// # Errors
/// See [`DialError`].
pub async fn dial(host: &str, port: u16, tls: Option<(&Trust, &[&str])>) -> Result<Dialed, DialError> {
    // What is wrong with the arguments is said before anything is sent.
    let tls = match tls {
        Some((trust, protocols)) => {
            let name = ServerName::try_from(host.to_owned()).map_err(|_| DialError::Name(host.to_owned()))?;
            Some((name, TlsConnector::from(Arc::new(config(trust, protocols)?))))
        }
        None => None,
    };
    let stream = connect(host, port).await?;
    let failed = |error| DialError::Connect { place: place(host, port), error };
    stream.set_nodelay(true).map_err(failed)?;
    let (local, remote) = (stream.local_addr().map_err(failed)?, stream.peer_addr().map_err(failed)?);
    let Some((name, connector)) = tls else {
        return Ok(Dialed { stream: Box::new(stream), tls: None, local, remote });
    };
    let sni = matches!(name, ServerName::DnsName(_)).then(|| host.to_owned());
    let stream = connector.connect(name, stream).await.map_err(|error| DialError::tls(place(host, port), &error))?;
    let tls = Some(agreed(stream.get_ref().1, sni.as_deref()));
    Ok(Dialed { stream: Box::new(stream), tls, local, remote })
}

async fn connect(host: &str, port: u16) -> Result<TcpStream, DialError> {
    let addresses = if host.eq_ignore_ascii_case("localhost") || host.to_ascii_lowercase().ends_with(".localhost") {
        vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]
    } else {
        super::lookup::addresses(host).await
    };
    let mut first = None;
    for address in addresses {
        match TcpStream::connect((address, port)).await {
            Ok(stream) => return Ok(stream),
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(match first {
        Some(error) => DialError::Connect { place: place(host, port), error },
        None => DialError::NoSuchHost(host.to_owned()),
    })
}

fn place(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

fn config(trust: &Trust, protocols: &[&str]) -> Result<ClientConfig, DialError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| DialError::Tls { place: "TLS".to_owned(), text: error.to_string(), help: None })?;
    let mut config = match trust {
        Trust::Anything => {
            let verifier = Arc::new(AcceptAnything(provider));
            builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
        }
        Trust::System(files) => {
            let mut roots = roots(files)?;
            // What the system has and rustls cannot use does not matter to most servers.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            builder.with_root_certificates(roots).with_no_client_auth()
        }
        Trust::Files(files) => builder.with_root_certificates(roots(files)?).with_no_client_auth(),
    };
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    Ok(config)
}

fn roots(files: &[PathBuf]) -> Result<RootCertStore, DialError> {
    let mut roots = RootCertStore::empty();
    for file in files {
        for certificate in certificates::read(file).map_err(|error| DialError::Trust(error.to_string()))? {
            let added = roots.add(certificate);
            added.map_err(|error| DialError::Trust(format!("{} is not usable: {error}", file.display())))?;
        }
    }
    Ok(roots)
}

/// Accepts any certificate: for tests, of servers that one trusts anyway.
#[derive(Debug)]
struct AcceptAnything(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAnything {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// Why there is no connection. Displays as one sentence, and a line that says what to do.
#[derive(Debug)]
pub enum DialError {
    /// The name does not resolve.
    NoSuchHost(String),
    /// None of the host's addresses accepts a connection.
    Connect {
        /// Host and port.
        place: String,
        /// What the operating system says of the first address.
        error: io::Error,
    },
    /// The host's name cannot stand in a certificate.
    Name(String),
    /// The TLS handshake failed.
    Tls {
        /// Host and port.
        place: String,
        /// Why.
        text: String,
        /// What to do.
        help: Option<&'static str>,
    },
    /// A file of authorities is missing or damaged.
    Trust(String),
}

impl DialError {
    fn tls(place: String, error: &io::Error) -> Self {
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        let (text, help) = match tls {
            None if error.kind() == io::ErrorKind::UnexpectedEof => {
                ("the server closed the connection during the TLS handshake".to_owned(), None)
            }
            None => (format!("the TLS handshake failed: {error}"), None),
            Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
                ("the server does not speak TLS on this port".to_owned(), Some("use http:// for HTTP without TLS"))
            }
            Some(rustls::Error::InvalidCertificate(why)) => (
                format!("the server's certificate is not trusted: {why}"),
                Some("name its authority with --cacert FILE, or accept any certificate with --insecure"),
            ),
            Some(rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol)) => {
                ("the server speaks none of the protocols that were offered".to_owned(), Some("try --http1"))
            }
            Some(rustls::Error::AlertReceived(alert)) => {
                (format!("the server ended the TLS handshake with the alert {alert:?}"), None)
            }
            Some(other) => (format!("the TLS handshake failed: {other}"), None),
        };
        Self::Tls { place, text, help }
    }

    /// Whether there is a connection, and TLS is what failed.
    pub const fn is_tls(&self) -> bool {
        matches!(self, Self::Tls { .. } | Self::Name(_))
    }

    /// Whether the arguments are at fault, and nothing was tried.
    pub const fn is_usage(&self) -> bool {
        matches!(self, Self::Trust(_))
    }
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchHost(host) => write!(f, "the host name {host} does not resolve"),
            Self::Connect { place, error } if error.kind() == io::ErrorKind::ConnectionRefused => {
                write!(f, "no server at {place}: the connection was refused")
            }
            Self::Connect { place, error } => write!(f, "cannot connect to {place}: {error}"),
            Self::Name(host) => write!(f, "{host} cannot be the name of a TLS server"),
            Self::Tls { place, text, help } => {
                write!(f, "{place}: {text}")?;
                help.map_or(Ok(()), |help| write!(f, "\nhelp: {help}"))
            }
            Self::Trust(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for DialError {}

/// The file of wireserve's own authority in the current directory, if there is one.
pub fn own_authority() -> Option<&'static Path> {
    const OWN: &str = "certs/ca.pem";
    let path = Path::new(OWN);
    path.is_file().then_some(path)
}

#[cfg(test)]
mod tests {
    use super::super::certificates::Certificates;
    use super::super::tls::Tls;
    use super::*;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn error(host: &str, port: u16, tls: Option<(&Trust, &[&str])>) -> DialError {
        match dial(host, port, tls).await {
            Ok(dialed) => panic!("connected to {}", dialed.remote),
            Err(error) => error,
        }
    }

    #[tokio::test]
    async fn what_cannot_be_reached_is_said() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let refused = error("localhost", port, None).await;
        assert_eq!(refused.to_string(), format!("no server at localhost:{port}: the connection was refused"));
        assert!(!refused.is_tls() && !refused.is_usage());
        let unknown = error("no-such-host.invalid", 80, None).await;
        assert_eq!(unknown.to_string(), "the host name no-such-host.invalid does not resolve");
        let missing = Trust::Files(vec!["missing.pem".into()]);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let unread = error("127.0.0.1", port, Some((&missing, &["h2"]))).await;
        assert!(unread.is_usage() && unread.to_string().starts_with("cannot read missing.pem"), "{unread}");
    }

    #[tokio::test]
    async fn tls_agrees_with_a_server_of_ours_and_says_why_not() {
        let folder = tempfile::tempdir().unwrap();
        let certificates = Certificates::in_folder(folder.path(), &[], crate::net::wall_clock()).unwrap();
        let tls = Tls::new(certificates.resolver(), &["h2"], Duration::from_secs(20)).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let serve = async {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(hello) = tls.hello(stream).await else { continue };
                let Ok((mut stream, _)) = hello.accept(None, |_, _| {}).await else { continue };
                // The client may be gone.
                let _ = stream.write_all(b"hi").await;
                let _ = stream.shutdown().await;
            }
        };
        let dials = async {
            let trust = Trust::Files(vec![certificates.trusted().to_owned()]);
            let mut dialed = dial("a.localhost", port, Some((&trust, &["h2", "http/1.1"]))).await.unwrap();
            let info = dialed.tls.unwrap();
            assert_eq!((info.sni.as_deref(), info.alpn.as_deref()), (Some("a.localhost"), Some("h2")));
            let mut text = String::new();
            dialed.stream.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "hi");
            assert!(dial("localhost", port, Some((&Trust::Anything, &["h2"]))).await.is_ok());
            let distrust = error("localhost", port, Some((&Trust::Files(Vec::new()), &["h2"]))).await;
            assert!(distrust.is_tls() && distrust.to_string().contains("not trusted"), "{distrust}");
            let other = error("localhost", port, Some((&trust, &["http/1.1"]))).await;
            assert!(other.to_string().contains("none of the protocols"), "{other}");
        };
        tokio::select! {
            () = serve => {}
            () = dials => {}
        }
    }
}
