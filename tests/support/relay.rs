//! A relay between a client and a server that keeps what both sent: what a client did is read off the wire, the same
//! way for every client. Clear text only.

use super::raw::{PREFACE, frames_in};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use wireserve::wire::frame::RawFrame;

/// What went through one connection.
#[derive(Clone, Default, Debug)]
pub struct Recorded {
    pub from_client: Vec<u8>,
    pub from_server: Vec<u8>,
}

impl Recorded {
    /// The client's frames, without its preface; none if it did not speak HTTP/2.
    pub fn client_frames(&self) -> Vec<RawFrame> {
        self.from_client.strip_prefix(PREFACE).map(|octets| frames_in(octets).0).unwrap_or_default()
    }

    pub fn server_frames(&self) -> Vec<RawFrame> {
        frames_in(&self.from_server).0
    }
}

type Records = Arc<Mutex<Vec<Recorded>>>;

/// See the module; dropping it closes everything.
pub struct Relay {
    address: SocketAddr,
    records: Records,
    sockets: Arc<Mutex<Vec<TcpStream>>>,
    stop: Arc<AtomicBool>,
    /// Connections whose client may still send.
    open: Arc<AtomicUsize>,
    acceptor: Option<JoinHandle<()>>,
}

impl Relay {
    pub fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let records = Records::default();
        let sockets = Arc::<Mutex<Vec<TcpStream>>>::default();
        let stop = Arc::new(AtomicBool::new(false));
        let open = Arc::<AtomicUsize>::default();
        let shared = (Arc::clone(&records), Arc::clone(&sockets), Arc::clone(&stop), Arc::clone(&open));
        let acceptor = std::thread::spawn(move || {
            let (records, sockets, stop, open) = shared;
            for client in listener.incoming().map_while(Result::ok) {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(server) = TcpStream::connect(target) else { continue };
                let index = {
                    let mut records = lock(&records);
                    records.push(Recorded::default());
                    records.len() - 1
                };
                for (from, to, is_client) in [(&client, &server, true), (&server, &client, false)] {
                    let (Ok(from), Ok(to), Ok(kept)) = (from.try_clone(), to.try_clone(), from.try_clone()) else {
                        continue;
                    };
                    let _ = to.set_nodelay(true);
                    lock(&sockets).push(kept);
                    let records = Arc::clone(&records);
                    let open = Arc::clone(&open);
                    open.fetch_add(usize::from(is_client), Ordering::SeqCst);
                    std::thread::spawn(move || {
                        copy(from, to, &records, index, is_client);
                        open.fetch_sub(usize::from(is_client), Ordering::SeqCst);
                    });
                }
            }
        });
        Self { address, records, sockets, stop, open, acceptor: Some(acceptor) }
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What went through, one entry per connection, once the client has closed them all; that is waited for shortly.
    pub fn records(&self) -> Vec<Recorded> {
        let end = Instant::now() + Duration::from_secs(2);
        while self.open.load(Ordering::SeqCst) > 0 && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(1));
        }
        lock(&self.records).clone()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the acceptor.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
        for socket in lock(&self.sockets).drain(..) {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

fn copy(mut from: TcpStream, mut to: TcpStream, records: &Records, index: usize, is_client: bool) {
    let mut chunk = vec![0; 65_536];
    while let Ok(length @ 1..) = from.read(&mut chunk) {
        {
            // Kept before it goes on: whoever has seen the octets finds them here.
            let record = &mut lock(records)[index];
            let kept = if is_client { &mut record.from_client } else { &mut record.from_server };
            kept.extend_from_slice(&chunk[..length]);
        }
        if to.write_all(&chunk[..length]).is_err() {
            // What the client still says to a server that is gone is kept; the server's side ends both.
            if !is_client {
                break;
            }
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
