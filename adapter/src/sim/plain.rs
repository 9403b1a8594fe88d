//! Fetch policies to compare with: one peer, or everything from everyone.

use std::collections::{BTreeMap, BTreeSet};

use nodewire::codec::leios::{LeiosPoint, TxReference};
use nodewire::sim::End;
use nodewire::state::leios::{
    ClientCommand, ClientNotice, FetchCommand, FetchNotice, FetchQuery, WantedTx,
};
use nodewire::{Machine, Out, Refusal, Time};

/// Which peers a [`Plain`] policy asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// The one with the lowest end.
    One,
    /// Each of them, for whatever has not come when its turn comes, beginning at another place.
    Everyone,
}

/// Asks without measuring: so many bytes at once, in the block's order.
///
/// It knows neither rates nor copies; it is what [`Fetch`](nodewire::state::leios::Fetch) is
/// compared with.
#[derive(Clone, Debug)]
pub struct Plain {
    whom: Whom,
    /// Bytes under way with a peer, and of one request.
    window: u64,
    request: u64,
    peers: Vec<End>,
    blocks: BTreeMap<LeiosPoint, Wanted>,
}

#[derive(Clone, Debug, Default)]
struct Wanted {
    size: Option<u32>,
    offers: Vec<End>,
    asked: bool,
    refs: Vec<TxReference>,
    missing: BTreeSet<u32>,
    /// By peer: what it was asked for, and the bytes of that under way.
    given: BTreeMap<End, (BTreeSet<u32>, u64)>,
    done: bool,
}

impl Plain {
    /// A policy that keeps `window` bytes under way with each peer it asks, `request` at a time.
    #[must_use]
    pub const fn new(whom: Whom, window: u64, request: u64) -> Self {
        Self { whom, window, request, peers: Vec::new(), blocks: BTreeMap::new() }
    }

    fn pump(&mut self, out: &mut Out<Self>) {
        let Self { whom, window, request, peers, blocks } = self;
        for (point, wanted) in blocks.iter_mut() {
            let Some(size) = wanted.size else { continue };
            let first = match whom {
                Whom::One => peers.iter().min().copied(),
                Whom::Everyone => wanted.offers.first().copied(),
            };
            let Some(first) = first.filter(|end| wanted.offers.contains(end)) else { continue };
            if !wanted.asked {
                wanted.asked = true;
                out.send((first, ClientCommand::RequestBlock { point: *point, size }));
            }
            let asked = match whom {
                Whom::One => &[first][..],
                Whom::Everyone => &wanted.offers[..],
            };
            for end in asked {
                let place = peers.iter().position(|peer| peer == end).unwrap_or(0);
                let start = wanted.refs.len() * place / peers.len().max(1);
                loop {
                    let (given, flying) = wanted.given.entry(*end).or_default();
                    let first = if *whom == Whom::One { 0 } else { start as u32 };
                    let open = wanted.missing.range(first..).chain(wanted.missing.range(..first));
                    let mut chosen = BTreeSet::new();
                    let mut bytes = 0;
                    for index in open.filter(|index| !given.contains(index)) {
                        let tx = u64::from(wanted.refs[*index as usize].size);
                        if bytes + tx > *request || (*flying + bytes + tx > *window) {
                            break;
                        }
                        bytes += tx;
                        chosen.insert(*index);
                    }
                    if chosen.is_empty() {
                        break;
                    }
                    *flying += bytes;
                    given.extend(&chosen);
                    let refer = |index: u32| {
                        let TxReference { hash, size } = wanted.refs[index as usize];
                        WantedTx { index, hash, size }
                    };
                    let txs = chosen.into_iter().map(refer).collect();
                    out.send((*end, ClientCommand::RequestTxs { point: *point, txs }));
                }
            }
        }
    }
}

impl Machine for Plain {
    type Local = FetchCommand<End>;
    type Remote = (End, ClientNotice);
    type Send = (End, ClientCommand);
    type Notice = FetchNotice<End>;
    type Query = FetchQuery;

    fn handle_local(
        &mut self,
        _: Time,
        input: FetchCommand<End>,
        _: &mut Out<Self>,
    ) -> Result<(), Refusal<FetchCommand<End>>> {
        if let FetchCommand::Joined(end) = input {
            self.peers.push(end);
        }
        Ok(())
    }

    fn handle_remote(&mut self, _: Time, (end, notice): (End, ClientNotice), out: &mut Out<Self>) {
        match notice {
            ClientNotice::Announced(news) => {
                let wanted = self.blocks.entry(news.point).or_default();
                if wanted.size.replace(news.eb_size).is_none() {
                    out.notify(FetchNotice::Announced(end, Box::new(news)));
                }
            }
            ClientNotice::TxsOffered(point) => {
                self.blocks.entry(point).or_default().offers.push(end);
            }
            ClientNotice::Block { point, block } => {
                let wanted = self.blocks.entry(point).or_default();
                wanted.refs = block.references().collect();
                wanted.missing = (0..block.count()).collect();
                out.notify(FetchNotice::Block { point, block });
            }
            ClientNotice::Txs { point, txs } => {
                let wanted = self.blocks.entry(point).or_default();
                let (_, flying) = wanted.given.entry(end).or_default();
                for (index, ..) in &txs {
                    let size = wanted.refs.get(*index as usize).map_or(0, |tx| tx.size);
                    *flying = flying.saturating_sub(u64::from(size));
                    wanted.missing.remove(index);
                }
                out.notify(FetchNotice::Txs { point, txs });
                if wanted.missing.is_empty() && !std::mem::replace(&mut wanted.done, true) {
                    out.notify(FetchNotice::ClosureComplete(point));
                }
            }
            _ => {}
        }
        self.pump(out);
    }

    fn handle_timeout(&mut self, _: Time, _: &mut Out<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }
}
