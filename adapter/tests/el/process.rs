//! `nodewire serve supervisor --el` as a process.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::chains::plain;
use crate::layer::Server;
use crate::world::chains;

struct Process {
    child: Child,
    url: String,
    client: reqwest::Client,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    /// Serves in a process, with these arguments.
    async fn start(arguments: Vec<String>) -> Self {
        let started = tokio::task::spawn_blocking(move || {
            let mut child = Command::new(env!("CARGO_BIN_EXE_nodewire"))
                .args(["--json", "serve", "supervisor", "--listen", "127.0.0.1:0", "--no-clock"])
                .args(arguments)
                .env("NODEWIRE_LOG", "off")
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .spawn()
                .expect("the binary runs");
            let mut line = String::new();
            let out = child.stdout.take().expect("a pipe");
            BufReader::new(out).read_line(&mut line).expect("a line");
            let told: Value = serde_json::from_str(&line).expect("where it listens");
            (child, format!("http://{}/", told["listening"].as_str().expect("an address")))
        });
        let (child, url) = started.await.expect("it starts");
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { child, url, client }
    }

    async fn call(&self, method: &str, params: Value) -> Value {
        let text = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let reply = self.client.post(&self.url).body(text.to_string()).send().await;
        let reply = reply.expect("an answer").bytes().await.expect("a whole answer");
        serde_json::from_slice::<Value>(&reply).expect("JSON")["result"].take()
    }

    async fn page(&self, path: &str) -> (u16, String) {
        let page = self.client.get(format!("{}{path}", self.url)).send().await.expect("a page");
        (page.status().as_u16(), page.text().await.expect("text"))
    }

    async fn reaches(&self, chain: &str, server: &Server) {
        let head = json!(server.head().id());
        let since = Instant::now();
        loop {
            let found = self.call("supervisor_syncStatus", json!([])).await;
            if found["chains"][chain]["crossUnsafe"] == head {
                return;
            }
            assert!(since.elapsed() < Duration::from_secs(30), "{found}, not {head}");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test]
async fn it_is_served_from_execution_layers_alone() {
    let (a, b) = chains(20);
    let (a, b) = (Server::start(a).await, Server::start(b).await);
    let layers = [format!("--el=0xa={}", a.url), format!("--el=20={}", b.url)];
    let window = "--expiry-window=604800".to_owned();
    let process = Process::start(layers.into_iter().chain([window]).collect()).await;
    process.reaches("0xa", &a).await;
    process.reaches("0x14", &b).await;
    assert_eq!(process.page("readyz").await, (200, "ready\n".to_owned()));
    {
        let mut script = b.script();
        script.safe = Some(77);
        script.chain.cut(80);
        for _ in 0..14 {
            script.chain.grow("b", vec![plain("x")]);
        }
    }
    process.reaches("0x14", &b).await;
    let since = Instant::now();
    let wanted = [
        r#"layer_block_number{chain="0x14",layer="1",tag="latest"} 94"#,
        r#"layer_block_number{chain="0x14",layer="1",tag="safe"} 77"#,
        r#"layer_block_number{chain="0x14",layer="1",tag="finalized"} 70"#,
        r#"layer_block_number{chain="0xa",layer="0",tag="floor"} 50"#,
        r#"layer_followed{chain="0xa",layer="0"} 1"#,
        r#"layer_refused{chain="0x14",layer="1"} 0"#,
        r#"layer_faults_total{chain="0x14",layer="1",fault="wrong"} 0"#,
    ];
    loop {
        let (_, page) = process.page("metrics").await;
        let missing = wanted.iter().find(|line| {
            let line = format!("nodewire_supervisor_{line}");
            !page.lines().any(|found| found == line)
        });
        let Some(missing) = missing else { return };
        assert!(since.elapsed() < Duration::from_secs(10), "{missing} in {page}");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn it_goes_on_from_its_journal_after_a_kill() {
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("el-journal");
    let _ = std::fs::remove_dir_all(&folder);
    let (a, b) = chains(20);
    let (a, b) = (Server::start(a).await, Server::start(b).await);
    let arguments = vec![
        format!("--el=0xa={}", a.url),
        format!("--el=0x14={}", b.url),
        "--expiry-window=604800".to_owned(),
        format!("--journal={}", folder.display()),
    ];
    let process = Process::start(arguments.clone()).await;
    process.reaches("0xa", &a).await;
    process.reaches("0x14", &b).await;
    let pair = process.call("supervisor_crossSafe", json!(["0x14"])).await;
    // Killed, and meanwhile there is another branch, more is final, and A is further.
    drop(process);
    {
        let mut script = b.script();
        script.chain.cut(82);
        for _ in 0..12 {
            script.chain.grow("b", vec![plain("x")]);
        }
        script.finalized = Some(76);
    }
    for _ in 0..7 {
        a.script().chain.grow("a", vec![plain("y")]);
    }
    let before = a.script().asked["eth_getBlockReceipts"];
    let process = Process::start(arguments).await;
    process.reaches("0xa", &a).await;
    process.reaches("0x14", &b).await;
    // It begins where it began, and fetches nothing twice.
    assert_eq!(process.call("supervisor_crossSafe", json!(["0x14"])).await, pair);
    assert_eq!(a.script().asked["eth_getBlockReceipts"], before + 7);
}

#[test]
fn what_is_wrong_with_the_arguments_is_told() {
    let fails = |arguments: &[&str], line: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_nodewire"))
            .args(["serve", "supervisor", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .expect("the binary runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(line), "{said}");
        assert!(!said.contains("secret"), "{said}");
    };
    let window = "--expiry-window=1";
    fails(&[window, "--el=0xa"], "CHAIN=URL");
    fails(&[window, "--el=0xa=gopher://secret"], "neither http nor https");
    fails(&[window, "--el=0xa=http://127.0.0.1:1/secret", "--el-anchor=0"], "first block");
    fails(&[window, "--el=0xa=http://127.0.0.1:1/", "--el-anchor=latest"], "finalized, safe");
}
