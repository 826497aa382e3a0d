use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_rustls::TlsConnector;

use super::*;
use crate::http::transport::{Close, PeerClosed};
use crate::net::certificates::Certificates;
use crate::net::pump::toy::Toy;
use crate::net::pump::{End, pump};

const TIME: Duration = Duration::from_secs(20);
const STALL: Duration = Duration::from_secs(3600);

struct Fixture {
    folder: TempDir,
    tls: Tls,
}

fn fixture(alpn: &[&str]) -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let certificates = Certificates::in_folder(folder.path(), &[], crate::net::wall_clock()).unwrap();
    Fixture { tls: Tls::new(certificates.resolver(), alpn, TIME).unwrap(), folder }
}

fn client(fixture: &Fixture, alpn: &[&str], versions: &[&'static SupportedProtocolVersion]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    let trusted = CertificateDer::from_pem_file(fixture.folder.path().join("ca.pem")).unwrap();
    roots.add(trusted).unwrap();
    connector(roots, alpn, versions)
}

fn connector(roots: RootCertStore, alpn: &[&str], versions: &[&'static SupportedProtocolVersion]) -> TlsConnector {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

async fn accept(tls: &Tls, stream: DuplexStream) -> Result<(TlsStream<DuplexStream>, TlsInfo), HandshakeError> {
    tls.hello(stream).await?.accept(None, |_, _| {}).await
}

async fn shake(
    fixture: &Fixture,
    connector: TlsConnector,
    host: &str,
) -> (
    Result<(TlsStream<DuplexStream>, TlsInfo), HandshakeError>,
    io::Result<tokio_rustls::client::TlsStream<DuplexStream>>,
) {
    let (near, far) = duplex(64 * 1024);
    let host = ServerName::try_from(host.to_owned()).unwrap();
    tokio::join!(accept(&fixture.tls, far), connector.connect(host, near))
}

#[tokio::test]
async fn both_versions_agree_on_alpn_and_tell_what_was_agreed() {
    let fixture = fixture(&["h2", "http/1.1"]);
    for (version, name) in [(&rustls::version::TLS12, "TLSv1.2"), (&rustls::version::TLS13, "TLSv1.3")] {
        for (offered, agreed) in [(&["http/1.1", "h2"][..], Some("h2")), (&["http/1.1"], Some("http/1.1")), (&[], None)]
        {
            let connector = client(&fixture, offered, &[version]);
            let (ours, theirs) = shake(&fixture, connector, "localhost").await;
            let (mut ours, info) = ours.unwrap();
            let mut theirs = theirs.unwrap();
            assert_eq!(info.alpn.as_deref(), agreed);
            assert_eq!((info.sni.as_deref(), info.version.as_str()), (Some("localhost"), name));
            assert!(info.cipher.starts_with("TLS"), "{}", info.cipher);
            let mut octet = [0];
            theirs.write_all(b"?").await.unwrap();
            ours.read_exact(&mut octet).await.unwrap();
            assert_eq!(&octet, b"?");
        }
    }
}

#[tokio::test]
async fn every_host_gets_a_certificate_it_accepts() {
    let fixture = fixture(&["h2"]);
    let hosts = [
        "localhost",
        "a.localhost",
        "profile.conn.localhost",
        "web-platform.test",
        "www1.web-platform.test",
        "www.www.web-platform.test",
        "xn--lve-6lad.not-web-platform.test",
        "127.0.0.1",
        "::1",
    ];
    for host in hosts {
        let connector = client(&fixture, &["h2"], rustls::ALL_VERSIONS);
        let (ours, theirs) = shake(&fixture, connector, host).await;
        assert!(theirs.is_ok(), "{host}: {:?}", theirs.err());
        assert!(ours.is_ok(), "{host}");
    }
}

#[tokio::test]
async fn hosts_of_different_leaves_have_different_certificates() {
    let fixture = fixture(&["h2"]);
    let mut leaves = Vec::new();
    for host in
        ["web-platform.test", "www.web-platform.test", "a.conn.localhost", "b.conn.localhost", "a.conn.localhost"]
    {
        let connector = client(&fixture, &["h2"], rustls::ALL_VERSIONS);
        let (_ours, theirs) = shake(&fixture, connector, host).await;
        let chain = theirs.unwrap().get_ref().1.peer_certificates().unwrap().to_vec();
        assert_eq!(chain.len(), 2, "the authority goes along, for clients that know its key only");
        leaves.push(chain[0].clone());
    }
    assert_eq!(leaves[0], leaves[1]);
    assert_ne!(leaves[0], leaves[2]);
    assert_ne!(leaves[2], leaves[3]);
    assert_eq!(leaves[2], leaves[4]);
}

#[tokio::test]
async fn a_client_that_does_not_trust_us_says_so() {
    let fixture = fixture(&["h2"]);
    let connector = connector(RootCertStore::empty(), &["h2"], rustls::ALL_VERSIONS);
    let (near, far) = duplex(64 * 1024);
    let refuse = async { connector.connect(ServerName::try_from("localhost").unwrap(), near).await.is_err() };
    let (ours, refused) = tokio::join!(accept(&fixture.tls, far), refuse);
    let error = ours.err().unwrap();
    assert!(refused && error.is_distrust(), "{error}");
}

#[tokio::test]
async fn a_name_can_be_refused_once_the_client_has_said_what_it_wants() {
    let fixture = fixture(&["h2"]);
    let connector = client(&fixture, &["h2", "http/1.1"], rustls::ALL_VERSIONS);
    let (near, far) = duplex(64 * 1024);
    let refuse = async {
        let hello = fixture.tls.hello(far).await.unwrap();
        assert_eq!(hello.sni(), Some("x.conn.localhost"));
        assert!(hello.offers("h2") && hello.offers("http/1.1") && !hello.offers("h3"));
        hello.refuse_name().await.unwrap();
    };
    let ((), theirs) = tokio::join!(refuse, connector.connect(ServerName::try_from("x.conn.localhost").unwrap(), near));
    assert!(theirs.unwrap_err().to_string().contains("UnrecognisedName"));
}

#[tokio::test]
async fn no_common_protocol_is_a_failure_of_that_handshake() {
    let fixture = fixture(&["h2"]);
    let connector = client(&fixture, &["http/1.1"], rustls::ALL_VERSIONS);
    let (ours, theirs) = shake(&fixture, connector, "localhost").await;
    assert!(matches!(ours.err().unwrap(), HandshakeError::Failed(rustls::Error::NoApplicationProtocol)));
    assert!(theirs.unwrap_err().to_string().contains("NoApplicationProtocol"));
}

#[tokio::test]
async fn clear_text_silence_and_leaving_are_told_apart() {
    let fixture = fixture(&["h2"]);

    let (mut near, far) = duplex(1024);
    near.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    assert!(matches!(accept(&fixture.tls, far).await.err().unwrap(), HandshakeError::ClearText));

    let (near, far) = duplex(1024);
    drop(near);
    assert!(matches!(
        accept(&fixture.tls, far).await.err().unwrap(),
        HandshakeError::Left(io::ErrorKind::UnexpectedEof)
    ));

    let (_near, far) = duplex(1024);
    let impatient = Tls { handshake_timeout: Duration::from_millis(1), ..fixture.tls.clone() };
    assert!(matches!(accept(&impatient, far).await.err().unwrap(), HandshakeError::TimedOut(_)));
}

#[tokio::test]
async fn a_graceful_end_is_a_close_notify_after_the_last_octets() {
    let fixture = fixture(&["h2"]);
    let (ours, theirs) = shake(&fixture, client(&fixture, &["h2"], rustls::ALL_VERSIONS), "localhost").await;
    let (ours, mut theirs) = (ours.unwrap().0, theirs.unwrap());
    let octets: Vec<u8> = (0..500_000_u32).map(|number| (number % 251) as u8).collect();
    let toy = Toy::new().with(|state| {
        state.output.push_back((octets.clone(), false));
        state.close = Some(Close::Graceful);
    });
    let mut got = Vec::new();
    let (end, read) = tokio::join!(pump(ours, &toy, STALL), async {
        // Without a close_notify this would be an error.
        let read = theirs.read_to_end(&mut got).await;
        theirs.shutdown().await.unwrap();
        read
    });
    assert_eq!((end, read.unwrap()), (End::Closed, octets.len()));
    assert!(got == octets);
}

#[tokio::test]
async fn a_truncated_end_has_no_close_notify() {
    let fixture = fixture(&["h2"]);
    let (ours, theirs) = shake(&fixture, client(&fixture, &["h2"], rustls::ALL_VERSIONS), "localhost").await;
    let (ours, mut theirs) = (ours.unwrap().0, theirs.unwrap());
    let toy = Toy::new().with(|state| {
        state.output.push_back((b"cut off".to_vec(), false));
        state.close = Some(Close::Truncate);
    });
    let mut got = Vec::new();
    let (end, read) = tokio::join!(pump(ours, &toy, STALL), async {
        let read = theirs.read_to_end(&mut got).await;
        drop(theirs);
        read
    });
    assert_eq!((end, read.unwrap_err().kind()), (End::Closed, io::ErrorKind::UnexpectedEof));
    assert_eq!(got, b"cut off");
}

#[tokio::test]
async fn what_is_written_at_once_comes_before_the_client_has_finished() {
    for (version, early) in [(&rustls::version::TLS13, true), (&rustls::version::TLS12, false)] {
        let fixture = fixture(&["h2"]);
        let connector = client(&fixture, &["h2"], &[version]);
        let (near, far) = duplex(64 * 1024);
        let mut begun = false;
        let accept = async {
            let begin = |info: &TlsInfo, write: &mut Early<'_>| {
                begun = true;
                assert_eq!((info.alpn.as_deref(), info.sni.as_deref()), (Some("h2"), Some("localhost")));
                assert_eq!(write(b"early").unwrap(), 5);
            };
            fixture.tls.hello(far).await?.accept(None, begin).await
        };
        let (ours, theirs) = tokio::join!(accept, connector.connect(ServerName::try_from("localhost").unwrap(), near));
        let (mut ours, mut theirs) = (ours.unwrap().0, theirs.unwrap());
        ours.write_all(b"late").await.unwrap();
        ours.flush().await.unwrap();
        let expected: &[u8] = if early { b"earlylate" } else { b"late" };
        let mut got = vec![0; expected.len()];
        theirs.read_exact(&mut got).await.unwrap();
        assert_eq!((got.as_slice(), begun), (expected, early));
    }
}

#[tokio::test]
async fn an_end_without_close_notify_is_told_and_can_still_be_answered() {
    let fixture = fixture(&["h2"]);
    let (ours, theirs) = shake(&fixture, client(&fixture, &["h2"], rustls::ALL_VERSIONS), "localhost").await;
    let (ours, mut theirs) = (ours.unwrap().0, theirs.unwrap());
    let toy = Toy::new();
    theirs.write_all(b"cut off").await.unwrap();
    let (mut raw, _tls) = theirs.into_inner();
    let (end, answer) = tokio::join!(pump(ours, &toy, STALL), async {
        raw.shutdown().await.unwrap();
        let mut answer = Vec::new();
        raw.read_to_end(&mut answer).await.unwrap();
        answer
    });
    assert_eq!(end, End::Closed);
    assert_eq!(toy.received(), b"cut off");
    assert_eq!(toy.ends(), [PeerClosed::Truncated]);
    assert!(!answer.is_empty(), "our close_notify went out");
}

#[tokio::test]
async fn broken_records_end_the_connection() {
    let fixture = fixture(&["h2"]);
    let (ours, theirs) = shake(&fixture, client(&fixture, &["h2"], rustls::ALL_VERSIONS), "localhost").await;
    let (ours, (mut raw, _tls)) = (ours.unwrap().0, theirs.unwrap().into_inner());
    raw.write_all(b"this is no record at all").await.unwrap();
    let toy = Toy::new();
    assert_eq!(pump(ours, &toy, STALL).await, End::Peer(PeerClosed::Failed(io::ErrorKind::InvalidData)));
}

#[tokio::test]
async fn each_run_up_to_a_cut_mark_is_a_tls_record_of_its_own() {
    let fixture = fixture(&["h2"]);
    let (ours, theirs) = shake(&fixture, client(&fixture, &["h2"], &[&rustls::version::TLS12]), "localhost").await;
    let (ours, (mut raw, _tls)) = (ours.unwrap().0, theirs.unwrap().into_inner());
    let toy = Toy::new().with(|state| {
        for (run, cut) in [("one", true), ("t", false), ("wo", true), ("three", false), ("more", false)] {
            state.output.push_back((run.into(), cut));
        }
        state.close = Some(Close::Graceful);
    });
    let mut octets = Vec::new();
    let (end, read) = tokio::join!(pump(ours, &toy, STALL), async {
        let read = raw.read_to_end(&mut octets).await;
        drop(raw);
        read
    });
    assert_eq!((end, read.is_ok()), (End::Closed, true));
    // Type and length of each record (RFC 5246 §6.2.1); its cipher adds as many octets to each.
    let mut records = Vec::new();
    let mut rest = octets.as_slice();
    while let [kind, _, _, high, low, after @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        records.push((*kind, length));
        rest = &after[length..];
    }
    let data: Vec<usize> = records.iter().filter(|(kind, _)| *kind == 23).map(|(_, length)| *length).collect();
    let added = data[0] - 3;
    assert_eq!(data, [3 + added, 3 + added, 9 + added]);
}

/// What a client that offers `offered` sees of `selection`: the protocol, or its error.
async fn selected(selection: Selection, offered: &[&str], version: &'static SupportedProtocolVersion) -> String {
    let fixture = fixture(&["h2", "http/1.1"]);
    let connector = client(&fixture, offered, &[version]);
    let (near, far) = duplex(64 * 1024);
    let accept = async { fixture.tls.hello(far).await?.accept(Some(selection), |_, _| {}).await };
    let (ours, theirs) = tokio::join!(accept, connector.connect(ServerName::try_from("localhost").unwrap(), near));
    match theirs {
        Ok(theirs) => {
            let protocol = theirs.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
            assert_eq!(ours.unwrap().1.alpn.map(String::into_bytes), protocol);
            protocol.map_or_else(|| "none".to_owned(), |name| String::from_utf8(name).unwrap())
        }
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn another_protocol_can_be_selected_or_none_or_all_refused() {
    let among = |names: &[&str]| Selection::Among(names.iter().map(|&name| name.to_owned()).collect());
    let always = |name: &str| Selection::Always(name.to_owned());
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        for (selection, offered, told) in [
            (Selection::Nothing, &["h2"][..], "none"),
            (among(&["http/1.1", "h2"]), &["h2", "http/1.1"], "http/1.1"),
            (among(&["h3"]), &["h2"], "received fatal alert: the server does not support any known protocol"),
            (among(&[]), &["h2"], "received fatal alert: the server does not support any known protocol"),
            (among(&[]), &[], "none"),
            (always("http/1.1"), &["h2", "http/1.1"], "http/1.1"),
            (always("h3"), &[], "none"),
        ] {
            let seen = selected(selection.clone(), offered, version).await;
            let alert = seen.contains("NoApplicationProtocol") && told.starts_with("received");
            assert!(alert || seen == told, "{selection:?} {offered:?}: {seen}");
        }
    }
}

#[tokio::test]
async fn a_protocol_can_be_selected_that_was_not_offered() {
    // The client decrypts that and judges it: so both sides have hashed the same handshake.
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let seen = selected(Selection::Always("h3".to_owned()), &["h2", "http/1.1"], version).await;
        assert!(seen.contains("SelectedUnofferedApplicationProtocol"), "{seen}");
    }
}

#[tokio::test]
async fn a_hello_that_comes_in_pieces_is_understood() {
    let fixture = fixture(&["h2"]);
    let connector = client(&fixture, &["h2"], &[&rustls::version::TLS13]);
    let ((near, mut relay_near), (mut relay_far, far)) = (duplex(64 * 1024), duplex(64 * 1024));
    let accept = async { fixture.tls.hello(far).await?.accept(None, |_, _| {}).await };
    let connect = connector.connect(ServerName::try_from("localhost").unwrap(), near);
    let relay = tokio::io::copy_bidirectional_with_sizes(&mut relay_near, &mut relay_far, 1, 1024);
    tokio::select! {
        (ours, theirs) = async { tokio::join!(accept, connect) } => {
            assert_eq!((ours.unwrap().1.alpn.as_deref(), theirs.is_ok()), (Some("h2"), true));
        }
        ended = relay => panic!("the relay ended: {ended:?}"),
    }
}
