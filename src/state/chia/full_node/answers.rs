//! The answers to a full node's own questions: whether they fit, and where they go.

use super::asked::{About, Asked};
use super::parts::{self, OWN};
use super::{FullNode, FullNodeCommand, Kept, UNSOUND};
use crate::ask::AskId;
use crate::codec::streamable::Sha256;
use crate::fault::Refused;
use crate::machine::Out;
use crate::state::chia::chain::Added;
use crate::state::chia::role::ConnectionId;
use crate::state::chia::transactions::TransactionIds;
use crate::time::Time;

impl<H: Sha256, I: TransactionIds> FullNode<H, I> {
    /// Whether a command answers what was asked, and says what can be.
    pub(super) fn admits(&self, command: &FullNodeCommand) -> Result<(), Refused> {
        let Some(id) = id_of(command).and_then(|id| parts::inner(OWN, id)) else {
            return Err(Refused::UnknownAsk);
        };
        let Some(asked) = self.asks.context(id)? else {
            let is_unsound = matches!(
                command,
                FullNodeCommand::Added(_, Added::Tip(chain)) if !chain.is_sound()
            );
            return if is_unsound { Err(Refused::invalid(UNSOUND)) } else { Ok(()) };
        };
        match (command, &asked.about) {
            (FullNodeCommand::Blocks(_, blocks), About::Tips { most, .. }) => {
                if blocks.len() <= *most { Ok(()) } else { Err(Refused::invalid(TOO_MANY)) }
            }
            (FullNodeCommand::Added(_, Added::Tip(chain)), About::Block(offered)) => {
                let mut tips = chain.tips.iter();
                let is_tip = tips.any(|tip| tip.header_hash == offered.header_hash);
                let is_sound = chain.is_sound() && is_tip;
                if is_sound { Ok(()) } else { Err(Refused::invalid(UNSOUND)) }
            }
            (FullNodeCommand::Candidate(_, Some(built)), About::Candidate(wanted)) => {
                let fits = Self::is_as_wanted(wanted, built);
                if fits { Ok(()) } else { Err(Refused::invalid(OTHER_BLOCK)) }
            }
            (FullNodeCommand::Added(..), About::Block(_))
            | (FullNodeCommand::Validated(..), About::Unfinished(_))
            | (FullNodeCommand::Quality(..), About::ProofOfSpace(_))
            | (FullNodeCommand::Candidate(..), About::Candidate(_))
            | (
                FullNodeCommand::Verdict(..),
                About::ProofOfTime(_) | About::Coinbase(_) | About::Signature(_),
            ) => Ok(()),
            _ => Err(Refused::invalid("the question was another")),
        }
    }

    pub(super) fn command(&mut self, now: Time, command: FullNodeCommand, out: &mut Out<Self>) {
        let id = id_of(&command).and_then(|id| parts::inner(OWN, id));
        let Some(Asked { charged, about }) = id.and_then(|id| self.close(id)) else {
            if let FullNodeCommand::Added(_, Added::Tip(chain)) = command {
                self.grown(now, *chain, out);
            }
            return;
        };
        match (command, about) {
            (FullNodeCommand::Blocks(_, blocks), About::Tips { to, .. }) => {
                self.tell_tips(to, blocks, out);
            }
            (FullNodeCommand::Added(_, added), About::Block(offered)) => {
                self.added(now, *offered, added, out);
            }
            (FullNodeCommand::Validated(_, proven), About::Unfinished(number)) => {
                self.validated(now, number, proven, out);
            }
            (FullNodeCommand::Verdict(_, good), About::ProofOfTime(timed)) => {
                self.timed(now, *timed, good, out);
            }
            (command, about) => {
                if let Some(from) = charged {
                    let kept = self.go_on(from, command, about, out);
                    self.judge(from, kept, out);
                }
            }
        }
    }

    /// The next step of a block that a farmer wants.
    fn go_on(
        &mut self,
        from: ConnectionId,
        command: FullNodeCommand,
        about: About,
        out: &mut Out<Self>,
    ) -> Kept {
        match (command, about) {
            (FullNodeCommand::Quality(_, found), About::ProofOfSpace(request)) => {
                self.space_verified(from, *request, found, out)
            }
            (FullNodeCommand::Verdict(_, good), About::Coinbase(wanted)) => {
                self.coinbase_verified(from, wanted, good, out)
            }
            (FullNodeCommand::Candidate(_, Some(built)), About::Candidate(wanted)) => {
                self.built(from, *wanted, *built, out);
                Ok(())
            }
            (FullNodeCommand::Verdict(_, good), About::Signature(block)) => {
                self.header_verified(from, *block, good, out)
            }
            _ => Ok(()),
        }
    }
}

const TOO_MANY: &str = "these are more blocks than were asked for";
const OTHER_BLOCK: &str = "the block is not of that parent, proof, coinbase and body";

/// The question that a command answers, if it is one of our own.
const fn id_of(command: &FullNodeCommand) -> Option<AskId> {
    match command {
        FullNodeCommand::Blocks(id, _)
        | FullNodeCommand::Added(id, _)
        | FullNodeCommand::Validated(id, _)
        | FullNodeCommand::Verdict(id, _)
        | FullNodeCommand::Quality(id, _)
        | FullNodeCommand::Candidate(id, _) => Some(*id),
        FullNodeCommand::Sync(_)
        | FullNodeCommand::Serving(_)
        | FullNodeCommand::Transactions(_)
        | FullNodeCommand::Addresses(_) => None,
    }
}
