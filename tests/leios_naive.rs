//! The baseline: one thing at a time, replies in order, pipelining, limits and times.

#![cfg(all(feature = "leios", feature = "sim"))]

use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::codec::Source;
use nodewire::codec::leios::{
    Hash32, LeiosPoint, LinearLeiosBlock, LinearLeiosVote, NaiveMessage, Notification,
    RankingBlockHeader, SlotNo, TxReference, VoteIssuer,
};
use nodewire::sim::Laws;
use nodewire::state::leios::table::{NAIVE, NaiveLabel, NaivePhase};
use nodewire::state::leios::{
    Blake2b, NaiveClient, NaiveCommand, NaiveConfig, NaiveContent, NaiveNotice, NaiveQuery,
    NaiveServer, NaiveServerCommand, NaiveServerNotice, RustCryptoBlake2b, WantedTx, rules,
};
use nodewire::{
    Action, ActionOf, AskId, Channel, Ending, Fault, Input, InputOf, Machine, Outbox, OverChannels,
    Refused, Role, Time,
};

const SLOT: SlotNo = SlotNo(5);

fn at(seconds: u64) -> Time {
    Time::ZERO.after(Duration::from_secs(seconds))
}

fn tx() -> Bytes {
    Bytes::from_static(b"\x84transaction")
}

fn block() -> LinearLeiosBlock {
    let hash = RustCryptoBlake2b::hash32(&tx());
    LinearLeiosBlock::new(&[TxReference { hash, size: tx().len() as u32 }]).unwrap()
}

fn point() -> LeiosPoint {
    LeiosPoint::new(SLOT, RustCryptoBlake2b::hash32(block().raw()))
}

fn vote() -> LinearLeiosVote {
    LinearLeiosVote::new(SLOT, point().hash, VoteIssuer(7), [3; 48])
}

fn wanted_tx() -> WantedTx {
    WantedTx { index: 0, hash: RustCryptoBlake2b::hash32(&tx()), size: tx().len() as u32 }
}

fn header() -> RankingBlockHeader {
    RankingBlockHeader::from_raw(Bytes::from_static(&[0x82, 0x06, 0xd8, 0x18, 0x41, 0x00])).unwrap()
}

fn request_block() -> NaiveCommand {
    NaiveCommand::RequestBlock { point: point(), size: block().raw().len() as u32 }
}

const REQUEST_VOTE: NaiveCommand = NaiveCommand::RequestVote { slot: SLOT, issuer: VoteIssuer(7) };

fn request_tx() -> NaiveCommand {
    NaiveCommand::RequestTx { point: point(), tx: wanted_tx() }
}

fn config(pipeline: usize) -> NaiveConfig {
    let mut config = NaiveConfig::default();
    config.pipeline = pipeline;
    config
}

fn new_client(pipeline: usize) -> Laws<NaiveClient> {
    Laws::new(NaiveClient::new(config(pipeline)))
}

fn new_server(pipeline: usize) -> Laws<NaiveServer> {
    Laws::new(NaiveServer::new(config(pipeline)))
        .answering(|id, query| Some(query.answered(id, Some(content(query)))))
}

fn content(query: &NaiveQuery) -> NaiveContent {
    match query {
        NaiveQuery::Notification => {
            NaiveContent::Notification(Notification::LinearLeiosBlockOffer(point()))
        }
        NaiveQuery::Block(_) => NaiveContent::Block(block()),
        NaiveQuery::Tx(..) => NaiveContent::Tx(tx()),
        NaiveQuery::Vote(..) => NaiveContent::Vote(vote()),
    }
}

fn client(
    laws: &mut Laws<NaiveClient>,
    now: Time,
    input: InputOf<NaiveClient>,
) -> Vec<ActionOf<NaiveClient>> {
    let mut stepped = laws.step(now, input).unwrap();
    assert_eq!(stepped.refused, None);
    stepped.actions.drain().collect()
}

fn server(laws: &mut Laws<NaiveServer>, input: InputOf<NaiveServer>) -> Vec<ActionOf<NaiveServer>> {
    let mut stepped = laws.step(at(0), input).unwrap();
    assert_eq!(stepped.refused, None);
    stepped.actions.drain().collect()
}

fn fault<S, N, Q>(rule: &'static nodewire::Rule, phase: &'static str) -> Action<S, N, Q> {
    Action::Close(Ending::Fault(Fault::violation(rule, phase)))
}

/// Every request with its message, its phase, a good reply and the notice of it.
fn requests() -> [(NaiveCommand, NaiveMessage, NaivePhase, NaiveMessage, NaiveNotice); 4] {
    [
        (
            NaiveCommand::RequestNotification,
            NaiveMessage::MsgLeiosNotificationRequest,
            NaivePhase::StNotification,
            NaiveMessage::MsgLeiosVoteOffer(SLOT, VoteIssuer(7)),
            NaiveNotice::Notified(Notification::LinearLeiosVoteOffer(SLOT, VoteIssuer(7))),
        ),
        (
            request_block(),
            NaiveMessage::MsgLeiosBlockRequest(point()),
            NaivePhase::StBlock,
            NaiveMessage::MsgLeiosBlock(block()),
            NaiveNotice::Block { point: point(), block: block() },
        ),
        (
            request_tx(),
            NaiveMessage::MsgLeiosBlockTxRequest(point(), 0),
            NaivePhase::StBlockTx,
            NaiveMessage::MsgLeiosBlockTx(tx()),
            NaiveNotice::Tx { point: point(), index: 0, tx: tx() },
        ),
        (
            REQUEST_VOTE,
            NaiveMessage::MsgLeiosVoteRequest(SLOT, VoteIssuer(7)),
            NaivePhase::StVote,
            NaiveMessage::MsgLeiosVote(vote()),
            NaiveNotice::Vote(vote()),
        ),
    ]
}

fn all_messages() -> Vec<NaiveMessage> {
    let mut all: Vec<NaiveMessage> =
        requests().into_iter().flat_map(|(_, request, _, reply, _)| [request, reply]).collect();
    all.extend([
        NaiveMessage::MsgLeiosAnnouncement(header()),
        NaiveMessage::MsgLeiosBlockOffer(point()),
        NaiveMessage::MsgLeiosBlockTxsOffer(point()),
        NaiveMessage::MsgDone,
    ]);
    all
}

#[test]
fn each_request_is_answered_and_leads_back_to_idle() {
    for (command, request, phase, reply, notice) in requests() {
        let mut laws = new_client(1);
        assert_eq!(client(&mut laws, at(0), Input::Local(command)), [Action::Send(request)]);
        assert_eq!(laws.machine().phase(), phase);
        let did = client(&mut laws, at(1), Input::Remote(reply));
        assert_eq!(did, [Action::Notify(notice)]);
        assert_eq!(laws.machine().phase(), NaivePhase::StIdle);
    }
}

#[test]
fn all_four_kinds_of_news_are_told() {
    for (message, news) in [
        (
            NaiveMessage::MsgLeiosAnnouncement(header()),
            Notification::LinearLeiosAnnouncement(header()),
        ),
        (NaiveMessage::MsgLeiosBlockOffer(point()), Notification::LinearLeiosBlockOffer(point())),
        (NaiveMessage::MsgLeiosBlockTxsOffer(point()), Notification::LeiosBlockTxsOffer(point())),
        (
            NaiveMessage::MsgLeiosVoteOffer(SLOT, VoteIssuer(1)),
            Notification::LinearLeiosVoteOffer(SLOT, VoteIssuer(1)),
        ),
    ] {
        let mut laws = new_client(1);
        let _ = client(&mut laws, at(0), Input::Local(NaiveCommand::RequestNotification));
        let did = client(&mut laws, at(0), Input::Remote(message.clone()));
        assert_eq!(did, [Action::Notify(NaiveNotice::Notified(news.clone()))]);

        let mut laws = new_server(1);
        let request = NaiveMessage::MsgLeiosNotificationRequest;
        let did = server(&mut laws, Input::Remote(request));
        let id = AskId::from_u64(0);
        assert_eq!(did, [Action::Ask(id, NaiveQuery::Notification)]);
        let content = Some(NaiveContent::Notification(news));
        let did = server(&mut laws, Input::Local(NaiveServerCommand::Answered { id, content }));
        assert_eq!(did, [Action::Send(message)]);
    }
}

/// Each phase and message: a fault of the table exactly where it has no edge.
#[test]
fn every_illegal_message_is_a_fault() {
    for (command, request, phase, ..) in requests() {
        for message in all_messages() {
            let label = NaiveLabel::from(&message);
            let mut busy = new_client(1);
            let _ = client(&mut busy, at(0), Input::Local(command));
            let did = client(&mut busy, at(0), Input::Remote(message.clone()));
            let legal = NAIVE.next(phase, Role::Responder, label).is_some();
            let illegal = did == [fault(&rules::UNEXPECTED_MESSAGE, phase.name())];
            assert_eq!(legal, !illegal, "{phase:?} {label:?}: {did:?}");

            let did = client(&mut new_client(1), at(0), Input::Remote(message.clone()));
            assert_eq!(did, [fault(&rules::UNEXPECTED_MESSAGE, "StIdle")]);

            let did = server(&mut new_server(1), Input::Remote(message.clone()));
            let legal = NAIVE.next(NaivePhase::StIdle, Role::Initiator, label).is_some();
            let illegal = did == [fault(&rules::UNEXPECTED_MESSAGE, "StIdle")];
            assert_eq!(legal, !illegal, "server {label:?}: {did:?}");

            // In lock-step nothing may come while the server is at work.
            let mut busy = new_server(1);
            let _ = server(&mut busy, Input::Remote(request.clone()));
            let did = server(&mut busy, Input::Remote(message));
            let named = if legal { phase.name() } else { "StIdle" };
            assert_eq!(did, [fault(&rules::UNEXPECTED_MESSAGE, named)]);
        }
    }
}

#[test]
fn what_was_not_asked_for_is_a_mismatch() {
    let other = LinearLeiosBlock::new(&[TxReference { hash: Hash32([1; 32]), size: 9 }]).unwrap();
    let mut wrong_size = wanted_tx();
    wrong_size.size += 1;
    for (command, reply, phase) in [
        (request_block(), NaiveMessage::MsgLeiosBlock(other), "StBlock"),
        (
            NaiveCommand::RequestBlock { point: point(), size: 1 },
            NaiveMessage::MsgLeiosBlock(block()),
            "StBlock",
        ),
        (request_tx(), NaiveMessage::MsgLeiosBlockTx(Bytes::from_static(b"\x83")), "StBlockTx"),
        (
            NaiveCommand::RequestTx { point: point(), tx: wrong_size },
            NaiveMessage::MsgLeiosBlockTx(tx()),
            "StBlockTx",
        ),
        (
            NaiveCommand::RequestVote { slot: SLOT, issuer: VoteIssuer(8) },
            NaiveMessage::MsgLeiosVote(vote()),
            "StVote",
        ),
        (
            NaiveCommand::RequestVote { slot: SlotNo(6), issuer: VoteIssuer(7) },
            NaiveMessage::MsgLeiosVote(vote()),
            "StVote",
        ),
    ] {
        let mut laws = new_client(1);
        let _ = client(&mut laws, at(0), Input::Local(command));
        let did = client(&mut laws, at(0), Input::Remote(reply));
        assert_eq!(did, [fault(&rules::NAIVE_MISMATCH, phase)]);
    }
}

#[test]
fn lock_step_refuses_a_second_request() {
    let mut laws = new_client(1);
    assert_eq!(laws.machine().room(), 1);
    let _ = client(&mut laws, at(0), Input::Local(REQUEST_VOTE));
    assert_eq!(laws.machine().room(), 0);
    let refused = laws.step(at(0), Input::Local(REQUEST_VOTE)).unwrap().refused;
    assert_eq!(refused, Some(Refused::busy("pipeline")));
    let mut far = wanted_tx();
    far.index = 65_536;
    let command = NaiveCommand::RequestTx { point: point(), tx: far };
    let refused = new_client(1).step(at(0), Input::Local(command)).unwrap().refused;
    assert!(matches!(refused, Some(Refused::Invalid { .. })));
}

#[test]
fn a_pipelining_client_is_answered_in_order() {
    let (mut a, mut b) = (new_client(3), new_server(3));
    let mut questions = Vec::new();
    for command in [request_block(), request_tx(), REQUEST_VOTE] {
        for action in client(&mut a, at(0), Input::Local(command)) {
            let Action::Send(message) = action else { panic!("{action:?}") };
            questions.extend(server(&mut b, Input::Remote(message)));
        }
    }
    assert_eq!(questions.len(), 1, "one question at a time");
    let mut told = Vec::new();
    while let Some(Action::Ask(id, query)) = questions.pop() {
        let answer = query.answered(id, Some(content(&query)));
        for action in server(&mut b, Input::Local(answer)) {
            match action {
                Action::Send(reply) => told.extend(client(&mut a, at(1), Input::Remote(reply))),
                ask => questions.push(ask),
            }
        }
    }
    let expected = requests().into_iter().skip(1).map(|(.., notice)| Action::Notify(notice));
    assert!(told.into_iter().eq(expected));
    assert_eq!(
        (a.machine().phase(), b.machine().phase()),
        (NaivePhase::StIdle, NaivePhase::StIdle)
    );
}

#[test]
fn more_than_the_pipeline_holds_is_a_fault() {
    let mut laws = new_server(2);
    let request = NaiveMessage::MsgLeiosVoteRequest(SLOT, VoteIssuer(7));
    for _ in 0..2 {
        let did = server(&mut laws, Input::Remote(request.clone()));
        assert!(!did.iter().any(|action| matches!(action, Action::Close(_))));
    }
    let did = server(&mut laws, Input::Remote(request.clone()));
    assert_eq!(did, [fault(&rules::UNEXPECTED_MESSAGE, "StVote")]);

    let mut laws = new_server(8);
    let _ = server(&mut laws, Input::Remote(request.clone()));
    let _ = server(&mut laws, Input::Remote(NaiveMessage::MsgDone));
    let did = server(&mut laws, Input::Remote(request));
    assert_eq!(did, [fault(&rules::MESSAGE_AFTER_DONE, "StVote")]);
}

#[test]
fn busy_states_last_60_seconds_but_news_may_take_its_time() {
    for (command, _, phase, ..) in requests() {
        let mut laws = new_client(1);
        let _ = client(&mut laws, at(5), Input::Local(command));
        if phase == NaivePhase::StNotification {
            assert_eq!(laws.machine().deadline(), None);
            continue;
        }
        assert_eq!(laws.machine().deadline(), Some(at(65)));
        assert_eq!(client(&mut laws, at(64), Input::Timeout), []);
        let did = client(&mut laws, at(65), Input::Timeout);
        let fault = Fault::timeout(&rules::STATE_TIMEOUT, phase.name());
        assert_eq!(did, [Action::Close(Ending::Fault(fault))]);
    }
}

#[test]
fn with_pipelining_the_time_of_each_begins_when_its_turn_comes() {
    let mut laws = new_client(2);
    let _ = client(&mut laws, at(0), Input::Local(request_block()));
    let _ = client(&mut laws, at(1), Input::Local(request_tx()));
    let _ = client(&mut laws, at(50), Input::Remote(NaiveMessage::MsgLeiosBlock(block())));
    assert_eq!(laws.machine().phase(), NaivePhase::StBlockTx);
    assert_eq!(laws.machine().deadline(), Some(at(110)));
}

#[test]
fn the_client_finishes_at_once_or_after_the_replies() {
    let finish = || Input::Local(NaiveCommand::Finish);
    let done = [Action::Send(NaiveMessage::MsgDone), Action::Close(Ending::Done)];
    assert_eq!(client(&mut new_client(1), at(0), finish()), done);

    let mut laws = new_client(2);
    let _ = client(&mut laws, at(0), Input::Local(REQUEST_VOTE));
    assert_eq!(client(&mut laws, at(0), finish()), []);
    assert_eq!(laws.machine().room(), 0);
    for command in [REQUEST_VOTE, NaiveCommand::Finish] {
        let refused = laws.step(at(0), Input::Local(command)).unwrap().refused;
        assert_eq!(refused, Some(Refused::wrong_phase("StVote")));
    }
    let did = client(&mut laws, at(1), Input::Remote(NaiveMessage::MsgLeiosVote(vote())));
    assert_eq!(did[1..], done);

    let did = server(&mut new_server(1), Input::Remote(NaiveMessage::MsgDone));
    assert_eq!(did, [Action::Notify(NaiveServerNotice::Finished), Action::Close(Ending::Done)]);
}

#[test]
fn a_server_that_lacks_it_is_unable() {
    for (_, request, phase, ..) in requests() {
        let mut laws = new_server(1);
        let _ = server(&mut laws, Input::Remote(request));
        let id = AskId::from_u64(0);
        let lacking = Input::Local(NaiveServerCommand::Answered { id, content: None });
        if phase == NaivePhase::StNotification {
            let refused = laws.step(at(0), lacking).unwrap().refused;
            assert!(matches!(refused, Some(Refused::Invalid { .. })));
            continue;
        }
        let did = server(&mut laws, lacking);
        let [Action::Close(Ending::Fault(fault))] = did.as_slice() else { panic!("{did:?}") };
        assert_eq!(fault.rule(), Some(&rules::NOT_AVAILABLE));
    }
}

#[test]
fn an_answer_of_another_kind_is_refused_and_leaves_the_question_open() {
    let mut laws = new_server(1);
    let request = NaiveMessage::MsgLeiosBlockRequest(point());
    let _ = server(&mut laws, Input::Remote(request));
    let id = AskId::from_u64(0);
    let answer =
        |content| Input::Local(NaiveServerCommand::Answered { id, content: Some(content) });
    let refused = laws.step(at(0), answer(NaiveContent::Tx(tx()))).unwrap().refused;
    assert!(matches!(refused, Some(Refused::Invalid { .. })));
    assert!(laws.machine().awaits(id));
    let did = server(&mut laws, answer(NaiveContent::Block(block())));
    assert_eq!(did, [Action::Send(NaiveMessage::MsgLeiosBlock(block()))]);
    assert!(!laws.machine().awaits(id));
}

#[test]
fn sizes_follow_the_phase() {
    let ours = Channel::new(26, Role::Initiator);
    let theirs = Channel::new(26, Role::Responder);
    for (command, request, phase, reply, _) in requests() {
        let mut laws = new_client(1);
        let _ = client(&mut laws, at(0), Input::Local(command));
        let large = matches!(phase, NaivePhase::StBlock | NaivePhase::StBlockTx);
        let most = if large { 2_500_000 } else { 65_535 };
        assert_eq!(laws.machine().item_limit(ours, &[0x82]), Ok(most));
        let fault = Fault::violation(&rules::STATE_MESSAGE_TOO_LARGE, phase.name());
        assert_eq!(laws.machine().too_large(ours), fault);

        let mut bytes = Vec::new();
        assert_eq!(NaiveClient::encode(&request, &mut bytes), ours);
        let busy = new_server(1);
        assert_eq!(busy.machine().item_limit(theirs, &bytes), Ok(65_535));
        assert_eq!(busy.machine().decode(theirs, &bytes, Source::COPY), Ok(request));
        bytes.clear();
        assert_eq!(NaiveServer::encode(&reply, &mut bytes), theirs);
        assert_eq!(laws.machine().decode(ours, &bytes, Source::COPY), Ok(reply));
    }
    let idle = new_client(1);
    assert_eq!(idle.machine().channels()[0].channel, ours);
    // `leios.md` 10.4: the longest message and a tenth more.
    assert_eq!(idle.machine().channels()[0].ingress, 2_750_000);
    let serving = new_server(1);
    assert_eq!(serving.machine().channels()[0].ingress, 72_088);
    assert_eq!(idle.machine().item_limit(ours, &[0x81]), Ok(65_535));
    let wrong = idle.machine().decode(ours, &[0x81, 0x18, 0x63], Source::COPY).unwrap_err();
    assert_eq!(wrong.rule(), Some(&rules::GRAMMAR));
}

#[test]
fn whatever_a_server_is_busy_with_the_next_message_is_a_request() {
    let theirs = Channel::new(26, Role::Responder);
    for (_, request, phase, ..) in requests() {
        // The question stays open, so it stays busy.
        let mut laws = Laws::new(NaiveServer::new(config(2)));
        let did = server(&mut laws, Input::Remote(request));
        assert!(matches!(did[..], [Action::Ask(..)]), "{did:?}");
        assert_eq!(laws.machine().item_limit(theirs, &[0x82]), Ok(65_535), "{phase:?}");
    }
}

#[test]
fn after_the_end_no_message_has_a_size() {
    // One that has ended is kept by nobody but those that look at it.
    let mut done = NaiveServer::new(config(1));
    let mut out = Outbox::new();
    done.handle_remote(at(0), NaiveMessage::MsgDone, &mut out);
    assert_eq!(out.drain().last(), Some(Action::Close(Ending::Done)));
    let fault = Fault::violation(&rules::MESSAGE_AFTER_DONE, NaivePhase::StDone.name());
    assert_eq!(done.item_limit(Channel::new(26, Role::Responder), &[0x81]), Err(fault));
}
