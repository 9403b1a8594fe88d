//! One execution layer over HTTP: one request for each question, within times and sizes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use nodewire::codec::supervisor::{ChainId, Hash, HexUint64};
use reqwest::redirect::Policy;
use reqwest::{StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::fault::Fault;
use super::json::{self, Block, Receipt, Transaction};
use super::settings::Settings;

/// Larger answers are read in a thread of their own.
const LARGE: usize = 1 << 20;

/// Asks one server.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    url: Url,
    next: Arc<AtomicU64>,
    /// A permit for each byte that may be held.
    held: Arc<Semaphore>,
    max_block: usize,
    max_receipts: usize,
}

/// A block as it can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tag {
    /// The newest.
    Latest,
    /// What the server calls safe.
    Safe,
    /// What the server calls finalized.
    Finalized,
    /// That of this number.
    #[serde(untagged)]
    Number(HexUint64),
}

/// The text of an answer, counted while it is held.
struct Held {
    text: Vec<u8>,
    _permits: Option<OwnedSemaphorePermit>,
}

impl Client {
    /// A client of the server at `url`. No proxy is used and no redirection followed.
    ///
    /// # Errors
    /// What is wrong with the URL, without the URL, which may hold a key.
    pub fn new(url: &str, settings: &Settings) -> Result<Self, String> {
        let url = Url::parse(url).map_err(|error| format!("not a URL: {error}"))?;
        match url.scheme() {
            "http" => {}
            "https" if cfg!(feature = "tls") => {}
            "https" => return Err("https needs a build with the feature `tls`".into()),
            _ => return Err("neither http nor https".into()),
        }
        super::tls::provide();
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(settings.connect_timeout)
            .timeout(settings.answer_timeout)
            .pool_max_idle_per_host(settings.max_questions)
            .build()
            .map_err(|error| format!("no HTTP client: {error}"))?;
        Ok(Self {
            http,
            url,
            next: Arc::default(),
            held: Arc::new(Semaphore::new(settings.max_held)),
            max_block: settings.max_block,
            max_receipts: settings.max_receipts,
        })
    }

    /// The chain the server says it is of.
    ///
    /// # Errors
    /// Any [`Fault`].
    pub async fn chain_id(&self) -> Result<ChainId, Fault> {
        let id = self.ask::<ChainId>("eth_chainId", [(); 0], self.max_block).await?;
        id.ok_or_else(|| Fault::Garbage("no chain id".into()))
    }

    /// A block by its tag or number; `None` if the server has none.
    ///
    /// # Errors
    /// Any [`Fault`]; [`Fault::Wrong`] for a block of another number.
    pub async fn block(&self, tag: Tag) -> Result<Option<Block>, Fault> {
        let params = (tag, false);
        let block = self.ask::<Block>("eth_getBlockByNumber", params, self.max_block).await?;
        match (tag, &block) {
            (Tag::Number(number), Some(block)) if block.id().number != number.0 => {
                Err(Fault::Wrong("a block of another number"))
            }
            _ => Ok(block),
        }
    }

    /// A block by its hash; `None` if the server has none.
    ///
    /// # Errors
    /// Any [`Fault`]; [`Fault::Wrong`] for a block of another hash.
    pub async fn block_of_hash(&self, hash: Hash) -> Result<Option<Block>, Fault> {
        let block = self.ask::<Block>("eth_getBlockByHash", (hash, false), self.max_block).await?;
        match &block {
            Some(block) if block.id().hash != hash => Err(Fault::Wrong("a block of another hash")),
            _ => Ok(block),
        }
    }

    /// The receipts of a block; `None` if the server has none of it.
    ///
    /// # Errors
    /// Any [`Fault`].
    pub async fn receipts(&self, hash: Hash) -> Result<Option<Vec<Receipt>>, Fault> {
        self.ask("eth_getBlockReceipts", [hash], self.max_receipts).await
    }

    /// A transaction by its block and position; `None` if the server has none.
    ///
    /// # Errors
    /// Any [`Fault`].
    pub async fn transaction(
        &self,
        block: Hash,
        index: usize,
    ) -> Result<Option<Transaction>, Fault> {
        let params = (block, HexUint64(index as u64));
        self.ask("eth_getTransactionByBlockHashAndIndex", params, self.max_block).await
    }

    async fn ask<T: DeserializeOwned + Send + 'static>(
        &self,
        method: &str,
        params: impl Serialize,
        most: usize,
    ) -> Result<Option<T>, Fault> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let request = json::request(id, method, params);
        let held = self.fetch(request, most).await?;
        if held.text.len() <= LARGE {
            return json::answer(id, &held.text);
        }
        let read = tokio::task::spawn_blocking(move || json::answer(id, &held.text));
        read.await.unwrap_or_else(|_| Err(Fault::Garbage("not read".into())))
    }

    async fn fetch(&self, request: Vec<u8>, most: usize) -> Result<Held, Fault> {
        let sent = self
            .http
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .body(request)
            .send();
        let mut response = sent.await.map_err(|error| transport(&error))?;
        if response.status() != StatusCode::OK {
            return Err(Fault::Status(response.status().as_u16()));
        }
        let mut held = Held { text: Vec::new(), _permits: None };
        while let Some(chunk) = response.chunk().await.map_err(|error| transport(&error))? {
            if chunk.len() > most.saturating_sub(held.text.len()) {
                return Err(Fault::TooLarge);
            }
            held.grow(&chunk, &self.held)?;
        }
        Ok(held)
    }
}

impl Held {
    fn grow(&mut self, chunk: &[u8], budget: &Arc<Semaphore>) -> Result<(), Fault> {
        let count = u32::try_from(chunk.len()).map_err(|_| Fault::TooLarge)?;
        let more = Arc::clone(budget).try_acquire_many_owned(count).map_err(|_| Fault::TooLarge)?;
        match &mut self._permits {
            Some(permits) => permits.merge(more),
            none => *none = Some(more),
        }
        self.text.extend_from_slice(chunk);
        Ok(())
    }
}

fn transport(error: &reqwest::Error) -> Fault {
    if error.is_timeout() { Fault::TimedOut } else { Fault::Unreachable }
}
