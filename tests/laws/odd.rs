//! Every machine and link on inputs of any kind: half of them what a conversation has, half odd.

use std::fmt::Debug;
use std::time::Duration;

use arbitrary::{Arbitrary, Result, Unstructured};
use nodewire::bytes::Bytes;
use nodewire::codec::leios::{
    CountedNotification, Deliverable, DeliverableId, KeepAliveMessage, MsgReplyPayload,
    MsgRequestPayload, NaiveMessage, NonEmpty, Notification, ReplyMessage, RequestMessage,
    RequestNo, SlotNo, TxDelivery, Txs, VoteIssuer,
};
use nodewire::link::{ChannelInput, Channels, Mux, MuxConfig, MuxLocal, Transport};
use nodewire::sim::Laws;
use nodewire::state::leios::{
    Announcement, Client, ClientCommand, ClientNotice, ClientRemote, Connection, ConnectionCommand,
    ConnectionConfig, ConnectionRemote, Content, Fetch, FetchCommand, FetchLimits, Handshake,
    HandshakeConfig, KeepAliveClient, KeepAliveConfig, KeepAliveServer, Limits, NaiveClient,
    NaiveConfig, NaiveServer, Parts, Server, ServerCommand, ServerRemote, SlotClock, Unit, Verdict,
};
use nodewire::{AskId, Channel, Input, InputOf, Machine, Outbox, Role, Time};
use proptest::prelude::*;

use crate::heap;
use crate::store::{SLOT, Store, store, votes};

type Script<'a> = Unstructured<'a>;

/// Limits that a short script can reach.
fn small() -> Limits {
    let mut limits = Limits::default();
    limits.max_outstanding_request_bytes = 300;
    limits.max_outstanding_requests = 6;
    limits.max_outstanding_txs = 100;
    limits.max_tracked_elections = 3;
    limits.max_pending_notifications = 5;
    limits.max_queued_requests = 150;
    limits.max_open_asks = 2;
    limits
}

fn clock() -> SlotClock {
    SlotClock { slot: SlotNo(SLOT), ..SlotClock::default() }
}

/// Runs a script twice: under the laws, and with its memory counted.
fn run<M>(
    script: &[u8],
    most: usize,
    lasting: bool,
    make: impl Fn() -> M,
    mut pick: impl FnMut(&mut Script<'_>, u64) -> Result<InputOf<M>>,
) where
    M: Machine + Clone + PartialEq + Debug,
    M::Local: Clone + PartialEq + Debug,
    M::Remote: Clone,
    M::Send: PartialEq + Debug,
    M::Notice: PartialEq + Debug,
    M::Query: PartialEq + Debug,
{
    let mut laws = Laws::new(make()).footprint_limit(most);
    if lasting {
        laws = laws.lasting();
    }
    let base = heap::live();
    let mut weighed = Some(heap::held(&make));
    let mut now = Time::ZERO.after(Duration::from_secs(2));
    let script = &mut Unstructured::new(script);
    for step in 0..60 {
        if script.is_empty() || laws.is_closed() && !lasting {
            return;
        }
        now = match script.int_in_range(0..=15_u8).unwrap_or(15) {
            0 => laws.machine().deadline().unwrap_or(now).max(now),
            1 => now.after(Duration::from_secs(script.arbitrary::<u8>().unwrap_or(0).into())),
            2 => Time::from_micros(script.arbitrary::<u32>().unwrap_or(0).into()),
            _ => now,
        };
        let Ok(input) = pick(script, step) else { return };
        if let Some(machine) = &mut weighed {
            let copy = input.clone();
            let ended = heap::held(|| {
                let mut out = Outbox::new();
                let _ = machine.handle(now, copy, &mut out);
                out.ends()
            });
            let (held, told) = (heap::live() - base, machine.footprint() - size_of::<M>());
            assert!(held <= told, "{held} bytes live, {told} told");
            if ended && !lasting {
                weighed = None;
            }
        }
        laws.step(now, input).unwrap_or_else(|broken| panic!("{broken}"));
    }
}

fn local<'a, L: Arbitrary<'a>, R: Arbitrary<'a>>(script: &mut Script<'a>) -> Result<Input<L, R>> {
    script.arbitrary()
}

/// What a client hears and is told to do, in a plausible order.
fn for_client(script: &mut Script<'_>, step: u64) -> Result<Input<ClientCommand, ClientRemote>> {
    if step > 0 && script.ratio(1, 3)? {
        return local(script);
    }
    let store = store();
    let block = script.int_in_range(0..=1_usize)?;
    let held = &store.blocks[block];
    let no = RequestNo(script.int_in_range(0..=6)?);
    let command = match script.int_in_range(0..=13_u8)? {
        _ if step == 0 => ClientCommand::Start,
        0 => ClientCommand::NotificationTarget { low: 4_096, chunk: 4_096 },
        1 => ClientCommand::RequestBlock { point: held.point, size: held.block.raw().len() as u32 },
        2 => ClientCommand::RequestTxs { point: held.point, txs: store.wanted(block, 0, 7) },
        3 => ClientCommand::RequestVotes { votes: votes(held.point.slot, 0..3) },
        4 => {
            let id = AskId::from_u64(script.int_in_range(0..=4)?);
            ClientCommand::Judged { id, verdict: Verdict::Process }
        }
        5 if script.ratio(1, 6)? => ClientCommand::Finish,
        5..=8 => {
            let item = match script.int_in_range(0..=3_u8)? {
                0 => Notification::LinearLeiosAnnouncement(held.header.clone()),
                1 => Notification::LinearLeiosBlockOffer(held.point),
                2 => Notification::LeiosBlockTxsOffer(held.point),
                _ => Notification::LinearLeiosVoteOffer(held.point.slot, VoteIssuer(5)),
            };
            let news = NonEmpty::one(CountedNotification::new(item));
            // The first request of a client told to listen first is for news.
            let no = RequestNo(no.0 / 6);
            let payload = MsgReplyPayload::LeiosNotifications(no, false, news);
            return Ok(Input::Remote(ClientRemote::Reply(ReplyMessage::MsgLeiosReply(payload))));
        }
        9..=12 => {
            let content = match script.int_in_range(0..=2_u8)? {
                0 => vec![Deliverable::LinearLeiosBlockDelivery(held.block.clone())],
                1 => txs(store, block).into_iter().collect(),
                _ => (0..3).map(|seat| vote(store, held.point.slot, seat)).collect(),
            };
            let payload = MsgReplyPayload::LeiosDeliveries(no, content);
            return Ok(Input::Remote(ClientRemote::Reply(ReplyMessage::MsgLeiosReply(payload))));
        }
        _ => return Ok(Input::Timeout),
    };
    Ok(Input::Local(command))
}

fn vote(store: &Store, slot: SlotNo, seat: u16) -> Deliverable {
    match store.content(&DeliverableId::LinearLeiosVoteId(slot, VoteIssuer(seat))) {
        Content::Vote(vote) => Deliverable::LinearLeiosVoteDelivery(vote),
        other => panic!("{other:?}"),
    }
}

/// All transactions that the commands above want of a block.
fn txs(store: &Store, block: usize) -> Option<Deliverable> {
    let indices = store.wanted(block, 0, 7).into_iter().map(|tx| tx.index);
    let bitmaps = nodewire::codec::leios::TxBitmaps::from_indices(indices)?;
    let id = DeliverableId::LeiosBlockTxsId(store.blocks[block].point, bitmaps.clone());
    let Content::Txs { txs, .. } = store.content(&id) else { return None };
    let window = |(window, bitmap): &(u16, nodewire::codec::leios::Bitmap64)| {
        let inside = txs.iter().filter(|tx| tx.0 / 64 == u32::from(*window));
        TxDelivery {
            window: *window,
            bitmap: *bitmap,
            txs: Txs::from_slices(inside.map(|tx| &tx.2)),
        }
    };
    let windows = NonEmpty::from_vec(bitmaps.windows().iter().map(window).collect())?;
    Some(Deliverable::LeiosBlockTxsDelivery(store.blocks[block].point, windows))
}

/// What a server hears and is told, in a plausible order; `next` is the next request's number.
fn for_server(
    script: &mut Script<'_>,
    step: u64,
    next: &mut u64,
) -> Result<Input<ServerCommand, ServerRemote>> {
    if step > 0 && script.ratio(1, 4)? {
        return local(script);
    }
    let store = store();
    let block = script.int_in_range(0..=1_usize)?;
    let held = &store.blocks[block];
    let ids = |kind: u8| match kind {
        0 => DeliverableId::LinearLeiosBlockId(held.point),
        1 => {
            let indices = store.wanted(block, 0, 11).into_iter().map(|tx| tx.index);
            let bitmaps = nodewire::codec::leios::TxBitmaps::from_indices(indices);
            DeliverableId::LeiosBlockTxsId(held.point, bitmaps.expect("some"))
        }
        _ => DeliverableId::LinearLeiosVoteId(held.point.slot, VoteIssuer(1)),
    };
    let mut request = |payload: fn(RequestNo, DeliverableId) -> MsgRequestPayload, id| {
        let message = RequestMessage::MsgLeiosRequest(payload(RequestNo(*next), id));
        *next += 1;
        let size = message.wire_len() as u32;
        Input::Remote(ServerRemote::Request { message, size })
    };
    Ok(match script.int_in_range(0..=14_u8)? {
        _ if step == 0 => Input::Remote(ServerRemote::Reply(ReplyMessage::MsgLeiosInit)),
        0 | 1 => request(
            |no, _| MsgRequestPayload::LeiosNotificationBytes(no, 2_048),
            DeliverableId::LinearLeiosBlockId(held.point),
        ),
        2..=4 => request(
            |no, id| MsgRequestPayload::LeiosDeliverableIds(no, NonEmpty::one(id)),
            ids(script.int_in_range(0..=2)?),
        ),
        5 => Input::Local(ServerCommand::Announce(held.header.clone())),
        6 => Input::Local(ServerCommand::OfferBlock(held.point)),
        7 => Input::Local(ServerCommand::OfferTxs(held.point)),
        8 => Input::Local(ServerCommand::OfferVote(held.point.slot, VoteIssuer(3))),
        9..=11 => {
            let id = AskId::from_u64(script.int_in_range(0..=4)?);
            let content = Some(vec![store.content(&ids(script.int_in_range(0..=2)?))]);
            Input::Local(ServerCommand::Fetched { id, content })
        }
        12 => Input::Remote(ServerRemote::Drained(script.int_in_range(0..=40_000)?)),
        13 if script.ratio(1, 5)? => Input::Local(ServerCommand::Finish),
        _ => Input::Timeout,
    })
}

fn connection() -> Connection {
    let mut config = ConnectionConfig::default();
    config.limits = small();
    config.clock = clock();
    Connection::new(config, Parts::DUPLEX, Time::ZERO)
}

fn for_connection(
    script: &mut Script<'_>,
    step: u64,
    next: &mut u64,
) -> Result<InputOf<Connection>> {
    // Ids of the client's questions are even, of the server's odd.
    Ok(match script.int_in_range(0..=9_u8)? {
        0 => Input::Remote(if script.arbitrary()? {
            ConnectionRemote::KeepAliveServer(KeepAliveMessage::MsgKeepAlive(7))
        } else {
            ConnectionRemote::KeepAliveClient(script.arbitrary()?)
        }),
        1..=4 => match for_client(script, step / 2)? {
            Input::Local(ClientCommand::Judged { id, verdict }) => {
                let id = AskId::from_u64(id.as_u64().wrapping_mul(2));
                Input::Local(ConnectionCommand::Client(ClientCommand::Judged { id, verdict }))
            }
            Input::Local(command) => Input::Local(ConnectionCommand::Client(command)),
            Input::Remote(message) => Input::Remote(ConnectionRemote::Client(message)),
            Input::Timeout => Input::Timeout,
        },
        _ => match for_server(script, step / 2, next)? {
            Input::Local(ServerCommand::Fetched { id, content }) => {
                let id = AskId::from_u64(id.as_u64().wrapping_mul(2).wrapping_add(1));
                Input::Local(ConnectionCommand::Server(ServerCommand::Fetched { id, content }))
            }
            Input::Local(command) => Input::Local(ConnectionCommand::Server(command)),
            Input::Remote(message) => Input::Remote(ConnectionRemote::Server(message)),
            Input::Timeout => Input::Timeout,
        },
    })
}

/// A message on its channel, as bytes.
fn bytes_for_client(message: &ClientRemote) -> (Channel, Vec<u8>) {
    let mut bytes = Vec::new();
    let number = match message {
        ClientRemote::Reply(message) => {
            message.encode(&mut bytes);
            25
        }
        ClientRemote::Request(message) => {
            message.encode(&mut bytes);
            24
        }
    };
    (Channel::new(number, Role::Initiator), bytes)
}

fn bytes_for_server(message: &ServerRemote) -> Option<(Channel, Vec<u8>)> {
    let mut bytes = Vec::new();
    let number = match message {
        ServerRemote::Reply(message) => {
            message.encode(&mut bytes);
            25
        }
        ServerRemote::Request { message, .. } => {
            message.encode(&mut bytes);
            24
        }
        ServerRemote::Drained(_) => return None,
    };
    Some((Channel::new(number, Role::Responder), bytes))
}

fn bytes_for_connection(message: &ConnectionRemote) -> Option<(Channel, Vec<u8>)> {
    let keep_alive = |message: &KeepAliveMessage, role| {
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        Some((Channel::new(8, role), bytes))
    };
    match message {
        ConnectionRemote::KeepAliveClient(message) => keep_alive(message, Role::Initiator),
        ConnectionRemote::KeepAliveServer(message) => keep_alive(message, Role::Responder),
        ConnectionRemote::Client(message) => Some(bytes_for_client(message)),
        ConnectionRemote::Server(message) => bytes_for_server(message),
    }
}

/// Bytes under way on a stream of segments, cut at will.
#[derive(Default)]
struct Stream(Vec<u8>);

impl Stream {
    fn add(&mut self, (channel, bytes): (Channel, Vec<u8>)) {
        for piece in bytes.chunks(500) {
            let mode = if channel.role == Role::Initiator { 0x8000 } else { 0 };
            self.0.extend([0; 4]);
            self.0.extend((channel.number | mode).to_be_bytes());
            self.0.extend((piece.len() as u16).to_be_bytes());
            self.0.extend(piece);
        }
    }

    fn read(&mut self, script: &mut Script<'_>) -> Result<Transport> {
        let most = match script.int_in_range(0..=5_u8)? {
            0 => script.int_in_range(1..=30)?,
            _ => usize::MAX,
        };
        let read: Vec<u8> = self.0.drain(..most.min(self.0.len())).collect();
        Ok(Transport::Received(Bytes::from(read.into_boxed_slice())))
    }
}

/// The same over a multiplexer.
fn over_mux<L, R>(
    script: &mut Script<'_>,
    stream: &mut Stream,
    input: Input<L, R>,
    bytes: impl Fn(&R) -> Option<(Channel, Vec<u8>)>,
) -> Result<Input<MuxLocal<L>, Transport>> {
    Ok(match (script.int_in_range(0..=23_u8)?, input) {
        (0, _) => Input::Remote(script.arbitrary()?),
        (1..=4, _) => Input::Remote(Transport::Writable(script.int_in_range(0..=900)?)),
        (_, Input::Local(input)) => Input::Local(MuxLocal::Machine(input)),
        (_, Input::Timeout) => Input::Timeout,
        (_, Input::Remote(message)) => {
            bytes(&message).into_iter().for_each(|bytes| stream.add(bytes));
            Input::Remote(stream.read(script)?)
        }
    })
}

fn over_channels<L, R>(
    script: &mut Script<'_>,
    input: Input<L, R>,
    bytes: impl Fn(&R) -> Option<(Channel, Vec<u8>)>,
) -> Result<Input<L, ChannelInput>> {
    Ok(match input {
        _ if script.ratio(1, 16)? => Input::Remote(script.arbitrary()?),
        Input::Local(input) => Input::Local(input),
        Input::Timeout => Input::Timeout,
        Input::Remote(message) => match bytes(&message) {
            Some((channel, bytes)) => {
                let bytes = Bytes::from(bytes.into_boxed_slice());
                Input::Remote(ChannelInput::Received { channel, bytes })
            }
            None => {
                let channel = Channel::new(25, Role::Responder);
                Input::Remote(ChannelInput::Drained { channel, bytes: 10_000 })
            }
        },
    })
}

const NO_END: usize = usize::MAX;

fn client() -> Client {
    Client::new(small(), clock())
}

fn server() -> Server {
    Server::new(small(), clock())
}

fn script() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 50..800)
}

proptest! {
    #[test]
    fn client_keeps_the_laws(bytes in script()) {
        run(&bytes, <Client>::most_footprint(&small()), false, client, for_client);
    }

    #[test]
    fn server_keeps_the_laws(bytes in script()) {
        let mut next = 0;
        let most = Server::most_footprint(&small());
        run(&bytes, most, false, server, |script, step| for_server(script, step, &mut next));
    }

    #[test]
    fn connection_keeps_the_laws(bytes in script()) {
        let most = <Client>::most_footprint(&small()) + Server::most_footprint(&small()) + 8_192;
        let mut next = 0;
        run(&bytes, most, false, connection, |script, step| for_connection(script, step, &mut next));
    }

    #[test]
    fn channels_keep_the_laws(bytes in script()) {
        run(&bytes, NO_END, true, || Channels::new(client()), |script, step| {
            let input = for_client(script, step)?;
            over_channels(script, input, |message| Some(bytes_for_client(message)))
        });
        let mut next = 0;
        run(&bytes, NO_END, true, || Channels::new(server()), |script, step| {
            let input = for_server(script, step, &mut next)?;
            over_channels(script, input, bytes_for_server)
        });
    }

    #[test]
    fn multiplexers_keep_the_laws(bytes in script()) {
        let config = MuxConfig::default;
        let mut stream = Stream::default();
        run(&bytes, NO_END, true, || Mux::new(client(), config(), &[]), |script, step| {
            let input = for_client(script, step)?;
            over_mux(script, &mut stream, input, |message| Some(bytes_for_client(message)))
        });
        let (mut stream, mut next) = (Stream::default(), 0);
        run(&bytes, NO_END, true, || Mux::new(server(), config(), &[]), |script, step| {
            let input = for_server(script, step, &mut next)?;
            over_mux(script, &mut stream, input, bytes_for_server)
        });
        let (mut stream, mut next) = (Stream::default(), 0);
        run(&bytes, NO_END, true, || Mux::new(connection(), config(), &[]), |script, step| {
            let input = for_connection(script, step, &mut next)?;
            over_mux(script, &mut stream, input, bytes_for_connection)
        });
    }

    #[test]
    fn neighbours_keep_the_laws(bytes in script()) {
        let now = Time::ZERO;
        let keep_alive = KeepAliveConfig::default;
        run(&bytes, 4_096, false, || KeepAliveClient::new(keep_alive(), now), |script, _| {
            Ok(match script.int_in_range(0..=5_u8)? {
                0 => local(script)?,
                1 => Input::Timeout,
                // Cookies count from zero.
                cookie => {
                    let cookie = u16::from(cookie) - 2;
                    Input::Remote(KeepAliveMessage::MsgKeepAliveResponse(cookie))
                }
            })
        });
        run(&bytes, 4_096, false, || KeepAliveServer::new(keep_alive(), now), |script, _| {
            Ok(match script.int_in_range(0..=5_u8)? {
                0 => Input::Remote(script.arbitrary()?),
                1 => Input::Timeout,
                _ => Input::Remote(KeepAliveMessage::MsgKeepAlive(script.arbitrary()?)),
            })
        });
        let config = || HandshakeConfig::new(1);
        run(&bytes, 1 << 20, false, || Handshake::initiator(config()), |script, _| local(script));
        let responder = || Handshake::responder(config(), now);
        run(&bytes, 1 << 20, false, responder, |script, _| local(script));
    }

    #[test]
    fn the_baseline_keeps_the_laws(bytes in script()) {
        let store = store();
        run(&bytes, NO_END, false, || NaiveClient::new(NaiveConfig::default()), |script, _| {
            let held = &store.blocks[0];
            Ok(match script.int_in_range(0..=6_u8)? {
                0 | 1 => local(script)?,
                2 => Input::Remote(NaiveMessage::MsgLeiosBlockOffer(held.point)),
                3 => Input::Remote(NaiveMessage::MsgLeiosBlock(held.block.clone())),
                4 => Input::Timeout,
                _ => Input::Local(script.arbitrary()?),
            })
        });
        run(&bytes, NO_END, false, || NaiveServer::new(NaiveConfig::default()), |script, _| {
            local(script)
        });
    }

    #[test]
    fn the_decision_logic_keeps_the_laws(bytes in script()) {
        let store = store();
        run(&bytes, NO_END, false, || Fetch::<u8>::new(FetchLimits::default()), |script, _| {
            let held = &store.blocks[script.int_in_range(0..=1_usize)?];
            let notice = match script.int_in_range(0..=9_u8)? {
                0 => ClientNotice::BlockOffered(held.point),
                1 => ClientNotice::TxsOffered(held.point),
                2 => ClientNotice::VoteOffered(held.point.slot, VoteIssuer(4)),
                3 => ClientNotice::Block { point: held.point, block: held.block.clone() },
                4 => ClientNotice::Failed(vec![Unit::Block(held.point)]),
                5 => ClientNotice::Announced(Announcement {
                    point: held.point,
                    eb_size: held.block.raw().len() as u32,
                    pool: script.arbitrary()?,
                    equivocation: script.arbitrary()?,
                    header: held.header.clone(),
                }),
                6 => return Ok(Input::Timeout),
                7 => return Ok(Input::Local(FetchCommand::Joined(script.int_in_range(0..=2)?))),
                8 => {
                    let size = held.block.raw().len() as u32;
                    let peer = script.int_in_range(0..=2)?;
                    let implied = FetchCommand::Implied { peer, point: held.point, size };
                    return Ok(Input::Local(implied));
                }
                _ => return Ok(Input::Local(script.arbitrary()?)),
            };
            Ok(Input::Remote((script.int_in_range(0..=2)?, notice)))
        });
    }
}

/// The generator reaches what it is for.
#[test]
fn plausible_scripts_reach_replies() {
    let mut next = 0;
    let mut server = server();
    let mut out = Outbox::new();
    let mut random = 7_u64;
    let mut answered = 0;
    for step in 0..400 {
        let bytes: Vec<u8> = (0..64)
            .map(|_| {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                (random >> 16) as u8
            })
            .collect();
        let input = for_server(&mut Unstructured::new(&bytes), step, &mut next);
        let Ok(input) = input else { continue };
        let now = Time::ZERO.after(Duration::from_secs(2));
        let _ = server.handle(now, input, &mut out);
        let answers =
            |action: &nodewire::ActionOf<Server>| matches!(action, nodewire::Action::Send(_));
        answered += out.iter().filter(|action| answers(action)).count();
        if out.ends() {
            server = self::server();
            next = 0;
            let init = ServerRemote::Reply(ReplyMessage::MsgLeiosInit);
            server.handle_remote(now, init, &mut out);
        }
        out = Outbox::new();
    }
    assert!(answered > 5, "{answered} replies");
}
