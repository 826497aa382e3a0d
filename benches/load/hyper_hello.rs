//! hyper 1 and the crate h2 saying hello over HTTP/2: what `cargo bench` measures the server against.
//!
//!     cargo run --release --example hyper_hello -- [--flavour thread-per-core|multi-thread] [--port N] [--tls CERT KEY]
//!
//! The response is that of the shipped handler `hello.rhai`. Prints the port as its first line; without `--tls` it
//! speaks HTTP/2 in clear text with prior knowledge.

use bytes::Bytes;
use clap::{Parser, ValueEnum};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::convert::Infallible;
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

#[derive(Parser)]
struct Arguments {
    /// One current-thread runtime per core, each connection on one of them for life; or tokio's own scheduler.
    #[arg(long, value_enum, default_value = "thread-per-core")]
    flavour: Flavour,
    /// 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// A certificate chain and its key, both PEM.
    #[arg(long, num_args = 2, value_names = ["CERT", "KEY"])]
    tls: Option<Vec<PathBuf>>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Flavour {
    ThreadPerCore,
    MultiThread,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let acceptor = arguments.tls.as_deref().map(acceptor).transpose()?;
    let listener = std::net::TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port)))?;
    println!("{}", listener.local_addr()?.port());
    match arguments.flavour {
        Flavour::ThreadPerCore => thread_per_core(&listener, acceptor.as_ref()),
        Flavour::MultiThread => multi_thread(listener, acceptor),
    }
}

fn acceptor(files: &[PathBuf]) -> Result<TlsAcceptor, Box<dyn Error>> {
    let [certificate, key] = files else { return Err("--tls takes a certificate and a key".into()) };
    let chain = CertificateDer::pem_file_iter(certificate)?.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(key)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = versions.with_no_client_auth().with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn thread_per_core(listener: &std::net::TcpListener, acceptor: Option<&TlsAcceptor>) -> Result<(), Box<dyn Error>> {
    let cores = std::thread::available_parallelism()?.get();
    let mut workers = Vec::with_capacity(cores);
    for _ in 0..cores {
        let (sender, mut sockets) = mpsc::unbounded_channel::<std::net::TcpStream>();
        let acceptor = acceptor.cloned();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::spawn(move || {
            runtime.block_on(async move {
                while let Some(socket) = sockets.recv().await {
                    if let Ok(socket) = TcpStream::from_std(socket) {
                        tokio::spawn(serve(socket, acceptor.clone()));
                    }
                }
            });
        });
        workers.push(sender);
    }
    for worker in workers.iter().cycle() {
        let (socket, _) = listener.accept()?;
        socket.set_nonblocking(true)?;
        worker.send(socket)?;
    }
    Ok(())
}

fn multi_thread(listener: std::net::TcpListener, acceptor: Option<TlsAcceptor>) -> Result<(), Box<dyn Error>> {
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loop {
            let (socket, _) = listener.accept().await?;
            tokio::spawn(serve(socket, acceptor.clone()));
        }
    })
}

async fn serve(socket: TcpStream, acceptor: Option<TlsAcceptor>) {
    // A client that goes away, at whatever moment, is no matter here.
    let _ = socket.set_nodelay(true);
    let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    match acceptor {
        None => drop(server.serve_connection(TokioIo::new(socket), service_fn(hello)).await),
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(socket).await {
                drop(server.serve_connection(TokioIo::new(stream), service_fn(hello)).await);
            }
        }
    }
}

async fn hello(_request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::new(Bytes::from_static(b"Hello, world!\n")));
    let content_type = hyper::header::HeaderValue::from_static("text/plain;charset=utf-8");
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, content_type);
    Ok(response)
}
