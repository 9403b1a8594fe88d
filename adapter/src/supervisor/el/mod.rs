//! Execution layers as sources of chains: any server of the Ethereum JSON-RPC is polled, answers
//! the machine's questions about its chain, and has its newest block told as an unsafe one.
//!
//! What it tells can be judged up to cross-unsafe. An execution layer doesn't say which layer-one
//! block its blocks were derived from, so nothing becomes local-safe, cross-safe or final by it:
//! that takes a feed of node events. `docs/execution-layers.md` tells what is answered on each
//! level, and what the tags `safe` and `finalized` are used for.

mod answers;
mod client;
mod deposit;
mod fault;
mod follow;
mod gate;
mod json;
pub(super) mod metrics;
mod pace;
mod poll;
mod receipts;
mod seen;
mod settings;
#[cfg(test)]
mod tests;
mod tls;

use nodewire::AskId;
use nodewire::codec::supervisor::ChainId;
use nodewire::state::supervisor::{NodeId, SupervisorQuery};
use tokio::sync::mpsc;

pub use fault::Fault;
pub use follow::Standing;
pub use seen::{Seen, View};
pub use settings::{AnchorAt, Settings};
pub use tls::provide;

use self::answers::Answers;
use self::client::Client;
use self::follow::Follower;
use self::poll::Poller;
use super::{Gone, Handle, Source};

/// An execution layer to be polled.
#[derive(Debug)]
pub struct ExecutionLayer {
    client: Client,
    chain_id: ChainId,
    block_time: u64,
    anchor: Option<AnchorAt>,
    settings: Settings,
}

impl ExecutionLayer {
    /// The server at `url` of a chain with a block every `block_time` seconds. With `anchor` the
    /// chain's indexing starts there if nobody else starts it; without, somebody else has to.
    ///
    /// # Errors
    /// What is wrong with the URL. The URL is not repeated: it may hold a key.
    pub fn new(
        chain_id: ChainId,
        url: &str,
        block_time: u64,
        anchor: Option<AnchorAt>,
        settings: Settings,
    ) -> Result<Self, String> {
        let client = Client::new(url, &settings)?;
        if anchor == Some(AnchorAt::Number(0)) {
            return Err("the first block names no layer-one block to start from".into());
        }
        Ok(Self { client, chain_id, block_time, anchor, settings })
    }

    /// Attaches it to a host as the node `node` of its chain, and polls it until the host stops.
    ///
    /// # Errors
    /// [`Gone`].
    pub async fn attach(self, handle: &Handle, node: NodeId) -> Result<View, Gone> {
        let Self { client, chain_id, block_time, anchor, settings } = self;
        let (to, asked) = mpsc::channel(QUEUE);
        let link = handle.attach(|_| Asked { chain_id, node, to }).await?;
        let view = View::new(chain_id);
        let answers = Answers::new(client.clone(), view.clone(), block_time, &settings);
        let poller = Poller {
            client,
            chain_id,
            node,
            anchor,
            settings,
            handle: handle.clone(),
            link: link.clone(),
            view: view.clone(),
            follower: Follower::default(),
            known: false,
        };
        tokio::spawn(async move {
            // Each ends when the host does, and then the other has nothing left to do.
            tokio::select! {
                () = poller.run() => {}
                () = answers.run(link, asked) => {}
            }
        });
        Ok(view)
    }
}

/// How many questions may wait; the machine asks fewer of a chain.
const QUEUE: usize = 256;

/// The questions about one chain, on their way to who answers them.
struct Asked {
    chain_id: ChainId,
    node: NodeId,
    to: mpsc::Sender<(AskId, SupervisorQuery)>,
}

impl Source for Asked {
    fn ask(&mut self, id: AskId, query: &SupervisorQuery) -> bool {
        let ours = match query {
            SupervisorQuery::Block(query) => query.chain_id == self.chain_id,
            SupervisorQuery::Logs(query) => query.chain_id == self.chain_id,
            SupervisorQuery::Outputs(query) => query.chain_id == self.chain_id,
            SupervisorQuery::NodeBlock(query) => {
                query.chain_id == self.chain_id && query.node == self.node
            }
            SupervisorQuery::L1(_) => false,
        };
        ours && self.to.try_send((id, *query)).is_ok()
    }
}
