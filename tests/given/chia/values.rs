//! Messages whose parts are often those of other messages: hashes, qualities and keys out of a few,
//! blocks out of one chain with a branch.

use std::sync::OnceLock;

use arbitrary::{Arbitrary, Result};
use nodewire::bytes::Bytes;
use nodewire::codec::chia::{
    Blob, Bytes32, FullBlock, Function, HeaderBlock, HeaderDataHash, HeaderHash, Message, NodeId,
    NodeType, PeerInfo, PrependSignature, ProofOfSpace, PublicKey, Transaction, TransactionId,
    messages,
};
use nodewire::codec::streamable::{RustCryptoSha256 as Sha, Streamable};
use nodewire::sim::chia::{Consensus, Ledger, Maker, stand_in};
use nodewire::state::chia::{Chain, TransactionHash, TransactionIds, may_send};

use crate::given::Script;

/// A chain, a branch that is heavier, and what was not built on yet.
pub struct World {
    /// As far as a node has it.
    pub short: Ledger,
    /// All of it.
    pub long: Ledger,
    /// Of both, in the order they were made in.
    pub blocks: Vec<FullBlock>,
    /// On the tips of either.
    pub unfinished: Vec<FullBlock>,
    /// Hashes of blocks and of challenges.
    pub hashes: Vec<[u8; 32]>,
}

/// Blocks of the chain, and of the branch on the fourth of them.
const CHAIN: usize = 9;
const BRANCH: usize = 34;

pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let mut consensus = Consensus::default();
        consensus.witness = 12;
        let genesis = Maker::genesis(&consensus);
        let mut short = Ledger::new(consensus.clone(), genesis.clone());
        let [first, second] = [1, 2].map(|plot| Maker::new(consensus.clone(), plot));
        let mut blocks = vec![genesis];
        for _ in 0..CHAIN {
            let block = first.child(&blocks[blocks.len() - 1]);
            short.add(block.clone());
            blocks.push(block);
        }
        let mut long = short.clone();
        let mut parent = blocks[4].clone();
        for _ in 0..BRANCH {
            parent = second.child(&parent);
            long.add(parent.clone());
            blocks.push(parent.clone());
        }
        let parents = [&blocks[CHAIN - 1], &blocks[CHAIN], &parent];
        let unfinished: Vec<_> = parents.into_iter().map(|it| second.unfinished(it)).collect();
        let hashes = |block: &FullBlock| {
            let challenge = block.header_block.challenge.as_ref();
            [block.header_hash::<Sha>().0, challenge.map_or([0; 32], |it| it.hash::<Sha>().0)]
        };
        let hashes = blocks.iter().flat_map(hashes).collect();
        World { short, long, blocks, unfinished, hashes }
    })
}

/// Where the chain of the world's node stands.
pub fn chain() -> Chain {
    world().short.chain()
}

pub fn bytes32(script: &mut Script<'_>) -> Result<Bytes32> {
    Ok(match script.int_in_range(0..=7_u8)? {
        0 => Bytes32(*script.choose(&world().hashes)?),
        1..=2 => Bytes32(*script.choose(&world().hashes[CHAIN * 2 - 4..][..6])?),
        3 => stand_in::quality_of(
            Bytes32(*script.choose(&world().hashes)?),
            stand_in::key(script.int_in_range(0..=3)?),
            script.int_in_range(0..=2)?,
        ),
        _ => Bytes32([script.int_in_range(0..=3)?; 32]),
    })
}

pub fn header_hash(script: &mut Script<'_>) -> Result<HeaderHash> {
    bytes32(script).map(|hash| HeaderHash(hash.0))
}

fn transaction(script: &mut Script<'_>) -> Result<Transaction> {
    Ok(Transaction(Blob(Bytes::from(vec![b't'; script.int_in_range(0..=4)?]))))
}

pub fn transaction_id(script: &mut Script<'_>) -> Result<TransactionId> {
    if script.ratio(1, 8)? {
        return bytes32(script).map(|hash| TransactionId(hash.0));
    }
    Ok(<TransactionHash>::transaction_id(&transaction(script)?))
}

pub fn key(script: &mut Script<'_>) -> Result<PublicKey> {
    Ok(stand_in::key(script.int_in_range(0..=3)?))
}

fn signature(script: &mut Script<'_>) -> Result<PrependSignature> {
    Ok(stand_in::sign(key(script)?, &bytes32(script)?.0))
}

/// A block; now and then not as it was made.
pub fn block(script: &mut Script<'_>) -> Result<FullBlock> {
    let mut block = if script.ratio(1, 4)? {
        script.choose(&world().unfinished)?.clone()
    } else {
        script.choose(&world().blocks)?.clone()
    };
    if script.ratio(1, 6)? {
        let header_block = &mut block.header_block;
        match script.int_in_range(0..=6_u8)? {
            0 => header_block.proof_of_time = None,
            1 => header_block.challenge = None,
            2 => block.body.coinbase.height = u32::from(script.arbitrary::<u8>()?),
            3 => header_block.header.data.prev_header_hash = header_hash(script)?,
            4 => header_block.proof_of_space.size = script.arbitrary()?,
            5 => {
                if let Some(challenge) = &mut header_block.challenge {
                    challenge.total_weight = script.arbitrary()?;
                }
            }
            _ => {
                if let Some(time) = &mut header_block.proof_of_time {
                    time.number_of_iterations = script.arbitrary()?;
                }
            }
        }
    }
    Ok(block)
}

fn header_block(script: &mut Script<'_>) -> Result<HeaderBlock> {
    block(script).map(|block| block.header_block)
}

fn proof_of_space(script: &mut Script<'_>) -> Result<ProofOfSpace> {
    header_block(script).map(|it| it.proof_of_space)
}

fn some<T>(
    script: &mut Script<'_>,
    most: usize,
    one: impl Fn(&mut Script<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    (0..script.int_in_range(0..=most)?).map(|_| one(script)).collect()
}

/// Heights, mostly in a row.
fn heights(script: &mut Script<'_>) -> Result<Vec<u32>> {
    let first = script.int_in_range(0..=40_u32)?;
    if script.ratio(1, 4)? {
        return some(script, 27, |script| script.int_in_range(0..=60));
    }
    Ok((first..first + script.int_in_range(0..=26)?).collect())
}

pub fn peer_info(script: &mut Script<'_>) -> Result<PeerInfo> {
    let host = match script.int_in_range(0..=9_u8)? {
        0 => String::arbitrary(script)?,
        1 => "localhost".into(),
        2 => "[::1]".into(),
        3 => "2001:db8::7".into(),
        number => format!("10.0.0.{number}"),
    };
    Ok(PeerInfo { host, port: if script.ratio(1, 8)? { script.arbitrary()? } else { 8_444 } })
}

/// A message that a node of one type may send to one of another; now and then any.
pub fn message_between(script: &mut Script<'_>, from: NodeType, to: NodeType) -> Result<Message> {
    let may: Vec<Function> =
        Function::ALL.iter().copied().filter(|function| may_send(from, to, *function)).collect();
    if may.is_empty() || script.ratio(1, 32)? {
        let any = *script.choose(Function::ALL)?;
        return message(script, any);
    }
    let function = *script.choose(&may)?;
    message(script, function)
}

/// A message of this function.
pub fn message(script: &mut Script<'_>, function: Function) -> Result<Message> {
    use messages as m;
    let s = script;
    Ok(match function {
        Function::Handshake => m::Handshake {
            network_id: if s.ratio(1, 16)? { "mainnet" } else { "testnet" }.into(),
            version: if s.ratio(1, 16)? { "0.0.5" } else { "0.0.4" }.into(),
            node_id: NodeId([s.int_in_range(0..=9)?; 32]),
            server_port: s.int_in_range(0..=2)?,
            node_type: s.arbitrary()?,
        }
        .into(),
        Function::Ping => m::Ping { nonce: bytes32(s)? }.into(),
        Function::Pong => m::Pong { nonce: bytes32(s)? }.into(),
        Function::HarvesterHandshake => {
            m::HarvesterHandshake { pool_pubkeys: some(s, 3, key)? }.into()
        }
        Function::NewChallenge => m::NewChallenge { challenge_hash: bytes32(s)? }.into(),
        Function::ChallengeResponse => m::ChallengeResponse {
            challenge_hash: bytes32(s)?,
            quality: bytes32(s)?,
            plot_size: if s.ratio(1, 8)? { s.arbitrary()? } else { 20 },
        }
        .into(),
        Function::RequestProofOfSpace => m::RequestProofOfSpace { quality: bytes32(s)? }.into(),
        Function::RespondProofOfSpace => {
            m::RespondProofOfSpace { quality: bytes32(s)?, proof: proof_of_space(s)? }.into()
        }
        Function::RequestHeaderSignature => m::RequestHeaderSignature {
            quality: bytes32(s)?,
            header_hash: HeaderDataHash(bytes32(s)?.0),
        }
        .into(),
        Function::RespondHeaderSignature => {
            m::RespondHeaderSignature { quality: bytes32(s)?, header_hash_signature: signature(s)? }
                .into()
        }
        Function::RequestPartialProof => {
            m::RequestPartialProof { quality: bytes32(s)?, farmer_target_hash: bytes32(s)? }.into()
        }
        Function::RespondPartialProof => {
            m::RespondPartialProof { quality: bytes32(s)?, farmer_target_signature: signature(s)? }
                .into()
        }
        Function::ProofOfSpaceFinalized => m::ProofOfSpaceFinalized {
            challenge_hash: bytes32(s)?,
            height: s.int_in_range(0..=40)?,
            weight: s.int_in_range(0..=200)?,
            quality: bytes32(s)?,
            difficulty: s.int_in_range(0..=20)?,
        }
        .into(),
        Function::ProofOfSpaceArrived => {
            m::ProofOfSpaceArrived { weight: s.int_in_range(0..=200)?, quality: bytes32(s)? }.into()
        }
        Function::RequestHeaderHash => {
            let block = block(s)?;
            m::RequestHeaderHash {
                challenge_hash: block.header_block.proof_of_space.challenge_hash,
                coinbase: block.body.coinbase,
                coinbase_signature: block.body.coinbase_signature,
                fees_target_puzzle_hash: bytes32(s)?,
                proof_of_space: block.header_block.proof_of_space,
            }
            .into()
        }
        Function::HeaderHash | Function::HeaderSignature => {
            let header_block = header_block(s)?;
            let pos_hash = Bytes32(header_block.proof_of_space.get_hash::<Sha>());
            let header_hash = header_block.header.data.hash::<Sha>();
            if function == Function::HeaderHash {
                return Ok(m::HeaderHash { pos_hash, header_hash }.into());
            }
            let header_signature = header_block.header.harvester_signature;
            m::HeaderSignature { pos_hash, header_hash, header_signature }.into()
        }
        Function::ProofOfTimeRate => {
            m::ProofOfTimeRate { pot_estimate_ips: s.int_in_range(0..=2_000)? }.into()
        }
        Function::ProofOfTimeFinished | Function::NewProofOfTime => {
            let Some(proof) = header_block(s)?.proof_of_time else {
                return Ok(m::RequestPeers {}.into());
            };
            if function == Function::NewProofOfTime {
                return Ok(m::NewProofOfTime { proof }.into());
            }
            m::ProofOfTimeFinished { proof }.into()
        }
        Function::ChallengeStart => {
            m::ChallengeStart { challenge_hash: bytes32(s)?, weight: s.int_in_range(0..=9)? }.into()
        }
        Function::ProofOfSpaceInfo => m::ProofOfSpaceInfo {
            challenge_hash: bytes32(s)?,
            iterations_needed: s.int_in_range(0..=50)?,
        }
        .into(),
        Function::UnfinishedBlock => m::UnfinishedBlock { block: block(s)? }.into(),
        Function::RequestBlock => m::RequestBlock { header_hash: header_hash(s)? }.into(),
        Function::Block => m::Block { block: block(s)? }.into(),
        Function::Peers => m::Peers { peer_list: some(s, 6, peer_info)? }.into(),
        Function::RequestAllHeaderHashes => {
            m::RequestAllHeaderHashes { tip_header_hash: header_hash(s)? }.into()
        }
        Function::AllHeaderHashes => {
            let world = world();
            let tip = header_hash(s)?;
            let mut header_hashes = world.long.hashes_to(tip).unwrap_or_default();
            if s.ratio(1, 8)? {
                header_hashes.truncate(s.int_in_range(0..=30)?);
            }
            m::AllHeaderHashes { header_hashes }.into()
        }
        Function::RequestHeaderBlocks => {
            m::RequestHeaderBlocks { tip_header_hash: header_hash(s)?, heights: heights(s)? }.into()
        }
        Function::HeaderBlocks => m::HeaderBlocks {
            tip_header_hash: header_hash(s)?,
            header_blocks: some(s, 5, header_block)?,
        }
        .into(),
        Function::RequestSyncBlocks => {
            m::RequestSyncBlocks { tip_header_hash: header_hash(s)?, heights: heights(s)? }.into()
        }
        Function::SyncBlocks => {
            m::SyncBlocks { tip_header_hash: header_hash(s)?, blocks: some(s, 5, block)? }.into()
        }
        Function::TransactionId => m::TransactionId { transaction_id: transaction_id(s)? }.into(),
        Function::RequestTransaction => {
            m::RequestTransaction { transaction_id: transaction_id(s)? }.into()
        }
        Function::NewTransaction => m::NewTransaction { transaction: transaction(s)? }.into(),
        Function::SendTransaction => m::SendTransaction { transaction: transaction(s)? }.into(),
        Function::NewLca => {
            m::NewLca { lca_hash: header_hash(s)?, height: s.int_in_range(0..=40)? }.into()
        }
        Function::RequestHeader => m::RequestHeader { header_hash: header_hash(s)? }.into(),
        Function::Header => {
            m::Header { header_block: header_block(s)?, bip158_filter: Blob::arbitrary(s)? }.into()
        }
        Function::RequestAncestors => m::RequestAncestors {
            header_hash: header_hash(s)?,
            previous_heights_desired: heights(s)?,
        }
        .into(),
        Function::Ancestors => m::Ancestors {
            header_hash: header_hash(s)?,
            ancestors: some(s, 4, |s| Ok((s.int_in_range(0..=40)?, header_hash(s)?)))?,
        }
        .into(),
        Function::RequestBody => m::RequestBody { body_hash: bytes32(s)? }.into(),
        Function::RespondBody => m::RespondBody { body: block(s)?.body }.into(),
        Function::HandshakeAck => m::HandshakeAck {}.into(),
        Function::RequestPeers => m::RequestPeers {}.into(),
        Function::PartialAck => m::PartialAck {}.into(),
        Function::RequestData => {
            m::RequestData { min_height: s.arbitrary()?, farmer_id: s.arbitrary()? }.into()
        }
        Function::RespondData => m::RespondData::arbitrary(s)?.into(),
        Function::Partial => m::Partial::arbitrary(s)?.into(),
    })
}

/// The heavier branch's heaviest block.
pub fn heaviest() -> FullBlock {
    let world = world();
    let tip = world.long.chain().tips[0].header_hash;
    FullBlock::clone(world.long.block(tip).expect("it is there"))
}

/// The quality that a message is about.
pub fn quality_of(message: &mut Message) -> Option<&mut Bytes32> {
    Some(match message {
        Message::ChallengeResponse(it) => &mut it.quality,
        Message::RequestProofOfSpace(it) => &mut it.quality,
        Message::RespondProofOfSpace(it) => &mut it.quality,
        Message::RequestHeaderSignature(it) => &mut it.quality,
        Message::RespondHeaderSignature(it) => &mut it.quality,
        Message::RequestPartialProof(it) => &mut it.quality,
        Message::RespondPartialProof(it) => &mut it.quality,
        _ => return None,
    })
}
