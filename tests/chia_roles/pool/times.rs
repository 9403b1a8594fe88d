//! Who says nothing is left, at either end.

use nodewire::codec::chia::Message;
use nodewire::codec::chia::messages::{PartialAck, RequestData};
use nodewire::state::chia::{PoolClient, PoolClientCommand, PoolCommand};
use nodewire::{Action, Machine};

use super::{Player, client_config, config, data, found, partial, pool};

fn client() -> Player<PoolClient> {
    let mut player = Player::new(PoolClient::new(client_config()));
    player.local(PoolClientCommand::Open);
    player
}

/// It goes on; what it said and asked is out of the way.
fn goes_on<M>(player: &mut Player<M>)
where
    M: Machine<Remote = Message, Send = Message, Local: std::fmt::Debug>,
{
    assert!(!player.all().iter().any(|action| matches!(action, Action::Close(_))));
}

#[test]
fn a_pool_that_owes_data_is_left() {
    let mut player = client();
    player.pass(119);
    goes_on(&mut player);
    player.pass(1);
    assert_eq!(player.rule(), Some("chia/PO-3"));
}

#[test]
fn once_the_data_is_there_the_pool_owes_nothing() {
    let mut player = client();
    player.pass(119);
    player.all();
    player.hear(data([1]));
    // To verify it takes us as long as it takes.
    let (id, _) = player.question();
    player.pass(10_000);
    goes_on(&mut player);
    player.local(PoolClientCommand::Verdict(id, true));
    player.pass(100_000);
    goes_on(&mut player);
}

#[test]
fn a_pool_that_acknowledges_nothing_is_left() {
    let mut player = client();
    player.all();
    player.hear(data([1]));
    let (id, _) = player.question();
    player.local(PoolClientCommand::Verdict(id, true));
    player.local(found(1));
    player.local(found(2));
    // Each acknowledgement in time, though both together are not.
    player.pass(100);
    player.hear(PartialAck {});
    player.pass(119);
    goes_on(&mut player);
    player.pass(1);
    assert_eq!(player.rule(), Some("chia/PO-4"));
}

#[test]
fn a_farmer_that_never_begins_is_left() {
    let mut player = pool(config());
    player.pass(29);
    goes_on(&mut player);
    player.pass(1);
    assert_eq!(player.rule(), Some("chia/PO-2"));
}

#[test]
fn a_farmer_that_is_silent_for_a_day_is_left_but_not_while_it_waits() {
    let mut player = pool(config());
    player.pass(0);
    player.hear(RequestData { min_height: None, farmer_id: None });
    let (id, _) = player.question();
    player.pass(100_000);
    goes_on(&mut player);
    player.local(PoolCommand::Coinbases(id, vec![]));
    player.pass(86_399);
    player.all();
    player.hear(partial(1));
    let (id, _) = player.question();
    player.local(PoolCommand::Rate(id, None));
    assert!(matches!(player.all()[..], [Action::Send(_)]));
    player.pass(86_399);
    goes_on(&mut player);
    player.pass(1);
    assert_eq!(player.rule(), Some("chia/PO-2"));
}
