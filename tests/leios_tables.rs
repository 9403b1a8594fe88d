//! The transition tables, exhaustively: every phase, every side, every message.
#![cfg(feature = "leios")]

use std::collections::BTreeSet;

use nodewire::state::leios::rules;
use nodewire::state::leios::table::{
    HANDSHAKE, HandshakeLabel, HandshakePhase, KEEP_ALIVE, KeepAliveLabel, KeepAlivePhase, NAIVE,
    NaiveLabel, NaivePhase, PairPhases, REPLY, REQUEST, ReplyLabel, ReplyPhase, RequestLabel,
    RequestPhase,
};
use nodewire::{Agency, Fault, Role, Table};

const ROLES: [Role; 2] = [Role::Initiator, Role::Responder];

/// Every combination: the names `from by on` that the table allows, with where they lead; all
/// others must be faults, named by whether anything may follow.
fn allowed<P, L>(
    table: &Table<P, L>,
    phases: &[P],
    labels: &[L],
    name: impl Fn(P) -> &'static str,
    label: impl Fn(L) -> &'static str,
    step: impl Fn(P, Role, L) -> Result<P, Fault>,
) -> BTreeSet<String>
where
    P: Copy + Eq + std::fmt::Debug,
    L: Copy + Eq + std::fmt::Debug,
{
    let mut seen = BTreeSet::new();
    for &from in phases {
        for by in ROLES {
            for &on in labels {
                match (table.next(from, by, on), step(from, by, on)) {
                    (Some(to), Ok(stepped)) => {
                        assert_eq!(to, stepped);
                        let line = format!("{} {by} {} {}", name(from), label(on), name(to));
                        assert!(seen.insert(line));
                    }
                    (None, Err(fault)) => {
                        let rule = match table.agency(from) {
                            Agency::Nobody => &rules::MESSAGE_AFTER_DONE,
                            _ => &rules::UNEXPECTED_MESSAGE,
                        };
                        assert_eq!(fault, Fault::violation(rule, name(from)));
                    }
                    other => panic!("{from:?} {by} {on:?}: {other:?}"),
                }
            }
        }
    }
    assert_eq!(seen.len(), table.edges().len(), "no edge twice");
    seen
}

fn lines(text: &str) -> BTreeSet<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// A pair brought to these phases by legal messages.
fn pair(request: RequestPhase, reply: ReplyPhase) -> PairPhases {
    let mut pair = PairPhases::new();
    if request == RequestPhase::StDone {
        pair.step_request(Role::Initiator, RequestLabel::MsgLeiosDoneRequest).unwrap();
    }
    if reply != ReplyPhase::StInit {
        pair.step_reply(Role::Initiator, ReplyLabel::MsgLeiosInit).unwrap();
    }
    if reply == ReplyPhase::StDone {
        pair.step_reply(Role::Responder, ReplyLabel::MsgLeiosDone).unwrap();
    }
    assert_eq!((pair.request(), pair.reply()), (request, reply));
    pair
}

#[test]
fn leios_request() {
    let step = |from, by, on| {
        let mut pair = pair(from, ReplyPhase::StIdle);
        pair.step_request(by, on).map(|()| pair.request())
    };
    let (name, label) = (RequestPhase::name, RequestLabel::name);
    let seen = allowed(&REQUEST, RequestPhase::ALL, RequestLabel::ALL, name, label, step);
    let expected = "
        StIdle initiator MsgLeiosRequest StIdle
        StIdle initiator MsgLeiosDoneRequest StDone";
    assert_eq!(seen, lines(expected));
    assert_eq!(REQUEST.start(), RequestPhase::StIdle);
}

#[test]
fn leios_reply() {
    let step = |from, by, on| {
        let mut pair = pair(RequestPhase::StIdle, from);
        pair.step_reply(by, on).map(|()| pair.reply())
    };
    let (name, label) = (ReplyPhase::name, ReplyLabel::name);
    let seen = allowed(&REPLY, ReplyPhase::ALL, ReplyLabel::ALL, name, label, step);
    let expected = "
        StInit initiator MsgLeiosInit StIdle
        StIdle responder MsgLeiosReply StIdle
        StIdle responder MsgLeiosDone StDone";
    assert_eq!(seen, lines(expected));
    assert_eq!(REPLY.start(), ReplyPhase::StInit);
}

#[test]
fn the_pair_is_done_when_both_are() {
    for &request in RequestPhase::ALL {
        for &reply in ReplyPhase::ALL {
            let both = request == RequestPhase::StDone && reply == ReplyPhase::StDone;
            assert_eq!(pair(request, reply).done(), both);
        }
    }
}

#[test]
fn an_illegal_message_moves_nothing() {
    let mut pair = PairPhases::new();
    assert!(pair.step_reply(Role::Responder, ReplyLabel::MsgLeiosReply).is_err());
    assert!(pair.step_request(Role::Responder, RequestLabel::MsgLeiosRequest).is_err());
    assert_eq!(pair, PairPhases::new());
}

#[test]
fn naive() {
    let (name, label) = (NaivePhase::name, NaiveLabel::name);
    let seen = allowed(&NAIVE, NaivePhase::ALL, NaiveLabel::ALL, name, label, NaivePhase::step);
    let expected = "
        StIdle initiator MsgLeiosNotificationRequest StNotification
        StNotification responder MsgLeiosAnnouncement StIdle
        StNotification responder MsgLeiosBlockOffer StIdle
        StNotification responder MsgLeiosBlockTxsOffer StIdle
        StNotification responder MsgLeiosVoteOffer StIdle
        StIdle initiator MsgLeiosBlockRequest StBlock
        StBlock responder MsgLeiosBlock StIdle
        StIdle initiator MsgLeiosBlockTxRequest StBlockTx
        StBlockTx responder MsgLeiosBlockTx StIdle
        StIdle initiator MsgLeiosVoteRequest StVote
        StVote responder MsgLeiosVote StIdle
        StIdle initiator MsgDone StDone";
    assert_eq!(seen, lines(expected));
    assert_eq!(NAIVE.start(), NaivePhase::StIdle);
}

#[test]
fn handshake() {
    let (name, label) = (HandshakePhase::name, HandshakeLabel::name);
    let (phases, labels) = (HandshakePhase::ALL, HandshakeLabel::ALL);
    let seen = allowed(&HANDSHAKE, phases, labels, name, label, HandshakePhase::step);
    let expected = "
        StPropose initiator MsgProposeVersions StConfirm
        StConfirm responder MsgAcceptVersion StDone
        StConfirm responder MsgRefuse StDone
        StConfirm responder MsgQueryReply StDone
        StConfirm responder MsgProposeVersions StDone";
    assert_eq!(seen, lines(expected));
    assert_eq!(HANDSHAKE.start(), HandshakePhase::StPropose);
}

#[test]
fn keep_alive() {
    let (name, label) = (KeepAlivePhase::name, KeepAliveLabel::name);
    let (phases, labels) = (KeepAlivePhase::ALL, KeepAliveLabel::ALL);
    let seen = allowed(&KEEP_ALIVE, phases, labels, name, label, KeepAlivePhase::step);
    let expected = "
        StClient initiator MsgKeepAlive StServer
        StServer responder MsgKeepAliveResponse StClient
        StClient initiator MsgDone StDone";
    assert_eq!(seen, lines(expected));
    assert_eq!(KEEP_ALIVE.start(), KeepAlivePhase::StClient);
}

#[test]
fn every_rule_is_there_once() {
    let all: Vec<_> = rules::all().collect();
    let distinct: BTreeSet<_> = all.iter().map(|rule| (rule.id(), rule.reason())).collect();
    // One violation has two rules of one id: which side of the bound a header is on.
    assert_eq!(distinct.len(), all.len());
    for (family, last) in [("L", 63), ("S", 17)] {
        for number in 1..=last {
            let id = format!("leios/{family}-{number}");
            assert!(all.iter().any(|rule| rule.id() == id), "{id}");
        }
    }
    for rule in all {
        assert!(rule.text().len() > 20 && rule.text().ends_with('.'), "{rule}");
        assert!(!rule.source().is_empty() && !rule.source().ends_with('.'), "{rule}");
    }
}

#[test]
fn every_reason_of_the_reference_has_a_rule() {
    let reasons = "UnexpectedMessage MessageAfterDone MessageTooLarge IngressOverflow
        ZeroLengthSegment UnknownProtocol WrongDirection SegmentTimeout BadRequestNo
        TooManyRequestBytes TooManyRequests TooManyTxs NotificationRequestTooSmall
        WindowsNotAscending TxIndexOutOfRange DuplicateId NotAvailable ReplyTooLarge NoSuchRequest
        ReplyKindMismatch UnrequestedContent NotificationTooLarge NotificationCreditExceeded
        NotificationOutOfOrder CompletionFlagMismatch NotificationSpansTwoRequests
        ThirdAnnouncement RepeatedAnnouncement InvalidHeader InvalidAnnouncement
        HeaderAnnouncesNothing AnnouncementTooEarly AnnouncementTooOld TooManyElections
        OfferWithoutAnnouncement MissingDeliverable DuplicateDeliverable BlockMismatch
        BitmapNotSubset BitmapCountMismatch TxMismatch VoteMismatch DeliveryTimeout RequestStarved
        ShutdownTimeout HandshakeRefused HandshakeTimeout KeepAliveMismatch KeepAliveTimeout
        StateTimeout";
    let known: BTreeSet<_> = rules::all().map(|rule| rule.reason()).collect();
    for reason in reasons.split_whitespace() {
        assert!(known.contains(reason), "{reason}");
    }
}
