//! The Streamable forms of numbers, byte arrays, texts, lists and optional values (`chia.md` 4).

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Put, Reader, Streamable};
use crate::codec::{Malformed, MalformedKind};

/// Big-endian numbers.
macro_rules! number {
    ($($number:ty),*) => { $(
        impl Streamable for $number {
            const MIN_LEN: usize = size_of::<Self>();

            #[inline]
            fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
                Ok(Self::from_be_bytes(*reader.array()?))
            }

            #[inline]
            fn write(&self, out: &mut impl Put) {
                out.put(&self.to_be_bytes());
            }

            fn list_len(list: &[Self]) -> usize {
                list.len().saturating_mul(size_of::<Self>())
            }
        }
    )* };
}

number!(u8, u16, u32, u64, i8, i16, i32, i64);

/// `bytesN`: as they are.
impl<const N: usize> Streamable for [u8; N] {
    const MIN_LEN: usize = N;

    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        reader.array().copied()
    }

    #[inline]
    fn write(&self, out: &mut impl Put) {
        out.put(self);
    }

    fn read_list(reader: &mut Reader<'_>, count: usize) -> Result<Vec<Self>, Malformed> {
        reader.take(count.saturating_mul(N)).map(|bytes| arrays(bytes, |array| array))
    }

    fn write_list(list: &[Self], out: &mut impl Put) {
        out.put(list.as_flattened());
    }

    fn list_len(list: &[Self]) -> usize {
        list.len().saturating_mul(N)
    }
}

/// A count of bytes, and UTF-8.
impl Streamable for String {
    const MIN_LEN: usize = 4;

    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let length = reader.count(1)?;
        let from = reader.at();
        let text = core::str::from_utf8(reader.take(length)?);
        text.map(Self::from).map_err(|_| Reader::wrong(MalformedKind::BadUtf8, from))
    }

    fn write(&self, out: &mut impl Put) {
        write_count(self.len(), out);
        out.put(self.as_bytes());
    }
}

/// `00`, or `01` and the value; nothing else.
impl<T: Streamable> Streamable for Option<T> {
    const MIN_LEN: usize = 1;

    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        if is_there(reader)? { T::read(reader).map(Some) } else { Ok(None) }
    }

    fn write(&self, out: &mut impl Put) {
        out.put(&[u8::from(self.is_some())]);
        if let Some(value) = self {
            value.write(out);
        }
    }
}

/// A count, and the values.
impl<T: Streamable> Streamable for Vec<T> {
    const MIN_LEN: usize = 4;

    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let count = reader.count(T::MIN_LEN)?;
        T::read_list(reader, count)
    }

    fn write(&self, out: &mut impl Put) {
        write_count(self.len(), out);
        T::write_list(self, out);
    }

    fn stream_len(&self) -> usize {
        T::list_len(self).saturating_add(4)
    }
}

/// As the value itself.
impl<T: Streamable> Streamable for Box<T> {
    const MIN_LEN: usize = T::MIN_LEN;

    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        T::read(reader).map(Self::new)
    }

    #[inline]
    fn read_over(&mut self, reader: &mut Reader<'_>) -> Result<(), Malformed> {
        T::read_over(self, reader)
    }

    #[inline]
    fn write(&self, out: &mut impl Put) {
        T::write(self, out);
    }
}

/// The values that so many bytes each make up, one after the other.
///
/// Not inlined: only of a slice that came as an argument the compiler knows that the list is none of
/// it, and makes one copy of all.
#[inline(never)]
pub(crate) fn arrays<const N: usize, T>(bytes: &[u8], value: impl Fn([u8; N]) -> T) -> Vec<T> {
    let chunks = bytes.chunks_exact(N.max(1));
    let mut list = Vec::with_capacity(chunks.len());
    list.extend(chunks.map(|chunk| value(*chunk.first_chunk().unwrap_or(&[0; N]))));
    list
}

/// Has the forms of values that take so many bytes each written to their places, one after the
/// other: where they go is found, and its end moved, once for all.
pub(crate) fn fill_each<const N: usize, T>(
    list: &[T],
    form: impl Fn(&T, &mut [u8; N]),
) -> impl FnOnce(&mut [u8]) {
    move |bytes| {
        let places = bytes.chunks_exact_mut(N.max(1)).filter_map(<[u8]>::first_chunk_mut);
        for (place, value) in places.zip(list) {
            form(value, place);
        }
    }
}

/// The count before a list, which has fewer entries than the number can say: they are in memory,
/// and what is sent was bounded before.
pub(crate) fn write_count(count: usize, out: &mut impl Put) {
    u32::try_from(count).unwrap_or(u32::MAX).write(out);
}

/// The byte that says whether a value follows.
#[inline]
pub(crate) fn is_there(reader: &mut Reader<'_>) -> Result<bool, Malformed> {
    let from = reader.at();
    match u8::read(reader)? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Reader::wrong(MalformedKind::BadOptionalTag, from)),
    }
}
