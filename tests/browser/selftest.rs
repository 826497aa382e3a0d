//! The driver of browsers against hyper in this process: it must be right before it judges anything.

use super::{Browser, Trust, page};
use bytes::Bytes;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;

/// An authority and a leaf of its for localhost, made for one test.
struct Certificates {
    folder: TempDir,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

fn certificates() -> Certificates {
    let authority_key = rcgen::KeyPair::generate().expect("a key");
    let mut authority = rcgen::CertificateParams::new(Vec::new()).expect("no names are valid names");
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    authority.distinguished_name.push(rcgen::DnType::CommonName, "test authority");
    let certificate = authority.self_signed(&authority_key).expect("a certificate");
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("ca.pem"), certificate.pem()).expect("a file");
    std::fs::write(folder.path().join("ca.key"), authority_key.serialize_pem()).expect("a file");
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut leaf = rcgen::CertificateParams::new(vec!["localhost".into()]).expect("a valid name");
    leaf.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let issuer = rcgen::Issuer::new(authority, &authority_key);
    let leaf = leaf.signed_by(&key, &issuer).expect("a certificate");
    Certificates {
        folder,
        chain: vec![leaf.der().clone(), certificate.der().clone()],
        key: PrivateKeyDer::try_from(key.serialize_der()).expect("a key"),
    }
}

/// Serves `page` at every path over TLS with HTTP/2 until the test's process ends.
fn serve(certificates: &Certificates, page: String) -> SocketAddr {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = versions.expect("ring has them").with_no_client_auth();
    let mut config =
        config.with_single_cert(certificates.chain.clone(), certificates.key.clone_key()).expect("key and leaf match");
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    listener.set_nonblocking(true).expect("a socket option");
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, page) = (acceptor.clone(), page.clone());
                tokio::spawn(async move {
                    let service = service_fn(move |_: Request<Incoming>| {
                        let response = Response::builder().header("content-type", "text/html");
                        let response = response.body(Full::new(Bytes::from(page.clone()))).expect("a response");
                        async { Ok::<_, Infallible>(response) }
                    });
                    let Ok(stream) = acceptor.accept(socket).await else { return };
                    let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                    // A browser that goes away is no matter.
                    let _ = server.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
    });
    address
}

#[test]
fn pages_run_over_h2_and_report() {
    let certificates = certificates();
    let script = r#"
        const response = await fetch("/again");
        await response.text();
        const navigation = performance.getEntriesByType("navigation")[0];
        return { status: response.status, protocol: navigation.nextHopProtocol };"#;
    let address = serve(&certificates, page(script));
    let trust = Trust::in_folder(certificates.folder.path());
    for browser in Browser::ALL {
        let url = format!("https://localhost:{}/", address.port());
        let Some(report) = browser.report(&trust, &url) else { continue };
        assert_eq!(report, serde_json::json!({ "status": 200, "protocol": "h2" }), "{browser:?}");
    }
}
