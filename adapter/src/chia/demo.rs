//! A small network over loopback sockets: a farmer with its harvester, a timelord, an introducer,
//! two full nodes with a long chain, one of which lies about a header, and one that comes late.

use std::net::SocketAddr;
use std::time::Duration;

use nodewire::chia::NodeNotice;
use nodewire::sim::chia::{Consensus, Keeper, Ledger, Oracle, Staffed};
use nodewire::state::chia::{
    ConnectionId, FarmerNotice, FullNode, FullNodeNotice, Role, SyncNotice, SyncOutcome, SyncPhase,
};
use nodewire::{Ending, Fault, Time};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout_at};

use super::setup::{self, Farming, Identity};
use super::{Hub, HubNews, Stop, chain_file};

/// How large the demo is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Blocks that there are before the late node comes.
    pub blocks: u32,
    /// Blocks that the late node is to see farmed once it is there.
    pub farmed: u32,
}

/// Who is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The farmer.
    Farmer,
    /// The full node that farmer and timelord are connected to.
    Honest,
    /// The full node that answers with a damaged header.
    Liar,
    /// The full node that comes late.
    Late,
}

impl Who {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Farmer => "farmer",
            Self::Honest => "honest node",
            Self::Liar => "liar",
            Self::Late => "late node",
        }
    }
}

/// What happened.
#[derive(Clone, Debug)]
pub enum What {
    /// A block was signed and handed to a full node.
    Signed,
    /// A block became a tip, at this height.
    Tip(u32),
    /// A phase of a sync began.
    Phase(SyncPhase),
    /// A sync has ended.
    Synced(SyncOutcome),
    /// A peer broke a rule: its port and the rule's number.
    Blamed(u16, &'static str),
}

/// What happened to whom, and when.
#[derive(Clone, Debug)]
pub struct Event {
    /// Since the beginning.
    pub at: Time,
    /// To whom.
    pub who: Who,
    /// What.
    pub what: What,
}

/// How the demo went.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How long the late node took from its start until it was synced.
    pub synced: Duration,
    /// Whom the late node blamed, by which rule.
    pub blamed: Vec<(&'static str, &'static str)>,
    /// How high the honest node was when the late one came.
    pub before: u32,
    /// How high both are at the end.
    pub height: u32,
}

/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(180);

/// Runs it, and tells what happens as it happens.
///
/// # Errors
/// What did not happen in time, or a socket that could not be had.
pub async fn run(size: Size, mut tell: impl FnMut(&Event, &str)) -> Result<Outcome, String> {
    let mut consensus = Consensus::default();
    consensus.min_block_time = 1;
    let ledger = chain_file::made(&consensus, size.blocks, || {});
    let genesis = chain_file::made(&consensus, 0, || {});
    let mut network = Network::start(&consensus, &ledger, size.blocks / 2).await?;
    let until = Instant::now() + PATIENCE;

    let mut before = 0;
    network
        .until(until, "a block was farmed", &mut tell, |event| {
            if let (Who::Honest, What::Tip(height)) = (event.who, &event.what) {
                before = before.max(*height);
            }
            before > size.blocks
        })
        .await?;

    let began = network.epoch.elapsed();
    network.join_late(genesis).await?;
    let (mut blamed, mut synced) = (Vec::new(), Duration::ZERO);
    let ports = network.ports;
    network
        .until(until, "the late node is synced", &mut tell, |event| {
            match (event.who, &event.what) {
                (Who::Late, What::Blamed(port, rule)) => {
                    let name = ports.iter().find(|(_, known)| known == port);
                    blamed.push((name.map_or("somebody", |(who, _)| who.name()), *rule));
                }
                (Who::Late, What::Synced(SyncOutcome::Synced(_))) => {
                    synced = event.at.since(Time::ZERO).saturating_sub(began);
                }
                _ => {}
            }
            synced > Duration::ZERO
        })
        .await?;

    let (goal, mut late, mut honest) = (before + size.farmed, 0, 0);
    network
        .until(until, "the late node has what was farmed", &mut tell, |event| {
            match (event.who, &event.what) {
                (Who::Late, What::Tip(height)) => late = late.max(*height),
                (Who::Honest, What::Tip(height)) => honest = honest.max(*height),
                _ => {}
            }
            late >= goal && late == honest
        })
        .await?;
    Ok(Outcome { synced, blamed, before, height: late })
}

/// The nodes, each in a task.
struct Network {
    epoch: Instant,
    events: (mpsc::UnboundedSender<Event>, mpsc::UnboundedReceiver<Event>),
    /// Nodes end when this is dropped.
    stop: watch::Sender<bool>,
    introducer: SocketAddr,
    ports: [(Who, u16); 2],
}

/// A port of this machine.
async fn listener() -> Result<(TcpListener, SocketAddr), String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    Ok((listener, address))
}

impl Network {
    /// Everybody but the late node.
    async fn start(consensus: &Consensus, ledger: &Ledger, lie: u32) -> Result<Self, String> {
        let (introducing, introducer) = listener().await?;
        let (honest_listens, honest_at) = listener().await?;
        let (liar_listens, liar_at) = listener().await?;
        let (farmer_listens, farmer_at) = listener().await?;
        let network = Self {
            epoch: Instant::now(),
            events: mpsc::unbounded_channel(),
            stop: watch::channel(false).0,
            introducer,
            ports: [(Who::Honest, honest_at.port()), (Who::Liar, liar_at.port())],
        };
        let random = Identity::random;
        network.add(
            setup::introducer(&random(Some(introducer))).staffed(),
            Some(introducing),
            &[],
            None,
            |_, _| None,
        );
        let honest = full_node(honest_at, ledger.clone(), introducer)?;
        network.add(honest, Some(honest_listens), &[], None, told(Who::Honest));
        let mut liar = full_node(liar_at, ledger.clone(), introducer)?;
        liar.oracle_mut().damage(lie);
        network.add(liar, Some(liar_listens), &[], None, told(Who::Liar));
        let farmer = setup::farmer(&random(Some(farmer_at)), consensus, Farming::default());
        network.add(farmer.staffed(), Some(farmer_listens), &[honest_at], None, |at, notice| {
            let NodeNotice::Role(FarmerNotice::Submitted { .. }) = notice else { return None };
            Some(Event { at, who: Who::Farmer, what: What::Signed })
        });
        let (harvester, plots) = setup::harvester(&random(None), consensus, &[1]);
        network.add(harvester.staffed(), None, &[farmer_at], Some(plots), |_, _| None);
        let timelord = setup::timelord(&random(None), consensus);
        network.add(timelord.staffed(), None, &[honest_at], None, |_, _| None);
        Ok(network)
    }

    async fn join_late(&self, genesis: Ledger) -> Result<(), String> {
        let (listens, at) = listener().await?;
        let late = full_node(at, genesis, self.introducer)?;
        self.add(late, Some(listens), &[], None, told(Who::Late));
        Ok(())
    }

    /// A node, in a task of its own.
    fn add<R, O>(
        &self,
        node: Staffed<R, O>,
        listener: Option<TcpListener>,
        friends: &[SocketAddr],
        first: Option<R::Local>,
        mut event: impl FnMut(Time, &NodeNotice<R::Notice>) -> Option<Event> + Send + 'static,
    ) where
        R: Role<Local: Send, Notice: Send, Query: Send> + Send + 'static,
        O: Oracle<R> + Send + 'static,
    {
        let (events, epoch, friends) = (self.events.0.clone(), self.epoch, friends.to_vec());
        let stop: Stop = self.stop.subscribe();
        tokio::spawn(async move {
            let (commands, mut inbox) = mpsc::channel(1);
            if let Some(first) = first {
                let _ = commands.send(first).await;
            }
            let told = |at: Time, _: &Staffed<R, O>, news: HubNews<R::Notice>| {
                let HubNews::Node(notice) = news else { return };
                if let Some(event) = event(at, &notice) {
                    let _ = events.send(event);
                }
            };
            Hub::new(node, epoch).run(listener, &friends, &mut inbox, stop, told).await;
        });
    }

    /// Goes on until this has happened.
    async fn until(
        &mut self,
        until: Instant,
        what: &str,
        tell: &mut impl FnMut(&Event, &str),
        mut happened: impl FnMut(&Event) -> bool,
    ) -> Result<(), String> {
        loop {
            let event = timeout_at(until, self.events.1.recv()).await;
            let late = || format!("not in time: {what}");
            let event = event.map_err(|_| late())?.ok_or_else(late)?;
            let about = match event.what {
                What::Blamed(port, _) => self.ports.iter().find(|(_, known)| *known == port),
                _ => None,
            };
            tell(&event, about.map_or("", |(who, _)| who.name()));
            if happened(&event) {
                return Ok(());
            }
        }
    }
}

fn full_node(
    at: SocketAddr,
    ledger: Ledger,
    introducer: SocketAddr,
) -> Result<Staffed<FullNode, Keeper>, String> {
    let node = setup::full_node(&Identity::random(Some(at)), ledger, Some(introducer))?;
    Ok(node.staffed())
}

/// What is worth telling of a full node.
fn told(who: Who) -> impl FnMut(Time, &NodeNotice<FullNodeNotice>) -> Option<Event> {
    let mut ports = Vec::<(ConnectionId, u16)>::new();
    move |at, notice| {
        let what = match notice {
            NodeNotice::Connected(id, peer, _) => {
                ports.push((*id, peer.server_port));
                return None;
            }
            NodeNotice::Closed { connection, ending, .. } => {
                let rule = match ending {
                    Ending::Fault(
                        Fault::Violation { rule, .. } | Fault::Malformed { rule, .. },
                    ) => rule.id(),
                    _ => return None,
                };
                let port = ports.iter().find(|(id, _)| id == connection)?.1;
                What::Blamed(port, rule)
            }
            NodeNotice::Role(FullNodeNotice::NewTip(tip)) => What::Tip(tip.height),
            NodeNotice::Role(FullNodeNotice::Sync(SyncNotice::Entered(phase, _))) => {
                What::Phase(*phase)
            }
            NodeNotice::Role(FullNodeNotice::Sync(SyncNotice::Ended(outcome))) => {
                What::Synced(*outcome)
            }
            _ => return None,
        };
        Some(Event { at, who, what })
    }
}
