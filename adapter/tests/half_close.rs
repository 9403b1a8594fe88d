//! A peer that says all it has to say, ends its side and waits for an answer, over a real socket.

use std::collections::VecDeque;
use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::codec::{Malformed, Source, Wire};
use nodewire::link::{Framed, FramedConfig, OverFrames, Whole};
use nodewire::{AskId, Ending, Fault, Machine, Never, Out, Refusal, Rule, Severity, Time};
use nodewire_adapter::{Backlog, Host, drive};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

static BAD: Rule = Rule::new("toy/1", "Bad", "A document has a size.", "test", Severity::Faulty);

/// Tells the document it hears, and ends with the answer it is given.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Answerer {
    goes_on: bool,
}

/// A document, or the end of all documents.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Heard {
    Document(Bytes),
    Finished,
}

impl Wire for Heard {
    fn decode(frame: &[u8], source: Source<'_>) -> Result<Self, Malformed> {
        Ok(Self::Document(source.bytes(frame)))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        if let Self::Document(bytes) = self {
            out.extend_from_slice(bytes);
        }
    }
}

impl Machine for Answerer {
    type Local = Bytes;
    type Remote = Heard;
    type Send = Heard;
    type Notice = Heard;
    type Query = Never;

    fn handle_local(
        &mut self,
        _: Time,
        answer: Bytes,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<Bytes>> {
        out.send(Heard::Document(answer));
        out.close(Ending::Done);
        Ok(())
    }

    fn handle_remote(&mut self, _: Time, heard: Heard, out: &mut Out<Self>) {
        out.notify(heard);
    }

    fn handle_timeout(&mut self, _: Time, _: &mut Out<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }
}

impl OverFrames for Answerer {
    fn malformed(&self, malformed: Malformed) -> Fault {
        Fault::malformed(&BAD, malformed.kind.name(), malformed.offset, "Document")
    }

    fn at_finish(&self) -> Option<Heard> {
        self.goes_on.then_some(Heard::Finished)
    }
}

type Link = Framed<Answerer, Whole>;

/// Has somebody else find the answer once all is heard.
struct Clerk {
    told: Vec<Heard>,
    answers: mpsc::Sender<Bytes>,
}

impl Host<Link> for Clerk {
    fn notice(&mut self, _: Time, heard: Heard, _: &mut VecDeque<Bytes>) {
        if heard == Heard::Finished {
            let answers = self.answers.clone();
            tokio::spawn(async move {
                sleep(Duration::from_millis(50)).await;
                let _ = answers.send(Bytes::from(vec![7; 300_000])).await;
            });
        }
        self.told.push(heard);
    }

    fn answer(&mut self, _: Time, _: AskId, query: Never, _: &mut VecDeque<Bytes>) {
        match query {}
    }

    fn refused(&mut self, _: Time, refusal: Refusal<Bytes>, _: &mut VecDeque<Bytes>) {
        panic!("{}", refusal.why);
    }
}

async fn ask(goes_on: bool) -> (Ending, Vec<Heard>, Vec<u8>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let mut far = TcpStream::connect(listener.local_addr().expect("bound")).await.expect("it");
    let (near, _) = listener.accept().await.expect("it");
    let peer = tokio::spawn(async move {
        far.write_all(b"a question").await.expect("room");
        far.shutdown().await.expect("our side");
        let mut answer = Vec::new();
        far.read_to_end(&mut answer).await.expect("an end");
        answer
    });
    let mut link =
        Framed::new(Answerer { goes_on }, Whole::new(1_000_000), FramedConfig::default());
    let (answers, mut inbox) = mpsc::channel(1);
    let mut clerk = Clerk { told: Vec::new(), answers };
    let backlog = Backlog::default();
    let ending = drive(&mut link, near, &mut clerk, &mut inbox, Instant::now(), backlog).await;
    (ending.expect("a socket"), clerk.told, peer.await.expect("no panic"))
}

#[tokio::test]
async fn who_has_finished_is_answered() {
    let (ending, told, answer) = ask(true).await;
    assert_eq!(ending, Ending::Done);
    assert_eq!(told, [Heard::Document(Bytes::from_static(b"a question")), Heard::Finished]);
    assert!(answer == [7; 300_000], "{} bytes", answer.len());
}

#[tokio::test]
async fn unless_the_end_of_the_question_is_the_end() {
    let (ending, told, answer) = ask(false).await;
    assert_eq!(ending, Ending::Fault(Fault::truncated("the conversation")));
    assert_eq!((told.len(), answer.len()), (1, 0));
}
