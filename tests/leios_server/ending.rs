//! The end of the pair (`leios.md` 5.5).

use nodewire::codec::leios::{ReplyMessage, RequestMessage};
use nodewire::state::leios::{Order, ServerCommand, ServerNotice, ServerQuery};
use nodewire::{Action, Ending, Fault, Machine, Refused};

use crate::support::{
    Act, NOW, Rig, Store, asked, deliveries, fault, header, limits, news, point, requests, seconds,
    txs_id, vote_id, wants,
};

const DONE: Act = Action::Send(ReplyMessage::MsgLeiosDone);

#[test]
fn done_request_ends_at_once_whatever_is_outstanding() {
    let mut store = Store::default();
    let a = store.block(NOW, 1, &["x"]);
    let mut rig = Rig::new();
    rig.want(2_048);
    rig.request(vec![txs_id(a, [0])]);
    let acts = rig.message(RequestMessage::MsgLeiosDoneRequest);
    assert_eq!(acts, [Action::Notify(ServerNotice::Finishing), DONE, Action::Close(Ending::Done)]);
}

#[test]
fn finish_sends_done_and_waits_for_the_client() {
    let mut store = Store::default();
    let a = store.block(NOW, 1, &["x"]);
    let mut rig = Rig::new();
    rig.want(2_048);
    let acts = rig.request(vec![txs_id(a, [0])]);
    let questions = asked(&acts);
    assert_eq!(rig.local(ServerCommand::Finish), [DONE]);
    assert_eq!(rig.server.deadline(), Some(seconds(NOW + 60)));
    // The answer comes too late and isn't waited for; nor is anything else done.
    assert!(!rig.server.awaits(questions[0].0));
    assert_eq!(rig.answer(&store, &acts), []);
    for command in [
        ServerCommand::Finish,
        ServerCommand::Announce(header(NOW, 1, 1)),
        ServerCommand::OfferBlock(point(NOW, 1)),
    ] {
        assert_eq!(rig.try_local(command), Err(Refused::wrong_phase("finishing")));
    }
    // Requests that crossed with it are neither answered nor a fault.
    assert_eq!(rig.want(2_048), []);
    assert_eq!(rig.request(vec![vote_id(1, 1)]), []);
    let acts = rig.message(RequestMessage::MsgLeiosDoneRequest);
    assert_eq!(acts, [Action::Notify(ServerNotice::Finishing), Action::Close(Ending::Done)]);
}

#[test]
fn requests_that_cross_with_the_end_are_still_checked() {
    let mut rig = Rig::new();
    rig.local(ServerCommand::Finish);
    assert_eq!(fault(&rig.message(wants(1, 2_048))).0, "leios/L-1");
    let mut rig = Rig::new();
    rig.local(ServerCommand::Finish);
    for _ in 0..1_000 {
        assert_eq!(rig.want(2_048), []);
    }
    assert_eq!(fault(&rig.want(2_048)).0, "leios/L-4");
    let mut rig = Rig::new();
    rig.local(ServerCommand::Finish);
    assert_eq!(fault(&rig.message(requests(0, vec![vote_id(1, 1), vote_id(1, 1)]))).0, "leios/L-9");
}

#[test]
fn a_client_that_never_ends_is_left_after_a_minute() {
    let mut rig = Rig::new();
    rig.local(ServerCommand::Finish);
    rig.now = seconds(NOW + 59);
    assert_eq!(rig.timeout(), []);
    assert_eq!(rig.want(2_048), []);
    rig.now = seconds(NOW + 60);
    assert_eq!(rig.server.deadline(), Some(rig.now));
    let acts = rig.timeout();
    assert_eq!(fault(&acts).0, "leios/L-59");
    let [Action::Close(Ending::Fault(Fault::Timeout { awaited, .. }))] = &acts[..] else {
        panic!("{acts:?}")
    };
    assert_eq!(*awaited, "MsgLeiosDoneRequest");
}

#[test]
fn an_end_before_the_opening_waits_for_the_opening() {
    for locally in [true, false] {
        let mut rig = Rig::unopened(limits(), Order::FreshestFirst);
        let acts = match locally {
            true => rig.local(ServerCommand::Finish),
            false => rig.message(RequestMessage::MsgLeiosDoneRequest),
        };
        assert!(!acts.contains(&DONE));
        assert_eq!(rig.server.deadline(), Some(seconds(NOW + 60)));
        let mut late = Rig { server: rig.server.clone(), now: seconds(NOW + 60), next: 0 };
        let acts = late.timeout();
        let [Action::Close(Ending::Fault(Fault::Timeout { awaited, .. }))] = &acts[..] else {
            panic!("{acts:?}")
        };
        assert_eq!(*awaited, "MsgLeiosInit");
        let mut expected = vec![Action::Notify(ServerNotice::Opened), DONE];
        if !locally {
            expected.push(Action::Close(Ending::Done));
        }
        assert_eq!(rig.init(), expected);
    }
}

#[test]
fn bytes_after_both_ends_are_a_fault_while_it_lasts() {
    let mut rig = Rig::new();
    rig.local(ServerCommand::Finish);
    assert_eq!(fault(&rig.init()), ("leios/5.4", "MessageAfterDone"));
}

#[test]
fn ending_gives_the_memory_back() {
    let mut store = Store::default();
    let a = store.bulk(NOW, 1, 1_000, 100);
    let mut rig = Rig::with(|limits| limits.reply_egress_low = 0);
    let idle = rig.server.footprint();
    rig.announce(&header(NOW, 1, 1));
    rig.want(2_048);
    for at in 0..10 {
        let acts = rig.request(vec![txs_id(a, at * 100..at * 100 + 100)]);
        assert_eq!(deliveries(&rig.answer(&store, &acts)), []);
    }
    assert_eq!(news(&rig.drain()), []);
    assert!(rig.server.footprint() > idle + 100_000);
    rig.local(ServerCommand::Finish);
    assert!(rig.server.footprint() <= idle + 2_000);
}

#[test]
fn an_unknown_question_is_refused_after_the_end_too() {
    let mut rig = Rig::new();
    rig.local(ServerCommand::Finish);
    let mut other = Rig::new();
    let acts = other.request(vec![vote_id(1, 1)]);
    let [(id, query)] = &asked(&acts)[..] else { panic!("{acts:?}") };
    let ServerQuery::Fetch { .. } = query;
    assert_eq!(rig.try_local(query.fetched(*id, None)), Err(Refused::UnknownAsk));
}
