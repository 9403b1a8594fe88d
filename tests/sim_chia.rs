//! The chain in memory: real blocks and made-up ones, branches, damage.

#![cfg(all(feature = "chia", feature = "sim"))]

mod shared_vectors;

use std::time::Duration;

use nodewire::codec::chia::{
    Blob, Bytes32, Challenge, FullBlock, HeaderBlock, HeaderHash, ProofOfTime, Transaction,
    TransactionId,
};
use nodewire::codec::streamable::{RustCryptoSha256, Streamable};
use nodewire::sim::chia::{
    Answers, Clockwork, Consensus, INVALID, Keeper, Ledger, Maker, Mempool, Oracle, Plots, Proofs,
    stand_in,
};
use nodewire::state::chia::{
    Added, FullNode, FullNodeCommand, FullNodeQuery, Harvester, HarvesterCommand, HarvesterQuery,
    HeaderBatch, PlotId, Signed, SyncCommand, SyncQuery, Timelord, TimelordCommand, TimelordQuery,
    TransactionResult, Weighed,
};
use nodewire::{AskId, Machine, Time};
use serde_json::Value;

use shared_vectors::shared;

type Damage = (&'static str, fn(&mut FullBlock));

#[test]
fn real_blocks_follow_on_each_other_and_a_fork_is_a_branch() {
    let Some(vectors) = shared("sim_chia", "chia", "chain.json") else { return };
    let mut consensus = Consensus::default();
    consensus.proofs = Proofs::Unchecked;
    let main = blocks(&vectors["main"]);
    let fork = blocks(&vectors["fork_after_height_20"]);
    let mut ledger = Ledger::new(consensus, main[0].clone());
    for block in &main[1..] {
        assert!(matches!(ledger.add(block.clone()), Added::Tip(_)));
    }
    assert!(fork.iter().all(|block| ledger.add(block.clone()) == Added::Orphan));
    assert_eq!(ledger.len(), main.len() + fork.len());
    let chain = ledger.chain();
    assert!(chain.is_sound());
    let heights: Vec<_> = chain.tips.iter().map(|tip| tip.height).collect();
    assert_eq!(heights, [60, 59, 58]);
    assert_eq!((chain.lca, chain.lca_height), (hash(&main[58]), 58));
    let hashes = ledger.hashes_to(hash(&fork[11])).unwrap();
    let path: Vec<_> = main[..21].iter().chain(&fork).map(hash).collect();
    assert_eq!(hashes, path);
    assert_eq!(ledger.ancestor(hash(&fork[11]), 20), Some(hash(&main[20])));
    assert_eq!(ledger.ancestor(hash(&fork[11]), 30), Some(hash(&fork[9])));
    assert_eq!(ledger.ancestor(hash(&fork[11]), 33), None);
    let body = &fork[3].body;
    assert_eq!(ledger.body(Bytes32(body.get_hash::<RustCryptoSha256>())), Some(body));
}

#[test]
fn a_branch_that_gets_heavier_is_followed() {
    let consensus = Consensus::default();
    let (one, other) = (Maker::new(consensus.clone(), 1), Maker::new(consensus.clone(), 2));
    let genesis = Maker::genesis(&consensus);
    let mut ledger = Ledger::new(consensus, genesis.clone());
    let ours = grow(&one, &genesis, 10);
    let theirs = grow(&other, &ours[3], 12);
    for block in ours.iter().chain(&theirs) {
        assert!(!matches!(ledger.add(block.clone()), Added::Invalid | Added::Disconnected));
    }
    let path: Vec<_> = [&genesis].into_iter().chain(&ours[..4]).chain(&theirs).map(hash).collect();
    assert_eq!(ledger.hashes_to(hash(&theirs[11])).unwrap(), path);
    for (height, expected) in (0_u32..).zip(&path) {
        assert_eq!(ledger.header_hash_at(height), Some(*expected));
    }
    assert_eq!(ledger.header_hash_at(17), None);
    assert_eq!(ledger.add(theirs[11].clone()), Added::AlreadyHave);
    let orphan = other.child(&other.child(&theirs[11]));
    assert_eq!(ledger.add(orphan), Added::Disconnected);
}

#[test]
fn tips_on_two_branches_have_the_block_before_them_in_common() {
    let consensus = Consensus::default();
    let (one, other) = (Maker::new(consensus.clone(), 1), Maker::new(consensus.clone(), 2));
    let genesis = Maker::genesis(&consensus);
    let mut ledger = Ledger::new(consensus, genesis.clone());
    let trunk = grow(&one, &genesis, 5);
    let (left, right) = (grow(&one, &trunk[4], 2), grow(&other, &trunk[4], 2));
    for block in trunk.iter().chain(&left).chain(&right) {
        ledger.add(block.clone());
    }
    let right_tip = other.child(&right[1]);
    ledger.add(right_tip.clone());
    let chain = ledger.chain();
    let tips: Vec<_> = chain.tips.iter().map(|tip| tip.header_hash).collect();
    assert_eq!(tips[0], hash(&right_tip));
    assert_eq!((chain.lca, chain.lca_height), (hash(&trunk[4]), 5));
}

#[test]
fn every_damage_is_seen() {
    let consensus = Consensus::default();
    let maker = Maker::new(consensus.clone(), 1);
    let genesis = Maker::genesis(&consensus);
    let good = maker.child(&genesis);
    let damages: [Damage; 10] = [
        ("no proof of time", |it| it.header_block.proof_of_time = None),
        ("no challenge", |it| it.header_block.challenge = None),
        ("another witness", |it| time(it).witness.0 = vec![1; 934].into()),
        ("more iterations", |it| time(it).number_of_iterations += 1),
        ("another height", |it| it.header_block.challenge.as_mut().unwrap().height = 2),
        ("another weight", |it| it.header_block.challenge.as_mut().unwrap().total_weight += 1),
        ("another body", |it| it.body.cost = 1),
        ("another coinbase height", |it| it.body.coinbase.height = 7),
        ("another signature", |it| it.header_block.header.harvester_signature.0[9] ^= 1),
        ("another plot", |it| it.header_block.proof_of_space.plot_pubkey.0[9] ^= 1),
    ];
    for (name, damage) in damages {
        let mut ledger = Ledger::new(consensus.clone(), genesis.clone());
        let mut block = good.clone();
        damage(&mut block);
        assert_eq!(ledger.add(block), Added::Invalid, "{name}");
        assert!(matches!(ledger.add(good.clone()), Added::Tip(_)), "{name}");
    }
}

/// The header hash covers neither the proof of time nor the challenge, so whoever delivers a header may
/// change any byte of these: that blames the one that delivered, never the chain.
#[test]
fn a_header_is_damaged_wherever_its_proof_of_time_or_its_challenge_is() {
    let consensus = Consensus::default();
    let maker = Maker::new(consensus.clone(), 1);
    let genesis = Maker::genesis(&consensus);
    let good = maker.child(&genesis).header_block;
    let mut keeper = Keeper::new(Ledger::new(consensus, genesis));
    let mut weighed = |header| weighed(&mut keeper, 1, vec![header]);
    assert_eq!(weighed(good.clone()), Weighed::Good);
    let (time, challenge) = (good.proof_of_time.clone().unwrap(), good.challenge.clone().unwrap());
    for (at, bytes) in flipped(&time.to_bytes()) {
        let Ok(time) = ProofOfTime::from_bytes(&bytes) else { continue };
        let header = HeaderBlock { proof_of_time: Some(time), ..good.clone() };
        assert_eq!(weighed(header), Weighed::Damaged, "byte {at} of the proof of time");
    }
    for (at, bytes) in flipped(&challenge.to_bytes()) {
        let challenge = Challenge::from_bytes(&bytes).unwrap();
        let header = HeaderBlock { challenge: Some(challenge), ..good.clone() };
        assert_eq!(weighed(header), Weighed::Damaged, "byte {at} of the challenge");
    }
}

/// Where nobody can tell whether a challenge is its block's, the header after it tells: whoever
/// delivered both is blamed, and the chain only if they came apart.
#[test]
fn a_challenge_that_the_next_header_does_not_answer_is_damaged() {
    let mut consensus = Consensus::default();
    consensus.proofs = Proofs::Unchecked;
    let maker = Maker::new(consensus.clone(), 1);
    let genesis = Maker::genesis(&consensus);
    let chain = grow(&maker, &genesis, 2);
    let mut headers: Vec<_> = chain.into_iter().map(|block| block.header_block).collect();
    let mut keeper = Keeper::new(Ledger::new(consensus, genesis));
    assert_eq!(weighed(&mut keeper, 1, headers.clone()), Weighed::Good);
    headers[0].challenge.as_mut().unwrap().proof_of_time_output_hash.0[0] ^= 1;
    assert_eq!(weighed(&mut keeper, 1, headers.clone()), Weighed::Damaged);
    let after = headers.split_off(1);
    assert_eq!(weighed(&mut keeper, 1, headers), Weighed::Good);
    assert_eq!(weighed(&mut keeper, 2, after), Weighed::Bad);
}

fn weighed(keeper: &mut Keeper, first: u32, headers: Vec<HeaderBlock>) -> Weighed {
    let batch = Box::new(HeaderBatch { fork: 0, first, headers });
    let query = FullNodeQuery::Sync(SyncQuery::WeighHeaders(batch));
    let answer = answers::<FullNode>(keeper, Time::ZERO, query).remove(0);
    let FullNodeCommand::Sync(SyncCommand::Weighed(_, weighed)) = answer else {
        panic!("{answer:?}")
    };
    weighed
}

/// The same bytes with one of them changed.
fn flipped(bytes: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    (0..bytes.len()).map(|at| {
        let mut bytes = bytes.to_vec();
        bytes[at] ^= 1;
        (at, bytes)
    })
}

#[test]
fn an_unfinished_block_is_judged_by_its_proof_of_space() {
    let consensus = Consensus::default();
    let maker = Maker::new(consensus.clone(), 1);
    let genesis = Maker::genesis(&consensus);
    let ledger = Ledger::new(consensus.clone(), genesis.clone());
    let mut block = maker.unfinished(&genesis);
    let (quality, iterations) = ledger.judge_unfinished(&block).unwrap();
    assert_eq!(consensus.iterations(quality, consensus.plot_size), Some(iterations));
    assert!(iterations > consensus.ips * consensus.min_block_time);
    assert_eq!(ledger.judge_unfinished(&maker.child(&genesis)), None);
    block.header_block.header.data.timestamp += 1;
    assert_eq!(ledger.judge_unfinished(&block), None);
}

fn grow(maker: &Maker, parent: &FullBlock, blocks: usize) -> Vec<FullBlock> {
    let mut grown: Vec<FullBlock> = Vec::new();
    for _ in 0..blocks {
        let next = maker.child(grown.last().unwrap_or(parent));
        grown.push(next);
    }
    grown
}

fn time(block: &mut FullBlock) -> &mut ProofOfTime {
    block.header_block.proof_of_time.as_mut().unwrap()
}

fn hash(block: &FullBlock) -> HeaderHash {
    block.header_hash::<RustCryptoSha256>()
}

fn blocks(of: &Value) -> Vec<FullBlock> {
    let streams = of.as_array().unwrap().iter().map(|block| block["block"].as_str().unwrap());
    streams.map(|hex| FullBlock::from_bytes(&bytes(hex)).unwrap()).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

/// A proof of space is for the parent's challenge, however well the block is signed.
#[test]
fn an_unfinished_block_has_a_proof_for_its_parent() {
    let consensus = Consensus::default();
    let (one, other) = (Maker::new(consensus.clone(), 1), Maker::new(consensus.clone(), 2));
    let genesis = Maker::genesis(&consensus);
    let (parent, sibling) = (one.child(&genesis), other.child(&genesis));
    let mut ledger = Ledger::new(consensus, genesis);
    ledger.add(parent.clone());
    ledger.add(sibling.clone());
    let good = one.unfinished(&parent);
    assert!(ledger.judge_unfinished(&good).is_some());
    let mut moved = good;
    let header = &mut moved.header_block.header;
    header.data.prev_header_hash = hash(&sibling);
    let signed = header.data.hash::<RustCryptoSha256>();
    header.harvester_signature =
        stand_in::sign(moved.header_block.proof_of_space.plot_pubkey, &signed.0);
    assert_eq!(ledger.judge_unfinished(&moved), None);
}

#[test]
fn a_mempool_takes_what_is_good_as_long_as_it_has_room() {
    let transaction = |bytes: &[u8]| Transaction(Blob(bytes.to_vec().into()));
    let mut mempool = Mempool::new(2);
    let mut offer = |id, bytes: &[u8]| mempool.offer(TransactionId([id; 32]), transaction(bytes));
    assert_eq!(offer(1, &[]), TransactionResult::Invalid);
    assert_eq!(offer(1, &[INVALID, 1]), TransactionResult::Invalid);
    assert_eq!(offer(1, &[1]), TransactionResult::Accepted);
    assert_eq!(offer(1, &[1]), TransactionResult::Known);
    assert_eq!(offer(2, &[2]), TransactionResult::Accepted);
    assert_eq!(offer(3, &[3]), TransactionResult::Refused);
    assert_eq!((mempool.len(), mempool.contains(TransactionId([2; 32]))), (2, true));
}

/// Every plot has a proof or two, which is what a farmer's proof of the same number is.
#[test]
fn plots_answer_what_a_harvester_asks() {
    let mut plots = Plots::new(&[0, 1], 20, Duration::from_secs(3));
    let [first, _] = &plots.all()[..] else { panic!() };
    let (plot, plot_pubkey) = (first.id, first.plot_pubkey);
    let mut ask = |query| {
        let (mut answers, id) = (Answers::new(), AskId::from_u64(7));
        let oracle: &mut dyn Oracle<Harvester> = &mut plots;
        oracle.asked(Time::ZERO, id, query, &mut answers);
        let mut answers = answers.take();
        assert_eq!(answers.len(), 1);
        let (after, answer) = answers.remove(0);
        assert_eq!(after, Duration::from_secs(3));
        answer
    };
    for (byte, proofs) in [(2, 1), (3, 2)] {
        let challenge_hash = Bytes32([byte; 32]);
        let answer = ask(HarvesterQuery::LookupQualities { plot, challenge_hash });
        let HarvesterCommand::Qualities(_, Some(strings)) = answer else { panic!("{answer:?}") };
        let string = |number| stand_in::quality_string(challenge_hash, plot_pubkey, number).0;
        let expected: Vec<_> = (0..proofs).map(string).collect();
        assert_eq!(strings.iter().map(|it| it.0.to_vec()).collect::<Vec<_>>(), expected);
    }
    let unknown = PlotId(99);
    let answer = ask(HarvesterQuery::Sign { plot: unknown, hash: Bytes32([1; 32]) });
    assert!(matches!(answer, HarvesterCommand::Signature(_, None)));
}

fn answers<M: Machine>(oracle: &mut impl Oracle<M>, now: Time, query: M::Query) -> Vec<M::Local> {
    let mut answers = Answers::new();
    oracle.asked(now, AskId::from_u64(7), query, &mut answers);
    answers.take().into_iter().map(|(_, answer)| answer).collect()
}

/// A clockwork makes proofs that take their time, and are good.
#[test]
fn a_clockwork_proves_what_it_is_fed() {
    let mut clockwork = Clockwork::new(1_000, 40);
    let (vdf, challenge_hash) = (AskId::from_u64(7), Bytes32([3; 32]));
    let query = TimelordQuery::StartVdf { worker: 0, challenge_hash };
    let started = answers::<Timelord>(&mut clockwork, Time::ZERO, query);
    assert_eq!(started, [TimelordCommand::VdfStarted(vdf)]);
    let (mut given, now) = (Answers::new(), Time::from_micros(500_000));
    let query = TimelordQuery::FeedIterations { vdf, iterations: 2_000 };
    Oracle::<Timelord>::asked(&mut clockwork, now, vdf, query, &mut given);
    let (after, answer) = given.take().remove(0);
    let TimelordCommand::VdfProof(_, proof) = answer else { panic!("{answer:?}") };
    assert_eq!((after, proof.number_of_iterations), (Duration::from_millis(1_500), 2_000));
    for (change, is_good) in [(0, true), (1, false)] {
        let mut proof = proof.clone();
        proof.number_of_iterations += change;
        let verdict = answers::<Timelord>(&mut clockwork, now, TimelordQuery::VerifyProof(proof));
        assert_eq!(verdict, [TimelordCommand::Verdict(vdf, is_good)]);
    }
    let stopped = answers::<Timelord>(&mut clockwork, now, TimelordQuery::StopVdf { vdf });
    assert_eq!(stopped, [TimelordCommand::VdfStopped(vdf)]);
    let query = TimelordQuery::FeedIterations { vdf, iterations: 3_000 };
    assert_eq!(answers::<Timelord>(&mut clockwork, now, query), []);
}

/// Signatures are verified, unless nothing can be.
#[test]
fn a_keeper_believes_only_where_it_cannot_check() {
    let (key, hash) = (stand_in::key(1), Bytes32([4; 32]));
    for (proofs, believes) in [(Consensus::default().proofs, false), (Proofs::Unchecked, true)] {
        let mut consensus = Consensus::default();
        consensus.proofs = proofs;
        let genesis = Maker::genesis(&consensus);
        let mut keeper = Keeper::new(Ledger::new(consensus, genesis));
        for (signer, is_good) in [(1, true), (2, believes)] {
            let signature = stand_in::sign(stand_in::key(signer), &hash.0);
            let signed = Box::new(Signed { key, hash, signature });
            let query = FullNodeQuery::VerifySignature(signed);
            let verdict = FullNodeCommand::Verdict(AskId::from_u64(7), is_good);
            assert_eq!(answers::<FullNode>(&mut keeper, Time::ZERO, query), [verdict]);
        }
    }
}
