//! Leios: every machine and every link, given every input.

use alloc::vec;
use alloc::vec::Vec;
use core::hint::black_box;

use nodewire::bytes::Bytes;
use nodewire::codec::Source;
use nodewire::codec::leios::{
    Hash32, LeiosPoint, LinearLeiosBlock, NaiveMessage, Notification, RankingBlockHeader,
    ReplyMessage, RequestMessage, SlotNo, VoteIssuer,
};
use nodewire::leios::{self, SessionConfig};
use nodewire::link::{ChannelInput, Channels, Peers, Transport};
use nodewire::state::leios::{
    Client, ClientCommand, ClientRemote, ConnectionCommand, Fetch, FetchCommand, FetchLimits,
    KeepAliveCommand, Limits, NaiveClient, NaiveCommand, NaiveConfig, NaiveContent, NaiveServer,
    NaiveServerCommand, Server, ServerCommand, ServerRemote, SlotClock, Verdict, VoteNeed,
    WantedTx,
};
use nodewire::{AskId, Channel, Input, Role, Time};

use crate::poke::poke;

/// Everything, on whatever the bytes are.
pub fn all(data: &[u8]) -> usize {
    let read = Bytes::copy_from_slice(data);
    let slot = SlotNo(data.len() as u64);
    let point = LeiosPoint::new(slot, Hash32::default());
    let limits = Limits::default();
    let clock = SlotClock::default();
    let transport =
        || [Transport::Writable(9), Transport::Received(read.clone()), Transport::Closed];

    let config = SessionConfig::new(1);
    let mut first: Vec<_> = client(point).into_iter().map(ConnectionCommand::Client).collect();
    first.extend(server(point, &read).into_iter().map(ConnectionCommand::Server));
    first.push(ConnectionCommand::KeepAlive(KeepAliveCommand::Finish));
    let mut commands: Vec<_> = first.into_iter().map(leios::on_connection).collect();
    commands.insert(0, leios::propose());
    let mut done = poke(leios::initiator(config.clone()), commands.clone(), transport());
    done += poke(leios::responder(config, Time::ZERO), commands, transport());

    let channel = Channel::new(25, Role::Initiator);
    let chunk = ChannelInput::Received { channel, bytes: read.clone() };
    let inputs = [chunk, ChannelInput::Drained { channel, bytes: 1 }, ChannelInput::Closed];
    done += poke(Channels::new(Client::new(limits.clone(), clock)), client(point), inputs.clone());
    done += poke(Channels::new(Server::new(limits.clone(), clock)), server(point, &read), inputs);

    let reply = ReplyMessage::decode(&read, Source::of(&read)).ok();
    done += poke(
        Client::new(limits.clone(), clock),
        client(point),
        reply.clone().map(ClientRemote::Reply),
    );
    let request = RequestMessage::decode(&read, Source::COPY).ok();
    let request = request.map(|message| ServerRemote::Request { message, size: 9 });
    done += poke(Server::new(limits, clock), server(point, &read), request);

    let naive = || NaiveMessage::decode(&read, Source::of(&read));
    done += poke(NaiveClient::new(NaiveConfig::default()), naive_client(point), naive());
    done += poke(NaiveServer::new(NaiveConfig::default()), naive_server(point, &read), naive());
    done + fetch(point) + peers(&read)
}

fn client(point: LeiosPoint) -> Vec<ClientCommand> {
    let tx = WantedTx { index: 1, hash: Hash32::default(), size: 9 };
    black_box(vec![
        ClientCommand::Start,
        ClientCommand::NotificationTarget { low: 9_000, chunk: 9_000 },
        ClientCommand::StopNotifications,
        ClientCommand::RequestBlock { point, size: 99 },
        ClientCommand::RequestTxs { point, txs: vec![tx] },
        ClientCommand::RequestVotes { votes: vec![(point.slot, VoteIssuer(1))] },
        ClientCommand::Judged { id: AskId::from_u64(0), verdict: Verdict::Process },
        ClientCommand::SetClock(SlotClock::default()),
        ClientCommand::OldestFirst(true),
        ClientCommand::Finish,
    ])
}

fn server(point: LeiosPoint, read: &Bytes) -> Vec<ServerCommand> {
    let mut commands = vec![
        ServerCommand::OfferBlock(point),
        ServerCommand::OfferTxs(point),
        ServerCommand::OfferVote(point.slot, VoteIssuer(1)),
        ServerCommand::Fetched { id: AskId::from_u64(0), content: None },
        ServerCommand::SetClock(SlotClock::default()),
        ServerCommand::Finish,
    ];
    if let Ok(header) = RankingBlockHeader::from_raw(read.clone()) {
        commands.push(ServerCommand::Announce(header));
    }
    black_box(commands)
}

fn naive_client(point: LeiosPoint) -> Vec<NaiveCommand> {
    let tx = WantedTx { index: 1, hash: Hash32::default(), size: 9 };
    black_box(vec![
        NaiveCommand::RequestNotification,
        NaiveCommand::RequestBlock { point, size: 99 },
        NaiveCommand::RequestTx { point, tx },
        NaiveCommand::RequestVote { slot: point.slot, issuer: VoteIssuer(1) },
        NaiveCommand::Finish,
    ])
}

fn naive_server(point: LeiosPoint, read: &Bytes) -> Vec<NaiveServerCommand> {
    let news = NaiveContent::Notification(Notification::LinearLeiosBlockOffer(point));
    let mut commands =
        vec![NaiveServerCommand::Answered { id: AskId::from_u64(0), content: Some(news) }];
    if let Ok(block) = LinearLeiosBlock::from_raw(read.clone()) {
        let content = Some(NaiveContent::Block(block));
        commands.push(NaiveServerCommand::Answered { id: AskId::from_u64(0), content });
    }
    black_box(commands)
}

fn fetch(point: LeiosPoint) -> usize {
    use nodewire::state::leios::ClientNotice;
    let commands = black_box(vec![
        FetchCommand::Joined(1_u8),
        FetchCommand::Implied { peer: 1, point, size: 99 },
        FetchCommand::Urgent { point, size: 99 },
        FetchCommand::Votes { slot: point.slot, need: VoteNeed::default() },
        FetchCommand::OldestFirst(true),
        FetchCommand::Have(vec![Hash32::default()]),
        FetchCommand::Forget(point),
        FetchCommand::ForgetBelow(point.slot),
        FetchCommand::Missing { id: AskId::from_u64(0), indices: vec![1] },
        FetchCommand::Left(1),
    ]);
    let notices = black_box(vec![
        (1, ClientNotice::BlockOffered(point)),
        (1, ClientNotice::TxsOffered(point)),
        (1, ClientNotice::VoteOffered(point.slot, VoteIssuer(1))),
    ]);
    poke(Fetch::new(FetchLimits::default()), commands, notices)
}

fn peers(read: &Bytes) -> usize {
    let mut peers = Peers::new();
    peers.insert(1_u8, leios::initiator(SessionConfig::new(1)));
    let input = Input::Remote(Transport::Received(read.clone()));
    let mut out = Vec::new();
    let known = peers.handle(Time::ZERO, &1, black_box(input), &mut out);
    black_box(&out);
    usize::from(known.is_ok()) + peers.footprint()
}
