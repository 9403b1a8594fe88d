//! Drives a link over an asynchronous byte stream: needs `nodewire` and `tokio`, nothing else.
//!
//! Each turn of the loop is one input and then everything that came of it, so there is no order
//! to get wrong. The link gets its send credit from the room there really is: it is granted
//! [`Backlog`] bytes and then as many as the stream has accepted. What has been cut into segments
//! and not been accepted yet is therefore never more than the backlog, and a priority inside the
//! link survives.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use nodewire::bytes::{Buf, Bytes};
use nodewire::link::Transport;
use nodewire::{Action, AskId, Ending, Input, Machine, Out, Outbox, Refusal, Time};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

/// How many bytes may be under way between the link and the stream; at least one.
#[derive(Clone, Copy, Debug)]
pub struct Backlog(pub usize);

impl Default for Backlog {
    /// Two segments: enough to keep a stream busy, little enough to change one's mind.
    fn default() -> Self {
        Self(24_592)
    }
}

/// What the application does with a machine's notices and questions. Local input that comes of
/// them (answers above all) is pushed to `wants` and handed in before the next event.
pub trait Host<M: Machine> {
    /// The machine tells something.
    fn notice(&mut self, now: Time, notice: M::Notice, wants: &mut VecDeque<M::Local>);

    /// The machine asks something; an answer may also come later, as a command.
    fn answer(&mut self, now: Time, id: AskId, query: M::Query, wants: &mut VecDeque<M::Local>);

    /// Local input was refused. What is pushed to `wants` here is handed in after the next event,
    /// or a moment later: so a `Busy` one may be tried again.
    fn refused(&mut self, now: Time, refusal: Refusal<M::Local>, wants: &mut VecDeque<M::Local>);

    /// Lets time pass for the application itself; early and repeated calls do nothing.
    fn timeout(&mut self, now: Time, wants: &mut VecDeque<M::Local>) {
        let _ = (now, wants);
    }

    /// When `timeout` next has something to do.
    fn deadline(&self) -> Option<Time> {
        None
    }
}

/// How long a closing end waits for its last bytes to be taken, and for the peer to end too.
pub(crate) const LINGER: Duration = Duration::from_secs(5);
/// How long what comes of a refusal waits, if nothing else happens.
const AGAIN: Duration = Duration::from_millis(10);
/// Most bytes of one read.
const READ: usize = 65_536;

/// Drives `machine` over `stream` until it closes, and says how it ended.
///
/// `epoch` is the moment that is `Time::ZERO`; `commands` is local input from elsewhere.
///
/// # Errors
/// Those of the stream. A stream that merely ends is input to the machine, not an error.
pub async fn drive<M, S, H>(
    machine: &mut M,
    stream: S,
    host: &mut H,
    commands: &mut mpsc::Receiver<M::Local>,
    epoch: Instant,
    backlog: Backlog,
) -> io::Result<Ending>
where
    M: Machine<Remote = Transport, Send = Bytes>,
    S: AsyncRead + AsyncWrite + Unpin,
    H: Host<M>,
{
    let (mut reader, mut writer) = tokio::io::split(stream);
    let now = || Time::from_micros(u64::try_from(epoch.elapsed().as_micros()).unwrap_or(u64::MAX));
    let mut out: Out<M> = Outbox::new();
    let mut way = Way::default();
    let mut wants: VecDeque<M::Local> = VecDeque::new();
    let mut later: VecDeque<M::Local> = VecDeque::new();
    let mut buffer = vec![0; READ];
    let mut open = true;
    let mut heard = true;
    machine.handle_remote(now(), Transport::Writable(backlog.0.max(1)), &mut out);
    loop {
        // Everything that came of the last input, then what the host wants, until all is quiet.
        loop {
            while let Some(action) = out.pop() {
                match action {
                    Action::Send(bytes) => way.push(bytes),
                    Action::Notify(notice) => host.notice(now(), notice, &mut wants),
                    Action::Ask(id, query) => host.answer(now(), id, query, &mut wants),
                    Action::Close(ending) => {
                        // A peer that takes nothing more neither keeps us nor changes the ending.
                        let last = way.finish(&mut writer);
                        let end = leave(&mut reader, &mut buffer, ending);
                        let _ = timeout(LINGER, async { tokio::try_join!(last, end) }).await;
                        return Ok(ending);
                    }
                }
            }
            let Some(local) = wants.pop_front() else { break };
            if let Err(refusal) = machine.handle(now(), Input::Local(local), &mut out) {
                host.refused(now(), refusal, &mut later);
            }
        }
        let due = machine.deadline().into_iter().chain(host.deadline()).min();
        let due = due.map(|due| epoch + due.since(Time::ZERO));
        let again = (!later.is_empty()).then(|| Instant::now() + AGAIN);
        let due = due.into_iter().chain(again).min();
        let listening = open && !machine.saturated();
        tokio::select! {
            moved = way.advance(&mut writer), if !way.is_idle() => match moved {
                Ok(0) => {}
                Ok(n) => machine.handle_remote(now(), Transport::Writable(n), &mut out),
                Err(e) if is_gone(&e) => {
                    // What the peer said last may still be there to be read: the end is the
                    // end of that.
                    way.give_up();
                    if !open {
                        machine.handle_remote(now(), Transport::Closed, &mut out);
                    }
                }
                Err(e) => return Err(e),
            },
            read = reader.read(&mut buffer), if listening => {
                let input = match read {
                    // One that is not even written to any more is no half-closed stream.
                    Ok(0) if way.gone => Transport::Closed,
                    Ok(0) => Transport::Finished,
                    // A copy of the right size: a slice kept for long pins no larger buffer.
                    Ok(n) => Transport::Received(Bytes::copy_from_slice(&buffer[..n])),
                    Err(e) if is_gone(&e) => Transport::Closed,
                    Err(e) => return Err(e),
                };
                open = matches!(input, Transport::Received(_));
                machine.handle_remote(now(), input, &mut out);
            }
            command = commands.recv(), if heard => match command {
                Some(command) => wants.push_back(command),
                None => heard = false,
            },
            () = sleep_until(due.unwrap_or(epoch)), if due.is_some() => {
                machine.handle_timeout(now(), &mut out);
                host.timeout(now(), &mut wants);
            }
        }
        wants.append(&mut later);
    }
}

/// What has left the machine and not been accepted by the stream.
#[derive(Default)]
pub(crate) struct Way {
    unsent: VecDeque<Bytes>,
    /// The stream may have collected what it accepted.
    unflushed: bool,
    /// The stream takes nothing more.
    pub(crate) gone: bool,
}

impl Way {
    pub(crate) fn push(&mut self, bytes: Bytes) {
        if !self.gone && !bytes.is_empty() {
            self.unsent.push_back(bytes);
        }
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.unsent.is_empty() && !self.unflushed
    }

    pub(crate) fn give_up(&mut self) {
        *self = Self { gone: true, ..Self::default() };
    }

    /// Writes what the stream takes now, and says how much; flushes it when all is written. When
    /// dropped midway nothing has happened.
    pub(crate) async fn advance<W>(&mut self, writer: &mut W) -> io::Result<usize>
    where
        W: AsyncWrite + Unpin,
    {
        let Some(first) = self.unsent.front_mut() else {
            writer.flush().await?;
            self.unflushed = false;
            return Ok(0);
        };
        let written = writer.write(first).await?;
        first.advance(written);
        if first.is_empty() {
            self.unsent.pop_front();
        }
        self.unflushed = true;
        if written == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(written) }
    }

    /// Writes all that is left and ends our side of the stream.
    pub(crate) async fn finish<W>(&mut self, writer: &mut W) -> io::Result<()>
    where
        W: AsyncWrite + Unpin,
    {
        while !self.is_idle() {
            self.advance(writer).await?;
        }
        writer.shutdown().await
    }
}

/// Waits for the peer to end its side too, after a conversation that ended well: a socket that is
/// closed with bytes unread takes back those that it sent and that are still on their way.
async fn leave<R: AsyncRead + Unpin>(
    reader: &mut R,
    buffer: &mut [u8],
    ending: Ending,
) -> io::Result<()> {
    while ending == Ending::Done && reader.read(buffer).await? > 0 {}
    Ok(())
}

/// True for the ways in which a stream tells that the other end is no more.
fn is_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset)
}
