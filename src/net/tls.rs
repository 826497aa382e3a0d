//! The TLS handshake of a port: ALPN and SNI in, what was agreed out.

#[cfg(test)]
mod tests;
mod unoffered;

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::server::{Accepted, Acceptor, ResolvesServerCert};
use rustls::{AlertDescription, CommonState, InvalidMessage, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;
use tokio_rustls::StartHandshake;
pub use tokio_rustls::server::TlsStream;

use super::transport::Transport;
/// What a handshake agreed on.
pub use crate::http::peer::Tls as TlsInfo;

/// The TLS side of one port. Cheap to clone: one for each worker.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ServerConfig>,
    handshake_timeout: Duration,
}

/// A file with the secrets of connections, by which Wireshark and others decrypt them (RFC 9850).
#[derive(Debug)]
pub struct KeyLog {
    log: Arc<dyn rustls::KeyLog>,
    path: PathBuf,
}

impl KeyLog {
    /// The file that `SSLKEYLOGFILE` names; `None` if it names none.
    ///
    /// # Errors
    /// The file that cannot be written, and why.
    #[expect(clippy::disallowed_methods, reason = "browsers and curl read the same variable")]
    pub fn of_environment() -> Result<Option<Self>, (PathBuf, io::Error)> {
        let Some(path) = std::env::var_os("SSLKEYLOGFILE").filter(|path| !path.is_empty()).map(PathBuf::from) else {
            return Ok(None);
        };
        // rustls reads the variable itself, and reports no error.
        match OpenOptions::new().append(true).create(true).open(&path) {
            Ok(_) => Ok(Some(Self { log: Arc::new(rustls::KeyLogFile::new()), path })),
            Err(error) => Err((path, error)),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Tls {
    /// TLS 1.2 and 1.3, with `alpn` in our order of preference. A client that offers ALPN, but none of
    /// these, gets the alert no_application_protocol; one that offers none is accepted.
    ///
    /// # Errors
    /// Only if the cryptography itself cannot be set up.
    pub fn new(
        certificates: Arc<dyn ResolvesServerCert>,
        alpn: &[&str],
        handshake_timeout: Duration,
    ) -> Result<Tls, rustls::Error> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(certificates);
        // What is there at once goes out with our first flight (TLS 1.3).
        config.send_half_rtt_data = true;
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        // Resumption by tickets: no state is kept for clients that never come back.
        config.ticketer = rustls::crypto::ring::Ticketer::new()?;
        Ok(Tls { config: Arc::new(config), handshake_timeout })
    }

    /// Writes the secrets of each connection to a file.
    #[must_use]
    pub fn with_key_log(self, key_log: &KeyLog) -> Self {
        let mut config = ServerConfig::clone(&self.config);
        config.key_log = key_log.log.clone();
        Self { config: Arc::new(config), ..self }
    }

    /// Reads the client's first message, which says where it wants to go.
    ///
    /// # Errors
    /// See [`HandshakeError`]: all of them are the client's doing, and normal.
    pub async fn hello<S: Transport>(&self, mut stream: S) -> Result<Hello<S>, HandshakeError> {
        let deadline = Instant::now() + self.handshake_timeout;
        let mut octets = Vec::new();
        let accepted = self.in_time(deadline, read_hello(&mut stream, &mut octets)).await?;
        let hello = accepted.client_hello();
        let sni = hello.server_name().map(str::to_owned);
        let offered = hello.alpn().map(|names| names.map(<[u8]>::to_vec).collect()).unwrap_or_default();
        Ok(Hello {
            start: StartHandshake::from_parts(accepted, stream),
            tls: self.clone(),
            deadline,
            sni,
            offered,
            octets,
        })
    }

    /// The configuration with other protocols.
    fn selecting(&self, protocols: Vec<String>) -> Arc<ServerConfig> {
        let mut config = ServerConfig::clone(&self.config);
        config.alpn_protocols = protocols.into_iter().map(String::into_bytes).collect();
        Arc::new(config)
    }

    async fn in_time<T>(
        &self,
        deadline: Instant,
        step: impl Future<Output = io::Result<T>>,
    ) -> Result<T, HandshakeError> {
        match tokio::time::timeout_at(deadline, step).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(HandshakeError::from(error)),
            Err(_) => Err(HandshakeError::TimedOut(self.handshake_timeout)),
        }
    }
}

/// Reads the client's first message, and keeps everything that was read in `octets`.
async fn read_hello<S: Transport>(stream: &mut S, octets: &mut Vec<u8>) -> io::Result<Accepted> {
    let mut acceptor = Acceptor::default();
    loop {
        let from = octets.len();
        octets.reserve(HELLO_OCTETS);
        if stream.read_buf(octets).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut fresh = octets.get(from..).unwrap_or_default();
        while !fresh.is_empty() {
            acceptor.read_tls(&mut fresh)?;
        }
        match acceptor.accept() {
            Ok(Some(accepted)) => return Ok(accepted),
            Ok(None) => {}
            Err((error, mut alert)) => {
                let mut record = Vec::new();
                alert.write_all(&mut record)?;
                stream.write_all(&record).await?;
                stream.flush().await?;
                return Err(io::Error::new(io::ErrorKind::InvalidData, error));
            }
        }
    }
}

/// Octets to read at once: most clients' first messages are no longer.
const HELLO_OCTETS: usize = 2048;

/// Which protocol is selected in place of the first of the port's that the client offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// None, whatever is offered.
    Nothing,
    /// This one, whether the client offers it or not; nothing, if the client offers no protocol at all.
    Always(String),
    /// The first of these that the client offers; if it offers others alone, it gets the alert no_application_protocol
    /// (RFC 7301 §3.2).
    Among(Vec<String>),
}

/// A client has said what it wants; nothing has been answered yet.
pub struct Hello<S> {
    start: StartHandshake<S>,
    tls: Tls,
    deadline: Instant,
    sni: Option<String>,
    offered: Vec<Vec<u8>>,
    /// Everything that was read.
    octets: Vec<u8>,
}

impl<S: Transport> Hello<S> {
    /// The host name that the client asks for (RFC 6066 §3); none for an IP address.
    pub fn sni(&self) -> Option<&str> {
        self.sni.as_deref()
    }

    /// Whether the client offers this protocol (RFC 7301 §3.1).
    pub fn offers(&self, protocol: &str) -> bool {
        self.offered.iter().any(|offered| offered == protocol.as_bytes())
    }

    /// Shakes hands; `selection`: otherwise than the port does. With TLS 1.3, `begin` is called with what is agreed as
    /// soon as our first flight is made, and what it writes goes out with it, before the client has answered
    /// (RFC 8446 §2, figure 1).
    ///
    /// # Errors
    /// As for [`Tls::hello`].
    pub async fn accept(
        self,
        selection: Option<Selection>,
        begin: impl FnOnce(&TlsInfo, &mut Early<'_>),
    ) -> Result<(TlsStream<S>, TlsInfo), HandshakeError> {
        let Hello { mut start, tls, deadline, offered, octets, .. } = self;
        let mut begin = Some(begin);
        let mut early = |connection: &mut rustls::ServerConnection| {
            if connection.protocol_version() != Some(rustls::ProtocolVersion::TLSv1_3)
                || connection.negotiated_cipher_suite().is_none()
            {
                // Nothing is agreed before the client's next message.
                return;
            }
            if let Some(begin) = begin.take() {
                begin(&agreed(connection, connection.server_name()), &mut |octets| connection.writer().write(octets));
            }
        };
        let accept = match selection {
            None => start.into_stream_with(tls.config.clone(), early),
            Some(Selection::Nothing) => start.into_stream_with(tls.selecting(Vec::new()), early),
            Some(Selection::Among(protocols)) if protocols.is_empty() && !offered.is_empty() => {
                tls.in_time(deadline, refuse(&mut start.io, AlertDescription::NoApplicationProtocol)).await?;
                return Err(HandshakeError::Failed(rustls::Error::NoApplicationProtocol));
            }
            Some(Selection::Among(protocols)) => start.into_stream_with(tls.selecting(protocols), early),
            Some(Selection::Always(protocol)) => {
                let StartHandshake { accepted, io, .. } = start;
                let is_offered = offered.iter().any(|offered| offered == protocol.as_bytes());
                let forced = if is_offered {
                    Err(io)
                } else {
                    unoffered::start(&octets, io, &tls.config, &protocol, &mut early)
                };
                match forced {
                    Ok(accept) => accept,
                    Err(io) => {
                        StartHandshake::from_parts(accepted, io).into_stream_with(tls.selecting(vec![protocol]), early)
                    }
                }
            }
        };
        let stream = tls.in_time(deadline, accept).await?;
        let connection = stream.get_ref().1;
        let info = agreed(connection, connection.server_name());
        Ok((stream, info))
    }

    /// Never answers; done once the client has given up.
    pub async fn stall(mut self) {
        let mut octets = [0; 1024];
        while let Ok(1..) = self.start.io.read(&mut octets).await {}
    }

    /// Answers with the fatal alert unrecognized_name (RFC 6066 §3), and ends.
    ///
    /// # Errors
    /// As for [`Tls::hello`].
    pub async fn refuse_name(self) -> Result<(), HandshakeError> {
        let Hello { mut start, tls, deadline, .. } = self;
        tls.in_time(deadline, refuse(&mut start.io, AlertDescription::UnrecognisedName)).await
    }
}

/// Takes octets that go out with the server's first flight; gives how many it took.
pub type Early<'a> = dyn FnMut(&[u8]) -> io::Result<usize> + 'a;

/// Sends a record with a fatal alert (RFC 8446 §5.1, §6), in clear as nothing is agreed yet, and ends.
async fn refuse<S: Transport>(stream: &mut S, alert: AlertDescription) -> io::Result<()> {
    stream.write_all(&[21, 3, 3, 0, 2, 2, alert.into()]).await?;
    stream.shutdown().await
}

/// What is agreed on a connection to the host `sni`.
pub(super) fn agreed(connection: &CommonState, sni: Option<&str>) -> TlsInfo {
    let version = connection.protocol_version().and_then(|version| version.as_str()).unwrap_or("unknown");
    let suite = connection.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str()).unwrap_or("unknown");
    TlsInfo {
        sni: sni.map(str::to_owned),
        alpn: connection.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
        version: version.replace('_', "."),
        cipher: suite.to_owned(),
    }
}

/// Why a handshake came to nothing. To be logged at debug, but for [`is_distrust`](Self::is_distrust).
#[derive(Debug)]
pub enum HandshakeError {
    /// The client was too slow.
    TimedOut(Duration),
    /// The client closed or reset the connection.
    Left(io::ErrorKind),
    /// What came is no TLS: mostly `http://` to a port that wants `https://`.
    ClearText,
    /// The client refused to go on.
    Refused(AlertDescription),
    /// The client and this port share no protocol, version, cipher suite, …
    Failed(rustls::Error),
}

impl HandshakeError {
    /// The client does not trust our certificate: the one failure its user has to mend.
    pub fn is_distrust(&self) -> bool {
        matches!(
            self,
            HandshakeError::Refused(
                AlertDescription::UnknownCA
                    | AlertDescription::BadCertificate
                    | AlertDescription::CertificateUnknown
                    | AlertDescription::CertificateExpired
            )
        )
    }
}

impl From<io::Error> for HandshakeError {
    fn from(error: io::Error) -> HandshakeError {
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match tls {
            None => HandshakeError::Left(error.kind()),
            Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) => HandshakeError::ClearText,
            Some(rustls::Error::AlertReceived(alert)) => HandshakeError::Refused(*alert),
            Some(other) => HandshakeError::Failed(other.clone()),
        }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HandshakeError::TimedOut(time) => write!(f, "the TLS handshake took longer than {time:?}"),
            HandshakeError::Left(kind) => write!(f, "the client left during the TLS handshake ({kind})"),
            HandshakeError::ClearText => f.write_str("the client does not speak TLS on this port (is it https://?)"),
            HandshakeError::Refused(alert) if self.is_distrust() => {
                write!(f, "the client does not trust our certificate ({alert:?})")
            }
            HandshakeError::Refused(alert) => write!(f, "the client refused the TLS handshake ({alert:?})"),
            HandshakeError::Failed(error) => write!(f, "the TLS handshake failed: {error}"),
        }
    }
}

impl std::error::Error for HandshakeError {}
