//! Every kind of liar is named by rule, and the sync goes on with the others.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::OnceLock;

use nodewire::codec::chia::messages::{AllHeaderHashes, HeaderBlocks, SyncBlocks};
use nodewire::codec::chia::{FullBlock, HeaderBlock, HeaderHash, Message};
use nodewire::codec::streamable::RustCryptoSha256 as Sha;
use nodewire::sim::chia::Ledger;
use nodewire::state::chia::{
    ConnectionId, SyncCommand, SyncFailure, SyncOutcome, SyncPhase, SyncStart,
};
use nodewire::{Machine, Outbox, Time};

use crate::chains::{chain, empty, grow, tip};
use crate::world::World;

const LIAR: u64 = 3;

/// Two honest nodes, and a liar of whom the sync begins: the first to be asked for hashes.
fn with_liar(
    theirs: &Rc<Ledger>,
    seed: u64,
    lie: impl FnMut(&Message, Option<Message>) -> Vec<Message> + 'static,
) -> World {
    let mut world = World::new(empty(), seed);
    world.honest(1, theirs);
    world.honest(2, theirs);
    world.twisted(LIAR, theirs, lie);
    world.start(LIAR);
    world
}

/// Under several seeds the sync comes to its end, and the liar, once it has lied, and nobody else
/// was blamed, by this rule and no other.
fn named_for<L>(theirs: &Rc<Ledger>, rule: &'static str, lie: impl Fn() -> L)
where
    L: FnMut(&Message, Option<Message>) -> Vec<Message> + 'static,
{
    let mut lied = 0;
    for seed in 0..4 {
        let (told, telling) = (Rc::new(Cell::new(false)), Cell::new(false));
        let (mut lie, told_there) = (lie(), Rc::clone(&told));
        let mut world = with_liar(theirs, seed, move |request, answer| {
            let honest: Vec<_> = answer.clone().into_iter().collect();
            let said = lie(request, answer);
            telling.set(telling.get() || said != honest);
            told_there.set(telling.get());
            said
        });
        let outcome = world.run();
        assert_eq!(outcome, SyncOutcome::Synced(theirs.chain().tips[0].header_hash));
        let expected: &[_] = if told.get() { &[(LIAR, rule)] } else { &[] };
        assert_eq!(world.blamed(), expected);
        assert_eq!(world.keeper.ledger.chain(), theirs.chain());
        lied += usize::from(told.get());
    }
    assert!(lied > 0, "it never was asked");
}

type Lie = fn(Message) -> Vec<Message>;

/// A lie that is told in place of every answer of its kind.
fn named(rule: &'static str, lie: Lie) {
    static THEIRS: OnceLock<Ledger> = OnceLock::new();
    let theirs = Rc::new(THEIRS.get_or_init(|| chain(140)).clone());
    named_for(&theirs, rule, || move |_: &Message, it: Option<Message>| it.map_or(vec![], lie));
}

fn hashes(lie: fn(&mut Vec<HeaderHash>)) -> impl Fn(Message) -> Vec<Message> {
    move |message| match message {
        Message::AllHeaderHashes(mut it) => {
            lie(&mut it.header_hashes);
            vec![it.into()]
        }
        other => vec![other],
    }
}

#[test]
fn hashes_that_do_not_go_from_the_genesis_to_the_tip_one_for_each_height() {
    named("chia/P-37", |it| hashes(|all| all[0] = HeaderHash([9; 32]))(it));
    named("chia/P-37", |it| hashes(|all| *all.last_mut().unwrap() = HeaderHash([9; 32]))(it));
    named("chia/P-37", |it| hashes(|all| all.truncate(70))(it));
    named("chia/P-37", |it| hashes(|all| all.insert(70, HeaderHash([9; 32])))(it));
    named("chia/P-37", |it| hashes(Vec::clear)(it));
}

#[test]
fn hashes_that_are_made_up_in_the_middle_blame_who_sent_them_and_not_who_has_the_headers() {
    // One in the middle of a batch, the last of one, the first, all but the ends, and two swapped.
    named("chia/P-37", |it| hashes(|all| all[60] = HeaderHash([9; 32]))(it));
    named("chia/P-37", |it| hashes(|all| all[75] = HeaderHash([9; 32]))(it));
    named("chia/P-37", |it| hashes(|all| all[1] = HeaderHash([9; 32]))(it));
    named("chia/P-37", |it| hashes(|all| all[139] = HeaderHash([9; 32]))(it));
    named("chia/P-37", |it| hashes(|all| all[1..140].fill(HeaderHash([9; 32])))(it));
    named("chia/P-37", |it| hashes(|all| all.swap(60, 61))(it));
    named("chia/P-37", |it| hashes(|all| all[20..110].reverse())(it));
}

#[test]
fn hashes_of_another_chain_that_really_has_such_headers() {
    // The headers are there, of the same heights, and are no ancestors of the tip.
    let theirs = Rc::new(chain(140));
    let mut both = Ledger::clone(&theirs);
    let maker = nodewire::sim::chia::Maker::new(both.consensus().clone(), 5);
    let mut parent = FullBlock::clone(both.block(both.header_hash_at(30).unwrap()).unwrap());
    let mut others = Vec::new();
    for _ in 31..=130 {
        parent = maker.child(&parent);
        others.push(parent.clone());
        both.add(parent.clone());
    }
    named_for(&theirs, "chia/P-37", || {
        let others = others.clone();
        move |request: &Message, answer: Option<Message>| match (request, answer) {
            (_, Some(Message::AllHeaderHashes(mut it))) => {
                for block in &others {
                    it.header_hashes[block.height() as usize] = block.header_hash::<Sha>();
                }
                vec![it.into()]
            }
            // It even delivers them.
            (Message::RequestHeaderBlocks(asked), Some(Message::HeaderBlocks(mut it))) => {
                for (height, header) in asked.heights.iter().zip(&mut it.header_blocks) {
                    if let Some(block) = others.iter().find(|it| it.height() == *height) {
                        *header = block.header_block.clone();
                    }
                }
                vec![it.into()]
            }
            (_, answer) => answer.into_iter().collect(),
        }
    });
}

fn headers(lie: fn(&mut Vec<HeaderBlock>)) -> impl Fn(Message) -> Vec<Message> {
    move |message| match message {
        Message::HeaderBlocks(mut it) => {
            lie(&mut it.header_blocks);
            vec![it.into()]
        }
        other => vec![other],
    }
}

#[test]
fn headers_that_are_not_those_asked_for() {
    // Wrong heights, out of order, too few, none, too many.
    named("chia/P-40", |it| {
        headers(|all| {
            all[0].challenge.as_mut().unwrap().height += 1;
        })(it)
    });
    named("chia/P-40", |it| headers(|all| all.reverse())(it));
    named("chia/P-40", |it| headers(|all| all.truncate(all.len() - 1))(it));
    named("chia/P-40", |it| headers(Vec::clear)(it));
    named("chia/P-40", |it| headers(|all| all.push(all[0].clone()))(it));
    // Another tip, which was never asked for.
    named("chia/P-40", |message| match message {
        Message::HeaderBlocks(mut it) => {
            it.tip_header_hash = HeaderHash([9; 32]);
            vec![it.into()]
        }
        other => vec![other],
    });
}

#[test]
fn headers_of_mixed_shapes() {
    named("chia/P-40", |it| headers(|all| all[0].proof_of_time = None)(it));
    named("chia/P-40", |it| headers(|all| all[3].challenge = None)(it));
    named("chia/P-40", |it| {
        headers(|all| {
            (all[3].challenge, all[3].proof_of_time) = (None, None);
        })(it)
    });
}

#[test]
fn twins_with_a_damaged_proof_or_challenge() {
    // The header hash is the right one.
    named("chia/P-40", |it| {
        headers(|all| {
            all[2].proof_of_time.as_mut().unwrap().number_of_iterations += 1;
        })(it)
    });
    named("chia/P-40", |it| {
        headers(|all| {
            all[2].challenge.as_mut().unwrap().total_weight += 1;
        })(it)
    });
    named("chia/P-40", |it| headers(|all| all[2].proof_of_space.size += 1)(it));
}

#[test]
fn headers_of_other_hashes_while_the_hashes_are_right() {
    // One, the last of its batch, all of them, all with links between them, and the tip.
    named("chia/P-40", |it| headers(|all| all[2].header.data.timestamp += 1)(it));
    named("chia/P-40", |it| headers(|all| all.last_mut().unwrap().header.data.timestamp += 1)(it));
    named("chia/P-40", |it| {
        headers(|all| {
            all.iter_mut().for_each(|it| it.header.data.timestamp += 1);
        })(it)
    });
    named("chia/P-40", |it| {
        headers(|all| {
            let mut parent = None;
            for header in all {
                header.header.data.timestamp += 1;
                if let Some(parent) = parent {
                    header.header.data.prev_header_hash = parent;
                }
                parent = Some(header.header_hash::<Sha>());
            }
        })(it)
    });
    named("chia/P-40", |it| {
        headers(|all| {
            all.retain(|it| it.height() != Some(140));
        })(it)
    });
}

#[test]
fn who_tells_other_headers_only_where_it_is_not_asked_closer_is_still_named() {
    // It damages the batches and delivers what is asked for in between as it is.
    let theirs = Rc::new(chain(140));
    named_for(&theirs, "chia/P-40", || {
        |request: &Message, answer: Option<Message>| match (request, answer) {
            (Message::RequestHeaderBlocks(asked), Some(Message::HeaderBlocks(mut it)))
                if asked.heights.windows(2).all(|two| two[0] + 1 == two[1])
                    && asked.heights.len() > 14 =>
            {
                it.header_blocks.iter_mut().for_each(|it| it.header.data.timestamp += 1);
                vec![it.into()]
            }
            (_, answer) => answer.into_iter().collect(),
        }
    });
}

#[test]
fn who_contradicts_and_then_says_nothing_holds_nobody_up_and_is_named_in_the_end() {
    let theirs = Rc::new(chain(400));
    named_for(&theirs, "chia/P-40", || {
        let mut batches = 0;
        move |request: &Message, answer: Option<Message>| {
            let Message::RequestHeaderBlocks(_) = request else {
                return answer.into_iter().collect();
            };
            batches += 1;
            match answer {
                Some(Message::HeaderBlocks(mut it)) if batches == 1 => {
                    it.header_blocks.iter_mut().for_each(|it| it.header.data.timestamp += 1);
                    vec![it.into()]
                }
                _ => Vec::new(),
            }
        }
    });
}

fn blocks(lie: fn(&mut Vec<FullBlock>)) -> impl Fn(Message) -> Vec<Message> {
    move |message| match message {
        Message::SyncBlocks(mut it) => {
            lie(&mut it.blocks);
            vec![it.into()]
        }
        other => vec![other],
    }
}

#[test]
fn blocks_that_are_not_those_asked_for() {
    named("chia/P-42", |it| blocks(|all| all.reverse())(it));
    named("chia/P-42", |it| blocks(|all| all.truncate(all.len() - 1))(it));
    named("chia/P-42", |it| blocks(Vec::clear)(it));
    named("chia/P-42", |it| blocks(|all| all.push(all[0].clone()))(it));
    named("chia/P-42", |it| blocks(|all| all[0].body.coinbase.height += 1)(it));
    named("chia/P-42", |it| blocks(|all| all[0].body.cost += 1)(it));
    named("chia/P-42", |it| {
        blocks(|all| {
            all[0].header_block.proof_of_time.as_mut().unwrap().number_of_iterations += 1;
        })(it)
    });
    named("chia/P-42", |it| blocks(|all| all[1].header_block.challenge = None)(it));
    named("chia/P-42", |message| match message {
        Message::SyncBlocks(mut it) => {
            it.tip_header_hash = HeaderHash([9; 32]);
            vec![it.into()]
        }
        other => vec![other],
    });
}

#[test]
fn silence_holds_nobody_up_and_blames_nobody() {
    let theirs = Rc::new(chain(600));
    for kind in 0..4 {
        let mut world = with_liar(&theirs, 7, move |_, answer| {
            let is_of = |message: &Message| match message {
                Message::AllHeaderHashes(_) => kind == 0 || kind == 3,
                Message::HeaderBlocks(_) => kind == 1 || kind == 3,
                Message::SyncBlocks(_) => kind == 2 || kind == 3,
                _ => false,
            };
            answer.filter(|message| !is_of(message)).into_iter().collect()
        });
        assert!(matches!(world.run(), SyncOutcome::Synced(_)));
        assert_eq!(world.blamed(), []);
        // Once it was silent it is asked only if nobody else is there.
        assert!(world.now.as_micros() < 40_000_000, "{}", world.now);
    }
}

#[test]
fn answers_that_nobody_asked_for_are_passed_over() {
    let theirs = Rc::new(chain(140));
    let mut world = World::new(empty(), 1);
    world.honest(1, &theirs);
    // It was asked for nothing, and sends good and bad things all the time.
    world.start(1);
    world.twisted(LIAR, &theirs, |_, _| Vec::new());
    let tip = theirs.chain().tips[0].header_hash;
    let all = theirs.hashes_to(tip).unwrap();
    while world.outcome().is_none() {
        world.step();
        let asked = world.sent.iter().any(|(to, _)| *to == LIAR);
        if !asked {
            world.hear(LIAR, AllHeaderHashes { header_hashes: all.clone() });
            world.hear(LIAR, AllHeaderHashes { header_hashes: Vec::new() });
            world.hear(LIAR, HeaderBlocks { tip_header_hash: tip, header_blocks: Vec::new() });
            world.hear(LIAR, SyncBlocks { tip_header_hash: tip, blocks: Vec::new() });
        }
    }
    assert!(matches!(world.outcome(), Some(SyncOutcome::Synced(_))));
    assert_eq!(world.blamed(), []);
}

#[test]
fn a_tip_that_claims_more_than_it_weighs_fails_and_its_announcer_is_named() {
    let theirs = Rc::new(chain(60));
    let mut twin = tip(&theirs);
    twin.header_block.challenge.as_mut().unwrap().total_weight = u64::MAX;
    let mut world = World::new(empty(), 1);
    world.honest(1, &theirs);
    world.honest(2, &theirs);
    world.honest(LIAR, &theirs);
    world.start_with(1, tip(&theirs));
    world.tell(LIAR, twin.clone());
    assert_eq!(world.run(), SyncOutcome::Failed(SyncFailure::TooLight));
    assert_eq!(world.blamed(), [(LIAR, "chia/P-41")]);
    // The tip that was told before has its turn then, and what was weighed is not asked for again.
    assert!(world.sync.is_running());
    world.notices.clear();
    assert_eq!(world.run(), SyncOutcome::Synced(tip(&theirs).header_hash::<Sha>()));
    assert_eq!(world.blamed().len(), 1);
    assert!(!world.sync.is_running());
    let headers = world.sent.iter().filter_map(|(_, message)| match message {
        Message::RequestHeaderBlocks(it) => Some(it.heights.len()),
        _ => None,
    });
    assert_eq!(headers.sum::<usize>(), 61, "but for the last, which is to be weighed");
    // The twin is barred; the block that it was made from is not (A-1, P-45).
    assert!(world.sync.is_barred(world.now, &twin));
    assert!(!world.sync.is_barred(world.now, &tip(&theirs)));
}

#[test]
fn a_candidate_that_is_not_finished_names_who_told_it() {
    let theirs = Rc::new(chain(60));
    let damages: [fn(&mut FullBlock); 4] = [
        |it| it.header_block.challenge = None,
        |it| it.header_block.proof_of_time = None,
        |it| (it.header_block.challenge, it.header_block.proof_of_time) = (None, None),
        |it| it.body.coinbase.height += 1,
    ];
    for damage in damages {
        let mut world = World::new(empty(), 1);
        world.honest(1, &theirs);
        world.honest(LIAR, &theirs);
        world.start(1);
        let mut block = tip(&theirs);
        damage(&mut block);
        world.tell(LIAR, block.clone());
        assert_eq!(world.blamed(), [(LIAR, "chia/P-35")]);
        assert!(matches!(world.run(), SyncOutcome::Synced(_)));
        // While nothing goes on it is none of the sync's business.
        world.honest(4, &theirs);
        world.tell(4, block);
        assert_eq!(world.blamed().len(), 1);
    }
}

/// A header that everybody has, with a body of another height and all the weight there is: whoever
/// answers honestly for it would seem to lie.
#[test]
fn a_candidate_whose_body_is_not_its_headers_sets_nobody_against_the_honest() {
    let theirs = Rc::new(chain(60));
    let mut twin = tip(&theirs);
    let challenge = twin.header_block.challenge.as_mut().unwrap();
    (challenge.height, challenge.total_weight) = (65, u64::MAX);
    twin.body.coinbase.height = 65;
    let mut world = World::new(empty(), 1);
    world.honest(1, &theirs);
    world.honest(2, &theirs);
    world.honest(LIAR, &theirs);
    world.start(1);
    world.tell(LIAR, twin.clone());
    assert_eq!(world.run(), SyncOutcome::Synced(theirs.chain().tips[0].header_hash));
    assert_eq!(world.blamed(), [(LIAR, "chia/P-35")]);
    // Nor does a sync begin with it.
    let mut world = World::new(empty(), 1);
    world.honest(1, &theirs);
    let (chain, from) = (world.keeper.ledger.chain(), ConnectionId(1));
    let start = SyncCommand::Start(Box::new(SyncStart { chain, tip: twin, from }));
    let mut out = Outbox::new();
    world.sync.handle_local(world.now, start, &mut out).unwrap_err();
    assert!(out.is_empty() && !world.sync.is_running());
}

/// Somebody tells a tip that claims to be heavier than all and is nowhere: whoever tells one that
/// is has its turn soon, however many the others are and whatever they claim next.
#[test]
fn a_tip_that_nobody_shows_gives_way_to_the_next_one_told() {
    let theirs = Rc::new(chain(60));
    let synced = SyncOutcome::Synced(theirs.chain().tips[0].header_hash);
    for shows_hashes in [false, true] {
        let made_up = Rc::new({
            let mut other = empty();
            grow(&mut other, 7, 90);
            other
        });
        let mut world = World::new(empty(), 1);
        world.honest(1, &theirs);
        for liar in LIAR..LIAR + 3 {
            world.twisted(liar, &made_up, move |_, answer| {
                let is_hashes = |it: &Message| matches!(it, Message::AllHeaderHashes(_));
                answer.filter(|it| shows_hashes && is_hashes(it)).into_iter().collect()
            });
        }
        world.start(LIAR);
        let claim = |world: &mut World, liar, weight| {
            let mut claimed = tip(&made_up);
            claimed.header_block.challenge.as_mut().unwrap().total_weight = weight;
            world.tell(liar, claimed);
        };
        claim(&mut world, LIAR + 1, u64::MAX - 9);
        world.pass(Time::from_micros(6_000_000));
        // Nobody else is there yet that was told of: the others only claim more.
        world.tell(1, tip(&theirs));
        for more in 1..9 {
            claim(&mut world, LIAR, u64::MAX - 9 + more);
            claim(&mut world, LIAR + 1, u64::MAX - 9 + more);
            claim(&mut world, LIAR + 2, u64::MAX - 9 + more);
        }
        assert_eq!(world.run(), synced);
        assert_eq!(world.blamed(), []);
        // Five seconds, the turns of two before it, and ten seconds for the third to say nothing.
        assert!(world.now < Time::from_micros(76_000_000), "{}", world.now);
        assert_eq!(world.keeper.ledger.chain(), theirs.chain());
    }
}

#[test]
fn late_answers_for_the_tip_before_are_passed_over() {
    let before = Rc::new(chain(60));
    let mut more = chain(60);
    grow(&mut more, 1, 60);
    let theirs = Rc::new(more);
    let tip_before = before.chain().tips[0].header_hash;
    // It keeps every answer of the first sync, and sends them in the second.
    let mut world = World::new(empty(), 1);
    world.honest(1, &before);
    world.twisted(LIAR, &theirs, |_, answer| answer.into_iter().collect());
    world.delay = 30_000;
    world.start_with(1, tip(&before));
    assert!(matches!(world.run(), SyncOutcome::Synced(_)));
    world.notices.clear();
    world.start(LIAR);
    assert!(matches!(world.run(), SyncOutcome::Synced(_)));
    assert_eq!(world.blamed(), []);
    assert!(world.keeper.ledger.block(tip_before).is_some());
    world.settle();
    assert_eq!(world.blamed(), []);
}

#[test]
fn an_invalid_block_of_a_chain_fails_the_sync_and_names_who_told_the_tip() {
    // The headers are believed, and the chain finds that the blocks are not good.
    let mut theirs = empty();
    let mut consensus = theirs.consensus().clone();
    consensus.difficulty = 9;
    let genesis = tip(&theirs);
    theirs = Ledger::new(consensus, genesis);
    grow(&mut theirs, 1, 60);
    let theirs = Rc::new(theirs);
    let mut world = World::new(empty(), 1);
    world.honest(1, &theirs);
    world.honest(LIAR, &theirs);
    world.keeper.verifies = false;
    world.start(LIAR);
    assert_eq!(world.run(), SyncOutcome::Failed(SyncFailure::Invalid));
    assert_eq!(world.blamed(), [(LIAR, "chia/P-42")]);
    assert_eq!(world.penalties[0].2, "InvalidChain");
}

/// In every phase, whoever it is that was asked for nothing.
#[test]
fn blocks_of_who_was_asked_for_none_are_passed_over_while_others_are_asked() {
    let theirs = Rc::new(chain(140));
    let mut world = World::new(empty(), 1);
    world.honest(1, &theirs);
    world.start(1);
    while world.sync.phase() != SyncPhase::Blocks {
        assert!(world.step());
    }
    world.twisted(LIAR, &theirs, |_, _| Vec::new());
    let tip_header_hash = theirs.chain().tips[0].header_hash;
    let asked = world.sent.iter().any(|(to, _)| *to == LIAR);
    assert!(!asked, "all of the window was asked for");
    world.hear(LIAR, SyncBlocks { tip_header_hash, blocks: Vec::new() });
    assert_eq!((world.blamed(), world.is_here(LIAR)), (vec![], true));
    assert_eq!(world.run(), SyncOutcome::Synced(tip_header_hash));
}

/// The tip's hash is what is asked for, so that there is nothing to be asked closer.
#[test]
fn who_has_another_tip_than_the_one_asked_for_is_named_at_once() {
    let theirs = Rc::new(chain(60));
    let mut lied = 0;
    for seed in 0..4 {
        let told = Rc::new(Cell::new(false));
        let telling = Rc::clone(&told);
        let mut world = with_liar(&theirs, seed, move |_, answer| match answer {
            Some(Message::HeaderBlocks(mut it)) => {
                if let Some(tip) = it.header_blocks.iter_mut().find(|it| it.height() == Some(60)) {
                    tip.header.data.timestamp += 1;
                    telling.set(true);
                }
                vec![it.into()]
            }
            answer => answer.into_iter().collect(),
        });
        assert!(matches!(world.run(), SyncOutcome::Synced(_)));
        let expected: &[_] = if told.get() { &[(LIAR, "chia/P-40")] } else { &[] };
        assert_eq!(world.blamed(), expected);
        let closer = world.sent.iter().filter(|(to, message)| {
            let Message::RequestHeaderBlocks(it) = message else { return false };
            *to == LIAR && !it.heights.is_empty() && it.heights.len() < 10
        });
        assert_eq!(closer.count(), 0);
        let empty = world.sent.iter().any(|(_, message)| {
            matches!(message, Message::RequestHeaderBlocks(it) if it.heights.is_empty())
        });
        assert!(!empty, "heights of nothing");
        lied += usize::from(told.get());
    }
    assert!(lied > 0, "it never was asked");
}

/// What was asked for before may come late, and no more of it than was asked for.
#[test]
fn answers_beyond_those_that_are_late_are_judged() {
    let before = Rc::new(chain(60));
    let mut more = chain(60);
    grow(&mut more, 1, 60);
    let theirs = Rc::new(more);
    let mut lied = 0;
    for seed in 0..6 {
        let lies = Rc::new(Cell::new(false));
        let is_lying = Rc::clone(&lies);
        let mut world = World::new(empty(), seed);
        world.honest(1, &before);
        world.honest(2, &theirs);
        world.twisted(LIAR, &theirs, move |_, answer| match answer {
            Some(Message::HeaderBlocks(_)) if !is_lying.get() => Vec::new(),
            Some(Message::HeaderBlocks(it)) => {
                vec![HeaderBlocks { header_blocks: Vec::new(), ..it }.into()]
            }
            answer => answer.into_iter().collect(),
        });
        world.start_with(1, tip(&before));
        while world.sync.phase() != SyncPhase::Blocks {
            assert!(world.step());
        }
        let asked = |world: &World| {
            let of_liar = world.sent.iter().filter(|(to, message)| {
                *to == LIAR && matches!(message, Message::RequestHeaderBlocks(_))
            });
            of_liar.count()
        };
        let late = asked(&world);
        for _ in 0..late {
            let tip_header_hash = before.chain().tips[0].header_hash;
            world.hear(LIAR, HeaderBlocks { tip_header_hash, header_blocks: Vec::new() });
        }
        assert!(matches!(world.run(), SyncOutcome::Synced(_)));
        assert_eq!(world.blamed(), []);
        world.notices.clear();
        lies.set(true);
        world.start(2);
        assert!(matches!(world.run(), SyncOutcome::Synced(_)));
        let expected: &[_] = if asked(&world) > late { &[(LIAR, "chia/P-40")] } else { &[] };
        assert_eq!(world.blamed(), expected, "{seed}");
        lied += usize::from(late > 0 && asked(&world) > late);
    }
    assert!(lied > 0, "it was never asked twice");
}
