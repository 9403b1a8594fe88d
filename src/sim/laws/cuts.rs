//! Law 5, the law of links: however the bytes are cut, a link does the same.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;

use super::{Broken, Law, Laws};
use crate::machine::{Action, Input, Machine};
use crate::time::Time;

/// All that a link made of a stream, with what it sent in a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Uncut<N, Q> {
    /// All bytes sent.
    pub sent: Vec<u8>,
    /// Notices, questions and the ending, in order.
    pub told: Vec<Action<(), N, Q>>,
}

type UncutOf<M> = Uncut<<M as Machine>::Notice, <M as Machine>::Query>;

/// Law 5: a link does the same however its bytes are cut, and keeps laws 1 to 4 and 6 on the way.
///
/// `make` makes the link, with send credit and whatever else it needs; `receive` wraps bytes as
/// its input; `cuts` are the places where `stream` is cut, in any order. What is compared with
/// the uncut run: the notices, questions and ending in order, and all bytes sent, joined. That is
/// what comes back: look at it to see that the stream was understood as far as it was meant to be.
///
/// # Errors
/// How the runs differ; the step is that of the cut run.
pub fn cut_invariance<M>(
    make: impl Fn() -> M,
    receive: impl Fn(Bytes) -> M::Remote,
    stream: &Bytes,
    cuts: &[usize],
) -> Result<UncutOf<M>, Broken>
where
    M: Machine<Send = Bytes> + Clone + PartialEq + fmt::Debug,
    M::Local: Clone + PartialEq + fmt::Debug,
    M::Remote: Clone,
    M::Notice: PartialEq + fmt::Debug,
    M::Query: PartialEq + fmt::Debug,
{
    let write = |bytes: Bytes, to: &mut Vec<u8>| to.extend_from_slice(&bytes);
    cut_invariance_by(make, receive, write, stream, cuts)
}

/// The same for a link that sends something else than bytes: `write` appends the bytes of it that
/// are to be the same when joined.
///
/// # Errors
/// As [`cut_invariance`].
pub fn cut_invariance_by<M>(
    make: impl Fn() -> M,
    receive: impl Fn(Bytes) -> M::Remote,
    write: impl Fn(M::Send, &mut Vec<u8>),
    stream: &Bytes,
    cuts: &[usize],
) -> Result<UncutOf<M>, Broken>
where
    M: Machine + Clone + PartialEq + fmt::Debug,
    M::Local: Clone + PartialEq + fmt::Debug,
    M::Remote: Clone,
    M::Send: PartialEq + fmt::Debug,
    M::Notice: PartialEq + fmt::Debug,
    M::Query: PartialEq + fmt::Debug,
{
    let mut places: BTreeSet<usize> =
        cuts.iter().copied().filter(|cut| (1..stream.len()).contains(cut)).collect();
    places.insert(stream.len());
    let mut from = 0;
    let pieces = places.into_iter().map(|to| {
        let piece = stream.slice(from..to);
        from = to;
        piece
    });
    let run = |pieces: &mut dyn Iterator<Item = Bytes>| {
        let mut laws = Laws::new(make());
        let mut joined = Uncut { sent: Vec::new(), told: Vec::new() };
        for piece in pieces {
            let mut stepped = laws.step(Time::ZERO, Input::Remote(receive(piece)))?;
            for action in stepped.actions.drain() {
                joined.add(action, &write);
            }
        }
        Ok((joined, laws.step))
    };
    let (whole, _) = run(&mut [stream.clone()].into_iter())?;
    let (cut, step) = run(&mut { pieces })?;
    if whole == cut {
        return Ok(whole);
    }
    let detail = format!(
        "uncut: {:?} and {} bytes sent; cut at {cuts:?}: {:?} and {} bytes sent",
        whole.told,
        whole.sent.len(),
        cut.told,
        cut.sent.len()
    );
    Err(Broken { law: Law::Cuts, step, detail })
}

impl<N, Q> Uncut<N, Q> {
    fn add<S>(&mut self, action: Action<S, N, Q>, write: &impl Fn(S, &mut Vec<u8>)) {
        let told = match action {
            Action::Send(message) => return write(message, &mut self.sent),
            Action::Notify(notice) => Action::Notify(notice),
            Action::Ask(id, query) => Action::Ask(id, query),
            Action::Close(ending) => Action::Close(ending),
        };
        self.told.push(told);
    }
}
