//! What both ends of a session with a pool can be given.

use arbitrary::Result;
use nodewire::codec::chia::{
    Blob, Bytes32, CoinbaseInfo, Function, Message, SignedCoinbase, messages,
};
use nodewire::sim::chia::stand_in;
use nodewire::state::chia::{
    PartialProof, Pool, PoolClient, PoolClientCommand, PoolClientConfig, PoolClientQuery,
    PoolCommand, PoolConfig, PoolQuery, PoolRate,
};
use nodewire::{AskId, Input, InputOf};

use super::values::{self, block, key, message};
use crate::given::{Given, Script, odd, take};

fn coinbase(script: &mut Script<'_>) -> Result<SignedCoinbase> {
    let puzzle_hash = Bytes32([7; 32]);
    let coinbase = CoinbaseInfo { height: script.int_in_range(0..=12)?, amount: 9, puzzle_hash };
    let coinbase_signature = stand_in::sign(key(script)?, &puzzle_hash.0);
    Ok(SignedCoinbase { coinbase, coinbase_signature })
}

fn coinbases(script: &mut Script<'_>) -> Result<Vec<SignedCoinbase>> {
    (0..script.int_in_range(0..=4)?).map(|_| coinbase(script)).collect()
}

/// A farmer's end.
#[derive(Default)]
pub struct ForPoolClient {
    asked: Vec<AskId>,
}

impl Given for ForPoolClient {
    type Machine = PoolClient;

    fn machine(&self) -> PoolClient {
        let keys = (0..3).map(stand_in::key).collect();
        let mut config = PoolClientConfig::new(keys, Blob(vec![1; 32].into()));
        config.low_stock = 2;
        config.farmer_id = Some("farmer".into());
        let limits = &mut config.limits;
        (limits.max_coinbases, limits.max_unacknowledged) = (4, 2);
        PoolClient::new(config)
    }

    fn most(&self) -> usize {
        1 << 15
    }

    fn pick(&mut self, script: &mut Script<'_>, step: u64) -> Result<InputOf<PoolClient>> {
        if step == 0 {
            return Ok(Input::Local(PoolClientCommand::Open));
        }
        Ok(match script.int_in_range(0..=23_u8)? {
            0 => Input::Remote(script.arbitrary()?),
            1 => Input::Timeout,
            2..=4 => Input::Local(PoolClientCommand::Coinbase(script.int_in_range(0..=12)?)),
            5..=8 => {
                let header_block = block(script)?.header_block;
                let Some(challenge) = header_block.challenge else { return Ok(Input::Timeout) };
                let signature = header_block.header.harvester_signature;
                let proof_of_space = header_block.proof_of_space;
                let partial = Box::new(PartialProof { proof_of_space, signature });
                Input::Local(PoolClientCommand::Partial(Box::new(challenge), partial))
            }
            9..=14 => match take(script, &mut self.asked)? {
                Some(id) => Input::Local(PoolClientCommand::Verdict(id, !script.ratio(1, 12)?)),
                None => Input::Timeout,
            },
            15..=16 => Input::Remote(messages::PartialAck {}.into()),
            17 if script.ratio(1, 8)? => Input::Local(PoolClientCommand::Close),
            _ => Input::Remote(
                messages::RespondData {
                    posting_url: "tcp://pool".into(),
                    pool_pubkey: key(script)?,
                    partials_threshold: script.int_in_range(0..=9_000)?,
                    coinbase_info: coinbases(script)?,
                }
                .into(),
            ),
        })
    }

    fn asked(&mut self, id: AskId, _: &PoolClientQuery) {
        self.asked.push(id);
    }
}

/// The pool's end.
#[derive(Default)]
pub struct ForPool {
    asked: Vec<(AskId, PoolQuery)>,
}

impl ForPool {
    fn answer(script: &mut Script<'_>, id: AskId, query: &PoolQuery) -> Result<PoolCommand> {
        let mostly = !script.ratio(1, 12)?;
        Ok(match query {
            PoolQuery::GetCoinbases { .. } => PoolCommand::Coinbases(id, coinbases(script)?),
            PoolQuery::GetRate(_) => {
                PoolCommand::Rate(id, mostly.then_some(PoolRate { difficulty: 5, ips: 1_000 }))
            }
            PoolQuery::VerifyProof(proof) => {
                PoolCommand::Quality(id, stand_in::quality(proof).filter(|_| mostly))
            }
            PoolQuery::VerifySignature(_) => PoolCommand::Verdict(id, mostly),
        })
    }
}

impl Given for ForPool {
    type Machine = Pool;

    fn machine(&self) -> Pool {
        let mut config = PoolConfig::new(stand_in::key(0));
        config.posting_url = "tcp://pool".into();
        Pool::new(config)
    }

    fn most(&self) -> usize {
        1 << 17
    }

    fn pick(&mut self, script: &mut Script<'_>, _: u64) -> Result<InputOf<Pool>> {
        Ok(match script.int_in_range(0..=23_u8)? {
            0 => odd(script)?,
            1 => Input::Timeout,
            2..=11 => match take(script, &mut self.asked)? {
                Some((id, query)) => Input::Local(Self::answer(script, id, &query)?),
                None => Input::Timeout,
            },
            12 if script.ratio(1, 8)? => Input::Local(PoolCommand::Close),
            13..=15 => Input::Remote(message(script, Function::RequestData)?),
            _ => {
                let header_block = values::block(script)?.header_block;
                let Some(challenge) = header_block.challenge else { return Ok(Input::Timeout) };
                let mut proof_of_space = header_block.proof_of_space;
                proof_of_space.challenge_hash =
                    challenge.hash::<nodewire::codec::streamable::RustCryptoSha256>();
                let message: Message = messages::Partial {
                    challenge,
                    proof_of_space,
                    farmer_target: "01".repeat(32),
                    signature: header_block.header.harvester_signature,
                }
                .into();
                Input::Remote(message)
            }
        })
    }

    fn asked(&mut self, id: AskId, query: &PoolQuery) {
        self.asked.push((id, query.clone()));
    }
}
