//! How a full node passes things on to its parts, which have questions of their own.

use super::{FullNodeNotice, FullNodeQuery};
use crate::ask::AskId;
use crate::codec::streamable::Sha256;
use crate::fault::{Refusal, Refused};
use crate::machine::{Action, Machine, Never, Out};
use crate::outbox::Outbox;
use crate::state::chia::addresses::{Addresses, AddressesCommand};
use crate::state::chia::role::{Delivery, FromPeer};
use crate::state::chia::serving::{Serving, ServingCommand, ServingQuery};
use crate::state::chia::sync::{Sync, SyncCommand, SyncNotice, SyncQuery};
use crate::state::chia::transactions::{
    TransactionIds, Transactions, TransactionsCommand, TransactionsQuery,
};
use crate::time::Time;

/// Own questions, and those of four parts: the numbers are dealt out in turn.
const SIDES: u64 = 5;

/// The side of the full node's own questions.
pub(super) const OWN: u64 = 0;

/// A machine that a full node has within.
pub(super) trait Part: Machine<Remote = FromPeer, Send = Delivery> {
    /// Which questions are its own.
    const SIDE: u64;

    /// The question that a command answers; `None`: it answers none.
    fn answers(command: &mut Self::Local) -> Option<&mut AskId>;

    /// True for a command that is the full node's alone.
    fn is_ours(command: &Self::Local) -> bool;

    fn query(query: Self::Query) -> FullNodeQuery;

    fn notice(notice: Self::Notice) -> FullNodeNotice;
}

/// What a part says is said by the full node.
pub(super) type Said = Outbox<Delivery, FullNodeNotice, FullNodeQuery>;

/// A part hears of a peer.
pub(super) fn hear<P: Part>(part: &mut P, now: Time, input: FromPeer, out: &mut Said) {
    let mut said = Outbox::new();
    part.handle_remote(now, input, &mut said);
    pass_on::<P>(said, out);
}

/// A part's time has come.
pub(super) fn time_out<P: Part>(part: &mut P, now: Time, out: &mut Said) {
    if part.deadline().is_some_and(|at| at <= now) {
        let mut said = Outbox::new();
        part.handle_timeout(now, &mut said);
        pass_on::<P>(said, out);
    }
}

/// A part is told something by the full node itself.
pub(super) fn tell<P: Part>(part: &mut P, now: Time, command: P::Local, out: &mut Said) {
    let mut said = Outbox::new();
    // What it refuses changes nothing.
    let _ = part.handle_local(now, command, &mut said);
    pass_on::<P>(said, out);
}

/// A part is told something from outside, mostly the answer to a question.
pub(super) fn command<P: Part>(
    part: &mut P,
    now: Time,
    mut command: P::Local,
    out: &mut Said,
) -> Result<(), Refusal<P::Local>> {
    if P::is_ours(&command) {
        return Err(Refusal::new(Refused::invalid("the full node itself says so"), command));
    }
    if let Some(id) = P::answers(&mut command) {
        match inner(P::SIDE, *id) {
            Some(known) => *id = known,
            None => return Err(Refusal::new(Refused::UnknownAsk, command)),
        }
    }
    let mut said = Outbox::new();
    let done = part.handle_local(now, command, &mut said);
    pass_on::<P>(said, out);
    done.map_err(|mut refusal| {
        if let Some(id) = P::answers(&mut refusal.input) {
            *id = outer(P::SIDE, *id);
        }
        refusal
    })
}

/// True while a part waits for this answer.
pub(super) fn awaits<P: Part>(part: &P, id: AskId) -> bool {
    inner(P::SIDE, id).is_some_and(|id| part.awaits(id))
}

/// The number of a question as the driver knows it. Ids count from zero: none comes near the end.
pub(super) const fn outer(side: u64, id: AskId) -> AskId {
    AskId::from_u64(id.as_u64().saturating_mul(SIDES).saturating_add(side))
}

/// The number of a question as its asker knows it.
pub(super) const fn inner(side: u64, id: AskId) -> Option<AskId> {
    let number = id.as_u64();
    if number % SIDES == side { Some(AskId::from_u64(number / SIDES)) } else { None }
}

fn pass_on<P: Part>(mut said: Out<P>, out: &mut Said) {
    while let Some(action) = said.pop() {
        match action {
            Action::Send(delivery) => out.send(delivery),
            Action::Notify(notice) => out.notify(P::notice(notice)),
            Action::Ask(id, query) => out.ask(outer(P::SIDE, id), P::query(query)),
            Action::Close(ending) => out.close(ending),
        }
    }
}

impl<H: Sha256> Part for Sync<H> {
    const SIDE: u64 = 1;

    fn answers(command: &mut SyncCommand) -> Option<&mut AskId> {
        match command {
            SyncCommand::HashAt(id, _)
            | SyncCommand::Weighed(id, _)
            | SyncCommand::Weight(id, _)
            | SyncCommand::Added(id, _) => Some(id),
            SyncCommand::Start(_) => None,
        }
    }

    fn is_ours(command: &SyncCommand) -> bool {
        matches!(command, SyncCommand::Start(_))
    }

    fn query(query: SyncQuery) -> FullNodeQuery {
        FullNodeQuery::Sync(query)
    }

    fn notice(notice: SyncNotice) -> FullNodeNotice {
        FullNodeNotice::Sync(notice)
    }
}

impl Part for Serving {
    const SIDE: u64 = 2;

    fn answers(command: &mut ServingCommand) -> Option<&mut AskId> {
        match command {
            ServingCommand::Block(id, _)
            | ServingCommand::HeaderHashes(id, _)
            | ServingCommand::HeaderBlocks(id, _)
            | ServingCommand::SyncBlocks(id, _)
            | ServingCommand::Header(id, _)
            | ServingCommand::Ancestors(id, _)
            | ServingCommand::Body(id, _) => Some(id),
        }
    }

    fn is_ours(_: &ServingCommand) -> bool {
        false
    }

    fn query(query: ServingQuery) -> FullNodeQuery {
        FullNodeQuery::Serving(query)
    }

    fn notice(notice: Never) -> FullNodeNotice {
        match notice {}
    }
}

impl<I: TransactionIds> Part for Transactions<I> {
    const SIDE: u64 = 3;

    fn answers(command: &mut TransactionsCommand) -> Option<&mut AskId> {
        match command {
            TransactionsCommand::Known(id, _)
            | TransactionsCommand::Found(id, _)
            | TransactionsCommand::Offered(id, _) => Some(id),
            TransactionsCommand::Syncing(_) => None,
        }
    }

    fn is_ours(command: &TransactionsCommand) -> bool {
        matches!(command, TransactionsCommand::Syncing(_))
    }

    fn query(query: TransactionsQuery) -> FullNodeQuery {
        FullNodeQuery::Transactions(query)
    }

    fn notice(notice: Never) -> FullNodeNotice {
        match notice {}
    }
}

impl Part for Addresses {
    const SIDE: u64 = 4;

    fn answers(_: &mut AddressesCommand) -> Option<&mut AskId> {
        None
    }

    fn is_ours(_: &AddressesCommand) -> bool {
        false
    }

    fn query(query: Never) -> FullNodeQuery {
        match query {}
    }

    fn notice(notice: Never) -> FullNodeNotice {
        match notice {}
    }
}
