//! What a wallet is told by full nodes.

use nodewire::codec::chia::NodeType::FullNode;
use nodewire::codec::chia::messages::{Ancestors, Header, NewLca, Ping, Pong, RespondBody};
use nodewire::codec::chia::{Blob, HeaderHash};
use nodewire::sim::chia::Nobody;
use nodewire::state::chia::{Wallet, WalletLimits};

use crate::blocks::top;
use crate::flood::{Flooded, Honest, frame};
use crate::kinds::{Kind, bytes32};

/// A peer that asks whether we are there.
pub fn who_pings(node_type: nodewire::codec::chia::NodeType) -> Honest {
    let nonce = bytes32(5);
    Honest { node_type, asks: Ping { nonce }.into(), answered: Pong { nonce }.into() }
}

#[test]
fn what_a_wallet_hears() {
    let wallet = || {
        let role = <Wallet>::new(WalletLimits::default());
        Flooded::new(role, Nobody, who_pings(FullNode))
    };
    let lca = |number| frame(NewLca { lca_hash: HeaderHash(bytes32(number).0), height: 7 });
    wallet().flood(Kind::new("ancestors of tips", FullNode, lca));
    let block = top();
    let header_block = block.header_block.clone();
    let header = move |number| {
        let mut header_block = header_block.clone();
        header_block.header.data.timestamp = number;
        frame(Header { header_block, bip158_filter: Blob(vec![1; 64].into()) })
    };
    wallet().flood(
        Kind::new("headers that nobody asked for", FullNode, header).ends(&["UnsolicitedAnswers"]),
    );
    let ancestors = |number| {
        let of = HeaderHash(bytes32(number).0);
        frame(Ancestors { header_hash: of, ancestors: vec![(1, of); 50] })
    };
    let kind = Kind::new("ancestors that nobody asked for", FullNode, ancestors);
    wallet().flood(kind.ends(&["UnsolicitedAnswers"]));
    let body = move |number: u64| {
        let mut body = block.body.clone();
        body.cost = number;
        frame(RespondBody { body })
    };
    wallet().flood(
        Kind::new("bodies that nobody asked for", FullNode, body).ends(&["UnsolicitedAnswers"]),
    );
}
