//! The machine of a host: as it is, or with a journal.

use std::collections::VecDeque;

use nodewire::state::supervisor::{
    Durable, DurableCommand, DurableLimits, DurableNotice, DurableQuery, Recovered, Store,
    StoreAnswer, Supervisor, SupervisorCommand, SupervisorMessage, SupervisorNotice,
    SupervisorQuery, SupervisorRemote,
};
use nodewire::{Action, AskId, Ending, Machine, Out, Outbox, Time};

use super::link::Told;

/// What came of an input.
pub(super) enum Came {
    Send(SupervisorMessage),
    Notice(SupervisorNotice),
    Ask(AskId, SupervisorQuery),
    Store(AskId, Store),
    /// The disk failed: nothing is acknowledged any more.
    NotReady,
    SnapshotTaken {
        bytes: u64,
    },
    Close(Ending),
}

/// A machine, and where what comes of its inputs is put.
#[expect(clippy::large_enum_variant, reason = "there is one of it")]
pub(super) enum Engine {
    Plain(Supervisor),
    Kept(Durable),
}

impl Engine {
    /// A machine that goes on from what was recovered.
    pub(super) fn kept(
        now: Time,
        recovered: Recovered,
        limits: DurableLimits,
        came: &mut VecDeque<Came>,
    ) -> Self {
        let mut out = Outbox::new();
        let durable = Durable::begin(now, recovered, limits, &mut out);
        kept_out(out, came);
        Self::Kept(durable)
    }

    pub(super) const fn supervisor(&self) -> &Supervisor {
        match self {
            Self::Plain(machine) => machine,
            Self::Kept(durable) => durable.supervisor(),
        }
    }

    pub(super) fn into_supervisor(self) -> Supervisor {
        match self {
            Self::Plain(machine) => machine,
            Self::Kept(durable) => durable.supervisor().clone(),
        }
    }

    /// The machine with its journal, if it has one.
    pub(super) const fn durable(&self) -> Option<&Durable> {
        match self {
            Self::Plain(_) => None,
            Self::Kept(durable) => Some(durable),
        }
    }

    /// True while nothing waits for the disk, or nothing ever will again.
    pub(super) fn is_settled(&self) -> bool {
        self.durable().is_none_or(|durable| {
            let (records, durable_records) = durable.records();
            !durable.is_ready() || records == durable_records
        })
    }

    pub(super) fn saturated(&self) -> bool {
        match self {
            Self::Plain(machine) => machine.saturated(),
            Self::Kept(durable) => durable.saturated(),
        }
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        match self {
            Self::Plain(machine) => machine.deadline(),
            Self::Kept(durable) => durable.deadline(),
        }
    }

    pub(super) fn awaits(&self, id: AskId) -> bool {
        match self {
            Self::Plain(machine) => machine.awaits(id),
            Self::Kept(durable) => durable.awaits(id),
        }
    }

    pub(super) fn footprint(&self) -> usize {
        match self {
            Self::Plain(machine) => machine.footprint(),
            Self::Kept(durable) => durable.footprint(),
        }
    }

    pub(super) fn hear(&mut self, now: Time, input: SupervisorRemote, came: &mut VecDeque<Came>) {
        match self {
            Self::Plain(machine) => {
                let mut out = Outbox::new();
                machine.handle_remote(now, input, &mut out);
                plain_out(out, came);
            }
            Self::Kept(durable) => {
                let mut out = Outbox::new();
                durable.handle_remote(now, input, &mut out);
                kept_out(out, came);
            }
        }
    }

    pub(super) fn command(
        &mut self,
        now: Time,
        input: SupervisorCommand,
        came: &mut VecDeque<Came>,
    ) -> Told {
        match self {
            Self::Plain(machine) => {
                let mut out = Outbox::new();
                let result = machine.handle_local(now, input, &mut out);
                plain_out(out, came);
                result.map_err(|refusal| refusal.why)
            }
            Self::Kept(durable) => {
                let mut out = Outbox::new();
                let input = DurableCommand::Supervisor(input);
                let result = durable.handle_local(now, input, &mut out);
                kept_out(out, came);
                result.map_err(|refusal| refusal.why)
            }
        }
    }

    pub(super) fn stored(
        &mut self,
        now: Time,
        id: AskId,
        answer: StoreAnswer,
        came: &mut VecDeque<Came>,
    ) {
        let Self::Kept(durable) = self else { return };
        let mut out = Outbox::new();
        // It answers what was asked.
        let _ = durable.handle_local(now, DurableCommand::Stored(id, answer), &mut out);
        kept_out(out, came);
    }

    pub(super) fn timeout(&mut self, now: Time, came: &mut VecDeque<Came>) {
        match self {
            Self::Plain(machine) => {
                let mut out = Outbox::new();
                machine.handle_timeout(now, &mut out);
                plain_out(out, came);
            }
            Self::Kept(durable) => {
                let mut out = Outbox::new();
                durable.handle_timeout(now, &mut out);
                kept_out(out, came);
            }
        }
    }
}

fn plain_out(mut out: Out<Supervisor>, came: &mut VecDeque<Came>) {
    came.extend(out.drain().map(|action| match action {
        Action::Send(message) => Came::Send(message),
        Action::Notify(notice) => Came::Notice(notice),
        Action::Ask(id, query) => Came::Ask(id, query),
        Action::Close(ending) => Came::Close(ending),
    }));
}

fn kept_out(mut out: Out<Durable>, came: &mut VecDeque<Came>) {
    came.extend(out.drain().filter_map(|action| {
        Some(match action {
            Action::Send(message) => Came::Send(message),
            Action::Notify(DurableNotice::Supervisor(notice)) => Came::Notice(notice),
            Action::Notify(DurableNotice::NotReady) => Came::NotReady,
            Action::Notify(DurableNotice::SnapshotTaken { bytes, .. }) => {
                Came::SnapshotTaken { bytes }
            }
            Action::Notify(_) => return None,
            Action::Ask(id, DurableQuery::Supervisor(query)) => Came::Ask(id, query),
            Action::Ask(id, DurableQuery::Store(store)) => Came::Store(id, store),
            Action::Close(ending) => Came::Close(ending),
        })
    }));
}
