//! The asynchronous driver: order, credit, deadlines, endings.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::link::Transport;
use nodewire::{AskId, Ending, Fault, Machine, Out, Refusal, Refused, Rule, Severity, Time};
use nodewire_adapter::{Backlog, Host, drive};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

static SILENCE: Rule = Rule::new("toy/1", "Silence", "Something comes.", "test", Severity::Faulty);

/// Sends what it is told to as far as its credit goes, echoes what it hears, gives up when
/// nothing is heard for a second.
#[derive(Default)]
struct Toy {
    credit: usize,
    granted: usize,
    most_credit: usize,
    sent: usize,
    queue: VecDeque<u8>,
    heard: Time,
    asked: Option<AskId>,
}

impl Toy {
    fn send(&mut self, out: &mut Out<Self>) {
        let n = self.credit.min(self.queue.len());
        if n > 0 {
            self.credit -= n;
            self.sent += n;
            out.send(self.queue.drain(..n).collect::<Vec<u8>>().into());
        }
    }
}

enum Tell {
    Send(Vec<u8>),
    Answer(AskId, u8),
    Impossible,
    End,
}

impl Machine for Toy {
    type Local = Tell;
    type Remote = Transport;
    type Send = Bytes;
    type Notice = Vec<u8>;
    type Query = u8;

    fn handle_local(
        &mut self,
        _: Time,
        input: Tell,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<Tell>> {
        match input {
            Tell::Send(bytes) => self.queue.extend(bytes),
            Tell::Answer(id, byte) if self.asked.take() == Some(id) => self.queue.push_back(byte),
            Tell::Answer(..) => {}
            Tell::Impossible => {
                return Err(Refusal::new(Refused::invalid("impossible"), Tell::Impossible));
            }
            Tell::End => out.close(Ending::Done),
        }
        self.send(out);
        Ok(())
    }

    fn handle_remote(&mut self, now: Time, input: Transport, out: &mut Out<Self>) {
        match input {
            Transport::Received(bytes) => {
                self.heard = now;
                out.notify(bytes.to_vec());
                if bytes.first() == Some(&b'?') {
                    self.asked = Some(AskId::from_u64(1));
                    out.ask(AskId::from_u64(1), bytes[0]);
                }
            }
            Transport::Writable(n) => {
                self.credit += n;
                self.granted += n;
                self.most_credit = self.most_credit.max(self.credit);
                self.send(out);
            }
            _ => out.fail(Fault::truncated("the conversation")),
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        if self.deadline().is_some_and(|due| due <= now) {
            out.fail(Fault::timeout(&SILENCE, "a byte"));
        }
    }

    fn deadline(&self) -> Option<Time> {
        Some(self.heard.after(Duration::from_secs(1)))
    }
}

#[derive(Default)]
struct Log {
    heard: Vec<u8>,
    refused: usize,
}

impl Host<Toy> for Log {
    fn notice(&mut self, _: Time, notice: Vec<u8>, wants: &mut VecDeque<Tell>) {
        if notice.ends_with(b".") {
            wants.push_back(Tell::Impossible);
            wants.push_back(Tell::End);
        }
        self.heard.extend(notice);
    }

    fn answer(&mut self, _: Time, id: AskId, query: u8, wants: &mut VecDeque<Tell>) {
        wants.push_back(Tell::Answer(id, query + 1));
    }

    fn refused(&mut self, _: Time, _: Refusal<Tell>, _: &mut VecDeque<Tell>) {
        self.refused += 1;
    }
}

async fn run<S>(toy: &mut Toy, log: &mut Log, stream: S, tell: Vec<Tell>) -> Ending
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (commands, mut inbox) = mpsc::channel(8);
    for command in tell {
        commands.send(command).await.unwrap_or_default();
    }
    drop(commands);
    drive(toy, stream, log, &mut inbox, Instant::now(), Backlog(100)).await.expect("a pipe")
}

#[tokio::test]
async fn a_closing_machine_flushes_and_ends() {
    let (near, mut far) = duplex(64);
    let mut toy = Toy::default();
    let mut log = Log::default();
    let peer = tokio::spawn(async move {
        far.write_all(b"?").await.expect("room");
        let mut answer = [0; 1];
        far.read_exact(&mut answer).await.expect("an answer");
        far.write_all(b"bye.").await.expect("room");
        let mut rest = Vec::new();
        far.read_to_end(&mut rest).await.expect("an end");
        (answer, rest)
    });
    let ending = run(&mut toy, &mut log, near, vec![]).await;
    assert_eq!(ending, Ending::Done);
    assert_eq!(log.heard, b"?bye.");
    assert_eq!(log.refused, 1);
    assert_eq!(peer.await.expect("no panic"), ([b'@'], vec![]));
}

#[tokio::test(start_paused = true)]
async fn credit_is_what_the_stream_has_accepted_plus_the_backlog() {
    let (near, mut far) = duplex(10);
    let mut toy = Toy::default();
    let mut log = Log::default();
    let peer = tokio::spawn(async move {
        let mut all = Vec::new();
        let mut some = [0; 7];
        while all.len() < 1_000 {
            tokio::time::sleep(Duration::from_micros(1)).await;
            let n = far.read(&mut some).await.expect("bytes");
            all.extend_from_slice(&some[..n]);
        }
        far.write_all(b".").await.expect("room");
        all
    });
    let message: Vec<u8> = (0..1_000).map(|at| at as u8).collect();
    let ending = run(&mut toy, &mut log, near, vec![Tell::Send(message.clone())]).await;
    assert_eq!(ending, Ending::Done);
    assert_eq!(peer.await.expect("no panic"), message);
    assert_eq!(toy.granted, 1_100, "the backlog, and every byte taken once");
    assert!(toy.most_credit <= 100, "never more than the backlog ahead of the stream");
}

#[tokio::test(start_paused = true)]
async fn silence_ends_by_the_machines_deadline() {
    let (near, _far) = duplex(10);
    let ending = run(&mut Toy::default(), &mut Log::default(), near, vec![]).await;
    assert_eq!(ending, Ending::Fault(Fault::timeout(&SILENCE, "a byte")));
}

#[tokio::test]
async fn a_peer_that_dies_is_an_ending_not_an_error() {
    for idle in [true, false] {
        let (near, far) = duplex(10);
        let tell = if idle { vec![] } else { vec![Tell::Send(vec![0; 50])] };
        drop(far);
        let ending = run(&mut Toy::default(), &mut Log::default(), near, tell).await;
        assert_eq!(ending, Ending::Fault(Fault::truncated("the conversation")), "idle: {idle}");
    }
}

/// Nobody takes what is written here.
struct Broken;

impl AsyncWrite for Broken {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_peer_said_last_is_heard_though_it_takes_nothing_more() {
    let (near, mut far) = duplex(64);
    let mut log = Log::default();
    let peer = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        far.write_all(b"bye.").await.expect("room");
    });
    let stream = tokio::io::join(near, Broken);
    let ending = run(&mut Toy::default(), &mut log, stream, vec![Tell::Send(vec![0; 50])]).await;
    peer.await.expect("no panic");
    assert_eq!((ending, &log.heard[..]), (Ending::Done, &b"bye."[..]));
}

#[tokio::test]
async fn the_last_bytes_arrive_though_the_peer_still_talks() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let mut far = TcpStream::connect(listener.local_addr().expect("bound")).await.expect("it");
    let (near, _) = listener.accept().await.expect("it");
    let peer = tokio::spawn(async move {
        let pause = || tokio::time::sleep(Duration::from_millis(50));
        pause().await;
        far.write_all(b".").await.expect("room");
        pause().await;
        far.write_all(&[0; 1_000]).await.expect("room");
        pause().await;
        let mut all = Vec::new();
        far.read_to_end(&mut all).await.map(|_| all.len())
    });
    let (commands, mut inbox) = mpsc::channel(1);
    let _ = commands.send(Tell::Send(vec![7; 1_000_000])).await;
    let (mut toy, mut log) = (Toy::default(), Log::default());
    let backlog = Backlog(2_000_000);
    let ending = drive(&mut toy, near, &mut log, &mut inbox, Instant::now(), backlog).await;
    assert_eq!(ending.expect("no error"), Ending::Done);
    assert_eq!(peer.await.expect("no panic").expect("no reset"), 1_000_000);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_leaves_does_not_keep_us() {
    let (near, mut far) = duplex(64);
    far.write_all(b".").await.expect("room");
    let began = Instant::now();
    assert_eq!(run(&mut Toy::default(), &mut Log::default(), near, vec![]).await, Ending::Done);
    assert!(began.elapsed() <= Duration::from_secs(6));
    drop(far);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_collects_is_flushed() {
    let (near, mut far) = duplex(64);
    let peer = tokio::spawn(async move {
        far.write_all(b"?").await.expect("room");
        let answer = timeout(Duration::from_millis(500), far.read_u8()).await;
        far.write_all(b".").await.expect("room");
        answer.map(|answer| answer.expect("a byte"))
    });
    let stream = BufStream::new(near);
    let ending = run(&mut Toy::default(), &mut Log::default(), stream, vec![]).await;
    assert_eq!((ending, peer.await.expect("no panic")), (Ending::Done, Ok(b'@')));
}

#[tokio::test(start_paused = true)]
async fn no_backlog_is_the_smallest_one() {
    let (near, mut far) = duplex(64);
    let peer = tokio::spawn(async move {
        let mut all = [0; 3];
        let got = timeout(Duration::from_millis(500), far.read_exact(&mut all)).await;
        far.write_all(b".").await.expect("room");
        got.is_ok().then_some(all)
    });
    let (commands, mut inbox) = mpsc::channel(1);
    let _ = commands.send(Tell::Send(vec![1, 2, 3])).await;
    let (mut toy, mut log) = (Toy::default(), Log::default());
    let ending = drive(&mut toy, near, &mut log, &mut inbox, Instant::now(), Backlog(0)).await;
    assert_eq!(ending.expect("a pipe"), Ending::Done);
    assert_eq!(peer.await.expect("no panic"), Some([1, 2, 3]));
    assert_eq!(toy.most_credit, 1);
}

/// Tries again whatever was refused.
struct Stubborn {
    log: Log,
}

impl Host<Toy> for Stubborn {
    fn notice(&mut self, now: Time, notice: Vec<u8>, wants: &mut VecDeque<Tell>) {
        self.log.notice(now, notice, wants);
    }

    fn answer(&mut self, now: Time, id: AskId, query: u8, wants: &mut VecDeque<Tell>) {
        self.log.answer(now, id, query, wants);
    }

    fn refused(&mut self, _: Time, refusal: Refusal<Tell>, wants: &mut VecDeque<Tell>) {
        self.log.refused += 1;
        assert!(self.log.refused < 1_000, "the stream is never looked at again");
        wants.push_back(refusal.input);
    }
}

#[tokio::test(start_paused = true)]
async fn trying_again_what_was_refused_does_not_keep_the_stream_waiting() {
    let (near, mut far) = duplex(64);
    let peer = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(500)).await;
        far.write_all(b".").await.expect("room");
    });
    let mut host = Stubborn { log: Log::default() };
    let (commands, mut inbox) = mpsc::channel(1);
    let _ = commands.send(Tell::Impossible).await;
    let mut toy = Toy::default();
    let ending = drive(&mut toy, near, &mut host, &mut inbox, Instant::now(), Backlog(100)).await;
    assert_eq!(ending.expect("a pipe"), Ending::Done);
    assert!(host.log.refused > 10, "it is tried again now and then");
    peer.await.expect("no panic");
}
