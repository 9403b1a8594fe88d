//! What a syncing node is answered by who told the tip.

use std::time::Duration;

use nodewire::codec::chia::NodeType::FullNode;
use nodewire::codec::chia::messages::{AllHeaderHashes, Block, HeaderBlocks};
use nodewire::codec::chia::{HeaderHash, Message};
use nodewire::state::chia::SyncLimits;

use crate::blocks::{changed, full_node, of_a_block, raise, top};
use crate::flood::frame;
use crate::kinds::{Kind, OF_A_HASH, bytes32};

/// How long until a sync has begun.
const BEGUN: Duration = Duration::from_secs(6);

/// A tip at this height that is nowhere, another each time.
const HEIGHT: u32 = 60;

fn tips() -> impl FnMut(u64) -> Vec<u8> {
    let mut changed = changed(|number, block| {
        raise(number, block, HEIGHT);
        block.header_block.challenge.as_mut().unwrap().total_weight = 1_000_000 + number;
    });
    move |number| frame(Block { block: changed(number) })
}

fn kind(name: &'static str, reaction: impl FnMut(Message) -> Vec<u8> + 'static) -> Kind {
    let limits = SyncLimits::default();
    let kind = Kind::new(name, FullNode, tips()).pauses(BEGUN).reacts(reaction);
    kind.keeps("max_barred", limits.max_barred, OF_A_HASH).keeps("max_tips", 4, of_a_block())
}

#[test]
fn lists_that_are_made_up() {
    let no_genesis = |message| match message {
        Message::RequestAllHeaderHashes(it) => {
            let hashes = (0..u64::from(HEIGHT)).map(|number| HeaderHash(bytes32(number).0));
            frame(AllHeaderHashes { header_hashes: hashes.chain([it.tip_header_hash]).collect() })
        }
        _ => vec![],
    };
    full_node()
        .flood(kind("hashes of another chain (A-6)", no_genesis).ends(&["InvalidHeaderHashes"]));
}

#[test]
fn headers_that_are_made_up() {
    let genesis = crate::blocks::chain().0.chain().genesis;
    let header = top().header_block;
    let between = move |message| match message {
        Message::RequestAllHeaderHashes(it) => {
            let hashes = (1..u64::from(HEIGHT)).map(|number| HeaderHash(bytes32(number).0));
            let hashes = std::iter::once(genesis).chain(hashes).chain([it.tip_header_hash]);
            frame(AllHeaderHashes { header_hashes: hashes.collect() })
        }
        Message::RequestHeaderBlocks(it) => {
            let header_blocks = vec![header.clone(); it.heights.len()];
            frame(HeaderBlocks { tip_header_hash: it.tip_header_hash, header_blocks })
        }
        _ => vec![],
    };
    full_node()
        .flood(kind("headers of another chain (A-6)", between).ends(&["InvalidHeaderBlocks"]));
}
