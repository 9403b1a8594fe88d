//! A step in the steady state allocates nothing but the message itself: an offer in, a notice out,
//! through the client, the connection, the multiplexer and the session.
#![cfg(feature = "leios")]

mod heap;

use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::codec::leios::{
    CountedNotification, Hash32, LeiosPoint, MsgReplyPayload, NonEmpty, Notification,
    RankingBlockHeader, ReplyMessage, RequestNo, SlotNo, VoteIssuer,
};
use nodewire::leios::{self, SessionConfig};
use nodewire::link::{Mux, MuxConfig, MuxLocal, Peers, Transport};
use nodewire::state::leios::{
    Client, ClientCommand, ClientRemote, Connection, ConnectionCommand, ConnectionConfig,
    ConnectionRemote, Limits, Parts, SlotClock, Verdict,
};
use nodewire::{Action, AskId, Input, InputOf, Machine, Out, Outbox, Time};

const SLOT: u64 = 100;
const OFFERS: u16 = 200;

fn now() -> Time {
    Time::ZERO.after(Duration::from_secs(SLOT))
}

/// A header that announces the block of nines.
fn header() -> RankingBlockHeader {
    let mut header = vec![0x82, 0x8c, 0, 0x18, SLOT as u8, 0xf6, 0x58, 32];
    header.extend([1; 32]);
    header.extend([0xf6; 4]);
    header.extend([0x84, 0x40, 0, 0, 0x40, 0xf6, 0xf4, 0x82, 0x58, 32]);
    header.extend([9; 32]);
    header.extend([0x19, 0x10, 0, 0x40]);
    let mut raw = vec![0x82, 7, 0xd8, 24, 0x58, header.len() as u8];
    raw.extend(header);
    RankingBlockHeader::from_raw(Bytes::from(raw)).unwrap()
}

fn news(notification: Notification) -> ReplyMessage {
    let news = NonEmpty::one(CountedNotification::new(notification));
    ReplyMessage::MsgLeiosReply(MsgReplyPayload::LeiosNotifications(RequestNo(0), false, news))
}

/// The announcement; an offer that makes the list of seats; the offers that are counted.
fn messages() -> Vec<ReplyMessage> {
    let vote = |issuer| Notification::LinearLeiosVoteOffer(SlotNo(SLOT), VoteIssuer(issuer));
    let point = LeiosPoint::new(SlotNo(SLOT), Hash32([9; 32]));
    let mut all = vec![Notification::LinearLeiosAnnouncement(header()), vote(999)];
    all.push(Notification::LinearLeiosBlockOffer(point));
    all.extend((0..OFFERS).map(vote));
    all.into_iter().map(news).collect()
}

fn segment(message: &ReplyMessage) -> Transport {
    let mut payload = Vec::new();
    message.encode(&mut payload);
    let mut segment = vec![0, 0, 0, 0, 0x80, 25];
    segment.extend((payload.len() as u16).to_be_bytes());
    segment.extend(payload);
    Transport::Received(Bytes::from(segment))
}

const TARGET: ClientCommand = ClientCommand::NotificationTarget { low: 32_768, chunk: 65_535 };

/// Allocations of the steps after the third message, each with one notice.
fn allocations<M: Machine>(
    machine: &mut M,
    out: &mut Out<M>,
    wrap: impl Fn(&ReplyMessage) -> M::Remote,
    judged: impl Fn(AskId) -> M::Local,
) -> u64 {
    let messages = messages();
    let mut inputs: Vec<M::Remote> = messages.iter().map(wrap).collect();
    let steady = inputs.split_off(3);
    for input in inputs {
        machine.handle_remote(now(), input, out);
        let mut asked = None;
        for action in out.drain() {
            if let Action::Ask(id, _) = action {
                asked = Some(id);
            }
        }
        if let Some(id) = asked {
            assert!(machine.handle_local(now(), judged(id), out).is_ok());
        }
        out.drain().for_each(drop);
    }
    let before = heap::calls();
    for input in steady {
        heap::held(|| machine.handle_remote(now(), input, out));
        assert!(matches!(out.pop(), Some(Action::Notify(_))));
        assert!(out.is_empty());
    }
    heap::calls() - before
}

fn judge(id: AskId) -> ClientCommand {
    ClientCommand::Judged { id, verdict: Verdict::Process }
}

fn connection_config() -> ConnectionConfig {
    let mut config = ConnectionConfig::default();
    config.clock = SlotClock::default();
    config
}

#[test]
fn a_client() {
    let mut client = Client::new(Limits::default(), SlotClock::default());
    let mut out = Outbox::new();
    for command in [ClientCommand::Start, TARGET] {
        client.handle_local(now(), command, &mut out).unwrap();
    }
    out.drain().for_each(drop);
    let wrap = |message: &ReplyMessage| ClientRemote::Reply(message.clone());
    assert_eq!(allocations(&mut client, &mut out, wrap, judge), 0);
}

#[test]
fn a_connection() {
    let mut connection = Connection::new(connection_config(), Parts::DUPLEX, now());
    let mut out = Outbox::new();
    for command in [ClientCommand::Start, TARGET] {
        connection.handle_local(now(), ConnectionCommand::Client(command), &mut out).unwrap();
    }
    out.drain().for_each(drop);
    let wrap =
        |message: &ReplyMessage| ConnectionRemote::Client(ClientRemote::Reply(message.clone()));
    let judged = |id| ConnectionCommand::Client(judge(id));
    assert_eq!(allocations(&mut connection, &mut out, wrap, judged), 0);
}

#[test]
fn a_multiplexed_connection() {
    let connection = Connection::new(connection_config(), Parts::DUPLEX, now());
    let mut mux = Mux::new(connection, MuxConfig::default(), &[]);
    let mut out = Outbox::new();
    let local = |command| MuxLocal::Machine(ConnectionCommand::Client(command));
    mux.handle_remote(now(), Transport::Writable(Transport::UNCOUNTED), &mut out);
    for command in [ClientCommand::Start, TARGET] {
        mux.handle_local(now(), local(command), &mut out).unwrap();
    }
    out.drain().for_each(drop);
    assert_eq!(allocations(&mut mux, &mut out, segment, |id| local(judge(id))), 0);
}

#[test]
fn a_session_alone_and_among_peers() {
    let mut config = SessionConfig::new(1);
    config.connection = connection_config();
    let mut sides = [leios::initiator(config.clone()), leios::responder(config, now())];
    let mut outs = [Outbox::new(), Outbox::new()];
    for (side, out) in sides.iter_mut().zip(&mut outs) {
        side.handle_remote(now(), Transport::Writable(Transport::UNCOUNTED), out);
    }
    sides[0].handle_local(now(), leios::propose(), &mut outs[0]).unwrap();
    while let Some((at, action)) = (0..2).find_map(|at| Some((at, outs[at].pop()?))) {
        if let Action::Send(bytes) = action {
            let other = 1 - at;
            sides[other].handle_remote(now(), Transport::Received(bytes), &mut outs[other]);
        }
    }
    let [_, mut session] = sides;
    let mut out = Outbox::new();
    let local = |command| leios::on_connection(ConnectionCommand::Client(command));
    for command in [ClientCommand::Start, TARGET] {
        session.handle_local(now(), local(command), &mut out).unwrap();
    }
    out.drain().for_each(drop);
    let mut twin = session.clone();
    assert_eq!(allocations(&mut twin, &mut out, segment, |id| local(judge(id))), 0);

    // Among peers: the list of actions is the caller's.
    let mut peers = Peers::new();
    peers.insert(7_u8, twin);
    let mut out = Vec::new();
    let offers = (300..400).map(|issuer| {
        let offer = Notification::LinearLeiosVoteOffer(SlotNo(SLOT), VoteIssuer(issuer));
        segment(&news(offer))
    });
    let offers: Vec<InputOf<leios::Session>> = offers.map(Input::Remote).collect();
    let mut counted = 0;
    for (at, offer) in offers.into_iter().enumerate() {
        let before = heap::calls();
        assert!(heap::held(|| peers.handle(now(), &7, offer, &mut out)).is_ok());
        // The first call makes room.
        counted += if at == 0 { 0 } else { heap::calls() - before };
        assert_eq!(out.len(), 1);
        out.clear();
    }
    assert_eq!(counted, 0);
}
