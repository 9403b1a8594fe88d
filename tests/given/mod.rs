//! What every machine and link can be given, for the laws and the fuzz targets alike: small limits,
//! and for each a picker of inputs, most of them what a conversation has, the rest odd.

#![allow(dead_code, unused_imports, reason = "each test takes what it needs")]

pub mod chia;
mod client;
mod connection;
mod fetch;
mod limits;
mod naive;
mod neighbours;
mod over;
mod server;
mod store;
pub mod supervisor;

use std::fmt::Debug;
use std::time::Duration;

use arbitrary::{Arbitrary, Result, Unstructured};
use nodewire::{Action, AskId, Input, InputOf, Machine, Out, Time};

pub use client::ForClient;
pub use connection::ForConnection;
pub use fetch::ForFetch;
pub use limits::{clock, small, small_fetch};
pub use naive::{ForNaiveClient, ForNaiveServer};
pub use neighbours::{ForHandshake, ForKeepAliveClient, ForKeepAliveServer};
pub use over::{OnChannels, OnMux, Wired};
pub use server::ForServer;
pub use store::{Held, SLOT, Store, store, votes};

/// Bytes that decide.
pub type Script<'a> = Unstructured<'a>;

/// A machine whose runs can be compared.
pub trait Checked:
    Machine<
        Local: Clone + PartialEq + Debug,
        Remote: Clone,
        Send: PartialEq + Debug,
        Notice: PartialEq + Debug,
        Query: PartialEq + Debug,
    > + Clone
    + PartialEq
    + Debug
{
}

impl<M> Checked for M where
    M: Machine<
            Local: Clone + PartialEq + Debug,
            Remote: Clone,
            Send: PartialEq + Debug,
            Notice: PartialEq + Debug,
            Query: PartialEq + Debug,
        > + Clone
        + PartialEq
        + Debug
{
}

/// A machine and what picks its inputs.
pub trait Given {
    type Machine: Checked;

    /// Links end by themselves, whoever goes on talking to them.
    const LASTING: bool = false;

    /// The machine before its first input.
    fn machine(&self) -> Self::Machine;

    /// What its footprint may not exceed.
    fn most(&self) -> usize {
        usize::MAX
    }

    /// The next input, by the script.
    fn pick(&mut self, script: &mut Script<'_>, step: u64) -> Result<InputOf<Self::Machine>>;

    /// It sent this: a good answer to it can be picked.
    fn sent(&mut self, _: &<Self::Machine as Machine>::Send) {}

    /// It asked this: a good answer to it can be picked.
    fn asked(&mut self, _: AskId, _: &<Self::Machine as Machine>::Query) {}

    /// What holds of it after every input.
    fn holds(&self, _: &Self::Machine) {}

    fn saw(&mut self, actions: &Out<Self::Machine>) {
        for action in actions.iter() {
            match action {
                Action::Send(message) => self.sent(message),
                Action::Ask(id, query) => self.asked(*id, query),
                Action::Notify(_) | Action::Close(_) => {}
            }
        }
    }
}

/// When scripts begin: late enough for the slots of the store.
pub fn start() -> Time {
    Time::ZERO.after(Duration::from_secs(2))
}

/// When the next input comes: mostly at once.
pub fn when(script: &mut Script<'_>, now: Time, deadline: Option<Time>) -> Result<Time> {
    Ok(match script.int_in_range(0..=15_u8)? {
        0 => deadline.unwrap_or(now).max(now),
        1 => now.after(Duration::from_secs(script.arbitrary::<u8>()?.into())),
        2 => Time::from_micros(script.arbitrary::<u32>()?.into()),
        3 => now.after(Duration::from_millis(script.arbitrary::<u8>()?.into())),
        _ => now,
    })
}

/// Any input at all.
fn odd<'a, L: Arbitrary<'a>, R: Arbitrary<'a>>(script: &mut Script<'a>) -> Result<Input<L, R>> {
    script.arbitrary()
}

/// One of a list, taken out of it unless the script keeps it.
fn take<T: Clone>(script: &mut Script<'_>, list: &mut Vec<T>) -> Result<Option<T>> {
    let Some(last) = list.len().checked_sub(1) else { return Ok(None) };
    let at = script.int_in_range(0..=last.min(255))?;
    Ok(Some(if script.ratio(1, 8)? { list[at].clone() } else { list.remove(at) }))
}
