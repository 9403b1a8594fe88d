//! Farmer, harvester and timelord, each flooded by whom it talks to.

use std::time::Duration;

use nodewire::codec::chia::NodeType::{self, FullNode as Full, Harvester as Harvesting};
use nodewire::codec::chia::messages::{
    ChallengeResponse, ChallengeStart, HarvesterHandshake, HeaderHash, NewChallenge,
    ProofOfSpaceArrived, ProofOfSpaceFinalized, ProofOfSpaceInfo, ProofOfTimeRate,
    RequestHeaderSignature, RequestPartialProof, RequestProofOfSpace, RespondHeaderSignature,
    RespondPartialProof, RespondProofOfSpace,
};
use nodewire::codec::chia::{Blob, HeaderDataHash, PrependSignature};
use nodewire::sim::chia::{Clockwork, Consensus, Plots, Purse, stand_in};
use nodewire::state::chia::{
    Farmer, FarmerConfig, FarmerLimits, Harvester, HarvesterCommand, HarvesterLimits, Timelord,
    TimelordConfig,
};

use crate::flood::{Flooded, ack, frame, hello, node_id};
use crate::heap::held;
use crate::kinds::{Kind, OF_A_HASH, Way, bytes32, here};
use crate::wallets::who_pings;

const SIGNATURE: PrependSignature = PrependSignature([0x40; 96]);

/// What a quality costs with all that belongs to it.
const OF_A_QUALITY: usize = 768;

/// A farmer that was told one challenge by an honest full node.
fn farmer() -> Flooded<Farmer, Purse> {
    let role = held(|| {
        let config = FarmerConfig::new(vec![stand_in::key(0)], Blob(vec![1; 32].into()));
        <Farmer>::new(config)
    });
    let purse = Purse::new(Consensus::default(), bytes32(1));
    let mut farmer = Flooded::new(role, purse, who_pings(Full));
    farmer.honest(ProofOfSpaceFinalized {
        challenge_hash: bytes32(0),
        height: 8,
        weight: 80,
        quality: bytes32(1),
        difficulty: 5,
    });
    farmer
}

#[test]
fn a_farmer_by_its_harvester() {
    let limits = FarmerLimits::default();
    let qualities = |kind: Kind| kind.keeps("max_qualities", limits.max_qualities, OF_A_QUALITY);
    let response = |challenge: u64, quality: u64, plot_size| {
        let challenge_hash = bytes32(challenge);
        frame(ChallengeResponse { challenge_hash, quality: bytes32(quality), plot_size })
    };
    let of_none = move |number| response(number + 1, number, 32);
    farmer().flood(Kind::new("qualities of unknown challenges (A-14)", Harvesting, of_none));
    let many = move |number| response(0, number, 32);
    farmer().flood(qualities(Kind::new("qualities (A-14)", Harvesting, many)));
    let ends = move |number: u64| response(0, number, if number % 2 == 0 { 0 } else { 255 });
    farmer().flood(
        qualities(Kind::new("plots of size 0 and 255 (A-15)", Harvesting, ends))
            .ends(&["PlotSize"]),
    );
    let proof = |number| {
        let proof = stand_in::proof_of_space(bytes32(0), stand_in::key(0), stand_in::key(1), 32, 0);
        frame(RespondProofOfSpace { quality: bytes32(number), proof })
    };
    farmer().flood(
        Kind::new("proofs that nobody asked for", Harvesting, proof).ends(&["UnsolicitedAnswers"]),
    );
    let header = |number| {
        frame(RespondHeaderSignature { quality: bytes32(number), header_hash_signature: SIGNATURE })
    };
    farmer().flood(
        Kind::new("signatures that nobody asked for", Harvesting, header)
            .ends(&["UnsolicitedAnswers"]),
    );
    let partial = |number| {
        let quality = bytes32(number);
        frame(RespondPartialProof { quality, farmer_target_signature: SIGNATURE })
    };
    farmer().flood(
        Kind::new("partials that nobody asked for", Harvesting, partial)
            .ends(&["UnsolicitedAnswers"]),
    );
}

#[test]
fn a_farmer_by_a_full_node() {
    let limits = FarmerLimits::default();
    let told = |number: u64, weight: u64, difficulty: u64| {
        frame(ProofOfSpaceFinalized {
            challenge_hash: bytes32(number),
            height: 9,
            weight,
            quality: bytes32(1),
            difficulty,
        })
    };
    let kind = |name, item: Box<dyn FnMut(u64) -> Vec<u8>>| {
        let kind = Kind::new(name, Full, item);
        kind.keeps("max_challenges", limits.max_challenges, 2 * OF_A_HASH)
    };
    let rising = move |number| told(number + 1, 100 + number, 5);
    farmer().flood(kind("ever heavier challenges", Box::new(rising)));
    let level = move |number| told(number + 1, 80, 5);
    farmer().flood(kind("challenges of one weight", Box::new(level)));
    let ends =
        move |number: u64| told(number + 1, u64::MAX, if number % 2 == 0 { 0 } else { u64::MAX });
    farmer()
        .flood(kind("difficulties at their ends (A-15)", Box::new(ends)).ends(&["ZeroDifficulty"]));
    let arrivals = limits.max_arrivals * limits.max_arrival_weights;
    let arrived =
        |number| frame(ProofOfSpaceArrived { weight: number / 64, quality: bytes32(number) });
    let flood = Kind::new("arrivals", Full, arrived);
    farmer().flood(flood.keeps("max_arrivals", arrivals, OF_A_HASH));
    let header = |number| {
        let header_hash = HeaderDataHash(bytes32(number).0);
        frame(HeaderHash { pos_hash: bytes32(number), header_hash })
    };
    farmer().flood(
        Kind::new("headers that nobody asked for", Full, header).ends(&["UnsolicitedAnswers"]),
    );
    let rate = |number| frame(ProofOfTimeRate { pot_estimate_ips: number + 1 });
    farmer().flood(Kind::new("rates", Full, rate));
    let nothing = |_| frame(ProofOfTimeRate { pot_estimate_ips: 0 });
    farmer().flood(Kind::new("a rate of nothing (A-15)", Full, nothing).ends(&["ZeroRate"]));
}

/// A harvester of four plots: it has one farmer, which is who floods it.
fn harvester() -> Flooded<Harvester, Plots> {
    let plots = Plots::new(&[0, 1, 2, 3], 20, Duration::ZERO);
    let role = <Harvester>::new(HarvesterLimits::default());
    let all = plots.all();
    let mut harvester = Flooded::new(role, plots, who_pings(NodeType::Farmer));
    harvester.tell(held(|| HarvesterCommand::Plots(all.clone())));
    harvester.honest(HarvesterHandshake { pool_pubkeys: vec![stand_in::key(0)] });
    harvester.honest(NewChallenge { challenge_hash: bytes32(0) });
    harvester
}

#[test]
fn a_harvester_by_its_farmer() {
    let limits = HarvesterLimits::default();
    let alone = |name, item: Box<dyn FnMut(u64) -> Vec<u8>>| {
        let kind = Kind::new(name, NodeType::Farmer, item).way(Way::Alone);
        // Eight qualities of four plots, at most.
        kind.keeps("max_challenges", limits.max_challenges, 8 * OF_A_HASH + 1_024)
    };
    let quality = stand_in::quality_of(bytes32(0), stand_in::key(1), 0);
    let challenges = |number| frame(NewChallenge { challenge_hash: bytes32(number) });
    harvester().flood(alone("challenges (A-14)", Box::new(challenges)));
    let again = |_| frame(NewChallenge { challenge_hash: bytes32(0) });
    harvester().flood(alone("the same challenge (A-14)", Box::new(again)));
    let known = move |_| frame(RequestProofOfSpace { quality });
    harvester().flood(alone("requests for one proof (A-14)", Box::new(known)));
    let unknown = |number| frame(RequestProofOfSpace { quality: bytes32(number) });
    harvester().flood(alone("requests for unknown proofs", Box::new(unknown)));
    let header = move |number| {
        let header_hash = HeaderDataHash(bytes32(number).0);
        frame(RequestHeaderSignature { quality, header_hash })
    };
    harvester().flood(alone("requests for signatures", Box::new(header)));
    let partial =
        move |number| frame(RequestPartialProof { quality, farmer_target_hash: bytes32(number) });
    harvester().flood(alone("requests for partials", Box::new(partial)));
    let pools = |number| {
        let pool_pubkeys = (0..50).map(|key| stand_in::key(number * 50 + key)).collect();
        frame(HarvesterHandshake { pool_pubkeys })
    };
    let kind = alone("pools of nobody", Box::new(pools));
    harvester().flood(kind.keeps("max_pool_pubkeys", 50, OF_A_HASH));
    let second = |number| [hello(node_id(number), NodeType::Farmer), ack()].concat();
    let kind = Kind::new("a second farmer", NodeType::Farmer, second).ends(&["Duplicate"]);
    harvester().flood(kind.way(Way::Opening(Box::new(here))));
}

#[test]
fn a_timelord_by_a_full_node() {
    let limits = TimelordConfig::default();
    let timelord = || {
        let role = held(|| Timelord::new(TimelordConfig::default()));
        Flooded::new(role, Clockwork::new(1_000, 100), who_pings(Full))
    };
    let kind = |name, item: Box<dyn FnMut(u64) -> Vec<u8>>| {
        Kind::new(name, Full, item).keeps("max_challenges", limits.max_challenges, 3 * OF_A_HASH)
    };
    let start =
        |number: u64, weight| frame(ChallengeStart { challenge_hash: bytes32(number), weight });
    let rising = move |number| start(number, number);
    timelord().flood(kind("ever heavier challenges", Box::new(rising)));
    let level = move |number| start(number, 7);
    timelord().flood(kind("challenges of one weight", Box::new(level)));
    let info = |challenge: u64, iterations_needed| {
        frame(ProofOfSpaceInfo { challenge_hash: bytes32(challenge), iterations_needed })
    };
    let unknown = move |number| info(number, number + 1);
    timelord().flood(kind("counts of unknown challenges", Box::new(unknown)));
    let known = move |number: u64| match number {
        0 => start(0, 7),
        _ => info(0, u64::MAX - number),
    };
    timelord().flood(kind("counts of one challenge", Box::new(known)));
    let nothing = move |number| info(number, 0);
    timelord().flood(kind("counts of nothing (A-15)", Box::new(nothing)).ends(&["ZeroIterations"]));
}
