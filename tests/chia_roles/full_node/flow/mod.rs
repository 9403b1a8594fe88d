//! The original's own conversation from connecting to a finished block, replayed: farmer,
//! harvester and full node say what the original's said, in the same order, but for what is listed.

mod world;

use nodewire::codec::Source;
use nodewire::codec::chia::messages::ProofOfTimeFinished;
use nodewire::codec::chia::{Blob, Message, NodeId, NodeType};
use nodewire::codec::streamable::{RustCryptoSha256, Sha256};
use nodewire::state::chia::{
    ConnectionId, Delivery, Direction, Farmer, FarmerConfig, FromPeer, FullNode, FullNodeConfig,
    Harvester, HarvesterCommand, HarvesterLimits, Peer, Whereabouts,
};
use nodewire::{Action, AskId, Machine, Outbox, Time};
use serde_json::Value;

use crate::shared_vectors::shared;
use world::{MIN_BLOCK_TIME, World};

/// Where ours does not say what the original said at this place of the trace, and by which item of
/// the reference.
const DEVIATIONS: [(usize, Deviation, &str); 4] = [
    // The estimate is told when it has changed; here it has not.
    (25, Deviation::LeftOut("proof_of_time_rate"), "F-21"),
    // Farmers are told of blocks that are accepted; the original never did.
    (20, Deviation::Added("proof_of_space_arrived"), "F-25"),
    (56, Deviation::Added("proof_of_space_arrived"), "F-25"),
    (67, Deviation::Added("proof_of_space_arrived"), "F-25"),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Deviation {
    /// The original sends it at this place.
    LeftOut(&'static str),
    /// Ours sends it before what is at this place.
    Added(&'static str),
}

/// Of a farmer's target and of quality strings the trace has the hashes alone: here, they stand
/// for themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Known;

impl Sha256 for Known {
    fn sha256(data: &[u8]) -> [u8; 32] {
        match data.len() {
            32 => data.try_into().unwrap(),
            64 => data[32..].try_into().unwrap(),
            _ => RustCryptoSha256::sha256(data),
        }
    }
}

/// A frame, who sent it and to whom.
#[derive(Clone, Debug, PartialEq)]
struct Said {
    from: String,
    to: String,
    frame: Vec<u8>,
}

impl Said {
    fn message(&self) -> Message {
        Message::decode(&self.frame[4..], Source::COPY).unwrap()
    }

    fn function(&self) -> &'static str {
        self.message().function().name()
    }
}

fn unhex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

#[test]
fn the_flow_of_farming_is_the_originals() {
    let test = "the_flow_of_farming_is_the_originals";
    let Some(flows) = shared(test, "chia", "flows.json") else { return };
    let Some(chain) = shared(test, "chia", "chain.json") else { return };
    let trace: Vec<Said> = flows["farming"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| Said {
            from: entry["from"].as_str().unwrap().into(),
            to: entry["to"].as_str().unwrap().into(),
            frame: unhex(&entry["frame"]),
        })
        .collect();
    let mut play = Play::new(World::of(&trace, &chain["main"]));
    play.run(&trace);
    compare(&trace, &play.said);
}

/// The same frames in the same order, but for the deviations: all of which occur.
fn compare(trace: &[Said], said: &[Said]) {
    let mut said = said.iter();
    for (place, expected) in trace.iter().enumerate() {
        let here = DEVIATIONS.iter().filter(|(at, _, _)| *at == place);
        let mut is_left_out = false;
        for (_, deviation, id) in here {
            match deviation {
                Deviation::Added(function) => {
                    assert_eq!(said.next().unwrap().function(), *function, "{id}");
                }
                Deviation::LeftOut(function) => {
                    assert_eq!(expected.function(), *function, "{id}");
                    is_left_out = true;
                }
            }
        }
        if !is_left_out {
            let ours = said.next().unwrap_or_else(|| panic!("{place}: {:?}", expected.message()));
            assert_eq!((&ours.from, &ours.to), (&expected.from, &expected.to), "{place}");
            assert_eq!(ours.message(), expected.message(), "{place}");
            assert_eq!(ours.frame, expected.frame, "{place}");
        }
    }
    for (_, deviation, id) in DEVIATIONS.iter().filter(|(at, _, _)| *at == trace.len()) {
        let Deviation::Added(function) = deviation else { panic!() };
        assert_eq!(said.next().unwrap().function(), *function, "{id}");
    }
    assert_eq!(said.next(), None);
}

/// The nodes, and all that they said.
struct Play {
    world: World,
    harvester: Harvester<Known>,
    farmer: Farmer<Known>,
    full_node: FullNode,
    said: Vec<Said>,
}

const HARVESTER: u64 = 1;
const FARMER: u64 = 2;
const FULL_NODE: u64 = 3;
const TIMELORD: u64 = 4;

impl Play {
    fn new(world: World) -> Self {
        let target = Blob(world.farmer_target_hash.0.to_vec().into());
        let mut config = FarmerConfig::new(world.pools.clone(), target);
        config.fees_target_puzzle_hash = world.fees_target;
        config.min_block_time = MIN_BLOCK_TIME;
        let full_node = FullNode::new(FullNodeConfig::default(), world.chain.clone()).unwrap();
        let mut harvester = Harvester::with_hash(HarvesterLimits::default());
        let plots = HarvesterCommand::Plots(world.plots());
        harvester.handle_local(Time::ZERO, plots, &mut Outbox::new()).unwrap();
        Self { world, harvester, farmer: Farmer::with_hash(config), full_node, said: Vec::new() }
    }

    /// They connect as the original's did; the timelord sends the proof that it sent.
    fn run(&mut self, trace: &[Said]) {
        self.hear("harvester", connected(FARMER, NodeType::Farmer));
        self.hear("farmer", connected(HARVESTER, NodeType::Harvester));
        self.hear("farmer", connected(FULL_NODE, NodeType::FullNode));
        self.hear("full_node", connected(FARMER, NodeType::Farmer));
        self.hear("full_node", connected(TIMELORD, NodeType::Timelord));
        let proofs = trace.iter().filter(|said| said.from == "timelord");
        for said in proofs {
            self.said.push(said.clone());
            let Message::ProofOfTimeFinished(it) = said.message() else { panic!() };
            let proof: ProofOfTimeFinished = *it;
            self.hear("full_node", FromPeer::Received(ConnectionId(TIMELORD), proof.into()));
        }
    }

    /// A node hears something: what it says is heard at once, one after the other, each with all
    /// that follows from it.
    fn hear(&mut self, who: &str, input: FromPeer) {
        let Self { world, harvester, farmer, full_node, .. } = self;
        let said = match who {
            "harvester" => hear(harvester, input, |id, query| world.harvester(id, query)),
            "farmer" => hear(farmer, input, |id, query| world.farmer(id, query)),
            "full_node" => hear(full_node, input, |id, query| world.full_node(id, query)),
            _ => return,
        };
        let said: Vec<Said> = said.into_iter().map(|delivery| deliver(who, delivery)).collect();
        self.said.extend(said.iter().cloned());
        for Said { from, to, frame } in said {
            let from = match &*from {
                "harvester" => HARVESTER,
                "farmer" => FARMER,
                _ => FULL_NODE,
            };
            let message = Message::decode(&frame[4..], Source::COPY).unwrap();
            self.hear(&to, FromPeer::Received(ConnectionId(from), message));
        }
    }
}

/// A machine hears something and has its questions answered; what it says.
fn hear<M>(
    machine: &mut M,
    input: FromPeer,
    mut answer: impl FnMut(AskId, M::Query) -> M::Local,
) -> Vec<Delivery>
where
    M: Machine<Remote = FromPeer, Send = Delivery, Local: std::fmt::Debug>,
{
    let (mut out, mut said) = (Outbox::new(), Vec::new());
    machine.handle_remote(Time::ZERO, input, &mut out);
    while let Some(action) = out.pop() {
        match action {
            Action::Send(delivery) => said.push(delivery),
            Action::Ask(id, query) => {
                let command = answer(id, query);
                machine.handle_local(Time::ZERO, command, &mut out).unwrap();
            }
            Action::Notify(_) | Action::Close(_) => {}
        }
    }
    said
}

fn connected(from: u64, node_type: NodeType) -> FromPeer {
    let peer = Peer { node_id: NodeId([9; 32]), node_type, server_port: 0 };
    let at = Whereabouts { direction: Direction::Inbound, listens: None };
    FromPeer::Connected(ConnectionId(from), peer, at)
}

/// A frame on its way. The second full node of the trace only listens.
fn deliver(who: &str, delivery: Delivery) -> Said {
    let (to, message) = match delivery {
        Delivery::To(ConnectionId(to), message) => {
            let to = match to {
                HARVESTER => "harvester",
                FARMER => "farmer",
                FULL_NODE => "full_node",
                _ => "timelord",
            };
            (to, message)
        }
        Delivery::Broadcast(NodeType::FullNode, message) if who == "full_node" => {
            ("full_node2", message)
        }
        Delivery::Broadcast(node_type, message) => {
            let to = match node_type {
                NodeType::FullNode => "full_node",
                NodeType::Harvester => "harvester",
                NodeType::Farmer => "farmer",
                _ => "timelord",
            };
            (to, message)
        }
        other => panic!("{other:?}"),
    };
    let mut frame = vec![0; 4];
    message.encode(&mut frame);
    let length = u32::try_from(frame.len() - 4).unwrap();
    frame[..4].copy_from_slice(&length.to_be_bytes());
    Said { from: who.into(), to: to.into(), frame }
}
