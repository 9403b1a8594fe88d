//! Two chains, each behind a scripted execution layer, and a Supervisor that follows them.

use std::time::Duration;

use nodewire::codec::supervisor::{BlockId, BlockRef, ChainId};
use nodewire::state::supervisor::{ChainConfig, Config, ExpiryWindow, Limits, NodeId, Supervisor};
use nodewire_adapter::supervisor::el::{AnchorAt, ExecutionLayer, Seen, Settings, View};
use nodewire_adapter::supervisor::{ChainStatus, Handle, Host, Manner, Serving, listen};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

use crate::chains::{Chain, executing, plain};
use crate::layer::Server;

pub const A: u64 = 10;
pub const B: u64 = 20;
const TIME: u64 = 1_744_000_000;

/// Two chains of so many blocks after the first. Each block has logs; each block of B executes a
/// message of A's block before.
pub fn chains(blocks: u64) -> (Chain, Chain) {
    let (mut a, mut b) = (Chain::new(A, 50, TIME), Chain::new(B, 70, TIME));
    for _ in 0..blocks {
        grow(&mut a, &mut b, "a");
    }
    (a, b)
}

/// A block of each.
pub fn grow(a: &mut Chain, b: &mut Chain, branch: &str) {
    let before = a.head();
    let message = (before.number > a.first).then(|| a.message(before.number, 1));
    let name = |of: &Chain| format!("{branch} {}", of.head().number);
    let logs = vec![plain(&name(a)), plain(branch), plain("third")];
    a.grow(branch, logs);
    let executed = message.as_ref().map(executing);
    let logs = executed.into_iter().chain([plain(&name(b))]).collect();
    b.grow(branch, logs);
}

/// Times of tests: as those of the real thing, but shorter.
pub fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.interval = Duration::from_millis(20);
    settings.backoff = (Duration::from_millis(10), Duration::from_millis(160));
    settings.connect_timeout = Duration::from_millis(500);
    settings.answer_timeout = Duration::from_millis(500);
    settings.max_block = 1 << 20;
    settings.max_receipts = 1 << 20;
    settings.max_held = 4 << 20;
    settings
}

pub struct World {
    pub handle: Handle,
    pub views: Vec<View>,
    /// Where it is served.
    url: String,
    client: reqwest::Client,
}

impl World {
    /// A Supervisor of both chains that follows these servers from what they call final.
    pub async fn follow(servers: &[&Server]) -> Self {
        Self::start(servers, AnchorAt::Finalized, settings()).await
    }

    pub async fn start(servers: &[&Server], anchor: AnchorAt, settings: Settings) -> Self {
        Self::attach(servers, Some(anchor), settings).await
    }

    /// Without an anchor of these servers, others say where the chains begin.
    pub async fn attach(servers: &[&Server], anchor: Option<AnchorAt>, settings: Settings) -> Self {
        let chain = ChainConfig { activation: 0, block_time: 2 };
        let chains = [A, B].map(|id| (ChainId::from(id), chain));
        let config = Config::new(chains.into(), ExpiryWindow::EXPIRY_CURRENT);
        let mut limits = Limits::default();
        limits.reset_backoff = (Duration::from_millis(20), Duration::from_millis(200));
        let serving = Serving::new(Manner::new(&config, &limits));
        let machine = Supervisor::new(config, limits).expect("two chains");
        let (handle, _) = Host::start(machine);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let never = std::future::pending();
        tokio::spawn(listen(listener, handle.clone(), serving, never, Duration::ZERO));
        let mut views = Vec::new();
        for server in servers {
            let id = server.script().chain.id;
            let settings = settings.clone();
            let layer = ExecutionLayer::new(id, &server.url, 2, anchor, settings);
            views.push(layer.expect("a URL").attach(&handle, NodeId(7)).await.expect("a host"));
        }
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { handle, views, url, client }
    }

    pub async fn status(&self, chain: u64) -> ChainStatus {
        let status = self.handle.status().await.expect("a host");
        let id = ChainId::from(chain);
        status.chains.into_iter().find(|chain| chain.chain_id == id).expect("a chain of the set")
    }

    pub fn seen(&self, place: usize) -> Seen {
        self.views[place].seen()
    }

    /// Local-unsafe and cross-unsafe.
    pub async fn heads(&self, chain: u64) -> (Option<BlockId>, Option<BlockId>) {
        let heads = self.status(chain).await.heads;
        (heads.local_unsafe.map(|head| head.id()), heads.cross_unsafe.map(|head| head.id()))
    }

    /// Waits until both heads of a chain are `block`.
    pub async fn reaches(&self, chain: u64, block: BlockRef) {
        self.reaches_both(chain, block, block).await;
    }

    pub async fn reaches_both(&self, chain: u64, local: BlockRef, cross: BlockRef) {
        let wanted = (Some(local.id()), Some(cross.id()));
        let since = Instant::now();
        while self.heads(chain).await != wanted {
            if since.elapsed() > Duration::from_secs(30) {
                let (status, seen) = (self.status(chain).await, self.views.iter().map(View::seen));
                panic!("{chain}: {wanted:?}, not {status:?}; {:?}", seen.collect::<Vec<_>>());
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until `holds` for the server at `place`.
    pub async fn sees(&self, place: usize, holds: impl Fn(&Seen) -> bool) {
        let since = Instant::now();
        while !holds(&self.seen(place)) {
            assert!(since.elapsed() < Duration::from_secs(30), "{:?}", self.seen(place));
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// The result or the code of the error of a call over HTTP.
    pub async fn call(&self, method: &str, params: Value) -> Result<Value, i64> {
        let text = serde_json::json!({
            "jsonrpc": "2.0", "id": 1, "method": format!("supervisor_{method}"), "params": params,
        });
        let reply = self.client.post(&self.url).body(text.to_string()).send().await;
        let reply = reply.expect("an answer").bytes().await.expect("a whole answer");
        let mut reply: Value = serde_json::from_slice(&reply).expect("JSON");
        match reply["error"]["code"].as_i64() {
            Some(code) => Err(code),
            None => Ok(reply["result"].take()),
        }
    }
}
