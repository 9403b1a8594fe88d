//! Two honest sessions over a network that cuts, delays and throttles as it likes, between hosts
//! that answer late and in any order: nobody is blamed, the laws are kept on the way, and what is
//! held is told.

use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::codec::leios::{SlotNo, VoteIssuer};
use nodewire::leios::{self, Session, SessionCommand, SessionConfig, SessionQuery};
use nodewire::link::{StagedOf, Transport};
use nodewire::sim::Laws;
use nodewire::state::leios::{
    ClientCommand, ConnectionCommand, ConnectionQuery, ServerCommand, ServerQuery, SlotClock,
    Verdict,
};
use nodewire::{Action, AskId, Ending, Fault, Input, InputOf, Machine, Outbox, Time};
use proptest::prelude::*;

use crate::given::{SLOT, Store, store, votes};
use crate::heap;

struct Side {
    laws: Laws<Session>,
    /// The same machine once more, whose memory is counted.
    weighed: Session,
    /// Bytes under way to it.
    coming: Vec<u8>,
    asked: Vec<(AskId, SessionQuery)>,
    ending: Option<Ending>,
}

struct Net {
    store: &'static Store,
    sides: [Side; 2],
    now: Time,
    cut: bool,
    base: usize,
    told: usize,
}

fn config() -> SessionConfig {
    let mut config = SessionConfig::new(1);
    config.connection.clock = SlotClock { slot: SlotNo(SLOT), ..SlotClock::default() };
    config.connection.limits.max_open_asks = 3;
    config.connection.limits.reply_split_target = 9_000;
    config.connection.limits.max_provided_bytes = 600_000;
    config.mux.sdu_size = 700;
    config
}

fn client(command: ClientCommand) -> SessionCommand {
    leios::on_connection(ConnectionCommand::Client(command))
}

fn server(command: ServerCommand) -> SessionCommand {
    leios::on_connection(ConnectionCommand::Server(command))
}

impl Net {
    fn new() -> Self {
        let now = Time::ZERO.after(Duration::from_secs(2));
        let base = heap::live();
        let side = |make: &dyn Fn() -> Session| Side {
            laws: Laws::new(make()).lasting(),
            weighed: heap::held(make),
            coming: Vec::new(),
            asked: Vec::new(),
            ending: None,
        };
        let sides =
            [side(&|| leios::initiator(config())), side(&|| leios::responder(config(), now))];
        let mut net = Self { store: store(), sides, now, cut: false, base, told: 0 };
        net.give(0, &|| Input::Remote(Transport::Writable(40)));
        net.give(1, &|| Input::Remote(Transport::Writable(20)));
        net.give(0, &|| Input::Local(leios::propose()));
        net
    }

    fn give(&mut self, at: usize, input: &dyn Fn() -> InputOf<Session>) {
        let now = self.now;
        let side = &mut self.sides[at];
        let mut stepped = side.laws.step(now, input()).unwrap_or_else(|broken| panic!("{broken}"));
        heap::held(|| {
            let mut out = Outbox::new();
            let _ = side.weighed.handle(now, input(), &mut out);
        });
        let told = self.sides.iter().map(|side| side.weighed.footprint()).sum::<usize>()
            - 2 * size_of::<Session>();
        let live = heap::live() - self.base;
        assert!(live <= told, "{live} bytes live, {told} told");
        while let Some(action) = stepped.actions.pop() {
            match action {
                Action::Send(bytes) if self.cut => drop(bytes),
                Action::Send(bytes) => self.sides[1 - at].coming.extend_from_slice(&bytes),
                Action::Notify(_) => self.told += 1,
                Action::Ask(id, query) => self.sides[at].asked.push((id, query)),
                Action::Close(ending) => {
                    let cut = matches!(ending, Ending::Fault(Fault::Truncated { .. })) && self.cut;
                    assert!(ending == Ending::Done || cut, "side {at} blames the other: {ending}");
                    self.sides[at].ending = Some(ending);
                }
            }
        }
    }

    fn tell(&mut self, at: usize, command: &SessionCommand) {
        self.give(at, &|| Input::Local(command.clone()));
    }

    /// Some of the bytes under way arrive as one read, unless nobody reads.
    fn arrive(&mut self, at: usize, most: usize) {
        let side = &mut self.sides[at];
        if side.laws.machine().saturated() || side.coming.is_empty() {
            return;
        }
        let most = most.min(side.coming.len());
        let read: Vec<u8> = side.coming.drain(..most).collect();
        self.give(at, &|| Input::Remote(Transport::Received(Bytes::copy_from_slice(&read))));
    }

    fn answer(&mut self, at: usize, which: usize) {
        let asked = &mut self.sides[at].asked;
        if asked.is_empty() {
            return;
        }
        let (id, query) = asked.remove(which % asked.len());
        let command = match query {
            StagedOf::Second(ConnectionQuery::Client(query)) => {
                ConnectionCommand::Client(query.judged(id, Verdict::Process))
            }
            StagedOf::Second(ConnectionQuery::Server(query)) => {
                let ServerQuery::Fetch { ids, .. } = &query;
                let content = ids.iter().map(|id| self.store.content(id)).collect();
                ConnectionCommand::Server(query.fetched(id, Some(content)))
            }
            StagedOf::First(query) => match query {},
        };
        self.tell(at, &leios::on_connection(command));
    }

    fn step(&mut self, what: u8, with: u8) {
        let at = usize::from(with & 1);
        let block = usize::from(with >> 1 & 1);
        let arg = usize::from(with >> 2);
        let point = self.store.blocks[block].point;
        match what % 24 {
            0..=3 => self.arrive(at, 1 + arg),
            4..=6 => self.arrive(at, 1 + arg * 200),
            7..=9 => self.give(at, &|| Input::Remote(Transport::Writable(arg * 40))),
            10 => self.tell(at, &client(ClientCommand::Start)),
            11 => {
                let target = ClientCommand::NotificationTarget { low: 4_096, chunk: 2_048 };
                self.tell(at, &client(target));
            }
            12 => {
                let size = self.store.blocks[block].block.raw().len() as u32;
                self.tell(at, &client(ClientCommand::RequestBlock { point, size }));
            }
            13 => {
                let txs = self.store.wanted(block, arg / 8, arg % 8 + 1);
                self.tell(at, &client(ClientCommand::RequestTxs { point, txs }));
            }
            14 => {
                let votes = votes(point.slot, 0..arg as u16 + 1);
                self.tell(at, &client(ClientCommand::RequestVotes { votes }));
            }
            15 => {
                let header = self.store.blocks[block].header.clone();
                self.tell(at, &server(ServerCommand::Announce(header)));
            }
            16 => self.tell(at, &server(ServerCommand::OfferBlock(point))),
            17 => self.tell(at, &server(ServerCommand::OfferTxs(point))),
            18 => {
                let seat = VoteIssuer(arg as u16);
                self.tell(at, &server(ServerCommand::OfferVote(point.slot, seat)));
            }
            19..=21 => self.answer(at, arg),
            22 => {
                self.now = self.now.after(Duration::from_millis(arg as u64));
                for at in 0..2 {
                    self.give(at, &|| Input::Timeout);
                }
            }
            _ if with == 255 => self.tell(at, &client(ClientCommand::Finish)),
            _ if with == 254 => self.tell(at, &server(ServerCommand::Finish)),
            _ => self.arrive(at, 1),
        }
    }

    /// All that is under way arrives and all questions are answered.
    fn settle(&mut self) {
        for at in 0..2 {
            self.give(at, &|| Input::Remote(Transport::Writable(Transport::UNCOUNTED)));
        }
        for _ in 0..2_000 {
            for at in 0..2 {
                self.answer(at, 0);
                self.arrive(at, usize::MAX);
            }
            let quiet = |side: &Side| side.coming.is_empty() && side.asked.is_empty();
            if self.sides.iter().all(quiet) {
                break;
            }
        }
        for side in &self.sides {
            assert!(side.coming.is_empty() || side.ending.is_some());
            let machine = side.laws.machine().second().and_then(|mux| mux.machine());
            if let Some(client) = machine.and_then(|connection| connection.client()) {
                let ended = self.sides.iter().any(|side| side.ending.is_some());
                assert!(client.outstanding_deliveries() == 0 || ended, "an answer is owed");
            }
        }
    }

    fn transport_cut(&mut self) {
        self.cut = true;
        for at in 0..2 {
            self.give(at, &|| Input::Remote(Transport::Closed));
        }
        self.settle();
        assert!(self.sides.iter().all(|side| side.ending.is_some()), "somebody still waits");
    }
}

fn conversation() -> impl Strategy<Value = Vec<(u8, u8)>> {
    prop::collection::vec(any::<(u8, u8)>(), 1..120)
}

proptest! {
    #[test]
    fn honest_sides_never_blame_each_other(steps in conversation(), cut: bool) {
        let mut net = Net::new();
        net.open_quickly(steps.len() % 4 > 0);
        for (what, with) in steps {
            net.step(what, with);
        }
        if cut {
            net.transport_cut();
        } else {
            net.settle();
        }
    }
}

impl Net {
    /// Past the handshake, with both clients listening, so that most steps go deep.
    fn open_quickly(&mut self, quickly: bool) {
        if !quickly {
            return;
        }
        for at in [0, 1, 0, 1] {
            self.give(at, &|| Input::Remote(Transport::Writable(2_000)));
            self.arrive(at, usize::MAX);
        }
        for at in 0..2 {
            self.step(10, at);
            self.step(11, at);
            self.arrive(1 - usize::from(at), usize::MAX);
        }
        assert!(self.sides.iter().all(|side| side.laws.machine().second().is_some()));
    }
}

/// The strategy reaches what it is for.
#[test]
fn conversations_go_deep() {
    let mut net = Net::new();
    net.open_quickly(true);
    let mut random = 1_u64;
    for _ in 0..1_200 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        // No end: it would be over soon.
        let (what, with) = ((random >> 8) as u8 % 23, (random >> 24) as u8);
        net.step(what, with);
    }
    net.settle();
    assert!(net.told > 100, "{} notices", net.told);
}
