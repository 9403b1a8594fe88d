//! The handshake: the server's algorithm, the client's checks, simultaneous open, time and size.

#![cfg(all(feature = "leios", feature = "sim"))]

mod shared_vectors;

use std::time::Duration;

use nodewire::codec::leios::{HandshakeMessage, RefuseReason, VersionData};
use nodewire::codec::{Malformed, MalformedKind, Source};
use nodewire::sim::Laws;
use nodewire::state::leios::table::HandshakePhase;
use nodewire::state::leios::{
    Agreement, Handshake, HandshakeCommand, HandshakeConfig, HandshakeNotice, rules,
};
use nodewire::{
    Action, Channel, Ending, Fault, Input, Machine, OverChannels, Refused, Role, Rule, Time,
};
use serde_json::Value;

use shared_vectors::shared;

type Did = Vec<Action<HandshakeMessage, HandshakeNotice, nodewire::Never>>;

const T0: Time = Time::ZERO;

const fn data(magic: u32) -> VersionData {
    VersionData {
        network_magic: magic,
        initiator_only: false,
        peer_sharing: false,
        query: false,
        peras: None,
    }
}

/// Versions 14 and 15 and the pair's on the test network.
fn config() -> HandshakeConfig {
    HandshakeConfig::new(164).with(15, data(164)).with(14, data(164))
}

fn step(laws: &mut Laws<Handshake>, input: Input<HandshakeCommand, HandshakeMessage>) -> Did {
    laws.step(T0, input).unwrap().actions.drain().collect()
}

/// What a responder with `config` does about a proposal.
fn answer(config: HandshakeConfig, table: &[(u16, Option<VersionData>)]) -> Did {
    let mut responder = Laws::new(Handshake::responder(config, T0));
    step(&mut responder, Input::Remote(HandshakeMessage::MsgProposeVersions(table.to_vec())))
}

/// What an initiator that has proposed does about an answer.
fn hear(config: HandshakeConfig, message: HandshakeMessage) -> Did {
    let mut initiator = Laws::new(Handshake::initiator(config));
    let _ = step(&mut initiator, Input::Local(HandshakeCommand::Propose));
    step(&mut initiator, Input::Remote(message))
}

fn agreed(
    version: u16,
    data: VersionData,
) -> Action<HandshakeMessage, HandshakeNotice, nodewire::Never> {
    Action::Notify(HandshakeNotice::Agreed(Agreement { version, data, simultaneous: false }))
}

fn broke(did: &Did, rule: &'static Rule, phase: &'static str) {
    assert_eq!(did.last(), Some(&Action::Close(Ending::Fault(Fault::violation(rule, phase)))));
}

#[test]
fn the_pair_is_offered_under_a_private_number_with_the_data_of_version_14() {
    let config = HandshakeConfig::new(164);
    assert_eq!(config.versions(), [(4097, data(164))]);
    let mut initiator = Laws::new(Handshake::initiator(config));
    let did = step(&mut initiator, Input::Local(HandshakeCommand::Propose));
    let table = vec![(4097, Some(data(164)))];
    assert_eq!(did, [Action::Send(HandshakeMessage::MsgProposeVersions(table))]);
    assert_eq!(initiator.machine().phase(), HandshakePhase::StConfirm);
}

#[test]
fn the_server_takes_the_highest_common_version_and_skips_unknown_ones() {
    let did = answer(
        config(),
        &[(3, None), (14, Some(data(164))), (15, Some(data(164))), (16, None), (9999, None)],
    );
    let accepted = HandshakeMessage::MsgAcceptVersion(15, data(164));
    assert_eq!(did, [Action::Send(accepted), agreed(15, data(164)), Action::Close(Ending::Done)]);
}

/// Numbers of no version of the family: of three, five and nine bytes, with data of any shape.
#[test]
fn versions_of_more_than_two_bytes_are_skipped_with_their_data() {
    let decode = |bytes: &[u8]| HandshakeMessage::decode(bytes, Source::COPY);
    let known = [0x0e, 0x84, 0x18, 0xa4, 0xf4, 0x00, 0xf4];
    let top = [0x19, 0xff, 0xff, 0xf6];
    let wide = [0x1a, 0x00, 0x01, 0x00, 0x00, 0x81, 0xa1, 0x00, 0x60];
    let widest = [&[0x1b][..], &[0xff; 8], &[0x00]].concat();
    let table = |tag: u8, parts: &[&[u8]]| {
        [&[0x82, tag, 0xa0 | parts.len() as u8][..], &parts.concat()].concat()
    };
    let read = vec![(14, Some(data(164))), (0xffff, None)];
    let all = [&known[..], &top, &wide, &widest];
    assert_eq!(decode(&table(0, &all)), Ok(HandshakeMessage::MsgProposeVersions(read.clone())));
    assert_eq!(decode(&table(3, &all)), Ok(HandshakeMessage::MsgQueryReply(read.clone())));
    assert_eq!(answer(config(), &read)[0], {
        Action::Send(HandshakeMessage::MsgAcceptVersion(14, data(164)))
    });

    // They keep the order all the same, and nothing else may be as large.
    for wrong in [[&wide[..], &known], [&widest, &wide], [&wide, &wide]] {
        let at = 3 + wrong[0].len();
        let fault = Malformed::new(MalformedKind::KeysNotAscending, at);
        assert_eq!(decode(&table(0, &wrong)), Err(fault));
    }
    let negative = decode(&table(0, &[&[0x20, 0x00]])).unwrap_err();
    assert_eq!(negative.kind, MalformedKind::TypeMismatch);
    let accepts = [&[0x83, 0x01][..], &wide[..5], &known[1..]].concat();
    assert_eq!(decode(&accepts).unwrap_err().kind, MalformedKind::IntegerOutOfRange);

    let refusal = [&[0x82, 0x02, 0x82, 0x00, 0x83, 0x0e][..], &wide[..5], &widest[..9]].concat();
    let reason = RefuseReason::VersionMismatch(vec![14]);
    assert_eq!(decode(&refusal), Ok(HandshakeMessage::MsgRefuse(reason)));
}

#[test]
fn initiator_only_holds_if_either_says_so_and_peer_sharing_is_the_remote_sides() {
    for (ours, theirs) in [(false, false), (false, true), (true, false), (true, true)] {
        for sharing in [false, true] {
            let local = config().each(|data| {
                data.initiator_only = ours;
                data.peer_sharing = !sharing;
            });
            let remote = VersionData { initiator_only: theirs, peer_sharing: sharing, ..data(164) };
            let both = VersionData { initiator_only: ours || theirs, ..remote };
            let did = answer(local, &[(14, Some(remote))]);
            assert_eq!(did[0], Action::Send(HandshakeMessage::MsgAcceptVersion(14, both)));
            assert_eq!(did[1], agreed(14, both));
        }
    }
}

#[test]
fn peras_is_agreed_if_both_have_it() {
    for (ours, theirs) in [(false, true), (true, false), (true, true)] {
        let own = VersionData { peras: Some(ours), ..data(1) };
        let remote = VersionData { peras: Some(theirs), ..data(1) };
        let both = VersionData { peras: Some(ours && theirs), ..data(1) };
        let did = answer(HandshakeConfig::empty().with(16, own), &[(16, Some(remote))]);
        assert_eq!(did[1], agreed(16, both));
    }
}

#[test]
fn the_server_refuses_in_three_ways_and_ends_done_so_that_the_refusal_leaves() {
    let mismatch = RefuseReason::VersionMismatch(vec![14, 15, 4097]);
    for table in [&[][..], &[(7, Some(data(164)))][..]] {
        refuses(&answer(config(), table), |reason| assert_eq!(*reason, mismatch));
    }
    // The highest common version decides, whatever a lower one would allow.
    let good = (14, Some(data(164)));
    let unreadable = |reason: &RefuseReason| {
        assert!(matches!(reason, RefuseReason::HandshakeDecodeError(15, _)));
    };
    refuses(&answer(config(), &[good, (15, None)]), unreadable);
    // A fifth field where the version has none.
    let other_form = VersionData { peras: Some(true), ..data(164) };
    refuses(&answer(config(), &[good, (15, Some(other_form))]), unreadable);
    refuses(&answer(config(), &[good, (15, Some(data(2)))]), |reason| {
        assert!(matches!(reason, RefuseReason::Refused(15, _)));
    });
}

fn refuses(did: &Did, check: impl Fn(&RefuseReason)) {
    let [
        Action::Send(HandshakeMessage::MsgRefuse(sent)),
        Action::Notify(HandshakeNotice::Refused(told)),
        Action::Close(Ending::Done),
    ] = did.as_slice()
    else {
        panic!("{did:?}");
    };
    assert_eq!(sent, told);
    check(sent);
}

#[test]
fn a_query_is_answered_with_all_versions() {
    let ask = VersionData { query: true, ..data(164) };
    let table = vec![(14, Some(data(164))), (15, Some(data(164))), (4097, Some(data(164)))];
    let did = answer(config(), &[(14, Some(ask))]);
    assert_eq!(
        did,
        [
            Action::Send(HandshakeMessage::MsgQueryReply(table.clone())),
            Action::Notify(HandshakeNotice::Queried(table.clone())),
            Action::Close(Ending::Done),
        ]
    );
    let asking = config().each(|data| data.query = true);
    let did = hear(asking, HandshakeMessage::MsgQueryReply(table.clone()));
    let told = Action::Notify(HandshakeNotice::Queried(table.clone()));
    assert_eq!(did, [told, Action::Close(Ending::Done)]);
    // Nobody asked.
    let did = hear(config(), HandshakeMessage::MsgQueryReply(table));
    broke(&did, &rules::UNEXPECTED_MESSAGE, "StConfirm");
}

#[test]
fn the_client_checks_what_the_server_accepted() {
    let did = hear(config(), HandshakeMessage::MsgAcceptVersion(14, data(164)));
    assert_eq!(did, [agreed(14, data(164)), Action::Close(Ending::Done)]);
    for (version, data) in
        [(13, data(164)), (15, data(1)), (15, VersionData { peras: Some(false), ..data(164) })]
    {
        let did = hear(config(), HandshakeMessage::MsgAcceptVersion(version, data));
        broke(&did, &rules::HANDSHAKE_NOT_PROPOSED, "StConfirm");
        assert_eq!(did.len(), 1);
    }
}

#[test]
fn a_refused_client_ends_by_a_benign_fault_after_the_reason() {
    let reason = RefuseReason::Refused(14, "no".to_owned());
    let did = hear(config(), HandshakeMessage::MsgRefuse(reason.clone()));
    assert_eq!(did[0], Action::Notify(HandshakeNotice::Refused(reason)));
    broke(&did, &rules::HANDSHAKE_REFUSED, "StConfirm");
    assert_eq!(rules::HANDSHAKE_REFUSED.severity(), nodewire::Severity::Benign);
}

#[test]
fn in_a_simultaneous_open_both_come_to_the_same() {
    let (a, b) = (config(), HandshakeConfig::new(164).with(16, data(164)).with(15, data(164)));
    let expected = Agreement { version: 4097, data: data(164), simultaneous: true };
    for (ours, theirs) in [(&a, &b), (&b, &a)] {
        let table = theirs.versions().iter().map(|(v, data)| (*v, Some(*data))).collect();
        let did = hear(ours.clone(), HandshakeMessage::MsgProposeVersions(table));
        let told = Action::Notify(HandshakeNotice::Agreed(expected));
        assert_eq!(did, [told, Action::Close(Ending::Done)]);
    }
    // Without a common version both end alike, each with its own versions as the reason.
    let did = hear(a, HandshakeMessage::MsgProposeVersions(vec![(7, None)]));
    let reason = RefuseReason::VersionMismatch(vec![14, 15, 4097]);
    assert_eq!(did[0], Action::Notify(HandshakeNotice::Refused(reason)));
    broke(&did, &rules::HANDSHAKE_REFUSED, "StConfirm");
}

#[test]
fn an_initiator_that_hears_a_proposal_first_proposes_first() {
    let mut initiator = Laws::new(Handshake::initiator(config()));
    let theirs = HandshakeMessage::MsgProposeVersions(vec![(15, Some(data(164)))]);
    let did = step(&mut initiator, Input::Remote(theirs));
    assert!(matches!(did[0], Action::Send(HandshakeMessage::MsgProposeVersions(_))));
    assert!(matches!(did[1], Action::Notify(HandshakeNotice::Agreed(_))));
    assert_eq!(did[2], Action::Close(Ending::Done));
}

/// Each phase, role and message: a fault exactly where the table has no edge.
#[test]
fn every_illegal_message_is_a_fault() {
    let accept = HandshakeMessage::MsgAcceptVersion(15, data(164));
    let refuse = HandshakeMessage::MsgRefuse(RefuseReason::VersionMismatch(vec![]));
    let reply = HandshakeMessage::MsgQueryReply(vec![]);
    for message in [accept, refuse, reply] {
        let mut initiator = Laws::new(Handshake::initiator(config()));
        let did = step(&mut initiator, Input::Remote(message.clone()));
        broke(&did, &rules::UNEXPECTED_MESSAGE, "StPropose");
        let mut responder = Laws::new(Handshake::responder(config(), T0));
        let did = step(&mut responder, Input::Remote(message));
        broke(&did, &rules::UNEXPECTED_MESSAGE, "StPropose");
    }
}

#[test]
fn commands_out_of_phase_are_refused() {
    let refused = |laws: &mut Laws<Handshake>| {
        laws.step(T0, Input::Local(HandshakeCommand::Propose)).unwrap().refused
    };
    let mut responder = Laws::new(Handshake::responder(config(), T0));
    assert_eq!(refused(&mut responder), Some(Refused::wrong_phase("StPropose")));
    let mut initiator = Laws::new(Handshake::initiator(config()));
    assert_eq!(refused(&mut initiator), None);
    assert_eq!(refused(&mut initiator), Some(Refused::wrong_phase("StConfirm")));
}

#[test]
fn ten_seconds_in_each_state() {
    let due = T0.after(Duration::from_secs(10));
    let responder = Handshake::responder(config(), T0);
    let mut initiator = Laws::new(Handshake::initiator(config()));
    assert_eq!(initiator.machine().deadline(), None, "its own turn has no limit");
    let _ = step(&mut initiator, Input::Local(HandshakeCommand::Propose));
    for (machine, awaited) in
        [(responder, "a proposal"), (initiator.machine().clone(), "an answer to the proposal")]
    {
        assert_eq!(machine.deadline(), Some(due));
        let mut laws = Laws::new(machine);
        let early = laws.step(Time::from_micros(due.as_micros() - 1), Input::Timeout).unwrap();
        assert!(early.actions.is_empty());
        let did: Did = laws.step(due, Input::Timeout).unwrap().actions.drain().collect();
        let fault = Fault::timeout(&rules::HANDSHAKE_TIMEOUT, awaited);
        assert_eq!(did, [Action::Close(Ending::Fault(fault))]);
    }
}

#[test]
fn channels_limits_and_directions() {
    let (ours, theirs) = (Channel::new(0, Role::Initiator), Channel::new(0, Role::Responder));
    let initiator = Handshake::initiator(config());
    let channels: Vec<_> = initiator.channels().iter().map(|spec| spec.channel).collect();
    assert_eq!(channels, [ours, theirs]);
    assert_eq!(initiator.item_limit(ours, &[0x82]), Ok(5_760));
    let large = Fault::violation(&rules::STATE_MESSAGE_TOO_LARGE, "StPropose");
    assert_eq!(initiator.too_large(ours), large);

    let mut accept = Vec::new();
    let sent = HandshakeMessage::MsgAcceptVersion(15, data(164));
    assert_eq!(Handshake::encode(&sent, &mut accept), theirs);
    assert_eq!(initiator.decode(ours, &accept, Source::COPY), Ok(sent));
    // An answer that claims to come from an initiator.
    let fault = Fault::violation(&rules::UNEXPECTED_MESSAGE, "StPropose");
    assert_eq!(initiator.decode(theirs, &accept, Source::COPY), Err(fault));
    let broken = initiator.decode(ours, &[0x82, 0x09, 0x00], Source::COPY).unwrap_err();
    assert_eq!(broken.rule(), Some(&rules::GRAMMAR));
}

#[test]
fn the_captured_handshake() {
    let Some(mux) = shared("the_captured_handshake", "leios", "mux.json") else { return };
    let proposal = payload(&mux, "captured handshake proposal");
    let acceptance = payload(&mux, "captured handshake acceptance");
    let theirs = VersionData { initiator_only: true, peer_sharing: true, ..data(164) };
    // The capture says `initiator only` for itself and 1 for peer sharing, in both versions.
    let client = HandshakeConfig::empty().with(14, theirs).with(15, theirs);

    let mut initiator = Laws::new(Handshake::initiator(client));
    let did = step(&mut initiator, Input::Local(HandshakeCommand::Propose));
    assert_eq!(bytes(&did[0]), proposal);

    let responder = Handshake::responder(config(), T0);
    let channel = Channel::new(0, Role::Responder);
    let heard = responder.decode(channel, &proposal, Source::COPY).unwrap();
    let did = step(&mut Laws::new(responder), Input::Remote(heard));
    assert_eq!(bytes(&did[0]), acceptance);

    let channel = Channel::new(0, Role::Initiator);
    let heard = initiator.machine().decode(channel, &acceptance, Source::COPY).unwrap();
    let did = step(&mut initiator, Input::Remote(heard));
    assert_eq!(did, [agreed(15, theirs), Action::Close(Ending::Done)]);
}

fn bytes(action: &Action<HandshakeMessage, HandshakeNotice, nodewire::Never>) -> Vec<u8> {
    let Action::Send(message) = action else { panic!("{action:?}") };
    let mut bytes = Vec::new();
    let _ = Handshake::encode(message, &mut bytes);
    bytes
}

/// The payload of the segment of this name.
fn payload(mux: &Value, name: &str) -> Vec<u8> {
    let items = mux["items"].as_array().unwrap();
    let item = items.iter().find(|item| item["name"] == name).unwrap();
    let hex = item["hex"].as_str().unwrap();
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (16..hex.len()).step_by(2).map(byte).collect()
}

#[test]
fn versions_are_set_changed_and_taken_back() {
    let versions = |config: &HandshakeConfig| {
        config.versions().iter().map(|(version, _)| *version).collect::<Vec<_>>()
    };
    let config = config();
    assert_eq!(versions(&config), [14, 15, HandshakeConfig::LEIOS]);
    let changed = config.clone().with(15, data(1)).without(14).without(99);
    assert_eq!(versions(&changed), [15, HandshakeConfig::LEIOS]);
    assert_eq!((changed.get(15), changed.get(14)), (Some(&data(1)), None));
    let sharing = config.each(|data| data.peer_sharing = true);
    assert!(sharing.versions().iter().all(|(_, data)| data.peer_sharing));
}

#[cfg(feature = "serde")]
#[test]
fn versions_as_data_may_stand_in_any_order() {
    let mut form = serde_json::to_value(config()).unwrap();
    assert_eq!(serde_json::from_value::<HandshakeConfig>(form.clone()).unwrap(), config());
    let versions = form["versions"].as_array_mut().unwrap();
    versions.reverse();
    // Said twice, the last word counts.
    versions.insert(0, serde_json::to_value((15, data(1))).unwrap());
    assert_eq!(serde_json::from_value::<HandshakeConfig>(form.clone()).unwrap(), config());
    form["versions"][0] = serde_json::json!("15");
    assert!(serde_json::from_value::<HandshakeConfig>(form).is_err());
}
