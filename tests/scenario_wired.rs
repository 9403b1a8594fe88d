//! Scenarios of Chia play against anything that takes streams: here a node that nothing is seen of
//! but its bytes.

#![cfg(all(feature = "sim", feature = "chia"))]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::Path;
use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::chia::{Node, NodeCommand, NodeConfig, NodeRemote, NodeSend};
use nodewire::codec::chia::{NodeId, NodeType, PeerInfo};
use nodewire::link::Transport;
use nodewire::sim::chia::{Keeper, Ledger, Maker, Oracle, Plots, Staffed};
use nodewire::sim::scenario::chia::{Joining, Wired, consensus, play};
use nodewire::sim::scenario::{Asked, Outcome, Scenario, Stop, Subject};
use nodewire::state::chia::{
    ConnectionConfig, ConnectionId, FullNode, FullNodeConfig, Harvester, HarvesterCommand, Opened,
    Role,
};
use nodewire::{Action, Machine, Out, Outbox, Time};
use serde_json::Value;

/// A node, its time, and what came out of its streams.
struct Wire<R: Role, O> {
    node: Staffed<R, O>,
    now: Time,
    sent: BTreeMap<u8, Vec<u8>>,
    frames: BTreeMap<u8, VecDeque<Vec<u8>>>,
    closed: BTreeSet<u8>,
    /// Whose end was expected, or was their own.
    seen_to: BTreeSet<u8>,
}

fn inapplicable<T>(why: &str) -> Result<T, Stop> {
    Err(Stop::Inapplicable(why.to_owned()))
}

impl<R: Role, O: Oracle<R>> Wire<R, O> {
    fn new(role: R, oracle: O) -> Self {
        let connection = ConnectionConfig::new(NodeType::FullNode, NodeId([0x77; 32]));
        let node = Staffed::new(Node::new(NodeConfig::new(connection), role), oracle);
        let (sent, frames) = (BTreeMap::new(), BTreeMap::new());
        let (closed, seen_to) = (BTreeSet::new(), BTreeSet::new());
        Self { node, now: Time::ZERO, sent, frames, closed, seen_to }
    }

    fn command(&mut self, command: NodeCommand<R::Local>) {
        let mut out = Outbox::new();
        self.node.handle_local(self.now, command, &mut out).map_err(|it| it.why).unwrap();
        self.absorb(&mut out);
    }

    fn transport(&mut self, peer: u8, transport: Transport) {
        let mut out = Outbox::new();
        let remote = NodeRemote { connection: ConnectionId(peer.into()), transport };
        self.node.handle_remote(self.now, remote, &mut out);
        self.absorb(&mut out);
    }

    fn absorb(&mut self, out: &mut Out<Staffed<R, O>>) {
        while let Some(action) = out.pop() {
            match action {
                Action::Send(NodeSend::Bytes(peer, bytes)) => {
                    let peer = u8::try_from(peer.0).unwrap();
                    let stream = self.sent.entry(peer).or_default();
                    stream.extend_from_slice(&bytes);
                    while let Some(length) = stream.first_chunk() {
                        let end = 4 + u32::from_be_bytes(*length) as usize;
                        if stream.len() < end {
                            break;
                        }
                        let frame = stream.drain(..end).skip(4).collect();
                        self.frames.entry(peer).or_default().push_back(frame);
                    }
                }
                Action::Send(NodeSend::Close(peer)) => {
                    self.closed.insert(u8::try_from(peer.0).unwrap());
                }
                _ => {}
            }
        }
    }

    fn pass(&mut self, to: Time) {
        while let Some(due) = self.node.deadline().filter(|due| *due <= to) {
            self.now = self.now.max(due);
            let mut out = Outbox::new();
            self.node.handle_timeout(self.now, &mut out);
            self.absorb(&mut out);
        }
        self.now = to;
    }
}

impl<R: Role, O: Oracle<R>> Subject for Wire<R, O> {
    fn local(&mut self, _: &Value, given: bool) -> Result<Option<Value>, Stop> {
        if given { Ok(None) } else { inapplicable("its application is not ours") }
    }

    fn asked(&mut self) -> Result<Vec<Asked>, Stop> {
        inapplicable("its questions are not seen")
    }

    fn answer(&mut self, _: &Asked, _: Option<&Value>) -> Result<(), Stop> {
        inapplicable("its questions are not seen")
    }

    fn wait(&mut self, micros: u64) -> Result<(), Stop> {
        self.pass(self.now.after(Duration::from_micros(micros)));
        Ok(())
    }

    fn notices(&mut self) -> Result<Option<Vec<Value>>, Stop> {
        Ok(None)
    }

    fn verdict(&mut self, accept: &[Value]) -> Result<(), Stop> {
        let ended = self.closed.difference(&self.seen_to).count();
        let good = |verdict: &Value| match verdict.get("fault") {
            Some(_) => ended == 1,
            None => ended == 0,
        };
        if accept.iter().any(good) {
            return Ok(());
        }
        Err(Stop::Failed(format!("{ended} connections have ended, which fits none of {accept:?}")))
    }
}

impl<R: Role, O: Oracle<R>> Wired for Wire<R, O> {
    fn join(&mut self, joining: &Joining) -> Result<(), Stop> {
        if joining.dialled || joining.trusted {
            return inapplicable("it does not dial us, nor know us");
        }
        let id = ConnectionId(joining.peer.into());
        let from = PeerInfo { host: joining.host.clone(), port: 50_000 };
        self.command(NodeCommand::Opened(Opened::inbound(id, Some(from))));
        self.transport(joining.peer, Transport::Writable(joining.takes));
        Ok(())
    }

    fn deliver(&mut self, peer: u8, bytes: &[u8]) -> Result<(), Stop> {
        self.transport(peer, Transport::Received(Bytes::copy_from_slice(bytes)));
        Ok(())
    }

    fn leave(&mut self, peer: u8) -> Result<(), Stop> {
        self.seen_to.insert(peer);
        self.transport(peer, Transport::Closed);
        Ok(())
    }

    fn heard(&mut self, peer: u8, within: Option<u64>) -> Result<Option<Vec<u8>>, Stop> {
        if let Some(within) = within {
            self.pass(self.now.after(Duration::from_micros(within)));
        }
        Ok(self.frames.get_mut(&peer).and_then(VecDeque::pop_front))
    }

    fn rest(&mut self, peer: u8) -> Result<Vec<Vec<u8>>, Stop> {
        Ok(self.frames.remove(&peer).unwrap_or_default().into())
    }

    fn hold(&mut self, _: &[String]) -> Result<(), Stop> {
        inapplicable("its questions are not seen")
    }

    fn gone(&mut self, peer: u8, _: &Value) -> Result<(), Stop> {
        if !self.closed.contains(&peer) {
            return Err(Stop::Failed("keeps the connection".to_owned()));
        }
        self.seen_to.insert(peer);
        Ok(())
    }
}

fn full_node() -> Wire<FullNode, Keeper> {
    let ledger = Ledger::new(consensus(), Maker::genesis(&consensus()));
    let role = FullNode::new(FullNodeConfig::default(), ledger.chain()).unwrap();
    Wire::new(role, Keeper::new(ledger))
}

fn harvester() -> Wire<Harvester, Plots> {
    let plots = Plots::new(&[0, 1], 20, Duration::ZERO);
    let all = HarvesterCommand::Plots(plots.all());
    let mut wire = Wire::new(<Harvester>::new(Default::default()), plots);
    wire.command(NodeCommand::Role(all));
    wire
}

/// Plays those that a node with this role can be tested by: how many passed.
fn played<S: Wired>(kinds: &[&str], wired: impl Fn() -> S) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/chia");
    let mut passed = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let scenario: Scenario =
            fs::read_to_string(entry.unwrap().path()).unwrap().parse().unwrap();
        let is_played = kinds.contains(&scenario.under_test.as_str())
            && scenario.config.is_empty()
            && !scenario.manual;
        if !is_played {
            continue;
        }
        match play(&scenario, &mut wired()) {
            Outcome::Passed => passed += 1,
            Outcome::Inapplicable(_) => {}
            other => panic!("{}: {other}", scenario.name),
        }
    }
    passed
}

#[test]
fn a_full_node_is_tested_by_its_streams_alone() {
    let passed = played(&["chia-full-node"], full_node);
    println!("{passed} scenarios");
    assert!(passed > 40, "{passed}");
}

#[test]
fn a_harvester_is_tested_by_its_streams_alone() {
    let passed = played(&["chia-harvester"], harvester);
    println!("{passed} scenarios");
    assert!(passed > 10, "{passed}");
}
