//! Made-up content is of the real form, whatever is made.
#![cfg(all(feature = "sim", feature = "leios"))]

use std::collections::BTreeSet;

use nodewire::bytes::Bytes;
use nodewire::codec::leios::{Hash32, LeiosPoint, LinearLeiosVote, SlotNo, VoteIssuer};
use nodewire::sim::made::{self, MadeBlock, MadeHeader};

#[test]
fn a_transaction_has_the_size_asked_for_and_is_one_byte_string() {
    assert!(made::tx(1, 0).is_empty());
    for size in [1, 2, 24, 25, 26, 257, 258, 259, 65_538, 65_539, 70_000] {
        let tx = made::tx(0x0102_0304_0506_0708, size);
        assert_eq!(tx.len(), size);
        let mut decoder = minicbor::Decoder::new(&tx);
        let content = decoder.bytes().unwrap();
        assert_eq!(decoder.position(), size, "nothing follows");
        assert!(content.iter().zip((1..=8).cycle()).all(|(byte, seed)| *byte == seed), "{size}");
    }
    assert_eq!(made::tx(1, 300), made::tx(1, 300));
    assert_ne!(made::tx(1, 300), made::tx(2, 300));
}

#[test]
fn the_head_of_a_transaction_is_no_wider_than_needed() {
    let pairs = [(1, 0), (24, 23), (26, 24), (257, 255), (259, 256), (65_538, 65_535)];
    for (size, content) in pairs.into_iter().chain([(65_541, 65_536), (70_000, 69_995)]) {
        let tx = made::tx(1, size);
        assert_eq!(minicbor::Decoder::new(&tx).bytes().unwrap().len(), content, "{size}");
    }
}

#[test]
fn a_block_refers_to_its_transactions() {
    let made = MadeBlock::new(SlotNo(7), (1..=3).map(|n| made::tx(n, 100))).unwrap();
    assert_eq!(made.point.slot, SlotNo(7));
    let hashes: BTreeSet<_> = made.txs.iter().map(|(hash, _)| *hash).collect();
    assert_eq!((hashes.len(), made.txs.len()), (3, 3));
    let announced = made.announced();
    assert_eq!(announced.hash, made.point.hash);
    assert_eq!(announced.size as usize, made.block.raw().len());
    assert_eq!(MadeBlock::new(SlotNo(7), []), None, "without transactions");
    assert_eq!(MadeBlock::new(SlotNo(7), [made::tx(1, 9), made::tx(1, 9)]), None, "one twice");
}

#[test]
fn a_header_says_what_it_was_made_of() {
    let block = MadeBlock::new(SlotNo(7), [made::tx(1, 100)]).unwrap();
    let made = MadeHeader::new(SlotNo(7), 5, Some(block.announced()));
    let header = made.header();
    let view = header.view().unwrap();
    assert_eq!((view.slot, view.announces), (SlotNo(7), Some(block.announced())));
    let silent = MadeHeader::new(SlotNo(7), 5, None);
    assert_eq!(silent.header().view().unwrap().announces, None);
    let mut salted = silent.clone();
    salted.salt = 1;
    assert_ne!(salted.raw(), silent.raw());
    let mut long = silent.clone();
    long.signature = 1_448;
    assert!(long.raw().len() >= silent.raw().len() + 1_000);
    let mut none = silent;
    none.excess = 4;
    assert!(none.header().view().is_err(), "too many fields");
}

/// Like a real one: another in each slot, and nothing that a compressor would find.
#[test]
fn a_signature_is_of_its_slot_and_of_many_bytes() {
    let signature = |slot| {
        let raw = MadeHeader::new(SlotNo(slot), 5, None).raw();
        raw.slice(raw.len() - 448..)
    };
    let signatures: BTreeSet<_> = (0..100).map(signature).collect();
    assert_eq!(signatures.len(), 100);
    for signature in signatures {
        let bytes: BTreeSet<_> = signature.iter().collect();
        assert!(bytes.len() > 200, "{}", bytes.len());
    }
}

#[test]
fn a_vote_is_of_its_seat() {
    let point = LeiosPoint::new(SlotNo(9), Hash32([3; 32]));
    let vote = made::vote(point, VoteIssuer(0x0102));
    assert_eq!(
        (vote.slot(), vote.block(), vote.issuer()),
        (point.slot, point.hash, VoteIssuer(0x0102))
    );
    assert_eq!(vote.signature()[..4], [1, 2, 1, 2]);
    let raw = Bytes::copy_from_slice(vote.raw());
    assert_eq!(LinearLeiosVote::from_raw(raw), Ok(vote));
}
