//! A server with its application and its client, step by step.

use std::collections::BTreeMap;

use nodewire::bytes::Bytes;
use nodewire::codec::leios::{
    CompletionFlag, CountedNotification, Deliverable, DeliverableId, Hash32, LeiosBlockHash,
    LeiosPoint, LinearLeiosBlock, LinearLeiosVote, MsgReplyPayload, MsgRequestPayload, NonEmpty,
    Notification, RankingBlockHeader, ReplyMessage, RequestMessage, RequestNo, SlotNo, TxBitmaps,
    TxReference, VoteIssuer,
};
use nodewire::state::leios::{
    Content, Limits, Order, Server, ServerCommand, ServerNotice, ServerQuery, ServerRemote,
    SlotClock,
};
use nodewire::{Action, ActionOf, AskId, Ending, Machine, Outbox, Refused, Time};

pub type Act = ActionOf<Server>;

/// The slot that begins at [`Rig`]'s first time.
pub const NOW: u64 = 100_000;

/// A server under test. Its slot `NOW` begins at second 100,000.
pub struct Rig {
    pub server: Server,
    pub now: Time,
    pub next: u64,
}

pub fn limits() -> Limits {
    Limits::default()
}

pub fn seconds(seconds: u64) -> Time {
    Time::from_micros(seconds * 1_000_000)
}

impl Rig {
    /// A server that has received MsgLeiosInit.
    pub fn opened(limits: Limits, order: Order) -> Self {
        let mut rig = Self::unopened(limits, order);
        assert_eq!(rig.init(), [Action::Notify(ServerNotice::Opened)]);
        rig
    }

    pub fn new() -> Self {
        Self::opened(limits(), Order::FreshestFirst)
    }

    pub fn with(set: impl FnOnce(&mut Limits)) -> Self {
        let mut limits = limits();
        set(&mut limits);
        Self::opened(limits, Order::FreshestFirst)
    }

    pub fn unopened(limits: Limits, order: Order) -> Self {
        let server = Server::with_order(limits, SlotClock::default(), order);
        Self { server, now: seconds(NOW), next: 0 }
    }

    pub fn init(&mut self) -> Vec<Act> {
        self.remote(ServerRemote::Reply(ReplyMessage::MsgLeiosInit))
    }

    pub fn remote(&mut self, input: ServerRemote) -> Vec<Act> {
        let mut out = Outbox::new();
        self.server.handle_remote(self.now, input, &mut out);
        out.drain().collect()
    }

    /// Local input that is taken.
    pub fn local(&mut self, input: ServerCommand) -> Vec<Act> {
        self.try_local(input).expect("taken")
    }

    /// Local input, which changes nothing if it is refused.
    pub fn try_local(&mut self, input: ServerCommand) -> Result<Vec<Act>, Refused> {
        let before = self.server.clone();
        let mut out = Outbox::new();
        match self.server.handle_local(self.now, input.clone(), &mut out) {
            Ok(()) => Ok(out.drain().collect()),
            Err(refusal) => {
                assert_eq!(refusal.input, input);
                assert_eq!(self.server, before);
                assert!(out.is_empty());
                Err(refusal.why)
            }
        }
    }

    pub fn message(&mut self, message: RequestMessage) -> Vec<Act> {
        let size = u32::try_from(message.wire_len()).expect("small");
        self.remote(ServerRemote::Request { message, size })
    }

    /// The client's next request for notifications.
    pub fn want(&mut self, bytes: u16) -> Vec<Act> {
        let no = self.number();
        self.message(wants(no, bytes))
    }

    /// The client's next request for deliverables.
    pub fn request(&mut self, ids: Vec<DeliverableId>) -> Vec<Act> {
        let no = self.number();
        self.message(requests(no, ids))
    }

    /// All that waits leaves.
    pub fn drain(&mut self) -> Vec<Act> {
        let waiting = u32::try_from(self.server.waiting()).expect("small");
        self.remote(ServerRemote::Drained(waiting))
    }

    pub fn announce(&mut self, header: &RankingBlockHeader) -> Vec<Act> {
        self.local(ServerCommand::Announce(header.clone()))
    }

    pub fn timeout(&mut self) -> Vec<Act> {
        let mut out = Outbox::new();
        self.server.handle_timeout(self.now, &mut out);
        out.drain().collect()
    }

    /// Answers all questions among `acts` from the store, oldest first, and what comes of that.
    pub fn answer(&mut self, store: &Store, acts: &[Act]) -> Vec<Act> {
        let answers: Vec<_> = asked(acts).into_iter().map(|(id, q)| store.answer(id, &q)).collect();
        answers.into_iter().flat_map(|answer| self.local(answer)).collect()
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }
}

pub fn wants(no: u64, bytes: u16) -> RequestMessage {
    RequestMessage::MsgLeiosRequest(MsgRequestPayload::LeiosNotificationBytes(RequestNo(no), bytes))
}

pub fn requests(no: u64, ids: Vec<DeliverableId>) -> RequestMessage {
    let ids = NonEmpty::from_vec(ids).expect("an id");
    RequestMessage::MsgLeiosRequest(MsgRequestPayload::LeiosDeliverableIds(RequestNo(no), ids))
}

/// The questions among actions.
pub fn asked(acts: &[Act]) -> Vec<(AskId, ServerQuery)> {
    acts.iter()
        .filter_map(|act| match act {
            Action::Ask(id, query) => Some((*id, query.clone())),
            _ => None,
        })
        .collect()
}

/// The notification messages among actions.
pub fn news(acts: &[Act]) -> Vec<(u64, CompletionFlag, Vec<Notification>)> {
    replies(acts)
        .into_iter()
        .filter_map(|reply| match reply {
            MsgReplyPayload::LeiosNotifications(no, flag, list) => {
                let list = list.into_vec().into_iter().map(CountedNotification::into_notification);
                Some((no.0, flag, list.collect()))
            }
            MsgReplyPayload::LeiosDeliveries(..) => None,
        })
        .collect()
}

/// The deliveries among actions.
pub fn deliveries(acts: &[Act]) -> Vec<(u64, Vec<Deliverable>)> {
    replies(acts)
        .into_iter()
        .filter_map(|reply| match reply {
            MsgReplyPayload::LeiosDeliveries(no, list) => Some((no.0, list)),
            MsgReplyPayload::LeiosNotifications(..) => None,
        })
        .collect()
}

pub fn replies(acts: &[Act]) -> Vec<MsgReplyPayload> {
    acts.iter()
        .filter_map(|act| match act {
            Action::Send(ReplyMessage::MsgLeiosReply(payload)) => Some(payload.clone()),
            _ => None,
        })
        .collect()
}

/// The rule and the phase or duty of the fault that ends `acts`.
pub fn fault(acts: &[Act]) -> (&'static str, &'static str) {
    match acts.last() {
        Some(Action::Close(Ending::Fault(fault))) => {
            let rule = fault.rule().expect("a rule");
            (rule.id(), rule.reason())
        }
        other => panic!("no fault but {other:?}"),
    }
}

/// The rules remarked on.
pub fn remarks(acts: &[Act]) -> Vec<&'static str> {
    acts.iter()
        .filter_map(|act| match act {
            Action::Notify(ServerNotice::Remark(rule)) => Some(rule.id()),
            _ => None,
        })
        .collect()
}

/// What the application holds.
#[derive(Clone, Debug, Default)]
pub struct Store {
    pub blocks: BTreeMap<LeiosBlockHash, Vec<Bytes>>,
}

impl Store {
    /// A block of these transactions at `slot`.
    pub fn block(&mut self, slot: u64, name: u8, txs: &[&str]) -> LeiosPoint {
        self.bytes(slot, name, txs.iter().map(|tx| Bytes::copy_from_slice(tx.as_bytes())))
    }

    /// A block of `count` transactions of `size` bytes at `slot`.
    pub fn bulk(&mut self, slot: u64, name: u8, count: u32, size: usize) -> LeiosPoint {
        self.bytes(
            slot,
            name,
            (0..count).map(|index| {
                let mut tx = vec![name; size];
                tx[..4].copy_from_slice(&index.to_be_bytes());
                Bytes::from(tx)
            }),
        )
    }

    fn bytes(&mut self, slot: u64, name: u8, txs: impl Iterator<Item = Bytes>) -> LeiosPoint {
        let hash = Hash32([name; 32]);
        self.blocks.insert(hash, txs.collect());
        LeiosPoint::new(SlotNo(slot), hash)
    }

    pub fn answer(&self, id: AskId, query: &ServerQuery) -> ServerCommand {
        let ServerQuery::Fetch { ids, .. } = query;
        query.fetched(id, ids.iter().map(|id| self.content(id)).collect())
    }

    pub fn content(&self, id: &DeliverableId) -> Option<Content> {
        Some(match id {
            DeliverableId::LinearLeiosBlockId(point) => {
                Content::Block(block_of(self.blocks.get(&point.hash)?))
            }
            DeliverableId::LeiosBlockTxsId(point, wanted) => {
                let txs = self.blocks.get(&point.hash)?;
                let found = wanted.indices().filter_map(|index| {
                    let tx = txs.get(index as usize)?;
                    Some((index, tx_hash(tx), tx.clone()))
                });
                Content::Txs { count: txs.len() as u32, txs: found.collect() }
            }
            DeliverableId::LinearLeiosVoteId(slot, issuer) => Content::Vote(vote(*slot, *issuer)),
        })
    }
}

pub fn vote(slot: SlotNo, issuer: VoteIssuer) -> LinearLeiosVote {
    LinearLeiosVote::new(slot, Hash32([9; 32]), issuer, [7; 48])
}

/// Stands for the hash: the first bytes of the transaction. The server never computes it.
pub fn tx_hash(tx: &[u8]) -> Hash32 {
    let mut hash = [0; 32];
    let kept = tx.len().min(32);
    hash[..kept].copy_from_slice(&tx[..kept]);
    Hash32(hash)
}

fn block_of(txs: &[Bytes]) -> LinearLeiosBlock {
    let references: Vec<_> =
        txs.iter().map(|tx| TxReference { hash: tx_hash(tx), size: tx.len() as u32 }).collect();
    LinearLeiosBlock::new(&references).expect("different transactions")
}

pub fn block_id(point: LeiosPoint) -> DeliverableId {
    DeliverableId::LinearLeiosBlockId(point)
}

pub fn txs_id(point: LeiosPoint, indices: impl IntoIterator<Item = u32>) -> DeliverableId {
    let indices = TxBitmaps::from_indices(indices).expect("ascending indices");
    DeliverableId::LeiosBlockTxsId(point, indices)
}

pub fn vote_id(slot: u64, issuer: u16) -> DeliverableId {
    DeliverableId::LinearLeiosVoteId(SlotNo(slot), VoteIssuer(issuer))
}

pub fn point(slot: u64, name: u8) -> LeiosPoint {
    LeiosPoint::new(SlotNo(slot), Hash32([name; 32]))
}

/// A window: its number, its bitmap, its transactions.
type Window = (u16, u64, Vec<String>);

/// The transactions of deliveries as text with the bitmaps they came by.
pub fn shown(list: &[Deliverable]) -> Vec<(u8, Vec<Window>)> {
    list.iter()
        .map(|deliverable| match deliverable {
            Deliverable::LeiosBlockTxsDelivery(point, windows) => {
                let windows = windows.iter().map(|window| {
                    let txs = window.txs.iter().map(|tx| String::from_utf8_lossy(tx).into_owned());
                    (window.window, window.bitmap.bits(), txs.collect())
                });
                (point.hash.0[0], windows.collect())
            }
            other => panic!("no transactions but {other:?}"),
        })
        .collect()
}

/// A header of pool `pool` at `slot` that announces the block `name`.
pub fn header(slot: u64, pool: u8, name: u8) -> RankingBlockHeader {
    sized_header(slot, pool, name, 900)
}

/// The same, so that its notification takes `size` bytes: from 99 on.
pub fn sized_header(slot: u64, pool: u8, name: u8, size: usize) -> RankingBlockHeader {
    let announces = [&[0x82, 0x58, 32][..], &[name; 32], &[1]].concat();
    for number in [0, 100, 1_000, 100_000_u64] {
        for signature in 0..size {
            let raw = raw_header(number, slot, pool, &announces, signature);
            if raw.len() + 2 == size {
                return RankingBlockHeader::from_raw(Bytes::from(raw)).expect("a header");
            }
        }
    }
    panic!("no header of {size} bytes");
}

/// A header without a Leios extension that announces something.
pub fn silent_header(slot: u64) -> RankingBlockHeader {
    let raw = raw_header(0, slot, 1, &[0xf6], 64);
    RankingBlockHeader::from_raw(Bytes::from(raw)).expect("a header")
}

fn raw_header(number: u64, slot: u64, pool: u8, announces: &[u8], signature: usize) -> Vec<u8> {
    let mut header = vec![0x82, 0x8c];
    head(&mut header, 0, number);
    head(&mut header, 0, slot);
    header.push(0xf6);
    header.extend_from_slice(&[0x58, 32]);
    header.extend_from_slice(&[pool; 32]);
    header.extend_from_slice(&[0xf6; 4]);
    header.extend_from_slice(&[0x84, 0x40, 0, 0, 0x40, 0xf6, 0xf4]);
    header.extend_from_slice(announces);
    head(&mut header, 2, signature as u64);
    header.resize(header.len() + signature, 5);
    let mut raw = vec![0x82, 7, 0xd8, 24];
    head(&mut raw, 2, header.len() as u64);
    raw.extend_from_slice(&header);
    raw
}

fn head(out: &mut Vec<u8>, major: u8, value: u64) {
    let bytes = value.to_be_bytes();
    match value {
        0..=23 => out.push(major << 5 | value as u8),
        24..=0xff => out.extend_from_slice(&[major << 5 | 24, bytes[7]]),
        0x100..=0xffff => out.extend_from_slice(&[major << 5 | 25, bytes[6], bytes[7]]),
        _ => {
            out.push(major << 5 | 26);
            out.extend_from_slice(&bytes[4..]);
        }
    }
}

/// The same header in a wrapper written less shortly.
pub fn rewrapped(header: &RankingBlockHeader) -> RankingBlockHeader {
    let mut raw = header.raw().to_vec();
    raw.splice(1..2, [0x18, raw[1]]);
    RankingBlockHeader::from_raw(Bytes::from(raw)).expect("a header")
}
