//! Two honest sides over a network that delays as it likes never blame each other.

use std::collections::VecDeque;
use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::codec::Source;
use nodewire::codec::leios::{
    Announced, DeliverableId, Hash32, LeiosPoint, LinearLeiosBlock, LinearLeiosVote,
    RankingBlockHeader, SlotNo, TxReference, VoteIssuer,
};
use nodewire::state::leios::{
    Blake2b, Client, ClientCommand, ClientQuery, Content, Limits, RustCryptoBlake2b, Server,
    ServerCommand, ServerQuery, SlotClock, Verdict, WantedTx,
};
use nodewire::{Action, AskId, Channel, Ending, Machine, Out, Outbox, OverChannels, Role, Time};

const SLOT: u64 = 5_000_000;
const TXS: usize = 150;

/// Each byte is one thing that happens, with the next as its argument.
pub fn pair(data: &[u8]) {
    let mut pair = Pair::new();
    for step in data.chunks(2).take(400) {
        let (what, with) = (step[0], step.get(1).copied().unwrap_or(0));
        pair.step(what, with);
        if pair.over() {
            return;
        }
    }
    pair.settle();
}

/// Two contemporary blocks that share transactions, their headers, and votes.
struct Store {
    blocks: [(LeiosPoint, LinearLeiosBlock, RankingBlockHeader, std::ops::Range<usize>); 2],
    txs: Vec<(Hash32, Bytes)>,
}

struct Pair {
    store: Store,
    now: Time,
    client: Client,
    server: Server,
    /// LeiosRequest and LeiosReply to the server, LeiosReply to the client.
    requests: VecDeque<Vec<u8>>,
    inits: VecDeque<Vec<u8>>,
    replies: VecDeque<Vec<u8>>,
    judging: Vec<(AskId, ClientQuery)>,
    fetching: Vec<(AskId, ServerQuery)>,
    client_over: bool,
    server_over: bool,
}

fn hash(bytes: &[u8]) -> Hash32 {
    RustCryptoBlake2b::hash32(bytes)
}

impl Store {
    fn new() -> Self {
        let tx = |at: usize| vec![at as u8; 1 + at % 40];
        let txs: Vec<_> = (0..TXS).map(tx).map(|tx| (hash(&tx), Bytes::from(tx))).collect();
        let block = |slot: u64, range: std::ops::Range<usize>| {
            let reference =
                |(hash, tx): &(Hash32, Bytes)| TxReference { hash: *hash, size: tx.len() as u32 };
            let references: Vec<_> = txs[range.clone()].iter().map(reference).collect();
            let block = LinearLeiosBlock::new(&references).expect("distinct");
            let point = LeiosPoint::new(SlotNo(slot), hash(block.raw()));
            let announced = Announced { hash: point.hash, size: block.raw().len() as u32 };
            let header = plain_header();
            let header =
                header.reassemble(point.slot, Some(announced), false).expect("a good header");
            (point, block, header, range)
        };
        Self { blocks: [block(SLOT, 0..100), block(SLOT + 1, 50..TXS)], txs }
    }

    fn of(&self, point: LeiosPoint) -> usize {
        usize::from(point == self.blocks[1].0)
    }

    fn vote(&self, slot: SlotNo, seat: VoteIssuer) -> LinearLeiosVote {
        let block = usize::from(slot == self.blocks[1].0.slot);
        LinearLeiosVote::new(slot, self.blocks[block].0.hash, seat, [3; 48])
    }

    fn wanted(&self, block: usize, which: impl Iterator<Item = usize>) -> Vec<WantedTx> {
        let range = &self.blocks[block].3;
        let wanted = |index: usize| {
            let (hash, tx) = &self.txs[range.start + index];
            WantedTx { index: index as u32, hash: *hash, size: tx.len() as u32 }
        };
        which.filter(|index| *index < range.len()).map(wanted).collect()
    }

    fn content(&self, id: &DeliverableId) -> Content {
        match id {
            DeliverableId::LinearLeiosBlockId(point) => {
                Content::Block(self.blocks[self.of(*point)].1.clone())
            }
            DeliverableId::LeiosBlockTxsId(point, bitmaps) => {
                let range = &self.blocks[self.of(*point)].3;
                let tx = |index: u32| {
                    let (hash, tx) = &self.txs[range.start + index as usize];
                    (index, *hash, tx.clone())
                };
                let txs = bitmaps.indices().map(tx).collect();
                Content::Txs { count: range.len() as u32, txs }
            }
            DeliverableId::LinearLeiosVoteId(slot, seat) => Content::Vote(self.vote(*slot, *seat)),
        }
    }
}

/// The least that is a header: ten fields, and a signature.
fn plain_header() -> RankingBlockHeader {
    let mut header = vec![0x82, 0x8a, 1, 2, 0xf6, 0x58, 32];
    header.extend([5; 32]);
    header.extend([0xf6, 0xf6, 0xf6, 0xf6, 0x84, 0x40, 0, 0, 0x40, 0xf6, 0x40]);
    let mut raw = vec![0x82, 7, 0xd8, 24, 0x58, header.len() as u8];
    raw.extend(header);
    RankingBlockHeader::from_raw(Bytes::from(raw)).expect("a wrapper")
}

impl Pair {
    fn new() -> Self {
        let clock = SlotClock { slot: SlotNo(SLOT), ..SlotClock::default() };
        Self {
            store: Store::new(),
            // Late enough for both slots.
            now: Time::ZERO.after(Duration::from_secs(2)),
            client: Client::new(Limits::default(), clock),
            server: Server::new(Limits::default(), clock),
            requests: VecDeque::new(),
            inits: VecDeque::new(),
            replies: VecDeque::new(),
            judging: Vec::new(),
            fetching: Vec::new(),
            client_over: false,
            server_over: false,
        }
    }

    fn over(&self) -> bool {
        self.client_over && self.server_over
    }

    fn step(&mut self, what: u8, with: u8) {
        let block = usize::from(with & 1);
        let point = self.store.blocks[block].0;
        match what % 20 {
            0 => self.tell_client(ClientCommand::Start),
            1 => self.tell_client(ClientCommand::NotificationTarget { low: 8_192, chunk: 4_096 }),
            2 => self.tell_client(ClientCommand::StopNotifications),
            3 => {
                let size = self.store.blocks[block].1.raw().len() as u32;
                self.tell_client(ClientCommand::RequestBlock { point, size });
            }
            4 | 5 => {
                let stride = usize::from(with >> 1 & 15) + 1;
                let txs = self.store.wanted(block, (usize::from(with >> 5)..TXS).step_by(stride));
                self.tell_client(ClientCommand::RequestTxs { point, txs });
            }
            6 => {
                let votes =
                    (0..=u16::from(with >> 4)).map(|seat| (point.slot, VoteIssuer(seat))).collect();
                self.tell_client(ClientCommand::RequestVotes { votes });
            }
            7 => self.tell_client(ClientCommand::OldestFirst(with & 1 == 1)),
            8 => {
                let header = self.store.blocks[block].2.clone();
                self.tell_server(ServerCommand::Announce(header));
            }
            9 => self.tell_server(ServerCommand::OfferBlock(point)),
            10 => self.tell_server(ServerCommand::OfferTxs(point)),
            11 => {
                let seat = VoteIssuer(u16::from(with >> 1));
                self.tell_server(ServerCommand::OfferVote(point.slot, seat));
            }
            12 => self.judge(with),
            13 => self.fetch(with),
            14 => self.hear_request(),
            15 => self.hear_init(),
            16 | 17 => self.hear_reply(),
            18 => self.wait(with),
            // Rare, or nothing else would happen.
            _ if with == 255 => self.tell_client(ClientCommand::Finish),
            _ if with == 254 => self.tell_server(ServerCommand::Finish),
            _ => self.hear_reply(),
        }
    }

    /// All that is under way arrives, and all questions are answered: then nothing is owed.
    fn settle(&mut self) {
        let mut before = usize::MAX;
        for _ in 0..2_000 {
            self.hear_init();
            self.hear_request();
            self.hear_reply();
            self.judge(0);
            self.fetch(0);
            let left = self.requests.len()
                + self.inits.len()
                + self.replies.len()
                + self.judging.len()
                + self.fetching.len();
            if left == 0 && before == 0 {
                break;
            }
            before = left;
        }
        if !self.client_over && !self.server_over {
            assert_eq!(self.client.outstanding_deliveries(), 0, "an answer is still owed");
        }
    }

    fn tell_client(&mut self, command: ClientCommand) {
        if !self.client_over {
            let mut out = Outbox::new();
            // A refusal is our own affair, and the law of another target.
            drop(self.client.handle_local(self.now, command, &mut out));
            self.client_did(&mut out);
        }
    }

    fn tell_server(&mut self, command: ServerCommand) {
        if !self.server_over {
            let mut out = Outbox::new();
            drop(self.server.handle_local(self.now, command, &mut out));
            self.server_did(&mut out);
        }
    }

    fn judge(&mut self, with: u8) {
        if !self.judging.is_empty() {
            let (id, query) = self.judging.remove(usize::from(with) % self.judging.len());
            let verdict = if with == 255 { Verdict::Ignore } else { Verdict::Process };
            self.tell_client(query.judged(id, verdict));
        }
    }

    fn fetch(&mut self, with: u8) {
        if !self.fetching.is_empty() {
            let (id, query) = self.fetching.remove(usize::from(with) % self.fetching.len());
            let ServerQuery::Fetch { ids, .. } = &query;
            let content = ids.iter().map(|id| self.store.content(id)).collect();
            self.tell_server(query.fetched(id, Some(content)));
        }
    }

    fn hear_request(&mut self) {
        if let Some(item) = self.requests.pop_front() {
            self.hear_at_server(24, &item);
        }
    }

    fn hear_init(&mut self) {
        if let Some(item) = self.inits.pop_front() {
            self.hear_at_server(25, &item);
        }
    }

    fn hear_at_server(&mut self, number: u16, item: &[u8]) {
        if self.server_over {
            return;
        }
        let channel = Channel::new(number, Role::Responder);
        let message = self.server.decode(channel, item, Source::COPY).expect("of an honest client");
        let mut out = Outbox::new();
        self.server.handle_remote(self.now, message, &mut out);
        self.server_did(&mut out);
    }

    fn hear_reply(&mut self) {
        let Some(item) = self.replies.pop_front() else { return };
        if !self.server_over {
            let channel = Channel::new(25, Role::Responder);
            if let Some(drained) = self.server.drained(channel, item.len()) {
                let mut out = Outbox::new();
                self.server.handle_remote(self.now, drained, &mut out);
                self.server_did(&mut out);
            }
        }
        if self.client_over {
            return;
        }
        let channel = Channel::new(25, Role::Initiator);
        for cut in [1, item.len() / 2] {
            let head = item.get(..cut).filter(|head| !head.is_empty() && head.len() < item.len());
            if let Some(head) = head {
                let limit = self.client.item_limit(channel, head).expect("of an honest server");
                assert!(item.len() <= limit, "{} bytes are too many for {limit}", item.len());
            }
        }
        let message =
            self.client.decode(channel, &item, Source::COPY).expect("of an honest server");
        let mut out = Outbox::new();
        self.client.handle_remote(self.now, message, &mut out);
        self.client_did(&mut out);
    }

    /// Up to a quarter of a second, a minute in all is never reached.
    fn wait(&mut self, with: u8) {
        self.now = self.now.after(Duration::from_millis(with.into()));
        let mut out = Outbox::new();
        if !self.client_over {
            self.client.handle_timeout(self.now, &mut out);
            self.client_did(&mut out);
        }
        let mut out = Outbox::new();
        if !self.server_over {
            self.server.handle_timeout(self.now, &mut out);
            self.server_did(&mut out);
        }
    }

    fn client_did(&mut self, out: &mut Out<Client>) {
        for action in out.drain() {
            match action {
                Action::Send(message) => {
                    let mut item = Vec::new();
                    let channel = <Client as OverChannels>::encode(&message, &mut item);
                    match channel.number {
                        24 => self.requests.push_back(item),
                        _ => self.inits.push_back(item),
                    }
                }
                Action::Ask(id, query) => self.judging.push((id, query)),
                Action::Notify(_) => {}
                Action::Close(ending) => {
                    assert_eq!(ending, Ending::Done, "the client blames an honest server");
                    self.client_over = true;
                }
            }
        }
    }

    fn server_did(&mut self, out: &mut Out<Server>) {
        for action in out.drain() {
            match action {
                Action::Send(message) => {
                    let mut item = Vec::new();
                    let _: Channel = Server::encode(&message, &mut item);
                    self.replies.push_back(item);
                }
                Action::Ask(id, query) => self.fetching.push((id, query)),
                Action::Notify(_) => {}
                Action::Close(ending) => {
                    assert_eq!(ending, Ending::Done, "the server blames an honest client");
                    self.server_over = true;
                }
            }
        }
    }
}
