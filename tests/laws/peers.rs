//! `Peers` as one machine that keeps the laws, with peers that come, end and go.

use arbitrary::Result;
use nodewire::bytes::Bytes;
use nodewire::link::Peers;
use nodewire::{Action, AskId, Ending, Input, InputOf, Machine, Out, Refusal, Refused, Time};
use proptest::prelude::*;

use crate::clerk::{Clerk, Local, Notice, Word, command, word};
use crate::given::{Given, Script};
use crate::odd::{reached, run_with, script};

/// `Peers` as one machine: names stand beside all that goes in and comes out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Office {
    clerks: Peers<u8, Clerk>,
    /// How often each was there: its questions are numbered apart from its forerunner's.
    times: [u16; DESKS],
    /// Who has ended and was not replaced.
    over: [bool; DESKS],
}

const DESKS: usize = 4;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Order {
    Hire(u8),
    Dismiss(u8),
    Tell(u8, Local),
}

impl Office {
    const fn outer(&self, desk: u8, id: AskId) -> AskId {
        let time = self.times[desk as usize] as u64;
        AskId::from_u64(id.as_u64() << 20 | time << 8 | desk as u64)
    }

    fn give(
        &mut self,
        now: Time,
        desk: u8,
        input: InputOf<Clerk>,
        out: &mut Out<Self>,
    ) -> std::result::Result<(), Refusal<Local>> {
        let mut all = Vec::new();
        let running = self.clerks.get(&desk).is_some();
        self.clerks.handle(now, &desk, input, &mut all)?;
        assert!(running || all.is_empty(), "nobody speaks after the end: {all:?}");
        for (from, action) in all {
            assert_eq!(from, desk);
            assert!(!self.over[desk as usize], "nothing comes after a close");
            match action {
                Action::Send(word) => out.send((desk, word)),
                Action::Notify(notice) => out.notify((desk, Ok(notice))),
                Action::Ask(id, query) => out.ask(self.outer(desk, id), (desk, query)),
                Action::Close(ending) => {
                    self.over[desk as usize] = true;
                    out.notify((desk, Err(ending)));
                }
            }
        }
        assert_eq!(self.clerks.get(&desk).is_none(), self.over[desk as usize] || !running);
        Ok(())
    }
}

impl Machine for Office {
    type Local = Order;
    type Remote = (u8, Word);
    type Send = (u8, Word);
    type Notice = (u8, std::result::Result<Notice, Ending>);
    type Query = (u8, Word);

    fn handle_local(
        &mut self,
        now: Time,
        input: Order,
        out: &mut Out<Self>,
    ) -> std::result::Result<(), Refusal<Order>> {
        match input {
            Order::Hire(desk) => {
                let before = self.clerks.get(&desk).cloned();
                assert_eq!(self.clerks.insert(desk, Clerk::new()), before);
                self.times[desk as usize] += 1;
                self.over[desk as usize] = false;
            }
            Order::Dismiss(desk) => {
                let before = self.clerks.get(&desk).cloned();
                assert_eq!(self.clerks.remove(&desk), before);
                self.over[desk as usize] = false;
            }
            Order::Tell(desk, Local::Answer(outer)) => {
                let id = AskId::from_u64(outer.as_u64() >> 20);
                let stale = self.outer(desk, id) != outer;
                if stale && usize::from(outer.as_u64() as u8) >= DESKS {
                    let input = Order::Tell(desk, Local::Answer(outer));
                    return Err(Refusal::new(Refused::UnknownAsk, input));
                }
                // As adapters do it: an answer for one who is gone is dropped.
                if !stale && self.clerks.get(&desk).is_some() {
                    self.give(now, desk, Input::Local(Local::Answer(id)), out).map_err(
                        |refusal| refusal.map(|_| Order::Tell(desk, Local::Answer(outer))),
                    )?;
                }
            }
            Order::Tell(desk, local) => self
                .give(now, desk, Input::Local(local), out)
                .map_err(|refusal| refusal.map(|local| Order::Tell(desk, local)))?,
        }
        Ok(())
    }

    fn handle_remote(&mut self, now: Time, (desk, word): (u8, Word), out: &mut Out<Self>) {
        self.give(now, desk, Input::Remote(word), out).expect("remote input is never refused");
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        let due = self.clerks.deadline().filter(|(due, _)| *due <= now).map(|(_, desk)| *desk);
        if let Some(desk) = due {
            self.give(now, desk, Input::Timeout, out).expect("time is never refused");
        }
    }

    fn deadline(&self) -> Option<Time> {
        let next = self.clerks.deadline();
        // The index agrees with a look at everybody.
        let all = self.clerks.iter().filter_map(|(desk, clerk)| Some((clerk?.deadline()?, desk)));
        assert_eq!(next, all.min());
        next.map(|(due, _)| due)
    }

    fn footprint(&self) -> usize {
        size_of::<Self>() - size_of::<Peers<u8, Clerk>>() + self.clerks.footprint()
    }
}

#[derive(Default)]
struct ForOffice(Vec<(u8, AskId)>);

impl Given for ForOffice {
    type Machine = Office;

    fn machine(&self) -> Office {
        Office { clerks: Peers::new(), times: [0; DESKS], over: [false; DESKS] }
    }

    fn most(&self) -> usize {
        let clerks = Peers::<u8, Clerk>::most_footprint(DESKS, Clerk::most_footprint());
        size_of::<Office>() - size_of::<Peers<u8, Clerk>>() + clerks
    }

    fn pick(&mut self, script: &mut Script<'_>, _: u64) -> Result<InputOf<Office>> {
        let desk = script.int_in_range(0..=DESKS as u8 - 1)?;
        Ok(match script.int_in_range(0..=19_u8)? {
            0 => Input::Timeout,
            1..=4 => Input::Local(Order::Hire(desk)),
            5 => Input::Local(Order::Dismiss(desk)),
            6..=8 if !self.0.is_empty() => {
                let (desk, id) = *script.choose(&self.0)?;
                Input::Local(Order::Tell(desk, Local::Answer(id)))
            }
            6..=11 => Input::Local(Order::Tell(desk, command(script, &[])?)),
            _ => Input::Remote((desk, Word(Bytes::from(word(script)?)))),
        })
    }

    fn asked(&mut self, id: AskId, (desk, _): &(u8, Word)) {
        self.0.push((*desk, id));
    }
}

proptest! {
    #[test]
    fn peers_keep_the_laws(bytes in script()) {
        run_with(&bytes, ForOffice::default(), |laws| {
            laws.answering(|id, (desk, _)| Some(Order::Tell(*desk, Local::Answer(id))))
        });
    }
}

/// The scripts end some, and have others in their place.
#[test]
fn scripts_end_peers() {
    let endings =
        |action: &nodewire::ActionOf<Office>| matches!(action, Action::Notify((_, Err(_))));
    let endings = reached(ForOffice::default, endings);
    assert!(endings > 20, "{endings}");
}
