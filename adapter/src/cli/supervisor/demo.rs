//! `demo supervisor`: two chains, and the access lists of three messages checked over HTTP at each
//! level, while they become safer, are reorganised away and replaced.

use std::time::Duration;

use nodewire::codec::supervisor::{BlockRef, ChainId, Hash, Message, NodeCommand, SafetyLevel};
use nodewire::sim::supervisor::{entries, executing, plain};
use nodewire::state::supervisor::{ExpiryWindow, SupervisorRemote};
use nodewire_adapter::supervisor::story::{BLOCK_TIME, FIRST_TIME, Story};
use nodewire_adapter::supervisor::{
    ChainStatus, Handle, Host, Link, Manner, Serving, Settings, Status, listen,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::cli::failure::Failure;
use crate::cli::print;

/// Runs the demo, and prints what was answered after each step.
pub fn run(json: bool) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(told(json))
}

/// What a check is to be answered with on each level: 0 if the list passes, else the code.
type Expected = [i64; 5];

/// The levels that can be asked for, weakest first.
const LEVELS: [SafetyLevel; 5] = [
    SafetyLevel::Unsafe,
    SafetyLevel::CrossUnsafe,
    SafetyLevel::LocalSafe,
    SafetyLevel::Safe,
    SafetyLevel::Finalized,
];

const FUTURE: i64 = -32_112;
const CONFLICT: i64 = -32_114;

/// One step, and what was answered after it.
struct Row {
    step: &'static str,
    message: &'static str,
    answers: Expected,
}

struct Demo {
    story: Story,
    handle: Handle,
    link: Link,
    client: reqwest::Client,
    url: String,
    a: ChainId,
    b: ChainId,
    rows: Vec<Row>,
}

async fn told(json: bool) -> Result<(), Failure> {
    let (a, b) = (ChainId::from(10), ChainId::from(20));
    let story = Story::default();
    let mut settings = Settings::of_chains([a, b], ExpiryWindow::EXPIRY_CURRENT);
    for (chain_id, number) in [(a, 100), (b, 200)] {
        settings.config.chains.insert(chain_id, story.begin(chain_id, number));
    }
    let machine = settings.machine().map_err(Failure::new)?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}/", listener.local_addr()?);
    let (handle, host) = Host::start(machine);
    let serving = Serving::new(Manner::new(&settings.config, &settings.limits));
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async { drop(stopped.await) };
    let patience = Duration::from_secs(5);
    let served = tokio::spawn(listen(listener, handle.clone(), serving, stopped, patience));
    let link = handle.attach(|link| story.source(link)).await.map_err(gone)?;
    // Its endpoint is on this machine: no proxy knows the way.
    nodewire_adapter::supervisor::el::provide();
    let client = reqwest::Client::builder().no_proxy().build().map_err(http)?;
    let rows = Vec::new();
    let mut demo = Demo { story, handle, link, client, url, a, b, rows };
    demo.play().await?;
    demo.report(json).await?;
    let Demo { handle, client, .. } = demo;
    drop((client, stop));
    served.await.map_err(|error| Failure::new(error.to_string()))?;
    handle.stop().await;
    host.await.map_err(|error| Failure::new(error.to_string()))?;
    Ok(())
}

impl Demo {
    async fn play(&mut self) -> Result<(), Failure> {
        let (a, b) = (self.a, self.b);
        let first = self.story.grow_l1(10);
        for chain_id in [a, b] {
            let anchor = self.story.anchor(chain_id).ok_or_else(unknown)?;
            let told = self.handle.command(anchor).await.map_err(gone)?;
            told.map_err(|why| Failure::new(why.to_string()))?;
        }
        // The message of A is in a block that itself executes one of B.
        self.story.grow(a, "", vec![]);
        self.story.grow(b, "", vec![plain("hi")]);
        let hi = self.message(b, 201, 0)?;
        self.story.grow(a, "", vec![plain("hello"), executing(&hi)]);
        let hello = self.message(a, 102, 0)?;
        let [f, c] = [FUTURE, CONFLICT];
        self.check("A and B are anchored", "hello", &hello, [f; 5]).await?;
        self.head(a).await?;
        self.until(|status| number(&status.chains[0], Level::LocalUnsafe) == 102).await?;
        self.check("A's block 102 is indexed", "hello", &hello, [0, f, f, f, f]).await?;
        self.head(b).await?;
        self.until(|status| number(&status.chains[0], Level::CrossUnsafe) == 102).await?;
        self.check("so is B's 201 that it rests on", "hello", &hello, [0, 0, f, f, f]).await?;
        self.derive(a, first, 101..=102).await?;
        self.until(|status| number(&status.chains[0], Level::LocalSafe) == 102).await?;
        self.check("A's 102 is derived", "hello", &hello, [0, 0, 0, f, f]).await?;
        self.derive(b, first, 201..=201).await?;
        self.until(|status| number(&status.chains[0], Level::CrossSafe) == 102).await?;
        self.check("so is B's 201", "hello", &hello, [0, 0, 0, 0, f]).await?;
        self.tell(SupervisorRemote::L1Finalized(first)).await?;
        self.until(|status| number(&status.chains[0], Level::Finalized) == 102).await?;
        self.check("layer one's 10 is final", "hello", &hello, [0; 5]).await?;

        self.story.grow(a, "", vec![plain("again")]);
        let again = self.message(a, 103, 0)?;
        self.head(a).await?;
        self.until(|status| number(&status.chains[0], Level::CrossUnsafe) == 103).await?;
        self.check("A's 103 is indexed", "again", &again, [0, 0, f, f, f]).await?;
        self.story.grow(b, "", vec![]);
        self.story.grow(b, "", vec![]);
        let invalid = self.story.grow(b, "", vec![plain("heard"), executing(&again)]);
        let invalid = invalid.ok_or_else(unknown)?;
        let heard = self.message(b, 204, 0)?;
        self.head(b).await?;
        self.until(|status| number(&status.chains[1], Level::CrossUnsafe) == 204).await?;
        self.check("B's 204 executes it", "heard", &heard, [0, 0, f, f, f]).await?;
        self.story.cut(a, 102);
        let other = self.story.grow(a, "other", vec![]).ok_or_else(unknown)?;
        self.head(a).await?;
        let hash = other.hash;
        self.until(move |status| has(&status.chains[0], hash)).await?;
        self.check("A is reorganised: another 103", "again", &again, [c; 5]).await?;
        self.check("", "heard", &heard, [0, f, f, f, f]).await?;

        let second = self.story.grow_l1(11);
        self.derive(a, second, 102..=103).await?;
        self.derive(b, second, 201..=204).await?;
        self.until(|status| status.chains[1].awaits_replacement).await?;
        self.check("B's 204 is derived: invalid", "heard", &heard, AWAITING).await?;
        self.story.cut(b, 203);
        let deposits = self.story.grow(b, "deposits only", vec![]).ok_or_else(unknown)?;
        self.tell(self.story.replaced(b, deposits, invalid.hash)).await?;
        self.until(|status| number(&status.chains[1], Level::CrossSafe) == 204).await?;
        self.check("B's 204 is replaced", "heard", &heard, [c; 5]).await
    }

    fn message(&self, chain_id: ChainId, number: u64, index: u32) -> Result<Message, Failure> {
        self.story.message(chain_id, number, index).ok_or_else(unknown)
    }

    async fn tell(&self, input: SupervisorRemote) -> Result<(), Failure> {
        self.link.tell(input).await.map_err(gone)
    }

    async fn head(&self, chain_id: ChainId) -> Result<(), Failure> {
        self.tell(self.story.unsafe_head(chain_id).ok_or_else(unknown)?).await
    }

    async fn derive(
        &self,
        chain_id: ChainId,
        source: BlockRef,
        numbers: std::ops::RangeInclusive<u64>,
    ) -> Result<(), Failure> {
        for number in numbers {
            let derived = self.story.derived(chain_id, source, number);
            self.tell(derived.ok_or_else(unknown)?).await?;
        }
        Ok(())
    }

    /// Waits until the machine has come to it.
    async fn until(&self, done: impl Fn(&Status) -> bool) -> Result<(), Failure> {
        for _ in 0..2_000 {
            if done(&self.handle.status().await.map_err(gone)?) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Err(Failure::new("the machine did not come to what the demo shows"))
    }

    /// Checks a message's access list on every level, and that the answers are as expected.
    async fn check(
        &mut self,
        step: &'static str,
        name: &'static str,
        message: &Message,
        expected: Expected,
    ) -> Result<(), Failure> {
        let mut answers = [0; 5];
        for (answer, level) in answers.iter_mut().zip(LEVELS) {
            // Well after every block of this story.
            let at = format!("{:#x}", FIRST_TIME + 60 * BLOCK_TIME);
            let params = json!([entries(message), level.name(), { "timestamp": at }]);
            let reply = self.call("supervisor_checkAccessList", params).await?;
            *answer = reply["error"]["code"].as_i64().unwrap_or_default();
        }
        self.rows.push(Row { step, message: name, answers });
        if answers == expected {
            return Ok(());
        }
        Err(Failure::new(format!("{step}: `{name}` is {answers:?} instead of {expected:?}")))
    }

    async fn call(&self, method: &str, params: Value) -> Result<Value, Failure> {
        let text = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let reply = self.client.post(&self.url).body(text.to_string()).send().await;
        let reply = reply.map_err(http)?.bytes().await.map_err(http)?;
        Ok(serde_json::from_slice(&reply)?)
    }

    async fn report(&self, json: bool) -> Result<(), Failure> {
        let status = self.call("supervisor_syncStatus", json!([])).await?;
        let commands = self.story.commands();
        if json {
            let rows: Vec<_> = self.rows.iter().map(row_json).collect();
            let commands = commands.iter().map(|(chain_id, command)| {
                json!({ "chainID": chain_id, "method": command.method(), "params": command })
            });
            let commands: Vec<_> = commands.collect();
            let all = json!({ "checks": rows, "commands": commands, "status": status["result"] });
            return print(&serde_json::to_string_pretty(&all)?);
        }
        let mut text = format!("{:<32}{:<9}", "", "message");
        for level in LEVELS {
            text += &format!("{:>14}", level.name());
        }
        for Row { step, message, answers } in &self.rows {
            text += &format!("\n{step:<32}{message:<9}");
            for answer in answers {
                text += &format!("{:>14}", cell(*answer));
            }
        }
        let told = |method: &str| commands.iter().filter(|(_, it)| it.method() == method).count();
        text += &format!(
            "\n\nnodes were told {} heads, and to replace {} block\n",
            commands.iter().filter(|(_, command)| is_head(command)).count(),
            told("interop_invalidateBlock"),
        );
        for (name, chain_id) in [("A", self.a), ("B", self.b)] {
            let heads = &status["result"]["chains"][chain_id.to_string()];
            let head = |level: &str| heads[level]["number"].to_string();
            text += &format!(
                "{name} is at {} unsafe, {} cross-unsafe, {} safe, {} finalized\n",
                head("localUnsafe"),
                head("crossUnsafe"),
                head("safe"),
                head("finalized"),
            );
        }
        print(text.trim_end())
    }
}

/// What is answered about a block that awaits its replacement.
const AWAITING: Expected = [FUTURE; 5];

const fn is_head(command: &NodeCommand) -> bool {
    matches!(
        command,
        NodeCommand::UpdateCrossUnsafe(_)
            | NodeCommand::UpdateCrossSafe { .. }
            | NodeCommand::UpdateFinalized(_)
    )
}

fn row_json(Row { step, message, answers }: &Row) -> Value {
    let answers = LEVELS.iter().zip(answers).map(|(level, code)| {
        (level.name().to_owned(), if *code == 0 { Value::Null } else { json!(code) })
    });
    let answers: serde_json::Map<_, _> = answers.collect();
    json!({ "step": step, "message": message, "codes": answers })
}

fn cell(code: i64) -> String {
    match code {
        0 => "yes".to_owned(),
        FUTURE => "not yet".to_owned(),
        CONFLICT => "conflict".to_owned(),
        code => code.to_string(),
    }
}

/// A head of a chain.
#[derive(Clone, Copy)]
enum Level {
    LocalUnsafe,
    CrossUnsafe,
    LocalSafe,
    CrossSafe,
    Finalized,
}

/// The number of a head; 0 if it is not known.
fn number(chain: &ChainStatus, level: Level) -> u64 {
    let heads = &chain.heads;
    let number = match level {
        Level::LocalUnsafe => heads.local_unsafe.map(|block| block.number),
        Level::CrossUnsafe => heads.cross_unsafe.map(|seal| seal.number),
        Level::LocalSafe => heads.local_safe.map(|entry| entry.derived.number),
        Level::CrossSafe => heads.cross_safe.map(|entry| entry.derived.number),
        Level::Finalized => heads.finalized.map(|seal| seal.number),
    };
    number.unwrap_or_default()
}

/// True if this block is a chain's head.
fn has(chain: &ChainStatus, hash: Hash) -> bool {
    chain.heads.local_unsafe.is_some_and(|block| block.hash == hash)
}

fn unknown() -> Failure {
    Failure::new("the story has no such block")
}

fn gone(gone: nodewire_adapter::supervisor::Gone) -> Failure {
    Failure::new(gone.to_string())
}

fn http(error: reqwest::Error) -> Failure {
    Failure::new(error.to_string())
}
