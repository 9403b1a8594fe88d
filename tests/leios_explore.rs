//! Every interleaving of two honest sides, message by message: no fault, no dead end, every edge
//! of every table, and always the same number of states.
//!
//! Mini-protocols are not ordered with each other; each keeps its own order. The counts stand in
//! `tests/golden/explore.txt`; `NODEWIRE_BLESS=1` writes them anew. States are told apart by
//! 64-bit fingerprints: n of them collide with a chance of about n²/2⁶⁵.

#![cfg(all(feature = "leios", feature = "sim"))]

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::Path;

use nodewire::bytes::Bytes;
use nodewire::codec::leios::{
    DeliverableId, HandshakeMessage, KeepAliveMessage, LeiosPoint, LinearLeiosBlock,
    LinearLeiosVote, NaiveMessage, Notification, RankingBlockHeader, ReplyMessage, SlotNo,
    TxReference, VersionData, VoteIssuer,
};
use nodewire::sim::{Bounds, Duo, DuoMove, Side, Wiring, explore};
use nodewire::state::leios::table::{
    HANDSHAKE, HandshakeLabel, KEEP_ALIVE, KeepAliveLabel, KeepAlivePhase, NAIVE, NaiveLabel,
    REPLY, REQUEST, ReplyLabel, RequestLabel,
};
use nodewire::state::leios::{
    Blake2b, Client, ClientCommand, ClientQuery, ClientRemote, Content, Handshake,
    HandshakeCommand, HandshakeConfig, KeepAliveClient, KeepAliveCommand, KeepAliveConfig,
    KeepAliveServer, Limits, NaiveClient, NaiveCommand, NaiveConfig, NaiveContent, NaiveQuery,
    NaiveServer, NaiveServerCommand, PairMessage, RustCryptoBlake2b, Server, ServerCommand,
    ServerQuery, ServerRemote, SlotClock, Verdict, WantedTx,
};
use nodewire::{
    Action, AskId, Ending, Machine, Never, Out, Outbox, Refusal, Role, Table, Time, UntilClosed,
};

/// What explorations have seen.
struct Report {
    /// Most states of one exploration; each must end before.
    bound: usize,
    lines: Vec<String>,
    /// Edges taken: table, phase, message.
    edges: BTreeSet<(&'static str, String, String)>,
    /// Notices seen when a message was heard, by name.
    told: BTreeSet<String>,
}

impl Report {
    const fn new(bound: usize) -> Self {
        Self { bound, lines: Vec::new(), edges: BTreeSet::new(), told: BTreeSet::new() }
    }

    /// Explores all of `start` and keeps the counts; a fault prints its shortest way and fails.
    fn explore<W: Wiring>(
        &mut self,
        name: &str,
        start: Duo<W>,
        mut watch: impl FnMut(&mut Self, &Duo<W>, &DuoMove),
    ) {
        let bounds = Bounds { states: self.bound, ..Bounds::default() };
        let explored = explore(start, bounds, |before, step, _| watch(self, before, step));
        assert!(explored.found.is_none(), "{name}: {explored}");
        assert!(explored.complete, "{name}: more than {} states", bounds.states);
        let line = format!("{name}: {explored}");
        println!("{line} (bound {})", bounds.states);
        self.lines.push(line);
    }

    fn edge<P: Copy + Eq + Debug, L: Copy + Eq + Debug>(
        &mut self,
        table: &Table<P, L>,
        from: P,
        by: Role,
        on: L,
    ) {
        if table.next(from, by, on).is_some() {
            self.edges.insert((table.name(), format!("{from:?}"), format!("{on:?}")));
        }
    }

    /// Hears the message once more on a clone, to see what is told.
    fn hears<M: Machine<Notice: Debug> + Clone>(&mut self, machine: &M, message: M::Remote) {
        let mut out = Outbox::new();
        UntilClosed::new(machine.clone()).handle_remote(Time::ZERO, message, &mut out);
        for action in out.drain() {
            if let Action::Notify(notice) = action {
                let text = format!("{notice:?}");
                let name = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
                self.told.insert(name.to_owned());
            }
        }
    }

    fn covers<P: Copy + Eq + Debug, L: Copy + Eq + Debug>(&self, table: &Table<P, L>) {
        for edge in table.edges() {
            let (from, on) = (format!("{:?}", edge.from()), format!("{:?}", edge.on()));
            let taken = self.edges.contains(&(table.name(), from, on));
            assert!(taken, "{}: no run takes {edge:?}", table.name());
        }
    }

    /// Holds the counts against those of a file.
    fn compare(&self, file: &str) {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
        let seen = self.lines.join("\n") + "\n";
        if std::env::var("NODEWIRE_BLESS").is_ok_and(|set| set == "1") {
            std::fs::write(&golden, &seen).unwrap();
        }
        let expected = std::fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(seen, expected, "the state space has changed; NODEWIRE_BLESS=1 accepts it");
    }
}

#[test]
fn every_interleaving_of_two_honest_sides() {
    let mut report = Report::new(400_000);
    handshakes(&mut report);
    keep_alive(&mut report);
    naive(&mut report);
    pair(&mut report);

    report.covers(&HANDSHAKE_WITHOUT_REFUSAL);
    report.covers(&KEEP_ALIVE);
    report.covers(&NAIVE);
    report.covers(&REQUEST);
    report.covers(&REPLY);
    // L-24 fails what is outstanding when the server ends, L-52 excuses what overlaps.
    for notice in [
        "BlockOffered",
        "TxsOffered",
        "VoteOffered",
        "Block",
        "Txs",
        "Vote",
        "Excused",
        "Failed",
        "Opened",
        "Finishing",
        "RoundTrip",
        "Agreed",
        "Queried",
        "Notified",
        "Tx",
        "Finished",
    ] {
        assert!(report.told.contains(notice), "nobody was told {notice}: {:?}", report.told);
    }

    report.compare("explore.txt");
}

fn both_done<W: Wiring>(duo: &Duo<W>) -> Option<String> {
    let endings = [duo.ending(Side::A), duo.ending(Side::B)];
    (endings != [Some(Ending::Done); 2]).then(|| format!("ended as {endings:?}"))
}

// ---- handshake -------------------------------------------------------------------------------

/// Honest sides with a common version never refuse; the rest of the table.
static HANDSHAKE_WITHOUT_REFUSAL: Table<
    nodewire::state::leios::table::HandshakePhase,
    HandshakeLabel,
> = {
    use nodewire::edge;
    use nodewire::state::leios::table::HandshakePhase::{StConfirm, StDone, StPropose};
    Table::new(
        "Handshake",
        StPropose,
        &[
            edge(StPropose, Role::Initiator, HandshakeLabel::MsgProposeVersions, StConfirm),
            edge(StConfirm, Role::Responder, HandshakeLabel::MsgAcceptVersion, StDone),
            edge(StConfirm, Role::Responder, HandshakeLabel::MsgQueryReply, StDone),
            edge(StConfirm, Role::Responder, HandshakeLabel::MsgProposeVersions, StDone),
        ],
    )
};

enum Shake {}

impl Wiring for Shake {
    type A = Handshake;
    type B = Handshake;

    fn to_b(message: HandshakeMessage) -> Option<(u16, HandshakeMessage)> {
        Some((0, message))
    }

    fn to_a(message: HandshakeMessage) -> Option<(u16, HandshakeMessage)> {
        Some((0, message))
    }

    fn answers_a(_: AskId, query: &Never) -> Vec<HandshakeCommand> {
        match *query {}
    }

    fn answers_b(_: AskId, query: &Never) -> Vec<HandshakeCommand> {
        match *query {}
    }

    fn stuck(duo: &Duo<Self>) -> Option<String> {
        both_done(duo)
    }
}

fn handshakes(report: &mut Report) {
    let watch = |report: &mut Report, duo: &Duo<Shake>, step: &DuoMove| {
        let heard = match step {
            DuoMove::Hears(Side::A, at) => duo.a().zip(duo.next_to_a(*at)),
            DuoMove::Hears(Side::B, at) => duo.b().zip(duo.next_to_b(*at)),
            _ => None,
        };
        if let Some((machine, message)) = heard {
            let label = HandshakeLabel::from(message);
            report.edge(&HANDSHAKE, machine.phase(), machine.role().other(), label);
            report.hears(machine, message.clone());
        }
    };
    let propose = || [HandshakeCommand::Propose];
    let config = || HandshakeConfig::new(164);
    let other = || {
        let data = *config().get(HandshakeConfig::LEIOS).unwrap();
        config().with(14, data).with(16, VersionData { peras: Some(true), ..data })
    };
    let asking = config().each(|data| data.query = true);
    for (name, a, b) in [("handshake", config(), other()), ("handshake, query", asking, other())] {
        let duo = Duo::new(Handshake::initiator(a), Handshake::responder(b, Time::ZERO));
        report.explore(name, duo.script_a(true, propose()), watch);
    }
    let both = Duo::new(Handshake::initiator(config()), Handshake::initiator(other()));
    let both = both.script_a(true, propose()).script_b(true, propose());
    report.explore("handshake, simultaneous open", both, watch);
}

// ---- keep-alive ------------------------------------------------------------------------------

/// A machine whose patience has no end: nothing is late in a world without a clock.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Patient<M>(M);

trait Waits {
    /// True while the deadline is the other side's.
    fn waits(&self) -> bool;
}

impl Waits for KeepAliveClient {
    fn waits(&self) -> bool {
        self.phase() != KeepAlivePhase::StClient
    }
}

impl Waits for KeepAliveServer {
    fn waits(&self) -> bool {
        true
    }
}

impl<M: Machine + Waits> Machine for Patient<M> {
    type Local = M::Local;
    type Remote = M::Remote;
    type Send = M::Send;
    type Notice = M::Notice;
    type Query = M::Query;

    fn handle_local(
        &mut self,
        now: Time,
        input: M::Local,
        out: &mut Out<M>,
    ) -> Result<(), Refusal<M::Local>> {
        self.0.handle_local(now, input, out)
    }

    fn handle_remote(&mut self, now: Time, input: M::Remote, out: &mut Out<M>) {
        self.0.handle_remote(now, input, out);
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<M>) {
        if !self.0.waits() {
            self.0.handle_timeout(now, out);
        }
    }

    fn deadline(&self) -> Option<Time> {
        if self.0.waits() { None } else { self.0.deadline() }
    }
}

enum Pings {}

impl Wiring for Pings {
    type A = Patient<KeepAliveClient>;
    type B = Patient<KeepAliveServer>;

    fn to_b(message: KeepAliveMessage) -> Option<(u16, KeepAliveMessage)> {
        Some((8, message))
    }

    fn to_a(message: KeepAliveMessage) -> Option<(u16, KeepAliveMessage)> {
        Some((8, message))
    }

    fn answers_a(_: AskId, query: &Never) -> Vec<KeepAliveCommand> {
        match *query {}
    }

    fn answers_b(_: AskId, query: &Never) -> Vec<Never> {
        match *query {}
    }

    fn stuck(duo: &Duo<Self>) -> Option<String> {
        both_done(duo)
    }
}

fn keep_alive(report: &mut Report) {
    let config = KeepAliveConfig::default();
    let client = Patient(KeepAliveClient::new(config.clone(), Time::ZERO));
    let server = Patient(KeepAliveServer::new(config, Time::ZERO));
    let duo = Duo::<Pings>::new(client, server).script_a(true, [KeepAliveCommand::Finish]);
    report.explore("keep-alive, at most 5 pings", duo.timeouts(5), |report, duo, step| {
        if let DuoMove::Hears(Side::A, at) = step {
            let Some((client, message)) = duo.a().zip(duo.next_to_a(*at)) else { return };
            let label = KeepAliveLabel::from(message);
            report.edge(&KEEP_ALIVE, client.0.phase(), Role::Responder, label);
            report.hears(client, *message);
        }
        if let DuoMove::Hears(Side::B, at) = step {
            let Some((server, message)) = duo.b().zip(duo.next_to_b(*at)) else { return };
            let label = KeepAliveLabel::from(message);
            report.edge(&KEEP_ALIVE, server.0.phase(), Role::Initiator, label);
        }
    });
}

// ---- content ---------------------------------------------------------------------------------

const SLOT: SlotNo = SlotNo(0);

fn tx(at: u8) -> Bytes {
    Bytes::copy_from_slice(&[0x84, at, 0])
}

fn wanted(at: u8) -> WantedTx {
    WantedTx { index: at.into(), hash: RustCryptoBlake2b::hash32(&tx(at)), size: 3 }
}

/// A block of two transactions.
fn block() -> LinearLeiosBlock {
    let reference = |at| TxReference { hash: wanted(at).hash, size: wanted(at).size };
    LinearLeiosBlock::new(&[reference(0), reference(1)]).unwrap()
}

fn block_size() -> u32 {
    block().raw().len() as u32
}

fn point() -> LeiosPoint {
    LeiosPoint::new(SLOT, RustCryptoBlake2b::hash32(block().raw()))
}

fn vote() -> LinearLeiosVote {
    LinearLeiosVote::new(SLOT, point().hash, VoteIssuer(1), [0; 48])
}

/// The smallest header that announces the block: 10 fields, a flag, hash and size.
fn header() -> RankingBlockHeader {
    let mut header = vec![0x82, 0x8c, 0x00, SLOT.0 as u8, 0xf6, 0x58, 0x20];
    header.extend([7; 32]);
    header.extend([0xf6; 4]);
    header.extend([0x84, 0x40, 0x00, 0x00, 0x40]);
    header.extend([0xf6, 0xf4, 0x82, 0x58, 0x20]);
    header.extend(point().hash.0);
    header.extend([0x18, block_size() as u8, 0x40]);
    let mut raw = vec![0x82, 0x06, 0xd8, 0x18, 0x58, header.len() as u8];
    raw.extend(header);
    RankingBlockHeader::from_raw(raw.into()).unwrap()
}

// ---- baseline --------------------------------------------------------------------------------

enum Naive {}

impl Wiring for Naive {
    type A = NaiveClient;
    type B = NaiveServer;

    fn to_b(message: NaiveMessage) -> Option<(u16, NaiveMessage)> {
        Some((26, message))
    }

    fn to_a(message: NaiveMessage) -> Option<(u16, NaiveMessage)> {
        Some((26, message))
    }

    fn answers_a(_: AskId, query: &Never) -> Vec<NaiveCommand> {
        match *query {}
    }

    fn answers_b(id: AskId, query: &NaiveQuery) -> Vec<NaiveServerCommand> {
        let contents = match query {
            NaiveQuery::Notification => [
                Notification::LinearLeiosAnnouncement(header()),
                Notification::LinearLeiosBlockOffer(point()),
                Notification::LeiosBlockTxsOffer(point()),
                Notification::LinearLeiosVoteOffer(SLOT, VoteIssuer(1)),
            ]
            .map(NaiveContent::Notification)
            .to_vec(),
            NaiveQuery::Block(_) => vec![NaiveContent::Block(block())],
            NaiveQuery::Tx(_, at) => vec![NaiveContent::Tx(tx(*at as u8))],
            NaiveQuery::Vote(..) => vec![NaiveContent::Vote(vote())],
        };
        contents.into_iter().map(|content| query.answered(id, Some(content))).collect()
    }

    fn stuck(duo: &Duo<Self>) -> Option<String> {
        both_done(duo)
    }
}

fn naive(report: &mut Report) {
    for pipeline in 1..=3 {
        let mut config = NaiveConfig::default();
        config.pipeline = pipeline;
        let client = NaiveClient::new(config.clone());
        let duo = Duo::<Naive>::new(client, NaiveServer::new(config));
        let script = [
            NaiveCommand::RequestNotification,
            NaiveCommand::RequestBlock { point: point(), size: block_size() },
            NaiveCommand::RequestTx { point: point(), tx: wanted(1) },
            NaiveCommand::RequestVote { slot: SLOT, issuer: VoteIssuer(1) },
            NaiveCommand::RequestNotification,
            NaiveCommand::Finish,
        ];
        let name = format!("naive, 5 requests in any order, pipeline {pipeline}");
        report.explore(&name, duo.script_a(false, script), |report, duo, step| {
            if let DuoMove::Hears(Side::A, at) = step {
                let Some((client, message)) = duo.a().zip(duo.next_to_a(*at)) else { return };
                report.edge(&NAIVE, client.phase(), Role::Responder, NaiveLabel::from(message));
                report.hears(client, message.clone());
            }
            if let DuoMove::Hears(Side::B, at) = step {
                let Some((server, message)) = duo.b().zip(duo.next_to_b(*at)) else { return };
                report.edge(&NAIVE, server.phase(), Role::Initiator, NaiveLabel::from(message));
                report.hears(server, message.clone());
            }
        });
    }
}

// ---- the pair --------------------------------------------------------------------------------

enum Pair {}

impl Wiring for Pair {
    type A = Client;
    type B = Server;

    fn to_b(message: PairMessage) -> Option<(u16, ServerRemote)> {
        Some(match message {
            PairMessage::Request(message) => {
                let size = message.wire_len() as u32;
                (24, ServerRemote::Request { message, size })
            }
            PairMessage::Reply(message) => (25, ServerRemote::Reply(message)),
        })
    }

    fn to_a(message: ReplyMessage) -> Option<(u16, ClientRemote)> {
        Some((25, ClientRemote::Reply(message)))
    }

    fn left_b(message: &ClientRemote) -> Option<ServerRemote> {
        match message {
            ClientRemote::Reply(message) => Some(ServerRemote::Drained(message.wire_len() as u32)),
            ClientRemote::Request(_) => None,
        }
    }

    fn answers_a(id: AskId, query: &ClientQuery) -> Vec<ClientCommand> {
        [Verdict::Process, Verdict::Ignore].map(|verdict| query.judged(id, verdict)).to_vec()
    }

    fn answers_b(id: AskId, query: &ServerQuery) -> Vec<ServerCommand> {
        let ServerQuery::Fetch { ids, .. } = query;
        let content = ids.iter().map(content).collect();
        vec![query.fetched(id, Some(content))]
    }

    fn stuck(duo: &Duo<Self>) -> Option<String> {
        both_done(duo)
    }
}

fn content(id: &DeliverableId) -> Content {
    match id {
        DeliverableId::LinearLeiosBlockId(_) => Content::Block(block()),
        DeliverableId::LinearLeiosVoteId(..) => Content::Vote(vote()),
        DeliverableId::LeiosBlockTxsId(_, bitmaps) => {
            let txs = bitmaps.indices().map(|at| (at, wanted(at as u8).hash, tx(at as u8)));
            Content::Txs { count: 2, txs: txs.collect() }
        }
    }
}

/// Small limits: a notification request of 100 bytes holds an announcement of 96 and the
/// beginning of an offer of 38; the rest spills into the next one (L-31).
fn duo() -> Duo<Pair> {
    let mut limits = Limits::default();
    limits.max_notification_size = 100;
    limits.notify_low = 200;
    limits.notify_chunk = 100;
    let clock = SlotClock::default();
    Duo::new(Client::new(limits.clone(), clock), Server::new(limits, clock))
}

const fn start() -> ClientCommand {
    ClientCommand::Start
}

const fn target() -> ClientCommand {
    ClientCommand::NotificationTarget { low: 200, chunk: 100 }
}

fn request_block() -> ClientCommand {
    ClientCommand::RequestBlock { point: point(), size: block_size() }
}

fn request_txs(txs: &[u8]) -> ClientCommand {
    ClientCommand::RequestTxs { point: point(), txs: txs.iter().map(|at| wanted(*at)).collect() }
}

fn request_vote() -> ClientCommand {
    ClientCommand::RequestVotes { votes: vec![(SLOT, VoteIssuer(1))] }
}

const fn finish() -> ClientCommand {
    ClientCommand::Finish
}

fn announce() -> ServerCommand {
    ServerCommand::Announce(header())
}

fn offers() -> [ServerCommand; 3] {
    [
        ServerCommand::OfferBlock(point()),
        ServerCommand::OfferTxs(point()),
        ServerCommand::OfferVote(SLOT, VoteIssuer(1)),
    ]
}

fn watch(report: &mut Report, duo: &Duo<Pair>, step: &DuoMove) {
    if let DuoMove::Hears(Side::A, at) = step {
        let Some((client, message)) = duo.a().zip(duo.next_to_a(*at)) else { return };
        if let ClientRemote::Reply(reply) = message {
            let label = ReplyLabel::from(reply);
            report.edge(&REPLY, client.phases().reply(), Role::Responder, label);
        }
        report.hears(client, message.clone());
    }
    if let DuoMove::Hears(Side::B, at) = step {
        let Some((server, message)) = duo.b().zip(duo.next_to_b(*at)) else { return };
        match message {
            ServerRemote::Reply(reply) => {
                let label = ReplyLabel::from(reply);
                report.edge(&REPLY, server.reply_phase(), Role::Initiator, label);
            }
            ServerRemote::Request { message, .. } => {
                let label = RequestLabel::from(message);
                report.edge(&REQUEST, server.request_phase(), Role::Initiator, label);
            }
            ServerRemote::Drained(_) => {}
        }
        report.hears(server, message.clone());
    }
}

fn pair(report: &mut Report) {
    let news = duo()
        .script_a(true, [start(), target(), finish()])
        .script_b(true, [announce()].into_iter().chain(offers()));
    report.explore("pair, an announcement and three offers", news, watch);

    let deliveries = duo().script_a(
        true,
        [
            start(),
            request_block(),
            request_txs(&[0, 1]),
            request_txs(&[1]),
            request_vote(),
            finish(),
        ],
    );
    report.explore(
        "pair, four requests, two overlapping, answered in any order",
        deliveries,
        watch,
    );

    let any_order = duo()
        .script_a(false, [start(), request_block(), request_txs(&[0]), request_vote(), finish()]);
    report.explore("pair, commands in any order", any_order, watch);

    let both = duo()
        .script_a(true, [start(), target(), request_block(), request_vote(), finish()])
        .script_b(true, [announce(), ServerCommand::OfferBlock(point()), ServerCommand::Finish]);
    report.explore("pair, news and requests, either side ends it", both, watch);
}
