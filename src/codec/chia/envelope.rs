//! The body of a frame: a CBOR map of a function name and a map of members (`chia.md` 3.1, 3.3).

use super::member::{Member, Read};
use crate::codec::cbor::{Reader, Sink};
use crate::codec::{Malformed, MalformedKind, Source};

/// Levels that a value under an unknown key may nest (D-3). An empty array or map opens none.
pub const SKIP_DEPTH: usize = 16;

/// What is in `d`.
pub(super) trait Members: Sized {
    /// Their names, in the order they are sent in.
    const NAMES: &'static [&'static str];

    /// What they are read into.
    const BLANK: Self;

    /// Reads all of them, each once, in any order (D-4).
    fn read_over(&mut self, members: &mut Pairs<'_, '_>) -> Read<()>;

    /// Writes all of them in order (E-2), without the head of the map.
    fn write(&self, out: &mut impl Sink);

    /// Heap bytes held.
    fn heap(&self) -> usize;
}

/// The pairs of a `d` as they are read.
pub(super) struct Pairs<'r, 'a> {
    reader: &'r mut Reader<'a>,
    source: Source<'r>,
    left: u64,
    /// The offset of the last name.
    at: usize,
}

impl<'a> Pairs<'_, 'a> {
    /// The name of the next member, if there is one: a text, if it is one of ours.
    #[inline]
    pub(super) fn name(&mut self) -> Read<Option<&'a [u8]>> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        (self.left, self.at) = (left, self.reader.at());
        self.reader.text_bytes().map(Some)
    }

    /// Its value: the first of that name.
    #[inline]
    pub(super) fn value<T: Member>(&mut self, is_there: &mut bool, value: &mut T) -> Read<()> {
        if *is_there {
            return Err(Malformed::new(MalformedKind::DuplicateMember, self.at));
        }
        *is_there = true;
        value.read_over(self.reader, self.source)
    }

    /// The member of that name is none of the message's.
    pub(super) fn unknown(&self, name: &[u8]) -> Malformed {
        unknown(name, MalformedKind::UnknownMember, self.at)
    }

    /// A member that must have been there.
    pub(super) const fn there(&self, is_there: bool) -> Read<()> {
        if is_there {
            return Ok(());
        }
        Err(Malformed::new(MalformedKind::MissingMember, self.reader.at()))
    }
}

/// Reads an envelope that all of `body` must make up (D-1, D-2): `choose` finds the function of a
/// name, and `read` the members of that function. Keys may come in any order, and unknown ones are
/// passed over, without recursion (R-2, D-3, D-13).
pub(super) fn read<F: Copy, M>(
    body: &[u8],
    source: Source<'_>,
    choose: impl Fn(&[u8]) -> Option<F>,
    read: impl Fn(F, &mut Pairs<'_, '_>) -> Read<M>,
) -> Read<M> {
    let mut reader = Reader::new(body);
    let function = |reader: &mut Reader<'_>| {
        let at = reader.at();
        let name = reader.text_bytes()?;
        choose(name).ok_or_else(|| unknown(name, MalformedKind::UnknownMessage, at))
    };
    let members = |function: F, reader: &mut Reader<'_>| {
        let left = reader.definite_map()?;
        let at = reader.at();
        read(function, &mut Pairs { reader, source, left, at })
    };
    // As everybody writes it (E-1).
    if reader.take_if(3, |start| start == b"\xa2\x61f").is_some() {
        let function = function(&mut reader)?;
        if reader.take_if(2, |key| key == b"\x61d").is_some() {
            // Returned where it was read to.
            let mut found = members(function, &mut reader);
            if let (Ok(_), Err(trailing)) = (&found, reader.finish()) {
                found = Err(trailing);
            }
            return found;
        }
        reader = Reader::new(body);
    }
    let mut named = None;
    let mut found = None;
    // A `d` that came before its `f` is read when it is known what it is.
    let mut early: Option<Reader<'_>> = None;
    for _ in 0..reader.definite_map()? {
        let at = reader.at();
        match reader.text_bytes()? {
            b"f" if named.is_some() => return Err(twice(at)),
            b"f" => named = Some(function(&mut reader)?),
            b"d" if found.is_some() || early.is_some() => return Err(twice(at)),
            b"d" => match named {
                Some(function) => found = Some(members(function, &mut reader)?),
                None => {
                    early = Some(reader.clone());
                    reader.skip_definite::<SKIP_DEPTH>()?;
                }
            },
            other => {
                text(other, at)?;
                reader.skip_definite::<SKIP_DEPTH>()?;
            }
        }
    }
    let missing = || Malformed::new(MalformedKind::MissingMember, body.len());
    let function = named.ok_or_else(missing)?;
    reader.finish()?;
    match (found, early) {
        (Some(found), _) => Ok(found),
        (None, Some(mut early)) => members(function, &mut early),
        (None, None) => Err(missing()),
    }
}

/// Writes the envelope of a function (E-1 to E-4).
#[inline]
pub(super) fn write<M: Members>(name: &str, members: &M, out: &mut impl Sink) {
    out.put(&[0xa2, 0x61, b'f']);
    out.text(name);
    out.put(&[0x61, b'd']);
    out.map(M::NAMES.len());
    members.write(out);
}

/// The fault of a name that is none of ours, if it is a text.
#[cold]
fn unknown(name: &[u8], kind: MalformedKind, at: usize) -> Malformed {
    text(name, at).err().unwrap_or(Malformed::new(kind, at))
}

/// A key that is none of ours is a text all the same.
#[cold]
fn text(key: &[u8], at: usize) -> Read<()> {
    let text = core::str::from_utf8(key);
    text.map(drop).map_err(|_| Malformed::new(MalformedKind::BadUtf8, at))
}

#[cold]
const fn twice(at: usize) -> Malformed {
    Malformed::new(MalformedKind::DuplicateMember, at)
}
