//! Access lists: messages declared by the storage keys of the inbox (`supervisor.md` 6.2, 6.3).

use alloc::vec::Vec;

use super::checksum::CHECKSUM_TYPE;
use super::{Address, ChainId, ChecksumArgs, Hash, Keccak256, Message};

/// One message that an access list declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Access {
    /// The chain it was initiated on.
    pub chain_id: ChainId,
    /// The block the log is in.
    pub block_number: u64,
    /// The block's time, in seconds of Unix time.
    pub timestamp: u64,
    /// The log's position among all logs of its block.
    pub log_index: u32,
    /// The claimed checksum ([`ChecksumArgs::checksum`]): its first byte is 3.
    pub checksum: Hash,
}

/// What is wrong with an access list, and where (S-42, D-12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[error("{kind} at entry {index}")]
pub struct AccessListError {
    /// The offending entry; the number of entries if the list ends too early.
    pub index: usize,
    /// What is wrong.
    pub kind: AccessListErrorKind,
}

/// The ways in which an access list can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum AccessListErrorKind {
    /// An entry of a type that has no place here (S-27).
    #[error("an entry of unexpected type")]
    UnexpectedType,
    /// Reserved bytes are not zero (S-27).
    #[error("reserved bytes that are not zero")]
    NonzeroReserved,
    /// The list ends inside a message (S-43).
    #[error("the end of the list inside a message")]
    Truncated,
}

const LOOKUP_TYPE: u8 = 1;
const EXTENSION_TYPE: u8 = 2;

/// The messages of an access list, in order. Ends after the first error.
///
/// ```
/// use nodewire::codec::supervisor::{Accesses, Hash};
///
/// let entries = [
///     "0x01000000000000000000000a000000000000007b000000006592008000000005",
///     "0x039ab19729cec80dddce95262475fdcb26c47b4194c7a85373ca523868ab79d4",
/// ];
/// let entries = entries.map(|entry| Hash::parse(entry).unwrap());
/// let messages: Result<Vec<_>, _> = Accesses::new(&entries).collect();
/// assert_eq!(messages.unwrap()[0].block_number, 123);
/// ```
#[derive(Clone, Debug)]
pub struct Accesses<'a> {
    entries: &'a [Hash],
    index: usize,
}

impl<'a> Accesses<'a> {
    /// Those of `entries`.
    #[must_use]
    pub const fn new(entries: &'a [Hash]) -> Self {
        Self { entries, index: 0 }
    }

    fn wrong(&mut self, index: usize, kind: AccessListErrorKind) -> AccessListError {
        self.index = self.entries.len();
        AccessListError { index, kind }
    }
}

impl Iterator for Accesses<'_> {
    type Item = Result<Access, AccessListError>;

    fn next(&mut self) -> Option<Self::Item> {
        use AccessListErrorKind::{NonzeroReserved, Truncated, UnexpectedType};

        let rest = self.entries.get(self.index..)?;
        let lookup = rest.first()?;
        let mut at = self.index;
        let [LOOKUP_TYPE, reserved @ ..] = &lookup.0 else {
            return Some(Err(self.wrong(at, UnexpectedType)));
        };
        let Some(([0, 0, 0], fields)) = reserved.split_first_chunk() else {
            return Some(Err(self.wrong(at, NonzeroReserved)));
        };
        let fields = Lookup::of(fields);
        at = at.saturating_add(1);
        let mut chain_id = ChainId::from(fields.chain_low);
        let mut next = rest.get(1);
        if let Some(Hash([EXTENSION_TYPE, extension @ ..])) = next {
            let Some(([0, 0, 0, 0, 0, 0, 0], high)) = extension.split_first_chunk() else {
                return Some(Err(self.wrong(at, NonzeroReserved)));
            };
            chain_id.0[..24].copy_from_slice(high);
            at = at.saturating_add(1);
            next = rest.get(2);
        }
        match next {
            Some(checksum @ Hash([CHECKSUM_TYPE, ..])) => {
                self.index = at.saturating_add(1);
                let Lookup { block_number, timestamp, log_index, .. } = fields;
                let checksum = *checksum;
                Some(Ok(Access { chain_id, block_number, timestamp, log_index, checksum }))
            }
            Some(_) => Some(Err(self.wrong(at, UnexpectedType))),
            None => Some(Err(self.wrong(at, Truncated))),
        }
    }
}

impl core::iter::FusedIterator for Accesses<'_> {}

struct Lookup {
    chain_low: u64,
    block_number: u64,
    timestamp: u64,
    log_index: u32,
}

impl Lookup {
    /// What follows type and reserved bytes: 28 bytes.
    fn of(fields: &[u8]) -> Self {
        let mut rest = fields;
        let mut number = || {
            let (bytes, after) = rest.split_first_chunk().unwrap_or((&[0; 8], &[]));
            rest = after;
            u64::from_be_bytes(*bytes)
        };
        let (chain_low, block_number, timestamp) = (number(), number(), number());
        let log_index = u32::from_be_bytes(rest.try_into().unwrap_or_default());
        Self { chain_low, block_number, timestamp, log_index }
    }
}

impl Access {
    /// The declaration of `message`.
    #[must_use]
    pub fn of<K: Keccak256>(message: &Message) -> Self {
        let args = ChecksumArgs::of::<K>(message);
        Self {
            chain_id: args.chain_id,
            block_number: args.block_number,
            timestamp: args.timestamp,
            log_index: args.log_index,
            checksum: args.checksum::<K>(),
        }
    }

    /// Appends the two or three entries that declare this message: an extension only if the chain
    /// id needs more than 64 bits.
    pub fn encode(&self, entries: &mut Vec<Hash>) {
        let (high, low) = self.chain_id.0.split_at(24);
        let mut lookup = [0; 32];
        lookup[0] = LOOKUP_TYPE;
        lookup[4..12].copy_from_slice(low);
        lookup[12..20].copy_from_slice(&self.block_number.to_be_bytes());
        lookup[20..28].copy_from_slice(&self.timestamp.to_be_bytes());
        lookup[28..].copy_from_slice(&self.log_index.to_be_bytes());
        entries.push(Hash(lookup));
        if high.iter().any(|byte| *byte != 0) {
            let mut extension = [0; 32];
            extension[0] = EXTENSION_TYPE;
            extension[8..].copy_from_slice(high);
            entries.push(Hash(extension));
        }
        entries.push(self.checksum);
    }
}

/// The inbox's entries of a transaction's access list: the storage keys of every item of the
/// inbox, joined in order (S-25). Nothing is left out, nothing is put together.
pub fn inbox_entries<'a>(
    access_list: impl IntoIterator<Item = (Address, &'a [Hash])>,
) -> Vec<Hash> {
    let items = access_list.into_iter();
    let inbox = items.filter(|(address, _)| *address == Address::CROSS_L2_INBOX);
    inbox.flat_map(|(_, keys)| keys.iter().copied()).collect()
}
