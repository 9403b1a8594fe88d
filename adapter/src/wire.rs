//! A stream that keeps to a rate and is read along with.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::leios::Tally;

/// What has passed on a [`Wire`], in both directions.
#[derive(Clone, Debug, Default)]
pub struct Passed {
    /// Sent by our side.
    pub sent: Tally,
    /// Received by our side.
    pub received: Tally,
}

/// A stream, counted, and if wanted no faster than a link of a given rate.
#[derive(Debug)]
pub struct Wire<S> {
    stream: S,
    passed: Arc<Mutex<Passed>>,
    pace: Option<Pace>,
}

/// A token bucket in time: how far the bytes sent so far reach.
#[derive(Debug)]
struct Pace {
    bytes_per_second: u64,
    busy_until: Instant,
    sleep: Pin<Box<Sleep>>,
}

/// How far a pace may run ahead, and how much lateness it makes good: the timer's grain.
const GRAIN: Duration = Duration::from_millis(4);

impl<S> Wire<S> {
    /// Counts what passes on `stream`, and sends `bits_per_second` at most if given.
    pub fn new(stream: S, bits_per_second: Option<u64>) -> Self {
        let now = Instant::now();
        let pace = bits_per_second.map(|bits| Pace {
            bytes_per_second: (bits / 8).max(1),
            busy_until: now,
            sleep: Box::pin(sleep_until(now)),
        });
        Self { stream, passed: Arc::default(), pace }
    }

    /// The counts, also while the stream is driven.
    #[must_use]
    pub fn passed(&self) -> Arc<Mutex<Passed>> {
        Arc::clone(&self.passed)
    }
}

impl Pace {
    /// How many bytes may be sent now; waits while none may.
    fn room(&mut self, cx: &mut Context<'_>) -> Poll<usize> {
        loop {
            let now = Instant::now();
            self.busy_until = self.busy_until.max(now - GRAIN);
            if self.busy_until <= now {
                let span = (now + GRAIN - self.busy_until).as_nanos();
                let bytes = span * u128::from(self.bytes_per_second) / 1_000_000_000;
                return Poll::Ready(usize::try_from(bytes).unwrap_or(usize::MAX).max(1));
            }
            self.sleep.as_mut().reset(self.busy_until);
            ready!(self.sleep.as_mut().poll(cx));
        }
    }

    fn sent(&mut self, bytes: usize) {
        let nanos = bytes as u64 * 1_000_000_000 / self.bytes_per_second;
        self.busy_until += Duration::from_nanos(nanos);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let new = &buffer.filled()[before..];
        self.passed.lock().unwrap_or_else(PoisonError::into_inner).received.read(new);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let room = match &mut self.pace {
            Some(pace) => ready!(pace.room(cx)),
            None => bytes.len(),
        };
        let bytes = &bytes[..room.min(bytes.len())];
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        if let Some(pace) = &mut self.pace {
            pace.sent(written);
        }
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        passed.sent.read(&bytes[..written]);
        drop(passed);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
