//! Toy machines that the tests of `sim` share.
#![allow(dead_code)]

use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::link::Transport;
use nodewire::{AskId, Asks, Ending, Fault, Machine, Out, Refusal, Refused, Rule, Severity, Time};
use serde::{Deserialize, Serialize};

pub static TOO_MANY: Rule =
    Rule::new("toy/T-1", "TooMany", "never more than asked for", "toy", Severity::Faulty);
pub static LATE: Rule =
    Rule::new("toy/T-2", "Late", "answers come in time", "toy", Severity::Faulty);

/// Asks for numbers, checks each by a question, gives up after a second.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    pub wanted: u8,
    pub due: Option<Time>,
    pub asks: Asks<u8>,
    pub flaw: Flaw,
}

/// What is wrong with a machine, for tests of what finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flaw {
    None,
    /// Refuses after a change.
    LateRefusal,
    /// Stays due.
    Spins,
    /// Acts before its deadline.
    Early,
    /// Speaks after its close.
    Chatty,
    /// Counts answers twice.
    Recounts,
    /// Claims to be smaller than it is.
    Denies,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Order {
    Want(u8),
    Checked(AskId, bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Word {
    Please(u8),
    Here(u8),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Told {
    Got(u8),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Question {
    Good(u8),
}

impl Client {
    pub fn new() -> Self {
        Self::flawed(Flaw::None)
    }

    pub fn flawed(flaw: Flaw) -> Self {
        Self { wanted: 0, due: None, asks: Asks::new(2), flaw }
    }
}

impl Machine for Client {
    type Local = Order;
    type Remote = Word;
    type Send = Word;
    type Notice = Told;
    type Query = Question;

    fn handle_local(
        &mut self,
        now: Time,
        input: Order,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<Order>> {
        match input {
            Order::Want(n) => {
                if self.flaw == Flaw::LateRefusal {
                    self.wanted = self.wanted.wrapping_add(n);
                }
                if n > 9 {
                    return Err(Refusal::new(Refused::invalid("more than nine"), input));
                }
                self.wanted = self.wanted.saturating_add(n);
                self.due = Some(now.after(Duration::from_secs(1)));
                out.send(Word::Please(n));
            }
            Order::Checked(id, good) => match self.asks.close(id) {
                Err(why) => return Err(Refusal::new(why, input)),
                Ok(Some(n)) if good => out.notify(Told::Got(n)),
                Ok(None) if self.flaw == Flaw::Recounts => out.notify(Told::Got(0)),
                Ok(_) => {}
            },
        }
        Ok(())
    }

    fn handle_remote(&mut self, _: Time, input: Word, out: &mut Out<Self>) {
        match input {
            Word::Here(n) if self.wanted > 0 => {
                self.wanted -= 1;
                if self.wanted == 0 {
                    self.due = None;
                }
                if let Ok(id) = self.asks.open(n) {
                    out.ask(id, Question::Good(n));
                }
            }
            _ => {
                out.fail(Fault::violation(&TOO_MANY, "idle"));
                if self.flaw == Flaw::Chatty {
                    out.notify(Told::Got(0));
                }
            }
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        if self.flaw == Flaw::Early && self.due.is_some() {
            out.notify(Told::Got(9));
        }
        if self.due.is_some_and(|due| due <= now) && self.flaw != Flaw::Spins {
            self.due = None;
            out.fail(Fault::timeout(&LATE, "a number"));
        }
    }

    fn deadline(&self) -> Option<Time> {
        self.due
    }

    fn saturated(&self) -> bool {
        self.asks.is_full()
    }

    fn footprint(&self) -> usize {
        if self.flaw == Flaw::Denies { 1 } else { size_of_val(self) + self.asks.heap() }
    }
}

/// Gives numbers; an odd one gives one too many after three.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server {
    pub given: u8,
    pub odd: bool,
}

impl Machine for Server {
    type Local = Word;
    type Remote = Word;
    type Send = Word;
    type Notice = Told;
    type Query = Question;

    fn handle_local(&mut self, _: Time, i: Word, _: &mut Out<Self>) -> Result<(), Refusal<Word>> {
        Err(Refusal::new(Refused::UnknownAsk, i))
    }

    fn handle_remote(&mut self, _: Time, input: Word, out: &mut Out<Self>) {
        if let Word::Please(n) = input {
            for _ in 0..n {
                self.given = self.given.wrapping_add(1);
                out.send(Word::Here(self.given));
                if self.odd && self.given == 3 {
                    out.send(Word::Here(0));
                }
            }
        }
    }

    fn handle_timeout(&mut self, _: Time, _: &mut Out<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }
}

/// A link: lines of text are notices and are sent back; a blank line ends it, `!` is a fault.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lines {
    pub buffer: Vec<u8>,
    /// Notes how the bytes came, as no link may.
    pub curious: bool,
    pub greets: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Nothing {}

impl Lines {
    pub fn new() -> Self {
        Self { buffer: Vec::new(), curious: false, greets: false }
    }
}

impl Machine for Lines {
    type Local = String;
    type Remote = Transport;
    type Send = Bytes;
    type Notice = String;
    type Query = Nothing;

    fn handle_local(
        &mut self,
        _: Time,
        line: String,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<String>> {
        if line.contains('\n') {
            return Err(Refusal::new(Refused::invalid("one line at a time"), line));
        }
        out.send(Bytes::from(line + "\n"));
        Ok(())
    }

    fn handle_remote(&mut self, _: Time, input: Transport, out: &mut Out<Self>) {
        let bytes = match input {
            Transport::Received(bytes) => bytes,
            Transport::Closed if self.buffer.is_empty() => return out.close(Ending::Done),
            Transport::Closed => return out.fail(Fault::truncated("a line")),
            _ => return,
        };
        self.buffer.extend_from_slice(&bytes);
        while let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.buffer.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line[..end]).into_owned();
            match line.as_str() {
                "" => return out.close(Ending::Done),
                "!" => return out.fail(Fault::violation(&TOO_MANY, "open")),
                _ if self.greets => out.notify(line),
                _ => {
                    out.send(Bytes::from(line.clone() + "\n"));
                    out.notify(line);
                }
            }
        }
        if self.curious && !self.buffer.is_empty() {
            out.notify("part of a line".into());
        }
    }

    fn handle_timeout(&mut self, _: Time, _: &mut Out<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }

    fn footprint(&self) -> usize {
        size_of_val(self) + self.buffer.capacity()
    }
}
