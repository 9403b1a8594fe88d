//! Who is told what of the tips (`chia.md` 7.5, F-20, F-21, T-20, W-1).

use nodewire::codec::chia::messages::{Block, NewLca, ProofOfSpaceInfo, ProofOfTimeRate};
use nodewire::codec::chia::{Message, NodeType};
use nodewire::state::chia::{Added, ConnectionId, Delivery, FullNodeCommand, FullNodeConfig};

use super::{A, B, FARMER, Node, TIMELORD, WALLET, branch, chain, finalized, maker, start};
use crate::given::to;

/// A chain with three tips, the heaviest first.
fn with_three_tips() -> Node {
    let mut node = Node::among_peers(4, FullNodeConfig::default());
    let blocks = chain(4);
    for (parent, plot) in [(&blocks[2], 2), (&blocks[3], 3), (&blocks[3], 4)] {
        node.block(A, &branch(parent, plot, 1)[0]);
    }
    assert_eq!(node.played.machine.chain().tips.len(), 3);
    node
}

#[test]
fn everybody_is_greeted() {
    let mut node = with_three_tips();
    let chain = node.played.machine.chain().clone();
    let tips = chain.tips.clone();
    assert!(tips.windows(2).all(|pair| pair[0].weight >= pair[1].weight));
    let all = |peer: u64, messages: Vec<Message>| -> Vec<Delivery> {
        messages.into_iter().map(|message| to(peer, message)).collect()
    };
    node.played.connect(20, NodeType::FullNode);
    assert_eq!(node.played.sent(), [], "the blocks are read first");
    node.answer();
    let blocks = tips.iter().map(|tip| node.ledger.block(tip.header_hash).unwrap());
    let blocks = blocks.map(|block| Block { block: block.as_ref().clone() }.into()).collect();
    assert_eq!(node.played.sent(), all(20, blocks), "heaviest first");
    node.played.connect(21, NodeType::Farmer);
    let mut messages = vec![ProofOfTimeRate { pot_estimate_ips: 1_000 }.into()];
    messages.extend(tips.iter().map(finalized));
    assert_eq!(node.played.sent(), all(21, messages), "F-20");
    // An unfinished block on a tip, of which a new timelord hears too.
    let top = node.top();
    let unfinished = maker(9).unfinished(&top);
    node.unfinished(A, &unfinished);
    node.played.connect(22, NodeType::Timelord);
    let mut messages: Vec<_> = tips.iter().map(start).collect();
    let (_, iterations_needed) = node.ledger.judge_unfinished(&unfinished).unwrap();
    let challenge_hash = tips[0].challenge_hash;
    messages.push(ProofOfSpaceInfo { challenge_hash, iterations_needed }.into());
    assert_eq!(node.played.sent(), all(22, messages), "T-20");
    node.played.connect(23, NodeType::Wallet);
    let lca = NewLca { lca_hash: chain.lca, height: chain.lca_height };
    assert_eq!(node.played.sent(), [to(23, lca)], "W-1");
    for silent in [NodeType::Introducer, NodeType::Harvester] {
        node.played.connect(24, silent);
        assert_eq!(node.played.sent(), []);
    }
}

#[test]
fn a_new_tip_is_told_in_order() {
    let mut node = Node::among_peers(4, FullNodeConfig::default());
    let block = branch(&node.top(), 1, 1).remove(0);
    node.hear(A, Block { block: block.clone() });
    let (id, _) = node.played.question();
    // The rate has changed with it.
    let Added::Tip(mut after) = node.ledger.add(block.clone()) else { panic!() };
    after.ips = 77;
    node.played.local(FullNodeCommand::Added(id, Added::Tip(after.clone())));
    let tip = after.tips[0];
    let broadcast = |to, message| Delivery::Broadcast(to, message);
    let lca = NewLca { lca_hash: after.lca, height: after.lca_height };
    let expected = [
        broadcast(NodeType::Farmer, ProofOfTimeRate { pot_estimate_ips: 77 }.into()),
        broadcast(NodeType::Timelord, start(&tip)),
        Delivery::BroadcastToOthers(NodeType::FullNode, ConnectionId(A), Block { block }.into()),
        broadcast(NodeType::Farmer, finalized(&tip)),
        broadcast(NodeType::Wallet, lca.into()),
    ];
    assert_eq!(node.played.sent(), expected, "F-21, W-1");
    // With the same rate and the same common ancestor, neither is told again.
    let block = branch(&chain(3)[2], 5, 1).remove(0);
    let before = node.played.machine.chain().clone();
    node.hear(B, Block { block: block.clone() });
    let (id, _) = node.played.question();
    let Added::Tip(mut after) = node.ledger.add(block) else { panic!() };
    (after.ips, after.lca, after.lca_height) = (77, before.lca, before.lca_height);
    node.played.local(FullNodeCommand::Added(id, Added::Tip(after)));
    assert_eq!(node.played.sent().len(), 3);
    for peer in [FARMER, TIMELORD, WALLET] {
        node.played.disconnect(peer);
    }
}
