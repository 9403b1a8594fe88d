//! Two honest sides over a network that delays as it likes never blame each other.

use std::collections::VecDeque;
use std::time::Duration;

use nodewire::codec::Source;
use nodewire::codec::leios::VoteIssuer;
use nodewire::state::leios::{
    Client, ClientCommand, ClientQuery, Limits, Server, ServerCommand, ServerQuery, Verdict,
};
use nodewire::{Action, AskId, Channel, Ending, Machine, Out, Outbox, OverChannels, Role, Time};

use crate::given::{Store, clock, start, store, votes};

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

struct Pair {
    store: &'static Store,
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

impl Pair {
    fn new() -> Self {
        let clock = clock();
        Self {
            store: store(),
            now: start(),
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
        let point = self.store.blocks[block].point;
        match what % 20 {
            0 => self.tell_client(ClientCommand::Start),
            1 => self.tell_client(ClientCommand::NotificationTarget { low: 8_192, chunk: 4_096 }),
            2 => self.tell_client(ClientCommand::StopNotifications),
            3 => {
                let size = self.store.blocks[block].block.raw().len() as u32;
                self.tell_client(ClientCommand::RequestBlock { point, size });
            }
            4 | 5 => {
                let stride = usize::from(with >> 1 & 15) + 1;
                let txs = self.store.wanted(block, usize::from(with >> 5), stride);
                self.tell_client(ClientCommand::RequestTxs { point, txs });
            }
            6 => {
                let votes = votes(point.slot, 0..u16::from(with >> 4) + 1);
                self.tell_client(ClientCommand::RequestVotes { votes });
            }
            7 => self.tell_client(ClientCommand::OldestFirst(with & 1 == 1)),
            8 => {
                let header = self.store.blocks[block].header.clone();
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
