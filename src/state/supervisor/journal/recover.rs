//! After a start: what the files tell, as far as it can be believed.

use alloc::vec::Vec;

use super::heads::{ChainHeads, HeadDifference, first_difference};
use super::record::{Record, RecordBody};
use super::snapshot::restore;
use super::{LOGIC_VERSION, fingerprint};
use crate::codec::supervisor::journal::{FileHeader, FileKind, Frames, Stop, StoreFile};
use crate::codec::supervisor::{Code, Keccak256, RustCryptoKeccak256};
use crate::machine::{Machine, Out};
use crate::outbox::Outbox;
use crate::state::supervisor::Supervisor;
use crate::state::supervisor::config::Config;
use crate::state::supervisor::limits::Limits;
use crate::time::Time;

/// What the files told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Recovered<K: Keccak256 = RustCryptoKeccak256> {
    /// The machine after the last record that counts.
    pub machine: Supervisor<K>,
    /// The number of the next record.
    pub next: u64,
    /// The newest generation of any file, whole or not.
    pub newest: u64,
    /// The generation of the snapshot that it began with.
    pub snapshot: Option<u64>,
    /// How many records were replayed.
    pub replayed: u64,
    /// Bytes of the records that were replayed.
    pub bytes: u64,
    /// What was read, in this order, and why reading ended.
    pub files: Vec<(StoreFile, Stop)>,
    /// True if nothing that was acknowledged can be missing: every file could be read to its end,
    /// but for frames that a crash tore, and they follow one another.
    pub complete: bool,
    /// True if all files are of this logic, configuration and limits: then the machine is the one
    /// that was, exactly.
    pub exact: bool,
    /// The first recorded head that the replay did not come to.
    pub difference: Option<HeadDifference>,
    /// The time of the last record.
    pub time: Time,
    /// Records before this number were acknowledged.
    least: u64,
}

/// Recovers a machine from the files that are there, in any order; `read` reads one.
///
/// Begins with the newest snapshot that is whole and checks, and replays the journals from there.
/// Reading a journal ends where it cannot be believed any more; what comes after does not count,
/// unless a later start went on from that very place.
///
/// Nobody should go on from what is not [`complete`](Recovered::complete) without being told to.
///
/// # Errors
/// [`Code::LimitExceeded`] for more chains than allowed.
pub fn recover<K: Keccak256, B: AsRef<[u8]>>(
    config: &Config,
    limits: &Limits,
    files: &[StoreFile],
    mut read: impl FnMut(StoreFile) -> Option<B>,
) -> Result<Recovered<K>, Code> {
    let mut recovered = Recovered {
        machine: Supervisor::new(config.clone(), limits.clone())?,
        next: 0,
        newest: files.iter().map(|file| file.generation).max().unwrap_or_default(),
        snapshot: None,
        replayed: 0,
        bytes: 0,
        files: Vec::new(),
        complete: true,
        exact: true,
        difference: None,
        time: Time::ZERO,
        least: 0,
    };
    let mut files = files.to_vec();
    files.sort_unstable();
    files.dedup();
    let is = |kind| move |file: &&StoreFile| file.kind == kind;
    for file in files.iter().filter(is(FileKind::Snapshot)).rev() {
        let bytes = read(*file);
        if recovered.begin(*file, config, limits, bytes.as_ref().map(B::as_ref)) {
            break;
        }
    }
    let oldest = recovered.snapshot.unwrap_or_default();
    let journals = files.iter().filter(is(FileKind::Journal));
    let mut current: Option<(StoreFile, FileHeader, B)> = None;
    for file in journals.filter(|file| file.generation >= oldest) {
        let bytes = read(*file);
        match recovered.header(*file, config, limits, bytes.as_ref().map(B::as_ref)) {
            Ok(header) => {
                let next = bytes.and_then(|bytes| current.replace((*file, header, bytes)));
                if let Some((file, before, bytes)) = next {
                    recovered.replay(file, before, bytes.as_ref(), Some(header.first));
                }
            }
            Err(stop) => {
                recovered.complete &= stop == Stop::Torn;
                recovered.files.push((*file, stop));
            }
        }
    }
    if let Some((file, header, bytes)) = current {
        recovered.replay(file, header, bytes.as_ref(), None);
    }
    recovered.complete &= recovered.next >= recovered.least;
    Ok(recovered)
}

impl<K: Keccak256> Recovered<K> {
    /// The header of a file, if it is the one that its name tells.
    fn header(
        &mut self,
        file: StoreFile,
        config: &Config,
        limits: &Limits,
        bytes: Option<&[u8]>,
    ) -> Result<FileHeader, Stop> {
        let (header, _) = FileHeader::read(file.kind, bytes.ok_or(Stop::Header)?)?;
        if header.generation != file.generation {
            return Err(Stop::Header);
        }
        self.exact &= header.logic == LOGIC_VERSION;
        self.exact &= header.fingerprint == fingerprint(config, limits);
        Ok(header)
    }

    /// Begins with a snapshot, if it is whole and checks.
    fn begin(
        &mut self,
        file: StoreFile,
        config: &Config,
        limits: &Limits,
        bytes: Option<&[u8]>,
    ) -> bool {
        let exact = self.exact;
        let header = self.header(file, config, limits, bytes);
        let restored =
            header.and_then(|_| restore(config.clone(), limits.clone(), bytes.unwrap_or_default()));
        match restored {
            Ok((machine, header)) => {
                self.time = machine.latest();
                (self.machine, self.next) = (machine, header.first);
                self.snapshot = Some(file.generation);
                self.files.push((file, Stop::End));
                return true;
            }
            // It was never finished: nothing older was given up for it.
            Err(Stop::Torn) => self.files.push((file, Stop::Torn)),
            Err(stop) => {
                self.complete &= header.is_ok();
                self.least = self.least.max(header.map_or(0, |header| header.first));
                self.files.push((file, stop));
            }
        }
        self.exact = exact;
        false
    }

    /// Takes in the records of a journal, up to that of number `limit`.
    fn replay(&mut self, file: StoreFile, header: FileHeader, bytes: &[u8], limit: Option<u64>) {
        let stop = match FileHeader::read(file.kind, bytes) {
            // It goes on from records that are missing.
            Ok(_) if header.first != self.next => Stop::Order,
            Ok((_, mut frames)) => {
                let from = frames.at();
                let stop = self.take_all(&mut frames, limit);
                self.bytes = self.bytes.saturating_add((frames.at().saturating_sub(from)) as u64);
                stop
            }
            Err(stop) => stop,
        };
        self.complete &= matches!(stop, Stop::End | Stop::Torn | Stop::Superseded);
        self.files.push((file, stop));
    }

    fn take_all(&mut self, frames: &mut Frames<'_>, limit: Option<u64>) -> Stop {
        loop {
            let mut ahead = frames.clone();
            let payload = match ahead.read() {
                Ok(_) | Err(Stop::Torn | Stop::Checksum) if limit == Some(self.next) => {
                    return Stop::Superseded;
                }
                Ok(payload) => payload,
                Err(stop) => return stop,
            };
            if let Err(stop) = Record::read_payload(payload).and_then(|record| self.take(record)) {
                return stop;
            }
            *frames = ahead;
        }
    }

    fn take(&mut self, record: Record) -> Result<(), Stop> {
        let Record { number, time, body } = record;
        if number != self.next || time < self.time {
            return Err(Stop::Order);
        }
        (self.next, self.time) = (number.checked_add(1).ok_or(Stop::Order)?, time);
        self.replayed = self.replayed.saturating_add(1);
        match body {
            RecordBody::Input(input) => {
                let mut out: Out<Supervisor<K>> = Outbox::new();
                // Under another logic it may be refused, which the heads will tell.
                let _ = self.machine.handle(time, input, &mut out);
            }
            RecordBody::Heads(recorded) => {
                let replayed = ChainHeads::of(self.machine.index());
                let difference = first_difference(number, &recorded, &replayed);
                self.difference = self.difference.or(difference);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use super::*;
    use crate::codec::supervisor::RustCryptoKeccak256;
    use crate::state::supervisor::ExpiryWindow;

    /// The same inputs may have given other heads under it.
    #[test]
    fn what_another_logic_wrote_is_not_replayed_exactly() {
        let config = Config::new(BTreeMap::new(), ExpiryWindow::EXPIRY_CURRENT);
        let limits = Limits::default();
        let fingerprint = fingerprint(&config, &limits);
        let exact = |logic: u32| {
            let (kind, generation) = (FileKind::Journal, 1);
            let mut bytes = Vec::new();
            FileHeader { kind, logic, fingerprint, generation, first: 0 }.write(&mut bytes);
            let files = [StoreFile { kind, generation }];
            let found = recover::<RustCryptoKeccak256, _>(&config, &limits, &files, |_| {
                Some(bytes.clone())
            });
            let found = found.unwrap();
            assert!(found.complete);
            found.exact
        };
        assert!(exact(LOGIC_VERSION));
        assert!(!exact(LOGIC_VERSION + 1));
    }
}
