//! Law 5 deep inside a conversation: hundreds of segments of real messages, cut anywhere.

#![cfg(all(feature = "leios", feature = "sim"))]

use std::sync::OnceLock;

use nodewire::bytes::Bytes;
use nodewire::codec::SegmentHeader;
use nodewire::codec::leios::{DeliverableId, SlotNo, VoteIssuer};
use nodewire::link::{ChannelInput, Channels, Mux, MuxConfig, MuxLocal, Outgoing, Transport};
use nodewire::sim::made::{self, MadeBlock, MadeHeader};
use nodewire::sim::{Rng, Uncut, cut_invariance, cut_invariance_by};
use nodewire::state::leios::{
    ClientCommand, Connection, ConnectionCommand, ConnectionConfig, ConnectionNotice,
    ConnectionQuery, Content, Parts, ServerCommand, ServerQuery, SlotClock, Verdict, WantedTx,
};
use nodewire::{Action, Channel, Machine, Out, Outbox, Role, Time};

const T0: Time = Time::ZERO;
const SLOT: u64 = 100;
const BLOCKS: u64 = 6;
const TXS: u64 = 60;
const VOTES: u16 = 90;
/// Votes offered a block.
const OFFERED: u16 = 40;

fn config() -> ConnectionConfig {
    let mut config = ConnectionConfig::default();
    config.clock = SlotClock { slot: SlotNo(SLOT), ..SlotClock::default() };
    config.limits.reply_split_target = 9_000;
    config
}

fn connection() -> Connection {
    Connection::new(config(), Parts::DUPLEX, T0)
}

/// One a slot, the latest first.
fn blocks() -> &'static [MadeBlock] {
    static BLOCKS_MADE: OnceLock<Vec<MadeBlock>> = OnceLock::new();
    let tx = |n: u64| made::tx(n, 40 + (n * 37 % 700) as usize);
    let block = |at: u64| MadeBlock::new(SlotNo(SLOT - at), (at * TXS..(at + 1) * TXS).map(tx));
    BLOCKS_MADE.get_or_init(|| (0..BLOCKS).map(|at| block(at).expect("distinct")).collect())
}

/// How either side begins.
fn opening() -> [ConnectionCommand; 2] {
    let target = ClientCommand::NotificationTarget { low: 60_000, chunk: 30_000 };
    [ClientCommand::Start, target].map(ConnectionCommand::Client)
}

/// What the tested side asks for, once it knows of the blocks.
fn wants() -> Vec<ConnectionCommand> {
    let mut commands = Vec::new();
    for made in blocks() {
        let point = made.point;
        commands.push(ClientCommand::RequestBlock { point, size: made.announced().size });
        let wanted = made.txs.iter().zip(0..).map(|((hash, tx), index)| WantedTx {
            index,
            hash: *hash,
            size: tx.len() as u32,
        });
        commands.push(ClientCommand::RequestTxs { point, txs: wanted.collect() });
    }
    for seat in 0..VOTES {
        let votes = vec![(SlotNo(SLOT), VoteIssuer(seat))];
        commands.push(ClientCommand::RequestVotes { votes });
    }
    commands.into_iter().map(ConnectionCommand::Client).collect()
}

/// What the other side tells first.
fn announcements() -> Vec<ConnectionCommand> {
    let announce = |(made, pool): (&MadeBlock, u8)| {
        let header = MadeHeader::new(made.point.slot, pool, Some(made.announced())).header();
        ConnectionCommand::Server(ServerCommand::Announce(header))
    };
    blocks().iter().zip(1..).map(announce).collect()
}

/// What it tells and asks for then.
fn news() -> Vec<ConnectionCommand> {
    let mut commands = Vec::new();
    for made in blocks() {
        commands.push(ServerCommand::OfferBlock(made.point));
        commands.push(ServerCommand::OfferTxs(made.point));
        let vote = |seat| ServerCommand::OfferVote(made.point.slot, VoteIssuer(seat));
        commands.extend((0..OFFERED).map(vote));
    }
    let mut commands: Vec<_> = commands.into_iter().map(ConnectionCommand::Server).collect();
    commands.extend(opening());
    commands.extend(wants());
    commands
}

fn content(id: &DeliverableId) -> Content {
    let blocks = blocks();
    let of = |slot: SlotNo| &blocks[(SLOT - slot.0) as usize];
    match id {
        DeliverableId::LinearLeiosBlockId(point) => Content::Block(of(point.slot).block.clone()),
        DeliverableId::LeiosBlockTxsId(point, bitmaps) => {
            let made = of(point.slot);
            let tx = |index: u32| {
                let (hash, tx) = &made.txs[index as usize];
                (index, *hash, tx.clone())
            };
            let txs = bitmaps.indices().map(tx).collect();
            Content::Txs { count: made.txs.len() as u32, txs }
        }
        DeliverableId::LinearLeiosVoteId(slot, seat) => {
            Content::Vote(made::vote(of(*slot).point, *seat))
        }
    }
}

type Link = Mux<Connection>;
type Actions = Out<Link>;

fn fresh(sdu_size: u16) -> (Link, Actions) {
    let mut config = MuxConfig::default();
    config.sdu_size = sdu_size;
    let mut link = Mux::new(connection(), config, &[]);
    let mut out = Outbox::new();
    link.handle_timeout(T0, &mut out);
    link.handle_remote(T0, Transport::Writable(Transport::UNCOUNTED), &mut out);
    (link, out)
}

/// All that the other side says: the announcements, and what it says after those were judged.
fn said() -> &'static [Bytes; 2] {
    static SAID: OnceLock<[Bytes; 2]> = OnceLock::new();
    SAID.get_or_init(|| {
        let (mut a, mut b) = (fresh(333), fresh(300));
        opening().into_iter().for_each(|command| tell(&mut a, command));
        let (prelude, asked) = talk(&mut a, &mut b, announcements());
        assert_eq!(asked.len(), BLOCKS as usize);
        asked.into_iter().chain(wants()).for_each(|command| tell(&mut a, command));
        let (stream, asked) = talk(&mut a, &mut b, news());
        assert!(asked.is_empty());
        [prelude, stream]
    })
}

fn tell((link, out): &mut (Link, Actions), command: ConnectionCommand) {
    link.handle_local(T0, MuxLocal::Machine(command), out).expect("in time");
}

/// Lets two sides talk, of which `b` is told these commands and answers. Gives back what `b` said
/// and the answers that `a` owes itself.
fn talk(
    a: &mut (Link, Actions),
    b: &mut (Link, Actions),
    commands: Vec<ConnectionCommand>,
) -> (Bytes, Vec<ConnectionCommand>) {
    let mut commands = commands.into_iter();
    let mut said = Vec::new();
    let mut answers = Vec::new();
    loop {
        if let Some(action) = a.1.pop() {
            match action {
                Action::Send(bytes) => b.0.handle_remote(T0, Transport::Received(bytes), &mut b.1),
                Action::Ask(id, ConnectionQuery::Client(query)) => {
                    answers.push(ConnectionCommand::Client(query.judged(id, Verdict::Process)));
                }
                Action::Close(ending) => panic!("{ending}"),
                _ => {}
            }
        } else if let Some(action) = b.1.pop() {
            match action {
                Action::Send(bytes) => {
                    said.extend_from_slice(&bytes);
                    a.0.handle_remote(T0, Transport::Received(bytes), &mut a.1);
                }
                Action::Ask(id, ConnectionQuery::Server(query)) => {
                    let ServerQuery::Fetch { ids, .. } = &query;
                    let found = ids.iter().map(content).collect();
                    tell(b, ConnectionCommand::Server(query.fetched(id, Some(found))));
                }
                Action::Close(ending) => panic!("{ending}"),
                _ => {}
            }
        } else if let Some(command) = commands.next() {
            tell(b, command);
        } else {
            return (Bytes::from(said), answers);
        }
    }
}

/// The side under test: it has judged the announcements and said what it wants.
fn tested() -> Link {
    let mut a = fresh(333);
    opening().into_iter().for_each(|command| tell(&mut a, command));
    a.0.handle_remote(T0, Transport::Received(said()[0].clone()), &mut a.1);
    for action in a.1.drain().collect::<Vec<_>>() {
        if let Action::Ask(id, ConnectionQuery::Client(query)) = action {
            tell(&mut a, ConnectionCommand::Client(query.judged(id, Verdict::Process)));
        }
    }
    wants().into_iter().for_each(|command| tell(&mut a, command));
    a.0
}

/// Where the segments of a stream begin, with number and mode, and how long they are.
fn segments(stream: &[u8]) -> Vec<(usize, u16, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(header) = stream.get(at..at + SegmentHeader::SIZE) {
        let number = u16::from_be_bytes([header[4], header[5]]);
        let length = usize::from(u16::from_be_bytes([header[6], header[7]]));
        found.push((at, number, length));
        at += SegmentHeader::SIZE + length;
    }
    assert_eq!(at, stream.len());
    found
}

/// The stream was understood to its end: everything wanted has come, and all news.
fn is_deep<N>(uncut: &Uncut<N, ConnectionQuery>, told: impl Fn(&N) -> &ConnectionNotice) {
    let mut kinds = [0; 5];
    for action in &uncut.told {
        match action {
            Action::Notify(notice) => {
                let ConnectionNotice::Client(notice) = told(notice) else { continue };
                let kind = format!("{notice:?}");
                let kind = kind.split([' ', '(']).next().expect("a name");
                let kind = match kind {
                    "Block" => 0,
                    "Txs" => 1,
                    "Vote" => 2,
                    "BlockOffered" | "TxsOffered" | "VoteOffered" => 3,
                    _ => 4,
                };
                kinds[kind] += 1;
            }
            Action::Close(ending) => panic!("{ending}"),
            Action::Ask(..) | Action::Send(()) => {}
        }
    }
    let [got, txs, votes, offers, _] = kinds;
    assert_eq!(
        (got, votes, offers),
        (BLOCKS as usize, VOTES.into(), BLOCKS as usize * (2 + usize::from(OFFERED)))
    );
    assert!(txs >= 2 * BLOCKS as usize, "{txs} replies with transactions");
}

#[test]
fn a_multiplexer_does_the_same_wherever_a_long_stream_is_cut() {
    let stream = &said()[1];
    let segments = segments(stream);
    assert!(segments.len() > 400, "{} segments", segments.len());
    let check = |cuts: &[usize]| {
        let uncut = cut_invariance(tested, Transport::Received, stream, cuts).unwrap();
        is_deep(&uncut, |notice| match notice {
            nodewire::link::MuxNotice::Machine(notice) => notice,
            other => panic!("{other:?}"),
        });
        // 100 requests of the other side were asked about.
        let asks = uncut.told.iter().filter(|action| matches!(action, Action::Ask(..))).count();
        assert!(asks >= 90, "{asks} questions");
    };
    // Inside every header and between any two segments.
    for offset in [0, 1, 5, SegmentHeader::SIZE, SegmentHeader::SIZE + 1] {
        check(&segments.iter().map(|(at, ..)| at + offset).collect::<Vec<_>>());
    }
    // Anywhere.
    let mut rng = Rng::new(5);
    for cuts in [1, 2, 10, 50, 200, 1_000] {
        for _ in 0..3 {
            let last = stream.len() as u64 - 1;
            check(&(0..cuts).map(|_| rng.between(1, last) as usize).collect::<Vec<_>>());
        }
    }
    // Byte by byte, in the midst of it.
    for _ in 0..2 {
        let from = rng.between(1, stream.len() as u64 - 2_000) as usize;
        check(&(from..from + 2_000).collect::<Vec<_>>());
    }
}

/// The channel on which the other side's server speaks.
const REPLIES: Channel = Channel::new(25, Role::Initiator);

#[test]
fn a_channel_does_the_same_wherever_its_stream_is_cut() {
    let replies = |stream: &Bytes| {
        let mut replies = Vec::new();
        for (at, number, length) in segments(stream) {
            // Its mode says responder.
            if number == REPLIES.number | 0x8000 {
                replies.extend_from_slice(&stream[at + SegmentHeader::SIZE..][..length]);
            }
        }
        Bytes::from(replies)
    };
    let [prelude, stream] = said();
    let (prelude, stream) = (replies(prelude), replies(stream));

    let receive = |bytes| ChannelInput::Received { channel: REPLIES, bytes };
    let make = || {
        let mut link = Channels::new(connection());
        let mut out = Outbox::new();
        let tell = |link: &mut Channels<Connection>, command| {
            link.handle_local(T0, command, &mut Outbox::new()).expect("in time");
        };
        opening().into_iter().for_each(|command| tell(&mut link, command));
        link.handle_remote(T0, receive(prelude.clone()), &mut out);
        for action in out.drain() {
            if let Action::Ask(id, ConnectionQuery::Client(query)) = action {
                tell(&mut link, ConnectionCommand::Client(query.judged(id, Verdict::Process)));
            }
        }
        wants().into_iter().for_each(|command| tell(&mut link, command));
        link
    };
    let write = |message: Outgoing, to: &mut Vec<u8>| {
        to.extend(message.channel.number.to_be_bytes());
        to.extend_from_slice(&message.bytes);
    };
    let mut rng = Rng::new(6);
    for cuts in [0, 1, 3, 30, 300, 1_500] {
        let last = stream.len() as u64 - 1;
        let cuts: Vec<usize> = (0..cuts).map(|_| rng.between(1, last) as usize).collect();
        let uncut = cut_invariance_by(make, receive, write, &stream, &cuts).unwrap();
        is_deep(&uncut, |notice| notice);
    }
}
