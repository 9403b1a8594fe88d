//! What is no message, or none of this peer at this time (`chia.md` 16, A-2, A-3, A-4, A-17).

use std::time::Duration;

use nodewire::codec::chia::NodeType::FullNode;
use nodewire::codec::chia::TransactionId;
use nodewire::codec::chia::messages::{ChallengeStart, Ping, Pong, RequestTransaction};
use nodewire::state::chia::{Limits, RateLimits};

use crate::blocks::{full_node, full_node_with};
use crate::flood::{ack, frame, framed, hello, items, node_id};
use crate::kinds::{Kind, bytes32};

/// A message that is nothing but this in the place of its members.
fn members(function: &str, members: &[u8]) -> Vec<u8> {
    let mut body = b"\xa2\x61f".to_vec();
    body.push(0x60 | function.len() as u8);
    body.extend(function.as_bytes());
    body.extend(b"\x61d");
    body.extend(members);
    framed(&body)
}

#[test]
fn what_is_malformed() {
    let malformed = |name, ends, item: fn(u64) -> Vec<u8>| {
        full_node().flood(Kind::new(name, FullNode, item).ends(ends));
    };
    malformed("an empty frame", &["UnexpectedEnd"], |_| framed(b""));
    malformed("a giant length (A-2)", &["FrameTooLarge"], |_| vec![0xff; 8]);
    malformed("random bytes", &["MalformedEnvelope"], |number| framed(&bytes32(number).0));
    malformed("an unknown function", &["UnknownFunction"], |_| members("mine_block", b"\xa0"));
    malformed("a claimed count (A-3)", &["LimitExceeded"], |number| {
        let claim = (u64::MAX - number).to_be_bytes();
        members("peers", &[b"\xa1\x69peer_list\x9b", &claim[..]].concat())
    });
    malformed("nesting (A-3)", &["MalformedEnvelope"], |_| members("ping", &[0x81; 900]));
    malformed("an indefinite string (A-3)", &["MalformedEnvelope"], |_| {
        members("ping", b"\xa1\x65nonce\x5f\x41\x00\xff")
    });
    malformed("a shared reference (A-3)", &["MalformedEnvelope"], |_| {
        members("ping", b"\xa1\x65nonce\xd8\x1d\x00")
    });
    malformed("a huge unknown key (A-3)", &["WrongMembers"], |_| {
        members("ping", &[&b"\xa1\x79\x03\x20"[..], &[b'x'; 800], b"\x00"].concat())
    });
    malformed("a list of 2^32 - 1 in an object (A-4)", &["UnexpectedEnd"], |_| {
        members("block", &[&b"\xa1\x65block\x59\x03\x20"[..], &[0xff; 800]].concat())
    });
    malformed("what its type may not send", &["WrongSender"], |number| {
        frame(ChallengeStart { challenge_hash: bytes32(number), weight: number })
    });
    malformed("a second handshake", &["SecondHandshake"], |number| {
        hello(node_id(number), FullNode)
    });
    malformed("a second ack (A-17)", &["SecondHandshake"], |_| ack());
    malformed("messages after the end (A-17)", &["UnexpectedEnd"], |number| {
        [framed(b""), frame(Ping { nonce: bytes32(number) })].concat()
    });
}

#[test]
fn what_is_none_of_our_business() {
    let ping = |number| frame(Ping { nonce: bytes32(number) });
    full_node().flood(Kind::new("pings (A-17)", FullNode, ping));
    let pong = |number| frame(Pong { nonce: bytes32(number) });
    full_node().flood(Kind::new("pongs to no ping", FullNode, pong));
}

/// What is more than its share waits, and so does who sends it.
#[test]
fn what_comes_too_fast() {
    let node =
        || full_node_with(|config| config.connection.limits.rate = Some(RateLimits::default()));
    let ping = |number| frame(Ping { nonce: bytes32(number) });
    node().flood(Kind::new("pings beyond the rate (R-18)", FullNode, ping));
    let transaction_id = |number| TransactionId(bytes32(number).0);
    let wants = move |number| frame(RequestTransaction { transaction_id: transaction_id(number) });
    node().flood(Kind::new("requests beyond the rate (R-18)", FullNode, wants));
}

/// A frame of the greatest length, a byte at a time: what has come is kept, once.
#[test]
fn a_slow_drip() {
    let most = Limits::default().max_frame;
    let length = u32::try_from(most).unwrap().to_be_bytes();
    let drip = move |number: u64| vec![*length.get(number as usize).unwrap_or(&0xa2)];
    let came = most.min(items() as usize);
    let kind = Kind::new("a frame in single bytes (A-2)", FullNode, drip);
    full_node().flood(kind.keeps("max_frame", came, 4).pauses(Duration::from_micros(100)));
}
