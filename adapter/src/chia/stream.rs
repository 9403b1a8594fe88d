//! One TCP stream of a node: a task that reads when it is told to, and one that writes.

use std::io;
use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::link::Transport;
use nodewire::state::chia::ConnectionId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// What comes of a stream.
pub(super) type News = (ConnectionId, Transport);

/// How many bytes may be under way between the node and the stream.
pub(super) const BACKLOG: usize = 65_536;
/// Most bytes of one read.
const READ: usize = 65_536;
/// How long a closing end waits for its last bytes to be taken.
const LINGER: Duration = Duration::from_secs(5);

/// A stream, as the hub sees it.
pub(super) struct Stream {
    /// A word on this is one read.
    go: mpsc::Sender<()>,
    /// It was told to read and has not told what came of it.
    pub(super) is_reading: bool,
    /// Nothing more comes of it.
    pub(super) is_over: bool,
    /// What is to leave. Closed when nothing more is.
    out: mpsc::UnboundedSender<Bytes>,
}

impl Stream {
    /// Tasks for a stream. They end by themselves when the hub forgets it.
    pub(super) fn start(id: ConnectionId, stream: TcpStream, news: mpsc::Sender<News>) -> Self {
        let (reader, writer) = stream.into_split();
        let (go, going) = mpsc::channel(1);
        let (out, leaving) = mpsc::unbounded_channel();
        tokio::spawn(read(id, reader, going, news.clone()));
        tokio::spawn(write(id, writer, leaving, news));
        Self { go, is_reading: false, is_over: false, out }
    }

    /// Reads once more, unless it already does.
    pub(super) fn read(&mut self) {
        if !self.is_reading && !self.is_over {
            self.is_reading = self.go.try_send(()).is_ok();
        }
    }

    /// These bytes are to leave: never more than the node was granted.
    pub(super) fn write(&self, bytes: Bytes) {
        // A stream that is gone tells so by itself.
        let _ = self.out.send(bytes);
    }
}

async fn read(
    id: ConnectionId,
    mut reader: OwnedReadHalf,
    mut going: mpsc::Receiver<()>,
    news: mpsc::Sender<News>,
) {
    let mut buffer = vec![0; READ];
    while going.recv().await.is_some() {
        let came = match reader.read(&mut buffer).await {
            Ok(0) => Transport::Finished,
            // A copy of the right size: a slice kept for long pins no larger buffer.
            Ok(n) => Transport::Received(Bytes::copy_from_slice(&buffer[..n])),
            Err(_) => Transport::Closed,
        };
        let is_last = !matches!(came, Transport::Received(_));
        if news.send((id, came)).await.is_err() || is_last {
            return;
        }
    }
}

async fn write(
    id: ConnectionId,
    mut writer: OwnedWriteHalf,
    mut leaving: mpsc::UnboundedReceiver<Bytes>,
    news: mpsc::Sender<News>,
) {
    while let Some(mut bytes) = leaving.recv().await {
        while !bytes.is_empty() {
            // A node that has closed the stream waits for its last bytes, but not for ever.
            let is_closing = leaving.is_closed();
            let written = match writing(&mut writer, &mut bytes, is_closing).await {
                Ok(written) => written,
                Err(_) => {
                    let _ = news.send((id, Transport::Closed)).await;
                    return;
                }
            };
            if !is_closing && news.send((id, Transport::Writable(written))).await.is_err() {
                return;
            }
        }
    }
    let _ = timeout(LINGER, writer.shutdown()).await;
}

async fn writing(
    writer: &mut OwnedWriteHalf,
    bytes: &mut Bytes,
    is_closing: bool,
) -> io::Result<usize> {
    if is_closing {
        return timeout(LINGER, writer.write_buf(bytes)).await?;
    }
    writer.write_buf(bytes).await
}
