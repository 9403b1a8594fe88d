//! What the decision logic hears of the clients of its peers and is told.

use arbitrary::Result;
use nodewire::codec::leios::{Announced, LinearLeiosVote, PoolId, VoteIssuer};
use nodewire::state::leios::{
    Announcement, ClientCommand, ClientNotice, Content, Fetch, FetchCommand, FetchLimits,
    FetchQuery, Unit, WantedTx, rules,
};
use nodewire::{AskId, Input, InputOf};

use super::{Given, Held, Script, small_fetch, store, take};

#[derive(Default)]
pub struct ForFetch {
    limits: FetchLimits,
    /// What it asked of whom.
    commands: Vec<(u8, ClientCommand)>,
    /// Questions it asked.
    questions: Vec<(AskId, FetchQuery)>,
}

impl ForFetch {
    pub fn small() -> Self {
        Self { limits: small_fetch(), ..Self::default() }
    }
}

impl Given for ForFetch {
    type Machine = Fetch<u8>;

    fn machine(&self) -> Fetch<u8> {
        Fetch::new(self.limits.clone())
    }

    fn pick(&mut self, script: &mut Script<'_>, step: u64) -> Result<InputOf<Fetch<u8>>> {
        if step == 0 {
            return Ok(Input::Local(FetchCommand::Joined(0)));
        }
        let peer = script.int_in_range(0..=3_u8)?;
        let notice = match script.int_in_range(0..=15_u8)? {
            0 | 1 => return Ok(Input::Local(command(script, peer)?)),
            2 => return self.answer(script),
            3 => return Ok(Input::Timeout),
            4 => ClientNotice::Announced(announcement(script)?),
            5 => ClientNotice::BlockOffered(store().point(script)?),
            6 => ClientNotice::TxsOffered(store().point(script)?),
            7 => {
                let seat = VoteIssuer(script.int_in_range(0..=9)?);
                ClientNotice::VoteOffered(store().point(script)?.slot, seat)
            }
            8 => odd_notice(script)?,
            9..=14 => match take(script, &mut self.commands)? {
                Some((peer, command)) => return delivered(script, peer, command),
                None => return Ok(Input::Local(FetchCommand::Joined(peer))),
            },
            _ => {
                let held = store().held(script)?;
                let size = held.block.raw().len() as u32;
                return Ok(Input::Local(if script.ratio(1, 3)? {
                    FetchCommand::Urgent { point: held.point, size }
                } else {
                    FetchCommand::Implied { peer, point: held.point, size }
                }));
            }
        };
        Ok(Input::Remote((peer, notice)))
    }

    fn sent(&mut self, (peer, command): &(u8, ClientCommand)) {
        self.commands.push((*peer, command.clone()));
    }

    fn asked(&mut self, id: AskId, query: &FetchQuery) {
        self.questions.push((id, query.clone()));
    }
}

impl ForFetch {
    fn answer(&mut self, script: &mut Script<'_>) -> Result<InputOf<Fetch<u8>>> {
        let (id, count) = match take(script, &mut self.questions)? {
            Some((id, FetchQuery::WhichAreMissing { references, .. })) => (id, references.len()),
            None => (AskId::from_u64(script.int_in_range(0..=4)?), 100),
        };
        let indices = match script.int_in_range(0..=7_u8)? {
            0 => Vec::new(),
            1 => script.arbitrary()?,
            stride => (0..count as u32).step_by(usize::from(stride) - 1).collect(),
        };
        Ok(Input::Local(FetchCommand::Missing { id, indices }))
    }
}

fn command(script: &mut Script<'_>, peer: u8) -> Result<FetchCommand<u8>> {
    let point = store().point(script)?;
    Ok(match script.int_in_range(0..=11_u8)? {
        0..=2 => FetchCommand::Joined(peer),
        3 => FetchCommand::Left(peer),
        4 => FetchCommand::Votes { slot: point.slot, need: script.arbitrary()? },
        5 => {
            let issuer = VoteIssuer(script.int_in_range(0..=9)?);
            FetchCommand::BadVote { slot: point.slot, issuer }
        }
        6 => FetchCommand::OldestFirst(script.arbitrary()?),
        7 => {
            let txs = store().some_wanted(script, 0)?;
            FetchCommand::Have(txs.into_iter().map(|tx| tx.hash).collect())
        }
        8 => FetchCommand::Forget(point),
        9 => FetchCommand::ForgetBelow(point.slot),
        _ => script.arbitrary()?,
    })
}

/// Of what a client was asked for: mostly it comes.
fn delivered(
    script: &mut Script<'_>,
    peer: u8,
    command: ClientCommand,
) -> Result<InputOf<Fetch<u8>>> {
    let how = script.int_in_range(0..=15_u8)?;
    if how == 0 {
        return Ok(Input::Local(FetchCommand::Refused(peer, command)));
    }
    let notice = match command {
        ClientCommand::RequestBlock { point, .. } => match held(point) {
            Some(held) if how > 2 => ClientNotice::Block { point, block: held.block.clone() },
            _ if how == 1 => ClientNotice::Excused(vec![point.hash]),
            _ => ClientNotice::Failed(vec![Unit::Block(point)]),
        },
        ClientCommand::RequestTxs { point, mut txs } => {
            if how > 12 {
                txs.truncate(txs.len() / 2);
            }
            match how {
                1 => ClientNotice::Excused(txs.iter().map(|tx| tx.hash).collect()),
                2 => {
                    let indices = txs.iter().map(|tx| tx.index).collect();
                    ClientNotice::Failed(vec![Unit::Txs(point, indices)])
                }
                _ => ClientNotice::Txs { point, txs: bytes(&txs) },
            }
        }
        ClientCommand::RequestVotes { votes } => {
            let Some((slot, issuer)) = votes.first().copied() else { return Ok(Input::Timeout) };
            if how == 1 {
                let units = votes.iter().map(|(slot, issuer)| Unit::Vote(*slot, *issuer));
                ClientNotice::Failed(units.collect())
            } else {
                let hash = store().point(script)?.hash;
                ClientNotice::Vote(LinearLeiosVote::new(slot, hash, issuer, [3; 48]))
            }
        }
        other => return Ok(Input::Local(FetchCommand::Refused(peer, other))),
    };
    Ok(Input::Remote((peer, notice)))
}

fn held(point: nodewire::codec::leios::LeiosPoint) -> Option<&'static Held> {
    store().blocks.iter().find(|held| held.point == point)
}

/// Transactions with the right hashes; of the bytes, only how many there are counts here.
fn bytes(txs: &[WantedTx]) -> Vec<(u32, nodewire::codec::leios::TxHash, nodewire::bytes::Bytes)> {
    let tx = |tx: &WantedTx| {
        let size = tx.size.min(1_000) as usize;
        (tx.index, tx.hash, nodewire::bytes::Bytes::from(vec![0; size]))
    };
    txs.iter().map(tx).collect()
}

fn announcement(script: &mut Script<'_>) -> Result<Announcement> {
    let held = store().held(script)?;
    let point = store().point(script)?;
    let header = if script.ratio(3, 4)? { held.header.clone() } else { store().header(script)? };
    Ok(Announcement {
        point,
        eb_size: held.block.raw().len() as u32,
        pool: PoolId([script.int_in_range(0..=1)?; 28]),
        equivocation: script.ratio(1, 8)?,
        header,
    })
}

/// What nobody asked for.
fn odd_notice(script: &mut Script<'_>) -> Result<ClientNotice> {
    let block = script.int_in_range(0..=1_usize)?;
    let held = &store().blocks[block];
    Ok(match script.int_in_range(0..=5_u8)? {
        0 => ClientNotice::Block { point: held.point, block: held.block.clone() },
        1 => {
            let txs = store().some_wanted(script, block)?;
            ClientNotice::Txs { point: held.point, txs: bytes(&txs) }
        }
        2 => ClientNotice::Excused(vec![held.point.hash]),
        3 => ClientNotice::Failed(vec![Unit::Block(held.point)]),
        4 => ClientNotice::Remark(&rules::OFFER_TOO_OLD),
        _ => {
            let seat = VoteIssuer(script.int_in_range(0..=9)?);
            let vote = LinearLeiosVote::new(held.point.slot, held.point.hash, seat, [3; 48]);
            ClientNotice::Vote(vote)
        }
    })
}
