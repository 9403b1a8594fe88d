//! Farmer and pool (`chia.md` 13, PO-1 to PO-5).

mod client;
mod server;
mod session;
mod times;

use std::collections::VecDeque;
use std::time::Duration;

use nodewire::codec::chia::messages::{Partial, RequestData, RespondData};
use nodewire::codec::chia::{
    Blob, Bytes32, Challenge, CoinbaseInfo, Message, ProofOfSpace, SignedCoinbase,
};
use nodewire::codec::streamable::{RustCryptoSha256, Streamable};
use nodewire::state::chia::{
    PartialProof, Pool, PoolClientCommand, PoolClientConfig, PoolConfig, PoolRate,
};
use nodewire::{Action, ActionOf, AskId, Ending, Machine, Outbox, Refused, Time};

use crate::given::{bytes32, key, signature};

/// One end of a session.
struct Player<M: Machine> {
    machine: M,
    now: Time,
    told: VecDeque<ActionOf<M>>,
}

impl<M: Machine<Remote = Message, Send = Message>> Player<M>
where
    M::Local: std::fmt::Debug,
{
    fn new(machine: M) -> Self {
        Self { machine, now: Time::ZERO, told: VecDeque::new() }
    }

    fn hear(&mut self, message: impl Into<Message>) {
        let mut out = Outbox::new();
        self.machine.handle_remote(self.now, message.into(), &mut out);
        self.told.extend(out.drain());
    }

    fn local(&mut self, command: M::Local) {
        let mut out = Outbox::new();
        self.machine.handle_local(self.now, command, &mut out).unwrap();
        self.told.extend(out.drain());
    }

    fn refused(&mut self, command: M::Local) -> Refused {
        let mut out = Outbox::new();
        let refusal = self.machine.handle_local(self.now, command, &mut out).unwrap_err();
        assert!(out.is_empty());
        refusal.why
    }

    /// So many seconds pass, deadline by deadline.
    fn pass(&mut self, seconds: u64) {
        let to = self.now.after(Duration::from_secs(seconds));
        while let Some(due) = self.machine.deadline().filter(|due| *due <= to) {
            self.now = self.now.max(due);
            let mut out = Outbox::new();
            self.machine.handle_timeout(self.now, &mut out);
            let is_over = out.iter().any(|action| matches!(action, Action::Close(_)));
            self.told.extend(out.drain());
            if is_over {
                break;
            }
        }
        self.now = to;
    }

    fn all(&mut self) -> Vec<ActionOf<M>> {
        self.told.drain(..).collect()
    }

    fn question(&mut self) -> (AskId, M::Query) {
        match self.told.pop_front() {
            Some(Action::Ask(id, query)) if self.told.is_empty() => (id, query),
            _ => panic!("not one question"),
        }
    }

    /// The rule that it ended by.
    fn rule(&mut self) -> Option<&'static str> {
        match self.told.pop_back() {
            Some(Action::Close(Ending::Fault(fault))) => fault.rule().map(nodewire::Rule::id),
            other => {
                self.told.extend(other);
                None
            }
        }
    }
}

fn coinbase(height: u32) -> SignedCoinbase {
    let coinbase = CoinbaseInfo { height, amount: 14, puzzle_hash: bytes32(40) };
    SignedCoinbase { coinbase, coinbase_signature: signature(41) }
}

fn data(heights: impl IntoIterator<Item = u32>) -> RespondData {
    RespondData {
        posting_url: "pool.example".to_string(),
        pool_pubkey: key(5),
        partials_threshold: 9_000,
        coinbase_info: heights.into_iter().map(coinbase).collect(),
    }
}

fn challenge(byte: u8) -> Challenge {
    Challenge {
        prev_challenge_hash: bytes32(byte),
        proof_of_space_hash: bytes32(1),
        proof_of_time_output_hash: bytes32(2),
        height: 3,
        total_weight: 4,
        total_iters: 5,
    }
}

fn proof(byte: u8) -> ProofOfSpace {
    ProofOfSpace {
        challenge_hash: challenge(byte).hash::<RustCryptoSha256>(),
        pool_pubkey: key(5),
        plot_pubkey: key(6),
        size: 20,
        proof: Blob(vec![1; 160].into()),
    }
}

fn pos_hash(byte: u8) -> Bytes32 {
    Bytes32(proof(byte).get_hash::<RustCryptoSha256>())
}

/// What the farmer's machine tells of a proof that counts.
fn found(byte: u8) -> PoolClientCommand {
    let proved = PartialProof { proof_of_space: proof(byte), signature: signature(7) };
    PoolClientCommand::Partial(Box::new(challenge(byte)), Box::new(proved))
}

fn partial(byte: u8) -> Partial {
    Partial {
        challenge: challenge(byte),
        proof_of_space: proof(byte),
        farmer_target: "6d65".to_string(),
        signature: signature(7),
    }
}

fn client_config() -> PoolClientConfig {
    let mut config = PoolClientConfig::new(vec![key(4), key(5)], Blob(b"me".to_vec().into()));
    config.farmer_id = Some("farm".to_string());
    config.low_stock = 2;
    config
}

fn request(min_height: Option<u32>) -> Message {
    RequestData { min_height, farmer_id: Some("farm".to_string()) }.into()
}

fn config() -> PoolConfig {
    let mut config = PoolConfig::new(key(5));
    config.posting_url = "pool.example".to_string();
    config.partials_threshold = 9_000;
    config
}

fn pool(config: PoolConfig) -> Player<Pool> {
    Player::new(Pool::new(config))
}

/// So good that it takes next to no time, and so bad that it takes ages.
const GOOD: Bytes32 = Bytes32([255; 32]);
const BAD: Bytes32 = Bytes32([0; 32]);
const RATE: PoolRate = PoolRate { difficulty: 1_000_000, ips: 10_000 };
