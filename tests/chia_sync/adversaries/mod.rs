//! Every kind of liar is named by rule, and the sync goes on with the others.

mod blocks;
mod hashes;
mod headers;
mod tips;
mod unasked;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::OnceLock;

use nodewire::codec::chia::Message;
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

type Lie = fn(Message) -> Vec<Message>;

/// A lie that is told in place of every answer of its kind.
fn named(rule: &'static str, lie: Lie) {
    static THEIRS: OnceLock<Ledger> = OnceLock::new();
    let theirs = Rc::new(THEIRS.get_or_init(|| chain(140)).clone());
    named_for(&theirs, rule, || move |_: &Message, it: Option<Message>| it.map_or(vec![], lie));
}
