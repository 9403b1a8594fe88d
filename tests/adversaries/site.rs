//! A node with two connections: one is attacked, the other goes on.

use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::codec::leios::{
    DeliverableId, Hash32, LeiosPoint, LinearLeiosVote, SlotNo, VoteIssuer,
};
use nodewire::leios::{self, Session, SessionConfig, SessionNotice, SessionQuery};
use nodewire::link::{MuxNotice, Peers, StagedOf, Transport};
use nodewire::state::leios::{
    ClientCommand, ClientNotice, ConnectionCommand, ConnectionNotice, ConnectionQuery, Content,
    ServerCommand, ServerNotice, ServerQuery, SlotClock, Verdict,
};
use nodewire::{Action, AskId, Ending, Fault, Input, InputOf, Machine, Outbox, Refused, Time};

use crate::heap;
use crate::wire::{self, Mode};

/// The slot that begins when a site does.
pub const NOW: u64 = 100_000;

/// What the application was told of the attacked connection, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    Agreed,
    Announced(u64, bool),
    BlockOffered,
    TxsOffered,
    VoteOffered(u64, u16),
    Block(usize),
    Txs(Vec<u32>),
    Vote(u16),
    Excused(usize),
    Failed(usize),
    Opened,
    Answered(u64),
    Finishing,
    Remark(&'static str),
    Foreign(usize),
    Other,
}

/// A question that is open.
#[derive(Clone, Debug)]
pub enum Asked {
    Judge(AskId),
    Fetch(AskId, Vec<DeliverableId>),
}

const VICTIM: u8 = 0;
const NEIGHBOUR: u8 = 1;

pub struct Site {
    peers: Peers<u8, Session>,
    pub now: Time,
    pub told: Vec<Told>,
    pub asked: Vec<Asked>,
    /// What the attacked connection sent.
    pub sent: Vec<u8>,
    ending: Option<Ending>,
    /// The other end of the neighbour, which is honest.
    friend: Session,
    friend_votes: u16,
    base: usize,
    most: usize,
    judge: bool,
    depth: u32,
    /// How much of what was sent [`keep_alive`](Self::keep_alive) has read.
    seen: usize,
}

fn on_client(command: ClientCommand) -> leios::SessionCommand {
    leios::on_connection(ConnectionCommand::Client(command))
}

impl Site {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// The adversary opens the connection; both directions run.
    pub fn with(set: impl Fn(&mut SessionConfig)) -> Self {
        Self::with_credit(Transport::UNCOUNTED, set)
    }

    /// The adversary takes no more than so many bytes at first.
    pub fn with_credit(credit: usize, set: impl Fn(&mut SessionConfig)) -> Self {
        let now = Time::from_micros(NOW * 1_000_000);
        let config = || {
            let mut config = SessionConfig::new(1);
            config.connection.clock = SlotClock::default();
            config
        };
        let mut attacked = config();
        set(&mut attacked);
        // What is published of a session, for each of the two.
        let each = leios::most_footprint(&attacked).max(leios::most_footprint(&config()));
        let most = Peers::<u8, Session>::most_footprint(2, each);
        let base = heap::live();
        let _ = heap::peak();
        let peers = heap::held(|| {
            let mut peers = Peers::new();
            peers.insert(VICTIM, leios::responder(attacked, now));
            peers.insert(NEIGHBOUR, leios::responder(config(), now));
            peers
        });
        let mut site = Self {
            peers,
            now,
            told: Vec::new(),
            asked: Vec::new(),
            sent: Vec::new(),
            ending: None,
            friend: leios::initiator(config()),
            friend_votes: 0,
            base,
            most,
            judge: true,
            depth: 0,
            seen: 0,
        };
        for (peer, credit) in [(VICTIM, credit), (NEIGHBOUR, Transport::UNCOUNTED)] {
            site.give(peer, || Input::Remote(Transport::Writable(credit))).unwrap();
        }
        site.propose();
        site.befriend();
        site
    }

    /// A site whose attacked client listens to news, as much as the default watermark allows.
    pub fn listening() -> Self {
        Self::listening_with(|_| {})
    }

    pub fn listening_with(set: impl Fn(&mut SessionConfig)) -> Self {
        let mut site = Self::with(set);
        site.command(ClientCommand::Start);
        site.command(ClientCommand::NotificationTarget { low: 32_768, chunk: 32_768 });
        site
    }

    /// A site whose attacked server was opened.
    pub fn opened() -> Self {
        Self::opened_with(|_| {})
    }

    pub fn opened_with(set: impl Fn(&mut SessionConfig)) -> Self {
        let mut site = Self::with(set);
        site.say(Mode::Client, wire::REPLY, wire::INIT);
        assert_eq!(site.told.last(), Some(&Told::Opened));
        site
    }

    /// Leaves questions about headers open.
    pub fn judging_nothing(mut self) -> Self {
        self.judge = false;
        self
    }

    fn propose(&mut self) {
        let mut out = Outbox::new();
        let mut adversary = leios::initiator(SessionConfig::new(1));
        let all = Transport::Writable(Transport::UNCOUNTED);
        adversary.handle_remote(self.now, all, &mut out);
        adversary.handle_local(self.now, leios::propose(), &mut out).unwrap();
        let Some(Action::Send(proposal)) = out.pop() else { panic!("no proposal") };
        self.read(&proposal);
        assert_eq!(self.told, [Told::Agreed]);
        self.told.clear();
        self.sent.clear();
    }

    fn befriend(&mut self) {
        let mut out = Outbox::new();
        let all = Transport::Writable(Transport::UNCOUNTED);
        self.friend.handle_remote(self.now, all, &mut out);
        self.friend.handle_local(self.now, leios::propose(), &mut out).unwrap();
        self.friend_did(out);
        let mut out = Outbox::new();
        self.friend.handle_local(self.now, on_client(ClientCommand::Start), &mut out).unwrap();
        self.friend_did(out);
    }

    /// Gives the attacked connection bytes, as one read.
    pub fn read(&mut self, bytes: &[u8]) {
        let bytes = bytes.to_vec();
        let read = move || Input::Remote(Transport::Received(Bytes::copy_from_slice(&bytes)));
        self.give(VICTIM, read).unwrap();
    }

    /// Gives it a message in one segment.
    pub fn say(&mut self, mode: Mode, number: u16, message: &[u8]) {
        self.read(&wire::segment(mode, number, message));
    }

    /// For our server.
    pub fn request(&mut self, message: &[u8]) {
        self.read(&wire::segments(Mode::Client, wire::REQUEST, message, 65_535));
    }

    /// For our client.
    pub fn reply(&mut self, message: &[u8]) {
        self.read(&wire::segments(Mode::Server, wire::REPLY, message, 65_535));
    }

    pub fn try_command(&mut self, command: ClientCommand) -> Result<(), Refused> {
        self.give(VICTIM, || Input::Local(on_client(command.clone())))
    }

    pub fn command(&mut self, command: ClientCommand) {
        self.try_command(command).expect("admitted");
    }

    pub fn serve(&mut self, command: ServerCommand) {
        let command = leios::on_connection(ConnectionCommand::Server(command));
        self.give(VICTIM, || Input::Local(command.clone())).expect("admitted");
    }

    /// Input for a foreign channel of the attacked connection.
    pub fn foreign(&mut self, command: leios::SessionCommand) -> Result<(), Refused> {
        self.give(VICTIM, || Input::Local(command.clone()))
    }

    pub fn transport(&mut self, input: Transport) {
        self.give(VICTIM, || Input::Remote(input.clone())).unwrap();
    }

    pub fn timeout(&mut self) {
        self.give(VICTIM, || Input::Timeout).unwrap();
    }

    /// Lets time pass to so many seconds after the beginning; both ends of each connection are
    /// told whenever something is due.
    pub fn pass(&mut self, seconds: u64) {
        let until = Time::from_micros(NOW * 1_000_000).after(Duration::from_secs(seconds));
        while let Some(due) = self.deadline().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            for peer in [VICTIM, NEIGHBOUR] {
                self.give(peer, || Input::Timeout).unwrap();
            }
            let mut out = Outbox::new();
            self.friend.handle_timeout(self.now, &mut out);
            self.friend_did(out);
            if self.ending.is_some() {
                break;
            }
        }
        self.now = self.now.max(until);
    }

    fn deadline(&self) -> Option<Time> {
        let ours = self.peers.deadline().map(|(due, _)| due);
        [ours, self.friend.deadline()].into_iter().flatten().min()
    }

    /// Answers the ping under way, and pings.
    pub fn keep_alive(&mut self) {
        let mut rest = &self.sent[self.seen..];
        let mut pings = Vec::new();
        while let Some((header, after)) = rest.split_first_chunk::<8>() {
            let length = usize::from(u16::from_be_bytes([header[6], header[7]]));
            let Some((payload, after)) = after.split_at_checked(length) else { break };
            self.seen += 8 + length;
            if header[4..6] == wire::KEEP_ALIVE.to_be_bytes() {
                pings.push(payload.to_vec());
            }
            rest = after;
        }
        for mut ping in pings {
            // A ping becomes its pong.
            ping[1] = 1;
            self.say(Mode::Server, wire::KEEP_ALIVE, &ping);
        }
        self.say(Mode::Client, wire::KEEP_ALIVE, &[0x82, 0, 1]);
    }

    pub fn session(&self) -> Option<&Session> {
        self.peers.get(&VICTIM)
    }

    pub fn saturated(&self) -> bool {
        self.session().is_some_and(Machine::saturated)
    }

    /// Answers what the attacked server asks for, the `at`th of the open questions.
    pub fn answer(&mut self, at: usize, content: Option<Vec<Content>>) {
        let Asked::Fetch(id, _) = self.asked.remove(at) else { panic!("no question of a server") };
        self.serve(ServerCommand::Fetched { id, content });
    }

    pub fn judge_all(&mut self, verdict: Verdict) {
        for asked in std::mem::take(&mut self.asked) {
            let Asked::Judge(id) = asked else { panic!("no question of a client") };
            self.command(ClientCommand::Judged { id, verdict });
        }
    }

    pub fn is_open(&self) -> bool {
        self.ending.is_none()
    }

    pub const fn ending(&self) -> Option<Ending> {
        self.ending
    }

    /// The reason of the fault by which the attacked connection has ended. Everything it held is
    /// gone, and the neighbour goes on.
    pub fn fault(&mut self) -> &'static str {
        let Some(Ending::Fault(fault)) = self.ending else {
            panic!("{:?} after {:?}", self.ending, self.told)
        };
        let reason = match fault {
            Fault::Overrun { limit, .. } => limit,
            fault => fault.rule().map_or("Truncated", nodewire::Rule::reason),
        };
        assert!(self.session().is_none());
        let said = self.told.len();
        self.read(&[0; 100]);
        assert_eq!(said, self.told.len(), "told something after the end");
        self.others_go_on();
        reason
    }

    /// The neighbour serves its friend.
    pub fn others_go_on(&mut self) {
        self.friend_votes = 0;
        let votes = (0..3).map(|issuer| (SlotNo(NOW), VoteIssuer(issuer))).collect();
        let mut out = Outbox::new();
        let command = on_client(ClientCommand::RequestVotes { votes });
        self.friend.handle_local(self.now, command, &mut out).expect("open");
        self.friend_did(out);
        assert_eq!(self.friend_votes, 3, "the neighbour doesn't go on");
    }

    /// Bytes on the heap of both connections, which the footprint is never below.
    pub fn held(&self) -> usize {
        let live = heap::live().saturating_sub(self.base);
        let footprint = self.peers.footprint();
        assert!(live <= footprint, "{live} bytes live, {footprint} told");
        assert!(footprint <= self.most, "{footprint} bytes of {}", self.most);
        live
    }

    fn give(&mut self, peer: u8, input: impl FnOnce() -> InputOf<Session>) -> Result<(), Refused> {
        let mut out = Vec::new();
        let now = self.now;
        self.depth += 1;
        let given = heap::held(|| {
            let input = input();
            self.peers.handle(now, &peer, input, &mut out)
        });
        let given = given.map_err(|refusal| refusal.why);
        for (peer, action) in out {
            if peer == VICTIM {
                self.victim_did(action);
            } else {
                self.neighbour_did(action);
            }
        }
        self.depth -= 1;
        if self.depth == 0 {
            self.held();
        }
        given
    }

    fn victim_did(&mut self, action: Action<Bytes, SessionNotice, SessionQuery>) {
        match action {
            Action::Send(bytes) => self.sent.extend_from_slice(&bytes),
            Action::Notify(notice) => {
                let told = told(&notice);
                self.told.push(told);
            }
            Action::Ask(id, query) => match query {
                StagedOf::Second(ConnectionQuery::Client(_)) if self.judge => {
                    drop(query);
                    // What came behind the header may have ended it already.
                    let judged = ClientCommand::Judged { id, verdict: Verdict::Process };
                    let judged = self.try_command(judged);
                    assert!(matches!(judged, Ok(()) | Err(Refused::Ended)), "{judged:?}");
                }
                StagedOf::Second(ConnectionQuery::Client(_)) => self.asked.push(Asked::Judge(id)),
                StagedOf::Second(ConnectionQuery::Server(ServerQuery::Fetch { ids, .. })) => {
                    self.asked.push(Asked::Fetch(id, ids.to_vec()));
                }
                StagedOf::First(query) => match query {},
            },
            Action::Close(ending) => {
                assert_eq!(self.ending.replace(ending), None, "closed twice");
            }
        }
    }

    fn neighbour_did(&mut self, action: Action<Bytes, SessionNotice, SessionQuery>) {
        match action {
            Action::Send(bytes) => {
                let mut out = Outbox::new();
                self.friend.handle_remote(self.now, Transport::Received(bytes), &mut out);
                self.friend_did(out);
            }
            Action::Ask(id, StagedOf::Second(ConnectionQuery::Server(query))) => {
                let ServerQuery::Fetch { ids, .. } = &query;
                let content = ids.iter().map(vote).collect();
                let command = ServerCommand::Fetched { id, content: Some(content) };
                let command = leios::on_connection(ConnectionCommand::Server(command));
                self.give(NEIGHBOUR, || Input::Local(command.clone())).expect("asked");
            }
            Action::Close(ending) => panic!("the neighbour ended: {ending}"),
            Action::Ask(..) | Action::Notify(_) => {}
        }
    }

    fn friend_did(&mut self, mut out: nodewire::Out<Session>) {
        while let Some(action) = out.pop() {
            match action {
                Action::Send(bytes) => {
                    let read = || Input::Remote(Transport::Received(bytes.clone()));
                    self.give(NEIGHBOUR, read).unwrap();
                }
                Action::Notify(StagedOf::Second(MuxNotice::Machine(ConnectionNotice::Client(
                    ClientNotice::Vote(_),
                )))) => self.friend_votes += 1,
                Action::Close(ending) => panic!("the friend ended: {ending}"),
                Action::Notify(_) | Action::Ask(..) => {}
            }
        }
    }
}

/// The vote that an id asks for.
pub fn vote(id: &DeliverableId) -> Content {
    let DeliverableId::LinearLeiosVoteId(slot, issuer) = id else { panic!("{id:?}") };
    Content::Vote(LinearLeiosVote::new(*slot, Hash32([9; 32]), *issuer, [3; 48]))
}

pub fn at(slot: u64, hash: [u8; 32]) -> LeiosPoint {
    LeiosPoint::new(SlotNo(slot), Hash32(hash))
}

fn told(notice: &SessionNotice) -> Told {
    let notice = match notice {
        StagedOf::First(_) => return Told::Agreed,
        StagedOf::Second(MuxNotice::Foreign { bytes, .. }) => return Told::Foreign(bytes.len()),
        StagedOf::Second(MuxNotice::Machine(notice)) => notice,
        StagedOf::Second(_) => return Told::Other,
    };
    match notice {
        ConnectionNotice::Client(notice) => match notice {
            ClientNotice::Announced(heard) => {
                Told::Announced(heard.point.slot.0, heard.equivocation)
            }
            ClientNotice::BlockOffered(_) => Told::BlockOffered,
            ClientNotice::TxsOffered(_) => Told::TxsOffered,
            ClientNotice::VoteOffered(slot, issuer) => Told::VoteOffered(slot.0, issuer.0),
            ClientNotice::Block { block, .. } => Told::Block(block.raw().len()),
            ClientNotice::Txs { txs, .. } => Told::Txs(txs.iter().map(|tx| tx.0).collect()),
            ClientNotice::Vote(vote) => Told::Vote(vote.issuer().0),
            ClientNotice::Excused(hashes) => Told::Excused(hashes.len()),
            ClientNotice::Failed(units) => Told::Failed(units.len()),
            ClientNotice::Remark(rule) => Told::Remark(rule.reason()),
            _ => Told::Other,
        },
        ConnectionNotice::Server(notice) => match notice {
            ServerNotice::Opened => Told::Opened,
            ServerNotice::Answered { no, .. } => Told::Answered(no.0),
            ServerNotice::Finishing => Told::Finishing,
            ServerNotice::Remark(rule) => Told::Remark(rule.reason()),
            _ => Told::Other,
        },
        _ => Told::Other,
    }
}
