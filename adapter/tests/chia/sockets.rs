//! Nodes over real sockets.

use std::net::SocketAddr;
use std::time::Duration;

use nodewire::Time;
use nodewire::chia::{Node, NodeConfig, NodeNotice};
use nodewire::codec::chia::{Blob, Bytes32, NodeId, NodeType};
use nodewire::sim::chia::{Consensus, Oracle, Plots, Purse, Staffed, stand_in};
use nodewire::state::chia::{
    ConnectionConfig, Farmer, FarmerConfig, Harvester, HarvesterCommand, HarvesterLimits, Role,
};
use nodewire_adapter::chia::{Hub, HubNews};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout};

/// Runs a node until the test is over; says what types of peers it is connected with.
fn run<R, O>(
    node: Staffed<R, O>,
    listener: Option<TcpListener>,
    friends: Vec<SocketAddr>,
    first: Option<R::Local>,
) -> (mpsc::UnboundedReceiver<NodeType>, watch::Sender<bool>)
where
    R: Role<Local: Send, Notice: Send, Query: Send> + Send + 'static,
    O: Oracle<R> + Send + 'static,
{
    let (met, meets) = mpsc::unbounded_channel();
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        let (commands, mut inbox) = mpsc::channel(1);
        if let Some(first) = first {
            let _ = commands.send(first).await;
        }
        let mut hub = Hub::new(node, Instant::now());
        let told = |_: Time, _: &Staffed<R, O>, news: HubNews<R::Notice>| {
            if let HubNews::Node(NodeNotice::Connected(_, peer, _)) = news {
                let _ = met.send(peer.node_type);
            }
        };
        hub.run(listener, &friends, &mut inbox, stopped, told).await;
    });
    (meets, stop)
}

fn harvester(id: u8) -> (Staffed<Harvester, Plots>, HarvesterCommand) {
    let plots = Plots::new(&[1, 2], 20, Duration::ZERO);
    let all = HarvesterCommand::Plots(plots.all());
    let config = NodeConfig::new(ConnectionConfig::new(NodeType::Harvester, NodeId([id; 32])));
    let node = Node::new(config, Harvester::new(HarvesterLimits::default()));
    (Staffed::new(node, plots), all)
}

fn farmer(id: u8) -> Staffed<Farmer, Purse> {
    let config = FarmerConfig::new(vec![stand_in::key(0)], Blob(vec![1].into()));
    let purse = Purse::new(Consensus::default(), Bytes32([1; 32]));
    let of = NodeConfig::new(ConnectionConfig::new(NodeType::Farmer, NodeId([id; 32])));
    Staffed::new(Node::new(of, Farmer::new(config)), purse)
}

async fn next(meets: &mut mpsc::UnboundedReceiver<NodeType>) -> NodeType {
    timeout(Duration::from_secs(20), meets.recv()).await.expect("in time").expect("it runs")
}

#[tokio::test]
async fn a_farmer_finds_a_harvester_that_comes_back() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let (one, plots) = harvester(1);
    let (mut harvester_meets, stop) = run(one, Some(listener), vec![], Some(plots));
    let (mut farmer_meets, _farmer) = run(farmer(2), None, vec![at], None);
    assert_eq!(next(&mut farmer_meets).await, NodeType::Harvester);
    assert_eq!(next(&mut harvester_meets).await, NodeType::Farmer);

    stop.send(true).unwrap();
    assert_eq!(harvester_meets.recv().await, None);
    let listener = TcpListener::bind(at).await.unwrap();
    let (other, plots) = harvester(3);
    let (mut harvester_meets, _stop) = run(other, Some(listener), vec![], Some(plots));
    assert_eq!(next(&mut farmer_meets).await, NodeType::Harvester);
    assert_eq!(next(&mut harvester_meets).await, NodeType::Farmer);
}

#[tokio::test]
async fn a_farmer_and_a_harvester_that_dial_each_other_keep_one_connection() {
    let mine = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let theirs = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (at_farmer, at_harvester) = (mine.local_addr().unwrap(), theirs.local_addr().unwrap());
    let (one, plots) = harvester(1);
    let (mut harvester_meets, _one) = run(one, Some(theirs), vec![at_farmer], Some(plots));
    let (mut farmer_meets, _other) = run(farmer(2), Some(mine), vec![at_harvester], None);
    assert_eq!(next(&mut farmer_meets).await, NodeType::Harvester);
    assert_eq!(next(&mut harvester_meets).await, NodeType::Farmer);
    // No second one within the time in which it is tried several times.
    let second = timeout(Duration::from_secs(2), farmer_meets.recv()).await;
    assert!(second.is_err(), "{second:?}");
}
