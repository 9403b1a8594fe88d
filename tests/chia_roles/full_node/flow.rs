//! The original's own conversation from connecting to a finished block, replayed: farmer,
//! harvester and full node say what the original's said, in the same order, but for what is listed.

use std::collections::BTreeMap;

use nodewire::codec::Source;
use nodewire::codec::chia::messages::{
    ProofOfTimeFinished, RequestHeaderHash, RespondHeaderSignature, RespondPartialProof,
    RespondProofOfSpace, UnfinishedBlock,
};
use nodewire::codec::chia::{
    Blob, Bytes32, FullBlock, Message, NodeId, NodeType, ProofOfSpace, SignedCoinbase,
};
use nodewire::codec::streamable::{RustCryptoSha256, Sha256, Streamable};
use nodewire::state::chia::{
    Added, Candidate, Chain, ConnectionId, Delivery, Difficulty, Direction, Farmer, FarmerCommand,
    FarmerConfig, FarmerQuery, FromPeer, FullNode, FullNodeCommand, FullNodeConfig, FullNodeQuery,
    Harvester, HarvesterCommand, HarvesterLimits, HarvesterQuery, Peer, Plot, PlotId, Proven, Tip,
    Whereabouts, iterations,
};
use nodewire::{Action, Machine, Outbox, Time};
use serde_json::Value;

use crate::shared_vectors::shared;

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

/// What the trace tells of plots, keys, chain and pool: the answers to all questions.
struct World {
    pools: HarvesterPools,
    farmer_target_hash: Bytes32,
    fees_target: Bytes32,
    /// A plot for each quality, in the order of answers to its challenge.
    qualities: Vec<(Bytes32, Bytes32, u8)>,
    proofs: BTreeMap<Bytes32, ProofOfSpace>,
    signatures: BTreeMap<(Bytes32, Bytes32), nodewire::codec::chia::PrependSignature>,
    coinbases: BTreeMap<u32, SignedCoinbase>,
    /// Unfinished blocks by their proof of space.
    blocks: BTreeMap<Vec<u8>, FullBlock>,
    chain: Chain,
}

type HarvesterPools = Vec<nodewire::codec::chia::PublicKey>;

/// The constants of the chain that the vectors were made with.
const DIFFICULTY: u64 = 5;
const IPS: u64 = 5_000;
const MIN_BLOCK_TIME: u64 = 2;

impl World {
    fn of(trace: &[Said], main: &Value) -> Self {
        let mut world = Self {
            pools: Vec::new(),
            farmer_target_hash: Bytes32([0; 32]),
            fees_target: Bytes32([0; 32]),
            qualities: Vec::new(),
            proofs: BTreeMap::new(),
            signatures: BTreeMap::new(),
            coinbases: BTreeMap::new(),
            blocks: BTreeMap::new(),
            chain: chain_at_12(main),
        };
        let mut signing = BTreeMap::new();
        for said in trace {
            match said.message() {
                Message::HarvesterHandshake(it) => world.pools = it.pool_pubkeys,
                Message::ChallengeResponse(it) => {
                    world.qualities.push((it.challenge_hash, it.quality, it.plot_size));
                }
                Message::RespondProofOfSpace(it) => {
                    let RespondProofOfSpace { quality, proof } = *it;
                    world.proofs.insert(quality, proof);
                }
                Message::RequestPartialProof(it) => {
                    world.farmer_target_hash = it.farmer_target_hash;
                }
                Message::RespondPartialProof(it) => {
                    let RespondPartialProof { quality, farmer_target_signature } = *it;
                    let signed = (quality, world.farmer_target_hash);
                    world.signatures.insert(signed, farmer_target_signature);
                }
                Message::RequestHeaderSignature(it) => {
                    signing.insert(it.quality, Bytes32(it.header_hash.0));
                }
                Message::RespondHeaderSignature(it) => {
                    let RespondHeaderSignature { quality, header_hash_signature } = *it;
                    world.signatures.insert((quality, signing[&quality]), header_hash_signature);
                }
                Message::RequestHeaderHash(it) => {
                    let RequestHeaderHash { coinbase, coinbase_signature, .. } = *it;
                    world.fees_target = it.fees_target_puzzle_hash;
                    let signed = SignedCoinbase { coinbase, coinbase_signature };
                    world.coinbases.insert(signed.coinbase.height, signed);
                }
                Message::UnfinishedBlock(it) => {
                    let UnfinishedBlock { block } = *it;
                    let proof = block.header_block.proof_of_space.to_bytes();
                    world.blocks.insert(proof, block);
                }
                _ => {}
            }
        }
        world
    }

    /// The quality of a proof of the trace.
    fn quality(&self, proof: &ProofOfSpace) -> Option<Bytes32> {
        let mut proofs = self.proofs.iter();
        proofs.find(|(_, known)| *known == proof).map(|(quality, _)| *quality)
    }

    fn plots(&self) -> Vec<Plot> {
        let plot = |(number, (_, quality, size)): (usize, &(Bytes32, Bytes32, u8))| {
            let plot_pubkey = self.proofs.get(quality).map(|proof| proof.plot_pubkey);
            Plot {
                id: PlotId(u32::try_from(number).unwrap()),
                pool_pubkey: self.pools[0],
                plot_pubkey: plot_pubkey.unwrap_or(self.pools[0]),
                size: *size,
            }
        };
        self.qualities.iter().enumerate().map(plot).collect()
    }

    fn harvester(&self, id: nodewire::AskId, query: HarvesterQuery) -> HarvesterCommand {
        let of = |plot: PlotId| self.qualities[plot.0 as usize];
        match query {
            HarvesterQuery::LookupQualities { plot, challenge_hash } => {
                let (challenge, quality, _) = of(plot);
                let found = (challenge == challenge_hash).then(|| Blob(quality.0.to_vec().into()));
                HarvesterCommand::Qualities(id, Some(found.into_iter().collect()))
            }
            HarvesterQuery::FetchProof { plot, .. } => {
                HarvesterCommand::Proof(id, Some(self.proofs[&of(plot).1].proof.clone()))
            }
            HarvesterQuery::Sign { plot, hash } => {
                HarvesterCommand::Signature(id, Some(self.signatures[&(of(plot).1, hash)]))
            }
            other => panic!("{other:?}"),
        }
    }

    fn farmer(&self, id: nodewire::AskId, query: FarmerQuery) -> FarmerCommand {
        match query {
            FarmerQuery::GetCoinbase { height } => {
                FarmerCommand::Coinbase(id, self.coinbases.get(&height).cloned().map(Box::new))
            }
            FarmerQuery::VerifyProof(proof) => FarmerCommand::Quality(id, self.quality(&proof)),
            FarmerQuery::VerifySignature(_) => FarmerCommand::Verdict(id, true),
            other => panic!("{other:?}"),
        }
    }

    fn full_node(&mut self, id: nodewire::AskId, query: FullNodeQuery) -> FullNodeCommand {
        match query {
            FullNodeQuery::VerifyProofOfSpace(proof) => {
                FullNodeCommand::Quality(id, self.quality(&proof))
            }
            FullNodeQuery::VerifyCoinbase(_) | FullNodeQuery::VerifySignature(_) => {
                FullNodeCommand::Verdict(id, true)
            }
            FullNodeQuery::BuildCandidate(wanted) => {
                let FullBlock { header_block, body } =
                    self.blocks[&wanted.request.proof_of_space.to_bytes()].clone();
                let candidate = Candidate { body, header_data: header_block.header.data };
                FullNodeCommand::Candidate(id, Some(Box::new(candidate)))
            }
            FullNodeQuery::ValidateUnfinished(block) => {
                let proof = &block.header_block.proof_of_space;
                let quality = self.quality(proof).unwrap();
                let of = Difficulty {
                    plot_size: proof.size,
                    difficulty: DIFFICULTY,
                    ips: IPS,
                    min_block_time: MIN_BLOCK_TIME,
                };
                let iterations = iterations(quality, of).unwrap();
                FullNodeCommand::Validated(id, Some(Proven { quality, iterations }))
            }
            FullNodeQuery::AddBlock(block) => {
                let quality = self.quality(&block.header_block.proof_of_space).unwrap();
                self.chain.tips.insert(0, tip(&block, quality));
                self.chain.tips.truncate(3);
                FullNodeCommand::Added(id, Added::Tip(Box::new(self.chain.clone())))
            }
            other => panic!("{other:?}"),
        }
    }
}

fn tip(block: &FullBlock, quality: Bytes32) -> Tip {
    let challenge = block.header_block.challenge.as_ref().unwrap();
    Tip {
        header_hash: block.header_hash::<RustCryptoSha256>(),
        height: challenge.height,
        weight: challenge.total_weight,
        total_iters: challenge.total_iters,
        challenge_hash: challenge.hash::<RustCryptoSha256>(),
        quality,
        child_difficulty: DIFFICULTY,
    }
}

/// The chain of the vectors, whose tips are its blocks of height 12, 11 and 10.
fn chain_at_12(main: &Value) -> Chain {
    let at = |height: usize| {
        let entry = &main[height];
        assert_eq!(entry["height"], height);
        let block = FullBlock::from_bytes(&unhex(&entry["block"])).unwrap();
        tip(&block, Bytes32(unhex(&entry["quality"]).try_into().unwrap()))
    };
    let (genesis, lca) = (at(0).header_hash, at(10).header_hash);
    Chain { genesis, tips: vec![at(12), at(11), at(10)], lca, lca_height: 10, ips: IPS }
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
        let mut harvester = Harvester::new(HarvesterLimits::default());
        let plots = HarvesterCommand::Plots(world.plots());
        harvester.handle_local(Time::ZERO, plots, &mut Outbox::new()).unwrap();
        Self { world, harvester, farmer: Farmer::new(config), full_node, said: Vec::new() }
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
    mut answer: impl FnMut(nodewire::AskId, M::Query) -> M::Local,
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
