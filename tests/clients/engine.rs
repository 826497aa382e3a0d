//! Our engine as a client against the server of the crate `h2`, in memory.

use bytes::Bytes;
use h2::server::{Connection as Server, SendResponse};
use hyper::{Request, Response, StatusCode};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use wireserve::h2::{Config, Connection, Event, HeadersKind, Misuse};

/// How long any of this may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A client of ours with its transport.
struct Client {
    connection: Connection,
    transport: DuplexStream,
    events: Vec<Event>,
}

impl Client {
    fn new(transport: DuplexStream) -> Self {
        let mut config = Config::client();
        config.settings[0].1 = 1;
        Self { connection: Connection::client(config, Instant::now()), transport, events: Vec::new() }
    }

    fn open(&mut self, method: &[u8], path: &[u8], end_stream: bool) -> Result<u32, Misuse> {
        let fields: [(&[u8], &[u8]); 4] =
            [(b":method", method), (b":scheme", b"http"), (b":authority", b"example.org"), (b":path", path)];
        self.connection.open(fields.into_iter(), end_stream)
    }

    /// Writes and reads until these streams are closed.
    async fn finish(&mut self, streams: &[u32]) {
        let closed = |event: &Event, id: u32| matches!(event, Event::StreamClosed { stream } if *stream == id);
        let mut buffer = vec![0; 16_384];
        loop {
            while let Some(event) = self.connection.poll_event() {
                if let Event::Data { stream, data, .. } = &event {
                    self.connection.consume(*stream, data.len());
                }
                assert!(!matches!(event, Event::Violation(_)), "{event:?}");
                self.events.push(event);
            }
            while let Some(transmit) = self.connection.poll_transmit() {
                let octets = transmit.octets.to_vec();
                self.transport.write_all(&octets).await.expect("the server reads");
                self.connection.transmitted(octets.len());
            }
            if streams.iter().all(|id| self.events.iter().any(|event| closed(event, *id))) {
                return;
            }
            let length = self.transport.read(&mut buffer).await.expect("the server writes");
            assert!(length > 0, "the server closed: {:?}", self.events);
            self.connection.receive(Instant::now(), &buffer[..length]);
        }
    }

    /// The status of a stream's final response, its content, and its trailers.
    fn response(&self, id: u32) -> (Bytes, Vec<u8>, usize) {
        let (mut status, mut content, mut trailers) = (Bytes::new(), Vec::new(), 0);
        for event in &self.events {
            match event {
                Event::Headers { stream, block, kind: HeadersKind::Response, .. } if *stream == id => {
                    status = block.fields().next().map(|field| field.value.clone()).unwrap_or_default();
                }
                Event::Headers { stream, block, kind: HeadersKind::Trailers, .. } if *stream == id => {
                    trailers = block.fields().count();
                }
                Event::Data { stream, data, .. } if *stream == id => content.extend_from_slice(data),
                _ => {}
            }
        }
        (status, content, trailers)
    }
}

/// Sends a request's content back, with trailers; pushes `/pushed` for `/push`.
async fn serve(transport: DuplexStream) {
    let mut server: Server<_, Bytes> = h2::server::handshake(transport).await.expect("a preface");
    while let Some(request) = server.accept().await {
        let Ok((request, respond)) = request else { return };
        tokio::spawn(answer(request, respond));
    }
}

async fn answer(request: Request<h2::RecvStream>, mut respond: SendResponse<Bytes>) {
    if request.uri().path() == "/push" {
        let promise = Request::get("http://example.org/pushed").body(()).expect("a request");
        let mut pushed = respond.push_request(promise).expect("pushes are on");
        let mut content = pushed.send_response(Response::new(()), false).expect("a response");
        content.send_data(Bytes::from_static(b"pushed"), true).expect("content");
    }
    let mut body = request.into_body();
    let mut content = Vec::new();
    while let Some(data) = body.data().await {
        let data = data.expect("content");
        body.flow_control().release_capacity(data.len()).expect("capacity");
        content.extend_from_slice(&data);
    }
    let response = Response::builder().status(StatusCode::ACCEPTED).body(()).expect("a response");
    let mut stream = respond.send_response(response, false).expect("a response");
    stream.send_data(content.into(), false).expect("content");
    let trailers = [("x-end".parse().expect("a name"), "1".parse().expect("a value"))].into_iter().collect();
    stream.send_trailers(trailers).expect("trailers");
}

async fn connected() -> Client {
    let (ours, theirs) = tokio::io::duplex(4_096);
    tokio::spawn(serve(theirs));
    Client::new(ours)
}

#[tokio::test]
async fn uploads_responses_trailers_and_pushes_go_through() {
    let talk = async {
        let mut client = connected().await;
        let upload = client.open(b"POST", b"/echo", false).expect("open");
        let body = Bytes::from(vec![b'u'; 300_000]);
        client.connection.send_data(upload, body.clone(), false).expect("send_data");
        let trailers: [(&[u8], &[u8]); 1] = [(b"x-sum", b"1")];
        client.connection.send_trailers(upload, trailers.into_iter()).expect("send_trailers");
        let push = client.open(b"GET", b"/push", true).expect("open");
        client.finish(&[upload, push, 2]).await;
        assert_eq!(client.response(upload), (Bytes::from_static(b"202"), body.to_vec(), 1));
        assert_eq!(client.response(push), (Bytes::from_static(b"202"), Vec::new(), 1));
        assert_eq!(client.response(2), (Bytes::from_static(b"200"), b"pushed".to_vec(), 0));
        assert!(client.connection.settings_acked());
    };
    tokio::time::timeout(TIMEOUT, talk).await.expect("in time");
}

#[tokio::test]
async fn many_requests_on_one_connection_share_the_tables() {
    let talk = async {
        let mut client = connected().await;
        for _ in 0..50 {
            let ids: Vec<u32> = (0..4).map(|_| client.open(b"GET", b"/again", true).expect("open")).collect();
            client.finish(&ids).await;
            client.events.clear();
        }
        assert!(client.connection.decoder().table().count() > 0);
    };
    tokio::time::timeout(TIMEOUT, talk).await.expect("in time");
}
