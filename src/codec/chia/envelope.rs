//! The body of a frame: a CBOR map of a function name and a map of members (`chia.md` 3.1, 3.3).

use super::member::{Member, Read};
use crate::codec::cbor::{Reader, Sink};
use crate::codec::{Malformed, MalformedKind, Source};

/// Levels that a value under an unknown key may nest (D-3).
pub const SKIP_DEPTH: usize = 16;

/// What is in `d`.
pub(super) trait Members: Sized {
    /// Their names, in the order they are sent in.
    const NAMES: &'static [&'static str];

    /// Reads all of them, each once, in any order (D-4).
    fn read(members: &mut Pairs<'_, '_>) -> Read<Self>;

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
    /// The name of the next member, if there is one.
    pub(super) fn name(&mut self) -> Read<Option<&'a str>> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        (self.left, self.at) = (left, self.reader.at());
        self.reader.text_or(MalformedKind::BadUtf8).map(Some)
    }

    /// Its value: the first of that name.
    pub(super) fn value<T: Member>(&mut self, slot: &mut Option<T>) -> Read<()> {
        if slot.is_some() {
            return Err(Malformed::new(MalformedKind::DuplicateMember, self.at));
        }
        *slot = Some(T::read(self.reader, self.source)?);
        Ok(())
    }

    /// The member of that name is none of the message's.
    #[cold]
    pub(super) const fn unknown(&self) -> Malformed {
        Malformed::new(MalformedKind::UnknownMember, self.at)
    }

    /// A member that must have been there.
    pub(super) fn there<T>(&self, slot: Option<T>) -> Read<T> {
        slot.ok_or_else(|| Malformed::new(MalformedKind::MissingMember, self.reader.at()))
    }
}

/// Reads an envelope that all of `body` must make up (D-1): `choose` finds the function of a name,
/// and `read` the members of that function.
pub(super) fn read<F: Copy, M>(
    body: &[u8],
    source: Source<'_>,
    choose: impl Fn(&str) -> Option<F>,
    read: impl Fn(F, &mut Pairs<'_, '_>) -> Read<M>,
) -> Read<M> {
    let mut reader = Reader::new(body);
    let members = |function: F, reader: &mut Reader<'_>| {
        let left = reader.definite_map()?;
        let at = reader.at();
        read(function, &mut Pairs { reader, source, left, at })
    };
    let mut function = None;
    let mut found = None;
    // A `d` that came before its `f` is read when it is known what it is.
    let mut early: Option<Reader<'_>> = None;
    for _ in 0..reader.definite_map()? {
        let at = reader.at();
        match reader.text_or(MalformedKind::BadUtf8)? {
            "f" if function.is_some() => return Err(twice(at)),
            "f" => {
                let at = reader.at();
                let unknown = || Malformed::new(MalformedKind::UnknownMessage, at);
                function =
                    Some(choose(reader.text_or(MalformedKind::BadUtf8)?).ok_or_else(unknown)?);
            }
            "d" if found.is_some() || early.is_some() => return Err(twice(at)),
            "d" => match function {
                Some(function) => found = Some(members(function, &mut reader)?),
                None => {
                    early = Some(reader.clone());
                    reader.skip_definite::<SKIP_DEPTH>()?;
                }
            },
            _ => reader.skip_definite::<SKIP_DEPTH>()?,
        }
    }
    let missing = || Malformed::new(MalformedKind::MissingMember, body.len());
    let function = function.ok_or_else(missing)?;
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

#[cold]
const fn twice(at: usize) -> Malformed {
    Malformed::new(MalformedKind::DuplicateMember, at)
}
