//! KeepAlive: pings, cookies, round trips, and the two time limits.

#![cfg(all(feature = "leios", feature = "sim"))]

use std::time::Duration;

use nodewire::codec::leios::KeepAliveMessage::{MsgDone, MsgKeepAlive, MsgKeepAliveResponse};
use nodewire::codec::{Malformed, MalformedKind, Source};
use nodewire::sim::Laws;
use nodewire::state::leios::table::KeepAlivePhase;
use nodewire::state::leios::{
    KeepAliveClient, KeepAliveCommand, KeepAliveConfig, KeepAliveNotice, KeepAliveServer, rules,
};
use nodewire::{
    Action, ActionOf, Channel, Ending, Fault, Input, InputOf, Machine, OverChannels, Refused, Role,
    Time,
};

fn at(seconds: u64) -> Time {
    Time::ZERO.after(Duration::from_secs(seconds))
}

fn config() -> KeepAliveConfig {
    let mut config = KeepAliveConfig::default();
    config.first_cookie = 0xabcd;
    config.interval = Duration::from_secs(20);
    config
}

type Client = Laws<KeepAliveClient>;

fn client(
    client: &mut Client,
    now: Time,
    input: InputOf<KeepAliveClient>,
) -> Vec<ActionOf<KeepAliveClient>> {
    client.step(now, input).unwrap().actions.drain().collect()
}

fn server(
    server: &mut Laws<KeepAliveServer>,
    now: Time,
    input: InputOf<KeepAliveServer>,
) -> Vec<ActionOf<KeepAliveServer>> {
    server.step(now, input).unwrap().actions.drain().collect()
}

#[test]
fn pings_at_once_and_an_interval_after_each_answer() {
    let mut laws = Laws::new(KeepAliveClient::new(config(), at(5)));
    assert_eq!(laws.machine().deadline(), Some(at(5)));
    assert_eq!(client(&mut laws, at(5), Input::Timeout), [Action::Send(MsgKeepAlive(0xabcd))]);
    assert_eq!(laws.machine().deadline(), Some(at(65)));
    let did = client(&mut laws, at(8), Input::Remote(MsgKeepAliveResponse(0xabcd)));
    let told = KeepAliveNotice::RoundTrip(Duration::from_secs(3));
    assert_eq!(did, [Action::Notify(told)]);
    assert_eq!(laws.machine().deadline(), Some(at(28)));
    assert_eq!(client(&mut laws, at(28), Input::Timeout), [Action::Send(MsgKeepAlive(0xabce))]);
}

#[test]
fn the_cookie_wraps_and_the_interval_keeps_within_the_limit() {
    let mut config = config();
    config.first_cookie = u16::MAX;
    config.interval = Duration::from_secs(1_000);
    let mut laws = Laws::new(KeepAliveClient::new(config, at(0)));
    let _ = client(&mut laws, at(0), Input::Timeout);
    let _ = client(&mut laws, at(1), Input::Remote(MsgKeepAliveResponse(u16::MAX)));
    assert_eq!(laws.machine().deadline(), Some(at(98)));
    assert_eq!(client(&mut laws, at(98), Input::Timeout), [Action::Send(MsgKeepAlive(0))]);
}

#[test]
fn another_cookie_is_a_mismatch() {
    let mut laws = Laws::new(KeepAliveClient::new(config(), at(0)));
    let _ = client(&mut laws, at(0), Input::Timeout);
    let did = client(&mut laws, at(1), Input::Remote(MsgKeepAliveResponse(0xabce)));
    let fault = Fault::violation(&rules::KEEP_ALIVE_MISMATCH, "StServer");
    assert_eq!(did, [Action::Close(Ending::Fault(fault))]);
}

#[test]
fn an_answer_comes_within_60_seconds() {
    let mut laws = Laws::new(KeepAliveClient::new(config(), at(0)));
    let _ = client(&mut laws, at(0), Input::Timeout);
    assert_eq!(client(&mut laws, at(59), Input::Timeout), []);
    let did = client(&mut laws, at(60), Input::Timeout);
    let fault = Fault::timeout(&rules::KEEP_ALIVE_TIMEOUT, "an answer to a ping");
    assert_eq!(did, [Action::Close(Ending::Fault(fault))]);
}

#[test]
fn a_ping_comes_within_97_seconds() {
    let mut laws = Laws::new(KeepAliveServer::new(KeepAliveConfig::default(), at(0)));
    assert_eq!(laws.machine().deadline(), Some(at(97)));
    let did = server(&mut laws, at(90), Input::Remote(MsgKeepAlive(7)));
    assert_eq!(did, [Action::Send(MsgKeepAliveResponse(7))]);
    assert_eq!(server(&mut laws, at(186), Input::Timeout), []);
    let did = server(&mut laws, at(187), Input::Timeout);
    let fault = Fault::timeout(&rules::KEEP_ALIVE_TIMEOUT, "a ping");
    assert_eq!(did, [Action::Close(Ending::Fault(fault))]);
}

#[test]
fn the_client_ends_it_at_once_or_after_the_answer() {
    let finish = Input::Local(KeepAliveCommand::Finish);
    let done = [Action::Send(MsgDone), Action::Close(Ending::Done)];
    let mut idle = Laws::new(KeepAliveClient::new(config(), at(0)));
    assert_eq!(client(&mut idle, at(0), finish), done);

    let mut busy = Laws::new(KeepAliveClient::new(config(), at(0)));
    let _ = client(&mut busy, at(0), Input::Timeout);
    assert_eq!(client(&mut busy, at(1), finish), []);
    let again = busy.step(at(1), finish).unwrap().refused;
    assert_eq!(again, Some(Refused::wrong_phase("StServer")));
    let did = client(&mut busy, at(2), Input::Remote(MsgKeepAliveResponse(0xabcd)));
    assert_eq!(did[1..], done);

    let mut laws = Laws::new(KeepAliveServer::new(config(), at(0)));
    assert_eq!(server(&mut laws, at(1), Input::Remote(MsgDone)), [Action::Close(Ending::Done)]);
}

#[test]
fn every_illegal_message_is_a_fault() {
    for message in [MsgKeepAlive(0xabcd), MsgDone, MsgKeepAliveResponse(0xabcd)] {
        let mut idle = Laws::new(KeepAliveClient::new(config(), at(0)));
        let did = client(&mut idle, at(0), Input::Remote(message));
        let fault = Fault::violation(&rules::UNEXPECTED_MESSAGE, "StClient");
        assert_eq!(did, [Action::Close(Ending::Fault(fault))]);
        if message == MsgKeepAliveResponse(0xabcd) {
            continue;
        }
        let mut busy = Laws::new(KeepAliveClient::new(config(), at(0)));
        let _ = client(&mut busy, at(0), Input::Timeout);
        let did = client(&mut busy, at(1), Input::Remote(message));
        let fault = Fault::violation(&rules::UNEXPECTED_MESSAGE, "StServer");
        assert_eq!(did, [Action::Close(Ending::Fault(fault))]);
    }
    let mut laws = Laws::new(KeepAliveServer::new(config(), at(0)));
    let did = server(&mut laws, at(0), Input::Remote(MsgKeepAliveResponse(1)));
    let fault = Fault::violation(&rules::UNEXPECTED_MESSAGE, "StClient");
    assert_eq!(did, [Action::Close(Ending::Fault(fault))]);
}

#[test]
fn channels_and_bytes() {
    let pinging = KeepAliveClient::new(config(), at(0));
    let answering = KeepAliveServer::new(config(), at(0));
    let (ours, theirs) = (Channel::new(8, Role::Initiator), Channel::new(8, Role::Responder));
    assert_eq!(pinging.phase(), KeepAlivePhase::StClient);
    assert_eq!(pinging.channels()[0].channel, ours);
    assert_eq!(answering.channels()[0].channel, theirs);
    assert_eq!(pinging.channels()[0].ingress, 1_408);
    assert_eq!(answering.item_limit(theirs, &[0x82]), Ok(65_535));

    let mut ping = Vec::new();
    assert_eq!(KeepAliveClient::encode(&MsgKeepAlive(0xabcd), &mut ping), ours);
    assert_eq!(ping, [0x82, 0x00, 0x19, 0xab, 0xcd]);
    assert_eq!(answering.decode(theirs, &ping, Source::COPY), Ok(MsgKeepAlive(0xabcd)));
    let mut pong = Vec::new();
    assert_eq!(KeepAliveServer::encode(&MsgKeepAliveResponse(0xabcd), &mut pong), theirs);
    assert_eq!(pinging.decode(ours, &pong, Source::COPY), Ok(MsgKeepAliveResponse(0xabcd)));
    let wrong = pinging.decode(ours, &[0x82, 0x03, 0x00], Source::COPY).unwrap_err();
    assert_eq!(wrong.rule(), Some(&rules::GRAMMAR));
    let large = Fault::violation(&rules::STATE_MESSAGE_TOO_LARGE, "StClient");
    assert_eq!((pinging.too_large(ours), answering.too_large(theirs)), (large, large));
}

#[test]
fn bytes_that_are_no_item_break_the_grammar() {
    let malformed = Malformed::new(MalformedKind::NotWellFormed, 3);
    let fault = Fault::malformed(&rules::GRAMMAR, "NotWellFormed", 3, "KeepAlive");
    let (ours, theirs) = (Channel::new(8, Role::Initiator), Channel::new(8, Role::Responder));
    let pinging = KeepAliveClient::new(config(), at(0));
    let answering = KeepAliveServer::new(config(), at(0));
    assert_eq!(pinging.malformed(ours, malformed), fault);
    assert_eq!(answering.malformed(theirs, malformed), fault);
}
