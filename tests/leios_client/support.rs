//! A client with its application and its server, step by step.

use std::collections::VecDeque;

use nodewire::bytes::Bytes;
use nodewire::codec::leios::{
    Bitmap64, CountedNotification, Deliverable, DeliverableId, LeiosPoint, LinearLeiosBlock,
    LinearLeiosVote, MsgReplyPayload, MsgRequestPayload, NonEmpty, Notification,
    RankingBlockHeader, ReplyMessage, RequestMessage, RequestNo, SlotNo, TxBitmaps, TxDelivery,
    TxReference, Txs, VoteIssuer,
};
use nodewire::state::leios::{
    Blake2b, Client, ClientCommand, ClientNotice, ClientQuery, ClientRemote, Limits, PairMessage,
    RustCryptoBlake2b, SlotClock, Verdict, WantedTx,
};
use nodewire::{Action, ActionOf, AskId, Ending, Fault, Machine, Outbox, Refused, Time};

pub type Act = ActionOf<Client>;

/// The slot that begins at [`Rig`]'s first time.
pub const NOW: u64 = 100_000;

pub fn seconds(seconds: u64) -> Time {
    Time::from_micros(seconds * 1_000_000)
}

/// A client under test. Its slot `NOW` begins at second 100,000, which is its first time.
#[derive(Clone)]
pub struct Rig {
    pub client: Client,
    pub now: Time,
    /// Notification windows by the test's own arithmetic: number and end.
    windows: VecDeque<(u64, u64)>,
    end: u64,
    position: u64,
}

impl Rig {
    pub fn unopened(limits: Limits) -> Self {
        let client = Client::new(limits, SlotClock::default());
        let windows = VecDeque::new();
        Self { client, now: seconds(NOW), windows, end: 0, position: 0 }
    }

    /// A client that has sent MsgLeiosInit.
    pub fn with(set: impl FnOnce(&mut Limits)) -> Self {
        let mut limits = Limits::default();
        set(&mut limits);
        let mut rig = Self::unopened(limits);
        let init = PairMessage::Reply(ReplyMessage::MsgLeiosInit);
        assert_eq!(rig.local(ClientCommand::Start), [Action::Send(init)]);
        rig
    }

    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// A client that has asked for notifications, with the default watermark.
    pub fn listening() -> Self {
        Self::listening_with(|_| {})
    }

    pub fn listening_with(set: impl FnOnce(&mut Limits)) -> Self {
        let mut rig = Self::with(set);
        rig.target(32_768, 32_768);
        rig
    }

    pub fn target(&mut self, low: u32, chunk: u16) -> Vec<Act> {
        self.local(ClientCommand::NotificationTarget { low, chunk })
    }

    pub fn local(&mut self, input: ClientCommand) -> Vec<Act> {
        self.try_local(input).expect("admitted")
    }

    pub fn try_local(&mut self, input: ClientCommand) -> Result<Vec<Act>, Refused> {
        let mut out = Outbox::new();
        let before = self.client.clone();
        match self.client.handle_local(self.now, input.clone(), &mut out) {
            Ok(()) => Ok(self.seen(out)),
            Err(refusal) => {
                assert_eq!(refusal.input, input);
                assert_eq!(self.client, before);
                assert!(out.is_empty());
                Err(refusal.why)
            }
        }
    }

    pub fn remote(&mut self, input: ClientRemote) -> Vec<Act> {
        let mut out = Outbox::new();
        self.client.handle_remote(self.now, input, &mut out);
        self.seen(out)
    }

    pub fn timeout(&mut self) -> Vec<Act> {
        let mut out = Outbox::new();
        self.client.handle_timeout(self.now, &mut out);
        self.seen(out)
    }

    /// Moves the time `after` seconds on, without telling the client.
    pub fn pass(&mut self, after: u64) {
        self.now = self.now.after(core::time::Duration::from_secs(after));
    }

    pub fn reply(&mut self, payload: MsgReplyPayload) -> Vec<Act> {
        self.remote(ClientRemote::Reply(ReplyMessage::MsgLeiosReply(payload)))
    }

    pub fn notifications(
        &mut self,
        no: u64,
        flag: bool,
        items: &[CountedNotification],
    ) -> Vec<Act> {
        for item in items {
            self.position += u64::from(item.size());
        }
        while self.windows.front().is_some_and(|window| self.position >= window.1) {
            self.windows.pop_front();
        }
        let items = NonEmpty::from_vec(items.to_vec()).expect("some");
        self.reply(MsgReplyPayload::LeiosNotifications(RequestNo(no), flag, items))
    }

    /// One notification, with the number and the flag that are due.
    pub fn tell(&mut self, notification: Notification) -> Vec<Act> {
        let item = CountedNotification::new(notification);
        let (no, end) = *self.windows.front().expect("credit");
        let flag = self.position + u64::from(item.size()) >= end;
        self.notifications(no, flag, &[item])
    }

    pub fn announce(&mut self, header: &RankingBlockHeader) -> Vec<Act> {
        self.tell(Notification::LinearLeiosAnnouncement(header.clone()))
    }

    /// Announces, and has it judged worth processing.
    pub fn announced(&mut self, slot: u64, pool: u8, name: u8) -> LeiosPoint {
        let acts = self.announce(&header(slot, pool, name));
        self.judge(&acts, Verdict::Process);
        point(slot, name)
    }

    pub fn judge(&mut self, acts: &[Act], verdict: Verdict) -> Vec<Act> {
        let [(id, query)] = asked(acts).try_into().expect("one question");
        self.local(query.judged(id, verdict))
    }

    pub fn offer_block(&mut self, point: LeiosPoint) -> Vec<Act> {
        self.tell(Notification::LinearLeiosBlockOffer(point))
    }

    pub fn offer_txs(&mut self, point: LeiosPoint) -> Vec<Act> {
        self.tell(Notification::LeiosBlockTxsOffer(point))
    }

    pub fn offer_vote(&mut self, slot: u64, issuer: u16) -> Vec<Act> {
        self.tell(Notification::LinearLeiosVoteOffer(SlotNo(slot), VoteIssuer(issuer)))
    }

    pub fn deliver(&mut self, no: u64, deliverables: Vec<Deliverable>) -> Vec<Act> {
        self.reply(MsgReplyPayload::LeiosDeliveries(RequestNo(no), deliverables))
    }

    pub fn done(&mut self) -> Vec<Act> {
        self.remote(ClientRemote::Reply(ReplyMessage::MsgLeiosDone))
    }

    pub fn want_block(&mut self, block: &Block) -> Vec<Act> {
        let (point, size) = (block.point, block.size());
        self.local(ClientCommand::RequestBlock { point, size })
    }

    pub fn want_txs(&mut self, block: &Block, indices: &[u32]) -> Vec<Act> {
        let txs = block.wanted(indices);
        self.local(ClientCommand::RequestTxs { point: block.point, txs })
    }

    pub fn want_votes(&mut self, slot: u64, issuers: impl IntoIterator<Item = u16>) -> Vec<Act> {
        let votes = issuers.into_iter().map(|issuer| (SlotNo(slot), VoteIssuer(issuer))).collect();
        self.local(ClientCommand::RequestVotes { votes })
    }

    fn seen(&mut self, mut out: Outbox<PairMessage, ClientNotice, ClientQuery>) -> Vec<Act> {
        let acts: Vec<Act> = out.drain().collect();
        for payload in requests(&acts) {
            if let MsgRequestPayload::LeiosNotificationBytes(no, bytes) = payload {
                self.end += u64::from(bytes);
                self.windows.push_back((no.0, self.end));
            }
        }
        acts
    }
}

/// The requests among what was sent.
pub fn requests(acts: &[Act]) -> Vec<MsgRequestPayload> {
    let payload = |act: &Act| match act {
        Action::Send(PairMessage::Request(RequestMessage::MsgLeiosRequest(payload))) => {
            Some(payload.clone())
        }
        _ => None,
    };
    acts.iter().filter_map(payload).collect()
}

/// The requests for deliverables among what was sent.
pub fn wanted(acts: &[Act]) -> Vec<(u64, Vec<DeliverableId>)> {
    let payload = |payload| match payload {
        MsgRequestPayload::LeiosDeliverableIds(no, ids) => Some((no.0, ids.to_vec())),
        MsgRequestPayload::LeiosNotificationBytes(..) => None,
    };
    requests(acts).into_iter().filter_map(payload).collect()
}

pub fn notices(acts: &[Act]) -> Vec<ClientNotice> {
    let notice = |act: &Act| match act {
        Action::Notify(notice) => Some(notice.clone()),
        _ => None,
    };
    acts.iter().filter_map(notice).collect()
}

pub fn asked(acts: &[Act]) -> Vec<(AskId, ClientQuery)> {
    let ask = |act: &Act| match act {
        Action::Ask(id, query) => Some((*id, query.clone())),
        _ => None,
    };
    acts.iter().filter_map(ask).collect()
}

/// The fault at the end: id and reason of its rule.
pub fn fault(acts: &[Act]) -> (&'static str, &'static str) {
    match acts.last() {
        Some(Action::Close(Ending::Fault(fault))) => named(fault),
        other => panic!("no fault but {other:?}"),
    }
}

pub fn named(fault: &Fault) -> (&'static str, &'static str) {
    let rule = fault.rule().expect("a rule");
    (rule.id(), rule.reason())
}

pub fn is_open(acts: &[Act]) -> bool {
    !acts.iter().any(|act| matches!(act, Action::Close(_)))
}

/// A block with its transactions.
#[derive(Clone, Debug)]
pub struct Block {
    pub point: LeiosPoint,
    pub block: LinearLeiosBlock,
    pub txs: Vec<Bytes>,
}

impl Block {
    /// A block at `slot` of these transactions.
    pub fn new(slot: u64, txs: &[&[u8]]) -> Self {
        let txs: Vec<Bytes> = txs.iter().map(|tx| Bytes::copy_from_slice(tx)).collect();
        let reference = |tx: &Bytes| TxReference {
            hash: RustCryptoBlake2b::hash32(tx),
            size: u32::try_from(tx.len()).unwrap(),
        };
        let references: Vec<_> = txs.iter().map(reference).collect();
        let block = LinearLeiosBlock::new(&references).expect("no duplicates");
        let hash = RustCryptoBlake2b::hash32(block.raw());
        Self { point: LeiosPoint::new(SlotNo(slot), hash), block, txs }
    }

    /// A block of `count` transactions of `size` bytes each.
    pub fn bulk(slot: u64, count: u32, size: usize) -> Self {
        let tx = |n: u32| {
            let mut tx = n.to_be_bytes().to_vec();
            tx.extend(slot.to_be_bytes());
            tx.resize(size.max(12), 7);
            tx
        };
        let txs: Vec<Vec<u8>> = (0..count).map(tx).collect();
        Self::new(slot, &txs.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    pub fn size(&self) -> u32 {
        u32::try_from(self.block.raw().len()).unwrap()
    }

    pub fn wanted(&self, indices: &[u32]) -> Vec<WantedTx> {
        let references: Vec<TxReference> = self.block.references().collect();
        let wanted = |&index: &u32| {
            let TxReference { hash, size } = references[index as usize];
            WantedTx { index, hash, size }
        };
        indices.iter().map(wanted).collect()
    }

    pub fn delivery(&self) -> Deliverable {
        Deliverable::LinearLeiosBlockDelivery(self.block.clone())
    }

    /// The delivery of these transactions.
    pub fn txs(&self, indices: &[u32]) -> Deliverable {
        let bitmaps = TxBitmaps::from_indices(indices.iter().copied()).expect("ascending");
        let window = |&(window, bitmap): &(u16, Bitmap64)| {
            let first = u32::from(window) * 64;
            let txs = bitmap.offsets().map(|offset| &self.txs[(first + offset) as usize]);
            TxDelivery { window, bitmap, txs: Txs::from_slices(txs) }
        };
        let windows = bitmaps.windows().iter().map(window).collect();
        Deliverable::LeiosBlockTxsDelivery(self.point, NonEmpty::from_vec(windows).unwrap())
    }
}

pub fn vote(slot: u64, issuer: u16) -> LinearLeiosVote {
    let block = nodewire::codec::leios::Hash32([9; 32]);
    LinearLeiosVote::new(SlotNo(slot), block, VoteIssuer(issuer), [3; 48])
}

pub fn vote_delivery(slot: u64, issuer: u16) -> Deliverable {
    Deliverable::LinearLeiosVoteDelivery(vote(slot, issuer))
}

pub fn point(slot: u64, name: u8) -> LeiosPoint {
    LeiosPoint::new(SlotNo(slot), nodewire::codec::leios::Hash32([name; 32]))
}

/// A header of `pool` that announces the block of [`point`].
pub fn header(slot: u64, pool: u8, name: u8) -> RankingBlockHeader {
    numbered_header(slot, pool, name, 0)
}

/// The same with another block number: another header of the same election.
pub fn numbered_header(slot: u64, pool: u8, name: u8, number: u64) -> RankingBlockHeader {
    let announces = [&[0x82, 0x58, 32][..], &[name; 32], &[0x19, 0x10, 0]].concat();
    raw_header(number, slot, pool, &announces)
}

/// A header of `pool` that announces `block` as having `size` bytes.
pub fn header_of(block: &Block, pool: u8, size: u32) -> RankingBlockHeader {
    let mut announces = [&[0x82, 0x58, 32][..], &block.point.hash.0, &[0x1a]].concat();
    announces.extend_from_slice(&size.to_be_bytes());
    raw_header(u64::from(size), block.point.slot.0, pool, &announces)
}

/// A header that announces nothing.
pub fn silent_header(slot: u64) -> RankingBlockHeader {
    raw_header(0, slot, 1, &[0xf6])
}

/// A header whose Leios extension is in no dialect.
pub fn odd_header(slot: u64) -> RankingBlockHeader {
    raw_header(0, slot, 1, &[0x40])
}

fn raw_header(number: u64, slot: u64, pool: u8, announces: &[u8]) -> RankingBlockHeader {
    let mut header = vec![0x82, 0x8c];
    header.extend_from_slice(&uint(number));
    header.extend_from_slice(&uint(slot));
    header.extend_from_slice(&[0xf6, 0x58, 32]);
    header.extend_from_slice(&[pool; 32]);
    header.extend_from_slice(&[0xf6; 4]);
    header.extend_from_slice(&[0x84, 0x40, 0, 0, 0x40, 0xf6, 0xf4]);
    header.extend_from_slice(announces);
    header.extend_from_slice(&[0x58, 64]);
    header.extend_from_slice(&[5; 64]);
    let mut raw = vec![0x82, 7, 0xd8, 24, 0x59];
    raw.extend_from_slice(&u16::try_from(header.len()).unwrap().to_be_bytes());
    raw.extend_from_slice(&header);
    RankingBlockHeader::from_raw(Bytes::from(raw)).expect("a header")
}

fn uint(value: u64) -> Vec<u8> {
    [&[0x1b][..], &value.to_be_bytes()].concat()
}

/// A notification of `size` bytes that breaks no content rule, since `point` was announced.
pub fn sized(point: LeiosPoint, size: u32) -> CountedNotification {
    CountedNotification::with_size(Notification::LinearLeiosBlockOffer(point), size)
}

/// The same header in a wrapper written less shortly.
pub fn rewrapped(header: &RankingBlockHeader) -> RankingBlockHeader {
    let mut raw = header.raw().to_vec();
    raw.splice(1..2, [0x18, raw[1]]);
    RankingBlockHeader::from_raw(Bytes::from(raw)).expect("a header")
}
