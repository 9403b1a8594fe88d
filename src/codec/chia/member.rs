//! The CBOR forms of members (`chia.md` 3.2): numbers, byte strings, texts, lists; and what is
//! hashable as one byte string that holds its Streamable form.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::codec::cbor::{Reader, Sink};
use crate::codec::{Malformed, MalformedKind, Source};

pub(super) type Read<T> = Result<T, Malformed>;

/// A type that members of messages may have.
pub(crate) trait Member: Sized {
    /// The fewest bytes that a value takes: counts of lists are checked against it (D-9).
    const MIN_LEN: usize;

    /// Reads a value (D-5 to D-10).
    fn read(reader: &mut Reader<'_>, source: Source<'_>) -> Read<Self>;

    /// Reads a value into the place of this one.
    #[inline]
    fn read_over(&mut self, reader: &mut Reader<'_>, source: Source<'_>) -> Read<()> {
        *self = Self::read(reader, source)?;
        Ok(())
    }

    /// Reads so many values one after the other; there are bytes enough for them.
    fn read_list(reader: &mut Reader<'_>, source: Source<'_>, count: usize) -> Read<Vec<Self>> {
        read_each(reader, source, count)
    }

    /// Writes a value (E-3, E-4).
    fn write(&self, out: &mut impl Sink);

    /// Writes values, one after the other.
    fn write_list(list: &[Self], out: &mut impl Sink) {
        for value in list {
            value.write(out);
        }
    }

    /// Heap bytes held.
    fn heap(&self) -> usize {
        0
    }
}

/// Reads so many values one after the other.
pub(super) fn read_each<T: Member>(
    reader: &mut Reader<'_>,
    source: Source<'_>,
    count: usize,
) -> Read<Vec<T>> {
    let mut list = Vec::with_capacity(count);
    for _ in 0..count {
        list.push(T::read(reader, source)?);
    }
    Ok(list)
}

/// Unsigned integers of major type 0 (D-5).
macro_rules! number {
    ($($number:ty),*) => { $(
        impl Member for $number {
            const MIN_LEN: usize = 1;

            #[inline]
            fn read(reader: &mut Reader<'_>, _: Source<'_>) -> Read<Self> {
                let from = reader.at();
                let out_of_range = |_| Malformed::new(MalformedKind::IntegerOutOfRange, from);
                Self::try_from(reader.u64()?).map_err(out_of_range)
            }

            #[inline]
            fn write(&self, out: &mut impl Sink) {
                out.uint(u64::from(*self));
            }
        }
    )* };
}

number!(u8, u16, u32);

impl Member for u64 {
    const MIN_LEN: usize = 1;

    fn read(reader: &mut Reader<'_>, _: Source<'_>) -> Read<Self> {
        reader.u64()
    }

    fn write(&self, out: &mut impl Sink) {
        out.uint(*self);
    }
}

/// A text (D-7).
impl Member for String {
    const MIN_LEN: usize = 1;

    fn read(reader: &mut Reader<'_>, _: Source<'_>) -> Read<Self> {
        reader.text_or(MalformedKind::BadUtf8).map(Self::from)
    }

    fn write(&self, out: &mut impl Sink) {
        out.text(self);
    }

    fn heap(&self) -> usize {
        self.capacity()
    }
}

/// Null, or the value.
impl<T: Member> Member for Option<T> {
    const MIN_LEN: usize = 1;

    fn read(reader: &mut Reader<'_>, source: Source<'_>) -> Read<Self> {
        if reader.null() { Ok(None) } else { T::read(reader, source).map(Some) }
    }

    fn write(&self, out: &mut impl Sink) {
        match self {
            Some(value) => value.write(out),
            None => out.null(),
        }
    }

    fn heap(&self) -> usize {
        self.as_ref().map_or(0, Member::heap)
    }
}

/// An array of definite length.
impl<T: Member> Member for Vec<T> {
    const MIN_LEN: usize = 1;

    fn read(reader: &mut Reader<'_>, source: Source<'_>) -> Read<Self> {
        let from = reader.at();
        let claimed = reader.array()?;
        let most = reader.left().checked_div(T::MIN_LEN).unwrap_or(0);
        let Some(count) = usize::try_from(claimed).ok().filter(|count| *count <= most) else {
            return Err(Malformed::new(MalformedKind::TooLarge, from));
        };
        T::read_list(reader, source, count)
    }

    fn write(&self, out: &mut impl Sink) {
        out.array(self.len());
        out.make_room(self.len().saturating_mul(T::MIN_LEN));
        T::write_list(self, out);
    }

    fn heap(&self) -> usize {
        let own = self.capacity().saturating_mul(size_of::<T>());
        self.iter().map(Member::heap).fold(own, usize::saturating_add)
    }
}

/// A pair: an array of two.
impl<A: Member, B: Member> Member for (A, B) {
    const MIN_LEN: usize = 1 + A::MIN_LEN + B::MIN_LEN;

    fn read(reader: &mut Reader<'_>, source: Source<'_>) -> Read<Self> {
        reader.array_exact(2)?;
        let first = A::read(reader, source)?;
        Ok((first, B::read(reader, source)?))
    }

    fn write(&self, out: &mut impl Sink) {
        out.array(2);
        self.0.write(out);
        self.1.write(out);
    }

    fn heap(&self) -> usize {
        self.0.heap().saturating_add(self.1.heap())
    }
}

impl<T: Member> Member for Box<T> {
    const MIN_LEN: usize = T::MIN_LEN;

    fn read(reader: &mut Reader<'_>, source: Source<'_>) -> Read<Self> {
        T::read(reader, source).map(Self::new)
    }

    fn write(&self, out: &mut impl Sink) {
        T::write(self, out);
    }

    fn heap(&self) -> usize {
        size_of::<T>().saturating_add(T::heap(self))
    }
}
