//! The challenges that full nodes tell, and which of them harvesters are told (F-1, F-2).

use alloc::collections::BTreeSet;

use super::challenges::{Claim, News};
use super::{Asked, Farmer, FarmerQuery, Kept};
use crate::codec::chia::messages::{HarvesterHandshake, NewChallenge, ProofOfSpaceFinalized};
use crate::codec::chia::{Bytes32, NodeType};
use crate::codec::streamable::Sha256;
use crate::machine::Out;
use crate::state::chia::role::{ConnectionId, Delivery};
use crate::state::chia::rules;
use crate::time::Time;

impl<H: Sha256> Farmer<H> {
    /// A challenge that can be farmed (F-2). It is fresh if the full node told none that is
    /// heavier, and nobody has told it as fresh before.
    pub(super) fn finalized(
        &mut self,
        now: Time,
        from: ConnectionId,
        it: &ProofOfSpaceFinalized,
        out: &mut Out<Self>,
    ) -> Kept {
        let ProofOfSpaceFinalized { challenge_hash, height, weight, difficulty, .. } = *it;
        if difficulty == 0 {
            return Err(&rules::NO_DIFFICULTY);
        }
        if !self.nodes.contains(from) {
            return Ok(());
        }
        let claim = Claim { height, weight, difficulty, lowest: None };
        let most = self.config.limits.max_challenges;
        let news = self.challenges.record(from, challenge_hash, claim, most);
        let is_heaviest = self.nodes.weigh(from, weight);
        if news == News::Known {
            self.learn_lowest(now, &BTreeSet::from([challenge_hash]), out);
        }
        if news != News::Repeated && is_heaviest {
            self.want_coinbase(from, claim.next(), out);
            self.catch_up(now, from, challenge_hash, out);
            if self.misses(challenge_hash) {
                self.challenges.harvest_again(challenge_hash);
            }
            self.harvest(challenge_hash, out);
        }
        Ok(())
    }

    /// Tells harvesters a challenge; one that was told before those that came since, if they are to
    /// hear what there is (F-1): whoever lost its chain comes by old ones once more, and nobody else
    /// may be left to sign what is made of them.
    fn harvest(&mut self, challenge_hash: Bytes32, out: &mut Out<Self>) {
        let newest = self.harvesters.last().copied();
        let message = NewChallenge { challenge_hash };
        let Some(before) = self.challenges.harvest(challenge_hash, newest) else {
            out.send(Delivery::Broadcast(NodeType::Harvester, message.into()));
            return;
        };
        if self.config.resend_challenges {
            let since = self.harvesters.iter().filter(|harvester| Some(**harvester) > before);
            for harvester in since {
                out.send(Delivery::To(*harvester, message.clone().into()));
            }
        }
    }

    /// Asks for the coinbase of a block that is farmed, unless it is here or asked for.
    fn want_coinbase(&mut self, from: ConnectionId, height: u32, out: &mut Out<Self>) {
        let is_asked =
            |asked: &Asked| matches!(asked, Asked::Coinbase { height: of, .. } if *of == height);
        let is_known = self.challenges.coinbase(height).is_some()
            || self.asks.iter().any(|(_, asked)| is_asked(asked));
        if !is_known {
            if let Ok(id) = self.asks.open(Asked::Coinbase { from, height }) {
                out.ask(id, FarmerQuery::GetCoinbase { height });
            }
        }
    }

    /// A new harvester is told whose plots count (F-1).
    pub(super) fn greet(&mut self, from: ConnectionId, out: &mut Out<Self>) {
        self.harvesters.insert(from);
        let pool_pubkeys = self.config.pool_public_keys.clone();
        out.send(Delivery::To(from, HarvesterHandshake { pool_pubkeys }.into()));
        if self.config.resend_challenges {
            for challenge_hash in self.current() {
                out.send(Delivery::To(from, NewChallenge { challenge_hash }.into()));
            }
        }
    }

    /// The challenges of the greatest weight that each full node told.
    pub(super) fn current(&self) -> BTreeSet<Bytes32> {
        let there = self.nodes.weights().map(|(node, weight)| (Some(node), weight));
        let gone = self.challenges.weight_of_gone().map(|weight| (None, weight));
        let all = there.chain(gone);
        all.flat_map(|(teller, weight)| self.challenges.of_weight(teller, weight)).collect()
    }
}
