//! Everything with a Streamable form: one byte string for each value (S-1 to S-4).

use std::fmt::Debug;

use arbitrary::{Arbitrary, Unstructured};
use nodewire::bytes::Bytes;
use nodewire::codec::chia::{
    Blob, Body, Bytes32, Challenge, ClassgroupElement, CoinbaseInfo, FeesTarget, FullBlock, Header,
    HeaderBlock, HeaderData, HeaderDataHash, HeaderHash, Int1024, NodeId, PeerInfo,
    PrependSignature, ProofOfSpace, ProofOfTime, PublicKey, Signature, SignedCoinbase,
    TransactionId,
};
use nodewire::codec::streamable::{RustCryptoSha256, Sha256, Streamable};
use nodewire::codec::{Malformed, MalformedKind, Source};
use proptest::prelude::*;

trait Object: Streamable + Debug + PartialEq + for<'a> Arbitrary<'a> {}

impl<T: Streamable + Debug + PartialEq + for<'a> Arbitrary<'a>> Object for T {}

fn check<T: Object>(bytes: &[u8]) {
    let Ok(value) = T::arbitrary(&mut Unstructured::new(bytes)) else { return };
    let form = value.to_bytes();
    assert_eq!(form.len(), value.stream_len());
    assert!(form.len() >= T::MIN_LEN, "{} bytes of at least {}", form.len(), T::MIN_LEN);
    assert_eq!(value.get_hash::<RustCryptoSha256>(), RustCryptoSha256::sha256(&form));
    let read = Bytes::from(form.clone());
    assert_eq!(T::from_source(&read, Source::of(&read)).as_ref(), Ok(&value));
    assert_eq!(T::from_bytes(&form).as_ref(), Ok(&value));
    for end in 0..form.len() {
        let error = Malformed::new(MalformedKind::UnexpectedEnd, end);
        assert_eq!(T::from_bytes(&form[..end]), Err(error), "a part of {}", form.len());
    }
    let error = Malformed::new(MalformedKind::TrailingBytes, form.len());
    assert_eq!(T::from_bytes(&[&form[..], &[0]].concat()), Err(error));
}

/// What is read is written as it was: there is no other form of it (S-4).
fn check_flips<T: Object>(bytes: &[u8], bits: u8) {
    let Ok(value) = T::arbitrary(&mut Unstructured::new(bytes)) else { return };
    let mut form = value.to_bytes();
    for at in 0..form.len() {
        form[at] ^= bits;
        match T::from_bytes(&form) {
            Ok(other) => {
                assert_eq!(other.to_bytes(), form);
                assert_ne!(other, value);
            }
            Err(error) => assert!(error.offset <= form.len(), "{error}"),
        }
        form[at] ^= bits;
    }
}

fn check_any<T: Object>(bytes: &[u8]) {
    match T::from_bytes(bytes) {
        Ok(value) => assert_eq!(value.to_bytes(), bytes),
        Err(error) => assert!(error.offset <= bytes.len(), "{error}"),
    }
}

/// For each type.
macro_rules! each {
    ($check:ident, $($with:expr),*) => {
        each!(@ $check ($($with),*)
            u8, u16, u32, u64, i8, i16, i32, i64, [u8; 5], String, Option<u32>, Vec<u16>,
            Vec<[u8; 7]>, Vec<String>, Option<Vec<Option<u8>>>, Box<u64>,
            Blob, Bytes32, HeaderHash, HeaderDataHash, NodeId, TransactionId, PublicKey, Signature,
            PrependSignature, Int1024, Vec<HeaderHash>, Vec<PublicKey>, Vec<Signature>,
            Vec<PrependSignature>,
            PeerInfo, ClassgroupElement, ProofOfSpace, ProofOfTime, Challenge, HeaderData, Header,
            HeaderBlock, CoinbaseInfo, FeesTarget, Body, FullBlock, SignedCoinbase, Vec<PeerInfo>,
            Vec<Challenge>, Option<ProofOfTime>,
        )
    };
    (@ $check:ident $with:tt $($name:ty,)*) => {{ $( $check::<$name> $with; )* }};
}

proptest! {
    #[test]
    fn every_object_is_read_as_it_was_written(
        bytes in prop::collection::vec(any::<u8>(), 0..1_800),
    ) {
        each!(check, &bytes);
    }

    #[test]
    fn no_value_has_two_forms(
        bytes in prop::collection::vec(any::<u8>(), 0..1_500), bits in 1..=255_u8,
    ) {
        each!(check_flips, &bytes, bits);
    }

    #[test]
    fn any_bytes_are_an_object_or_none(bytes in prop::collection::vec(any::<u8>(), 0..700)) {
        each!(check_any, &bytes);
    }
}

#[test]
fn constant_bytes_make_objects() {
    for byte in [0, 0x3f, 0x40, 0xff] {
        each!(check, &[byte; 3_000]);
        each!(check_any, &[byte; 300]);
    }
}

/// Counts that nothing is behind cost nothing.
#[test]
fn a_claim_is_no_list() {
    let claim = |rest: usize| [&[0xff; 4][..], &vec![0; rest]].concat();
    for rest in [0, 1, 31, 32, 1_000] {
        let end = Malformed::new(MalformedKind::UnexpectedEnd, rest + 4);
        assert_eq!(Vec::<HeaderHash>::from_bytes(&claim(rest)), Err(end));
        assert_eq!(Vec::<PeerInfo>::from_bytes(&claim(rest)), Err(end));
        assert_eq!(Blob::from_bytes(&claim(rest)), Err(end));
        assert_eq!(String::from_bytes(&claim(rest)), Err(end));
    }
}

/// The kind that each wrong value is told as.
#[test]
fn what_is_wrong_is_told() {
    let wrong = |kind, at| Some(Malformed::new(kind, at));
    assert_eq!(Option::<u8>::from_bytes(&[2, 0]).err(), wrong(MalformedKind::BadOptionalTag, 0),);
    assert_eq!(
        String::from_bytes(&[0, 0, 0, 2, b'a', 0xff]).err(),
        wrong(MalformedKind::BadUtf8, 4),
    );
    let flagged = |first: u8| [&[first][..], &[0; 95]].concat();
    assert_eq!(
        Signature::from_bytes(&flagged(0x40)).err(),
        wrong(MalformedKind::BadSignatureFlag, 0),
    );
    assert_eq!(
        PrependSignature::from_bytes(&flagged(0x80)).err(),
        wrong(MalformedKind::BadSignatureFlag, 0),
    );
    assert!(Signature::from_bytes(&flagged(0x80)).is_ok());
    assert!(PrependSignature::from_bytes(&flagged(0xc0)).is_ok());
    // In a list, the one that is wrong.
    let list = [&[0, 0, 0, 2][..], &flagged(0x40), &flagged(0)].concat();
    assert_eq!(
        Vec::<PrependSignature>::from_bytes(&list).err(),
        wrong(MalformedKind::BadSignatureFlag, 100),
    );
}
