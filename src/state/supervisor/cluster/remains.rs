//! What a snapshot keeps of the machine beside its index: nodes, what is on its way, open
//! questions, calls that wait.

use alloc::vec::Vec;

use super::doubt::Misses;
use super::fetch::{Incoming, Walk};
use super::node::Node;
use super::purpose::{Asked, Purpose};
use super::reset::Stage;
use super::{
    BlockQuery, ChainSync, Due, L1Query, LogsQuery, NodeBlockQuery, NodeId, OutputsQuery,
    Supervisor, SupervisorQuery,
};
use crate::ask::AskId;
use crate::codec::cbor::{Reader, Sink};
use crate::codec::supervisor::journal::form::{Form, fields, unknown};
use crate::codec::supervisor::{ChainId, Keccak256};
use crate::codec::{Malformed, MalformedKind};
use crate::state::supervisor::index::{Claim, Index, IndexedLog, Slot};
use crate::time::{Deadlines, Time};

impl<K: Keccak256> Supervisor<K> {
    pub(in crate::state::supervisor) const fn index_mut(&mut self) -> &mut Index<K> {
        &mut self.index
    }

    /// The latest time of all inputs that changed something.
    #[must_use]
    pub const fn latest(&self) -> Time {
        self.latest
    }

    /// The questions that are open, oldest first: what to ask again after a restart.
    pub fn questions(&self) -> impl Iterator<Item = (AskId, SupervisorQuery)> + '_ {
        self.asks.iter().filter_map(|(id, asked)| Some((id, self.question(asked.what)?)))
    }

    fn question(&self, what: Purpose) -> Option<SupervisorQuery> {
        Some(match what {
            Purpose::Block(slot, number) | Purpose::Walk(slot, number) => {
                SupervisorQuery::Block(BlockQuery { chain_id: self.chain_id(slot), number })
            }
            Purpose::Logs(slot, block) | Purpose::Replace(slot, block) => {
                let chain_id = self.chain_id(slot);
                SupervisorQuery::Logs(LogsQuery { chain_id, hash: block.hash })
            }
            Purpose::Reset { slot, node, number, .. } => {
                let chain_id = self.chain_id(slot);
                SupervisorQuery::NodeBlock(NodeBlockQuery { chain_id, node, number })
            }
            Purpose::Outputs { root, part, .. } => {
                let root = self.roots.get(&root)?;
                let chain_id = self.chain_id(root.slot_of(part)?);
                SupervisorQuery::Outputs(OutputsQuery { chain_id, timestamp: root.timestamp() })
            }
            Purpose::Provide { number, .. } | Purpose::Compare(number) => {
                SupervisorQuery::L1(L1Query { number })
            }
        })
    }

    /// The nodes that are up or have told something, of every chain.
    #[must_use]
    pub fn nodes(&self) -> Vec<(ChainId, NodeId)> {
        let chains = self.index.set().iter().zip(&self.chains);
        let nodes = chains.flat_map(|(id, sync)| sync.nodes.iter().map(|node| (*id, node.id)));
        nodes.collect()
    }

    /// The number of the newest text that waits for its reply.
    pub(in crate::state::supervisor) fn newest_call(&self) -> Option<u64> {
        self.server.calls().map(|call| call.0).max()
    }

    pub(in crate::state::supervisor) fn write_remains<S: Sink>(&self, to: &mut S) {
        // Every field, so that none is forgotten: deadlines follow from the chains, places from the
        // questions, and nothing follows from an input any more once it is handled.
        let Self {
            limits: _,
            index: _,
            due: _,
            then: _,
            server,
            chains,
            l1,
            roots,
            next_root,
            asks,
            places: _,
            promote_at,
            latest,
        } = self;
        to.array(9);
        chains.write(to);
        l1.write(to);
        roots.write(to);
        next_root.write(to);
        asks.next().write(to);
        to.array(asks.len());
        for (id, asked) in asks.iter() {
            to.array(2);
            id.write(to);
            asked.write(to);
        }
        promote_at.write(to);
        latest.write(to);
        server.write_remains(to);
    }

    /// Takes over what was written of another machine of the same configuration.
    pub(in crate::state::supervisor) fn read_remains(
        &mut self,
        from: &mut Reader<'_>,
    ) -> Result<(), Malformed> {
        let at = from.at();
        from.array_exact(9)?;
        let chains = Vec::<ChainSync>::read(from)?;
        if chains.len() != self.chains.len() {
            return Err(Malformed::new(MalformedKind::BadArity, at));
        }
        self.chains = chains;
        self.l1 = Form::read(from)?;
        self.roots = Form::read(from)?;
        self.next_root = Form::read(from)?;
        let next_ask = u64::read(from)?;
        let asks = Vec::<(AskId, Asked)>::read(from)?;
        if !self.asks.reopen(next_ask, asks) {
            return Err(Malformed::new(MalformedKind::KeysNotAscending, at));
        }
        let placed = self.asks.iter().filter_map(|(id, asked)| Some((asked.what.place()?, id)));
        self.places = placed.collect();
        self.promote_at = Form::read(from)?;
        self.latest = Form::read(from)?;
        self.server.read_remains(from)?;
        self.due = Deadlines::new();
        for (slot, sync) in (0..).map(Slot).zip(&self.chains) {
            self.due.shift(&Due::Retry(slot), None, sync.retry_at);
            for node in &sync.nodes {
                self.due.shift(&Due::Reset(slot, node.id), None, node.reset_at);
            }
        }
        Ok(())
    }
}

fields!(ChainSync {
    nodes,
    parked,
    target,
    incoming,
    walking,
    replacement,
    replaced,
    retry_at,
    misses,
});
fields!(Misses { rounds, is_counted, head });
fields!(Walk { number, parted, target });
fields!(Node {
    id,
    reset,
    resets,
    backoff,
    rested_at,
    reset_at,
    exhausted,
    replacing,
    replacement,
    contradicts,
    astray,
    awaited,
    claimed,
    doubts,
    believed_at,
});
fields!(Asked { since, what });
fields!(IndexedLog { log_hash, executing });

impl Form for Stage {
    fn write<S: Sink>(&self, to: &mut S) {
        to.uint(match self {
            Self::Top => 0,
            Self::Bottom => 1,
            Self::Between => 2,
        });
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let at = from.at();
        match from.u64()? {
            0 => Ok(Self::Top),
            1 => Ok(Self::Bottom),
            2 => Ok(Self::Between),
            _ => Err(unknown(at)),
        }
    }
}

impl Form for Incoming {
    fn write<S: Sink>(&self, to: &mut S) {
        match self {
            Self::Asked => {
                to.array(1);
                to.uint(0);
            }
            Self::Known(block) => {
                to.array(2);
                to.uint(1);
                block.write(to);
            }
            Self::Ready(block, logs) => {
                to.array(3);
                to.uint(2);
                block.write(to);
                logs.write(to);
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let at = from.at();
        match from.variant(|tag| (tag < 3).then(|| tag.saturating_add(1)))? {
            0 => Ok(Self::Asked),
            1 => Form::read(from).map(Self::Known),
            2 => Ok(Self::Ready(Form::read(from)?, Form::read(from)?)),
            _ => Err(unknown(at)),
        }
    }
}

impl Form for Claim {
    fn write<S: Sink>(&self, to: &mut S) {
        match self {
            Self::Malformed => {
                to.array(1);
                to.uint(0);
            }
            Self::Message { chain_id, block_number, timestamp, log_index, checksum } => {
                to.array(6);
                to.uint(1);
                chain_id.write(to);
                block_number.write(to);
                timestamp.write(to);
                log_index.write(to);
                checksum.write(to);
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let at = from.at();
        match from.variant(|tag| [1, 6].get(usize::try_from(tag).ok()?).copied())? {
            0 => Ok(Self::Malformed),
            1 => Ok(Self::Message {
                chain_id: Form::read(from)?,
                block_number: Form::read(from)?,
                timestamp: Form::read(from)?,
                log_index: Form::read(from)?,
                checksum: Form::read(from)?,
            }),
            _ => Err(unknown(at)),
        }
    }
}

impl Form for Purpose {
    fn write<S: Sink>(&self, to: &mut S) {
        match *self {
            Self::Block(slot, number) => of_slot(to, 0, slot, &number),
            Self::Walk(slot, number) => of_slot(to, 1, slot, &number),
            Self::Logs(slot, block) => of_slot(to, 2, slot, &block),
            Self::Replace(slot, block) => of_slot(to, 3, slot, &block),
            Self::Reset { slot, node, reset, number } => {
                to.array(5);
                to.uint(4);
                slot.write(to);
                node.write(to);
                reset.write(to);
                number.write(to);
            }
            Self::Outputs { root, part, round } => {
                to.array(4);
                to.uint(5);
                root.write(to);
                part.write(to);
                round.write(to);
            }
            Self::Provide { slot, node, number } => {
                to.array(4);
                to.uint(6);
                slot.write(to);
                node.write(to);
                number.write(to);
            }
            Self::Compare(number) => {
                to.array(2);
                to.uint(7);
                number.write(to);
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let at = from.at();
        let arity = |tag| [3, 3, 3, 3, 5, 4, 4, 2].get(usize::try_from(tag).ok()?).copied();
        match from.variant(arity)? {
            0 => Ok(Self::Block(Form::read(from)?, Form::read(from)?)),
            1 => Ok(Self::Walk(Form::read(from)?, Form::read(from)?)),
            2 => Ok(Self::Logs(Form::read(from)?, Form::read(from)?)),
            3 => Ok(Self::Replace(Form::read(from)?, Form::read(from)?)),
            4 => {
                let (slot, node) = (Form::read(from)?, Form::read(from)?);
                Ok(Self::Reset { slot, node, reset: Form::read(from)?, number: Form::read(from)? })
            }
            5 => {
                let (root, part) = (Form::read(from)?, Form::read(from)?);
                Ok(Self::Outputs { root, part, round: Form::read(from)? })
            }
            6 => {
                let (slot, node) = (Form::read(from)?, Form::read(from)?);
                Ok(Self::Provide { slot, node, number: Form::read(from)? })
            }
            7 => Form::read(from).map(Self::Compare),
            _ => Err(unknown(at)),
        }
    }
}

fn of_slot<S: Sink>(to: &mut S, tag: u64, slot: Slot, of: &impl Form) {
    to.array(3);
    to.uint(tag);
    slot.write(to);
    of.write(to);
}
