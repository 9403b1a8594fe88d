//! Looks at a server's tags again and again, anchors its chain, and tells its unsafe blocks.

use nodewire::codec::supervisor::{
    BlockId, BlockRef, ChainId, DerivedRefPair, HexUint64, NodeEvent,
};
use nodewire::state::supervisor::{NodeId, SupervisorCommand, SupervisorRemote};
use tokio::time::sleep;
use tracing::{debug, info, warn};

use super::client::{Client, Tag};
use super::deposit;
use super::fault::Fault;
use super::follow::{Follower, Standing, Tags, goal};
use super::pace::Pace;
use super::seen::View;
use super::settings::{AnchorAt, Settings};
use crate::supervisor::{ChainStatus, Gone, Handle, Link};

/// Polls one server.
#[derive(Debug)]
pub struct Poller {
    pub(super) client: Client,
    pub(super) chain_id: ChainId,
    pub(super) node: NodeId,
    pub(super) anchor: Option<AnchorAt>,
    pub(super) settings: Settings,
    pub(super) handle: Handle,
    pub(super) link: Link,
    pub(super) view: View,
    pub(super) follower: Follower,
    /// The server said it is of this chain.
    pub(super) known: bool,
}

/// Why a look came to nothing.
enum Stop {
    Fault(Fault),
    Gone,
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Gone> for Stop {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

/// What to do next.
enum Next {
    Rest,
    GoOn,
}

impl Poller {
    /// Polls until the host has stopped.
    pub async fn run(mut self) {
        let (first, most) = self.settings.backoff;
        let mut pace = Pace::new(self.settings.interval, first, most);
        loop {
            match self.look().await {
                Ok(Next::Rest) => {
                    pace.succeeded();
                    sleep(pace.wait()).await;
                }
                Ok(Next::GoOn) => {
                    pace.succeeded();
                    sleep(pace.wait() / 10).await;
                }
                Err(Stop::Gone) => return,
                Err(Stop::Fault(fault)) => {
                    pace.failed();
                    self.failed(&fault, pace.failures());
                    sleep(pace.wait()).await;
                }
            }
        }
    }

    fn failed(&mut self, fault: &Fault, times: u32) {
        let chain_id = self.chain_id;
        if times == 1 {
            warn!(%chain_id, %fault, "the execution layer cannot be followed");
        } else {
            debug!(%chain_id, %fault, times, "the execution layer cannot be followed");
        }
        self.view.count(fault);
        let standing = &mut self.view.lock().standing;
        // A server that is not believed is not believed either while it fails.
        if *standing != Standing::Refused {
            *standing = Standing::Failing;
        }
        // Another server may answer next.
        self.known = false;
    }

    async fn look(&mut self) -> Result<Next, Stop> {
        if !self.known {
            if self.client.chain_id().await? != self.chain_id {
                return Err(Fault::Wrong("the server is of another chain").into());
            }
            self.known = true;
        }
        let Some(chain) = self.status().await? else { return Err(Stop::Gone) };
        let (Some(indexed), Some(safe)) = (chain.heads.local_unsafe, chain.heads.cross_safe) else {
            return self.anchor().await;
        };
        match chain.heads.finalized {
            Some(block) => self.follower.raise(block.id()),
            // Where we began in an earlier life. With a feed layer one may take a safe block back.
            None if self.anchor.is_some() && self.follower.floor().is_none() => {
                self.follower.raise(safe.derived.id());
            }
            None => {}
        }
        let tags = self.tags().await?;
        // In this order.
        let looked = self.look_at(self.follower.doubt(&tags)).await?;
        let risen = self.look_at(self.follower.rising(&tags)).await?;
        let standing = self.follower.judge(&tags, looked, risen);
        self.show(&tags, standing);
        if standing != Standing::Following {
            return Ok(Next::Rest);
        }
        self.tell(&tags.latest, indexed.id()).await
    }

    async fn status(&self) -> Result<Option<ChainStatus>, Gone> {
        let status = self.handle.status().await?;
        Ok(status.chains.into_iter().find(|chain| chain.chain_id == self.chain_id))
    }

    async fn look_at(&self, number: Option<u64>) -> Result<Option<BlockId>, Fault> {
        let Some(number) = number else { return Ok(None) };
        let block = self.client.block(Tag::Number(HexUint64(number))).await?;
        Ok(block.map(|block| block.id()))
    }

    async fn tags(&self) -> Result<Tags, Fault> {
        let named = |tag| async move {
            match self.client.block(tag).await {
                // A chain without finality has no such block: some servers say so by an error.
                Err(Fault::Refused { .. }) => Ok(None),
                other => other.map(|block| block.map(|block| block.id())),
            }
        };
        let (latest, safe, finalized) = tokio::try_join!(
            self.client.block(Tag::Latest),
            named(Tag::Safe),
            named(Tag::Finalized)
        )?;
        let latest = latest.ok_or(Fault::Wrong("no newest block"))?;
        Ok(Tags { latest: latest.block_ref(), safe, finalized })
    }

    fn show(&self, tags: &Tags, standing: Standing) {
        let mut seen = self.view.lock();
        if seen.standing != standing {
            let chain_id = self.chain_id;
            match standing {
                Standing::Refused => {
                    warn!(%chain_id, "the execution layer left a final block: it is not followed");
                }
                _ => info!(%chain_id, ?standing, "the execution layer"),
            }
        }
        seen.standing = standing;
        seen.latest = Some(tags.latest.id());
        seen.safe = tags.safe;
        seen.finalized = tags.finalized;
        seen.floor = self.follower.floor();
    }

    /// Tells the newest block, or one on the way there.
    async fn tell(&mut self, latest: &BlockRef, indexed: BlockId) -> Result<Next, Stop> {
        if indexed == latest.id() {
            return Ok(Next::Rest);
        }
        let number = goal(latest.number, indexed.number, self.settings.max_ahead);
        let block = if number == latest.number {
            *latest
        } else {
            let block = self.client.block(Tag::Number(HexUint64(number))).await?;
            block.ok_or(Fault::Wrong("no block below the newest"))?.block_ref()
        };
        // What was said before and came to nothing is said again.
        let event = NodeEvent { unsafe_block: Some(block), ..NodeEvent::default() };
        let (chain_id, node, event) = (self.chain_id, self.node, Box::new(event));
        self.link.tell(SupervisorRemote::Node { chain_id, node, event }).await?;
        Ok(if number == latest.number { Next::Rest } else { Next::GoOn })
    }

    /// Starts the chain, unless others do.
    async fn anchor(&mut self) -> Result<Next, Stop> {
        let Some(at) = self.anchor else { return Ok(Next::Rest) };
        let tag = match at {
            AnchorAt::Finalized => Tag::Finalized,
            AnchorAt::Safe => Tag::Safe,
            AnchorAt::Number(number) => Tag::Number(HexUint64(number)),
        };
        // The first block names no layer-one block: the chain is too young yet.
        let found = self.client.block(tag).await?.filter(|block| block.id().number > 0);
        let Some(block) = found else { return Ok(Next::Rest) };
        let hash = block.id().hash;
        let Some(first) = self.client.transaction(hash, 0).await? else { return Ok(Next::Rest) };
        let source = deposit::origin(&block, &first)?;
        let derived = block.block_ref();
        let chain_id = self.chain_id;
        let anchor = Box::new(DerivedRefPair { source, derived });
        info!(%chain_id, number = derived.number, hash = %derived.hash, "anchored");
        // It is a chain of the set: the machine refuses nothing here.
        let _ = self.link.command(SupervisorCommand::Anchor { chain_id, anchor }).await?;
        self.follower.raise(derived.id());
        Ok(Next::GoOn)
    }
}
