//! The Supervisor with a journal, and a disk that mostly does what it is asked.

use std::collections::BTreeMap;

use arbitrary::Result;
use nodewire::codec::supervisor::journal::StoreFile;
use nodewire::state::supervisor::{
    Durable, DurableCommand, DurableLimits, DurableQuery, Recovered, Store, StoreAnswer,
    SupervisorMessage, recover,
};
use nodewire::{Action, AskId, Input, InputOf, Outbox};

use super::{ForSupervisor, config, small};
use crate::given::{Given, Script, start, take};

/// The Supervisor with a journal.
pub struct ForDurable {
    inner: ForSupervisor,
    stores: Vec<AskId>,
    /// Inputs that were not the disk's.
    inputs: u64,
    /// What a disk has that does as it is asked.
    files: BTreeMap<StoreFile, Vec<u8>>,
}

impl ForDurable {
    pub fn new(flags: u8) -> Self {
        let (_, id, store) = begin();
        let files = BTreeMap::new();
        let mut given =
            Self { inner: ForSupervisor::new(flags), stores: vec![id], inputs: 0, files };
        given.write(&store);
        given
    }

    fn write(&mut self, store: &Store) {
        let mut append = |bytes: &[u8]| {
            let file = store.file().expect("a file");
            self.files.entry(file).or_default().extend_from_slice(bytes);
        };
        match store {
            Store::Begin { bytes, .. } | Store::Append { bytes, .. } => append(bytes),
            Store::Snapshot { bytes, .. } => append(bytes),
            Store::Remove { before } => {
                self.files.retain(|file, _| file.generation >= *before);
                self.recovers();
            }
        }
    }

    /// What stays when the rest is removed is all that a start needs, and leads to the same heads.
    fn recovers(&self) {
        let files: Vec<_> = self.files.keys().copied().collect();
        let recovered: Recovered =
            recover(&config(), &small(), &files, |file| self.files.get(&file)).expect("few chains");
        assert!(recovered.complete && recovered.exact, "{:?}", recovered.files);
        assert!(recovered.snapshot.is_some() && recovered.difference.is_none());
        self.inner.holds(&recovered.machine);
    }
}

/// The machine with nothing on its disk, and its question that begins the journal.
fn begin() -> (Durable, AskId, Store) {
    let mut limits = DurableLimits::default();
    limits.max_waiting = 3_000;
    limits.snapshot_after = 2_000;
    limits.snapshot_write = 600;
    limits.heads_after = 3;
    let recovered = recover::<_, &[u8]>(&config(), &small(), &[], |_| None).expect("few chains");
    let mut out = Outbox::new();
    let durable = Durable::begin(start(), recovered, limits, &mut out);
    let asked = out.iter().find_map(|action| match action {
        Action::Ask(id, DurableQuery::Store(store)) => Some((*id, store.clone())),
        _ => None,
    });
    let (id, store) = asked.expect("a journal is begun");
    (durable, id, store)
}

impl Given for ForDurable {
    type Machine = Durable;

    fn machine(&self) -> Durable {
        begin().0
    }

    fn pick(&mut self, script: &mut Script<'_>, _: u64) -> Result<InputOf<Durable>> {
        if script.ratio(1, 3)? {
            let id = take(script, &mut self.stores)?;
            let failed = script.ratio(1, 64)?;
            let answer = if failed { StoreAnswer::Failed } else { StoreAnswer::Durable };
            let id = id.unwrap_or(AskId::from_u64(script.int_in_range(0..=9)?));
            return Ok(Input::Local(DurableCommand::Stored(id, answer)));
        }
        self.inputs += 1;
        Ok(match self.inner.pick(script, self.inputs - 1)? {
            Input::Local(command) => Input::Local(DurableCommand::Supervisor(command)),
            Input::Remote(remote) => Input::Remote(remote),
            Input::Timeout => Input::Timeout,
        })
    }

    fn sent(&mut self, message: &SupervisorMessage) {
        self.inner.sent(message);
    }

    fn asked(&mut self, id: AskId, query: &DurableQuery) {
        match query {
            DurableQuery::Supervisor(query) => self.inner.asked(id, query),
            DurableQuery::Store(store) => {
                self.stores.push(id);
                self.write(store);
            }
        }
    }

    fn holds(&self, durable: &Durable) {
        self.inner.holds(durable.supervisor());
        let (records, kept) = durable.records();
        assert!(kept <= records, "{kept} of {records} are durable");
    }
}
