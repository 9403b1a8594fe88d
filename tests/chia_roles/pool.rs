//! Farmer and pool (`chia.md` 13, PO-1 to PO-5).

use std::collections::VecDeque;

use nodewire::bytes::Bytes;
use nodewire::chia::{pool_client_session, pool_session};
use nodewire::codec::chia::messages::{Partial, PartialAck, Ping, RequestData, RespondData};
use nodewire::codec::chia::{
    Blob, Bytes32, Challenge, CoinbaseInfo, Message, ProofOfSpace, SignedCoinbase,
};
use nodewire::codec::streamable::{RustCryptoSha256, Sha256, Streamable};
use nodewire::link::Transport;
use nodewire::state::chia::{
    Credit, Farmer, FarmerCommand, FarmerConfig, PartialProof, Pool, PoolClient, PoolClientCommand,
    PoolClientConfig, PoolClientNotice, PoolClientQuery, PoolCommand, PoolConfig, PoolNotice,
    PoolQuery, PoolRate, Signed,
};
use nodewire::{Action, ActionOf, AskId, Ending, Machine, Outbox, Refused, Time};
use proptest::prelude::*;

use crate::given::{bytes32, key, signature};

/// One end of a session.
struct Player<M: Machine> {
    machine: M,
    told: VecDeque<ActionOf<M>>,
}

impl<M: Machine<Remote = Message, Send = Message>> Player<M>
where
    M::Local: std::fmt::Debug,
{
    fn new(machine: M) -> Self {
        Self { machine, told: VecDeque::new() }
    }

    fn hear(&mut self, message: impl Into<Message>) {
        let mut out = Outbox::new();
        self.machine.handle_remote(Time::ZERO, message.into(), &mut out);
        self.told.extend(out.drain());
    }

    fn local(&mut self, command: M::Local) {
        let mut out = Outbox::new();
        self.machine.handle_local(Time::ZERO, command, &mut out).unwrap();
        self.told.extend(out.drain());
    }

    fn refused(&mut self, command: M::Local) -> Refused {
        let mut out = Outbox::new();
        let refusal = self.machine.handle_local(Time::ZERO, command, &mut out).unwrap_err();
        assert!(out.is_empty());
        refusal.why
    }

    fn all(&mut self) -> Vec<ActionOf<M>> {
        self.told.drain(..).collect()
    }

    fn question(&mut self) -> (AskId, M::Query) {
        match self.told.pop_front() {
            Some(Action::Ask(id, query)) if self.told.is_empty() => (id, query),
            _ => panic!("not one question"),
        }
    }

    /// The rule that it ended by.
    fn rule(&mut self) -> Option<&'static str> {
        match self.told.pop_back() {
            Some(Action::Close(Ending::Fault(fault))) => fault.rule().map(nodewire::Rule::id),
            other => {
                self.told.extend(other);
                None
            }
        }
    }
}

fn coinbase(height: u32) -> SignedCoinbase {
    let coinbase = CoinbaseInfo { height, amount: 14, puzzle_hash: bytes32(40) };
    SignedCoinbase { coinbase, coinbase_signature: signature(41) }
}

fn data(heights: impl IntoIterator<Item = u32>) -> RespondData {
    RespondData {
        posting_url: "pool.example".to_string(),
        pool_pubkey: key(5),
        partials_threshold: 9_000,
        coinbase_info: heights.into_iter().map(coinbase).collect(),
    }
}

fn challenge(byte: u8) -> Challenge {
    Challenge {
        prev_challenge_hash: bytes32(byte),
        proof_of_space_hash: bytes32(1),
        proof_of_time_output_hash: bytes32(2),
        height: 3,
        total_weight: 4,
        total_iters: 5,
    }
}

fn proof(byte: u8) -> ProofOfSpace {
    ProofOfSpace {
        challenge_hash: challenge(byte).hash::<RustCryptoSha256>(),
        pool_pubkey: key(5),
        plot_pubkey: key(6),
        size: 20,
        proof: Blob(vec![1; 160].into()),
    }
}

fn pos_hash(byte: u8) -> Bytes32 {
    Bytes32(proof(byte).get_hash::<RustCryptoSha256>())
}

/// What the farmer's machine tells of a proof that counts.
fn found(byte: u8) -> PoolClientCommand {
    let proved = PartialProof { proof_of_space: proof(byte), signature: signature(7) };
    PoolClientCommand::Partial(Box::new(challenge(byte)), Box::new(proved))
}

fn partial(byte: u8) -> Partial {
    Partial {
        challenge: challenge(byte),
        proof_of_space: proof(byte),
        farmer_target: "6d65".to_string(),
        signature: signature(7),
    }
}

fn client_config() -> PoolClientConfig {
    let mut config = PoolClientConfig::new(vec![key(4), key(5)], Blob(b"me".to_vec().into()));
    config.farmer_id = Some("farm".to_string());
    config.low_stock = 2;
    config
}

fn request(min_height: Option<u32>) -> Message {
    RequestData { min_height, farmer_id: Some("farm".to_string()) }.into()
}

fn client(config: PoolClientConfig) -> Player<PoolClient> {
    let mut player = Player::new(PoolClient::new(config));
    player.local(PoolClientCommand::Open);
    assert_eq!(player.all(), [Action::Send(request(None))], "PO-2");
    player
}

/// One that has the coinbases of these heights.
fn stocked(config: PoolClientConfig, heights: &[u32]) -> Player<PoolClient> {
    let mut player = client(config);
    player.hear(data(heights.iter().copied()));
    let (id, query) = player.question();
    let all = data(heights.iter().copied()).coinbase_info;
    assert_eq!(query, PoolClientQuery::VerifyCoinbases(key(5), all));
    player.local(PoolClientCommand::Verdict(id, true));
    let told = PoolClientNotice::Data {
        posting_url: "pool.example".to_string(),
        pool_pubkey: key(5),
        partials_threshold: 9_000,
    };
    assert_eq!(player.all(), [Action::Notify(told)]);
    player
}

fn told(height: u32, is_there: bool) -> ActionOf<PoolClient> {
    let signed = is_there.then(|| Box::new(coinbase(height)));
    Action::Notify(PoolClientNotice::Coinbase(height, signed))
}

#[test]
fn data_is_asked_for_at_the_start_and_when_few_coinbases_are_left() {
    let mut player = stocked(client_config(), &[10, 11, 12]);
    for height in [10, 11] {
        player.local(PoolClientCommand::Coinbase(height));
        assert_eq!(player.all(), [told(height, true)]);
    }
    // One is left: that is few.
    player.local(PoolClientCommand::Coinbase(12));
    assert_eq!(player.all(), [Action::Send(request(Some(12))), told(12, true)]);
    // Meanwhile nothing more is asked for, and what is wanted waits.
    for height in [13, 14] {
        player.local(PoolClientCommand::Coinbase(height));
        assert_eq!(player.all(), []);
    }
    player.hear(data([13]));
    let (id, _) = player.question();
    player.local(PoolClientCommand::Verdict(id, true));
    assert_eq!(player.all()[1..], [told(13, true), told(14, false)]);
    assert_eq!(player.machine.stock(), 4);
}

#[test]
fn data_of_another_pool_or_with_a_bad_coinbase_ends_it() {
    let mut player = client(client_config());
    let of_other = RespondData { pool_pubkey: key(6), ..data([1]) };
    player.hear(of_other);
    assert_eq!((player.rule(), player.all()), (Some("chia/PO-3"), vec![]));
    let mut player = client(client_config());
    player.hear(data([1]));
    let (id, _) = player.question();
    player.local(PoolClientCommand::Verdict(id, false));
    assert_eq!((player.rule(), player.all()), (Some("chia/PO-3"), vec![]));
}

#[test]
fn coinbases_are_bounded_and_those_behind_go_first() {
    let mut config = client_config();
    config.limits.max_coinbases = 3;
    let mut player = stocked(config, &[1, 2, 3, 4]);
    assert_eq!(player.machine.stock(), 3, "PO-3: the highest goes");
    player.local(PoolClientCommand::Coinbase(3));
    assert_eq!(player.all(), [Action::Send(request(Some(3))), told(3, true)]);
    player.hear(data([4, 5]));
    let (id, _) = player.question();
    player.local(PoolClientCommand::Verdict(id, true));
    for (height, is_there) in [(1, false), (2, false), (3, true), (4, true), (5, true)] {
        player.all();
        let mut player = Player::new(player.machine.clone());
        player.local(PoolClientCommand::Coinbase(height));
        assert_eq!(player.all().contains(&told(height, true)), is_there, "{height}");
    }
}

#[test]
fn so_many_partials_are_unacknowledged_and_acknowledged_in_order() {
    let mut player = stocked(client_config(), &[1, 2, 3]);
    for byte in 0..64 {
        assert_eq!(player.machine.room(), 64 - usize::from(byte));
        player.local(found(byte));
        assert_eq!(player.all(), [Action::Send(partial(byte).into())]);
    }
    assert_eq!(player.refused(found(64)), Refused::busy("max_unacknowledged"), "PO-4");
    for byte in [0, 1] {
        player.hear(PartialAck {});
        let acknowledged = PoolClientNotice::Acknowledged(pos_hash(byte));
        assert_eq!(player.all(), [Action::Notify(acknowledged)]);
    }
    player.local(found(64));
    let other = PoolClientCommand::Partial(
        Box::new(challenge(1)),
        Box::new(PartialProof { proof_of_space: proof(2), signature: signature(7) }),
    );
    let why = Refused::invalid("the proof answers another challenge");
    assert_eq!(player.refused(other), why);
}

#[test]
fn answers_that_nobody_asked_for_are_passed_over_up_to_a_bound() {
    let mut player = stocked(client_config(), &[1, 2, 3]);
    for _ in 0..8 {
        player.hear(PartialAck {});
        player.hear(data([7]));
    }
    assert_eq!((player.all(), player.machine.stock()), (vec![], 3));
    player.hear(PartialAck {});
    assert_eq!(player.rule(), Some("chia/16"));
}

#[test]
fn only_messages_of_the_pool_protocol_are_taken() {
    let mut player = client(client_config());
    player.hear(partial(1));
    assert_eq!(player.rule(), Some("chia/PO-1"));
    let mut player = pool(config());
    player.hear(Ping { nonce: bytes32(0) });
    assert_eq!(player.rule(), Some("chia/PO-1"), "there are no pings");
}

#[test]
fn too_large_members_end_it() {
    let mut player = client(client_config());
    player.hear(RespondData { posting_url: "x".repeat(2_049), ..data([]) });
    let ending = player.all();
    assert!(matches!(&ending[..], [Action::Close(Ending::Fault(fault))]
        if *fault == nodewire::Fault::overrun("max_posting_url")));
    let mut player = pool(config());
    player.hear(RequestData { min_height: None, farmer_id: Some("x".repeat(257)) });
    assert!(matches!(&player.all()[..], [Action::Close(Ending::Fault(fault))]
        if *fault == nodewire::Fault::overrun("max_farmer_id")));
}

#[test]
fn a_client_does_not_speak_before_it_is_opened() {
    let mut player = Player::new(PoolClient::<RustCryptoSha256>::new(client_config()));
    let closed = Refused::wrong_phase("a session that was not opened");
    assert_eq!(player.refused(PoolClientCommand::Coinbase(1)), closed);
    assert_eq!(player.refused(found(1)), closed);
    player.local(PoolClientCommand::Open);
    let again = player.refused(PoolClientCommand::Open);
    assert_eq!(again, Refused::wrong_phase("a session with a pool"));
    player.all();
    player.local(PoolClientCommand::Close);
    assert_eq!(player.all(), [Action::Close(Ending::Done)]);
}

fn config() -> PoolConfig {
    let mut config = PoolConfig::new(key(5));
    config.posting_url = "pool.example".to_string();
    config.partials_threshold = 9_000;
    config
}

fn pool(config: PoolConfig) -> Player<Pool> {
    Player::new(Pool::new(config))
}

/// So good that it takes next to no time, and so bad that it takes ages.
const GOOD: Bytes32 = Bytes32([255; 32]);
const BAD: Bytes32 = Bytes32([0; 32]);
const RATE: PoolRate = PoolRate { difficulty: 1_000_000, ips: 10_000 };

#[test]
fn a_farmer_is_told_how_to_farm() {
    let mut player = pool(config());
    player.hear(request(Some(7)));
    let (id, query) = player.question();
    let farmer_id = Some("farm".to_string());
    assert_eq!(query, PoolQuery::GetCoinbases { min_height: Some(7), farmer_id });
    player.local(PoolCommand::Coinbases(id, data([7, 8]).coinbase_info));
    assert_eq!(player.all(), [Action::Send(data([7, 8]).into())]);
    // So many may wait, and no more are taken meanwhile.
    for number in 0..4 {
        assert!(!player.machine.saturated(), "{number}");
        player.hear(request(None));
    }
    assert!(player.machine.saturated());
    player.hear(request(None));
    assert_eq!(player.all().len(), 4);
}

/// The next question of a pool, which has to be the only thing that it wants.
fn rate(player: &mut Player<Pool>, byte: u8, rate: Option<PoolRate>) {
    let (id, query) = player.question();
    assert_eq!(query, PoolQuery::GetRate(Box::new(challenge(byte))));
    player.local(PoolCommand::Rate(id, rate));
}

fn quality(player: &mut Player<Pool>, byte: u8, quality: Option<Bytes32>) {
    let (id, query) = player.question();
    assert_eq!(query, PoolQuery::VerifyProof(Box::new(proof(byte))));
    player.local(PoolCommand::Quality(id, quality));
}

fn verdict(player: &mut Player<Pool>, is_good: bool) {
    let (id, query) = player.question();
    let hash = Bytes32(RustCryptoSha256::sha256(b"me"));
    let signed = Signed { key: key(6), hash, signature: signature(7) };
    assert_eq!(query, PoolQuery::VerifySignature(Box::new(signed)), "R-24");
    player.local(PoolCommand::Verdict(id, is_good));
}

fn credit(byte: u8) -> ActionOf<Pool> {
    Action::Notify(PoolNotice::Credited(Box::new(Credit {
        farmer_target: Blob(b"me".to_vec().into()),
        challenge_hash: challenge(byte).hash::<RustCryptoSha256>(),
        pos_hash: pos_hash(byte),
        quality: GOOD,
    })))
}

fn ack() -> ActionOf<Pool> {
    Action::Send(PartialAck {}.into())
}

#[test]
fn a_partial_is_checked_credited_and_acknowledged() {
    let mut player = pool(config());
    player.hear(partial(1));
    rate(&mut player, 1, Some(RATE));
    quality(&mut player, 1, Some(GOOD));
    verdict(&mut player, true);
    assert_eq!(player.all(), [credit(1), ack()], "PO-5");
    // A challenge that the pool does not know is nobody's fault, and nobody's credit.
    player.hear(partial(2));
    rate(&mut player, 2, None);
    assert_eq!((player.all(), player.machine.unacknowledged()), (vec![ack()], 0));
}

#[test]
fn acknowledgements_keep_the_order_of_partials() {
    let mut player = pool(config());
    player.hear(partial(1));
    let (first, _) = player.question();
    player.hear(partial(2));
    rate(&mut player, 2, Some(RATE));
    quality(&mut player, 2, Some(GOOD));
    verdict(&mut player, true);
    assert_eq!((player.all(), player.machine.unacknowledged()), (vec![], 2));
    player.local(PoolCommand::Rate(first, None));
    assert_eq!(player.all(), [ack(), credit(2), ack()]);
}

#[test]
fn an_invalid_partial_ends_the_session() {
    for change in [
        |it: &mut Partial| it.challenge.height = 4,
        |it: &mut Partial| it.proof_of_space.pool_pubkey = key(4),
        |it: &mut Partial| it.proof_of_space.size = 0,
        |it: &mut Partial| it.proof_of_space.size = 64,
        |it: &mut Partial| it.farmer_target = "6d6".to_string(),
        |it: &mut Partial| it.farmer_target = "me".to_string(),
    ] {
        let mut player = pool(config());
        let mut wrong = partial(1);
        change(&mut wrong);
        player.hear(wrong);
        assert_eq!((player.rule(), player.all()), (Some("chia/PO-5"), vec![]));
    }
    for found in [None, Some(BAD)] {
        let mut player = pool(config());
        player.hear(partial(1));
        rate(&mut player, 1, Some(RATE));
        quality(&mut player, 1, found);
        assert_eq!(player.rule(), Some("chia/PO-5"));
    }
    let mut player = pool(config());
    player.hear(partial(1));
    rate(&mut player, 1, Some(RATE));
    quality(&mut player, 1, Some(GOOD));
    verdict(&mut player, false);
    assert_eq!(player.rule(), Some("chia/PO-5"));
}

#[test]
fn the_threshold_is_in_seconds_and_not_reached() {
    // A quality at the top takes the least time of a block, and one iteration: 300,001 at this
    // rate.
    for (seconds, is_good) in [(30, false), (31, true)] {
        let mut config = config();
        config.partials_threshold = seconds;
        let mut player = pool(config);
        player.hear(partial(1));
        rate(&mut player, 1, Some(RATE));
        quality(&mut player, 1, Some(GOOD));
        assert_eq!(player.rule().is_none(), is_good, "{seconds}");
    }
}

#[test]
fn one_partial_too_many_ends_the_session() {
    let mut player = pool(config());
    for byte in 0..64 {
        player.hear(partial(byte));
        assert_eq!(player.all().len(), 1);
    }
    // What 64 of them take, with the largest proofs, is bounded.
    assert!(player.machine.footprint() < 64 * (4 << 10));
    player.hear(partial(64));
    assert_eq!(player.rule(), Some("chia/PO-4"));
}

#[test]
fn answers_to_other_questions_are_refused() {
    let mut player = pool(config());
    player.hear(partial(1));
    let (id, _) = player.question();
    let before = player.machine.clone();
    let why = Refused::invalid("the question was another");
    assert_eq!(player.refused(PoolCommand::Quality(id, None)), why);
    assert_eq!(player.refused(PoolCommand::Verdict(id, true)), why);
    assert_eq!(player.refused(PoolCommand::Coinbases(id, vec![])), why);
    let unknown = PoolCommand::Rate(AskId::from_u64(9), None);
    assert_eq!(player.refused(unknown), Refused::UnknownAsk);
    assert_eq!(player.machine, before);
}

#[test]
fn what_the_pool_says_takes_the_place_of_the_farmers_own_threshold() {
    use nodewire::codec::chia::NodeType;
    use nodewire::codec::chia::messages::{
        ChallengeResponse, ProofOfSpaceFinalized, RequestProofOfSpace,
    };
    // A block this is not, so it is asked for if it counts for the pool.
    for (seconds, counts) in [(30, false), (31, true)] {
        let mut config = FarmerConfig::new(vec![key(5)], Blob(b"me".to_vec().into()));
        config.propagate_threshold = 0;
        let farmer: Farmer = Farmer::new(config);
        let mut played = crate::given::Played::new(farmer);
        played.connect(1, NodeType::FullNode);
        played.connect(2, NodeType::Harvester);
        let (challenge_hash, quality) = (bytes32(7), bytes32(0));
        let (height, weight, difficulty) = (2_000, 100, 1);
        played
            .hear(1, ProofOfSpaceFinalized { challenge_hash, height, weight, quality, difficulty });
        played.local(FarmerCommand::PoolShareThreshold(seconds));
        played.sent();
        played.hear(2, ChallengeResponse { challenge_hash, quality: GOOD, plot_size: 20 });
        let request = crate::given::to(2, RequestProofOfSpace { quality: GOOD });
        assert_eq!(played.sent() == [request], counts, "{seconds}");
    }
}

/// What happens next between the two ends of a session.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// So many bytes arrive at the client, or at the pool.
    ToClient(usize),
    ToPool(usize),
    /// The application answers a question, the oldest or the newest.
    ClientAnswers,
    PoolAnswers(bool),
    Want(u32),
    Found(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1_usize..600).prop_map(Step::ToClient),
        4 => (1_usize..600).prop_map(Step::ToPool),
        2 => Just(Step::ClientAnswers),
        4 => any::<bool>().prop_map(Step::PoolAnswers),
        1 => (0_u32..40).prop_map(Step::Want),
        4 => any::<u8>().prop_map(Step::Found),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn two_honest_ends_never_blame_each_other(
        steps in proptest::collection::vec(step(), 0..250),
    ) {
        let mut client = pool_client_session(client_config());
        let mut pool = pool_session(config());
        let (mut to_client, mut to_pool) = (VecDeque::new(), VecDeque::new());
        let (mut of_client, mut of_pool) = (VecDeque::new(), VecDeque::new());
        let (mut sent, mut acknowledged, mut credited) = (0, 0, 0);
        let (mut wanted, mut told) = (0, 0);
        let now = Time::ZERO;
        let (mut out_client, mut out_pool) = (Outbox::new(), Outbox::new());
        let uncounted = Transport::Writable(Transport::UNCOUNTED);
        client.handle_remote(now, uncounted.clone(), &mut out_client);
        pool.handle_remote(now, uncounted, &mut out_pool);
        client.handle_local(now, PoolClientCommand::Open, &mut out_client).unwrap();
        let rest = [Step::ToPool(4_096), Step::PoolAnswers(true), Step::ToClient(4_096),
            Step::ClientAnswers];
        let rest = rest.into_iter().cycle().take(4 * 300);
        for step in steps.into_iter().chain(rest) {
            match step {
                Step::ToClient(size) => {
                    let bytes: Bytes = to_client.drain(..size.min(to_client.len())).collect();
                    client.handle_remote(now, Transport::Received(bytes), &mut out_client);
                }
                Step::ToPool(size) if !pool.saturated() => {
                    let bytes: Bytes = to_pool.drain(..size.min(to_pool.len())).collect();
                    pool.handle_remote(now, Transport::Received(bytes), &mut out_pool);
                }
                Step::ToPool(_) => {}
                Step::ClientAnswers => {
                    if let Some(id) = of_client.pop_front() {
                        let command = PoolClientCommand::Verdict(id, true);
                        client.handle_local(now, command, &mut out_client).unwrap();
                    }
                }
                Step::PoolAnswers(newest) => {
                    let next = if newest { of_pool.pop_back() } else { of_pool.pop_front() };
                    if let Some((id, query)) = next {
                        let command = match query {
                            PoolQuery::GetCoinbases { min_height, .. } => {
                                let from = min_height.unwrap_or(0);
                                let list = data(from..from + 5).coinbase_info;
                                PoolCommand::Coinbases(id, list)
                            }
                            PoolQuery::GetRate(_) => PoolCommand::Rate(id, Some(RATE)),
                            PoolQuery::VerifyProof(_) => PoolCommand::Quality(id, Some(GOOD)),
                            PoolQuery::VerifySignature(_) => PoolCommand::Verdict(id, true),
                            other => panic!("{other:?}"),
                        };
                        pool.handle_local(now, command, &mut out_pool).unwrap();
                    }
                }
                Step::Want(height) => {
                    let had = client.machine().unwrap().stock();
                    let command = PoolClientCommand::Coinbase(height);
                    client.handle_local(now, command, &mut out_client).unwrap();
                    prop_assert_eq!(client.machine().unwrap().stock(), had);
                    wanted += 1;
                }
                Step::Found(byte) => {
                    let room = client.machine().unwrap().room();
                    let taken = client.handle_local(now, found(byte), &mut out_client).is_ok();
                    prop_assert_eq!(taken, room > 0);
                    sent += usize::from(taken);
                }
            }
            for action in out_client.drain() {
                match action {
                    Action::Send(bytes) => to_pool.extend(bytes),
                    Action::Ask(id, _) => of_client.push_back(id),
                    Action::Notify(PoolClientNotice::Acknowledged(_)) => acknowledged += 1,
                    Action::Notify(PoolClientNotice::Coinbase(..)) => told += 1,
                    Action::Notify(_) => {}
                    Action::Close(ending) => panic!("{ending}"),
                }
            }
            for action in out_pool.drain() {
                match action {
                    Action::Send(bytes) => to_client.extend(bytes),
                    Action::Ask(id, query) => of_pool.push_back((id, query)),
                    Action::Notify(PoolNotice::Credited(_)) => credited += 1,
                    Action::Notify(_) => {}
                    Action::Close(ending) => panic!("{ending}"),
                }
            }
        }
        prop_assert_eq!((acknowledged, credited), (sent, sent), "all that was sent counts");
        prop_assert!(told <= wanted);
        prop_assert_eq!(pool.machine().unwrap().unacknowledged(), 0);
    }
}
