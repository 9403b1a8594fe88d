//! The node-to-node handshake (mini-protocol 0, `leios.md` 11.1).

use alloc::string::String;
use alloc::vec::Vec;

use super::{RAW_DEPTH, Read};
use crate::codec::cbor::{Counter, Reader, Sink};
use crate::codec::{Malformed, MalformedKind, Source};

/// A version of the node-to-node protocol family; below 0x8000.
pub type VersionNumber = u16;

/// What a node says of itself in one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct VersionData {
    /// Which network: 764824073 is mainnet, 164 the Leios test network.
    pub network_magic: u32,
    /// True if the proposer will not act as a responder.
    pub initiator_only: bool,
    /// True if it shares addresses of peers.
    pub peer_sharing: bool,
    /// True if it only wants to know the versions.
    pub query: bool,
    /// Peras support: a fifth field in version 16 only.
    pub peras: Option<bool>,
}

/// A message of the handshake.
///
/// A version table is ascending and names no version twice. It keeps versions whose data is of
/// another shape, without that data; encoding such an entry writes a null for it. Versions beyond
/// 65,535, which are none of this family, are left out, here and in a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum HandshakeMessage {
    /// The client's versions, ascending. `None` stands for a version whose data we can't read.
    MsgProposeVersions(
        #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::codec::from_fuzzer::versions))]
        Vec<(VersionNumber, Option<VersionData>)>,
    ),
    /// The server's choice.
    MsgAcceptVersion(VersionNumber, VersionData),
    /// The server declines.
    MsgRefuse(RefuseReason),
    /// The server's versions, for a query.
    MsgQueryReply(
        #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::codec::from_fuzzer::versions))]
        Vec<(VersionNumber, Option<VersionData>)>,
    ),
}

/// Why a handshake was refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum RefuseReason {
    /// No common version; these are supported.
    VersionMismatch(Vec<VersionNumber>),
    /// The data of this version could not be read.
    HandshakeDecodeError(VersionNumber, String),
    /// The data of this version is not acceptable.
    Refused(VersionNumber, String),
}

impl HandshakeMessage {
    /// Reads one message that all of `item` must make up.
    ///
    /// # Errors
    ///
    /// What is wrong, and where. Data that can't be read is no error in a table.
    pub fn decode(item: &[u8], _source: Source<'_>) -> Result<Self, Malformed> {
        Reader::whole(item, Self::read)
    }

    /// Appends the canonical encoding.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.write(out);
    }

    /// Bytes of the canonical encoding.
    #[must_use]
    pub fn wire_len(&self) -> usize {
        Counter::of(|out| self.write(out))
    }

    /// Heap bytes held.
    #[must_use]
    pub fn heap(&self) -> usize {
        match self {
            Self::MsgProposeVersions(table) | Self::MsgQueryReply(table) => {
                table.capacity().saturating_mul(size_of::<(VersionNumber, Option<VersionData>)>())
            }
            Self::MsgAcceptVersion(..) => 0,
            Self::MsgRefuse(RefuseReason::VersionMismatch(versions)) => {
                versions.capacity().saturating_mul(size_of::<VersionNumber>())
            }
            Self::MsgRefuse(
                RefuseReason::HandshakeDecodeError(_, text) | RefuseReason::Refused(_, text),
            ) => text.capacity(),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        let tag = reader.variant(|tag| match tag {
            0 | 2 | 3 => Some(2),
            1 => Some(3),
            _ => None,
        })?;
        Ok(match tag {
            0 => Self::MsgProposeVersions(read_table(reader)?),
            1 => Self::MsgAcceptVersion(reader.u16()?, VersionData::read(reader)?),
            2 => Self::MsgRefuse(RefuseReason::read(reader)?),
            _ => Self::MsgQueryReply(read_table(reader)?),
        })
    }

    fn write(&self, out: &mut impl Sink) {
        match self {
            Self::MsgProposeVersions(table) => {
                out.put(&[0x82, 0]);
                write_table(table, out);
            }
            Self::MsgAcceptVersion(version, data) => {
                out.put(&[0x83, 1]);
                out.uint(u64::from(*version));
                data.write(out);
            }
            Self::MsgRefuse(reason) => {
                out.put(&[0x82, 2]);
                reason.write(out);
            }
            Self::MsgQueryReply(table) => {
                out.put(&[0x82, 3]);
                write_table(table, out);
            }
        }
    }
}

impl VersionData {
    /// Reads one value that all of `item` must make up.
    fn decode(item: &[u8]) -> Read<Self> {
        Reader::whole(item, Self::read)
    }

    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        let at = reader.at();
        let arity = reader.array()?;
        if arity != 4 && arity != 5 {
            return Err(Malformed::new(MalformedKind::BadArity, at));
        }
        let network_magic = reader.u32()?;
        let initiator_only = reader.bool()?;
        let at = reader.at();
        let peer_sharing = match reader.u64()? {
            0 => false,
            1 => true,
            _ => return Err(Malformed::new(MalformedKind::IntegerOutOfRange, at)),
        };
        let query = reader.bool()?;
        let peras = if arity == 5 { Some(reader.bool()?) } else { None };
        Ok(Self { network_magic, initiator_only, peer_sharing, query, peras })
    }

    fn write(&self, out: &mut impl Sink) {
        out.array(if self.peras.is_some() { 5 } else { 4 });
        out.uint(u64::from(self.network_magic));
        out.bool(self.initiator_only);
        out.uint(u64::from(self.peer_sharing));
        out.bool(self.query);
        if let Some(peras) = self.peras {
            out.bool(peras);
        }
    }
}

impl RefuseReason {
    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        let tag = reader.variant(|tag| match tag {
            0 => Some(2),
            1 | 2 => Some(3),
            _ => None,
        })?;
        if tag == 0 {
            let mut count = reader.list()?;
            let mut versions = Vec::new();
            while reader.another(&mut count)? {
                versions.extend(VersionNumber::try_from(reader.u64()?));
            }
            return Ok(Self::VersionMismatch(versions));
        }
        let version = reader.u16()?;
        let text = String::from(reader.text()?);
        Ok(match tag {
            1 => Self::HandshakeDecodeError(version, text),
            _ => Self::Refused(version, text),
        })
    }

    fn write(&self, out: &mut impl Sink) {
        match self {
            Self::VersionMismatch(versions) => {
                out.put(&[0x82, 0]);
                out.array(versions.len());
                versions.iter().for_each(|version| out.uint(u64::from(*version)));
            }
            Self::HandshakeDecodeError(version, text) => {
                out.put(&[0x83, 1]);
                out.uint(u64::from(*version));
                out.text(text);
            }
            Self::Refused(version, text) => {
                out.put(&[0x83, 2]);
                out.uint(u64::from(*version));
                out.text(text);
            }
        }
    }
}

type Table = Vec<(VersionNumber, Option<VersionData>)>;

fn read_table(reader: &mut Reader<'_>) -> Read<Table> {
    let pairs = reader.definite_map()?;
    let mut table = Table::new();
    let mut last = None;
    for _ in 0..pairs {
        let at = reader.at();
        let version = reader.u64()?;
        if last >= Some(version) {
            return Err(Malformed::new(MalformedKind::KeysNotAscending, at));
        }
        last = Some(version);
        // Versions we don't know may have any data: it is skipped, not judged.
        let data = reader.skip(RAW_DEPTH)?;
        if let Ok(version) = VersionNumber::try_from(version) {
            table.push((version, VersionData::decode(data).ok()));
        }
    }
    Ok(table)
}

fn write_table(table: &[(VersionNumber, Option<VersionData>)], out: &mut impl Sink) {
    out.map(table.len());
    for (version, data) in table {
        out.uint(u64::from(*version));
        match data {
            Some(data) => data.write(out),
            None => out.null(),
        }
    }
}
