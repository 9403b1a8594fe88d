//! Item 24 with the memory counted: peers of one decision machine that offer, withdraw, come back
//! and never deliver, beside one that is honest.

use std::collections::VecDeque;

use nodewire::bytes::Bytes;
use nodewire::codec::Source;
use nodewire::codec::leios::{
    Hash32, LeiosPoint, LinearLeiosBlock, LinearLeiosVote, MsgReplyPayload, Notification,
    RankingBlockHeader, ReplyMessage, SlotNo, TxReference, VoteIssuer,
};
use nodewire::state::leios::{
    Announcement, ClientCommand, ClientNotice, Fetch, FetchCommand, FetchLimits, FetchNotice, Unit,
};
use nodewire::{Action, Machine, Out, Outbox, Time};

use crate::heap;
use crate::site::NOW;
use crate::wire;

const HONEST: u8 = 9;
const TXS: usize = 500;

/// A decision machine, and peers of which one answers.
struct Crowd {
    fetch: Fetch<u8>,
    now: Time,
    base: usize,
    point: LeiosPoint,
    block: LinearLeiosBlock,
    references: Vec<TxReference>,
    answers: VecDeque<ClientNotice>,
    /// What the others were asked for.
    owed: Vec<(u8, Unit)>,
    complete: bool,
    votes: usize,
}

impl Crowd {
    fn new() -> Self {
        let reference = |at: usize| {
            let mut hash = [5; 32];
            hash[..8].copy_from_slice(&at.to_be_bytes());
            TxReference { hash: Hash32(hash), size: 1_000 }
        };
        let references: Vec<_> = (0..TXS).map(reference).collect();
        let base = heap::live();
        Self {
            fetch: heap::held(|| Fetch::new(FetchLimits::default())),
            now: Time::ZERO,
            base,
            point: crate::site::at(NOW, [1; 32]),
            block: LinearLeiosBlock::new(&references).expect("a block"),
            references,
            answers: VecDeque::new(),
            owed: Vec::new(),
            complete: false,
            votes: 0,
        }
    }

    fn local(&mut self, command: FetchCommand<u8>) {
        let now = self.now;
        let fetch = &mut self.fetch;
        let out = heap::held(|| {
            let mut out = Outbox::new();
            fetch.handle_local(now, command, &mut out).expect("admitted");
            out
        });
        self.did(out);
    }

    fn tell(&mut self, peer: u8, notice: &ClientNotice) {
        let now = self.now;
        let fetch = &mut self.fetch;
        let out = heap::held(|| {
            let mut out = Outbox::new();
            fetch.handle_remote(now, (peer, notice.clone()), &mut out);
            out
        });
        self.did(out);
    }

    fn join(&mut self, peer: u8) {
        self.local(FetchCommand::Joined(peer));
        let header = wire::header(0, NOW, 1, &[1; 32]);
        let header = RankingBlockHeader::from_raw(header.into()).expect("a header");
        let pool = nodewire::codec::leios::PoolId([1; 28]);
        let eb_size = self.block.raw().len() as u32;
        let announcement =
            Announcement { point: self.point, eb_size, pool, equivocation: false, header };
        self.tell(peer, &ClientNotice::Announced(announcement));
        self.tell(peer, &ClientNotice::BlockOffered(self.point));
        self.tell(peer, &ClientNotice::TxsOffered(self.point));
        for issuer in 0..100 {
            let offer = ClientNotice::VoteOffered(SlotNo(NOW), VoteIssuer(issuer));
            self.tell(peer, &offer);
        }
    }

    fn did(&mut self, mut out: Out<Fetch<u8>>) {
        while let Some(action) = heap::held(|| out.pop()) {
            match action {
                Action::Send((HONEST, command)) => self.answer(command),
                Action::Send((peer, command)) => self.owed.push((peer, unit(command))),
                Action::Notify(FetchNotice::ClosureComplete(_)) => self.complete = true,
                Action::Notify(FetchNotice::Vote(_)) => self.votes += 1,
                Action::Notify(_) => {}
                Action::Ask(id, query) => {
                    let all = (0..TXS as u32).collect();
                    self.local(query.missing(id, all));
                }
                Action::Close(ending) => panic!("{ending}"),
            }
        }
        let footprint = self.fetch.footprint() - size_of::<Fetch<u8>>();
        let live = heap::live() - self.base;
        assert!(live <= footprint, "{live} bytes live, {footprint} told");
    }

    fn answer(&mut self, command: ClientCommand) {
        let point = self.point;
        match command {
            ClientCommand::RequestBlock { .. } => {
                let block = self.block.clone();
                self.answers.push_back(ClientNotice::Block { point, block });
            }
            ClientCommand::RequestTxs { txs, .. } => {
                let tx = |tx: &nodewire::state::leios::WantedTx| {
                    (tx.index, tx.hash, Bytes::from(vec![0; tx.size as usize]))
                };
                let txs = txs.iter().map(tx).collect();
                self.answers.push_back(ClientNotice::Txs { point, txs });
            }
            ClientCommand::RequestVotes { votes } => {
                for (slot, issuer) in votes {
                    let vote = LinearLeiosVote::new(slot, point.hash, issuer, [3; 48]);
                    self.answers.push_back(ClientNotice::Vote(vote));
                }
            }
            other => panic!("{other:?}"),
        }
    }

    /// Time passes, and the honest peer answers, until so much later.
    fn pass(&mut self, millis: u64) {
        let until = self.now.after(std::time::Duration::from_millis(millis));
        let mut turns = 0;
        while self.now < until {
            turns += 1;
            assert!(turns < 100_000, "it turns and turns");
            self.now = self.now.after(std::time::Duration::from_millis(1));
            if let Some(answer) = self.answers.pop_front() {
                self.tell(HONEST, &answer);
            }
            if self.fetch.deadline().is_some_and(|due| due <= self.now) {
                let now = self.now;
                let fetch = &mut self.fetch;
                let out = heap::held(|| {
                    let mut out = Outbox::new();
                    fetch.handle_timeout(now, &mut out);
                    out
                });
                self.did(out);
                assert!(self.fetch.deadline().is_none_or(|due| due > self.now));
            }
        }
    }
}

fn unit(command: ClientCommand) -> Unit {
    match command {
        ClientCommand::RequestBlock { point, .. } => Unit::Block(point),
        ClientCommand::RequestTxs { point, txs } => {
            Unit::Txs(point, txs.iter().map(|tx| tx.index).collect())
        }
        ClientCommand::RequestVotes { votes } => Unit::Vote(votes[0].0, votes[0].1),
        other => panic!("{other:?}"),
    }
}

/// What a header keeps alive is counted: a shared read may be four times as large as the header.
#[test]
fn announced_headers_count_with_the_reads_they_keep() {
    let mut crowd = Crowd::new();
    crowd.local(FetchCommand::Joined(0));
    for slot in 0..200 {
        let header = wire::header(0, NOW + slot, 1, &[1; 32]);
        let message = wire::news(0, false, &[wire::announcement(&header)]);
        let now = crowd.now;
        let fetch = &mut crowd.fetch;
        let out = heap::held(|| {
            let mut read = message.clone();
            read.resize(header.len() * 4, 0);
            let read = Bytes::from(read);
            let decoded = ReplyMessage::decode(&read[..message.len()], Source::of(&read));
            let Ok(ReplyMessage::MsgLeiosReply(MsgReplyPayload::LeiosNotifications(_, _, news))) =
                decoded
            else {
                panic!("{decoded:?}")
            };
            let Notification::LinearLeiosAnnouncement(header) = news[0].notification() else {
                panic!("{news:?}")
            };
            let announcement = Announcement {
                point: crate::site::at(NOW + slot, [1; 32]),
                eb_size: 100,
                pool: nodewire::codec::leios::PoolId([1; 28]),
                equivocation: false,
                header: header.clone(),
            };
            let mut out = Outbox::new();
            fetch.handle_remote(now, (0, ClientNotice::Announced(announcement)), &mut out);
            out
        });
        crowd.did(out);
    }
}

/// Two peers take turns: one joins, offers everything and takes what it is asked for; then it is
/// gone and the other comes. The honest one completes everything, and nothing piles up.
#[test]
fn peers_that_come_offer_and_go() {
    let mut crowd = Crowd::new();
    crowd.join(0);
    let once = crowd.fetch.footprint();
    let mut most = 0;
    for turn in 1..=300_u32 {
        let (comes, goes) = ((turn % 2) as u8, ((turn + 1) % 2) as u8);
        crowd.join(comes);
        crowd.local(FetchCommand::Left(goes));
        crowd.pass(10);
        most = most.max(crowd.fetch.footprint());
    }
    assert!(!crowd.owed.is_empty() && !crowd.complete);
    // Two peers at once, and lists that grow by doubling.
    assert!(most <= 4 * once, "{most} bytes after {once}");
    crowd.join(HONEST);
    crowd.pass(10_000);
    assert!(crowd.complete, "the closure is stranded");
    assert_eq!(crowd.votes, 100);
    assert!(crowd.fetch.in_flight_with(&HONEST) == Some(0));
}

/// Two peers offer everything, take every request, say that it has failed, and offer again: they
/// are not asked for ever, and the honest one completes everything.
#[test]
fn peers_that_withdraw_and_offer_again() {
    let mut crowd = Crowd::new();
    for peer in [0, 1, HONEST] {
        crowd.join(peer);
    }
    let mut asked = 0;
    for _ in 0..2_000 {
        let owed = std::mem::take(&mut crowd.owed);
        asked += owed.len();
        for (peer, unit) in owed {
            crowd.tell(peer, &ClientNotice::Failed(vec![unit.clone()]));
            match unit {
                Unit::Block(point) => crowd.tell(peer, &ClientNotice::BlockOffered(point)),
                Unit::Txs(point, _) => crowd.tell(peer, &ClientNotice::TxsOffered(point)),
                Unit::Vote(slot, issuer) => {
                    crowd.tell(peer, &ClientNotice::VoteOffered(slot, issuer));
                }
            }
        }
        crowd.pass(5);
        if crowd.complete && crowd.votes == 100 {
            break;
        }
    }
    assert!(crowd.complete && crowd.votes == 100, "{} votes after {asked} requests", crowd.votes);
}

/// Things nobody asked for, from peers that are gone or were never there, about blocks nobody
/// announced: nothing is kept of them.
#[test]
fn strangers_say_anything() {
    let mut crowd = Crowd::new();
    crowd.join(HONEST);
    crowd.pass(1_000);
    assert!(crowd.complete);
    let before = crowd.fetch.clone();
    let points = (0..1_000).map(|slot| crate::site::at(slot, [8; 32])).collect::<Vec<_>>();
    for point in &points {
        for peer in [0, 77] {
            crowd.tell(peer, &ClientNotice::BlockOffered(*point));
            crowd.tell(peer, &ClientNotice::TxsOffered(*point));
            crowd.tell(peer, &ClientNotice::VoteOffered(point.slot, VoteIssuer(1)));
            crowd.tell(peer, &ClientNotice::Failed(vec![Unit::Block(*point)]));
            crowd.tell(peer, &ClientNotice::Excused(vec![point.hash]));
            let block = crowd.block.clone();
            crowd.tell(peer, &ClientNotice::Block { point: *point, block });
        }
    }
    assert_eq!(crowd.fetch, before);
    // From one that is there it costs no work and no request.
    for point in &points {
        crowd.tell(HONEST, &ClientNotice::Excused(vec![point.hash]));
        crowd.tell(HONEST, &ClientNotice::Failed(vec![Unit::Txs(*point, vec![0, u32::MAX])]));
        let block = crowd.block.clone();
        crowd.tell(HONEST, &ClientNotice::Block { point: *point, block });
        let txs = vec![(u32::MAX, Hash32([1; 32]), Bytes::new())];
        crowd.tell(HONEST, &ClientNotice::Txs { point: *point, txs });
    }
    assert_eq!(crowd.fetch, before);
    assert!(crowd.owed.is_empty() && crowd.answers.is_empty());
    assert_eq!(crowd.references.len(), TXS);
}
