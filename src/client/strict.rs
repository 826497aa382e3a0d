//! What a strict client, the crate h2, makes of the bytes that a server sent.

use crate::h2::PREFACE;
use crate::wire::frame::{ErrorCode, FrameType, RawFrame};
use ::h2::client::{Builder, ResponseFuture};
use ::http::{Method, Request};
use bytes::{Buf, Bytes, BytesMut};
use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

/// Streams that a connection may have to be judged.
const MAX_STREAMS: usize = 200;
/// Bytes that lie between both ends.
const PIPE: usize = 1 << 16;
/// Windows as large as they may be: what the server sent was within ours, and that is judged by our engine.
const WINDOW: u32 = (1 << 31) - 1;

/// A connection as the server saw it.
pub struct Connection {
    /// All that the server sent.
    pub received: Vec<u8>,
    /// The streams on which requests were sent, with their methods, in their order.
    pub requests: Vec<(u32, Method)>,
    /// SETTINGS that were sent to the server.
    pub num_settings: usize,
}

/// A line that says what the crate h2 objects to. It reads the same bytes, over a connection in memory.
pub async fn judge(connection: Connection) -> String {
    let said = match refusal(&connection) {
        Some(why) => format!("nothing: {why}"),
        None => {
            let objections = objections(connection).await;
            if objections.is_empty() { "no objection".to_owned() } else { objections.join("; ") }
        }
    };
    format!("a strict client (crate h2) says: {said}")
}

/// Why it cannot judge a connection.
fn refusal(connection: &Connection) -> Option<String> {
    let Connection { requests, num_settings, .. } = connection;
    if *num_settings != 1 {
        return Some(format!("no verdict: it sends SETTINGS once, and here they were sent {num_settings} times"));
    }
    let highest = requests.iter().map(|(stream, _)| *stream as usize).max().unwrap_or(0);
    let is_sorted = requests.is_sorted_by_key(|(stream, _)| *stream) && requests.iter().all(|(id, _)| id % 2 == 1);
    (!is_sorted || highest > 2 * MAX_STREAMS)
        .then(|| format!("it opens streams 1, 3, 5 and so on, up to {MAX_STREAMS} of them"))
}

async fn objections(connection: Connection) -> Vec<String> {
    let Connection { received, requests, .. } = connection;
    let (ours, theirs) = tokio::io::duplex(PIPE);
    let mut builder = Builder::new();
    builder
        .initial_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_header_list_size(1 << 20)
        .initial_max_send_streams(MAX_STREAMS + 1)
        .enable_push(false);
    let (mut sender, driver) = match builder.handshake::<_, Bytes>(ours).await {
        Ok(both) => both,
        Err(error) => return vec![text(&error, None)],
    };
    let mut responses = Vec::new();
    let highest = requests.iter().map(|(stream, _)| *stream).max().unwrap_or(0);
    for stream in (1..=highest).step_by(2) {
        // Streams that were left out get no response.
        let method = requests.iter().find(|(id, _)| *id == stream).map_or(Method::GET, |(_, method)| method.clone());
        let request = Request::builder().method(method).uri("https://localhost/").body(());
        let Ok(request) = request else { continue };
        match sender.send_request(request, true) {
            Ok((response, _)) if requests.iter().any(|(id, _)| *id == stream) => responses.push((stream, response)),
            Ok(_) => {}
            Err(error) => return vec![text(&error, Some(stream))],
        }
    }
    let (mut read, mut write) = tokio::io::split(theirs);
    let feed = async move {
        // It fails where the client has closed.
        let _ = write.write_all(&received).await;
        let _ = write.shutdown().await;
    };
    let mut said = BTreeSet::new();
    let exchange = async move {
        wait_for_requests(&mut read, highest).await;
        let discard = async move {
            let mut octets = [0; 4096];
            while let Ok(1..) = read.read(&mut octets).await {}
        };
        tokio::join!(feed, discard)
    };
    let end = drive(driver, exchange).await;
    if let Err(error) = end
        && error.is_library()
    {
        said.insert(text(&error, None));
    }
    for (stream, response) in responses {
        if let Err(error) = read_response(response).await
            && error.is_library()
        {
            let stream = (!error.is_go_away()).then_some(stream);
            said.insert(text(&error, stream));
        }
    }
    drop(sender);
    said.into_iter().collect()
}

/// Reads until the request on this stream has come: a response before it would be one to nothing.
async fn wait_for_requests(read: &mut (impl AsyncRead + Unpin), last: u32) {
    let mut octets = BytesMut::new();
    let mut is_preface = true;
    if last == 0 {
        return;
    }
    loop {
        if is_preface && octets.len() >= PREFACE.len() {
            octets.advance(PREFACE.len());
            is_preface = false;
        }
        while !is_preface && let Some(frame) = RawFrame::take(&mut octets) {
            if frame.header.frame_type == FrameType::HEADERS && frame.header.stream_id >= last {
                return;
            }
        }
        if !matches!(read.read_buf(&mut octets).await, Ok(1..)) {
            return;
        }
    }
}

/// Runs a connection to its end, and its other end beside it.
async fn drive<T>(driver: impl Future<Output = T>, beside: impl Future) -> T {
    let (mut driver, mut beside) = (pin!(driver), pin!(beside));
    let mut is_over = false;
    std::future::poll_fn(|context| {
        if !is_over && beside.as_mut().poll(context).is_ready() {
            is_over = true;
        }
        let polled = driver.as_mut().poll(context);
        if polled.is_pending() && !is_over && beside.as_mut().poll(context).is_ready() {
            is_over = true;
        }
        match polled {
            // Nothing else can wake it.
            Poll::Pending if is_over => driver.as_mut().poll(context),
            other => other,
        }
    })
    .await
}

async fn read_response(response: ResponseFuture) -> Result<(), ::h2::Error> {
    let mut body = response.await?.into_body();
    while let Some(data) = body.data().await {
        let length = data?.len();
        // It fails if the stream is gone.
        let _ = body.flow_control().release_capacity(length);
    }
    body.trailers().await.map(drop)
}

fn text(error: &::h2::Error, stream: Option<u32>) -> String {
    let code = error.reason().map(|reason| format!(" {}", ErrorCode(reason.into()))).unwrap_or_default();
    match stream {
        Some(stream) => format!("stream error{code} on stream {stream}"),
        None if code.is_empty() => format!("{error}"),
        None => format!("connection error{code}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::flag;
    use crate::wire::hpack::BlockBuilder;

    async fn said(frames: &[RawFrame]) -> String {
        let mut received = BytesMut::new();
        frames.iter().for_each(|frame| frame.write(&mut received));
        let requests = vec![(1, Method::GET)];
        judge(Connection { received: received.to_vec(), requests, num_settings: 1 }).await
    }

    fn response(name: &[u8]) -> RawFrame {
        let mut block = BlockBuilder::new();
        block.indexed(8).without_indexing(name.into(), b"x");
        RawFrame::new(FrameType::HEADERS, flag::END_HEADERS, 1, block.finish())
    }

    #[tokio::test]
    async fn it_judges_the_bytes_that_came() {
        let settings = RawFrame::new(FrameType::SETTINGS, 0, 0, "");
        let ack = RawFrame::new(FrameType::SETTINGS, flag::ACK, 0, "");
        let data = RawFrame::new(FrameType::DATA, flag::END_STREAM, 1, vec![b'x'; 16_384]);
        let good = [settings.clone(), ack.clone(), response(b"a"), data.clone()];
        assert_eq!(said(&good).await, "a strict client (crate h2) says: no objection");
        let bad = [settings.clone(), ack.clone(), response(b"Upper"), data.clone()];
        assert_eq!(said(&bad).await, "a strict client (crate h2) says: connection error PROTOCOL_ERROR");
        let ping = RawFrame::new(FrameType::PING, 0, 3, vec![0; 8]);
        let bad = [settings, ack, response(b"a"), data, ping];
        assert_eq!(said(&bad).await, "a strict client (crate h2) says: connection error PROTOCOL_ERROR");
    }

    #[tokio::test]
    async fn what_it_would_not_do_itself_it_does_not_judge() {
        let connection = |stream, num_settings| Connection {
            received: Vec::new(),
            requests: vec![(stream, Method::GET)],
            num_settings,
        };
        assert!(judge(connection(1, 2)).await.ends_with("it sends SETTINGS once, and here they were sent 2 times"));
        assert!(judge(connection(2, 1)).await.contains("nothing: it opens streams 1, 3, 5"));
    }
}
