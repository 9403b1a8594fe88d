//! The machine's questions about a chain, answered by its execution layer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use nodewire::AskId;
use nodewire::codec::supervisor::{BlockId, BlockRef, Hash, HexUint64, Log, OutputV0};
use nodewire::state::supervisor::{Outputs, SupervisorAnswer, SupervisorQuery};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::debug;

use super::client::{Client, Tag};
use super::fault::Fault;
use super::follow::Standing;
use super::gate::Gate;
use super::json::Block;
use super::pace::Pace;
use super::seen::View;
use super::settings::Settings;
use super::{deposit, receipts};
use crate::supervisor::Link;

/// Blocks that were told of and whose receipts may be asked for next.
const REMEMBERED: usize = 32;

/// Answers questions.
#[derive(Debug)]
pub struct Answers {
    client: Client,
    view: View,
    block_time: u64,
    remembered: Mutex<VecDeque<Block>>,
    /// Receipts are larger and fail for other reasons than blocks.
    blocks: Gate,
    receipts: Gate,
    max_questions: usize,
}

impl Answers {
    /// Answers by `client`, of a chain with a block every `block_time` seconds.
    #[must_use]
    pub fn new(client: Client, view: View, block_time: u64, settings: &Settings) -> Self {
        let (first, most) = settings.backoff;
        let gate = || Gate::new(Pace::new(settings.interval, first, most));
        Self {
            client,
            view,
            block_time,
            remembered: Mutex::default(),
            blocks: gate(),
            receipts: gate(),
            max_questions: settings.max_questions.max(1),
        }
    }

    /// Answers what comes in, so many at once, until nobody asks any more.
    pub async fn run(self, link: Link, mut asked: mpsc::Receiver<(AskId, SupervisorQuery)>) {
        let answers = Arc::new(self);
        let mut open = JoinSet::new();
        while let Some((id, query)) = asked.recv().await {
            while open.len() >= answers.max_questions {
                open.join_next().await;
            }
            let (answers, link) = (Arc::clone(&answers), link.clone());
            open.spawn(async move {
                let answer = answers.answer(&query).await;
                // Who stopped asking needs no answer.
                let _ = link.answer(id, answer).await;
            });
            while open.try_join_next().is_some() {}
        }
    }

    async fn answer(&self, query: &SupervisorQuery) -> SupervisorAnswer {
        match query {
            SupervisorQuery::Block(query) => {
                SupervisorAnswer::Block(self.known(self.block(query.number).await))
            }
            SupervisorQuery::Logs(query) => {
                SupervisorAnswer::Logs(self.known(self.logs(query.hash).await))
            }
            SupervisorQuery::NodeBlock(query) => {
                let block = self.known(self.block(query.number).await);
                SupervisorAnswer::NodeBlock(block.map(|block| block.id()))
            }
            SupervisorQuery::Outputs(query) => {
                SupervisorAnswer::Outputs(self.known(self.outputs(query.timestamp).await))
            }
            SupervisorQuery::L1(_) => SupervisorAnswer::L1(None),
        }
    }

    /// What is known; a fault is noted, and then nothing is.
    fn known<T>(&self, result: Result<Option<T>, Fault>) -> Option<T> {
        match result {
            Ok(known) => {
                self.view.lock().answered += u64::from(known.is_some());
                known
            }
            Err(fault) => {
                self.view.count(&fault);
                debug!(chain_id = %self.view.chain_id(), %fault, "no answer");
                None
            }
        }
    }

    async fn block(&self, number: u64) -> Result<Option<BlockRef>, Fault> {
        let Some(block) = self.numbered(number).await? else { return Ok(None) };
        let found = block.block_ref();
        self.remember(block);
        Ok(Some(found))
    }

    /// The block of this number, if the server is believed and may be asked.
    async fn numbered(&self, number: u64) -> Result<Option<Block>, Fault> {
        let (standing, floor) = {
            let seen = self.view.lock();
            (seen.standing, seen.floor)
        };
        if standing == Standing::Refused || !self.blocks.is_open() {
            return Ok(None);
        }
        let number = Tag::Number(HexUint64(number));
        let block = self.blocks.note(self.client.block(number).await)?;
        let differs = |block: &Block, floor: BlockId| {
            block.id().number == floor.number && block.id() != floor
        };
        match (&block, floor) {
            (Some(block), Some(floor)) if differs(block, floor) => {
                Err(Fault::Wrong("another block where one was final"))
            }
            _ => Ok(block),
        }
    }

    async fn logs(&self, hash: Hash) -> Result<Option<Vec<Log>>, Fault> {
        if !self.receipts.is_open() {
            return Ok(None);
        }
        self.receipts.note(self.fetch_logs(hash).await)
    }

    async fn fetch_logs(&self, hash: Hash) -> Result<Option<Vec<Log>>, Fault> {
        let (block, receipts) = if let Some(block) = self.recall(hash) {
            (Some(block), self.client.receipts(hash).await?)
        } else {
            tokio::try_join!(self.client.block_of_hash(hash), self.client.receipts(hash))?
        };
        let (Some(block), Some(receipts)) = (block, receipts) else { return Ok(None) };
        receipts::logs(&block, receipts).map(Some)
    }

    /// The outputs of the last block up to a time. Its header has the storage root of the contract
    /// that messages to layer one pass through; before the Isthmus upgrade none does.
    async fn outputs(&self, timestamp: u64) -> Result<Option<Outputs>, Fault> {
        let Some(number) = self.number_at(timestamp).await? else { return Ok(None) };
        let Some(block) = self.numbered(number).await? else { return Ok(None) };
        let time = block.block_ref().timestamp;
        if timestamp < time || timestamp >= time.saturating_add(self.block_time) {
            return Ok(None);
        }
        let (state_root, Some(message_passer_storage_root)) = block.roots() else {
            return Ok(None);
        };
        let hash = block.id().hash;
        let canonical = OutputV0 { state_root, message_passer_storage_root, block_hash: hash };
        let last = match block.transactions().len().checked_sub(1) {
            Some(last) => self.blocks.note(self.client.transaction(hash, last).await)?,
            None => None,
        };
        let pending = last.as_ref().and_then(deposit::replaced_output).unwrap_or(canonical);
        Ok(Some(Outputs { canonical, pending }))
    }

    /// The number of the block at a time, counted back from the newest.
    async fn number_at(&self, timestamp: u64) -> Result<Option<u64>, Fault> {
        if !self.blocks.is_open() {
            return Ok(None);
        }
        let latest = self.blocks.note(self.client.block(Tag::Latest).await)?;
        let Some(latest) = latest.map(|block| block.block_ref()) else { return Ok(None) };
        let back = latest.timestamp.saturating_sub(timestamp);
        Ok(latest.number.checked_sub(back.div_ceil(self.block_time.max(1))))
    }

    fn remember(&self, block: Block) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.retain(|other| other.id() != block.id());
        remembered.truncate(REMEMBERED - 1);
        remembered.push_front(block);
    }

    fn recall(&self, hash: Hash) -> Option<Block> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.iter().find(|block| block.id().hash == hash).cloned()
    }
}
