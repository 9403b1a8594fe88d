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

/// How many bytes may be under way between the link and the stream.
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

    /// Local input was refused: `Busy` ones may be tried again later.
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

/// How long a closing end waits for its last bytes to be taken.
const LINGER: Duration = Duration::from_secs(5);
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
    let mut unsent: VecDeque<Bytes> = VecDeque::new();
    let mut wants: VecDeque<M::Local> = VecDeque::new();
    let mut buffer = vec![0; READ];
    let mut open = true;
    let mut heard = true;
    machine.handle_remote(now(), Transport::Writable(backlog.0), &mut out);
    loop {
        // Everything that came of the last input, then what the host wants, until all is quiet.
        loop {
            while let Some(action) = out.pop() {
                match action {
                    Action::Send(bytes) => unsent.push_back(bytes),
                    Action::Notify(notice) => host.notice(now(), notice, &mut wants),
                    Action::Ask(id, query) => host.answer(now(), id, query, &mut wants),
                    Action::Close(ending) => {
                        // A peer that takes nothing more neither keeps us nor changes the ending.
                        let _ = timeout(LINGER, flush(&mut writer, &mut unsent)).await;
                        return Ok(ending);
                    }
                }
            }
            let Some(local) = wants.pop_front() else { break };
            if let Err(refusal) = machine.handle(now(), Input::Local(local), &mut out) {
                host.refused(now(), refusal, &mut wants);
            }
        }
        let due = machine.deadline().into_iter().chain(host.deadline()).min();
        let due = due.map(|due| epoch + due.since(Time::ZERO));
        let listening = open && !machine.saturated();
        tokio::select! {
            written = write_some(&mut writer, &mut unsent), if !unsent.is_empty() => {
                let input = match written {
                    Ok(n) => Transport::Writable(n),
                    Err(e) if is_gone(&e) => {
                        unsent.clear();
                        open = false;
                        Transport::Closed
                    }
                    Err(e) => return Err(e),
                };
                machine.handle_remote(now(), input, &mut out);
            }
            read = reader.read(&mut buffer), if listening => {
                let input = match read {
                    Ok(0) => Transport::Closed,
                    // A copy of the right size: a slice kept for long pins no larger buffer.
                    Ok(n) => Transport::Received(Bytes::copy_from_slice(&buffer[..n])),
                    Err(e) if is_gone(&e) => Transport::Closed,
                    Err(e) => return Err(e),
                };
                open = !matches!(input, Transport::Closed);
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
    }
}

/// True for the ways in which a stream tells that the other end is no more.
fn is_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset)
}

/// Writes what the stream takes now, and says how much.
async fn write_some<W: AsyncWrite + Unpin>(
    writer: &mut W,
    unsent: &mut VecDeque<Bytes>,
) -> io::Result<usize> {
    let Some(first) = unsent.front_mut() else { return Ok(0) };
    let written = writer.write(first).await?;
    first.advance(written);
    if first.is_empty() {
        unsent.pop_front();
    }
    if written == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(written) }
}

/// Writes all that is left and ends our side of the stream.
async fn flush<W: AsyncWrite + Unpin>(
    writer: &mut W,
    unsent: &mut VecDeque<Bytes>,
) -> io::Result<()> {
    while !unsent.is_empty() {
        write_some(writer, unsent).await?;
    }
    writer.shutdown().await
}
