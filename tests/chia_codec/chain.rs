//! Real blocks: their derived properties and every hash.

use nodewire::bytes::Bytes;
use nodewire::codec::Source;
use nodewire::codec::chia::{FullBlock, Shape};
use nodewire::codec::streamable::{RustCryptoSha256 as Sha, Streamable};
use serde_json::Value;

use crate::data::{hex_of, number};
use crate::shared_vectors::shared;

fn check(vector: &Value) -> FullBlock {
    let stream = Bytes::from(hex_of(&vector["block"]));
    let block = FullBlock::from_source(&stream, Source::of(&stream)).unwrap();
    assert_eq!(block.to_bytes(), stream);
    let hash = |name: &str| <[u8; 32]>::try_from(hex_of(&vector[name])).unwrap();
    let header_block = &block.header_block;
    let challenge = header_block.challenge.as_ref().unwrap();
    assert_eq!(u64::from(block.height()), number(&vector["height"]));
    assert_eq!(header_block.height(), Some(block.height()));
    assert_eq!(block.weight(), number(&vector["weight"]));
    assert_eq!(block.prev_header_hash().0, hash("prev_header_hash"));
    assert_eq!(block.header_hash::<Sha>().0, hash("header_hash"));
    assert_eq!(header_block.header.data.hash::<Sha>().0, hash("header_data_hash"));
    assert_eq!(challenge.hash::<Sha>().0, hash("challenge_hash"));
    assert_eq!(header_block.proof_of_space.get_hash::<Sha>(), hash("proof_of_space_hash"));
    assert_eq!(challenge.proof_of_space_hash.0, hash("proof_of_space_hash"));
    assert_eq!(block.body.get_hash::<Sha>(), hash("body_hash"));
    assert_eq!(block.shape(), Shape::Finished);
    let k = usize::from(header_block.proof_of_space.size);
    assert_eq!(header_block.proof_of_space.proof.0.len(), 8 * k);
    block
}

#[test]
fn every_block_has_the_hashes_that_the_original_gave_it() {
    let test = "every_block_has_the_hashes_that_the_original_gave_it";
    let Some(vectors) = shared(test, "chia", "chain.json") else { return };
    let genesis = check(&vectors["testnet_genesis"]);
    assert_eq!(genesis.stream_len(), 2_125);
    let mut blocks = 0;
    for chain in ["main", "fork_after_height_20"] {
        let mut parent: Option<FullBlock> = None;
        for vector in vectors[chain].as_array().unwrap() {
            let block = check(vector);
            if let Some(parent) = parent {
                assert_eq!(block.prev_header_hash(), parent.header_hash::<Sha>());
            }
            parent = Some(block);
            blocks += 1;
        }
    }
    assert_eq!(blocks, 73);
}

#[test]
fn a_twin_shares_the_header_hash_and_nothing_more() {
    let test = "a_twin_shares_the_header_hash_and_nothing_more";
    let Some(vectors) = shared(test, "chia", "chain.json") else { return };
    let block = check(&vectors["main"][3]);
    let mut twin = block.clone();
    twin.header_block.challenge.as_mut().unwrap().total_weight += 1;
    assert_eq!(twin.header_hash::<Sha>(), block.header_hash::<Sha>());
    assert_ne!(twin.whole_hash::<Sha>(), block.whole_hash::<Sha>());
    twin.header_block.challenge = None;
    assert_eq!(twin.shape(), Shape::Mixed);
    twin.header_block.proof_of_time = None;
    assert_eq!((twin.shape(), twin.weight()), (Shape::Unfinished, 0));
    assert_eq!(twin.height(), block.height());
}
