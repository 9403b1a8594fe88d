//! What messages hold, counted: never more than they say, nothing by a claim, and frames shared
//! where that is worth it.

use arbitrary::{Arbitrary, Unstructured};
use nodewire::bytes::Bytes;
use nodewire::codec::Source;
use nodewire::codec::chia::{Blob, FullBlock, Message, ProofOfTime, messages};
use nodewire::codec::streamable::Streamable;
use proptest::prelude::*;

use crate::heap;
use crate::{any_message, encoded, message_of};

/// Decoding holds at most so many times the bytes that are there, ...
const FACTOR: usize = 6;
/// ... and so many more: the largest message's own size.
const SELF: usize = 2_048;

/// Decodes, counting: what was held at most, and what is held in the end by the message alone.
fn weighed(bytes: &[u8], shared: bool) -> (usize, usize, Option<Message>) {
    let read = heap::apart(|| bytes.to_vec());
    let base = heap::live();
    heap::peak();
    let message = heap::held(|| {
        let read = Bytes::from(read);
        let source = if shared { Source::of(&read) } else { Source::COPY };
        Message::decode(&read, source).ok()
    });
    (heap::peak() - base, heap::live() - base, message)
}

/// The same for the read itself, made inside: what the message keeps alive of it counts.
fn kept_alive(bytes: &[u8]) -> (usize, Option<Message>) {
    let base = heap::live();
    let message = heap::held(|| {
        let read = Bytes::from(bytes.to_vec());
        Message::decode(&read, Source::of(&read)).ok()
    });
    (heap::live() - base, message)
}

proptest! {
    #[test]
    fn messages_hold_no_more_than_they_say(message in any_message()) {
        let bytes = encoded(&message);
        let (peak, live, copied) = weighed(&bytes, false);
        let copied = copied.expect("our own encoding");
        prop_assert!(live <= copied.heap(), "{live} live, {} told", copied.heap());
        prop_assert!(peak <= FACTOR * bytes.len() + SELF, "{peak} of {}", bytes.len());
        drop(copied);
        let (kept, shared) = kept_alive(&bytes);
        let shared = shared.expect("our own encoding");
        prop_assert!(kept <= shared.heap(), "{kept} kept alive, {} told", shared.heap());
        let told = shared.heap();
        prop_assert!(told <= 64 * (bytes.len() + 64), "{told} of {}", bytes.len());
        // A clone holds no more than it says either.
        let base = heap::live();
        let clone = heap::held(|| message.clone());
        let live = heap::live() - base;
        prop_assert!(live <= clone.heap(), "{live} of a clone, {} told", clone.heap());
    }

    /// Wrong bytes are not worth more memory than right ones, and none in the end.
    #[test]
    fn wrong_bytes_hold_nothing(
        message in any_message(), at: prop::sample::Index, bits in 1..=255_u8, shared: bool,
    ) {
        let mut bytes = encoded(&message);
        *at.get_mut(&mut bytes) ^= bits;
        let (peak, live, decoded) = weighed(&bytes, shared);
        prop_assert!(peak <= FACTOR * bytes.len() + SELF, "{peak} of {}", bytes.len());
        let told = decoded.as_ref().map_or(0, Message::heap);
        prop_assert!(live <= told, "{live} live, {told} told");
    }
}

/// Claims of all that a head can claim, before nothing and before a little.
#[test]
fn nothing_is_reserved_for_claims() {
    let open: [&[u8]; 8] = [
        b"\xa2\x61f\x71all_header_hashes\x61d\xa1\x6dheader_hashes",
        b"\xa2\x61f\x65peers\x61d\xa1\x69peer_list",
        b"\xa2\x61f\x6dheader_blocks\x61d\xa1\x6dheader_blocks",
        b"\xa2\x61f\x65block\x61d\xa1\x65block",
        b"\xa2\x61f\x6fnew_transaction\x61d\xa1\x6btransaction",
        b"\xa2\x61f\x69handshake\x61d\xa1\x6anetwork_id",
        b"\xa2\x61f",
        b"",
    ];
    for open in open {
        for major in 0..8_u8 {
            for head in [&[0x1a, 0x7f, 0xff, 0xff, 0xff][..], &[0x1b, 0x7f, 0, 0, 0, 0, 0, 0, 0]] {
                let mut head = head.to_vec();
                head[0] |= major << 5;
                for more in [0, 300] {
                    let bytes = [open, &head, &vec![0x40; more]].concat();
                    let (peak, live, message) = weighed(&bytes, false);
                    assert_eq!((live, message), (0, None));
                    assert!(peak <= SELF, "{peak} bytes for {bytes:x?}");
                }
            }
        }
    }
}

/// A list inside a Streamable form that claims 2^32 - 1 entries.
#[test]
fn nothing_is_reserved_for_claims_inside_objects() {
    let base = heap::live();
    heap::peak();
    let claim = [&[0xff; 4][..], &[0x41; 2_000]].concat();
    heap::held(|| {
        assert!(Vec::<FullBlock>::from_bytes(&claim).is_err());
        assert!(Vec::<String>::from_bytes(&claim).is_err());
        assert!(Blob::from_bytes(&claim).is_err());
    });
    let peak = heap::peak() - base;
    assert!(peak == 0, "{peak} bytes");
}

/// What a small message takes is its own place.
#[test]
fn small_messages_allocate_nothing() {
    use nodewire::codec::chia::{Function, HeaderHash};
    let small = [Function::Ping, Function::Pong, Function::HandshakeAck, Function::RequestPeers];
    let made = small.map(|function| message_of(function, &[7; 64]).expect("bytes enough"));
    let request = messages::RequestBlock { header_hash: HeaderHash([7; 32]) }.into();
    for message in made.into_iter().chain([request]) {
        let mut out = Vec::with_capacity(128);
        let before = heap::calls();
        heap::held(|| {
            message.encode(&mut out);
            assert_eq!(Message::decode(&out, Source::COPY).as_ref(), Ok(&message));
        });
        assert_eq!(heap::calls(), before, "{message:?}");
        assert_eq!(message.heap(), 0);
    }
}

fn within(part: &Bytes, read: &Bytes) -> bool {
    let (part, read) = (part.as_ptr_range(), read.as_ptr_range());
    read.start <= part.start && part.end <= read.end
}

/// Proof and witness are slices of the frame if they are a quarter of it, else copies, so that a
/// small one does not keep a large frame alive.
#[test]
fn large_blobs_are_slices_of_the_frame() {
    let block = |proof: usize, witness: usize| {
        let block = message_of(nodewire::codec::chia::Function::Block, &[1; 3_000]);
        let Some(Message::Block(mut block)) = block else { panic!("{block:?}") };
        let header_block = &mut block.block.header_block;
        header_block.proof_of_space.proof = Blob(vec![7; proof].into());
        let time = ProofOfTime::arbitrary(&mut Unstructured::new(&[1; 3_000]));
        let witness = Blob(vec![9; witness].into());
        header_block.proof_of_time = Some(ProofOfTime { witness, ..time.expect("bytes enough") });
        Bytes::from(encoded(&Message::Block(block)))
    };
    for (proof, witness, shared) in [
        (152, 934, [false, true]),
        (152, 16_000, [false, true]),
        (4_000, 4_000, [true, true]),
        (3_000, 100, [true, false]),
        (0, 0, [false, false]),
    ] {
        let read = block(proof, witness);
        let Ok(Message::Block(block)) = Message::decode(&read, Source::of(&read)) else { panic!() };
        let header_block = &block.block.header_block;
        let witness = &header_block.proof_of_time.as_ref().unwrap().witness.0;
        let found = [&header_block.proof_of_space.proof.0, witness].map(|it| within(it, &read));
        assert_eq!(found, shared, "{proof} and {} of {}", witness.len(), read.len());
    }
    let transaction = messages::NewTransaction { transaction: Default::default() };
    let mut transaction = Message::from(transaction);
    if let Message::NewTransaction(it) = &mut transaction {
        it.transaction.0 = Blob(vec![3; 500].into());
    }
    let read = Bytes::from(encoded(&transaction));
    let decoded = Message::decode(&read, Source::of(&read));
    let Ok(Message::NewTransaction(it)) = &decoded else { panic!("{decoded:?}") };
    assert!(within(&it.transaction.0.0, &read));
}
