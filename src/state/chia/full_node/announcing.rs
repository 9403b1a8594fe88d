//! What a full node tells of its tips, to whom and in which order (`chia.md` 7.5, F-20, F-21).

use alloc::vec::Vec;

use super::asked::{About, Asked};
use super::{FullNode, FullNodeQuery};
use crate::codec::chia::messages::{
    Block, ChallengeStart, NewLca, NewProofOfTime, ProofOfSpaceFinalized, ProofOfSpaceInfo,
    ProofOfTimeRate, UnfinishedBlock,
};
use crate::codec::chia::{FullBlock, Message, NodeType};
use crate::codec::streamable::Sha256;
use crate::machine::Out;
use crate::state::chia::chain::{Chain, Tip};
use crate::state::chia::role::{ConnectionId, Delivery};
use crate::state::chia::transactions::TransactionIds;

impl<H: Sha256, I: TransactionIds> FullNode<H, I> {
    /// Tells a new peer how things stand (7.5).
    pub(super) fn greet(&mut self, to: ConnectionId, node_type: NodeType, out: &mut Out<Self>) {
        match node_type {
            NodeType::FullNode => {
                let tips: Vec<_> = self.chain.tips.iter().map(|tip| tip.header_hash).collect();
                let about = About::Tips { to, most: tips.len() };
                let asked = Asked { charged: Some(to), about };
                self.ask(asked, FullNodeQuery::ReadBlocks(tips), out);
            }
            NodeType::Farmer => {
                for message in self.for_farmers() {
                    out.send(Delivery::To(to, message));
                }
            }
            NodeType::Timelord => {
                for message in self.for_timelords() {
                    out.send(Delivery::To(to, message));
                }
            }
            NodeType::Wallet => out.send(Delivery::To(to, lca(&self.chain))),
            // An introducer is asked for addresses by the part that wants some.
            NodeType::Introducer | NodeType::Harvester => {}
        }
    }

    /// Tells a new full node the blocks of the tips, and then the best that is unfinished on each:
    /// it may be the one that finishes it, and nobody else offers it again.
    pub(super) fn tell_tips(&self, to: ConnectionId, blocks: Vec<FullBlock>, out: &mut Out<Self>) {
        for block in blocks {
            out.send(Delivery::To(to, Block { block }.into()));
        }
        for tip in &self.chain.tips {
            if let Some(block) = self.unfinished.best_on(tip) {
                out.send(Delivery::To(to, UnfinishedBlock { block: block.clone() }.into()));
            }
        }
    }

    /// A block became a tip (F-21, P-9): timelords can begin with it before anybody else.
    pub(super) fn announce(
        &mut self,
        tip: &Tip,
        block: FullBlock,
        source: Option<ConnectionId>,
        ips_before: u64,
        out: &mut Out<Self>,
    ) {
        if self.chain.ips != ips_before {
            out.send(Delivery::Broadcast(NodeType::Farmer, rate(&self.chain)));
        }
        out.send(Delivery::Broadcast(NodeType::Timelord, start(tip)));
        self.spread(block, source, out);
        out.send(Delivery::Broadcast(NodeType::Farmer, finalized(tip)));
        self.announce_lca(out);
    }

    /// Tells everybody how things stand after syncing (P-45).
    pub(super) fn announce_all(&mut self, out: &mut Out<Self>) {
        for message in self.for_timelords() {
            out.send(Delivery::Broadcast(NodeType::Timelord, message));
        }
        for message in self.for_farmers() {
            out.send(Delivery::Broadcast(NodeType::Farmer, message));
        }
        self.announce_lca(out);
    }

    /// Tells wallets of another common ancestor (W-1).
    fn announce_lca(&mut self, out: &mut Out<Self>) {
        if self.chain.lca != self.lca_told {
            self.lca_told = self.chain.lca;
            out.send(Delivery::Broadcast(NodeType::Wallet, lca(&self.chain)));
        }
    }

    /// Sends a block to all full nodes but its source; to those that have all but the proof of
    /// time, that alone, if we are to (P-9, P-24).
    fn spread(&self, block: FullBlock, source: Option<ConnectionId>, out: &mut Out<Self>) {
        let proof = block.header_block.proof_of_time.as_ref();
        let stored = proof.and_then(|proof| {
            self.unfinished.get((proof.challenge_hash, proof.number_of_iterations))
        });
        let stored = stored.filter(|stored| {
            self.config.compact_blocks && stored.header_hash == block.header_hash::<H>()
        });
        let (Some(stored), Some(proof)) = (stored, proof.cloned()) else {
            let message = Message::from(Block { block });
            out.send(match source {
                Some(from) => Delivery::BroadcastToOthers(NodeType::FullNode, from, message),
                None => Delivery::Broadcast(NodeType::FullNode, message),
            });
            return;
        };
        for to in self.peers.of_type(NodeType::FullNode) {
            if Some(to) == source {
                continue;
            }
            out.send(if stored.holders.contains(&to) {
                Delivery::To(to, NewProofOfTime { proof: proof.clone() }.into())
            } else {
                Delivery::To(to, Block { block: block.clone() }.into())
            });
        }
    }

    /// The rate, and the tips, heaviest first (F-20).
    fn for_farmers(&self) -> impl Iterator<Item = Message> + '_ {
        core::iter::once(rate(&self.chain)).chain(self.chain.tips.iter().map(finalized))
    }

    /// The tips, heaviest first, and what is wanted on them (T-20).
    fn for_timelords(&self) -> impl Iterator<Item = Message> + '_ {
        let tips = &self.chain.tips;
        let wanted = tips.iter().flat_map(|tip| {
            let challenge_hash = tip.challenge_hash;
            let iterations = self.unfinished.on(challenge_hash);
            iterations.map(move |iterations_needed| {
                ProofOfSpaceInfo { challenge_hash, iterations_needed }.into()
            })
        });
        tips.iter().map(start).chain(wanted)
    }
}

fn rate(chain: &Chain) -> Message {
    ProofOfTimeRate { pot_estimate_ips: chain.ips }.into()
}

fn start(tip: &Tip) -> Message {
    ChallengeStart { challenge_hash: tip.challenge_hash, weight: tip.weight }.into()
}

fn finalized(tip: &Tip) -> Message {
    ProofOfSpaceFinalized {
        challenge_hash: tip.challenge_hash,
        height: tip.height,
        weight: tip.weight,
        quality: tip.quality,
        difficulty: tip.child_difficulty,
    }
    .into()
}

fn lca(chain: &Chain) -> Message {
    NewLca { lca_hash: chain.lca, height: chain.lca_height }.into()
}
