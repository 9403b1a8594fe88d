//! Every command in every phase, numbers at the ends of their ranges, early data, twins: what
//! belongs to no single item of the list.

use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::codec::leios::{
    Announced, DeliverableId, Hash32, RankingBlockHeader, SlotNo, VoteIssuer,
};
use nodewire::leios::{self, Session, SessionCommand, SessionConfig};
use nodewire::link::{MuxLocal, StagedOf, Transport};
use nodewire::state::leios::{
    ClientCommand, ConnectionCommand, ConnectionQuery, Content, KeepAliveCommand, ServerCommand,
    ServerQuery, SlotClock, Verdict, WantedTx,
};
use nodewire::{
    Action, ActionOf, AskId, Channel, Ending, Fault, Machine, Outbox, Refused, Role, Time,
};

use crate::site::{NOW, Site, Told, at, vote};
use crate::wire::{self, Mode, REPLY, REQUEST};

const START: Time = Time::from_micros(NOW * 1_000_000);

/// A session by itself, and all it did.
#[derive(Clone, Debug, PartialEq)]
struct Alone {
    session: Session,
    did: Vec<ActionOf<Session>>,
}

impl Alone {
    /// A responder that was called, has taken no byte and can send none.
    fn without_credit() -> Self {
        let mut config = SessionConfig::new(1);
        config.connection.clock = SlotClock::default();
        Self { session: leios::responder(config, START), did: Vec::new() }
    }

    /// A responder that was called and has taken no byte.
    fn called() -> Self {
        let mut alone = Self::without_credit();
        alone.transport(Transport::Writable(Transport::UNCOUNTED));
        alone
    }

    fn agreed() -> Self {
        let mut alone = Self::called();
        alone.read(&proposal());
        alone.did.clear();
        alone
    }

    fn running() -> Self {
        let mut alone = Self::agreed();
        alone.read(&wire::segment(Mode::Client, REPLY, wire::INIT));
        for command in
            [ClientCommand::Start, ClientCommand::NotificationTarget { low: 8_192, chunk: 8_192 }]
        {
            alone.local(client(command)).expect("admitted");
        }
        alone
    }

    fn transport(&mut self, input: Transport) {
        let mut out = Outbox::new();
        self.session.handle_remote(START, input, &mut out);
        self.did.extend(out.drain());
    }

    fn read(&mut self, bytes: &[u8]) {
        self.transport(Transport::Received(Bytes::copy_from_slice(bytes)));
    }

    fn local(&mut self, command: SessionCommand) -> Result<(), Refused> {
        let mut out = Outbox::new();
        let done = self.session.handle_local(START, command, &mut out);
        let said = out.drain().count();
        assert!(done.is_ok() || said == 0, "a refusal did something");
        done.map_err(|refusal| refusal.why)
    }

    fn ending(&self) -> Option<Ending> {
        self.did.iter().find_map(|action| match action {
            Action::Close(ending) => Some(*ending),
            _ => None,
        })
    }
}

fn client(command: ClientCommand) -> SessionCommand {
    leios::on_connection(ConnectionCommand::Client(command))
}

fn server(command: ServerCommand) -> SessionCommand {
    leios::on_connection(ConnectionCommand::Server(command))
}

/// The proposal of an initiator, as it goes out.
fn proposal() -> Vec<u8> {
    let mut out = Outbox::new();
    let mut initiator = leios::initiator(SessionConfig::new(1));
    let all = Transport::Writable(Transport::UNCOUNTED);
    initiator.handle_remote(START, all, &mut out);
    initiator.handle_local(START, leios::propose(), &mut out).expect("the first command");
    let Some(Action::Send(proposal)) = out.pop() else { panic!("no proposal") };
    proposal.to_vec()
}

/// Commands of every kind, with what is right and with what never is.
fn commands() -> Vec<SessionCommand> {
    let end = SlotNo(u64::MAX);
    let point = at(NOW, [1; 32]);
    let tx = |index, size| WantedTx { index, hash: Hash32([2; 32]), size };
    let txs = |txs| ClientCommand::RequestTxs { point, txs };
    let announced = Announced { hash: Hash32([1; 32]), size: 100 };
    let header = wire::header_with(0, NOW, 1, &[vec![0xf4]]);
    let header = RankingBlockHeader::from_raw(header.into()).expect("a header");
    let announces = header.reassemble(SlotNo(NOW), Some(announced), false).expect("a header");
    let far = header.reassemble(end, Some(announced), false).expect("a header");
    let clock = |slot, micros, length| SlotClock {
        slot: SlotNo(slot),
        at: Time::from_micros(micros),
        length: Duration::from_micros(length),
    };
    let clocks = [clock(u64::MAX, 0, u64::MAX), clock(0, u64::MAX, 0), clock(0, 0, 1_000_000)];
    let ids = [0, 1, 2, 3, 1 << 63, u64::MAX].map(AskId::from_u64);
    let mut all = vec![
        client(ClientCommand::Start),
        client(ClientCommand::NotificationTarget { low: 0, chunk: 0 }),
        client(ClientCommand::NotificationTarget { low: u32::MAX, chunk: u16::MAX }),
        client(ClientCommand::NotificationTarget { low: 4_096, chunk: 2_048 }),
        client(ClientCommand::StopNotifications),
        client(ClientCommand::RequestBlock { point, size: 0 }),
        client(ClientCommand::RequestBlock { point, size: u32::MAX }),
        client(ClientCommand::RequestBlock { point: at(u64::MAX, [0xff; 32]), size: 36 }),
        client(txs(vec![])),
        client(txs(vec![tx(1, 1), tx(0, 1)])),
        client(txs(vec![tx(1, 1), tx(1, 1)])),
        client(txs(vec![tx(1 << 22, 1)])),
        client(txs(vec![tx(u32::MAX, u32::MAX)])),
        client(txs(vec![tx(0, 0)])),
        client(txs(vec![tx(0, 16_384), tx((1 << 22) - 1, 1)])),
        client(txs((0..100_000).map(|index| tx(index, 1)).collect())),
        client(ClientCommand::RequestVotes { votes: vec![] }),
        client(ClientCommand::RequestVotes { votes: vec![(end, VoteIssuer(u16::MAX)); 3] }),
        client(ClientCommand::RequestVotes { votes: vec![(end, VoteIssuer(0)); 100_000] }),
        client(ClientCommand::OldestFirst(true)),
        client(ClientCommand::OldestFirst(false)),
        server(ServerCommand::Announce(header)),
        server(ServerCommand::Announce(announces)),
        server(ServerCommand::Announce(far)),
        server(ServerCommand::OfferBlock(point)),
        server(ServerCommand::OfferTxs(at(u64::MAX, [7; 32]))),
        server(ServerCommand::OfferVote(end, VoteIssuer(u16::MAX))),
        server(ServerCommand::OfferVote(SlotNo(NOW), VoteIssuer(1))),
        leios::on_connection(ConnectionCommand::KeepAlive(KeepAliveCommand::Finish)),
        leios::propose(),
        StagedOf::Second(MuxLocal::Foreign {
            channel: Channel::new(3, Role::Responder),
            bytes: Bytes::from_static(&[1]),
        }),
        StagedOf::Second(MuxLocal::Consumed {
            channel: Channel::new(REPLY, Role::Responder),
            bytes: usize::MAX,
        }),
    ];
    for id in ids {
        for verdict in [Verdict::Process, Verdict::Ignore, Verdict::Invalid] {
            all.push(client(ClientCommand::Judged { id, verdict }));
        }
        for content in [None, Some(vec![]), Some(vec![Content::Txs { count: 0, txs: vec![] }])] {
            all.push(server(ServerCommand::Fetched { id, content }));
        }
    }
    all.extend(clocks.map(|clock| client(ClientCommand::SetClock(clock))));
    all.extend(clocks.map(|clock| server(ServerCommand::SetClock(clock))));
    all.extend([client(ClientCommand::Finish), server(ServerCommand::Finish)]);
    all
}

/// Each command by itself, then each after all before it: admitted or refused, never a fault of
/// the peer's; a refusal changes nothing.
#[test]
fn every_command_in_every_phase() {
    let mut finishing = Alone::running();
    finishing.local(client(ClientCommand::Finish)).expect("open");
    let mut left = Alone::running();
    left.read(&wire::segment(Mode::Server, REPLY, wire::DONE));
    left.read(&wire::segment(Mode::Client, REQUEST, wire::DONE_REQUEST));
    let mut asked = Alone::running();
    let announced = wire::announcement(&wire::header(0, NOW, 1, &[1; 32]));
    asked.read(&wire::segment(Mode::Server, REPLY, &wire::news(0, false, &[announced])));
    let ids = [wire::vote_id(NOW, 1), wire::block_id(NOW, &[1; 32])];
    asked.read(&wire::segment(Mode::Client, REQUEST, &wire::ask(0, &ids)));
    let mut broken = Alone::running();
    broken.read(&wire::segment(Mode::Client, 99, &[0]));
    assert!(broken.ending().is_some());
    let mut inside = Alone::running();
    inside.read(&wire::segment(Mode::Server, REPLY, &[0x84, 1, 0])[..9]);
    let phases = [
        Alone::called(),
        Alone::agreed(),
        Alone::running(),
        finishing,
        left,
        asked,
        broken,
        inside,
    ];
    for phase in phases {
        assert!(!phase.did.iter().any(|action| matches!(action, Action::Close(Ending::Done))));
        let ended = phase.ending().is_some();
        let mut together = phase.clone();
        for command in commands() {
            for alone in [&mut phase.clone(), &mut together] {
                let before = alone.clone();
                let done = alone.local(command.clone());
                if done.is_err() {
                    assert_eq!(*alone, before, "{command:?} was refused and did something");
                }
                assert!(!ended || matches!(done, Err(Refused::Ended)), "{command:?}: {done:?}");
                let deadline = alone.session.deadline();
                assert!(!ended || deadline.is_none());
            }
        }
    }
}

/// A twin goes its own way: neither feels what the other reads, and twins that read the same are
/// the same.
#[test]
fn twins_go_their_own_ways() {
    let hash = [1; 32];
    let mut whole = wire::news(
        0,
        false,
        &[wire::announcement(&wire::header(0, NOW, 1, &hash)), wire::block_offer(NOW, &hash)],
    );
    whole.extend(wire::news(0, false, &[wire::vote_offer(NOW, 7)]));
    let stream = wire::segments(Mode::Server, REPLY, &whole, 50);
    for cut in 0..stream.len() {
        let (first, rest) = stream.split_at(cut);
        let mut one = Alone::running();
        one.read(first);
        let (mut two, mut three) = (one.clone(), one.clone());
        two.read(&[0xff; 70_000]);
        assert!(two.ending().is_some());
        one.read(rest);
        three.read(rest);
        assert_eq!(one, three);
        assert_eq!(one.ending(), None);
        assert!(one.session.footprint() <= three.session.footprint() + 4_096);
    }
}

/// Slots, seats, windows and numbers at the ends of their ranges are data like any other.
#[test]
fn numbers_at_the_ends_of_their_ranges() {
    let end = u64::MAX;
    let hash = [0xff; 32];
    let mut site = Site::opened();
    let ids = [
        wire::block_id(end, &hash),
        wire::txs_id(end, &hash, &[(0, end), (65_535, 1)]),
        wire::vote_id(end, 65_535),
        wire::vote_id(0, 0),
    ];
    site.request(&wire::ask(0, &ids));
    site.request(&wire::ask(1, &[wire::vote_id(0, 65_535)]));
    site.request(&wire::ask(2, &[wire::vote_id(end, 1)]));
    assert_eq!(site.asked.len(), 3);
    // Younger slots first, though these were asked about in another order.
    for (at, no) in [(1, 1), (1, 2)] {
        let crate::site::Asked::Fetch(_, ids) = &site.asked[at] else { panic!() };
        let content: Vec<Content> = ids.iter().map(vote).collect();
        site.answer(at, Some(content));
        assert_eq!(site.told.last(), Some(&Told::Answered(no)));
    }
    // The last window has no such transaction.
    let crate::site::Asked::Fetch(_, ids) = &site.asked[0] else { panic!() };
    let DeliverableId::LeiosBlockTxsId(_, bitmaps) = &ids[1] else { panic!() };
    assert_eq!(bitmaps.indices().last(), Some((1 << 22) - 1));
    site.others_go_on();
    // One more than any window, seat or slot is none.
    for id in [
        wire::txs_id(end, &hash, &[(65_536, 1)]),
        wire::vote_id(end, 65_536),
        wire::array(&[wire::uint(2), vec![0xc2, 0x49, 1, 0, 0, 0, 0, 0, 0, 0, 0], wire::uint(0)]),
        wire::array(&[wire::uint(2), vec![0x20], wire::uint(0)]),
    ] {
        let mut site = Site::opened();
        site.request(&wire::ask(0, &[id]));
        site.fault();
    }
    for no in [1, end] {
        let mut site = Site::opened();
        site.request(&wire::ask(no, &[wire::vote_id(1, 1)]));
        assert_eq!(site.fault(), "BadRequestNo");
    }
}

/// A clock whose last slot is now: nothing overflows, nothing young is old.
#[test]
fn the_last_slot_there_is() {
    let set = |config: &mut SessionConfig| {
        config.connection.clock = SlotClock {
            slot: SlotNo(u64::MAX),
            at: Time::from_micros(NOW * 1_000_000),
            length: Duration::from_secs(1),
        };
    };
    let mut site = Site::listening_with(set);
    let hash = [4; 32];
    let header = wire::header(0, u64::MAX, 1, &hash);
    site.reply(&wire::news(
        0,
        false,
        &[
            wire::announcement(&header),
            wire::block_offer(u64::MAX, &hash),
            wire::vote_offer(u64::MAX, 65_535),
        ],
    ));
    let told =
        [Told::BlockOffered, Told::VoteOffered(u64::MAX, 65_535), Told::Announced(u64::MAX, false)];
    assert!(site.is_open(), "{:?}", site.ending());
    assert_eq!(site.told.len(), told.len());
    assert!(told.iter().all(|told| site.told.contains(told)), "{:?}", site.told);
    // What is old is told apart even there.
    site.reply(&wire::news(
        0,
        false,
        &[wire::announcement(&wire::header(0, u64::MAX - 601, 1, &hash))],
    ));
    assert_eq!(site.fault(), "AnnouncementTooOld");
}

/// What follows the proposal in the same read is not lost: it is the next stage's, or a named end.
#[test]
fn data_that_comes_with_the_proposal() {
    let init = wire::segment(Mode::Client, REPLY, wire::INIT);
    let request = wire::segment(Mode::Client, REQUEST, &wire::ask(0, &[wire::vote_id(NOW, 1)]));
    let early = [proposal(), init, request].concat();
    let mut at_once = Alone::called();
    at_once.read(&early);
    let asks = |alone: &Alone| {
        let fetches = |action: &&ActionOf<Session>| {
            matches!(
                action,
                Action::Ask(
                    _,
                    StagedOf::Second(ConnectionQuery::Server(ServerQuery::Fetch { .. }))
                )
            )
        };
        alone.did.iter().filter(fetches).count()
    };
    assert_eq!((asks(&at_once), at_once.ending()), (1, None));
    for size in [1, 7, 100] {
        let mut bit_by_bit = Alone::called();
        early.chunks(size).for_each(|read| bit_by_bit.read(read));
        assert_eq!((asks(&bit_by_bit), bit_by_bit.ending()), (1, None));
    }
    // How much is read at once is nobody's fault.
    let pings = wire::segment(Mode::Client, wire::KEEP_ALIVE, &[0x82, 0, 1]).repeat(10_000);
    let mut flooded = Alone::called();
    flooded.read(&[proposal(), pings.clone()].concat());
    assert_eq!(flooded.ending(), None);
    // But before our answer has left, nobody has to keep more than this of what comes too early.
    let mut stuck = Alone::without_credit();
    stuck.read(&proposal());
    pings.chunks(60_000).for_each(|read| stuck.read(read));
    stuck.transport(Transport::Writable(Transport::UNCOUNTED));
    let Some(Ending::Fault(Fault::Overrun { limit, .. })) = stuck.ending() else {
        panic!("{:?}", stuck.ending())
    };
    assert_eq!(limit, "unread");
}

/// A transport that is told odd things: nothing read, no room, all room, its end twice, more after.
#[test]
fn odd_words_of_a_transport() {
    let mut alone = Alone::running();
    let before = alone.session.footprint();
    for _ in 0..1_000 {
        alone.transport(Transport::Received(Bytes::new()));
        alone.transport(Transport::Writable(0));
        alone.transport(Transport::Writable(usize::MAX));
    }
    assert_eq!(alone.ending(), None);
    assert_eq!(alone.session.footprint(), before);
    alone.read(&wire::segment(Mode::Client, wire::KEEP_ALIVE, &[0x82, 0, 1])[..5]);
    alone.transport(Transport::Closed);
    let Some(Ending::Fault(fault)) = alone.ending() else { panic!("{:?}", alone.ending()) };
    assert!(fault.to_string().contains("a segment"), "{fault}");
    let closed = alone.clone();
    alone.transport(Transport::Closed);
    alone.read(&[0; 100]);
    alone.transport(Transport::Writable(1));
    assert_eq!(alone.did, closed.did);
}

/// Whatever ends a stream, and however it is cut: the same is told before, and the same ends it.
#[test]
fn bad_ends_of_good_streams_however_cut() {
    let hash = [3; 32];
    let point = wire::point(NOW, &hash);
    let good = [
        wire::news(0, false, &[wire::announcement(&wire::header(0, NOW, 1, &hash))]),
        wire::news(0, false, &[wire::vote_offer(NOW, 3), wire::block_offer(NOW, &hash)]),
        // Never in its shortest form, and without lengths.
        [
            &[0x84, 0x18, 1, 0x1b, 0, 0, 0, 0, 0, 0, 0, 0, 0xf4, 0x9f][..],
            &[0x83, 0x19, 0, 3],
            &wire::wide(0, NOW),
            &[0x1a, 0, 0, 0, 4],
            &[0xff],
        ]
        .concat(),
    ]
    .concat();
    let bad: Vec<Vec<u8>> = vec![
        wire::deliveries(77, &[]),
        wire::deliveries(0, &[]),
        wire::news(1, false, &[wire::vote_offer(NOW, 5)]),
        wire::news(0, true, &[wire::vote_offer(NOW, 5)]),
        wire::news(0, false, &[]),
        wire::news(0, false, &[wire::vote_offer(NOW + 1, 5)]),
        wire::news(0, false, &[wire::announcement(&wire::header(0, NOW, 1, &hash))]),
        wire::news(0, false, &[wire::array(&[wire::uint(4), point])]),
        vec![0x84, 1, 0, 0xf6],
        vec![0xfb],
        vec![0x81, 4],
        wire::INIT.to_vec(),
        [wire::DONE, wire::DONE].concat(),
        [wire::DONE, &[0][..]].concat(),
        [&wire::head(4, u64::MAX)[..], &[1, 0]].concat(),
    ];
    for bad in bad {
        let mut outcomes = Vec::new();
        for segment in [1, 3, 64, 65_535] {
            for read in [1, 2, 11, 70_000] {
                let mut alone = Alone::running();
                alone.did.clear();
                let payload = [&good[..], &bad].concat();
                let mut stream = wire::segments(Mode::Server, REPLY, &payload, segment);
                stream.extend(wire::segments(Mode::Server, REPLY, &[0; 70], segment));
                stream.chunks(read).for_each(|read| alone.read(read));
                let sent = |action: &ActionOf<Session>| !matches!(action, Action::Send(_));
                alone.did.retain(sent);
                outcomes.push(alone.did);
            }
        }
        assert!(matches!(outcomes[0].last(), Some(Action::Close(Ending::Fault(_)))), "{bad:x?}");
        // The announcement's question, which nobody answered: the offers wait for it.
        let asked = |did: &Vec<ActionOf<Session>>| {
            did.iter().filter(|action| matches!(action, Action::Ask(..))).count()
        };
        assert_eq!(asked(&outcomes[0]), 1);
        assert!(outcomes.iter().all(|other| *other == outcomes[0]), "{bad:x?}");
    }
}

/// A header in the midst of a large read keeps none of that read alive, and nobody judges it.
#[test]
fn large_reads_are_not_kept() {
    let mut site = Site::listening_with(|config| {
        config.connection.limits.max_open_asks = 1_000;
    })
    .judging_nothing();
    let before = site.held();
    let pings = wire::segment(Mode::Client, wire::KEEP_ALIVE, &[0x82, 0, 1]).repeat(4_000);
    for pool in 0..30_u8 {
        let header = wire::header(0, NOW, pool, &[pool; 32]);
        let news = wire::news(0, false, &[wire::announcement(&header)]);
        let read = [wire::segment(Mode::Server, REPLY, &news), pings.clone()].concat();
        site.read(&read);
    }
    assert!(site.is_open(), "{:?}", site.ending());
    assert_eq!(site.asked.len(), 30);
    let kept = site.held() - before;
    assert!(kept < 30 * 4_096, "{kept} bytes kept of {} read", 30 * pings.len());
}

/// Late in time, later than any clock shows: what is due is due once more, and then all is quiet.
#[test]
fn the_end_of_time() {
    let mut alone = Alone::running();
    let announced = wire::announcement(&wire::header(0, NOW, 1, &[1; 32]));
    alone.read(&wire::segment(Mode::Server, REPLY, &wire::news(0, false, &[announced])));
    for now in [Time::from_micros(u64::MAX), Time::ZERO, Time::from_micros(u64::MAX)] {
        for _ in 0..10 {
            let mut out = Outbox::new();
            alone.session.handle_timeout(now, &mut out);
            alone.did.extend(out.drain());
        }
    }
    assert!(matches!(alone.ending(), Some(Ending::Fault(_))));
    assert_eq!(alone.session.deadline(), None);
}
