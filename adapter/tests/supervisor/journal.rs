//! What is acknowledged outlives the process, whatever becomes of it and of its disk.

use std::path::{Path, PathBuf};
use std::time::Duration;

use nodewire::codec::supervisor::ChainId;
use nodewire::codec::supervisor::journal::{FileHeader, FileKind};
use nodewire::state::supervisor::{Config, DurableLimits, Limits, Recovered, SupervisorRemote};
use nodewire_adapter::supervisor::{Folder, Host, Settings};
use serde_json::{Value, json};

use crate::chains::plain;
use crate::lines::{anchor, answer, remote};
use crate::nodes::{Manner, NODE, Shared, attach, config, lock, until, world};
use crate::process::{Process, folder, nodewire};

pub(super) const TEN: u64 = 10;

pub(super) struct Place {
    config: String,
    pub(super) journal: PathBuf,
}

impl Place {
    pub(super) fn new(name: &str) -> Self {
        let folder = folder(name);
        let path = folder.join("config.json");
        let form = json!({
            "chains": {"0xa": {"blockTime": 2}}, "expiryWindow": 604_800, "admin": true,
        });
        std::fs::write(&path, form.to_string()).unwrap();
        Self { config: path.to_str().unwrap().to_owned(), journal: folder.join("journal") }
    }

    pub(super) fn arguments(&self) -> Vec<&str> {
        let journal = self.journal.to_str().unwrap();
        vec!["--config", &self.config, "--feed", "-", "--no-clock", "--journal", journal]
    }

    pub(super) fn start(&self) -> Process {
        Process::start(&self.arguments())
    }

    /// The journal of the newest generation.
    pub(super) fn newest(&self) -> PathBuf {
        let entries = std::fs::read_dir(&self.journal).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let journals = paths.filter(|path| path.to_str().unwrap().contains("/journal-0"));
        journals.max().unwrap()
    }
}

/// What was acknowledged: the highest numbers of the heads, and what the failsafe was set to.
#[derive(Debug, Default)]
pub(super) struct Acknowledged {
    pub(super) local_unsafe: u64,
    cross_safe: u64,
    failsafe: bool,
}

impl Acknowledged {
    pub(super) fn hear(&mut self, line: &Value) {
        let number = |kind: &str| line["notify"][kind][1]["number"].as_u64().unwrap_or_default();
        self.local_unsafe = self.local_unsafe.max(number("localUnsafe"));
        self.cross_safe = self.cross_safe.max(number("crossSafe"));
    }

    /// Nothing of it is missing.
    pub(super) fn check(&self, process: &Process) {
        let head = process.call("supervisor_localUnsafe", &json!(["0xa"]));
        let local_unsafe = head["result"]["number"].as_u64().unwrap_or_default();
        assert!(local_unsafe >= self.local_unsafe, "{head} after {self:?}");
        let head = process.call("supervisor_crossSafe", &json!(["0xa"]));
        let cross_safe = head["result"]["derived"]["number"].as_u64().unwrap_or_default();
        assert!(cross_safe >= self.cross_safe, "{head} after {self:?}");
        let failsafe = process.call("admin_getFailsafeEnabled", &json!([]));
        assert_eq!(failsafe["result"], self.failsafe);
    }
}

/// A process with its feed, which plays a node that derives all it has.
pub(super) struct Fed<'a> {
    pub(super) process: Process,
    world: &'a Shared,
    /// The next block to tell as derived; none while the node waits to be reset.
    next: Option<u64>,
}

impl<'a> Fed<'a> {
    pub(super) fn on(mut process: Process, world: &'a Shared) -> Self {
        process.feed(&anchor(world, TEN));
        let up = SupervisorRemote::NodeUp { chain_id: ChainId::from(TEN), node: NODE };
        process.feed(&remote(&up));
        Self { process, world, next: None }
    }

    /// Makes a block, and tells of it.
    pub(super) fn grow(&mut self) {
        lock(self.world).chain(TEN).grow("a", vec![plain("x")]);
        let head = lock(self.world).unsafe_head(TEN);
        self.process.try_feed(&remote(&head));
        self.derive();
    }

    fn derive(&mut self) {
        let head = lock(self.world).chain(TEN).head().number;
        for number in self.next.into_iter().flat_map(|next| next..=head) {
            let derived = lock(self.world).derived(TEN, 10, number);
            self.process.try_feed(&remote(&derived));
        }
        self.next = self.next.map(|_| head + 1);
    }

    /// Hears and answers, and notes what is acknowledged.
    pub(super) fn serve(&mut self, heard: &mut Acknowledged) {
        for line in self.process.lines() {
            heard.hear(&line);
            if let Some(answer) = answer(self.world, &line) {
                self.process.try_feed(&answer);
            }
            let call = &line["send"]["command"]["call"];
            if call["method"] == "interop_reset" {
                self.next = call["params"][2]["number"].as_u64().map(|number| number + 1);
                let head = lock(self.world).unsafe_head(TEN);
                self.process.try_feed(&remote(&head));
                self.derive();
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }

    /// Serves until all that was made is safe.
    pub(super) fn settle(&mut self, heard: &mut Acknowledged) {
        let head = lock(self.world).chain(TEN).head().number;
        for _ in 0..10_000 {
            if heard.cross_safe >= head {
                return;
            }
            self.serve(heard);
        }
        panic!("it does not go on: {heard:?} before {head}");
    }
}

#[test]
fn a_kill_at_any_moment_loses_nothing_acknowledged() {
    let place = Place::new("journal-kill");
    let world = world(&[TEN]);
    let mut heard = Acknowledged::default();
    let mut dice = 7_u64;
    for round in 0..12 {
        let process = place.start();
        heard.check(&process);
        let mut fed = Fed::on(process, &world);
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        for _ in 0..(dice >> 60) {
            fed.grow();
            for _ in 0..(dice >> 40) % 7 {
                fed.serve(&mut heard);
            }
        }
        if round % 4 == 1 {
            heard.failsafe = !heard.failsafe;
            let set = fed.process.call("admin_setFailsafeEnabled", &json!([heard.failsafe]));
            assert_eq!(set["result"], Value::Null);
        }
        for line in fed.process.kill() {
            heard.hear(&line);
        }
    }
    assert!(heard.cross_safe > 1_005, "{heard:?}");
    let process = place.start();
    heard.check(&process);
    // It goes on as if nothing had happened.
    let mut fed = Fed::on(process, &world);
    fed.grow();
    fed.settle(&mut heard);
}

#[test]
fn a_graceful_stop_keeps_all_and_two_processes_cannot_share() {
    let place = Place::new("journal-stop");
    let world = world(&[TEN]);
    let mut fed = Fed::on(place.start(), &world);
    let mut heard = Acknowledged::default();
    for _ in 0..5 {
        fed.grow();
    }
    fed.settle(&mut heard);
    let process = fed.process;
    let metrics = process.get("/metrics").text();
    for name in ["journal_failed 0", "journal_age_seconds ", "journal_waiting_records 0"] {
        assert!(metrics.contains(&format!("nodewire_supervisor_{name}")), "{name} in {metrics}");
    }
    let output = nodewire()
        .args(["serve", "supervisor", "--listen", "127.0.0.1:0"])
        .args(&place.arguments()[..2])
        .args(["--journal", place.journal.to_str().unwrap()])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("another process has it"), "{said}");
    process.signal("-TERM");
    assert!(process.wait().success());
    let process = place.start();
    heard.check(&process);
}

/// Acknowledges some, and crashes.
fn crashed(place: &Place, world: &Shared) -> Acknowledged {
    let mut fed = Fed::on(place.start(), world);
    let mut heard = Acknowledged::default();
    for _ in 0..3 {
        fed.grow();
    }
    fed.settle(&mut heard);
    fed.process.kill();
    heard
}

#[test]
fn a_torn_end_is_passed_over_and_damage_is_not() {
    let place = Place::new("journal-torn");
    let world = world(&[TEN]);
    let heard = crashed(&place, &world);
    let path = place.newest();
    let bytes = std::fs::read(&path).unwrap();
    let (_, frames) = FileHeader::read(FileKind::Journal, &bytes).unwrap();
    let first = frames.at();
    for torn in [1, 5, 9] {
        let path = place.newest();
        let mut longer = std::fs::read(&path).unwrap();
        longer.extend_from_slice(&bytes[first..first + torn]);
        std::fs::write(&path, longer).unwrap();
        let process = place.start();
        heard.check(&process);
        process.kill();
    }
    // A bit in the midst of what was acknowledged.
    let path = place.journal.join("journal-00000000000000000001");
    let mut damaged = std::fs::read(&path).unwrap();
    let middle = first + (bytes.len() - first) / 2;
    damaged[middle] ^= 4;
    std::fs::write(&path, &damaged).unwrap();
    let serve = ["serve", "supervisor", "--listen", "127.0.0.1:0"];
    let output = nodewire().args(serve).args(place.arguments()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{said}");
    let last = said.lines().last().unwrap();
    assert!(last.contains("may be missing, --accept-loss goes on"), "{said}");
    let process = Process::start(&[&place.arguments()[..], &["--accept-loss"]].concat());
    let head = process.call("supervisor_localUnsafe", &json!(["0xa"]));
    assert!(head["result"]["number"].as_u64().unwrap_or_default() < 1_003, "{head}");
}

pub(super) fn recovered(config: Config, limits: Limits, folder: &Folder) -> Recovered {
    folder.recover(&Settings { config, limits }).unwrap()
}

#[test]
fn snapshots_are_rotated_in_and_older_files_removed() {
    let path = folder("journal-snapshots").join("journal");
    let world = world(&[TEN]);
    let begin = |path: &Path| {
        let folder = Folder::open(path).unwrap();
        let recovered = recovered(config(&[TEN]), Limits::default(), &folder);
        let mut limits = DurableLimits::default();
        (limits.snapshot_after, limits.snapshot_write) = (4_096, 512);
        (recovered.clone(), Host::kept(recovered, limits, folder).unwrap())
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let machine = runtime.block_on(async {
        let (_, (handle, host)) = begin(&path);
        let link = attach(&handle, &world, Manner::Knows).await;
        let anchor = lock(&world).anchor(TEN);
        handle.command(anchor).await.unwrap().unwrap();
        for number in 1_001..1_060 {
            lock(&world).chain(TEN).grow("a", vec![plain("x"), plain("y")]);
            let head = lock(&world).unsafe_head(TEN);
            link.tell(head).await.unwrap();
            until(&handle, |status| {
                status.chains[0].heads.local_unsafe.is_some_and(|head| head.number == number)
            })
            .await;
        }
        until(&handle, |status| status.journal.waiting == 0).await;
        handle.stop().await;
        host.await.unwrap()
    });
    let names = || {
        let entries = std::fs::read_dir(&path).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect::<Vec<_>>()
    };
    let snapshots = |names: &[String]| {
        names.iter().filter(|name| name.starts_with("snapshot") && name.len() == 29).count()
    };
    let found = names();
    assert!(snapshots(&found) >= 1, "{found:?}");
    assert!(found.len() <= 8, "older files are removed: {found:?}");
    // A snapshot that was being written when the process ended.
    std::fs::write(path.join("snapshot-00000000000000000099.unfinished"), "x").unwrap();
    let folder = Folder::open(&path).unwrap();
    assert!(!names().iter().any(|name| name.ends_with("unfinished")));
    let recovered = recovered(config(&[TEN]), Limits::default(), &folder);
    assert!(recovered.complete && recovered.exact && recovered.snapshot.is_some());
    assert!(recovered.machine == machine);
}

#[test]
fn what_was_asked_before_a_restart_is_asked_again() {
    let path = folder("journal-asks").join("journal");
    let world = world(&[TEN]);
    let start = |path: &Path| {
        let folder = Folder::open(path).unwrap();
        let recovered = recovered(config(&[TEN]), Limits::default(), &folder);
        Host::kept(recovered, DurableLimits::default(), folder).unwrap()
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (handle, host) = start(&path);
        let link = attach(&handle, &world, Manner::Silent).await;
        let anchor = lock(&world).anchor(TEN);
        handle.command(anchor).await.unwrap().unwrap();
        lock(&world).chain(TEN).grow("a", vec![plain("x")]);
        let head = lock(&world).unsafe_head(TEN);
        link.tell(head).await.unwrap();
        until(&handle, |status| status.counts.asked == 1 && status.journal.waiting == 0).await;
        handle.stop().await;
        host.await.unwrap();
        let (handle, host) = start(&path);
        // Nobody tells anything: the open question alone brings it on.
        attach(&handle, &world, Manner::Knows).await;
        until(&handle, |status| {
            status.chains[0].heads.local_unsafe.is_some_and(|head| head.number == 1_001)
        })
        .await;
        handle.stop().await;
        host.await.unwrap();
    });
}
