//! The asynchronous driver: order, credit, deadlines, endings.

use std::collections::VecDeque;
use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::link::Transport;
use nodewire::{AskId, Ending, Fault, Machine, Out, Refusal, Refused, Rule, Severity, Time};
use nodewire_adapter::{Backlog, Host, drive};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc;
use tokio::time::Instant;

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

async fn run(toy: &mut Toy, log: &mut Log, stream: DuplexStream, tell: Vec<Tell>) -> Ending {
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
