//! Every kind of liar is named by rule, and the sync goes on with the others.

mod blocks;
mod hashes;
mod headers;
mod links;
mod tips;
mod unasked;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::OnceLock;

use nodewire::codec::chia::{FullBlock, HeaderBlock, HeaderHash, Message};
use nodewire::sim::chia::Ledger;
use nodewire::state::chia::SyncOutcome;

use crate::chains::{chain, empty};
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

/// A lie that is told in place of every answer of its kind.
fn named<L>(rule: &'static str, lie: L)
where
    L: Fn(Message) -> Vec<Message> + Copy + 'static,
{
    static THEIRS: OnceLock<Ledger> = OnceLock::new();
    let theirs = Rc::new(THEIRS.get_or_init(|| chain(140)).clone());
    named_for(&theirs, rule, || move |_: &Message, it: Option<Message>| it.map_or(vec![], lie));
}

/// A lie about what answers of a kind list.
fn named_listing<T: Listed>(rule: &'static str, lie: fn(&mut Vec<T>)) {
    named(rule, move |mut message| {
        if let Some(all) = T::listed(&mut message) {
            lie(all);
        }
        vec![message]
    });
}

/// What answers of one kind list.
trait Listed: Sized + 'static {
    fn listed(message: &mut Message) -> Option<&mut Vec<Self>>;
}

impl Listed for HeaderHash {
    fn listed(message: &mut Message) -> Option<&mut Vec<Self>> {
        if let Message::AllHeaderHashes(it) = message { Some(&mut it.header_hashes) } else { None }
    }
}

impl Listed for HeaderBlock {
    fn listed(message: &mut Message) -> Option<&mut Vec<Self>> {
        if let Message::HeaderBlocks(it) = message { Some(&mut it.header_blocks) } else { None }
    }
}

impl Listed for FullBlock {
    fn listed(message: &mut Message) -> Option<&mut Vec<Self>> {
        if let Message::SyncBlocks(it) = message { Some(&mut it.blocks) } else { None }
    }
}
