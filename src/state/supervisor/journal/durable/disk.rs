//! What is written: records, heads, journals, snapshots; and what follows when it is, or is not.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use bytes::Bytes;

use super::{Durable, DurableNotice, DurableQuery, Writing};
use crate::ask::AskId;
use crate::codec::supervisor::journal::{FileHeader, FileKind};
use crate::codec::supervisor::{Code, Keccak256};
use crate::machine::Out;
use crate::state::supervisor::journal::heads::ChainHeads;
use crate::state::supervisor::journal::{
    LOGIC_VERSION, Record, RecordBody, Snapshot, Store, StoreAnswer, fingerprint,
};
use crate::time::Time;

impl<K: Keccak256> Durable<K> {
    /// An input was written down that changed something.
    pub(super) fn noted(&mut self, time: Time) {
        self.latest = time;
        self.next = self.next.saturating_add(1);
        self.since_heads = self.since_heads.saturating_add(1);
        if self.since_heads >= self.limits.heads_after {
            self.record_heads();
        }
    }

    fn record_heads(&mut self) {
        self.since_heads = 0;
        let body = RecordBody::Heads(ChainHeads::of(self.machine.index()));
        Record { number: self.next, time: self.latest, body }.write_frame(&mut self.waiting);
        self.next = self.next.saturating_add(1);
    }

    pub(super) fn write_header(&mut self) {
        let fingerprint = fingerprint(self.machine.index().config(), self.machine.limits());
        let (kind, logic, first) = (FileKind::Journal, LOGIC_VERSION, self.next);
        let header = FileHeader { kind, logic, fingerprint, generation: self.generation, first };
        header.write(&mut self.waiting);
        self.begins = true;
        self.record_heads();
    }

    pub(super) fn ask_store(&mut self, store: Store, out: &mut Out<Self>) -> AskId {
        let id = AskId::from_u64(self.next_store.saturating_mul(2).saturating_add(1));
        self.next_store = self.next_store.saturating_add(1);
        out.ask(id, DurableQuery::Store(store));
        id
    }

    /// Gives the disk what it has to do next.
    pub(super) fn go_on(&mut self, out: &mut Out<Self>) {
        self.write_journal(out);
        self.write_snapshot(out);
    }

    fn write_journal(&mut self, out: &mut Out<Self>) {
        if self.writing.is_some() || self.waiting.is_empty() {
            return;
        }
        let bytes = Bytes::from(core::mem::take(&mut self.waiting));
        self.journal_bytes = self.journal_bytes.saturating_add(bytes.len() as u64);
        let generation = self.generation;
        let store = if core::mem::take(&mut self.begins) {
            Store::Begin { generation, bytes }
        } else {
            Store::Append { generation, bytes }
        };
        let id = self.ask_store(store, out);
        self.writing = Some((id, self.next));
        let enough = self.limits.snapshot_after.max(self.snapshot_bytes);
        if self.snapshot.is_none() && self.removing.is_none() && self.journal_bytes >= enough {
            self.rotate();
        }
    }

    /// All that was taken in is written or being written: what comes goes to the next journal,
    /// and a snapshot tells what was before it.
    fn rotate(&mut self) {
        self.generation = self.generation.saturating_add(1);
        self.journal_bytes = 0;
        let snapshot = Snapshot::new(self.machine.clone(), self.generation, self.next);
        self.snapshot = Some(Writing { snapshot, offset: 0, asked: None });
        self.write_header();
    }

    fn write_snapshot(&mut self, out: &mut Out<Self>) {
        let wanted = self.limits.snapshot_write;
        let kept = self.kept;
        let Some(writing) = &mut self.snapshot else { return };
        // Never ahead of the journal: what it tells is durable before it.
        if writing.asked.is_some() || writing.snapshot.header().first > kept {
            return;
        }
        let bytes = Bytes::from(writing.snapshot.write(wanted));
        let (offset, last) = (writing.offset, writing.snapshot.is_done());
        let generation = writing.snapshot.header().generation;
        writing.offset = offset.saturating_add(bytes.len() as u64);
        let id = self.ask_store(Store::Snapshot { generation, offset, bytes, last }, out);
        if let Some(writing) = &mut self.snapshot {
            writing.asked = Some(id);
        }
    }

    pub(super) fn stored(&mut self, id: AskId, answer: StoreAnswer, out: &mut Out<Self>) {
        let failed = answer == StoreAnswer::Failed;
        if self.removing == Some(id) {
            self.removing = None;
        } else if let Some((_, before)) = self.writing.filter(|(asked, _)| *asked == id) {
            if failed {
                self.fail(out);
                return;
            }
            self.writing = None;
            self.kept = before;
            while self.held.front().is_some_and(|(number, _)| *number <= before) {
                if let Some((_, action)) = self.held.pop_front() {
                    self.let_out(action, out);
                }
            }
            if self.held.is_empty() {
                self.held = VecDeque::new();
            }
        } else if self.snapshot.as_ref().is_some_and(|writing| writing.asked == Some(id)) {
            if failed {
                self.fail(out);
                return;
            }
            self.snapshot_written(out);
        }
        self.go_on(out);
    }

    fn snapshot_written(&mut self, out: &mut Out<Self>) {
        let Some(writing) = &mut self.snapshot else { return };
        writing.asked = None;
        if !writing.snapshot.is_done() {
            return;
        }
        let (bytes, generation) = (writing.offset, writing.snapshot.header().generation);
        self.snapshot = None;
        self.snapshot_bytes = bytes;
        out.notify(DurableNotice::SnapshotTaken { generation, bytes });
        self.removing = Some(self.ask_store(Store::Remove { before: generation }, out));
    }

    /// The disk failed. What it holds nobody knows, so nothing that waits for it is said.
    pub(super) fn fail(&mut self, out: &mut Out<Self>) {
        self.ready = false;
        self.waiting = Vec::new();
        self.held = VecDeque::new();
        (self.writing, self.snapshot, self.removing) = (None, None, None);
        out.notify(DurableNotice::NotReady);
        self.text_bytes = 0;
        for text in core::mem::take(&mut self.texts).into_values() {
            self.machine_refuses(text, Code::ResourceUnavailable, out);
        }
    }
}
