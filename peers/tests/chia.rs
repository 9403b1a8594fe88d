//! The objects of the Chia family beside chia-traits' derive: the same bytes, the same hashes, the
//! same values; and what bytes both take.

use arbitrary::{Arbitrary, Unstructured};
use chia_traits::Streamable as Theirs;
use minicbor::Decoder;
use nodewire::codec::Source;
use nodewire::codec::chia::{FullBlock, HeaderHash, Message, messages};
use nodewire::codec::streamable::{RustCryptoSha256, Streamable};
use nodewire_peers::chia as theirs;
use proptest::prelude::*;

fn blocks() -> impl Strategy<Value = FullBlock> {
    let bytes = prop::collection::vec(any::<u8>(), 1_300..2_500);
    bytes.prop_filter_map("too few bytes", |bytes| {
        FullBlock::arbitrary(&mut Unstructured::new(&bytes)).ok()
    })
}

proptest! {
    #[test]
    fn a_block_is_the_same_bytes_and_has_the_same_hash(block in blocks()) {
        let other = theirs::FullBlock::from(&block);
        let bytes = Theirs::to_bytes(&other).expect("not too large");
        prop_assert_eq!(Streamable::to_bytes(&block), bytes.clone());
        prop_assert_eq!(block.get_hash::<RustCryptoSha256>(), other.hash());
        prop_assert_eq!(theirs::FullBlock::from_bytes(&bytes).ok(), Some(other.clone()));
        prop_assert_eq!(<FullBlock as Streamable>::from_bytes(&bytes), Ok(block));
    }

    /// Ours is the stricter one: it looks at the flags of signatures. Whatever else is changed, both
    /// take it or neither does.
    #[test]
    fn both_take_the_same_bytes(
        block in blocks(), at: prop::sample::Index, bits in 1..=255_u8, cut: prop::sample::Index,
        whole: bool,
    ) {
        use nodewire::codec::MalformedKind;
        let mut bytes = Streamable::to_bytes(&block);
        *at.get_mut(&mut bytes) ^= bits;
        if !whole {
            bytes.truncate(cut.index(bytes.len()));
        }
        let other = theirs::FullBlock::from_bytes(&bytes);
        match <FullBlock as Streamable>::from_bytes(&bytes) {
            Ok(ours) => prop_assert_eq!(other.ok(), Some(theirs::FullBlock::from(&ours))),
            Err(malformed) if malformed.kind == MalformedKind::BadSignatureFlag => {}
            Err(malformed) => prop_assert!(other.is_err(), "{malformed}"),
        }
    }

    #[test]
    fn a_list_is_the_same_bytes(hashes: Vec<[u8; 32]>) {
        let ours: Vec<HeaderHash> = hashes.iter().map(|hash| HeaderHash(*hash)).collect();
        let bytes = Theirs::to_bytes(&hashes).expect("not too large");
        prop_assert_eq!(Streamable::to_bytes(&ours), bytes.clone());
        prop_assert_eq!(<Vec<HeaderHash> as Streamable>::from_bytes(&bytes), Ok(ours));
    }

    /// A frame is what another CBOR library reads as a map of a name and a map.
    #[test]
    fn a_frame_is_plain_cbor(block in blocks()) {
        let form = Streamable::to_bytes(&block);
        let mut body = Vec::new();
        let message = Message::from(messages::Block { block });
        message.encode(&mut body);
        let mut decoder = Decoder::new(&body);
        prop_assert_eq!(decoder.map().ok().flatten(), Some(2));
        prop_assert_eq!((decoder.str().ok(), decoder.str().ok()), (Some("f"), Some("block")));
        prop_assert_eq!(decoder.str().ok(), Some("d"));
        prop_assert_eq!(decoder.map().ok().flatten(), Some(1));
        prop_assert_eq!(decoder.str().ok(), Some("block"));
        prop_assert_eq!(decoder.bytes().ok(), Some(&form[..]));
        prop_assert_eq!(decoder.position(), body.len());
        prop_assert_eq!(Message::decode(&body, Source::COPY), Ok(message));
    }
}
