//! Blocks, unfinished blocks and proofs of time.

use nodewire::AskId;
use nodewire::Time;
use nodewire::chia::NodeConfig;
use nodewire::codec::chia::NodeType::{Farmer, FullNode as Full, Timelord};
use nodewire::codec::chia::messages::{
    Block, HeaderSignature, NewProofOfTime, ProofOfTimeFinished, RequestBlock, RequestHeaderHash,
    UnfinishedBlock,
};
use nodewire::codec::chia::{
    Blob, Bytes32, CoinbaseInfo, FullBlock, HeaderDataHash, HeaderHash, PrependSignature,
};
use nodewire::codec::streamable::{RustCryptoSha256, Streamable};
use nodewire::sim::chia::{Answers, Consensus, Keeper, Ledger, Maker, Oracle, stand_in};
use nodewire::state::chia::{
    FullNode, FullNodeCommand, FullNodeConfig, FullNodeLimits, FullNodeQuery, Proven, SyncLimits,
    TransactionResult, TransactionsCommand, TransactionsQuery,
};

use crate::flood::{Flooded, Honest, frame};
use crate::kinds::{Kind, OF_A_HASH, bytes32, kept};

/// Answers as a keeper does, but that an unfinished block takes as long as its timestamp says, and
/// that it takes every transaction and keeps none. Of what it keeps it makes copies.
#[derive(Clone, Debug)]
pub struct Believer(pub Keeper);

impl Oracle<FullNode> for Believer {
    fn asked(
        &mut self,
        now: Time,
        id: AskId,
        query: FullNodeQuery,
        answers: &mut Answers<FullNodeCommand>,
    ) {
        let answer = match query {
            FullNodeQuery::ValidateUnfinished(block) => {
                let iterations = block.header_block.header.data.timestamp;
                let proven = Proven { quality: bytes32(iterations), iterations };
                FullNodeCommand::Validated(id, Some(proven).filter(|_| iterations > 0))
            }
            FullNodeQuery::Transactions(TransactionsQuery::Offer(..)) => {
                let result = TransactionsCommand::Offered(id, TransactionResult::Accepted);
                FullNodeCommand::Transactions(result)
            }
            FullNodeQuery::AddBlock(block) => {
                let copy = Box::new(FullBlock::from_bytes(&block.to_bytes()).unwrap());
                let query = FullNodeQuery::AddBlock(copy);
                return Oracle::<FullNode>::asked(&mut self.0, now, id, query, answers);
            }
            query => return Oracle::<FullNode>::asked(&mut self.0, now, id, query, answers),
        };
        answers.give(answer);
    }
}

/// A chain of eight blocks, and who makes more of them.
pub fn chain() -> (Ledger, Maker) {
    let mut consensus = Consensus::default();
    consensus.witness = 100;
    let maker = Maker::new(consensus.clone(), 1);
    let mut parent = Maker::genesis(&consensus);
    let mut ledger = Ledger::new(consensus, parent.clone());
    for _ in 0..8 {
        parent = maker.child(&parent);
        ledger.add(parent.clone());
    }
    (ledger, maker)
}

/// The newest block of the chain.
pub fn top() -> FullBlock {
    let (ledger, _) = chain();
    FullBlock::clone(ledger.block(ledger.chain().tips[0].header_hash).unwrap())
}

/// A full node with an honest peer that asks for a block.
pub fn full_node() -> Flooded<FullNode, Believer> {
    full_node_with(|_| {})
}

/// One whose connections are set so.
pub fn full_node_with(set: impl FnOnce(&mut NodeConfig)) -> Flooded<FullNode, Believer> {
    let mut config = FullNodeConfig::default();
    config.addresses.target_peers = 0;
    let (ledger, block) = (chain().0, top());
    let role = crate::heap::held(|| FullNode::new(config, ledger.chain()).unwrap());
    let header_hash = ledger.chain().tips[0].header_hash;
    let honest = Honest {
        node_type: Full,
        asks: RequestBlock { header_hash }.into(),
        answered: Block { block }.into(),
    };
    Flooded::with(role, Believer(Keeper::new(ledger)), honest, set)
}

/// The block after the newest, changed somehow, its header bound to its body.
pub fn changed(change: impl Fn(u64, &mut FullBlock) + 'static) -> impl FnMut(u64) -> FullBlock {
    let child = chain().1.child(&top());
    move |number| {
        let mut block = child.clone();
        change(number, &mut block);
        let data = &mut block.header_block.header.data;
        data.body_hash = Bytes32(block.body.get_hash::<RustCryptoSha256>());
        block
    }
}

/// The same as messages.
fn blocks(change: impl Fn(u64, &mut FullBlock) + 'static) -> impl FnMut(u64) -> Vec<u8> {
    let mut changed = changed(change);
    move |number| frame(Block { block: changed(number) })
}

/// The block after the newest before its proof of time, changed somehow.
fn unfinished(change: impl Fn(u64, &mut FullBlock) + 'static) -> impl FnMut(u64) -> Vec<u8> {
    let block = chain().1.unfinished(&top());
    move |number| {
        let mut block = block.clone();
        change(number, &mut block);
        frame(UnfinishedBlock { block })
    }
}

/// Bytes that a block of these tests costs while it is kept.
pub fn of_a_block() -> usize {
    kept(frame(Block { block: chain().1.child(&top()) }).len())
}

/// A block claims to be so high, on a parent that nobody knows.
pub fn raise(number: u64, block: &mut FullBlock, height: u32) {
    block.header_block.header.data.prev_header_hash = HeaderHash(bytes32(number).0);
    block.body.coinbase.height = height;
    block.header_block.challenge.as_mut().unwrap().height = height;
}

#[test]
fn blocks_of_all_kinds() {
    let limits = FullNodeLimits::default();
    let seen = |kind: Kind| kind.keeps("max_seen", limits.max_seen, OF_A_HASH);
    let per_peer = limits.max_disconnected_per_peer;

    let again = blocks(|_, _| {});
    full_node().flood(seen(Kind::new("the same block", Full, again)));

    let orphans = blocks(|number, block| {
        block.header_block.header.data.prev_header_hash = HeaderHash(bytes32(number).0);
    });
    let kind = Kind::new("blocks without a parent (A-8)", Full, orphans);
    full_node().flood(seen(kind.keeps("max_disconnected_per_peer", per_peer, of_a_block())));

    let invalid = blocks(|number, block| {
        let proof = block.header_block.proof_of_time.as_mut().unwrap();
        proof.witness = Blob(bytes32(number).0.to_vec().into());
    });
    let kind = Kind::new("twins of a good block (A-1)", Full, invalid);
    full_node().flood(seen(kind.ends(&["InvalidBlock"])));

    let mixed = blocks(|_, block| block.header_block.challenge = None);
    full_node().flood(Kind::new("blocks half finished (A-18)", Full, mixed).ends(&["NotFinished"]));

    let two_heights = blocks(|_, block| block.body.coinbase.height += 1);
    full_node().flood(Kind::new("blocks of two heights", Full, two_heights).ends(&["TwoHeights"]));

    let low = blocks(|number, block| raise(number, block, 0));
    full_node().flood(Kind::new("blocks far below", Full, low));

    let sync = SyncLimits::default();
    let far = blocks(|number, block| {
        raise(number, block, 100 + (number % 1_000) as u32);
        block.header_block.challenge.as_mut().unwrap().total_weight = 1_000_000 + number;
    });
    let kind = Kind::new("heavy tips that are nowhere (A-5, A-7)", Full, far);
    let kind = kind.keeps("max_barred", sync.max_barred, OF_A_HASH).keeps(
        "max_kept",
        limits.max_kept,
        of_a_block(),
    );
    full_node().flood(kind.keeps("max_tips of a peer", 2, of_a_block()));

    let extreme = blocks(|number, block| {
        raise(number, block, u32::MAX);
        let challenge = block.header_block.challenge.as_mut().unwrap();
        (challenge.total_weight, challenge.total_iters) = (u64::MAX, u64::MAX);
        block.header_block.proof_of_space.size = 255;
        block.header_block.proof_of_time.as_mut().unwrap().number_of_iterations = 0;
    });
    full_node()
        .flood(Kind::new("numbers at their ends (A-15)", Full, extreme).ends(&["InvalidBlock"]));
}

#[test]
fn unfinished_blocks_of_all_kinds() {
    let limits = FullNodeLimits::default();
    let seen = |kind: Kind| kind.keeps("max_seen", limits.max_seen, OF_A_HASH);
    let time = |block: &mut FullBlock, iterations| {
        block.header_block.header.data.timestamp = iterations;
    };

    // Each takes less time than the one before, and so is the best there is.
    let better = unfinished(move |number, block| time(block, 100_000_000 - number));
    let kind = Kind::new("ever better unfinished blocks (A-10)", Full, better);
    full_node().flood(seen(kind.keeps("max_unfinished", limits.max_unfinished, of_a_block())));

    // Each is slow, and waits.
    let slow = unfinished(move |number, block| time(block, 100_000_000 + number));
    let kind = Kind::new("slow unfinished blocks (A-10)", Full, slow);
    let kind = kind.keeps("max_unfinished", limits.max_unfinished, of_a_block());
    full_node().flood(seen(kind.keeps("max_waiting", limits.max_waiting, of_a_block())));

    let unknown = unfinished(|number, block| {
        block.header_block.header.data.prev_header_hash = HeaderHash(bytes32(number).0);
    });
    full_node().flood(seen(Kind::new("unfinished blocks on no tip", Full, unknown)));

    let invalid = unfinished(|number, block| {
        block.header_block.header.data.timestamp = 0;
        block.header_block.proof_of_space.proof = Blob(bytes32(number).0.to_vec().into());
    });
    let kind = Kind::new("invalid unfinished blocks", Full, invalid);
    full_node().flood(seen(kind.ends(&["InvalidUnfinishedBlock"])));

    let size = unfinished(|number, block| {
        block.header_block.header.data.timestamp = 0;
        block.header_block.proof_of_space.size = if number % 2 == 0 { 0 } else { 255 };
    });
    let kind = Kind::new("plots of size 0 and 255 (A-15)", Full, size);
    full_node().flood(seen(kind.ends(&["InvalidUnfinishedBlock"])));
}

#[test]
fn proofs_of_time_of_all_kinds() {
    let limits = FullNodeLimits::default();
    let seen = |kind: Kind| kind.keeps("max_seen", limits.max_seen, OF_A_HASH);
    let tip = chain().1.unfinished(&top()).header_block.proof_of_space.challenge_hash;
    let good = move |number| stand_in::proof_of_time(tip, number, 100);
    let bad = move |number: u64| {
        let mut proof = stand_in::proof_of_time(tip, number, 100);
        proof.witness = Blob(vec![1; 100].into());
        proof
    };
    let unknown = |number| stand_in::proof_of_time(bytes32(number), number, 100);

    let storm = move |number| frame(NewProofOfTime { proof: unknown(number) });
    full_node().flood(Kind::new("proofs of time of no tip (A-9)", Full, storm));
    let storm = move |number| frame(NewProofOfTime { proof: good(number) });
    full_node().flood(seen(Kind::new("proofs of time of a tip (A-9)", Full, storm)));
    let same = move |_| frame(NewProofOfTime { proof: good(7) });
    full_node().flood(seen(Kind::new("the same proof of time (A-9)", Full, same)));
    let lies = move |number| frame(NewProofOfTime { proof: bad(number) });
    let kind = Kind::new("bad proofs of time", Full, lies);
    full_node().flood(seen(kind.ends(&["InvalidProofOfTime"])));

    let storm = move |number| frame(ProofOfTimeFinished { proof: good(number) });
    full_node().flood(seen(Kind::new("finished proofs of time of a tip", Timelord, storm)));
    let lies = move |number| frame(ProofOfTimeFinished { proof: bad(number) });
    let kind = Kind::new("bad finished proofs of time", Timelord, lies);
    full_node().flood(seen(kind.ends(&["InvalidProofOfTime"])));
}

#[test]
fn what_farmers_send() {
    let limits = FullNodeLimits::default();
    let request = |number: u64, honest: bool| {
        let block = chain().1.unfinished(&top());
        let mut proof_of_space = block.header_block.proof_of_space;
        if !honest {
            proof_of_space.proof = Blob(bytes32(number).0.to_vec().into());
        }
        let coinbase = CoinbaseInfo { puzzle_hash: bytes32(number), ..block.body.coinbase };
        RequestHeaderHash {
            challenge_hash: proof_of_space.challenge_hash,
            coinbase_signature: stand_in::sign(proof_of_space.pool_pubkey, &coinbase.to_bytes()),
            coinbase,
            fees_target_puzzle_hash: bytes32(number),
            proof_of_space,
        }
    };
    let size = frame(request(1, true)).len();
    let wants = move |number| frame(request(number, true));
    let kind = Kind::new("candidates", Farmer, wants);
    let kind = kind.keeps("max_candidates", limits.max_candidates, kept(size));
    full_node().flood(kind);
    let lies = move |number| frame(request(number, false));
    full_node()
        .flood(Kind::new("bad proofs of space", Farmer, lies).ends(&["InvalidProofOfSpace"]));
    let unknown = |number| {
        frame(HeaderSignature {
            pos_hash: bytes32(number),
            header_hash: HeaderDataHash(bytes32(number).0),
            header_signature: PrependSignature([0x40; 96]),
        })
    };
    full_node().flood(Kind::new("signatures of unknown headers", Farmer, unknown));
}
