//! A scripted execution layer: a chain behind real HTTP, that lies, stumbles and stays silent as it
//! is told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use nodewire::codec::supervisor::{BlockRef, ChainId, Hash, HexUint64, Log};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use crate::chains::{Chain, hash};

/// What goes wrong.
#[derive(Clone, Copy)]
pub enum Trouble {
    /// Nothing is ever answered.
    Silence,
    /// A byte now and then, and never the last.
    Drip,
    /// The connection is closed instead.
    Closed,
    /// The connection is closed in the middle of the answer.
    Half,
    /// This status, with an answer that nobody should read.
    Status(u16),
    /// This text.
    Text(&'static str),
    /// An answer without an end.
    Endless,
    /// An answer that says it is a petabyte long.
    Claims,
    /// An error instead of a result.
    Error(i64),
    /// The result, changed.
    Changed(fn(&mut Value)),
    /// The right answer; before it this happens to the chain.
    Meanwhile(fn(&mut Chain)),
}

/// What the server says.
pub struct Script {
    pub chain: Chain,
    pub chain_id: ChainId,
    pub safe: Option<u64>,
    pub finalized: Option<u64>,
    /// Trouble with a method, or with every one for `""`: after so many requests, so many times.
    troubles: Vec<(&'static str, usize, usize, Trouble)>,
    /// How often each method was asked for.
    pub asked: BTreeMap<String, usize>,
    pub open: usize,
    pub most_open: usize,
}

#[derive(Clone)]
pub struct Server {
    script: Arc<Mutex<Script>>,
    pub url: String,
}

impl Server {
    /// Serves `chain`, whose first block is final.
    pub async fn start(chain: Chain) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let script = Arc::new(Mutex::new(Script {
            chain_id: chain.id,
            safe: Some(chain.first),
            finalized: Some(chain.first),
            chain,
            troubles: Vec::new(),
            asked: BTreeMap::new(),
            open: 0,
            most_open: 0,
        }));
        let served = Arc::clone(&script);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let script = Arc::clone(&served);
                // A client that goes away ends it.
                tokio::spawn(async move { serve(stream, &script).await });
            }
        });
        Self { script, url }
    }

    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().expect("no panic in the server")
    }

    /// The newest block.
    pub fn head(&self) -> BlockRef {
        self.script().chain.head()
    }

    /// Trouble with the next `times` requests for `method`, or for any for `""`.
    pub fn trouble(&self, method: &'static str, times: usize, trouble: Trouble) {
        self.later(method, 0, times, trouble);
    }

    /// The same, after `after` requests.
    pub fn later(&self, method: &'static str, after: usize, times: usize, trouble: Trouble) {
        self.script().troubles.push((method, after, times, trouble));
    }

    /// No trouble any more.
    pub fn heal(&self) {
        self.script().troubles.clear();
    }

    /// How many requests there were.
    pub fn requests(&self) -> usize {
        self.script().asked.values().sum()
    }
}

async fn serve(stream: TcpStream, script: &Mutex<Script>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let body = request(&mut stream).await?;
        let body: Value = serde_json::from_slice(&body).expect("we send JSON");
        let trouble = {
            let mut script = script.lock().expect("no panic");
            script.open += 1;
            script.most_open = script.most_open.max(script.open);
            script.count(body["method"].as_str().expect("a method"))
        };
        // Others are served meanwhile.
        sleep(Duration::from_millis(1)).await;
        let done = answer(&mut stream, script, &body, trouble).await;
        script.lock().expect("no panic").open -= 1;
        done?;
    }
}

async fn answer(
    stream: &mut BufReader<TcpStream>,
    script: &Mutex<Script>,
    body: &Value,
    trouble: Option<Trouble>,
) -> std::io::Result<()> {
    let mut result = {
        let mut script = script.lock().expect("no panic");
        if let Some(Trouble::Meanwhile(happens)) = trouble {
            happens(&mut script.chain);
        }
        script.result(body)
    };
    let id = &body["id"];
    if let Some(Trouble::Changed(change)) = trouble {
        change(&mut result);
    }
    let text = match trouble {
        Some(Trouble::Error(code)) => {
            json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": "no"}})
        }
        _ => json!({"jsonrpc": "2.0", "id": id, "result": result}),
    }
    .to_string();
    let head = |status: u16, length: usize| {
        format!(
            "HTTP/1.1 {status} said\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    let closed = Err(std::io::ErrorKind::ConnectionAborted.into());
    match trouble {
        Some(Trouble::Silence) => {
            sleep(Duration::from_secs(60)).await;
            closed
        }
        Some(Trouble::Drip) => {
            stream.write_all(head(200, text.len() + 100).as_bytes()).await?;
            for byte in text.bytes() {
                stream.write_all(&[byte]).await?;
                sleep(Duration::from_millis(40)).await;
            }
            sleep(Duration::from_secs(60)).await;
            closed
        }
        Some(Trouble::Closed) => closed,
        Some(Trouble::Half) => {
            stream.write_all(head(200, text.len()).as_bytes()).await?;
            stream.write_all(&text.as_bytes()[..text.len() / 2]).await?;
            closed
        }
        Some(Trouble::Endless) => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await?;
            let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
            loop {
                stream.write_all(chunk.as_bytes()).await?;
                tokio::task::yield_now().await;
            }
        }
        Some(Trouble::Claims) => {
            stream.write_all(head(200, 1 << 50).as_bytes()).await?;
            stream.write_all(text.as_bytes()).await?;
            closed
        }
        Some(Trouble::Status(status)) => {
            stream.write_all(head(status, text.len()).as_bytes()).await?;
            stream.write_all(text.as_bytes()).await
        }
        Some(Trouble::Text(text)) => {
            stream.write_all(head(200, text.len()).as_bytes()).await?;
            stream.write_all(text.as_bytes()).await
        }
        _ => {
            stream.write_all(head(200, text.len()).as_bytes()).await?;
            stream.write_all(text.as_bytes()).await
        }
    }
}

/// The body of a request.
async fn request(stream: &mut BufReader<TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head).expect("text").to_lowercase();
    assert!(head.starts_with("post / http/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/json\r\n"), "{head}");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.expect("a length").parse().expect("a number")];
    stream.read_exact(&mut body).await?;
    Ok(body)
}

impl Script {
    /// Counts a request, and picks its trouble.
    fn count(&mut self, method: &str) -> Option<Trouble> {
        *self.asked.entry(method.to_owned()).or_default() += 1;
        let fits = |of: &str| of.is_empty() || of == method;
        let (_, after, times, trouble) = self.troubles.iter_mut().find(|it| fits(it.0))?;
        if *after > 0 {
            *after -= 1;
            return None;
        }
        let trouble = *trouble;
        *times -= 1;
        self.troubles.retain(|(_, _, times, _)| *times > 0);
        Some(trouble)
    }

    fn result(&self, body: &Value) -> Value {
        let params = &body["params"];
        let text = |place: usize| params[place].as_str().unwrap_or_default();
        match body["method"].as_str().expect("a method") {
            "eth_chainId" => json!(self.chain_id),
            "eth_getBlockByNumber" => {
                let number = match text(0) {
                    "latest" => Some(self.chain.head().number),
                    "safe" => self.safe,
                    "finalized" => self.finalized,
                    number => HexUint64::parse(number).map(|number| number.0),
                };
                let block = number.and_then(|number| self.chain.block(number));
                block.map_or(Value::Null, |(block, logs)| block_json(block, logs))
            }
            "eth_getBlockByHash" => {
                let found = self.by_hash(text(0));
                found.map_or(Value::Null, |(block, logs)| block_json(block, logs))
            }
            "eth_getBlockReceipts" => {
                self.by_hash(text(0)).map_or(Value::Null, |(block, logs)| receipts(block, logs))
            }
            "eth_getTransactionByBlockHashAndIndex" => {
                self.by_hash(text(0)).map_or(Value::Null, |(block, _)| attributes(block))
            }
            other => panic!("nobody asks {other}"),
        }
    }

    fn by_hash(&self, text: &str) -> Option<&(BlockRef, Vec<Log>)> {
        self.chain.find(Hash::parse(text)?)
    }
}

/// The layer-one block that a block refers to: a new one every sixth block.
pub fn origin(block: &BlockRef) -> BlockRef {
    let number = 100 + block.number / 6;
    let timestamp = block.timestamp - 60;
    BlockRef {
        hash: hash(&format!("layer one {number}")),
        number,
        parent_hash: Hash::ZERO,
        timestamp,
    }
}

/// The deposit first, then a transaction for every two logs.
fn transactions(block: &BlockRef, logs: &[Log]) -> Vec<Hash> {
    let name = |place: usize| hash(&format!("{} {place}", block.hash));
    (0..=logs.len().div_ceil(2)).map(name).collect()
}

fn block_json(block: &BlockRef, logs: &[Log]) -> Value {
    json!({
        "number": HexUint64(block.number), "hash": block.hash, "parentHash": block.parent_hash,
        "timestamp": HexUint64(block.timestamp), "stateRoot": hash("state"),
        "withdrawalsRoot": hash("passer"), "transactions": transactions(block, logs),
        "extraData": "0x", "gasLimit": "0x3938700", "size": "0x400", "withdrawals": [],
    })
}

fn receipts(block: &BlockRef, logs: &[Log]) -> Value {
    let log = |(place, log): (usize, &Log)| {
        json!({
            "address": log.address, "topics": log.topics, "data": log.data, "removed": false,
            "logIndex": HexUint64(place as u64), "blockHash": block.hash,
            "blockNumber": HexUint64(block.number), "blockTimestamp": HexUint64(block.timestamp),
        })
    };
    let logs: Vec<_> = logs.iter().enumerate().map(log).collect();
    let mut groups = logs.chunks(2);
    let receipt = |(place, transaction): (usize, Hash)| {
        let logs = if place == 0 { &[][..] } else { groups.next().expect("two logs") };
        json!({
            "blockHash": block.hash, "blockNumber": HexUint64(block.number), "logs": logs,
            "transactionHash": transaction, "transactionIndex": HexUint64(place as u64),
            "status": "0x1", "type": if place == 0 { "0x7e" } else { "0x2" },
        })
    };
    let count = logs.len().div_ceil(2) + 1;
    let transactions = (0..count).map(|place| hash(&format!("{} {place}", block.hash)));
    Value::Array(transactions.enumerate().map(receipt).collect())
}

fn attributes(block: &BlockRef) -> Value {
    let origin = origin(block);
    let mut input = vec![0x09, 0x89, 0x99, 0xbe];
    input.extend([0; 16]);
    input.extend(origin.timestamp.to_be_bytes());
    input.extend(origin.number.to_be_bytes());
    input.extend([0; 64]);
    input.extend(origin.hash.0);
    input.extend([0; 44]);
    let input: String = input.iter().map(|byte| format!("{byte:02x}")).collect();
    json!({
        "blockHash": block.hash, "transactionIndex": "0x0", "type": "0x7e",
        "from": "0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001",
        "to": "0x4200000000000000000000000000000000000015", "input": format!("0x{input}"),
    })
}
