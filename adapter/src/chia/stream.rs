//! One TCP stream of a node, and the task that reads it when it is told to and writes to it.

use std::io;
use std::sync::Arc;

use nodewire::bytes::Bytes;
use nodewire::link::Transport;
use nodewire::state::chia::ConnectionId;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

use crate::drive::{LINGER, Way};

/// What comes of a stream.
pub(super) type News = (ConnectionId, Transport);

/// How many bytes may be under way between the node and the stream.
pub(super) const BACKLOG: usize = 65_536;
/// How many streams of a node may linger at once after it has closed them. One more is dropped at
/// once: who opens streams by the thousand is not to have more of them than the node allows.
pub(super) const LINGERING: usize = 64;
/// Most bytes of one read.
const READ: usize = 65_536;

/// A stream, as the hub sees it. Dropped, it is closed: what was handed over still leaves, within
/// [`LINGER`].
pub(super) struct Stream {
    words: mpsc::UnboundedSender<Word>,
    /// It was told to read and has not told what came of it.
    pub(super) is_reading: bool,
    /// Nothing more comes of it.
    pub(super) is_over: bool,
}

/// What a stream is told.
enum Word {
    /// One read.
    Read,
    /// These bytes are to leave.
    Write(Bytes),
}

impl Stream {
    /// A task for a stream, that ends with it.
    pub(super) fn start(
        id: ConnectionId,
        stream: TcpStream,
        news: mpsc::Sender<News>,
        lingering: Arc<Semaphore>,
    ) -> Self {
        let (words, told) = mpsc::unbounded_channel();
        let (reader, writer) = stream.into_split();
        let ends = Ends {
            id,
            news,
            reader,
            writer,
            buffer: vec![0; READ],
            way: Way::default(),
            has_more: true,
        };
        tokio::spawn(async move {
            let mut ends = ends;
            if ends.serve(told).await.is_ok() {
                ends.leave(&lingering).await;
            }
        });
        Self { words, is_reading: false, is_over: false }
    }

    /// Reads once more, unless it already does.
    pub(super) fn read(&mut self) {
        if !self.is_reading && !self.is_over {
            self.is_reading = self.words.send(Word::Read).is_ok();
        }
    }

    /// These bytes are to leave: never more than the node was granted.
    pub(super) fn write(&self, bytes: Bytes) {
        // A stream that is gone tells so by itself.
        let _ = self.words.send(Word::Write(bytes));
    }
}

/// Both ends of a stream.
struct Ends {
    id: ConnectionId,
    news: mpsc::Sender<News>,
    reader: OwnedReadHalf,
    writer: OwnedWriteHalf,
    buffer: Vec<u8>,
    /// What is leaving.
    way: Way,
    /// The other end has not finished.
    has_more: bool,
}

/// The stream is no more, or there is nobody to tell.
struct Gone;

impl Ends {
    /// Reads and writes as it is told, until the hub forgets the stream.
    async fn serve(&mut self, mut told: mpsc::UnboundedReceiver<Word>) -> Result<(), Gone> {
        let mut is_reading = false;
        loop {
            tokio::select! {
                word = told.recv() => match word {
                    Some(Word::Read) => is_reading = true,
                    Some(Word::Write(bytes)) => self.way.push(bytes),
                    None => return Ok(()),
                },
                read = self.reader.read(&mut self.buffer), if is_reading && self.has_more => {
                    is_reading = false;
                    let came = self.came(read);
                    self.tell(came).await?;
                }
                written = self.way.advance(&mut self.writer), if !self.way.is_idle() => {
                    self.wrote(written).await?;
                }
            }
        }
    }

    fn came(&mut self, read: io::Result<usize>) -> Transport {
        match read {
            Ok(0) if !self.way.gone => {
                self.has_more = false;
                Transport::Finished
            }
            // A copy of the right size: a slice kept for long pins no larger buffer.
            Ok(n) if n > 0 => Transport::Received(Bytes::copy_from_slice(&self.buffer[..n])),
            _ => Transport::Closed,
        }
    }

    async fn wrote(&mut self, written: io::Result<usize>) -> Result<(), Gone> {
        match written {
            Ok(0) => Ok(()),
            Ok(written) => self.tell(Transport::Writable(written)).await,
            Err(_) if self.has_more => {
                // What the peer said last may be there: reading it tells the end.
                self.way.give_up();
                Ok(())
            }
            Err(_) => self.tell(Transport::Closed).await,
        }
    }

    async fn tell(&mut self, came: Transport) -> Result<(), Gone> {
        let is_last = came == Transport::Closed;
        let told = self.news.send((self.id, came)).await;
        if told.is_err() || is_last { Err(Gone) } else { Ok(()) }
    }

    /// The hub has forgotten the stream: what it was handed leaves, and what comes is dropped, lest
    /// bytes that nobody read reset the stream and take back what is under way.
    async fn leave(mut self, lingering: &Semaphore) {
        let Ok(_permit) = lingering.try_acquire() else { return };
        let Self { reader, writer, buffer, way, .. } = &mut self;
        let drops = async {
            while reader.read(buffer).await? > 0 {}
            Ok(())
        };
        let _ = timeout(LINGER, async { tokio::try_join!(way.finish(writer), drops) }).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;
    use tokio::time::sleep;

    type Told = mpsc::Receiver<News>;

    /// A stream with room for so many to linger, what it tells, and its other end.
    async fn stream(lingering: usize) -> (Stream, Told, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let other = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (ours, _) = listener.accept().await.unwrap();
        let (news, told) = mpsc::channel(16);
        let lingering = Arc::new(Semaphore::new(lingering));
        (Stream::start(ConnectionId(7), ours, news, lingering), told, other)
    }

    /// Writes until the other side is no more: an end that is there still takes some bytes, and
    /// one that is not answers them with a reset.
    async fn until_reset(other: &mut TcpStream) {
        for _ in 0..1_000 {
            if other.write_all(&[0]).await.is_err() {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("the socket is still there");
    }

    #[tokio::test]
    async fn one_that_is_closed_while_it_reads_ends_though_the_other_side_stays() {
        let (mut ours, _told, mut other) = stream(0).await;
        ours.read();
        sleep(Duration::from_millis(50)).await;
        drop(ours);
        until_reset(&mut other).await;

        let (mut ours, _told, mut other) = stream(1).await;
        ours.read();
        ours.write(Bytes::from_static(b"the last"));
        drop(ours);
        let mut last = Vec::new();
        other.read_to_end(&mut last).await.unwrap();
        assert_eq!(last, b"the last");
        until_reset(&mut other).await;
    }

    #[tokio::test]
    async fn one_that_is_closed_while_nobody_takes_its_bytes_ends() {
        let (ours, mut told, mut other) = stream(1).await;
        // More than both kernels take, as nobody reads.
        let much = Bytes::from(vec![0; 1 << 20]);
        for _ in 0..64 {
            ours.write(much.clone());
        }
        while timeout(Duration::from_millis(200), told.recv()).await.is_ok() {}
        drop(ours);
        // It lingers, and then is gone.
        until_reset(&mut other).await;
    }

    #[tokio::test]
    async fn bytes_that_came_are_read_though_nothing_can_be_written() {
        let (mut ours, mut told, mut other) = stream(1).await;
        other.write_all(b"the last").await.unwrap();
        // With bytes of ours unread its end resets the stream.
        ours.write(Bytes::from_static(b"unread"));
        assert_eq!(told.recv().await.unwrap().1, Transport::Writable(6));
        drop(other);
        for _ in 0..3 {
            ours.write(Bytes::from_static(b"into nothing"));
            sleep(Duration::from_millis(20)).await;
        }
        let mut came = Vec::new();
        ours.read();
        while let Some((_, news)) = told.recv().await {
            match news {
                Transport::Writable(_) => {}
                Transport::Received(_) => {
                    ours.is_reading = false;
                    ours.read();
                    came.push(news);
                }
                end => {
                    came.push(end);
                    break;
                }
            }
        }
        let last = Transport::Received(Bytes::from_static(b"the last"));
        assert_eq!(came, [last, Transport::Closed]);
    }
}
