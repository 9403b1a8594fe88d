//! A disk that is full, fails or goes away: nothing is acknowledged that is not kept.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use nodewire::state::supervisor::{DurableLimits, Limits, Store};
use nodewire_adapter::supervisor::{Folder, Host, Storage};
use serde_json::json;

use crate::endpoint::Endpoint;
use crate::journal::{Acknowledged, Fed, Place, TEN, recovered};
use crate::nodes::world;
use crate::process::{Process, folder};

const SET_FAILSAFE: &str =
    r#"{"jsonrpc":"2.0","id":1,"method":"admin_setFailsafeEnabled","params":[true]}"#;

#[test]
fn a_full_disk_means_not_ready_and_loses_nothing() {
    let place = Place::new("journal-full");
    let world = world(&[TEN]);
    let mut fed = Fed::on(Process::confined(&place.arguments(), 24), &world);
    let mut heard = Acknowledged::default();
    // However slow the machine is, some of it is kept before the disk is full.
    for _ in 0..6 {
        fed.grow();
        fed.settle(&mut heard);
    }
    for _ in 0..400 {
        fed.grow();
        fed.serve(&mut heard);
        if fed.process.get("/readyz").status == 503 {
            break;
        }
    }
    fed.serve(&mut heard);
    let process = fed.process;
    let ready = process.get("/readyz");
    assert_eq!(ready.status, 503);
    assert!(ready.text().contains("the journal cannot be written"), "{ready:?}");
    let refused = process.call("supervisor_localUnsafe", &json!(["0xa"]));
    assert_eq!(refused["error"]["code"], -32_002);
    assert!(process.get("/metrics").text().contains("nodewire_supervisor_journal_failed 1"));
    assert_eq!(process.get("/healthz").status, 200);
    assert!(heard.local_unsafe > 1_005, "{heard:?}");
    for line in process.kill() {
        heard.hear(&line);
    }
    let process = place.start();
    heard.check(&process);
    process.signal("-TERM");
    assert!(process.wait().success());
}

#[cfg(unix)]
#[test]
fn a_journal_that_is_removed_acknowledges_nothing() {
    let place = Place::new("journal-removed");
    let world = world(&[TEN]);
    let mut fed = Fed::on(place.start(), &world);
    let mut heard = Acknowledged::default();
    fed.grow();
    fed.settle(&mut heard);
    let before = heard.local_unsafe;
    std::fs::remove_dir_all(place.newest().parent().unwrap()).unwrap();
    for _ in 0..100 {
        fed.grow();
        fed.serve(&mut heard);
        if fed.process.get("/readyz").status == 503 {
            break;
        }
    }
    let ready = fed.process.get("/readyz");
    assert_eq!(ready.status, 503);
    assert!(ready.text().contains("its file was removed"), "{ready:?}");
    let refused = fed.process.call("supervisor_localUnsafe", &json!(["0xa"]));
    assert_eq!(refused["error"]["code"], -32_002);
    fed.serve(&mut heard);
    assert_eq!(heard.local_unsafe, before);
}

/// A storage that fails, from one of its works on.
struct Failing {
    inner: Folder,
    left: Arc<AtomicUsize>,
    panics: bool,
}

impl Storage for Failing {
    fn keep(&mut self, store: &Store) -> io::Result<()> {
        // All is written, and then the sync fails.
        self.inner.keep(store)?;
        if self.left.fetch_sub(1, Ordering::SeqCst) > 1 {
            return Ok(());
        }
        self.left.store(1, Ordering::SeqCst);
        assert!(!self.panics, "the thread of the disk ends");
        Err(io::Error::other("no sync"))
    }
}

fn failing(path: &Path, left: usize, panics: bool) -> (Endpoint, Arc<AtomicUsize>) {
    let inner = Folder::open(path).unwrap();
    let counter = Arc::new(AtomicUsize::new(left));
    let left = counter.clone();
    let endpoint = Endpoint::of(
        Limits::default(),
        |config, serving| {
            config.admin = true;
            let limits = Limits::default();
            serving.manner = nodewire_adapter::supervisor::Manner::new(config, &limits);
        },
        |config, limits| {
            let recovered = recovered(config, limits, &inner);
            let storage = Failing { inner, left, panics };
            Host::kept(recovered, DurableLimits::default(), storage).unwrap()
        },
    );
    (endpoint, counter)
}

#[test]
fn a_failed_sync_acknowledges_nothing() {
    for panics in [false, true] {
        let path = folder(&format!("journal-sync-{panics}")).join("journal");
        let (endpoint, left) = failing(&path, 1_000, panics);
        let code = |text: &str| endpoint.ask(text).unwrap()["error"]["code"].as_i64();
        // The beginning is kept before anything is said.
        assert_eq!(code(SET_FAILSAFE), None);
        left.store(1, Ordering::SeqCst);
        let reset = SET_FAILSAFE.replace("true", "false");
        assert_eq!(code(&reset), Some(-32_002));
        assert_eq!(code(&reset), Some(-32_002));
        let malformed = code("{");
        assert_eq!(malformed, Some(-32_700), "what is wrong with a text is told as ever");
        let ready = endpoint.get("/readyz");
        assert_eq!(ready.status, 503);
        assert!(ready.text().contains("the journal cannot be written"), "{ready:?}");
        endpoint.stopped();
        let (endpoint, _) = failing(&path, 1_000, false);
        let get = r#"{"jsonrpc":"2.0","id":1,"method":"admin_getFailsafeEnabled"}"#;
        // What was acknowledged is there; of what was not, either may be.
        assert!(endpoint.ask(get).unwrap()["result"].is_boolean());
        endpoint.stopped();
    }
}
