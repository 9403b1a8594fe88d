//! The question which transactions of a block are missing: what answers it, and how long it lasts.

use nodewire::codec::leios::{LeiosPoint, SlotNo};
use nodewire::state::leios::{
    ClientCommand, ClientNotice, Fetch, FetchCommand, FetchLimits, FetchQuery, Unit,
};
use nodewire::{Action, AskId, Machine, Outbox, Refused, Time};

use crate::world::{World, txs};

type Out = Outbox<(u64, ClientCommand), nodewire::state::leios::FetchNotice<u64>, FetchQuery>;

const NOW: Time = Time::from_micros(1);

fn local(fetch: &mut Fetch<u64>, command: FetchCommand<u64>) -> Result<Out, Refused> {
    let mut out = Outbox::new();
    fetch.handle_local(NOW, command, &mut out).map_err(|refusal| refusal.why).map(|()| out)
}

fn remote(fetch: &mut Fetch<u64>, notice: ClientNotice) -> Out {
    let mut out = Outbox::new();
    fetch.handle_remote(NOW, (1, notice), &mut out);
    out
}

/// A machine that has this block of three transactions from peer 1 and asks which are missing.
fn asking(slot: u64) -> (Fetch<u64>, LeiosPoint, AskId) {
    let (mut world, mut fetch) =
        (World::new(FetchLimits::default()), Fetch::new(FetchLimits::default()));
    let (point, size) = world.block(slot, &txs(0, [500; 3]));
    let block = world.blocks[&point].0.clone();
    for command in [FetchCommand::Joined(1), FetchCommand::Urgent { point, size }] {
        let _ = local(&mut fetch, command).unwrap();
    }
    let mut out = remote(&mut fetch, ClientNotice::BlockOffered(point));
    let wants = (1, ClientCommand::RequestBlock { point, size });
    assert_eq!(out.pop(), Some(Action::Send(wants)));
    let _ = remote(&mut fetch, ClientNotice::TxsOffered(point));
    let mut out = remote(&mut fetch, ClientNotice::Block { point, block });
    let asked = std::iter::from_fn(|| out.pop()).find_map(|action| match action {
        Action::Ask(id, FetchQuery::WhichAreMissing { .. }) => Some(id),
        _ => None,
    });
    (fetch, point, asked.expect("a question"))
}

#[test]
fn indices_ascend_and_name_entries_of_the_block() {
    for (indices, allowed) in [
        (vec![], true),
        (vec![0, 1, 2], true),
        (vec![0, 0], false),
        (vec![1, 0], false),
        (vec![2], true),
        (vec![3], false),
    ] {
        let (mut fetch, _, id) = asking(5);
        let known = indices.clone();
        let answer = local(&mut fetch, FetchCommand::Missing { id, indices });
        assert_eq!(answer.is_ok(), allowed, "{known:?}");
        assert_eq!(fetch.awaits(id), !allowed, "a refused answer changes nothing");
    }
}

#[test]
fn a_question_ends_with_its_block() {
    let (fetch, point, id) = asking(5);
    for (command, awaited) in [
        (FetchCommand::Forget(LeiosPoint { slot: SlotNo(6), ..point }), true),
        (FetchCommand::Forget(point), false),
    ] {
        let mut fetch = fetch.clone();
        let _ = local(&mut fetch, command).unwrap();
        assert_eq!(fetch.awaits(id), awaited);
        // Too late an answer does no harm.
        let mut out = local(&mut fetch, FetchCommand::Missing { id, indices: vec![0] }).unwrap();
        assert_eq!(out.pop().is_some(), awaited);
    }
}

#[test]
fn another_block_that_is_forgotten_takes_no_question_along() {
    let (mut fetch, point, id) = asking(5);
    let other = LeiosPoint { slot: SlotNo(7), ..point };
    let _ = local(&mut fetch, FetchCommand::Urgent { point: other, size: 40 }).unwrap();
    let _ = local(&mut fetch, FetchCommand::Forget(other)).unwrap();
    assert!(fetch.awaits(id));
}

#[test]
fn of_a_request_only_what_failed_goes_back() {
    let (mut fetch, point, id) = asking(5);
    let _ = local(&mut fetch, FetchCommand::Missing { id, indices: vec![0, 1, 2] }).unwrap();
    assert_eq!(fetch.in_flight(), 3 * 509);
    let _ = remote(&mut fetch, ClientNotice::Failed(vec![Unit::Txs(point, vec![1])]));
    assert_eq!(fetch.in_flight(), 2 * 509);
}
