//! The other end of a connection: there, or gone.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

/// A stream that breaks when the other end takes nothing for a while.
pub(super) struct Impatient {
    stream: Arc<Mutex<TcpStream>>,
    patience: Duration,
    until: Option<Pin<Box<Sleep>>>,
}

/// Looks after whoever waits for a reply on a stream.
#[derive(Clone)]
pub(super) struct Peer(Arc<Mutex<TcpStream>>);

impl Impatient {
    /// The stream, and who is at its other end.
    pub(super) fn new(stream: TcpStream, patience: Duration) -> (Self, Peer) {
        let stream = Arc::new(Mutex::new(stream));
        (Self { stream: stream.clone(), patience, until: None }, Peer(stream))
    }

    /// What came of a write, or that nothing came of it for too long.
    fn judge<T>(
        &mut self,
        cx: &mut Context<'_>,
        moved: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if moved.is_ready() {
            self.until = None;
            return moved;
        }
        let deadline = Instant::now() + self.patience;
        let until = self.until.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        until.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

/// Does something with a stream. Nobody waits with it: it is polled by one task alone.
fn with<T>(
    stream: &Mutex<TcpStream>,
    act: impl FnOnce(Pin<&mut TcpStream>) -> Poll<io::Result<T>>,
) -> Poll<io::Result<T>> {
    act(Pin::new(&mut *stream.lock().unwrap_or_else(PoisonError::into_inner)))
}

impl Peer {
    /// Ends when the other end is gone: at once if its connection broke, and `grace` after it has
    /// said its last, since it may still listen. Only for while nobody reads from the stream.
    pub(super) async fn gone(self, grace: Duration) {
        let ended = poll_fn(|cx| {
            let mut byte = [0];
            let mut byte = ReadBuf::new(&mut byte);
            match ready!(with(&self.0, |stream| stream.poll_peek(cx, &mut byte))) {
                // It says more: nothing is seen behind that.
                Ok(length) if length > 0 => Poll::Pending,
                Ok(_) => Poll::Ready(true),
                Err(_) => Poll::Ready(false),
            }
        });
        if ended.await {
            sleep(grace).await;
        }
    }
}

impl AsyncRead for Impatient {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        with(&self.stream, |stream| stream.poll_read(cx, buffer))
    }
}

impl AsyncWrite for Impatient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let moved = with(&self.stream, |stream| stream.poll_write(cx, bytes));
        self.judge(cx, moved)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let moved = with(&self.stream, |stream| stream.poll_write_vectored(cx, bytes));
        self.judge(cx, moved)
    }

    fn is_write_vectored(&self) -> bool {
        // As every stream of TCP.
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let moved = with(&self.stream, |stream| stream.poll_flush(cx));
        self.judge(cx, moved)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let moved = with(&self.stream, |stream| stream.poll_shutdown(cx));
        self.judge(cx, moved)
    }
}
