//! Full nodes among each other: nothing goes round for ever, and whoever is late catches up.

use std::collections::VecDeque;
use std::time::Duration;

use nodewire::codec::chia::messages::{
    Block, NewProofOfTime, ProofOfTimeFinished, UnfinishedBlock,
};
use nodewire::codec::chia::{FullBlock, Message, NodeId, NodeType};
use nodewire::sim::chia::{Answers, Keeper, Ledger, Oracle, stand_in};
use nodewire::state::chia::{
    ConnectionId, Delivery, Direction, FromPeer, FullNode, FullNodeConfig, Peer, Whereabouts,
};
use nodewire::{Action, Machine, Outbox, Time};

use super::{branch, chain, consensus, genesis, maker};

/// Full nodes, each connected to every other, and what they said to each other.
struct Web {
    nodes: Vec<(FullNode, Keeper)>,
    now: Time,
    on_the_way: VecDeque<(usize, usize, Message)>,
    said: Vec<(usize, usize, &'static str)>,
    penalties: Vec<(usize, u64, &'static str)>,
}

/// Whoever is connected to a node and not of the web.
const OUTSIDE: u64 = 99;

impl Web {
    /// Nodes whose chains have so many blocks beside the first.
    fn of(heights: &[u32]) -> Self {
        let node = |height: &u32| {
            let mut ledger = Ledger::new(consensus(), genesis());
            for block in chain(*height) {
                ledger.add(block);
            }
            let node = FullNode::new(FullNodeConfig::default(), ledger.chain()).unwrap();
            (node, Keeper::new(ledger))
        };
        let nodes: Vec<_> = heights.iter().map(node).collect();
        let (on_the_way, said, penalties) = (VecDeque::new(), Vec::new(), Vec::new());
        let mut web = Self { nodes, now: Time::ZERO, on_the_way, said, penalties };
        for at in 0..heights.len() {
            for other in (0..heights.len()).filter(|other| *other != at) {
                web.hear(at, connected(other as u64, NodeType::FullNode));
            }
        }
        web.settle();
        web
    }

    fn outside(&mut self, at: usize, node_type: NodeType, message: impl Into<Message>) {
        self.hear(at, connected(OUTSIDE, node_type));
        self.hear(at, FromPeer::Received(ConnectionId(OUTSIDE), message.into()));
        self.settle();
    }

    fn hear(&mut self, at: usize, input: FromPeer) {
        self.step(at, |node, now, out| node.handle_remote(now, input, out));
    }

    /// A node does something, all of its questions are answered, and what it says is on its way.
    fn step(
        &mut self,
        at: usize,
        act: impl FnOnce(&mut FullNode, Time, &mut nodewire::Out<FullNode>),
    ) {
        let (node, keeper) = &mut self.nodes[at];
        let (mut out, mut answers) = (Outbox::new(), Answers::new());
        act(node, self.now, &mut out);
        while let Some(action) = out.pop() {
            match action {
                Action::Send(delivery) => {
                    let others = (0..3).filter(|other| *other != at);
                    let full = |to: NodeType| to == NodeType::FullNode;
                    let to: Vec<usize> = match &delivery {
                        Delivery::To(ConnectionId(OUTSIDE), _) => vec![],
                        Delivery::To(to, _) => vec![usize::try_from(to.0).unwrap()],
                        Delivery::Broadcast(to, _) if full(*to) => others.collect(),
                        Delivery::BroadcastToOthers(to, source, _) if full(*to) => {
                            others.filter(|other| *other as u64 != source.0).collect()
                        }
                        Delivery::Penalise(peer, rule) => {
                            self.penalties.push((at, peer.0, rule.id()));
                            vec![]
                        }
                        _ => vec![],
                    };
                    let (Delivery::To(_, message)
                    | Delivery::Broadcast(_, message)
                    | Delivery::BroadcastToOthers(_, _, message)) = delivery
                    else {
                        continue;
                    };
                    for to in to.into_iter().filter(|to| *to < 3) {
                        self.said.push((at, to, message.function().name()));
                        self.on_the_way.push_back((at, to, message.clone()));
                    }
                }
                Action::Ask(id, query) => {
                    Oracle::<FullNode>::asked(keeper, self.now, id, query, &mut answers);
                    for (_, answer) in answers.take() {
                        node.handle_local(self.now, answer, &mut out).unwrap();
                    }
                }
                Action::Notify(_) | Action::Close(_) => {}
            }
        }
    }

    /// Delivers all that is on its way, and what follows.
    fn settle(&mut self) {
        for _ in 0..100_000 {
            let Some((from, to, message)) = self.on_the_way.pop_front() else { return };
            if to < self.nodes.len() {
                self.hear(to, FromPeer::Received(ConnectionId(from as u64), message));
            }
        }
        panic!("it goes on for ever");
    }

    /// Lets time pass.
    fn pass(&mut self, span: Duration) {
        let until = self.now.after(span);
        loop {
            let due = self.nodes.iter().filter_map(|(node, _)| node.deadline()).min();
            let Some(due) = due.filter(|due| *due <= until) else { break };
            self.now = self.now.max(due);
            for at in 0..self.nodes.len() {
                self.step(at, |node, now, out| node.handle_timeout(now, out));
            }
            self.settle();
        }
        self.now = until;
    }

    fn count(&self, function: &str) -> usize {
        self.said.iter().filter(|(_, _, said)| *said == function).count()
    }

    fn height(&self, at: usize) -> u32 {
        self.nodes[at].0.chain().heaviest().unwrap().height
    }

    fn top(&self, at: usize) -> FullBlock {
        let (node, keeper) = &self.nodes[at];
        let tip = node.chain().heaviest().unwrap().header_hash;
        keeper.ledger().block(tip).unwrap().as_ref().clone()
    }
}

fn connected(from: u64, node_type: NodeType) -> FromPeer {
    let peer = Peer { node_id: NodeId([9; 32]), node_type, server_port: 0 };
    let at = Whereabouts { direction: Direction::Inbound, listens: None };
    FromPeer::Connected(ConnectionId(from), peer, at)
}

/// A flood in a web of n nodes: each but the first hears from all others, the first from nobody.
const FLOOD: usize = 4;

#[test]
fn nothing_goes_round_for_ever() {
    let mut web = Web::of(&[4, 4, 4]);
    web.said.clear();
    let top = web.top(0);
    let unfinished = maker(2).unfinished(&top);
    web.outside(0, NodeType::FullNode, UnfinishedBlock { block: unfinished.clone() });
    assert_eq!(web.count("unfinished_block"), FLOOD);
    // A proof for whoever has its block, which nobody has.
    let challenge = unfinished.header_block.proof_of_space.challenge_hash;
    let proof = stand_in::proof_of_time(challenge, 1, 9);
    web.outside(1, NodeType::Timelord, ProofOfTimeFinished { proof });
    assert_eq!(web.count("new_proof_of_time"), FLOOD);
    let block = maker(2).finish(unfinished, Some(&top));
    web.outside(2, NodeType::FullNode, Block { block });
    assert_eq!(web.count("block"), FLOOD);
    assert_eq!((0..3).map(|at| web.height(at)).collect::<Vec<_>>(), [5, 5, 5]);
    assert_eq!(web.said.len(), 3 * FLOOD, "and nothing else");
    assert_eq!(web.penalties, []);
}

/// Everybody makes the block at the same time from the proof.
#[test]
fn a_proof_of_time_finishes_a_block_everywhere() {
    let mut web = Web::of(&[4, 4, 4]);
    web.said.clear();
    let top = web.top(0);
    let unfinished = maker(2).unfinished(&top);
    web.outside(0, NodeType::FullNode, UnfinishedBlock { block: unfinished.clone() });
    let block = maker(2).finish(unfinished, Some(&top));
    let proof = block.header_block.proof_of_time.clone().unwrap();
    for at in 0..3 {
        web.outside(at, NodeType::FullNode, NewProofOfTime { proof: proof.clone() });
    }
    assert_eq!((0..3).map(|at| web.height(at)).collect::<Vec<_>>(), [5, 5, 5]);
    assert!(web.count("block") <= 6, "each tells each at most once");
    assert_eq!(web.count("new_proof_of_time"), 0);
    assert_eq!(web.penalties, []);
}

#[test]
fn a_few_blocks_behind_is_caught_up_with_at_once() {
    let web = Web::of(&[12, 12, 5]);
    assert_eq!(web.height(2), 12);
    assert!(web.count("request_block") > 0);
    assert_eq!(web.count("request_all_header_hashes"), 0);
    assert_eq!(web.penalties, []);
}

#[test]
fn far_behind_is_synced() {
    let mut web = Web::of(&[60, 60, 0]);
    assert!(web.nodes[2].0.is_syncing());
    web.pass(Duration::from_secs(60));
    assert!(!web.nodes[2].0.is_syncing());
    assert_eq!(web.height(2), 60);
    assert_eq!(web.nodes[2].0.chain().tips, web.nodes[0].0.chain().tips);
    assert_eq!(web.count("request_header_blocks"), 3);
    assert_eq!(web.count("request_sync_blocks"), 12);
    assert_eq!(web.penalties, []);
    // And goes on as everybody does.
    let block = branch(&web.top(0), 1, 1).remove(0);
    web.outside(0, NodeType::FullNode, Block { block });
    assert_eq!(web.height(2), 61);
}
