//! The beginning and the end of the pair (`leios.md` 5.4, 5.5, L-24).

use nodewire::codec::leios::{ReplyMessage, RequestMessage};
use nodewire::state::leios::{
    ClientCommand, ClientNotice, ClientRemote, Limits, PairMessage, Unit,
};
use nodewire::{Action, Ending, Machine, Refused, UntilClosed};

use crate::support::*;

fn done_request() -> Act {
    Action::Send(PairMessage::Request(RequestMessage::MsgLeiosDoneRequest))
}

#[test]
fn nothing_is_asked_before_the_pair_is_open() {
    let mut rig = Rig::unopened(Limits::default());
    let refused = Err(Refused::wrong_phase("StInit"));
    let point = point(NOW, 1);
    let target = ClientCommand::NotificationTarget { low: 32_768, chunk: 32_768 };
    for command in [ClientCommand::RequestBlock { point, size: 36 }, target, ClientCommand::Finish]
    {
        assert_eq!(rig.try_local(command), refused);
    }
    rig.local(ClientCommand::Start);
    assert_eq!(rig.try_local(ClientCommand::Start), Err(Refused::wrong_phase("StIdle")));
}

#[test]
fn a_reply_before_init_is_unexpected() {
    let mut rig = Rig::unopened(Limits::default());
    assert_eq!(fault(&rig.deliver(0, Vec::new())), ("leios/5.4", "UnexpectedMessage"));
    let mut rig = Rig::unopened(Limits::default());
    assert_eq!(fault(&rig.done()), ("leios/5.4", "UnexpectedMessage"));
}

#[test]
fn a_server_sends_neither_init_nor_requests() {
    let init = ClientRemote::Reply(ReplyMessage::MsgLeiosInit);
    assert_eq!(fault(&Rig::new().remote(init)), ("leios/5.4", "UnexpectedMessage"));
    let done = ClientRemote::Request(RequestMessage::MsgLeiosDoneRequest);
    assert_eq!(fault(&Rig::new().remote(done.clone())), ("leios/5.4", "UnexpectedMessage"));
    let mut rig = Rig::new();
    rig.local(ClientCommand::Finish);
    assert_eq!(fault(&rig.remote(done)), ("leios/5.4", "MessageAfterDone"));
}

#[test]
fn an_idle_pair_ends() {
    let mut rig = Rig::new();
    assert_eq!(rig.local(ClientCommand::Finish), [done_request()]);
    let again = rig.try_local(ClientCommand::Finish);
    assert_eq!(again, Err(Refused::wrong_phase("StDone")));
    assert_eq!(rig.done(), [Action::Close(Ending::Done)]);
}

#[test]
fn replies_are_taken_until_the_server_is_done_and_the_rest_has_failed() {
    let mut rig = Rig::listening_with(|limits| limits.max_outstanding_requests = 4);
    let block = Block::new(NOW, &[b"tx"]);
    rig.want_block(&block);
    rig.want_votes(NOW, [1]);
    rig.want_votes(NOW, [2, 3]);
    assert_eq!(rig.client.room(), Limits::default().max_queued_requests - 2, "two wait");
    let waiting = [
        Unit::Vote(block.point.slot, vote(NOW, 2).issuer()),
        Unit::Vote(block.point.slot, vote(NOW, 3).issuer()),
    ];
    let failed = Action::Notify(ClientNotice::Failed(waiting.to_vec()));
    assert_eq!(rig.local(ClientCommand::Finish), [failed, done_request()]);
    assert_eq!(notices(&rig.deliver(3, vec![vote_delivery(NOW, 1)])).len(), 1);
    rig.announced(NOW, 1, 1);
    let late = rig.try_local(ClientCommand::RequestBlock { point: point(NOW, 1), size: 36 });
    assert_eq!(late, Err(Refused::wrong_phase("StDone")));
    let failed = Action::Notify(ClientNotice::Failed(vec![Unit::Block(block.point)]));
    assert_eq!(rig.done(), [failed, Action::Close(Ending::Done)]);
}

#[test]
fn a_server_may_end_it_on_its_own() {
    let mut rig = Rig::listening();
    let block = Block::new(NOW, &[b"a", b"b"]);
    rig.want_txs(&block, &[0, 1]);
    rig.want_votes(NOW, [4]);
    let units = vec![
        Unit::Txs(block.point, vec![0, 1]),
        Unit::Vote(block.point.slot, vote(NOW, 4).issuer()),
    ];
    let acts = rig.done();
    let failed = Action::Notify(ClientNotice::Failed(units));
    assert_eq!(acts, [failed, done_request(), Action::Close(Ending::Done)]);
}

#[test]
fn a_faulty_reply_while_finishing_is_a_fault() {
    let mut rig = Rig::new();
    rig.local(ClientCommand::Finish);
    assert_eq!(fault(&rig.deliver(0, Vec::new())), ("leios/L-17", "NoSuchRequest"));
}

#[test]
fn nothing_comes_of_a_closed_client() {
    let mut rig = Rig::listening();
    rig.want_votes(NOW, [4]);
    let mut client = UntilClosed::new(rig.client.clone());
    let mut out = nodewire::Outbox::new();
    let done = ClientRemote::Reply(ReplyMessage::MsgLeiosDone);
    client.handle_remote(rig.now, done.clone(), &mut out);
    assert!(out.ends() && client.is_closed());
    let before = out.len();
    client.handle_remote(rig.now, done, &mut out);
    client.handle_timeout(seconds(NOW * 2), &mut out);
    assert_eq!((out.len(), client.deadline()), (before, None));
}
