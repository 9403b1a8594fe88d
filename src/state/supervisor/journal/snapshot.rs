//! Snapshots: a whole machine, in frames that are made one by one.

use alloc::vec::Vec;

use super::{LOGIC_VERSION, fingerprint};
use crate::codec::cbor::{Reader, Sink};
use crate::codec::supervisor::journal::form::{Form, canonical, fields, unknown};
use crate::codec::supervisor::journal::{FileHeader, FileKind, Stop, write_frame};
use crate::codec::supervisor::{BlockRef, Hash, Keccak256, RustCryptoKeccak256};
use crate::codec::{Malformed, MalformedKind};
use crate::state::supervisor::Supervisor;
use crate::state::supervisor::config::Config;
use crate::state::supervisor::index::{Entry, ExecutingLog, Globals, Side, Slot};
use crate::state::supervisor::limits::Limits;

/// About so many bytes of lists stand in one frame.
const FRAME: usize = 65_536;

/// A snapshot that is being written: the machine as it was, and how far it is written. The machine
/// shares its pages with the one that goes on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Snapshot<K: Keccak256 = RustCryptoKeccak256> {
    machine: Supervisor<K>,
    header: FileHeader,
    /// The number of the next frame.
    number: u64,
    place: Place,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    Header,
    Blocks(Slot, usize),
    Entries(Slot, Side, usize),
    Machine,
    End,
    Done,
}

impl<K: Keccak256> Snapshot<K> {
    /// A snapshot of `machine`, in the file of this generation; `first` is the number of the first
    /// record that is not in it.
    #[must_use]
    pub fn new(machine: Supervisor<K>, generation: u64, first: u64) -> Self {
        let fingerprint = fingerprint(machine.index().config(), machine.limits());
        let (kind, logic) = (FileKind::Snapshot, LOGIC_VERSION);
        let header = FileHeader { kind, logic, fingerprint, generation, first };
        Self { machine, header, number: 0, place: Place::Header }
    }

    /// The next bytes of the file, about as many as wanted; none after the last.
    pub fn write(&mut self, wanted: usize) -> Vec<u8> {
        let mut out = Vec::new();
        while out.len() < wanted.max(1) && self.place != Place::Done {
            self.write_next(&mut out);
        }
        out
    }

    /// True when all is written.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self.place, Place::Done)
    }

    /// How it begins.
    #[must_use]
    pub const fn header(&self) -> FileHeader {
        self.header
    }

    /// Bytes held, most of which the machine that goes on may hold too.
    pub(super) fn footprint(&self) -> usize {
        use crate::machine::Machine;
        self.machine.footprint()
    }

    fn write_next(&mut self, out: &mut Vec<u8>) {
        let index = self.machine.index();
        let (part, next) = match self.place {
            Place::Header => {
                self.header.write(out);
                (Some(Part::Globals(index.globals())), self.chain(Slot(0)))
            }
            Place::Blocks(slot, from) => match self.blocks(slot, from) {
                Some((blocks, next)) => (Some(Part::Blocks(blocks)), Place::Blocks(slot, next)),
                None => (None, Place::Entries(slot, Side::Local, 0)),
            },
            Place::Entries(slot, side, from) => {
                let entries = (from..from.saturating_add(FRAME / 128))
                    .map_while(|at| index.entry_at(slot, side, at).copied());
                let list: Vec<_> = entries.collect();
                let next = from.saturating_add(list.len());
                match (list.is_empty(), side) {
                    (false, _) => {
                        let part =
                            Part::Entries(Entries { slot, cross: side == Side::Cross, list });
                        (Some(part), Place::Entries(slot, side, next))
                    }
                    (true, Side::Local) => (None, Place::Entries(slot, Side::Cross, 0)),
                    (true, Side::Cross) => (None, self.chain(Slot(slot.0.saturating_add(1)))),
                }
            }
            Place::Machine => {
                let mut remains = Vec::new();
                self.machine.write_remains(&mut remains);
                (Some(Part::Machine(Text(remains))), Place::End)
            }
            Place::End => (Some(Part::End), Place::Done),
            Place::Done => (None, Place::Done),
        };
        self.place = next;
        if let Some(part) = part {
            write_frame(out, |out| Numbered { number: self.number, part }.write(out));
            self.number = self.number.saturating_add(1);
        }
    }

    /// Where a chain begins, or what follows the last.
    fn chain(&self, slot: Slot) -> Place {
        let there = self.machine.index().chain(slot).is_some();
        if there { Place::Blocks(slot, 0) } else { Place::Machine }
    }

    fn blocks(&self, slot: Slot, from: usize) -> Option<(Blocks, usize)> {
        let index = self.machine.index();
        let first = index.block_at(slot, from)?.block;
        let mut list = Vec::new();
        let (mut at, mut bytes) = (from, 0);
        while bytes < FRAME {
            let Some(stored) = index.block_at(slot, at) else { break };
            list.push(Block {
                hash: stored.block.hash,
                timestamp: stored.block.timestamp,
                checksums: Checksums(stored.checksums.to_vec()),
                executing: stored.executing.to_vec(),
            });
            bytes += 48 + size_of_val(stored.checksums) + size_of_val(stored.executing);
            at += 1;
        }
        let (number, parent_hash) = (first.number, first.parent_hash);
        Some((Blocks { slot, number, parent_hash, list }, at))
    }
}

/// The machine that a snapshot tells, and its header.
///
/// # Errors
/// [`Stop::Header`] for another file; [`Stop::Contradiction`] if what it tells does not check, or
/// is of other chains; otherwise why it is not whole. Nothing of it is used then.
pub fn restore<K: Keccak256>(
    config: Config,
    limits: Limits,
    bytes: &[u8],
) -> Result<(Supervisor<K>, FileHeader), Stop> {
    let (header, mut frames) = FileHeader::read(FileKind::Snapshot, bytes)?;
    let mut machine = Supervisor::new(config, limits).map_err(|_| Stop::Contradiction)?;
    let mut number = 0;
    let mut rank = None;
    loop {
        // A snapshot that ends before its end was never whole.
        let payload = frames.read().map_err(|stop| match stop {
            Stop::End => Stop::Torn,
            other => other,
        })?;
        let read = canonical::<Numbered>(payload).map_err(|_| Stop::Unknown)?;
        let this = read.part.rank();
        // Lists may be continued, nothing else comes twice.
        let repeated = rank == Some(this) && !read.part.is_list();
        if read.number != number || rank.is_some_and(|before| before > this) || repeated {
            return Err(Stop::Order);
        }
        (number, rank) = (number.saturating_add(1), Some(this));
        if matches!(read.part, Part::End) {
            break;
        }
        if number == 1 && !matches!(read.part, Part::Globals(_)) {
            return Err(Stop::Order);
        }
        read.part.apply(&mut machine)?;
    }
    if frames.read() != Err(Stop::End) {
        return Err(Stop::Order);
    }
    machine.index().check().map_err(|_| Stop::Contradiction)?;
    Ok((machine, header))
}

struct Numbered {
    number: u64,
    part: Part,
}

enum Part {
    Globals(Globals),
    Blocks(Blocks),
    Entries(Entries),
    Machine(Text),
    End,
}

/// Blocks of a chain, one after the other.
struct Blocks {
    slot: Slot,
    /// The first one's number.
    number: u64,
    /// The hash of the block before the first one.
    parent_hash: Hash,
    list: Vec<Block>,
}

struct Block {
    hash: Hash,
    timestamp: u64,
    checksums: Checksums,
    executing: Vec<ExecutingLog>,
}

struct Entries {
    slot: Slot,
    cross: bool,
    list: Vec<Entry>,
}

/// Hashes in one string.
struct Checksums(Vec<Hash>);

/// Bytes in one string.
struct Text(Vec<u8>);

fields!(Numbered { number, part });
fields!(Blocks { slot, number, parent_hash, list });
fields!(Block { hash, timestamp, checksums, executing });
fields!(Entries { slot, cross, list });

impl Form for Checksums {
    fn write<S: Sink>(&self, to: &mut S) {
        to.head(crate::codec::cbor::BYTES, 32 * self.0.len() as u64);
        self.0.iter().for_each(|hash| to.put(&hash.0));
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let at = from.at();
        let hashes = from.bytes()?.chunks(32).map(|hash| hash.try_into().map(Hash));
        let hashes = hashes.collect::<Result<_, _>>();
        hashes.map(Self).map_err(|_| Malformed::new(MalformedKind::BadHashLength, at))
    }
}

impl Form for Text {
    fn write<S: Sink>(&self, to: &mut S) {
        to.bytes(&self.0);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.bytes().map(|bytes| Self(bytes.to_vec()))
    }
}

impl Form for Part {
    fn write<S: Sink>(&self, to: &mut S) {
        to.array(2);
        match self {
            Self::Globals(globals) => {
                to.uint(0);
                globals.write(to);
            }
            Self::Blocks(blocks) => {
                to.uint(1);
                blocks.write(to);
            }
            Self::Entries(entries) => {
                to.uint(2);
                entries.write(to);
            }
            Self::Machine(remains) => {
                to.uint(3);
                remains.write(to);
            }
            Self::End => {
                to.uint(4);
                to.null();
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let at = from.at();
        match from.variant(|tag| (tag < 5).then_some(2))? {
            0 => Form::read(from).map(Self::Globals),
            1 => Form::read(from).map(Self::Blocks),
            2 => Form::read(from).map(Self::Entries),
            3 => Form::read(from).map(Self::Machine),
            4 if from.null() => Ok(Self::End),
            _ => Err(unknown(at)),
        }
    }
}

impl Part {
    /// Parts come in this order.
    const fn rank(&self) -> (u8, Slot, u8) {
        match self {
            Self::Globals(_) => (0, Slot(0), 0),
            Self::Blocks(blocks) => (1, blocks.slot, 0),
            Self::Entries(entries) => (1, entries.slot, 1 + entries.cross as u8),
            Self::Machine(_) => (2, Slot(0), 0),
            Self::End => (3, Slot(0), 0),
        }
    }

    const fn is_list(&self) -> bool {
        matches!(self, Self::Blocks(_) | Self::Entries(_))
    }

    fn apply<K: Keccak256>(self, machine: &mut Supervisor<K>) -> Result<(), Stop> {
        let applied = match self {
            Self::Globals(globals) => machine.index_mut().restore_globals(globals),
            Self::Blocks(blocks) => return blocks.apply(machine),
            Self::Entries(Entries { slot, cross, list }) => {
                let side = if cross { Side::Cross } else { Side::Local };
                let index = machine.index_mut();
                list.into_iter().try_for_each(|it| index.restore_entry(slot, side, it))
            }
            Self::Machine(Text(remains)) => {
                Reader::whole(&remains, |from| machine.read_remains(from))
                    .map_err(|_| Stop::Unknown)?;
                let mut again = Vec::new();
                machine.write_remains(&mut again);
                return if again == remains { Ok(()) } else { Err(Stop::Unknown) };
            }
            Self::End => Ok(()),
        };
        applied.map_err(|_| Stop::Contradiction)
    }
}

impl Blocks {
    fn apply<K: Keccak256>(self, machine: &mut Supervisor<K>) -> Result<(), Stop> {
        let Self { slot, mut number, mut parent_hash, list } = self;
        for Block { hash, timestamp, checksums, executing } in list {
            let block = BlockRef { hash, number, parent_hash, timestamp };
            machine
                .index_mut()
                .restore_block(slot, &block, checksums.0, executing)
                .map_err(|_| Stop::Contradiction)?;
            parent_hash = hash;
            number = number.checked_add(1).ok_or(Stop::Contradiction)?;
        }
        Ok(())
    }
}
